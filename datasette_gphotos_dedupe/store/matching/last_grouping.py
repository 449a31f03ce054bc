"""Whether the groups are those of the pairs, photos and decisions that there are.

The table has one row at most, and triggers delete it with the first change. A match begins with a word of its own, and is complete
only if that word is still there at its end: what another program changed meanwhile is looked at the next time.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


def read_grouped(conn: sqlite3.Connection, grouper: str) -> int | None:
    """How many groups this grouper made, all there are; None when something they are made of has changed since."""
    row = conn.execute("SELECT groups FROM last_grouping WHERE grouper = ?", [grouper]).fetchone()
    return row[0] if row else None


def begin_grouping(conn: sqlite3.Connection) -> str:
    """A word for groups that are about to be made, before anything is read for them. The caller holds the transaction."""
    word = f"begun {secrets.token_hex(8)}"
    _keep(conn, word, None)
    return word


@contextmanager
def own_changes(conn: sqlite3.Connection) -> Iterator[None]:
    """What is written inside is no change from outside. The caller holds the transaction around it."""
    begun = conn.execute("SELECT grouper, groups FROM last_grouping").fetchall()
    yield
    for row in begun:
        _keep(conn, *row)


def end_grouping(conn: sqlite3.Connection, word: str, grouper: str, groups: int) -> None:
    """The groups that began with this word are complete, unless something changed since. The caller holds the transaction."""
    if conn.execute("SELECT 1 FROM last_grouping WHERE grouper = ?", [word]).fetchone():
        _keep(conn, grouper, groups)


def _keep(conn: sqlite3.Connection, grouper: str, groups: int | None) -> None:
    conn.execute("DELETE FROM last_grouping")
    conn.execute("INSERT INTO last_grouping (grouper, groups) VALUES (?, ?)", [grouper, groups])
