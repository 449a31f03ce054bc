"""A library into which a program uploaded its previews: 10,000 photos, a small copy of each under a machine's name, and 200 more
files among these that look like previews of other photos and are not: other exposures, which nothing may ever remove.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from datasette_gphotos_dedupe.core.content_key import dedup_key_of
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.review.decisions import refresh_decided
from tests.made_library import photo_id, preview

PHOTOS = 10_000
OTHERS = 200
_COLUMNS = (
    *("photo_id", "source", "filename", "mime_type", "width", "height", "bytes", "taken_at", "uploaded_at", "origin"),
    *("product_url", "media_key", "dedup_key", "sha1", "original_quality", "run_id"),
)


def previews_of() -> range:
    """Numbers of the previews that a photo stands for."""
    return range(PHOTOS, 2 * PHOTOS)


def others() -> range:
    """Numbers of the other exposures."""
    return range(2 * PHOTOS, 2 * PHOTOS + OTHERS)


def _photo(number: int) -> tuple:
    small = number >= PHOTOS
    key, sha1 = photo_id(number), f"{number:040x}"
    name = f"{uuid.UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128)}.jpg" if small else f"DSC_{number:05d}.JPG"
    size = (2048, 1365, 180_000) if small else (6016, 4016, 7_000_000)
    uploaded = "2022-04-12T03:00:00Z" if small else "2021-06-06T10:00:00Z"
    origin = "driveDesktopUploader" if small else "mobileUpload"
    taken = f"2021-05-{number % 28 + 1:02d}T10:{number % 60:02d}:00Z"
    url = f"https://photos.google.com/photo/{key}"
    return (key, "takeout", name, "image/jpeg", *size, taken, uploaded, origin, url, key, dedup_key_of(sha1), sha1, 1, 1)


def build_previews_library(path: Path) -> None:
    """Write it: every preview in a group with its photo, every other exposure in the group of the photo it looks like."""
    db = open_database(path)
    conn = db.conn
    conn.execute("PRAGMA synchronous = OFF")
    with db.atomic():
        db["runs"].insert({"run_id": 1, "command": "takeout", "started_at": "2026-01-01T00:00:00Z", "state": "done"})
        _insert(conn, "photos", _COLUMNS, (_photo(number) for number in range(2 * PHOTOS + OTHERS)))
        _insert(conn, "groups", _GROUP_COLUMNS, (_group(number) for number in range(PHOTOS)))
        _insert(conn, "group_members", _MEMBER_COLUMNS, (row for number in range(PHOTOS) for row in _members(number)))
        _insert(conn, "pairs", _PAIR_COLUMNS, (row for number in range(PHOTOS) for row in _pairs(number)))
        shown = preview(1)
        _insert(
            conn,
            "thumbnails",
            ("photo_id", "content", "width", "height"),
            ((photo_id(n), shown, 160, 120) for n in range(2 * PHOTOS)),
        )
        refresh_decided(conn)
    db.close()


def _insert(conn, table: str, columns: tuple[str, ...], rows) -> None:
    conn.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)


_GROUP_COLUMNS = ("group_id", "keeper_id", "relation", "size", "suggested_count", "reclaimable_bytes", "taken_year", "origin")
_MEMBER_COLUMNS = ("group_id", "photo_id", "role", "relation", "reason", "suggested")
_PAIR_COLUMNS = ("photo_a", "photo_b", "distance_bits", "relation", "confidence", "evidence")


def _group(number: int) -> tuple:
    key = photo_id(number)
    return (key, key, "smaller_copy", 2 + (number < OTHERS), 1, 180_000, 2021, "driveDesktopUploader")


def _members(number: int) -> list[tuple]:
    key, copy, name = photo_id(number), photo_id(PHOTOS + number), f"DSC_{number:05d}.JPG"
    reason = f"This is what you get when {name} is scaled down and saved as JPEG."
    found = [
        (key, key, "keeper", None, "most pixels (6016 x 4016)", "keep"),
        (key, copy, "copy", "smaller_copy", reason, "remove"),
    ]
    if number < OTHERS:
        other = photo_id(2 * PHOTOS + number)
        found.append((key, other, "look_alike", "series", "Another shot: taken 2 seconds later, from a step to the right.", None))
    return found


def _pairs(number: int) -> list[tuple]:
    key, copy = photo_id(number), photo_id(PHOTOS + number)
    found = [(key, copy, 2, "smaller_copy", 0.99, "2 of 256 bits differ")]
    if number < OTHERS:
        found.append((key, photo_id(2 * PHOTOS + number), 31, "series", 0.6, "31 of 256 bits differ"))
    return found
