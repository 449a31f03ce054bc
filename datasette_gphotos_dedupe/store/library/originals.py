"""Where the bytes of photos lie, as imports found them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from ..rows import in_parts, marks


@dataclass(frozen=True)
class Place:
    """A row of `files` that holds a photo's own picture: not an edited version of it, not its live video."""

    photo_id: str
    container: str
    member: str
    bytes: int | None
    sha1: str | None


def read_places(conn: sqlite3.Connection, photo_ids: Sequence[str]) -> dict[str, list[Place]]:
    """For each of these photos its places, the best first."""
    found: dict[str, list[Place]] = {photo_id: [] for photo_id in photo_ids}
    for part in in_parts(list(found)):
        for row in conn.execute(
            f"""SELECT photo_id, container, member, bytes, sha1 FROM files
            WHERE role IN ('original', 'album_copy') AND photo_id IN ({marks(part)}) ORDER BY role != 'original', file_id""",
            part,
        ):
            found[row[0]].append(Place(*row))
    return found
