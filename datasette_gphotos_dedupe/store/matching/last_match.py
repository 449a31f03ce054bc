"""What the last matching left about itself, a name and a word each."""

from __future__ import annotations

import sqlite3


def read_state(conn: sqlite3.Connection, name: str) -> str | None:
    """The word, or None."""
    row = conn.execute("SELECT value FROM match_state WHERE name = ?", [name]).fetchone()
    return row[0] if row else None


def save_state(conn: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a word, unless it is the one that is kept. The caller holds the transaction."""
    if read_state(conn, name) != value:
        conn.execute("INSERT OR REPLACE INTO match_state (name, value) VALUES (?, ?)", [name, value])
