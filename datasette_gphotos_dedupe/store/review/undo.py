"""Taking a batch of decisions back.

It is a batch of its own with before and after swapped, so that it can be taken back in turn; rows that somebody changed since are
left as they are and counted.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ...errors import ConflictError, NotFoundError
from ..writing import utc_now
from .chosen_keepers import restore_groups
from .decisions import refresh_decided_of
from .history import COLUMNS, GROUP_PREFIX, ROW_JSON, close_batch, open_batch
from .only_copy import do_safely
from .uploads import refresh_standings_of


@dataclass(frozen=True)
class Undone:
    """What taking back did: the new batch, how many decisions it restored, how many were left because they changed since."""

    batch_id: int
    restored: int
    left: int


def undo_batch(conn: sqlite3.Connection, batch_id: int, actor: str | None) -> Undone:
    """Restore what this batch changed. Raises NotFoundError, ConflictError when all of it changed since, SafetyError."""
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
    return int(conn.execute(f"SELECT count(*) {changed} WHERE f.before IS NOT h.after", [batch_id]).fetchone()[0])


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
    refresh_decided_of(conn, "undoing")
    refresh_standings_of(conn, "undoing")
    conn.execute("DROP TABLE temp.undoing")
    close_batch(conn, new_batch)
    conn.execute("UPDATE decision_batches SET undone_at = ?, undone_by = ? WHERE batch_id = ?", [utc_now(), actor, batch_id])
