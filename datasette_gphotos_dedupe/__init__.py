"""The table of Datasette hooks. Each one forwards to the room that does the work; nothing is imported before it is needed."""

from __future__ import annotations

from datasette import hookimpl


@hookimpl
def prepare_connection(conn):
    from .sql_functions import register

    register(conn)


@hookimpl(optionalhook=True)
async def canned_queries(datasette, database):
    from .web.stored_queries import canned_queries

    return await canned_queries(datasette, database)


@hookimpl
def startup(datasette):
    from .web.stored_queries import register_all

    return register_all(datasette)


@hookimpl(optionalhook=True)
async def permission_allowed(datasette, actor, action, resource):
    from .web.stored_queries import refuse_query

    return await refuse_query(datasette, actor, action, resource)


@hookimpl(optionalhook=True)
async def permission_resources_sql(datasette, actor, action):
    from .web.stored_queries import refused_queries

    return await refused_queries(datasette, actor, action)
