"""Pictures in a plain folder and its subfolders. They are not known to be in Google Photos, so they carry no key of Google's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from ..model import Photo, Trouble
from .archives.entries import TROUBLES, Entry, printable
from .base import Skip
from .takeout.export import Export, Takeout
from .takeout.naming import split_extension

HEIC = (".heic", ".heif")
LIVE_VIDEO = (".mov", ".mp4")
# Beside pictures these are no news to anybody: sidecars of other programs, catalogues, thumbnails of the file manager.
SIDE_FILES = frozenset((".json", ".xmp", ".aae", ".thm", ".ini", ".db", ".txt", ".md", ".html", ".xml", ".csv", ".lrv"))


class Folder(Takeout):
    """The files of a folder, each a photo; an iPhone's HEIC and the MOV beside it are one."""

    name = "folder"

    def _take(self, export: Export, entry: Entry, stream) -> None:
        self.accounts[entry.container].seen += 1
        extension = split_extension(entry.path)[1].lower()
        if entry.trouble:
            self._skip_early(entry, Trouble(entry.trouble, TROUBLES[entry.trouble]))
        elif extension in SIDE_FILES:
            self._skip_early(entry, Trouble("side_file", f"files that end in {extension} are not pictures"))
        else:
            path = PurePosixPath(entry.path)
            export.media[str(path.parent)][path.name].append(entry)

    def photos(self, skip: Skip) -> Iterator[Photo]:
        """Every picture and video in the order of their paths."""
        for file, trouble in self._early:
            skip(file, trouble)
        for export in self.exports:
            for names in export.media.values():
                yield from self._photos_of(names)

    def _photos_of(self, names: dict[str, list[Entry]]) -> Iterator[Photo]:
        by_stem = defaultdict(list)
        for name in names:
            by_stem[split_extension(name)[0].lower()].append(name)
        for same in by_stem.values():
            stills = [name for name in same if split_extension(name)[1].lower() in HEIC]
            halves = [name for name in same if split_extension(name)[1].lower() in LIVE_VIDEO] if len(stills) == 1 else []
            for name in same:
                if name not in halves:
                    yield self._photo(names[name][0], [names[half][0] for half in halves] if name in stills else [])

    def _photo(self, entry: Entry, halves: list[Entry]) -> Photo:
        files = (self.file_of(entry), *(replace(self.file_of(half), role="live_video") for half in halves))
        return Photo(photo_id="", source="folder", filename=printable(PurePosixPath(entry.path).name), files=files)
