"""What the last match left about itself, a name and a word each; and whether what it compared and grouped is still all there is.

A comparison, and the making of groups, begins with a word of its own, and is complete only if that word is still there at its end:
triggers forget it with the first change, so what another program changed meanwhile is looked at the next time.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


def read_match_state(conn: sqlite3.Connection, name: str) -> str | None:
    """The word, or None."""
    row = conn.execute("SELECT value FROM match_state WHERE name = ?", [name]).fetchone()
    return row[0] if row else None


def save_match_state(conn: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a word, unless it is the one that is kept. The caller holds the transaction."""
    if read_match_state(conn, name) != value:
        conn.execute("INSERT OR REPLACE INTO match_state (name, value) VALUES (?, ?)", [name, value])


@dataclass(frozen=True)
class Complete:
    """A table of one row at most: by what all was done, and of how many, or a word while it is done. Triggers delete the row with the
    first change of what it was done of. Whoever begins, ends or keeps it holds the transaction."""

    table: str
    by: str
    number: str

    def read(self, conn: sqlite3.Connection, by: str) -> int | None:
        """Of how many this one has done it, all there are; None when something has changed since."""
        row = conn.execute(f"SELECT {self.number} FROM {self.table} WHERE {self.by} = ?", [by]).fetchone()
        return row[0] if row else None

    def begin(self, conn: sqlite3.Connection) -> str:
        """A word for what begins, before anything is read for it."""
        word = f"begun {secrets.token_hex(8)}"
        self._keep(conn, word, None)
        return word

    def is_begun(self, conn: sqlite3.Connection, word: str) -> bool:
        """Whether nothing has changed since it began with this word."""
        return conn.execute(f"SELECT 1 FROM {self.table} WHERE {self.by} = ?", [word]).fetchone() is not None

    def end(self, conn: sqlite3.Connection, word: str, by: str, number: int) -> None:
        """What began with this word is complete, unless something changed since."""
        if self.is_begun(conn, word):
            self._keep(conn, by, number)

    @contextmanager
    def own_changes(self, conn: sqlite3.Connection) -> Iterator[None]:
        """What is written inside is no change from outside."""
        begun = conn.execute(f"SELECT {self.by}, {self.number} FROM {self.table}").fetchall()
        yield
        for row in begun:
            self._keep(conn, *row)

    def _keep(self, conn: sqlite3.Connection, by: str, number: int | None) -> None:
        conn.execute(f"DELETE FROM {self.table}")
        conn.execute(f"INSERT INTO {self.table} ({self.by}, {self.number}) VALUES (?, ?)", [by, number])


COMPARISON = Complete("last_comparison", "matcher", "photos")
"""All photos were compared with each other."""
GROUPING = Complete("last_grouping", "grouper", "groups")
"""The groups are those of the pairs, photos and decisions that there are."""
