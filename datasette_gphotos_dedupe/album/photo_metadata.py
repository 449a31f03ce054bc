"""What photos have that a person may not want to lose: albums, people, a heart, words, a place. Read from the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..store.rows import select

# Albums that pushes fill are for deleting from: being in one is nothing to rescue. A later Takeout export brings them in as
# folders, known by their title alone.
_ALBUMS = """
    SELECT ap.photo_id, coalesce(a.title, a.album_id), CASE WHEN a.app_created THEN a.album_id END
    FROM album_photos ap JOIN albums a USING (album_id)
    WHERE ap.photo_id IN ({}) AND a.album_id NOT IN (SELECT album_id FROM push_albums)
    AND coalesce(a.title, '') NOT IN (SELECT title FROM push_albums UNION SELECT album_title FROM pushes)
    ORDER BY a.app_created
"""
_PEOPLE = "SELECT photo_id, name FROM photo_people JOIN people USING (person_id) WHERE photo_id IN ({})"
_OTHERS = "SELECT photo_id, favorite, description, latitude, longitude FROM photos WHERE photo_id IN ({})"


@dataclass(frozen=True)
class Belongings:
    """What one photo has. `albums` maps each title to Google's id when it is an album of this app, else to None."""

    albums: Mapping[str, str | None] = field(default_factory=dict)
    people: frozenset[str] = frozenset()
    favorite: bool = False
    description: str = ""
    location: tuple[float, float] | None = None


def read_belongings(conn: sqlite3.Connection, ids: list[str]) -> dict[str, Belongings]:
    """For each of these photos that is known, what it has."""
    albums: dict[str, dict[str, str | None]] = {}
    for photo_id, title, app_album_id in select(conn, _ALBUMS, ids):
        albums.setdefault(photo_id, {})[title] = app_album_id
    people: dict[str, set[str]] = {}
    for photo_id, name in select(conn, _PEOPLE, ids):
        people.setdefault(photo_id, set()).add(name)
    return {
        photo_id: Belongings(
            albums.get(photo_id, {}),
            frozenset(people.get(photo_id, ())),
            bool(favorite),
            (description or "").strip(),
            None if latitude is None or longitude is None else (latitude, longitude),
        )
        for photo_id, favorite, description, latitude, longitude in select(conn, _OTHERS, ids)
    }
