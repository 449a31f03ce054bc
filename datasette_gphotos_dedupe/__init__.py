"""The table of Datasette hooks. Each one forwards to the room that does the work; nothing is imported before it is needed."""

from __future__ import annotations

from datasette import hookimpl


@hookimpl
def prepare_connection(conn):
    from .sql_functions import register

    register(conn)
