"""Which photos of a batch say nothing that the rows do not say already: asked for many at once. Nothing is written here."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from ...model import Photo
from ...photo_columns import SAVED
from ..rows import select

_values = attrgetter(*SAVED)


def is_no_news(old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Whether what is known of a photo is in its row, both in the order of `SAVED`; None says nothing.

    A photo whose picture was looked at is always news: only then is its width known.
    """
    return new[SAVED.index("width")] is None and all(
        value is None or value == before for value, before in zip(new, old, strict=True)
    )


def without_news(conn: sqlite3.Connection, photos: Sequence[Photo]) -> set[int]:
    """The positions of those photos that saving would change nothing for.

    Only for photos with a media key, which is their id; those without one are told by their bytes, one by one. Six statements for
    some hundred photos, where saving asks six for each.
    """
    ids = [photo.photo_id for photo in photos if photo.media_key and photo.media_key == photo.photo_id]
    if not ids:
        return set()
    rows = {
        row[0]: row[1:] for row in select(conn, f"SELECT photo_id, {', '.join(SAVED)} FROM photos WHERE photo_id IN ({{}})", ids)
    }
    files = {
        row[:2]: row[2:]
        for row in select(
            conn,
            "SELECT container, member, photo_id, role, bytes, sha1, crc32, modified_at FROM files WHERE photo_id IN ({})",
            ids,
        )
    }
    albums = _grouped(conn, "SELECT photo_id, album_id FROM album_photos WHERE photo_id IN ({})", ids)
    people = _grouped(conn, "SELECT photo_id, name FROM photo_people JOIN people USING (person_id) WHERE photo_id IN ({})", ids)
    provisional = _provisional(conn, photos)
    return {
        at
        for at, photo in enumerate(photos)
        if photo.photo_id in rows
        and photo.sha1 not in provisional
        and is_no_news(rows[photo.photo_id], _values(photo))
        and albums[photo.photo_id].issuperset(photo.albums)
        and people[photo.photo_id].issuperset(photo.people)
        and all(
            files.get((file.container, file.member))
            == (photo.photo_id, file.role, file.bytes, file.sha1, file.crc32, file.modified_at)
            for file in photo.files
        )
    }


def _grouped(conn: sqlite3.Connection, sql: str, ids: Sequence[str]) -> defaultdict[str, set[Any]]:
    found: defaultdict[str, set[Any]] = defaultdict(set)
    for photo_id, value in select(conn, sql, ids):
        found[photo_id].add(value)
    return found


def _provisional(conn: sqlite3.Connection, photos: Sequence[Photo]) -> set[str]:
    """Checksums that a row has to do with for an id, which a photo of a media key would take over."""
    sums = [photo.sha1 for photo in photos if photo.sha1]
    return {
        row[0] for row in select(conn, "SELECT sha1 FROM photos WHERE sha1 IN ({}) AND substr(photo_id, 1, 5) = 'sha1:'", sums)
    }
