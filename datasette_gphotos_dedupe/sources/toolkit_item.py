"""One line of the browser toolkit's `metadata.csv` as an item: its keys, and every field that can be read. Pure.

A field that cannot be read is left out by itself. A line is given up only where nothing tells which item it is about.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import NamedTuple, TypeVar

from ..core.content_key import sha1_of
from ..model import bounded_name
from .values import EARLIEST, LATEST, MAX_TEXT, clean_text

MAX_INTEGER = 2**53  # what a browser can count to
E7 = 10_000_000  # the toolkit passes on places as Google's page has them: whole numbers of ten millionths of a degree
_MEDIA_KEY = re.compile(r"[A-Za-z0-9_-]{8,200}")
_DEDUP_KEY = re.compile(r"[A-Za-z0-9_-]{8,200}(:[0-9A-Fa-f]{1,32})?")
_TRUE, _FALSE = "true", "false"
_MARKS = ("isArchived", "isFavorite", "isOwned")  # the toolkit knows them of items of the library's own lists alone

Value = TypeVar("Value")


class Listed(NamedTuple):
    """One line: an item of the library. Times are UTC text; what is unknown is None.

    `item` tells the items of one list apart. `media_key` is None where the line has none that counts: in an album, an item has a
    key of the album's own. `elsewhere` is 1 for a line that comes from no list of the library: out of the trash, the locked
    folder or a shared link, which the file does not tell apart.
    """

    line: int
    item: str
    media_key: str | None
    dedup_key: str | None
    sha1: str | None
    elsewhere: int
    album_key: str | None
    album_title: str | None
    filename: str | None
    description: str | None
    taken_at: str | None
    uploaded_at: str | None
    width: int | None
    height: int | None
    duration_s: float | None
    bytes: int | None
    space_bytes: int | None
    original_quality: int | None
    archived: int | None
    favorite: int | None
    owned: int | None
    latitude: float | None
    longitude: float | None


class BadLine(ValueError):
    """A line that cannot be used; the text says why."""


class _BadField(ValueError):
    """A field that cannot be read; the text says what it holds."""


def read_item(number: int, values: dict[str, str], note: Callable[[int, str], None]) -> Listed:
    """The item that the line `number` with these values by column is about; what `note` gets are fields that cannot be read.

    Raises BadLine when nothing tells which item it is.
    """
    fields = _Fields(number, values, note)
    keys = _read_keys(values, fields)
    latitude, longitude = fields.read("latitude", _place) or (None, None)
    duration_ms = fields.read("durationMs", _integer)
    takes_space = fields.read("takesUpSpace", _boolean)
    return Listed(
        line=number,
        item=keys["item"] or "",
        media_key=keys["media_key"],
        dedup_key=keys["dedup_key"],
        album_key=keys["album_key"],
        sha1=sha1_of(keys["dedup_key"]),
        elsewhere=int(keys["album_key"] is None and _has_no_marks(values)),
        album_title=fields.read("sourceAlbumTitle", _text),
        filename=bounded_name(fields.read("fileName", _text) or "") or None,
        description=fields.read("description", _text),
        taken_at=fields.read("takenAt", _moment),
        uploaded_at=fields.read("uploadedAt", _moment),
        width=fields.read("width", _integer) or None,
        height=fields.read("height", _integer) or None,
        duration_s=duration_ms / 1000 if duration_ms else None,
        bytes=fields.read("sizeBytes", _integer) or None,
        space_bytes=0 if takes_space == 0 else fields.read("spaceTakenBytes", _integer),
        original_quality=fields.read("isOriginalQuality", _boolean),
        archived=fields.read("isArchived", _boolean),
        favorite=fields.read("isFavorite", _boolean),
        owned=fields.read("isOwned", _boolean),
        latitude=latitude,
        longitude=longitude,
    )


class _Fields:
    """The fields of one line, each read by itself."""

    def __init__(self, number: int, values: dict[str, str], note: Callable[[int, str], None]):
        self._number, self._values, self._note = number, values, note

    def read(self, name: str, reader: Callable[[dict[str, str], str], Value | None]) -> Value | None:
        """What `reader` makes of the field, or None, noted, when it cannot be read."""
        try:
            return reader(self._values, name)
        except _BadField as bad:
            self._note(self._number, str(bad))
            return None


def _read_keys(values: dict[str, str], fields: _Fields) -> dict[str, str | None]:
    """The keys of item and album, and what tells the item from all others."""
    media_key = values["mediaKey"].strip()
    if not _MEDIA_KEY.fullmatch(media_key):
        raise BadLine(f"{_shown(media_key)} is not a media key" if media_key else "it has no media key")
    dedup_key = fields.read("dedupKey", _dedup_key)
    album_key = fields.read("sourceAlbumMediaKey", _album_key)
    in_album = bool(values["sourceAlbumMediaKey"].strip() or values["sourceAlbumTitle"].strip())
    if in_album and dedup_key is None:
        raise BadLine(
            "it is in an album, where its media key is the album's own, and it has no dedupKey that tells which photo it is"
        )
    return {
        "item": f"content:{dedup_key}" if in_album else media_key,
        "media_key": None if in_album else media_key,
        "dedup_key": dedup_key,
        "album_key": album_key,
    }


def _has_no_marks(values: dict[str, str]) -> bool:
    """Whether a line is of none of the library's own lists: the toolkit writes `hasLocation` as true for all items of those."""
    return values["hasLocation"].strip().lower() == _FALSE and not any(values[name].strip() for name in _MARKS)


