"""The browser toolkit's `metadata.csv`: every item of a library with its keys, sizes and quality, without pictures.

Columns and their forms are those of Google Photos Toolkit 3.3 ("Export metadata"): RFC 4180 quoting, UTF-8, ISO times, `true` and
`false`, nothing for unknown. Read as a stream, because a library of 200,000 items makes a file of 100 MB.
"""

from __future__ import annotations

import csv
import math
import re
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple, TextIO

from ..core.content_key import sha1_of
from ..errors import SourceError
from ..model import Trouble, short_name
from .values import EARLIEST, LATEST, MAX_TEXT, clean_text

COLUMNS = (
    *("mediaKey", "dedupKey", "sourceAlbumMediaKey", "sourceAlbumTitle", "fileName", "description", "takenAt", "uploadedAt"),
    *("timezoneOffsetMs", "width", "height", "durationMs", "livePhotoDurationMs", "sizeBytes", "takesUpSpace"),
    *("spaceTakenBytes", "isOriginalQuality", "isArchived", "isFavorite", "isOwned", "hasLocation", "locationName"),
    *("latitude", "longitude", "thumbnailUrl"),
)
MAX_LINE_CHARACTERS = 1_000_000  # real lines have about 500
MAX_GIVE_BACKS = 1_000  # each may cost the reading of 260 lines
MAX_INTEGER = 2**53  # what a browser can count to
_KEY = re.compile(r"[A-Za-z0-9_-]{8,200}")
_TRUE, _FALSE = "true", "false"


class Listed(NamedTuple):
    """One line: an item of the library. Times are UTC text; what is unknown is None."""

    line: int
    media_key: str
    dedup_key: str | None
    sha1: str | None
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


class _Bad(ValueError):
    """A line that cannot be used; the text says why."""


def read_listed(path: str | Path, skip: Callable[[int, Trouble], None]) -> Iterator[Listed]:
    """Every item of the file in its order; lines that cannot be used go to `skip` with their number and the reason.

    Raises SourceError when the file is no such export at all.
    """
    path = Path(path)
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            yield from _read(path, stream, skip)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error


def _read(path: Path, stream: TextIO, skip: Callable[[int, Trouble], None]) -> Iterator[Listed]:
    lines = _Lines(stream)
    reader = csv.reader(lines, strict=True)
    places = _places(path, _next(reader))
    while True:
        number = lines.begin()
        try:
            row = next(reader)
            if row or lines.damage:
                yield _listed(number, row, places, lines.damage)
        except StopIteration:
            return
        except (csv.Error, _Bad) as bad:
            cut = lines.at_end and (not isinstance(bad, _Bad) or len(row) < places[""])
            text = str(bad) if isinstance(bad, _Bad) else f"it is not written as a CSV line should be: {bad}"
            skip(number, CUT_SHORT if cut else Trouble("bad_row", text))
            lines.give_back()
            reader = csv.reader(lines, strict=True)


CUT_SHORT = Trouble("cut_short", "the file ends in the middle of this line; download it again")


