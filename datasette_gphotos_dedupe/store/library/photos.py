"""Photos, their files, albums and people, as a source gives them. Writes only what differs; the caller holds the transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ...core.content_key import dedup_key_of
from ...model import NOT_IN_GOOGLE, Album, File, Photo, Reading, Trouble
from ...photo_columns import CONTENT, FLAGS, METADATA, OF_READING, OF_THE_BYTES, SAVED
from ...sources.takeout.items import album_id
from ...sources.takeout.naming import nfc
from ..packed_variants import save_packed
from ..rows import marks
from .identity import find_photo_id, forget_pixels, join_provisional
from .unchanged import is_no_news, without_news

RunId = Callable[[], int]
MAIN_ROLES = ("original", "album_copy")


@dataclass(frozen=True)
class Found:
    """A photo to save: `photo.files` have their checksums, `reading` is what was read of the best one, if anything new."""

    photo: Photo
    reading: Reading | None = None


@dataclass
class Saved:
    """How many rows of `photos` a batch added, and how many of earlier runs it changed; the ids of its photos."""

    added: int = 0
    updated: int = 0
    photo_ids: set[str] = field(default_factory=set)


def save_photos(conn: sqlite3.Connection, batch: Iterable[Found], run_id: RunId) -> Saved:
    """Save a batch: photo, files, albums, people, fingerprint and preview of each. `run_id` is asked only when a row changes."""
    saved = Saved()
    batch = list(batch)
    news = _with_news(conn, batch)
    saved.photo_ids = {found.photo.photo_id for found in batch} - {found.photo.photo_id for found in news}
    for found in news:
        photo_id = find_photo_id(conn, found.photo)
        change = _save_row(conn, photo_id, found.photo, run_id)
        saved.added += change == "added"
        saved.updated += change == "updated"
        for file in found.photo.files:
            photo_id = save_file(conn, photo_id, file)
        _save_albums_of(conn, photo_id, found.photo.albums)
        _save_people_of(conn, photo_id, found.photo.people)
        saved.photo_ids.add(photo_id)
        if found.reading is not None and _is_of(conn, photo_id, found.photo.sha1):
            save_pixels(conn, photo_id, found.reading)
    return saved


def _with_news(conn: sqlite3.Connection, batch: list[Found]) -> list[Found]:
    """The photos of a batch that saving may change a row for."""
    old = without_news(conn, [found.photo for found in batch])
    news = [found.photo for at, found in enumerate(batch) if at not in old or found.reading is not None]
    # Saving these comes first and may change what the rows say of the same item, or of another one of the same bytes.
    touched = {photo.sha1 for photo in news} | {photo.media_key for photo in news} - {None}
    return [
        found
        for at, found in enumerate(batch)
        if at not in old or found.reading is not None or not touched.isdisjoint((found.photo.sha1, found.photo.media_key))
    ]


def _save_row(conn: sqlite3.Connection, photo_id: str, photo: Photo, run_id: RunId) -> str | None:
    cursor = conn.cursor()
    cursor.row_factory = sqlite3.Row
    old = cursor.execute("SELECT * FROM photos WHERE photo_id = ?", [photo_id]).fetchone()
    new = {name: plain_value(getattr(photo, name, None)) for name in SAVED}
    if old is None:
        columns = {"photo_id": photo_id, **new, "kind": new["kind"] or "photo", "run_id": run_id()}
        names = ", ".join(columns)
        conn.execute(f"INSERT INTO photos ({names}) VALUES ({marks(columns)})", list(columns.values()))
        return "added"
    if is_no_news([old[name] for name in SAVED], list(new.values())):
        return None
    new["album_only"] = _album_only(conn, dict(old), photo)
    changes = {name: value for name, value in _merged(dict(old), new).items() if old[name] != value}
    if not changes:
        return None
    if old["sha1"] is not None and changes.get("sha1"):
        forget_pixels(conn, photo_id)
        if photo.mime_type is None:  # an earlier import read them for another photo; the step fingerprint looks again
            changes.update(dict.fromkeys(set(OF_THE_BYTES) - {"sha1", "bytes", "kind", "moves"}))
    changes["run_id"] = run_id()
    is_news = old["run_id"] != changes["run_id"]  # else the same item came once before in this run
    conn.execute(
        f"UPDATE photos SET {', '.join(f'{name} = ?' for name in changes)} WHERE photo_id = ?", [*changes.values(), photo_id]
    )
    return "updated" if is_news else None


def _is_of(conn: sqlite3.Connection, photo_id: str, sha1: str | None) -> bool:
    """Whether the row stands for these bytes; an older export may have brought others, whose pixels are not this photo's."""
    return conn.execute("SELECT 1 FROM photos WHERE photo_id = ? AND sha1 IS ?", [photo_id, sha1]).fetchone() is not None


