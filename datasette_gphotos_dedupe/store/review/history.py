"""Batches of decisions, what each changed, and taking them back.

History keeps each row as JSON before and after. Taking a batch back is a batch of its own with both swapped, so that it can be
taken back in turn; rows that somebody changed since are left as they are and counted.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from ..rows import read_rows
from ..writing import utc_now

COLUMNS = (
    "subject",
    "decision",
    "photo_id",
    "photo_b",
    "content_a",
    "content_b",
    "as_keeper",
    "note",
    "actor",
    "decided_at",
    "batch_id",
    "stays_id",
    "content_stays",
    "on_word",
)
ROW_JSON = "json_object(" + ", ".join(f"'{name}', {{0}}.{name}" for name in COLUMNS) + ")"
GROUP_PREFIX = "group:"  # history of who is the keeper of a group; never a subject of `decisions`


def open_batch(conn: sqlite3.Connection, actor: str | None, description: str, undoes: int | None = None) -> int:
    """A new batch; decisions saved under it are taken back together."""
    values = (actor, utc_now(), description, undoes)
    sql = "INSERT INTO decision_batches (actor, made_at, description, undoes) VALUES (?, ?, ?, ?)"
    return int(conn.execute(sql, values).lastrowid or 0)


def close_batch(conn: sqlite3.Connection, batch_id: int) -> None:
    """Store how many decisions the batch holds."""
    conn.execute(
        """UPDATE decision_batches SET decision_count = (SELECT count(*) FROM decision_history WHERE batch_id = ?1)
        WHERE batch_id = ?1""",
        [batch_id],
    )


def read_decision(conn: sqlite3.Connection, subject: str) -> dict[str, Any] | None:
    """The stored decision about a photo or pair."""
    row = conn.execute(f"SELECT {ROW_JSON.format('decisions')} FROM decisions WHERE subject = ?", [subject]).fetchone()
    return json.loads(row[0]) if row else None


def _row_json(conn: sqlite3.Connection, subject: str) -> str | None:
    row = conn.execute(f"SELECT {ROW_JSON.format('decisions')} FROM decisions WHERE subject = ?", [subject]).fetchone()
    return row[0] if row else None


def put_decision(conn: sqlite3.Connection, batch_id: int, subject: str, row: dict[str, Any] | None) -> None:
    """Store, replace or (with None) delete the decision about `subject`, with its history."""
    before = _row_json(conn, subject)
    if row is None:
        conn.execute("DELETE FROM decisions WHERE subject = ?", [subject])
    else:
        values = {**dict.fromkeys(COLUMNS), "as_keeper": 0, "on_word": 0, **row, "subject": subject}
        marks = ", ".join(f":{name}" for name in COLUMNS)
        conn.execute(f"INSERT OR REPLACE INTO decisions ({', '.join(COLUMNS)}) VALUES ({marks})", values)
    after = _row_json(conn, subject)
    if before != after:
        add_history(conn, batch_id, subject, before, after)


def add_history(conn: sqlite3.Connection, batch_id: int, subject: str, before: str | None, after: str | None) -> None:
    """One line of history under this batch."""
    sql = "INSERT INTO decision_history (batch_id, subject, before, after) VALUES (?, ?, ?, ?)"
    conn.execute(sql, [batch_id, subject, before, after])


def read_batches(conn: sqlite3.Connection, before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Batches, newest first, those older than `before`."""
    sql = "SELECT * FROM decision_batches WHERE ?1 IS NULL OR batch_id < ?1 ORDER BY batch_id DESC LIMIT ?2"
    return read_rows(conn, sql, [before, limit])


def latest_batch(conn: sqlite3.Connection, actor: str | None) -> int | None:
    """The newest batch of this person that is neither taken back nor a taking back."""
    sql = "SELECT max(batch_id) FROM decision_batches WHERE actor IS ? AND undone_at IS NULL AND undoes IS NULL"
    newest: int | None = conn.execute(sql, [actor]).fetchone()[0]
    return newest
