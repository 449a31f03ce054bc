"""Pictures in a plain folder and its subfolders. They are not known to be in Google Photos, so they carry no key of Google's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import PurePosixPath
from typing import Any

from ..model import Photo, Trouble
from .archives.containers import Container
from .archives.entries import Entry, printable
from .archives.parts import Parts
from .base import Capabilities, Offer, Skip
from .takeout.naming import split_extension

LIVE_STILLS = (".heic", ".heif", ".hif", ".jpg", ".jpeg")  # the best one first: "most compatible" telephones write JPEG
LIVE_VIDEO = (".mov", ".mp4")
MAX_LIVE_BYTES = 30_000_000  # the film of a live photo lasts three seconds, some megabytes
# Beside pictures these are no news to anybody: sidecars of other programs, catalogues, thumbnails of the file manager.
SIDE_FILES = frozenset((".json", ".xmp", ".aae", ".thm", ".ini", ".db", ".txt", ".md", ".html", ".xml", ".csv", ".lrv"))


class Folder(Parts):
    """The files of a folder, each a photo; an iPhone's picture and the film of the same name beside it are one."""

    name = "folder"
    can = Capabilities(in_google=False)

    def __init__(self, containers: list[Container]):
        super().__init__(containers)
        # Two folders that are given may hold a DCIM each: what lies in them has nothing to do with each other.
        self._folders: dict[tuple[int, PurePosixPath], list[Entry]] = {}

    def media(self) -> Iterator[Entry]:
        """Every file that may be a picture or video."""
        return chain.from_iterable(self._folders.values())

    def _sort(self, entry: Entry, look: Callable[[], Any]) -> bool:
        extension = _extension(entry)
        if extension in SIDE_FILES:
            self._skip_early(entry, Trouble("side_file", f"files that end in {extension} are not pictures"))
            return False
        self._folders.setdefault((entry.container, PurePosixPath(entry.path).parent), []).append(entry)
        return True

    def offers(self, skip: Skip = lambda file, trouble: None) -> Iterator[Offer]:
        """Every picture and video in the order of their paths."""
        for file, trouble in self._early:
            skip(file, trouble)
        for entries in self._folders.values():
            yield from map(Offer, self._photos_of(entries))

    def _photos_of(self, entries: list[Entry]) -> Iterator[Photo]:
        """The photos of one folder of one container."""
        by_stem: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            by_stem[split_extension(PurePosixPath(entry.path).name)[0].lower()].append(entry)
        for same in by_stem.values():
            still, films = _live_photo(same)
            for entry in same:
                if entry not in films:
                    yield self._photo(entry, films if entry is still else [])

    def _photo(self, entry: Entry, halves: list[Entry]) -> Photo:
        files = (self.file_of(entry), *(replace(self.file_of(half), role="live_video") for half in halves))
        return Photo(photo_id="", source=self.name, filename=printable(PurePosixPath(entry.path).name), files=files)


def _live_photo(same: list[Entry]) -> tuple[Entry | None, list[Entry]]:
    """Of the files of one stem, the picture of a live photo and its film; nothing when it is not clear which they are."""
    films = [entry for entry in same if _extension(entry) in LIVE_VIDEO and entry.bytes <= MAX_LIVE_BYTES]
    stills = [entry for entry in same if _extension(entry) in LIVE_STILLS]
    best = min((LIVE_STILLS.index(_extension(entry)) for entry in stills), default=None)
    stills = [entry for entry in stills if LIVE_STILLS.index(_extension(entry)) == best]
    return (stills[0], films) if len(stills) == len(films) == 1 else (None, [])


def _extension(entry: Entry) -> str:
    return split_extension(entry.path)[1].lower()