class _Lines:
    """The lines of a file, none longer than a bound, and what is wrong with those of the present record."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._taken: list[str] = []  # the lines of the present record
        self._again: deque[str] = deque()
        self._number = 0
        self._give_backs = 0
        self.damage: str | None = None
        self.ended = False  # the file ended without a line feed

    @property
    def at_end(self) -> bool:
        """Whether the present record is the last line, and no line feed stands behind it."""
        return self.ended and len(self._taken) == 1 and not self._again

    def begin(self) -> int:
        """A record begins; returns the number of its first line."""
        self._taken, self.damage = [], None
        return self._number + 1

    def give_back(self) -> None:
        """All lines of a bad record but the first: a quote that is never closed must not swallow the lines behind it."""
        if len(self._taken) > 1 and self._give_backs < MAX_GIVE_BACKS:
            self._give_backs += 1
            self._number -= len(self._taken) - 1
            self._again.extendleft(reversed(self._taken[1:]))

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        self._number += 1
        self._taken.append(line)
        if "\0" in line:
            self.damage = "it holds NUL characters, so the file is damaged here"
            return line.replace("\0", "")
        if len(line) >= MAX_LINE_CHARACTERS:
            self.damage = f"it is longer than {MAX_LINE_CHARACTERS:,} characters"
            return "\n"
        return line

    def _read(self) -> str:
        line = rest = self._stream.readline(MAX_LINE_CHARACTERS)
        while rest and not rest.endswith(("\n", "\r")):
            rest = self._stream.readline(MAX_LINE_CHARACTERS)
            self.ended = not rest
        if not line:
            raise StopIteration
        return line


def _next(reader) -> list[str]:
    try:
        return next(reader, [])
    except csv.Error:
        return []


def _places(path: Path, header: list[str]) -> dict[str, int]:
    """Column -> its place in a line. Further columns are let through: a newer toolkit may have them."""
    if header and header[0].startswith(("\udcff\udcfe", "\udcfe\udcff")):
        raise SourceError(
            f"{path.name} is in UTF-16, so another program has saved it since it was downloaded. Give the file as the toolkit "
            "wrote it (Export metadata), or save it as CSV in UTF-8."
        )
    names = [name.strip() for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if len(missing) == len(COLUMNS) and len(names) == 1 and "mediaKey" in re.split("[;\t]", names[0]):
        raise SourceError(
            f"{path.name} separates its columns by other signs than commas, so a spreadsheet program has saved it. "
            "Give the file as the toolkit wrote it."
        )
    if missing:
        named = ", ".join(missing[:5]) + (" and more" if len(missing) > 5 else "")
        raise SourceError(
            f"{path.name} is not the metadata.csv of the Google Photos Toolkit: its first line lacks "
            f"{'the column' if len(missing) == 1 else 'the columns'} {named}. In the toolkit, choose Export metadata."
        )
    return {name: names.index(name) for name in COLUMNS} | {"": len(names)}


def _listed(number: int, row: list[str], places: dict[str, int], damage: str | None) -> Listed:
    if damage:
        raise _Bad(damage)
    if len(row) != places[""]:
        raise _Bad(f"it has {len(row)} columns instead of {places['']}")
    values = {name: row[place] for name, place in places.items() if name}
    if any("\udc80" <= character <= "\udcff" for text in values.values() if not text.isascii() for character in text):
        raise _Bad("it is not in UTF-8, so another program has changed the file")
    if not _KEY.fullmatch(values["mediaKey"]):
        raise _Bad(f"{values['mediaKey'][:60]!r} is not a media key" if values["mediaKey"] else "it has no media key")
    dedup_key = _key(values, "dedupKey")
    latitude, longitude = _place(values)
    duration_ms = _integer(values, "durationMs")
    takes_space = _boolean(values, "takesUpSpace")
    return Listed(
        line=number,
        media_key=values["mediaKey"],
        dedup_key=dedup_key,
        sha1=sha1_of(dedup_key),
        album_key=_key(values, "sourceAlbumMediaKey"),
        album_title=_text(values, "sourceAlbumTitle"),
        filename=short_name(_text(values, "fileName") or "") or None,
        description=_text(values, "description"),
        taken_at=_moment(values, "takenAt"),
        uploaded_at=_moment(values, "uploadedAt"),
        width=_integer(values, "width") or None,
        height=_integer(values, "height") or None,
        duration_s=duration_ms / 1000 if duration_ms else None,
        bytes=_integer(values, "sizeBytes") or None,
        space_bytes=0 if takes_space == 0 else _integer(values, "spaceTakenBytes"),
        original_quality=_boolean(values, "isOriginalQuality"),
        archived=_boolean(values, "isArchived"),
        favorite=_boolean(values, "isFavorite"),
        owned=_boolean(values, "isOwned"),
        latitude=latitude,
        longitude=longitude,
    )


def _text(values: dict[str, str], name: str) -> str | None:
    return clean_text(values[name][:MAX_TEXT]).strip() or None


def _key(values: dict[str, str], name: str) -> str | None:
    text = values[name].strip()
    if text and not _KEY.fullmatch(text):
        raise _Bad(f"its {name} is {text[:60]!r}, not a key")
    return text or None


def _integer(values: dict[str, str], name: str) -> int | None:
    text = values[name].strip()
    if not text:
        return None
    number = _number(text, name)
    if not 0 <= number <= MAX_INTEGER:
        raise _Bad(f"its {name} is {text[:60]!r}, which cannot be")
    return round(number)


def _number(text: str, name: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _Bad(f"its {name} is {text[:60]!r}, not a number")
    return number


def _boolean(values: dict[str, str], name: str) -> int | None:
    text = values[name].strip().lower()
    if text not in (_TRUE, _FALSE, ""):
        raise _Bad(f"its {name} is {text[:60]!r}, neither true nor false")
    return int(text == _TRUE) if text else None


def _moment(values: dict[str, str], name: str) -> str | None:
    text = values[name].strip()
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
        when = when.replace(tzinfo=when.tzinfo or timezone.utc).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise _Bad(f"its {name} is {text[:60]!r}, not a time") from None
    if not EARLIEST <= when < LATEST:
        return None
    fraction = f".{when.microsecond // 1000:03d}" if when.microsecond >= 1000 else ""
    return when.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def _place(values: dict[str, str]) -> tuple[float | None, float | None]:
    texts = [values[name].strip() for name in ("latitude", "longitude")]
    if not all(texts) or values["hasLocation"].strip().lower() == _FALSE:
        return None, None
    latitude, longitude = (_number(text, name) for text, name in zip(texts, ("latitude", "longitude"), strict=True))
    if (latitude == 0 and longitude == 0) or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None, None
    return latitude, longitude