def _raw(values: dict[str, str], name: str) -> str:
    text = values[name].strip()
    if not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text):
        raise _BadField(f"its {name} is not in UTF-8, so another program has changed the file")
    return text


def _shown(text: str) -> str:
    return repr(text[:60])


def _text(values: dict[str, str], name: str) -> str | None:
    return clean_text(_raw(values, name)[:MAX_TEXT]).strip() or None


def _dedup_key(values: dict[str, str], name: str) -> str | None:
    return _key(_DEDUP_KEY, values, name)


def _album_key(values: dict[str, str], name: str) -> str | None:
    return _key(_MEDIA_KEY, values, name)


def _key(shape: re.Pattern[str], values: dict[str, str], name: str) -> str | None:
    text = _raw(values, name)
    if text and not shape.fullmatch(text):
        raise _BadField(f"its {name} is {_shown(text)}, not a key")
    return text or None


def _integer(values: dict[str, str], name: str) -> int | None:
    text = _raw(values, name)
    if not text:
        return None
    number = _number(text, name)
    if not 0 <= number <= MAX_INTEGER:
        raise _BadField(f"its {name} is {_shown(text)}, which cannot be")
    return round(number)


def _number(text: str, name: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _BadField(f"its {name} is {_shown(text)}, not a number")
    return number


def _boolean(values: dict[str, str], name: str) -> int | None:
    text = _raw(values, name).lower()
    if text not in (_TRUE, _FALSE, ""):
        raise _BadField(f"its {name} is {_shown(text)}, neither true nor false")
    return int(text == _TRUE) if text else None


def _moment(values: dict[str, str], name: str) -> str | None:
    text = _raw(values, name)
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
        when = when.replace(tzinfo=when.tzinfo or timezone.utc).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise _BadField(f"its {name} is {_shown(text)}, not a time") from None
    if not EARLIEST <= when < LATEST:
        return None
    fraction = f".{when.microsecond // 1000:03d}" if when.microsecond >= 1000 else ""
    return when.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def _place(values: dict[str, str], _: str) -> tuple[float, float] | None:
    """Latitude and longitude in degrees. `hasLocation` says nothing: it is true for every item of the library.

    A toolkit that would write degrees writes fractions.
    """
    names = ("latitude", "longitude")
    texts = [_raw(values, name) for name in names]
    if not all(texts):
        return None
    latitude, longitude = (_number(text, name) for text, name in zip(texts, names, strict=True))
    if not any("." in text for text in texts):
        latitude, longitude = latitude / E7, longitude / E7
    if latitude == 0 and longitude == 0:
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise _BadField(f"its place is {_shown(texts[0])}, {_shown(texts[1])}, which is nowhere on Earth")
    return latitude, longitude
