"""The hooks about Datasette's own pages: way in, style sheet, dark, facets, links of rows. `__init__` takes them in its table."""

from __future__ import annotations

from importlib import import_module

from pluggy import HookimplMarker

# datasette.hookimpl itself, without the tenth of a second that importing Datasette takes the command line, which has no use for it:
# Ctrl-C in that moment would end in a traceback.
hookimpl = HookimplMarker("datasette")

__all__ = (
    *("extra_body_script", "extra_css_urls", "extra_template_vars", "register_facet_classes"),
    *("top_database", "top_homepage"),
)


def _doors():
    return import_module(".web.site.entry_cards", __package__)


@hookimpl(hookwrapper=True)  # around Datasette's own classes, which no hook can replace
def register_facet_classes():
    yield from import_module(".web.site.facets", __package__).calm()


@hookimpl(optionalhook=True)
def top_homepage(datasette, request):
    return _doors().doors(datasette, request.actor)


@hookimpl(optionalhook=True)
def top_database(datasette, request, database):
    return _doors().doors(datasette, request.actor, database)


@hookimpl
def extra_css_urls(datasette, database, view_name):
    return _doors().css_urls(datasette, database, view_name)


@hookimpl
def extra_body_script(datasette, database, table):
    return _doors().body_script(datasette, database, table)


@hookimpl
def extra_template_vars(datasette, request):
    return _doors().template_vars(datasette, request)


def _menus():
    return import_module(".web.site.menus", __package__)


@hookimpl(optionalhook=True)
def query_actions(datasette, actor, database, query_name, request, sql, params):
    return _menus().query_links(datasette, actor, database, query_name, sql, params)


@hookimpl(optionalhook=True)
def row_actions(datasette, actor, request, database, table, row):
    return _menus().row_links(datasette, actor, database, table, row)
