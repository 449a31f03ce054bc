"""Writes the browser toolkit's metadata.csv as the toolkit does: its columns in its order, RFC 4180, `true` and `false`."""

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
    """A line about an item; with `data`, one of this very content."""
    told: dict[str, object] = {"mediaKey": key(number), "fileName": name, "takenAt": TAKEN, "isOwned": "true"}
    if data is not None:
        told |= {"dedupKey": content_key(data), "sizeBytes": len(data)}
    return told | more


def write_csv(path: Path, *items: dict[str, object]) -> Path:
    """The file as the toolkit downloads it."""
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(items)
    return path
