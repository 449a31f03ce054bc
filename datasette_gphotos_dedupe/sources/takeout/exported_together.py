"""Which files were exported together: only those may have to do with each other. Two accounts know an IMG_0001.jpg each. Pure.

The parts that Google named alike are one export. Elsewhere a tree of folders is one, as it lies below one root: another root is
another account, another year, another telephone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from ..archives.containers import ARCHIVE_ENDINGS, FOLDER, Container, export_name
from ..archives.entries import Entry
from .folders import YEAR
from .sidecar_json import AlbumMeta, Sidecar

Folders = dict[str, dict[str, list]]
"""Folder -> file name -> what is there under that name: entries of media, or (entry, Sidecar) pairs."""


@dataclass
class Export:
    """The parts that belong together, and what lies in their folders."""

    exported_at: str | None = None
    containers: dict[int, None] = field(default_factory=dict)  # their numbers, in order
    parts: set[int] = field(default_factory=set)  # as Google numbers them
    media: Folders = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    sidecars: dict[str, dict[str, list[tuple[Entry, Sidecar]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    metas: dict[str, AlbumMeta] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)  # media keys of its items, also of those whose files could not be used
    newest_file: str = ""
    gaps: list[int] = field(default_factory=list)  # numbers of parts that were not given
    whole: bool = True  # as far as can be told: nothing is missing

    @property
    def years(self) -> set[str]:
        """The year folders. Google exports each of them with all that is in it."""
        return {folder for folder, kind in self.kinds.items() if kind == YEAR}

    def date(self, exported_at: str | None) -> None:
        """Take over the date of one of its parts: the newest counts."""
        self.exported_at = max(filter(None, (self.exported_at, exported_at)), default=None)


class Exports:
    """The exports that the files of these containers belong to."""

    def __init__(self, containers: list[Container]):
        self._containers = containers
        ids = {container.export_id for container in containers if container.export_id}
        # What carries no name of Google's joins the only export given that does: an unpacked part beside the others.
        self._only = ids.pop() if len(ids) == 1 else None
        self._found: dict[str, Export] = {}
        self._of_folder: dict[tuple[int, str], Export] = {}
        for number, container in enumerate(containers):
            if container.export_id:
                self._join(container.export_id, number, (container.export_id, container.exported_at, container.part))

    def sorted(self) -> list[Export]:
        """All of them, the oldest first."""
        return sorted(self._found.values(), key=lambda export: export.exported_at or "")

    def of(self, entry: Entry) -> Export:
        """The export of one file."""
        above = entry.path.replace("\\", "/").rpartition("/")[0]
        export = self._of_folder.get((entry.container, above))
        if export is None:
            export = self._of_folder[entry.container, above] = self._find(entry.container, above)
        return export

    def _find(self, number: int, above: str) -> Export:
        container = self._containers[number]
        if container.export_id:
            return self._found[container.export_id]
        place = container.path.as_posix()
        if container.kind != FOLDER:
            place = next((place[: -len(end)] for end in ARCHIVE_ENDINGS if place.lower().endswith(end)), place)
        named = next(filter(None, map(export_name, f"{container.path.name}/{above}".split("/"))), None)
        root = f"{place}/{above}".rstrip("/").rpartition("/")[0]
        key = (named and named[0]) or self._only or "/".join(map(_without_number, root.split("/")))
        return self._join(key, number, named)

    def _join(self, key: str, number: int, named: tuple[str, str | None, int | None] | None) -> Export:
        export = self._found.setdefault(key, Export())
        export.containers[number] = None
        if named:
            export.date(named[1])
            export.parts |= {named[2]} - {None}  # type: ignore[arg-type]
        return export


def _without_number(folder: str) -> str:
    """``Takeout 2`` as ``Takeout``: so a Mac calls the second part that it unpacks beside the first."""
    if not folder.lower().startswith("takeout"):
        return folder
    return folder.rstrip(")").rstrip("0123456789").rstrip(" -_(")
