"""The table of Datasette hooks. Each one forwards to the room that does the work; nothing is imported before it is needed."""

from __future__ import annotations

from datasette import hookimpl


@hookimpl
def prepare_connection(conn):
    from .sql_functions import register

    register(conn)


@hookimpl
def register_routes():
    from .web.routes import routes

    return routes()


@hookimpl
def render_cell(row, value, column, table, database, datasette):
    from .web.cells import render

    return render(datasette, database, table, column, value, row)


@hookimpl(optionalhook=True)
def register_actions(datasette):
    from .web.compat import actions

    return actions()


@hookimpl(optionalhook=True)
def permission_allowed(datasette, actor, action, resource):
    from .web.compat import grant

    return grant(datasette, actor, action, resource)


@hookimpl
def menu_links(datasette, actor, request):
    from .web.menus import menu_links

    return menu_links(datasette, actor, request)


@hookimpl
def database_actions(datasette, actor, database, request):
    from .web.menus import database_links

    return database_links(datasette, actor, database)


@hookimpl
def table_actions(datasette, actor, database, table, request):
    from .web.menus import table_links

    return table_links(datasette, actor, database, table, request)


@hookimpl(optionalhook=True)
def view_actions(datasette, actor, database, view, request):
    from .web.menus import table_links

    return table_links(datasette, actor, database, view, request)


@hookimpl(optionalhook=True)
def query_actions(datasette, actor, database, query_name, request, sql, params):
    from .web.menus import query_links

    return query_links(datasette, actor, database, query_name, sql, params)


@hookimpl(optionalhook=True)
def row_actions(datasette, actor, request, database, table, row):
    from .web.menus import row_links

    return row_links(datasette, actor, database, table, row)
