"""The same SQL functions in `sqlite-utils`. A module of its own, so that Datasette's start does not import sqlite-utils."""

from __future__ import annotations

import sqlite3

from sqlite_utils import hookimpl

from .sql_functions import register


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Every connection that sqlite-utils opens knows `hamming()` and `nearest_photos()`."""
    register(conn)
