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
_WIDTH = SAVED.index("width")


def is_no_news(old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Whether what is known of a photo is in its row, both in the order of `SAVED`; None says nothing.

    A photo whose picture was looked at is always news: only then is its width known.
    """
    return new[_WIDTH] is None and _is_said_already(old, new)


def _is_said_already(old: Sequence[Any], new: Sequence[Any]) -> bool:
    return [before if value is None else value for value, before in zip(new, old, strict=True)] == list(old)


def _said(told: Sequence[Sequence[Any]]) -> list[str]:
    """The columns that say anything of any of these, which for known photos are the lesser half; two at least."""
    said = [name for name, column in zip(SAVED, zip(*told, strict=True), strict=True) if column.count(None) < len(column)]
    return said if len(said) > 1 else list(SAVED[:2])


def without_news(conn: sqlite3.Connection, photos: Sequence[Photo]) -> set[int]:
    """The positions of those photos that saving would change nothing for.

    Only for photos with a media key, which is their id; those without one are told by their bytes, one by one. Six statements for
    some hundred photos, where saving asks six for each.
    """
    ids = [photo.photo_id for photo in photos if photo.media_key and photo.media_key == photo.photo_id]
    if not ids:
        return set()
    names = _said(list(map(_values, photos)))
    rows = {
        row[0]: row[1:]
        for row in select(conn, f"SELECT {', '.join(('photo_id', *names))} FROM photos WHERE photo_id IN ({{}})", ids)
    }
    told = list(map(attrgetter(*names), photos))
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
        and photo.width is None
        and _is_said_already(rows[photo.photo_id], told[at])
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
    if conn.execute("SELECT 1 FROM photos WHERE photo_id >= 'sha1:' AND photo_id < 'sha1;' LIMIT 1").fetchone() is None:
        return set()
    sums = [photo.sha1 for photo in photos if photo.sha1]
    return {
        row[0] for row in select(conn, "SELECT sha1 FROM photos WHERE sha1 IN ({}) AND substr(photo_id, 1, 5) = 'sha1:'", sums)
    }
