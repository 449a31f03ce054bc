"""Batches of decisions, what each changed, and taking them back.

History keeps each row as JSON before and after. Taking a batch back is a batch of its own with both swapped, so that it can be
taken back in turn; rows that somebody changed since are left as they are and counted.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..errors import ConflictError, NotFoundError
from .database import utc_now
from .safety import do_safely
from .selecting import read_rows

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


@dataclass(frozen=True)
class Undone:
    """What taking back did: the new batch, how many decisions it restored, how many were left because they changed since."""

    batch_id: int
    restored: int
    left: int


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
    return conn.execute(sql, [actor]).fetchone()[0]


def undo_batch(conn: sqlite3.Connection, batch_id: int, actor: str | None) -> Undone:
    """Restore what this batch changed. Raises NotFoundError, ConflictError when all of it changed since, SafetyError."""
    from .keepers import restore_groups

    batch = conn.execute(
        "SELECT description, undone_at, decision_count FROM decision_batches WHERE batch_id = ?", [batch_id]
    ).fetchone()
    if batch is None:
        raise NotFoundError(f"There is no batch {batch_id} in the history.")
    if batch[1]:
        raise ConflictError(f"Nothing was changed: this was already taken back at {batch[1]}.")
    total = _select_undoing(conn, batch_id)
    restored = conn.execute("SELECT count(*) FROM undoing").fetchone()[0]
    if total and not restored:
        raise ConflictError(
            "Nothing was changed: everything in this batch was decided again since. Take the later decisions back first."
        )
    new_batch = open_batch(conn, actor, f"Taken back: {batch[0]}".replace("Taken back: Taken back: ", "Again: "), batch_id)

    def act() -> None:
        _swap(conn, new_batch)
        restore_groups(conn, batch_id, new_batch)

    do_safely(conn, act, "undoing")
    _after_undo(conn, batch_id, new_batch, actor)
    return Undone(new_batch, restored, total - restored)


def _select_undoing(conn: sqlite3.Connection, batch_id: int) -> int:
    """Fill the temporary table `undoing` with what is still as the batch left it; returns how much the batch changed.

    A batch may touch one subject twice, because photos of the same bytes share what is said of a pair: then what stood before the
    first time is what comes back.
    """
    conn.execute("DROP TABLE IF EXISTS temp.undoing")
    changed = f"""FROM (SELECT min(history_id) AS first_id, max(history_id) AS last_id FROM decision_history
            WHERE batch_id = ? AND subject NOT LIKE '{GROUP_PREFIX}%' GROUP BY subject) AS ids
        JOIN decision_history AS f ON f.history_id = ids.first_id
        JOIN decision_history AS h ON h.history_id = ids.last_id"""
    conn.execute(
        f"""CREATE TEMP TABLE undoing AS SELECT h.subject, f.before, h.after,
            coalesce(json_extract(h.after, '$.photo_id'), json_extract(f.before, '$.photo_id')) AS photo_id
        {changed} LEFT JOIN decisions AS d ON d.subject = h.subject
        WHERE f.before IS NOT h.after
        AND CASE WHEN d.subject IS NULL THEN NULL ELSE {ROW_JSON.format("d")} END IS h.after""",
        [batch_id],
    )
    conn.execute("CREATE INDEX temp.undoing_photo ON undoing(photo_id)")
    return conn.execute(f"SELECT count(*) {changed} WHERE f.before IS NOT h.after", [batch_id]).fetchone()[0]


def _swap(conn: sqlite3.Connection, new_batch: int) -> None:
    conn.execute("DELETE FROM decisions WHERE subject IN (SELECT subject FROM undoing)")
    picked = ", ".join(f"json_extract(before, '$.{name}')" for name in COLUMNS)
    conn.execute(
        f"INSERT INTO decisions ({', '.join(COLUMNS)}) SELECT {picked} FROM undoing WHERE before IS NOT NULL ORDER BY subject"
    )
    conn.execute(
        "INSERT INTO decision_history (batch_id, subject, before, after) SELECT ?, subject, after, before FROM undoing",
        [new_batch],
    )


def _after_undo(conn: sqlite3.Connection, batch_id: int, new_batch: int, actor: str | None) -> None:
    from .decisions import refresh_decided_of
    from .uploads import refresh_standings_of

    refresh_decided_of(conn, "undoing")
    refresh_standings_of(conn, "undoing")
    conn.execute("DROP TABLE temp.undoing")
    close_batch(conn, new_batch)
    conn.execute("UPDATE decision_batches SET undone_at = ?, undone_by = ? WHERE batch_id = ?", [utc_now(), actor, batch_id])