def plain_value(value: object) -> object:
    """A value of a shape as SQLite holds it: flags as numbers, words as a JSON list, none of them as NULL."""
    if isinstance(value, tuple):
        return json.dumps(value) if value else None
    return int(value) if isinstance(value, bool) else value


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The row that comes of an old and a new one: newer metadata wins, unknown never replaces known."""
    on_disk = {side: row["source"] in NOT_IN_GOOGLE for side, row in (("old", old), ("new", new))}
    newer = bool(new["sidecar_rule"]) and (new["exported_at"] or "") >= (old["exported_at"] or "")
    newer = newer and (on_disk["old"] or not on_disk["new"])
    newer = newer or (on_disk["old"] and not on_disk["new"])
    merged = {name: _newest(name, old[name], new[name], newer) for name in METADATA}
    if merged["taken_at"] != new["taken_at"]:
        merged["taken_at_source"] = old["taken_at_source"]
    for name in CONTENT:
        merged[name] = _newest(name, old[name], new[name], newer and new["sha1"] is not None)
    if old["dedup_key"] and old["dedup_key"] != (dedup_key_of(old["sha1"]) if old["sha1"] else None):
        merged["dedup_key"] = old["dedup_key"]  # Google's own word: that of a "storage saver" item is not made of its bytes
    if new["width"]:
        merged["no_pixels"] = None
    merged |= {name: (new if new["width"] else old)[name] for name in OF_READING}
    merged["source"] = new["source"] if newer else old["source"]
    merged["album_only"] = new["album_only"]
    return merged


def _album_only(conn: sqlite3.Connection, old: dict[str, Any], photo: Photo) -> int:
    """Whether the photo may be somebody else's, by what is known of it and what `photo` adds.

    A folder that is none of its albums shows that it is the person's own, for ever. Without one, the way of upload may have spoken
    for the owner in an export of albums alone; one that has year folders and does not hold it there knows better.
    """
    if old["owned"] is not None:
        return int(not old["owned"])
    if photo.source in NOT_IN_GOOGLE and old["source"] not in NOT_IN_GOOGLE:
        return int(old["album_only"])  # that somebody's picture lies on this disk proves nothing
    mains = [file.member for file in photo.files if file.role in MAIN_ROLES]
    if old["source"] in NOT_IN_GOOGLE or photo.source != "takeout" or _is_outside(mains, photo.albums):
        return int(photo.album_only)
    return int(bool(old["album_only"] or photo.album_only) and not _lies_in_the_library(conn, old["photo_id"]))


def _is_outside(members: Iterable[str], albums: Collection[str]) -> bool:
    folders = (PurePosixPath(member.replace("\\", "/")).parent.name for member in members)
    return any(album_id(nfc(folder)) not in albums for folder in folders)


def _lies_in_the_library(conn: sqlite3.Connection, photo_id: str) -> bool:
    albums = {row[0] for row in conn.execute("SELECT album_id FROM album_photos WHERE photo_id = ?", [photo_id]).fetchall()}
    members = conn.execute(
        f"""SELECT member FROM files LEFT JOIN parts USING (container) LEFT JOIN runs ON runs.run_id = parts.run_id
        WHERE photo_id = ? AND role IN ({marks(MAIN_ROLES)}) AND coalesce(command, 'takeout') = 'takeout'""",
        [photo_id, *MAIN_ROLES],
    ).fetchall()
    return _is_outside((row[0] for row in members), albums)


def _newest(name: str, old: object, new: object, newer: bool) -> object:
    if name in FLAGS:
        return new if newer else old
    return (new if new is not None else old) if newer else (old if old is not None else new)


def save_file(conn: sqlite3.Connection, photo_id: str, file: File) -> str:
    """Save where bytes of a photo are; a file that was skipped before no longer is. Returns the id that the photo has now."""
    row = (photo_id, file.role, file.bytes, file.sha1, file.crc32, file.modified_at)
    old = conn.execute(
        "SELECT photo_id, role, bytes, sha1, crc32, modified_at FROM files WHERE container = ? AND member = ?",
        [file.container, file.member],
    ).fetchone()
    if old is None:
        conn.execute(
            "INSERT INTO files (photo_id, role, bytes, sha1, crc32, modified_at, container, member) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [*row, file.container, file.member],
        )
        conn.execute("DELETE FROM skipped WHERE container = ? AND member = ?", [file.container, file.member])
    elif tuple(old) != row:
        conn.execute(
            "UPDATE files SET photo_id = ?, role = ?, bytes = ?, sha1 = ?, crc32 = ?, modified_at = ? "
            "WHERE container = ? AND member = ?",
            [*row, file.container, file.member],
        )
        if old[0] != photo_id and old[3] == file.sha1:
            return join_provisional(conn, old[0], photo_id)
    return photo_id


def save_pixels(conn: sqlite3.Connection, photo_id: str, reading: Reading) -> None:
    """Save fingerprint and preview; a changed fingerprint is to be matched again."""
    fingerprint, thumbnail = reading.fingerprint, reading.thumbnail
    if fingerprint is not None:
        conn.execute(
            "INSERT INTO fingerprints (photo_id, phash, variants, flatness, algorithm) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (photo_id) DO UPDATE SET phash = excluded.phash, variants = excluded.variants, "
            "flatness = excluded.flatness, algorithm = excluded.algorithm",
            [
                photo_id,
                fingerprint.phash,
                json.dumps(fingerprint.variants, separators=(",", ":")),
                fingerprint.flatness,
                fingerprint.algorithm,
            ],
        )
        save_packed(conn, photo_id, fingerprint.variants)
    if thumbnail is not None:
        conn.execute(
            "INSERT OR REPLACE INTO thumbnails (photo_id, content, width, height) VALUES (?, ?, ?, ?)",
            [photo_id, thumbnail.content, thumbnail.width, thumbnail.height],
        )


def save_albums(conn: sqlite3.Connection, albums: Iterable[Album]) -> None:
    """Add albums, and give known ones their new title and description."""
    for album in albums:
        conn.execute(
            "INSERT INTO albums (album_id, title, description, app_created) VALUES (?, ?, ?, ?) ON CONFLICT (album_id) DO UPDATE "
            "SET title = excluded.title, description = excluded.description "
            "WHERE title IS NOT excluded.title OR description IS NOT excluded.description",
            [album.album_id, album.title, album.description, int(album.app_created)],
        )


def _save_albums_of(conn: sqlite3.Connection, photo_id: str, album_ids: Iterable[str]) -> None:
    conn.executemany(
        "INSERT OR IGNORE INTO album_photos (album_id, photo_id) VALUES (?, ?)", [(album_id, photo_id) for album_id in album_ids]
    )


def _save_people_of(conn: sqlite3.Connection, photo_id: str, names: Iterable[str]) -> None:
    for name in names:
        conn.execute("INSERT OR IGNORE INTO people (name) VALUES (?)", [name])
        conn.execute(
            "INSERT OR IGNORE INTO photo_people (photo_id, person_id) SELECT ?, person_id FROM people WHERE name = ?",
            [photo_id, name],
        )


def save_skipped(conn: sqlite3.Connection, file: File, trouble: Trouble, run_id: RunId) -> None:
    """Record a file that is not used; one that was used before no longer is."""
    row = [trouble.code, trouble.reason, file.bytes, file.crc32, file.modified_at]
    old = conn.execute(
        "SELECT code, reason, bytes, crc32, modified_at FROM skipped WHERE container = ? AND member = ?",
        [file.container, file.member],
    ).fetchone()
    if old is not None and list(old) == row:
        return
    conn.execute(
        "INSERT OR REPLACE INTO skipped (container, member, code, reason, bytes, crc32, modified_at, run_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [file.container, file.member, *row, run_id()],
    )
