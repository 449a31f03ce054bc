"""The table of Datasette hooks. Each one forwards to the room that does the work; nothing is imported before it is needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from pluggy import HookimplMarker

# datasette.hookimpl itself; the command line need not wait for Datasette, nor meet Ctrl-C in its loading with a traceback.
hookimpl = HookimplMarker("datasette")

from .page_hooks import extra_body_script, extra_css_urls, extra_template_vars, top_database, top_homepage  # noqa: E402, F401


@cache  # asked for every cell of a page
def _room(name: str):
    return import_module(f".{name}", __package__)


@hookimpl
def startup(datasette):
    return _room("web.site.stored_queries").register_all(datasette)


@hookimpl
def prepare_connection(conn):
    _room("sql_functions").register(conn)


@hookimpl
def register_routes():
    return _room("web.site.routes").routes()


@hookimpl(optionalhook=True)
def skip_csrf(scope):
    return _room("web.site.uploaded_files").checks_token_itself(scope)


@hookimpl(hookwrapper=True)  # around Datasette's own classes, which no hook can replace
def register_facet_classes():
    yield from _room("web.site.facets").calm()


@hookimpl(tryfirst=True)  # another plugin may show any JPEG, and Datasette never awaits the answers after the first one
def render_cell(row, value, column, table, database, datasette):
    return _room("web.site.cells").render(datasette, database, table, column, value, row)


@hookimpl(optionalhook=True)
async def canned_queries(datasette, database):
    return await _room("web.site.stored_queries").canned_queries(datasette, database)


@hookimpl(optionalhook=True)
def register_actions(datasette):
    return _room("web.site.compat").actions()


@hookimpl(optionalhook=True)
async def permission_allowed(datasette, actor, action, resource):
    granted = _room("web.site.compat").grant(datasette, actor, action, resource)
    if granted is not None:
        return granted
    return await _room("web.site.stored_queries").refuse_query(datasette, actor, action, resource)


@hookimpl(optionalhook=True)
async def permission_resources_sql(datasette, actor, action):
    return await _room("web.site.stored_queries").refused_queries(datasette, actor, action)


@hookimpl
def menu_links(datasette, actor, request):
    return _room("web.site.menus").menu_links(datasette, actor, request)


@hookimpl
def database_actions(datasette, actor, database, request):
    return _room("web.site.menus").database_links(datasette, actor, database)


@hookimpl
def table_actions(datasette, actor, database, table, request):
    return _room("web.site.menus").table_links(datasette, actor, database, table, request)


@hookimpl(optionalhook=True)
def view_actions(datasette, actor, database, view, request):
    return _room("web.site.menus").table_links(datasette, actor, database, view, request)


@hookimpl(optionalhook=True)
def query_actions(datasette, actor, database, query_name, request, sql, params):
    return _room("web.site.menus").query_links(datasette, actor, database, query_name, sql, params)


@hookimpl(optionalhook=True)
def row_actions(datasette, actor, request, database, table, row):
    return _room("web.site.menus").row_links(datasette, actor, database, table, row)
