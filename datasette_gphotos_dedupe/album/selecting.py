"""Reading rows for many ids: SQLite takes a bounded number of parameters a statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

CHUNK = 500


def select(conn: sqlite3.Connection, sql: str, values: Sequence[str]) -> Iterator[tuple]:
    """The rows of `sql`, whose `{}` stands for the values, some hundred at a time."""
    for chunk in chunks(values):
        yield from conn.execute(sql.format(", ".join("?" * len(chunk))), list(chunk)).fetchall()


def chunks(values: Sequence[str], size: int = CHUNK) -> Iterator[Sequence[str]]:
    """The values in parts of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))
