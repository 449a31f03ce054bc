"""Photos that a newer export does not show. The caller holds the transaction while saving."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ..rows import marks
from .photos import RunId

# What of a library an export could show: the person's own, and not in the bin.
_OWN = "p.source = 'takeout' AND NOT p.trashed AND NOT p.album_only"


@dataclass(frozen=True)
class Overlap:
    """How an export and those before it meet, in the person's own photos.

    `photos` it holds, `known` of them lie in earlier exports too, `old` of the others were uploaded before the newest of those
    (`previous_at`, None when there is none), `unseen` lie in earlier exports alone.
    """

    photos: int
    known: int
    old: int
    unseen: int
    previous_at: str | None

    @property
    def before(self) -> int:
        """Photos of earlier exports."""
        return self.known + self.unseen


def read_overlap(conn: sqlite3.Connection, exported_at: str, containers: list[str]) -> Overlap:
    """What the database tells of an export of this date, which lies in `containers`, against those of earlier dates."""
    given = f"SELECT photo_id FROM files WHERE container IN ({marks(containers)})"
    (previous_at,) = conn.execute(
        f"""SELECT max(coalesce(parts.exported_at, p.exported_at)) FROM photos AS p JOIN files USING (photo_id)
        LEFT JOIN parts USING (container) WHERE p.source = 'takeout' AND container NOT IN ({marks(containers)})
        AND coalesce(parts.exported_at, p.exported_at) < ?""",
        [*containers, exported_at],
    ).fetchone()
    elsewhere = f"SELECT photo_id FROM files WHERE container NOT IN ({marks(containers)})"
    photos, known, old = conn.execute(
        f"""SELECT count(*), coalesce(sum(p.photo_id IN ({elsewhere})), 0),
        coalesce(sum(p.photo_id NOT IN ({elsewhere}) AND p.uploaded_at < ?), 0)
        FROM photos AS p WHERE {_OWN} AND p.photo_id IN ({given})""",
        [*containers, *containers, previous_at or "", *containers],
    ).fetchone()
    return Overlap(photos, known, old, len(read_unseen(conn, exported_at, containers)), previous_at)


def read_unseen(conn: sqlite3.Connection, exported_at: str, containers: list[str]) -> list[tuple[str, str | None, list[str]]]:
    """(photo id, media key, members of its originals) for each own photo of older exports that none of `containers` holds."""
    rows = conn.execute(
        f"""SELECT p.photo_id, p.media_key, f.member FROM photos AS p
        LEFT JOIN files AS f ON f.photo_id = p.photo_id AND f.role = 'original'
        WHERE {_OWN} AND p.exported_at < ?
        AND p.photo_id NOT IN (SELECT photo_id FROM files WHERE container IN ({marks(containers)}))""",
        [exported_at, *containers],
    ).fetchall()
    found: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    for photo_id, media_key, member in rows:
        found[photo_id, media_key] += [member] if member is not None else []
    return [(*ids, members) for ids, members in found.items()]


def save_vanished(conn: sqlite3.Connection, photo_ids: Iterable[str], exported_at: str, run_id: RunId) -> None:
    """Mark photos as trashed as of the day of an export; an older export imported again does not bring them back."""
    number = run_id()
    conn.executemany(
        "UPDATE photos SET trashed = 1, exported_at = ?, run_id = ? WHERE photo_id = ?",
        [(exported_at, number, photo_id) for photo_id in photo_ids],
    )
