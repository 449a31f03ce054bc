"""From files with sidecars to library items: the copies in year and album folders become one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from ...model import File, Photo, altered, bounded_name
from ..archives.entries import Entry, printable
from .folders import ALBUM, TRASH
from .naming import is_video_name, title_readings
from .sidecar_json import Sidecar

# Ways into Google Photos that only the owner of an account has.
OWN_ORIGINS = frozenset(
    ("mobileUpload", "webUpload", "driveDesktopUploader", "photosDesktopUploader", "driveSync", "picasa", "composition")
)

_NO_SIDECAR = Sidecar(None)
_NOTHING_KNOWN = Photo("", "takeout")


@dataclass(slots=True)
class Unit:
    """One media file of one folder with its sidecar, its edited versions and moving halves."""

    entry: Entry
    folder: str
    kind: str
    sidecar: Sidecar | None
    rule: str | None
    satellites: list[tuple[Entry, str]] = field(default_factory=list)


@dataclass
class TakeoutItem:
    """One library item and the units that show it, the best first."""

    units: list[Unit]
    album_only: bool = False
    albums: dict[str, None] = field(default_factory=dict)

    @cached_property
    def media_key(self) -> str | None:
        """Google's id of it, when a sidecar tells. Asked for when all units are there."""
        return next((key for unit in self.units if (key := _key(unit))), None)


def album_id(folder: str) -> str:
    """The id of the album that a Takeout folder holds; the same folder name in another export is the same album."""
    return f"album:{printable(folder)}"


def _key(unit: Unit) -> str | None:
    return unit.sidecar.media_key if unit.sidecar else None


def collapse(units: Iterable[Unit], has_years: bool) -> list[TakeoutItem]:
    """Library items, in the order of their first unit.

    Units of one media key are one item; without a key, units of equal checksum, length, title and time are. `has_years` tells
    whether the export holds the person's own library, or may: then what lies only in albums may be somebody else's.
    """
    found: dict[object, TakeoutItem] = {}
    for unit in units:
        found.setdefault(_identity(unit), TakeoutItem([])).units.append(unit)
    items = list(found.values())
    for item in items:
        item.units.sort(key=lambda unit: unit.kind in (ALBUM, TRASH))  # stable: the library's own copy first
        item.albums = {album_id(unit.folder): None for unit in item.units if unit.kind == ALBUM}
        item.album_only = _maybe_foreign(item, has_years)
    items.sort(key=lambda item: (item.units[0].entry.container, item.units[0].entry.offset, item.units[0].entry.path))
    return items


def _identity(unit: Unit) -> object:
    key = _key(unit)
    if key:
        return key
    entry = unit.entry
    if entry.crc32 is None or unit.sidecar is None:
        return entry  # only the bytes will tell
    return entry.crc32, entry.bytes, unit.sidecar.title, unit.sidecar.taken_at


def _maybe_foreign(item: TakeoutItem, has_years: bool) -> bool:
    if any(unit.kind != ALBUM for unit in item.units):
        return False
    origins = {unit.sidecar.origin for unit in item.units if unit.sidecar}
    # An export of single albums has no year folders; there the way it was uploaded is the only evidence of ownership.
    return has_years or not origins & OWN_ORIGINS


def photo_of(item: TakeoutItem, exported_at: str | None, file_of: Callable[[Entry], File]) -> Photo:
    """The item as a Photo, without what only its bytes tell."""
    first = next((unit for unit in item.units if unit.sidecar), item.units[0])
    sidecar = first.sidecar or _NO_SIDECAR
    title = title_readings(sidecar.title)[-1] if sidecar.title else None
    people = dict.fromkeys(name for unit in item.units if unit.sidecar for name in unit.sidecar.people)
    path = item.units[0].entry.path
    return altered(
        _NOTHING_KNOWN,
        photo_id=item.media_key or "",
        filename=bounded_name(title or printable(path.replace("\\", "/").rpartition("/")[2])),
        description=sidecar.description,
        kind="video" if is_video_name(path) else "photo",
        taken_at=sidecar.taken_at,
        taken_at_source="sidecar" if sidecar.taken_at else None,
        uploaded_at=sidecar.uploaded_at,
        latitude=sidecar.latitude,
        longitude=sidecar.longitude,
        favorite=sidecar.favorite,
        archived=sidecar.archived,
        trashed=sidecar.trashed or all(unit.kind == TRASH for unit in item.units),
        origin=sidecar.origin,
        product_url=sidecar.product_url if item.media_key else None,
        media_key=item.media_key,
        album_only=item.album_only,
        sidecar_rule=first.rule,
        exported_at=exported_at,
        files=tuple(_files(item, file_of)),
        albums=tuple(item.albums),
        people=tuple(people),
    )


def _files(item: TakeoutItem, file_of: Callable[[Entry], File]) -> list[File]:
    mains = [file_of(unit.entry) for unit in item.units]
    rest = [altered(file_of(entry), role=role) for unit in item.units for entry, role in unit.satellites]
    return [mains[0], *(altered(file, role="album_copy") for file in mains[1:]), *rest]
