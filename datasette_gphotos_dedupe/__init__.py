"""The table of Datasette hooks. Each one forwards to the room that does the work; nothing is imported before it is needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from .page_hooks import (  # noqa: F401
    extra_body_script,
    extra_css_urls,
    extra_template_vars,
    hookimpl,
    query_actions,
    register_facet_classes,
    row_actions,
    top_database,
    top_homepage,
)


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
    return _room("web.site.routes").routes() + _room("web.site.one_use_link").routes()


@hookimpl(optionalhook=True)
def skip_csrf(scope):
    return _room("web.site.uploaded_files").checks_token_itself(scope)


@hookimpl(tryfirst=True)  # another plugin may show any JPEG, and Datasette never awaits the answers after the first one
def render_cell(row, value, column, table, database, datasette):
    return _room("web.site.cells").render(datasette, database, table, column, value, row)


@hookimpl(optionalhook=True)
async def canned_queries(datasette, database):
    return await _room("web.site.stored_queries").canned_queries(datasette, database)


@hookimpl(optionalhook=True)
def register_actions(datasette):
    return _room("web.site.compat").actions()


@hookimpl(optionalhook=True, trylast=True)  # on 0.65 the last word counts, and what we refuse nobody else may allow
async def permission_allowed(datasette, actor, action, resource):
    granted = _room("web.site.compat").grant(datasette, actor, action, resource)
    return granted if granted is not None else await _room("web.site.stored_queries").refuse(datasette, actor, action, resource)


@hookimpl(optionalhook=True)
async def permission_resources_sql(datasette, actor, action):
    return await _room("web.site.stored_queries").refused_resources(datasette, actor, action)


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
