"""Photos that a newer export does not show any more. The caller holds the transaction while saving."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable

from ..rows import marks
from .photos import RunId


def read_unseen(conn: sqlite3.Connection, exported_at: str, containers: list[str]) -> list[tuple[str, str | None, list[str]]]:
    """(photo id, media key, members of its originals) for each photo of older exports that none of `containers` holds."""
    rows = conn.execute(
        f"""SELECT p.photo_id, p.media_key, f.member FROM photos AS p JOIN files AS f USING (photo_id)
        WHERE p.source = 'takeout' AND NOT p.trashed AND NOT p.album_only AND p.exported_at < ? AND f.role = 'original'
        AND p.photo_id NOT IN (SELECT photo_id FROM files WHERE container IN ({marks(containers)}))""",
        [exported_at, *containers],
    ).fetchall()
    found: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    for photo_id, media_key, member in rows:
        found[photo_id, media_key].append(member)
    return [(*ids, members) for ids, members in found.items()]


def save_vanished(conn: sqlite3.Connection, photo_ids: Iterable[str], exported_at: str, run_id: RunId) -> None:
    """Mark photos as trashed as of the day of an export; an older export imported again does not bring them back."""
    number = run_id()
    conn.executemany(
        "UPDATE photos SET trashed = 1, exported_at = ?, run_id = ? WHERE photo_id = ?",
        [(exported_at, number, photo_id) for photo_id in photo_ids],
    )
