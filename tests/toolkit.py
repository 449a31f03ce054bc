"""Writes the browser toolkit's metadata.csv as versions 3.2 and 3.3 do: their columns in their order, line feeds, `true` and `false`.

`hasLocation` is true for every item of the library's own lists and false for all others; only items of those have a word on archive,
favourites and owner; a place is in ten millionths of a degree; in an album an item has a media key of the album's own.
"""

from __future__ import annotations

import base64
import csv
import hashlib
from pathlib import Path

from .exports import key

HEADER = (
    "mediaKey,dedupKey,sourceAlbumMediaKey,sourceAlbumTitle,fileName,description,takenAt,uploadedAt,timezoneOffsetMs,width,height,"
    "durationMs,livePhotoDurationMs,sizeBytes,takesUpSpace,spaceTakenBytes,isOriginalQuality,isArchived,isFavorite,isOwned,"
    "hasLocation,locationName,latitude,longitude,thumbnailUrl"
)
COLUMNS = HEADER.split(",")
TAKEN = "2019-06-28T16:38:04.000Z"  # what exports.sidecar() says by default


def content_key(data: bytes) -> str:
    """Google's content key of these bytes, worked out here once more."""
    return base64.urlsafe_b64encode(hashlib.sha1(data).digest()).decode().rstrip("=")


def item(number: int, name: str = "", data: bytes | None = None, **more: object) -> dict[str, object]:
    """A line about an item of the library; with `data`, one of this very content."""
    marks = {"isArchived": "false", "isFavorite": "false", "isOwned": "true", "hasLocation": "true"}
    return _told(number, name, data) | marks | more


def album_item(number: int, name: str = "", data: bytes | None = None, **more: object) -> dict[str, object]:
    """A line about an item of an album; `number` gives the key that it has there."""
    return _told(number, name, data) | {"sourceAlbumMediaKey": key(50), "sourceAlbumTitle": "Trip", "hasLocation": "false"} | more


def trash_item(number: int, name: str = "", data: bytes | None = None, **more: object) -> dict[str, object]:
    """A line about an item in the trash; the locked folder and shared links give the like."""
    return _told(number, name, data) | {"hasLocation": "false"} | more


def _told(number: int, name: str, data: bytes | None) -> dict[str, object]:
    told: dict[str, object] = {"mediaKey": key(number), "fileName": name, "takenAt": TAKEN}
    if data is not None:
        told |= {"dedupKey": content_key(data), "sizeBytes": len(data)}
    return told


def write_csv(path: Path, *items: dict[str, object]) -> Path:
    """The file as the toolkit downloads it."""
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(items)
    return path
