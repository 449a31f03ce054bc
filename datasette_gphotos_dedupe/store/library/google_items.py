"""Items as Google's APIs show them, joined to the rows that other sources made, and what must be remembered between runs.

Where it is not said otherwise, the caller holds the transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ...model import NOT_IN_GOOGLE, Album, Photo, Reading
from ..review.proof_sql import listed
from ..writing import part_of_transaction, transaction
from .photos import Found, RunId, save_albums, save_photos, save_pixels

# What may change in Google Photos after the upload. The times of taking and the size change when a picture is edited there.
EDITABLE = ("filename", "description", "taken_at", "width", "height", "product_url")


def read_known_ids(conn: sqlite3.Connection) -> dict[str, tuple[str, bool]]:
    """API id -> (photo id, whether its pixels are known)."""
    sql = """
        SELECT coalesce(library_id, photo_id), photo_id,
               EXISTS (SELECT 1 FROM fingerprints f WHERE f.photo_id = photos.photo_id)
        FROM photos WHERE library_id IS NOT NULL OR source = 'picker'
    """
    return {api_id: (photo_id, bool(pixels)) for api_id, photo_id, pixels in conn.execute(sql).fetchall()}


def find_same_item(conn: sqlite3.Connection, photo: Photo) -> str | None:
    """The row that another source made of this very item: the only one of equal name, second, and size.

    The APIs tell neither media key nor checksum, so this is all there is to go by. When two rows fit, neither is taken.
    """
    if not (photo.filename and photo.taken_at and photo.width and photo.height):
        return None
    sql = f"""
        SELECT photo_id FROM photos WHERE filename = ? AND taken_at = ? AND library_id IS NULL
        AND source NOT IN {listed(NOT_IN_GOOGLE)} AND source != ? AND min(width, height) = ? AND max(width, height) = ? LIMIT 2
    """
    sides = sorted((photo.width, photo.height))
    rows = conn.execute(sql, [photo.filename, photo.taken_at, photo.source, *sides]).fetchall()
    return rows[0][0] if len(rows) == 1 else None


def save_item(conn: sqlite3.Connection, photo: Photo, reading: Reading | None, app_created: bool, run_id: RunId) -> str:
    """Save one item; returns ``added``, ``updated`` or ``same``.

    An item that another source knows keeps that row, with its better metadata and pixels, and learns its library id.
    """
    known = conn.execute("SELECT photo_id FROM photos WHERE library_id = ? OR photo_id = ?", [photo.photo_id, photo.photo_id])
    row = known.fetchone()
    photo_id = row[0] if row else find_same_item(conn, photo)
    change = "same"
    if photo_id is None:
        photo_id, change = photo.photo_id, "added"
        save_photos(conn, [Found(replace(photo, library_id=photo.photo_id))], run_id)
    elif _save_changes(conn, photo_id, photo, run_id):
        change = "updated"
    if app_created and _save_library_id(conn, photo_id, photo.photo_id, run_id) and change == "same":
        change = "updated"
    if reading is not None and not has_pixels(conn, photo_id):
        save_pixels(conn, photo_id, reading)
    return change


def _save_changes(conn: sqlite3.Connection, photo_id: str, photo: Photo, run_id: RunId) -> bool:
    """Take over what was edited in Google Photos since, on a row that no better source has made."""
    names = [name for name in EDITABLE if getattr(photo, name) is not None or (name == "description" and photo.app_created)]
    row = conn.execute(
        f"SELECT {', '.join(names)} FROM photos WHERE photo_id = ? AND source = ?", [photo_id, photo.source]
    ).fetchone()
    told = [getattr(photo, name) for name in names]
    if row is None or list(row) == told:
        return False
    assignments = ", ".join(f"{name} = ?" for name in names)
    conn.execute(f"UPDATE photos SET {assignments}, run_id = ? WHERE photo_id = ?", [*told, run_id(), photo_id])
    return True


def _save_library_id(conn: sqlite3.Connection, photo_id: str, library_id: str, run_id: RunId) -> bool:
    where = "photo_id = ? AND (library_id IS NOT ? OR app_created = 0 OR trashed = 1)"
    if conn.execute(f"SELECT 1 FROM photos WHERE {where}", [photo_id, library_id]).fetchone() is None:
        return False
    sql = "UPDATE photos SET library_id = ?, app_created = 1, trashed = 0, run_id = ? WHERE photo_id = ?"
    conn.execute(sql, [library_id, run_id(), photo_id])
    return True


def has_pixels(conn: sqlite3.Connection, photo_id: str) -> bool:
    """Whether the photo has a fingerprint."""
    return conn.execute("SELECT 1 FROM fingerprints WHERE photo_id = ?", [photo_id]).fetchone() is not None


def save_gone(conn: sqlite3.Connection, library_ids: Iterable[str]) -> int:
    """Mark items that Google no longer shows as trashed, so that none of them counts as a surviving keeper."""
    ids = [(library_id,) for library_id in library_ids]
    conn.executemany("UPDATE photos SET trashed = 1 WHERE library_id = ? AND trashed = 0", ids)
    return len(ids)


def save_app_album(conn: sqlite3.Connection, album: Album, library_ids: list[str]) -> bool:
    """Save an album of this app and exactly who is in it; False when nothing changed."""
    before = conn.total_changes
    save_albums(conn, [album])
    rows = conn.execute("SELECT photo_id, library_id FROM photos WHERE library_id IS NOT NULL").fetchall()
    by_library_id = {library_id: photo_id for photo_id, library_id in rows}
    wanted = {by_library_id[library_id] for library_id in library_ids if library_id in by_library_id}
    there = {row[0] for row in conn.execute("SELECT photo_id FROM album_photos WHERE album_id = ?", [album.album_id]).fetchall()}
    add, remove = ([(album.album_id, photo_id) for photo_id in sorted(ids)] for ids in (wanted - there, there - wanted))
    conn.executemany("INSERT INTO album_photos (album_id, photo_id) VALUES (?, ?)", add)
    conn.executemany("DELETE FROM album_photos WHERE album_id = ? AND photo_id = ?", remove)
    return conn.total_changes > before


def save_description(conn: sqlite3.Connection, photo_id: str, description: str) -> None:
    """Record a description that Google has taken for a photo, in a transaction of its own."""
    with transaction(conn):
        conn.execute("UPDATE photos SET description = ? WHERE photo_id = ?", (description, photo_id))


def save_album_photo(conn: sqlite3.Connection, album_id: str, photo_id: str) -> None:
    """Record that Google has put a photo into an album of this app, in a transaction of its own."""
    with transaction(conn):
        conn.execute("INSERT OR IGNORE INTO album_photos (album_id, photo_id) VALUES (?, ?)", (album_id, photo_id))


PICKING = "picking_session"  # the id of a session whose photos are not all saved yet
LOADS = "picture_loads"  # how many pictures were loaded, and until when they count


def read_google_state(conn: sqlite3.Connection, name: str) -> Any:
    """The value, or None."""
    row = conn.execute("SELECT value FROM google_state WHERE name = ?", [name]).fetchone()
    return json.loads(row[0]) if row else None


def save_google_state(conn: sqlite3.Connection, name: str, value: Any) -> None:
    """Remember a value; None forgets it. A transaction of its own, or a part of the one the caller holds."""
    with part_of_transaction(conn):
        if value is None:
            conn.execute("DELETE FROM google_state WHERE name = ?", [name])
        else:
            conn.execute("INSERT OR REPLACE INTO google_state (name, value) VALUES (?, ?)", [name, json.dumps(value)])
