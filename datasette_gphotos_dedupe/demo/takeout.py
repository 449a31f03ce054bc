"""A library written as Google Takeout writes it: zip parts, year and album folders, a sidecar for every photo.

Names follow the rules of real exports: a sidecar's name is cut to 51 UTF-16 units, a number tells equal names apart, a photo
and its sidecar may lie in different parts, and an album holds full copies of its photos.
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from .library import SampleItem

EXPORT_ID = "takeout-20261120T101500Z-1"
ROOT = "Takeout/Google Photos"
MAX_NAME_UNITS = 51
MEMBER_TIME = (2026, 11, 20, 10, 15, 0)  # a fixed time: the same library gives the same bytes


def write_takeout(items: Iterable[SampleItem], folder: Path) -> list[Path]:
    """Two zip parts in `folder`; returns their paths. Without the uploads of this app: those come from the API."""
    paths = [folder / f"{EXPORT_ID}-00{number}.zip" for number in (1, 2)]
    members = [*_loose_files(), *_members([item for item in items if not item.by_app])]
    for part, path in enumerate(paths):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for number, (name, content) in enumerate(members):
                # Google fills parts by size and tears photo and sidecar apart; here every third member goes to part 2
                if (number % 3 == 2) == (part == 1):
                    archive.writestr(zipfile.ZipInfo(name, MEMBER_TIME), content)
    return paths


def _loose_files() -> Iterator[tuple[str, bytes]]:
    yield "Takeout/archive_browser.html", b"<!DOCTYPE html><title>Your Google Takeout archive</title>"
    yield f"{ROOT}/print-subscriptions.json", b"{}"
    yield f"{ROOT}/Photos from 2016/shopping list.jpg", b"Not a picture: milk, bread, candles.\n"
    yield f"{ROOT}/Photos from 2016/half a photo.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    orphan = SampleItem("never exported.jpg", b"", 1463242800, "AF1QipOrphan0000000000000000000000000000000000")
    yield f"{ROOT}/Photos from 2016/never exported.jpg.supplemental-metadata.json", _sidecar(orphan)


def _members(items: list[SampleItem]) -> Iterator[tuple[str, bytes]]:
    taken_names: set[str] = set()
    for item in items:
        year = time.gmtime(item.taken).tm_year
        yield from _item_members(item, f"{ROOT}/Photos from {year}", taken_names)
        for album in item.albums:
            yield from _item_members(item, f"{ROOT}/{album}", taken_names)
    for album in sorted({album for item in items for album in item.albums}):
        about = {"title": album, "description": "", "access": "protected", "date": _moment(items[0].taken)}
        yield f"{ROOT}/{album}/metadata.json", json.dumps(about, indent=2).encode()


def _item_members(item: SampleItem, folder: str, taken_names: set[str]) -> Iterator[tuple[str, bytes]]:
    stem, dot, suffix = item.title.rpartition(".")
    number, mark = 0, ""
    while f"{folder}/{stem}{mark}{dot}{suffix}" in taken_names:
        number += 1
        mark = f"({number})"
    taken_names.add(f"{folder}/{stem}{mark}{dot}{suffix}")
    yield f"{folder}/{stem}{mark}{dot}{suffix}", item.content
    if item.edited is not None:
        yield f"{folder}/{stem}-edited{mark}{dot}{suffix}", item.edited
    yield f"{folder}/{_cut(item.title + '.supplemental-metadata', '.json')}{mark}.json", _sidecar(item)


def _cut(name: str, suffix: str) -> str:
    units = name.encode("utf-16-le")[: 2 * (MAX_NAME_UNITS - len(suffix))]
    return units.decode("utf-16-le", "ignore")


def _moment(epoch_s: int) -> dict[str, str]:
    return {"timestamp": str(epoch_s), "formatted": time.strftime("%b %d, %Y, %I:%M:%S\u202f%p UTC", time.gmtime(epoch_s))}


def _sidecar(item: SampleItem) -> bytes:
    latitude, longitude = item.place or (0.0, 0.0)
    about: dict[str, object] = {
        "title": item.title,
        "description": item.description,
        "imageViews": "3",
        "creationTime": _moment(item.uploaded),
        "photoTakenTime": _moment(item.taken),
        "geoData": {"latitude": latitude, "longitude": longitude, "altitude": 0.0},
        "url": f"https://photos.google.com/photo/{item.key}",
        "googlePhotosOrigin": item.origin,
    }
    if item.people:
        about["people"] = [{"name": name} for name in item.people]
    # Google writes these three only when they are true
    about |= {name: True for name, value in (("favorited", item.favorite), ("archived", item.archived)) if value}
    return json.dumps(about, indent=2, ensure_ascii=False).encode()
