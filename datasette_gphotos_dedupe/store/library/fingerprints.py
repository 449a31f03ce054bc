"""Which photos still need to be looked at, and what looking at them gave."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from ...model import Reading, Trouble
from ...photo_columns import LOOKED_AT, OF_READING
from .photos import RunId, plain_value, save_pixels


@dataclass(frozen=True)
class PhotoToRead:
    """A photo to look at, and the places where its bytes were found: (container, member, SHA-1), the best first."""

    photo_id: str
    filename: str | None
    places: tuple[tuple[str, str, str | None], ...]


def read_wanted(conn: sqlite3.Connection, algorithm: str, may_try: Callable[[str], bool]) -> list[PhotoToRead]:
    """Photos without a fingerprint or with one of another algorithm, in the order in which their files lie.

    One of which is known why it has none is only wanted when `may_try` says so of that reason.
    """
    rows = conn.execute(
        """SELECT p.photo_id, p.filename, p.no_pixels FROM photos AS p LEFT JOIN fingerprints AS f USING (photo_id)
        WHERE f.photo_id IS NULL OR f.algorithm != ?""",
        [algorithm],
    ).fetchall()
    wanted = [(row[0], row[1]) for row in rows if row[2] is None or may_try(row[2])]
    found = [PhotoToRead(photo_id, filename, _places(conn, photo_id)) for photo_id, filename in wanted]
    return sorted(found, key=lambda photo: (photo.places[:1], photo.photo_id))


def _places(conn: sqlite3.Connection, photo_id: str) -> tuple[tuple[str, str, str | None], ...]:
    # Only files that hold the photo's own content: an edited version looks like something else.
    sql = """SELECT container, member, f.sha1 FROM files AS f JOIN photos AS p USING (photo_id)
        WHERE photo_id = ? AND f.sha1 = p.sha1 ORDER BY role != 'original', file_id"""
    return tuple(tuple(row) for row in conn.execute(sql, [photo_id]).fetchall())


def save_look(conn: sqlite3.Connection, photo_id: str, outcome: Reading | Trouble, run_id: RunId) -> bool:
    """Save what looking at a photo gave; returns whether it has a fingerprint now. The caller holds the transaction."""
    if isinstance(outcome, Trouble):
        if conn.execute("SELECT 1 FROM fingerprints WHERE photo_id = ?", [photo_id]).fetchone():
            return False  # an old fingerprint is better than none
        reason: str | None = outcome.reason
        size = {}
    else:
        reason = outcome.no_pixels if outcome.fingerprint is None else None
        size = {name: getattr(outcome, name) for name in LOOKED_AT}
        save_pixels(conn, photo_id, outcome)
    told = {"no_pixels": reason, **{name: value for name, value in size.items() if value is not None}}
    if isinstance(outcome, Reading) and outcome.width:
        told |= {name: plain_value(getattr(outcome, name)) for name in OF_READING}
    old = conn.execute(f"SELECT {', '.join(told)} FROM photos WHERE photo_id = ?", [photo_id]).fetchone()
    if old is not None and tuple(old) != tuple(told.values()):
        told["run_id"] = run_id()
        names = ", ".join(f"{name} = ?" for name in told)
        conn.execute(f"UPDATE photos SET {names} WHERE photo_id = ?", [*told.values(), photo_id])
    return isinstance(outcome, Reading) and outcome.fingerprint is not None
