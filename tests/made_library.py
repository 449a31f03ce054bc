"""A database with photos, groups and previews, written straight into the tables.

For tests of everything that comes after matching: they need rows of known content, not a matcher's opinion.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw

from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.review.decisions import refresh_decided

GROUP_KINDS = ("smaller_copy", "re_encode", "other_format", "raw_and_jpeg", "edited", "crop", "series", "look_alike")
REMOVABLE = {"same_bytes", "re_encode", "smaller_copy", "raw_and_jpeg", "other_format"}
REMADE = REMOVABLE - {"same_bytes", "raw_and_jpeg"}


def photo_id(number: int) -> str:
    """A media key of the right shape: AF1Qip and 38 more characters."""
    return f"AF1Qip{number:038d}"


def preview(number: int, size: tuple[int, int] = (160, 120)) -> bytes:
    image = Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, number * 53 % 256))
    ImageDraw.Draw(image).ellipse((20, 20, 60 + number % 90, 80), fill="white")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def build_library(path: Path, groups: int = 8, size: int = 2, thumbnails: bool = True):
    """A library of `groups` groups of `size` photos; group g has the relation GROUP_KINDS[g % 8]. Returns the database."""
    db = open_database(path)
    rows = _rows(groups, size, thumbnails)
    with db.atomic():
        db["runs"].insert({"run_id": 1, "command": "takeout", "started_at": "2026-01-01T00:00:00Z", "state": "done"})
        for table in ("photos", "files", "albums", "album_photos", "thumbnails", "fingerprints"):
            db[table].insert_all(rows[table])
        db["comparisons"].insert_all(rows["comparisons"], replace=True)
        for table in ("groups", "group_members", "pairs"):
            db[table].insert_all(rows[table])
        refresh_decided(db.conn)
    return db


def _rows(groups: int, size: int, thumbnails: bool) -> dict[str, list[dict]]:
    rows: dict[str, list[dict]] = {
        name: []
        for name in (
            "photos",
            "files",
            "albums",
            "album_photos",
            "thumbnails",
            "fingerprints",
            "comparisons",
            "groups",
            "group_members",
            "pairs",
        )
    }
    rows["albums"].append({"album_id": "album:Summer", "title": "Summer"})
    for group in range(groups):
        relation = GROUP_KINDS[group % len(GROUP_KINDS)]
        ids = [photo_id(group * size + position) for position in range(size)]
        for position, identifier in enumerate(ids):
            _add_photo(rows, group, position, identifier, thumbnails)
            rows["group_members"].append({"group_id": ids[0], **_member(position, identifier, relation)})
            if position:
                rows["pairs"].append(_pair(ids[0], identifier, relation))
        suggested = size - 1 if relation in REMOVABLE else 0
        rows["groups"].append(
            {
                "group_id": ids[0],
                "keeper_id": ids[0],
                "relation": relation,
                "size": size,
                "suggested_count": suggested,
                "reclaimable_bytes": suggested * 40_000,
                "taken_year": 2015 + group % 10,
                "camera": "Canon PowerShot G2",
                "origin": "driveDesktopUploader",
            }
        )
    return rows


def _add_photo(rows: dict[str, list[dict]], group: int, position: int, identifier: str, thumbnails: bool) -> None:
    number = int(identifier[6:])
    rows["photos"].append(
        {
            "photo_id": identifier,
            "source": "takeout",
            "filename": f"IMG_{group:04d}{'_thumb' if position else ''}.jpg",
            "mime_type": "image/jpeg",
            "width": 320 if position else 4032,
            "height": 240 if position else 3024,
            "bytes": 40_000 if position else 3_000_000,
            "taken_at": f"{2015 + group % 10}-06-01T10:{group % 60:02d}:00Z",
            "taken_at_source": "sidecar",
            "uploaded_at": "2020-01-01T00:00:00Z",
            "camera_make": "Canon",
            "camera_model": "PowerShot G2",
            "origin": "driveDesktopUploader" if position else "mobileUpload",
            "product_url": f"https://photos.google.com/photo/{identifier}",
            "media_key": identifier,
            "sha1": f"{number:040x}",
            "dedup_key": f"dedup{number:022d}",
            "run_id": 1,
        }
    )
    rows["files"].append(
        {
            "photo_id": identifier,
            "role": "original",
            "container": "takeout-001.zip",
            "member": f"Takeout/{identifier}.jpg",
        }
    )
    if position == 0:
        rows["album_photos"].append({"album_id": "album:Summer", "photo_id": identifier})
    rows["fingerprints"].append(
        {
            "photo_id": identifier,
            "phash": f"{group * 2654435761 % 2**64:064x}",
            "flatness": 0.1,
            "algorithm": "phash256/1",
        }
    )
    rows["comparisons"].append({"photo_id": identifier, "matched_by": "made"})
    if thumbnails:
        rows["thumbnails"].append({"photo_id": identifier, "content": preview(group), "width": 160, "height": 120})


def _member(position: int, identifier: str, relation: str) -> dict:
    removable = relation in REMOVABLE
    return {
        "photo_id": identifier,
        "role": "keeper" if position == 0 else ("look_alike" if relation in ("series", "look_alike") else "copy"),
        "relation": None if position == 0 else relation,
        "reason": "largest, with the most metadata" if position == 0 else "same picture, 320 x 240 against 4032 x 3024",
        "suggested": "keep" if position == 0 else ("remove" if removable else None),
    }


def _pair(a: str, b: str, relation: str) -> dict:
    return {
        "photo_a": min(a, b),
        "photo_b": max(a, b),
        "distance_bits": 4,
        "relation": relation,
        "confidence": 0.98,
        "evidence": "4 of 256 bits differ; worst block 2.1",
        "remade_from": a if relation in REMADE else None,
    }
