"""What the last match left about itself, a name and a word each; and whether anything has changed since all photos were compared.

A comparison begins with a word of its own, and is complete only if that word is still there at its end: a trigger forgets it with
the first photo that changes, so what another program changed meanwhile is looked at the next time.
"""

from __future__ import annotations

import secrets
import sqlite3


def read_match_state(conn: sqlite3.Connection, name: str) -> str | None:
    """The word, or None."""
    row = conn.execute("SELECT value FROM match_state WHERE name = ?", [name]).fetchone()
    return row[0] if row else None


def save_match_state(conn: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a word, unless it is the one that is kept. The caller holds the transaction."""
    if read_match_state(conn, name) != value:
        conn.execute("INSERT OR REPLACE INTO match_state (name, value) VALUES (?, ?)", [name, value])


def read_compared(conn: sqlite3.Connection, matcher: str) -> int | None:
    """How many photos this matcher has compared, all there are; None when one has come, gone or changed since."""
    row = conn.execute("SELECT photos FROM last_comparison WHERE matcher = ?", [matcher]).fetchone()
    return row[0] if row else None


def begin_comparison(conn: sqlite3.Connection) -> str:
    """A word for a comparison that begins before anything is read for it. The caller holds the transaction."""
    word = f"begun {secrets.token_hex(8)}"
    keep_comparison(conn, word)
    return word


def is_begun(conn: sqlite3.Connection, word: str) -> bool:
    """Whether nothing has changed since this comparison began."""
    return conn.execute("SELECT 1 FROM last_comparison WHERE matcher = ?", [word]).fetchone() is not None


def keep_comparison(conn: sqlite3.Connection, matcher: str, photos: int | None = None) -> None:
    """Keep this one and no other. The caller holds the transaction."""
    conn.execute("DELETE FROM last_comparison")
    conn.execute("INSERT INTO last_comparison (matcher, photos) VALUES (?, ?)", [matcher, photos])
