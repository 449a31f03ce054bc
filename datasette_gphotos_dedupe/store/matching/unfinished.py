"""What a match has left to do, asked by whoever tells what there is to review: until it is done, the groups do not say all."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from ...formatting import count
from .last_match import GROUPING, read_match_state, save_match_state

STATE = "unfinished"  # its row in match_state, there from the beginning of a match that has work to its end
TABLES = ("comparisons", "pairs", "files", "match_state")  # what is read here

_UNCOMPARED = "SELECT count(*) FROM comparisons WHERE matched_by IS NULL"
_UNPROVED = "SELECT count(*) FROM pairs WHERE wants_proof"
_HAS_FILE = "EXISTS (SELECT 1 FROM files WHERE photo_id = {} AND role IN ('original', 'album_copy'))"
_AT_GOOGLE = f"{_UNPROVED} AND NOT ({_HAS_FILE.format('photo_a')} AND {_HAS_FILE.format('photo_b')})"


@dataclass(frozen=True)
class Unfinished:
    """Photos that were not compared, pairs that wait for their proof, those of them whose files only Google has, and whether a match
    began and came to no end. False when nothing is left."""

    uncompared: int = 0
    unproved: int = 0
    at_google: int = 0
    is_cut_short: bool = False

    def __bool__(self) -> bool:
        return bool(self.uncompared or self.unproved or self.is_cut_short)

    @property
    def waits_for_google(self) -> bool:
        """Whether nothing can be done until Google hands out more: a match that ended left only what it does not give today."""
        return self.unproved == self.at_google > 0 and not (self.uncompared or self.is_cut_short)

    @property
    def text(self) -> str:
        """What is left, in a sentence; empty when nothing is."""
        if self.waits_for_google:
            return f"{count(self.unproved, 'pair waits', 'pairs wait')} for files that Google hands out no more of today."
        left = []
        if self.uncompared:
            left.append(f"{count(self.uncompared, 'photo was', 'photos were')} not compared")
        if self.unproved:
            left.append(f"{count(self.unproved, 'pair waits', 'pairs wait')} for proof")
        if self.is_cut_short:
            left.append("the groups were not brought up to date")
        return f"The match was not finished: {', '.join(left)}." if left else ""


def read_unfinished(conn: sqlite3.Connection, tables: Collection[str] = TABLES) -> Unfinished:
    """What is left, as far as these tables tell."""
    may = set(tables)
    return Unfinished(
        _number(conn, _UNCOMPARED) if "comparisons" in may else 0,
        _number(conn, _UNPROVED) if "pairs" in may else 0,
        _number(conn, _AT_GOOGLE) if {"pairs", "files"} <= may else 0,
        "match_state" in may and read_match_state(conn, STATE) is not None,
    )


def _number(conn: sqlite3.Connection, sql: str) -> int:
    return int(conn.execute(sql).fetchone()[0])


def has_waiting(conn: sqlite3.Connection) -> bool:
    """Whether a pair waits for its proof."""
    return conn.execute("SELECT 1 FROM pairs WHERE wants_proof LIMIT 1").fetchone() is not None


def begin_match(conn: sqlite3.Connection) -> None:
    """Until `end_match`, whoever asks is told that a match came to no end. The caller holds the transaction."""
    with GROUPING.own_changes(conn):
        save_match_state(conn, STATE, "begun")


def end_match(conn: sqlite3.Connection) -> None:
    """The match has done what it could. The caller holds the transaction."""
    with GROUPING.own_changes(conn):
        conn.execute("DELETE FROM match_state WHERE name = ?", [STATE])
