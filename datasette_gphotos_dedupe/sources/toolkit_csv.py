"""The browser toolkit's `metadata.csv`: every item of a library with its keys, sizes and quality, without pictures.

Columns and their forms are those of Google Photos Toolkit 3.2 and 3.3 ("Export metadata"): RFC 4180 quoting, UTF-8, line feeds, ISO
times, `true` and `false`, nothing for unknown. Read as a stream, because a library of 200,000 items makes a file of 100 MB.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from ..errors import SourceError
from ..input_file import open_input
from ..model import Trouble
from .toolkit_item import BadLine, Listed, read_item

COLUMNS = (
    *("mediaKey", "dedupKey", "sourceAlbumMediaKey", "sourceAlbumTitle", "fileName", "description", "takenAt", "uploadedAt"),
    *("timezoneOffsetMs", "width", "height", "durationMs", "livePhotoDurationMs", "sizeBytes", "takesUpSpace"),
    *("spaceTakenBytes", "isOriginalQuality", "isArchived", "isFavorite", "isOwned", "hasLocation", "locationName"),
    *("latitude", "longitude", "thumbnailUrl"),
)
MAX_LINE_CHARACTERS = 1_000_000  # real lines have about 500
MAX_GIVE_BACKS = 1_000  # each may cost the reading of 260 lines

Skip = Callable[[int, Trouble], None]
Note = Callable[[int, str], None]


def read_listed(path: str | Path, skip: Skip, note: Note = lambda line, text: None) -> Iterator[Listed]:
    """Every item of the file in its order; lines that cannot be used go to `skip` with their number and the reason.

    Fields that cannot be read go to `note`, and cost nothing but themselves. Raises SourceError when the file is no such export
    at all.
    """
    path = Path(path)
    try:
        with open_input(path) as raw, TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="") as stream:
            yield from _read(path, stream, skip, note)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error


def _read(path: Path, stream: TextIO, skip: Skip, note: Note) -> Iterator[Listed]:
    lines = _Lines(stream)
    reader = csv.reader(lines, strict=True)
    places = _places(path, _next(reader))
    while True:
        number = lines.begin()
        try:
            row = next(reader)
            if row or lines.damage:
                yield _read_row(number, row, places, lines.damage, note)
        except StopIteration:
            return
        except (csv.Error, BadLine) as bad:
            cut = lines.at_end and (not isinstance(bad, BadLine) or len(row) < places[""])
            text = str(bad) if isinstance(bad, BadLine) else f"it is not written as a CSV line should be: {bad}"
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


def _read_row(number: int, row: list[str], places: dict[str, int], damage: str | None, note: Note) -> Listed:
    if damage:
        raise BadLine(damage)
    if len(row) != places[""]:
        raise BadLine(f"it has {len(row)} columns instead of {places['']}")
    return read_item(number, {name: row[place] for name, place in places.items() if name}, note)
