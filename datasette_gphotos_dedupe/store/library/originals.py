"""Where the bytes of photos lie, as imports found them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from ..rows import columns_of, in_parts, marks, shape_of


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
    names = columns_of(Place)
    for part in in_parts(list(found)):
        for row in conn.execute(
            f"""SELECT {", ".join(names)} FROM files
            WHERE role IN ('original', 'album_copy') AND photo_id IN ({marks(part)}) ORDER BY role != 'original', file_id""",
            part,
        ):
            place = shape_of(Place, names, row)
            found[place.photo_id].append(place)
    return found
