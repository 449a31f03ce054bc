"""Rows of `files`: where the bytes of photos lie, as imports found them; and those that a container no longer holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...model import NOT_IN_GOOGLE
from ..review.proof_sql import listed
from ..rows import columns_of, in_parts, marks, shape_of
from .identity import forget_photo


@dataclass(frozen=True)
class FilePlace:
    """A row of `files` that holds a photo's own picture: not an edited version of it, not its live video."""

    photo_id: str
    container: str
    member: str
    bytes: int | None
    sha1: str | None


def read_places(conn: sqlite3.Connection, photo_ids: Sequence[str]) -> dict[str, list[FilePlace]]:
    """For each of these photos its places, the best first."""
    found: dict[str, list[FilePlace]] = {photo_id: [] for photo_id in photo_ids}
    names = columns_of(FilePlace)
    for part in in_parts(list(found)):
        for row in conn.execute(
            f"""SELECT {", ".join(names)} FROM files
            WHERE role IN ('original', 'album_copy') AND photo_id IN ({marks(part)}) ORDER BY role != 'original', file_id""",
            part,
        ):
            place = shape_of(FilePlace, names, row)
            found[place.photo_id].append(place)
    return found


def read_stale(conn: sqlite3.Connection, container: str, settled: set[str]) -> tuple[list[str], list[str]]:
    """Members in `files` and members in `skipped` of this container that are not among `settled`."""

    def others(table: str) -> list[str]:
        rows = conn.execute(f"SELECT member FROM {table} WHERE container = ?", [container]).fetchall()
        return [row[0] for row in rows if row[0] not in settled]

    return others("files"), others("skipped")


def forget_stale(conn: sqlite3.Connection, container: str, files: Iterable[str], skipped: Iterable[str]) -> None:
    """Drop those rows, and photos on this disk alone that have lost their last file. The caller holds the transaction."""
    conn.executemany("DELETE FROM skipped WHERE container = ? AND member = ?", [(container, member) for member in skipped])
    for member in files:
        place = [container, member]
        (photo_id,) = conn.execute("SELECT photo_id FROM files WHERE container = ? AND member = ?", place).fetchone()
        conn.execute("DELETE FROM files WHERE container = ? AND member = ?", place)
        lost = f"""SELECT 1 FROM photos AS p WHERE photo_id = ? AND source IN {listed(NOT_IN_GOOGLE)} AND media_key IS NULL
            AND NOT EXISTS (SELECT 1 FROM files AS f WHERE f.photo_id = p.photo_id)"""
        if conn.execute(lost, [photo_id]).fetchone():
            forget_photo(conn, photo_id)
