"""A Google Takeout export: any number of parts, zips, tgz and folders mixed, as library items.

All parts of one export are indexed before anything is paired, because a sidecar and its picture often lie in different parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import Any

from ...errors import SourceError
from ...model import Album, File, Trouble
from ..archives.containers import FOLDER, Container
from ..archives.entries import Entry, printable
from ..archives.parts import Parts
from ..archives.small_members import Look
from ..base import Capabilities, Offer, Skip
from .exported_together import Export, Exports
from .folders import ALBUM, TRASH, YEAR, folder_kinds
from .gaps import missing_numbers, missing_part_text
from .items import TakeoutItem, Unit, album_id, collapse, photo_of
from .naming import nfc
from .sidecar_json import MAX_SIDECAR_BYTES, AlbumMeta, Sidecar, SidecarError, parse_json_file
from .sidecars import Pairing, pair_folder


def look_at_json(data: bytes) -> Sidecar | AlbumMeta | Trouble | None:
    """`parse_json_file`, with the trouble with it for an answer."""
    try:
        return parse_json_file(data)
    except SidecarError as error:
        return Trouble("bad_sidecar", str(error))


class Takeout(Parts):
    """The items of one or more exports."""

    name = "takeout"
    can = Capabilities(shows_absence=True)

    def __init__(self, containers: list[Container]):
        super().__init__(containers)
        self._exports = Exports(containers)
        self._ahead: Iterator[TakeoutItem] = iter(())
        self._folders: dict[tuple[int, str], str] = {}  # (container, what stands before the name) -> folder

    # -- index ------------------------------------------------------------------------------------------------------

    @property
    def exports(self) -> list[Export]:
        """What was exported together, the oldest first. Asked for when the index was read."""
        return self._exports.sorted()

    def media(self) -> Iterator[Entry]:
        """Every file that may be a picture or video."""
        for export in self.exports:
            for names in export.media.values():
                for entries in names.values():
                    yield from entries

    def _sort(self, entry: Entry, look: Callable[[], Any]) -> bool:
        if not entry.path.lower().endswith(".json"):
            self._add_media(entry)
            return True
        if self._is_looked_at(entry):
            try:
                said = look()
            except SourceError as error:
                self._skip_unreadable(entry, error)
            else:
                self._add_json(entry, said)
        else:
            self._skip_early(entry, Trouble("bad_sidecar", f"it has {entry.bytes:,} bytes, far more than any sidecar"))
        return False

    def _is_looked_at(self, entry: Entry) -> bool:
        return entry.bytes <= MAX_SIDECAR_BYTES and entry.path.lower().endswith(".json")

    @property
    def _look(self) -> Look:
        return look_at_json

    def _add_media(self, entry: Entry) -> None:
        folder, name = self._place(entry)
        self._exports.of(entry).media[folder][name].append(entry)

    def _add_json(self, entry: Entry, value: Sidecar | AlbumMeta | Trouble | None) -> None:
        export = self._exports.of(entry)
        folder, name = self._place(entry)
        if isinstance(value, Trouble):
            self._skip_early(entry, value)
        elif isinstance(value, Sidecar):
            export.sidecars[folder][name].append((entry, value))
            # Programs that unpack keep the time of the export; it is all that dates a folder without the archive's name.
            export.newest_file = max(export.newest_file, (entry.modified_at or "")[:19])
        elif isinstance(value, AlbumMeta):
            self.accounts[entry.container].sidecars += 1
            if value.title or folder not in export.metas:
                export.metas[folder] = value
        else:
            self._skip_early(entry, Trouble("not_a_sidecar", "it is JSON, but neither about a photo nor about an album"))

    def _place(self, entry: Entry) -> tuple[str, str]:
        """(folder, name): the last folder only, because the same album lies under other roots in other parts."""
        above, _, name = entry.path.replace("\\", "/").rstrip("/").rpartition("/")
        folder = self._folders.get((entry.container, above))
        if folder is None:
            folder = self._folders[entry.container, above] = nfc(self._folder(entry.container, above))
        return folder, nfc(name)

    def _folder(self, container: int, above: str) -> str:
        folder = above.rstrip("/").rpartition("/")[2]
        return self.containers[container].path.name if not folder and self.containers[container].kind == FOLDER else folder

    # -- items ------------------------------------------------------------------------------------------------------

    def _add_albums(self, export: Export) -> None:
        """The newest export's title wins."""
        for folder, kind in export.kinds.items():
            if kind == ALBUM:
                meta = export.metas.get(folder)
                title = (meta.title if meta else None) or printable(folder)
                self._albums[album_id(folder)] = Album(album_id(folder), title, meta.description if meta else None)

    def offers(self, skip: Skip = lambda file, trouble: None) -> Iterator[Offer]:
        """Every library item in the order in which the parts hold it, the best file first.

        `photo_id` is the media key, or empty where only the bytes can tell.
        """
        for file, trouble in self._early:
            skip(file, trouble)
        for export in self.exports:
            export.exported_at = export.exported_at or (f"{export.newest_file}Z" if export.newest_file else None)
        for export in self.exports:
            export.kinds = folder_kinds(sorted({*export.media, *export.sidecars}), export.metas, bool(self._gaps(export)))
            self._add_albums(export)
            items = self._items(export, skip)
            self._ahead = iter(items)
            for item in items:
                if item.media_key:
                    export.keys.add(item.media_key)
                yield Offer(photo_of(item, export.exported_at, self.file_of))

    def files_ahead(self, parts: Collection[int]) -> Iterator[File]:
        """The best file of each of the next items that lie in these parts alone."""
        for item in self._ahead:
            if all(unit.entry.container in parts for unit in item.units):
                yield self.file_of(item.units[0].entry)

    def _items(self, export: Export, skip: Skip) -> list[TakeoutItem]:
        units: list[Unit] = []
        orphans: list[tuple[str, Entry, Sidecar]] = []
        for folder, names in export.media.items():
            sidecars = export.sidecars.get(folder, {})
            titles = {name: found[0][1].title for name, found in sidecars.items()}
            pairing = pair_folder(names, titles)
            units += self._units(folder, export.kinds[folder], names, sidecars, pairing)
            orphans += [(folder, *found) for name in pairing.orphans for found in sidecars[name]]
            self._count_sidecars(sidecars, pairing)
            if export.kinds[folder] != ALBUM:
                files = [self.file_of(entry) for name in pairing.alone for entry in names[name]]
                self.unmatched |= {(file.container, file.member) for file in files}
        for folder in export.sidecars.keys() - export.media.keys():
            orphans += [(folder, *found) for all_found in export.sidecars[folder].values() for found in all_found]
        # Where the year folders may lie in a part that was not given, being in an album says nothing in favour.
        items = collapse(units, has_years=bool(export.years or self._gaps(export)))
        dangling = self._place_orphans(export, items, orphans, skip)
        self._warn_of_what_is_missing(export, dangling)
        return items

    def _count_sidecars(self, sidecars: dict, pairing: Pairing) -> None:
        for name in [sidecar for sidecar, _ in pairing.sidecar_of.values()] + list(pairing.superseded):
            for entry, _ in sidecars[name]:
                self.accounts[entry.container].sidecars += 1

    def _units(self, folder: str, kind: str, names: dict, sidecars: dict, pairing: Pairing) -> list[Unit]:
        made: dict[str, list[Unit]] = {}
        for name in names:
            if name in pairing.edited_of or name in pairing.live_of:
                continue
            sidecar_name, rule = pairing.sidecar_of.get(name, (None, None))
            made[name] = [
                Unit(entry, folder, kind, _nearest(entry, sidecars.get(sidecar_name, [])), rule) for entry in names[name]
            ]
        for role, partners in (("edited", pairing.edited_of), ("live_video", pairing.live_of)):
            for name, partner in partners.items():
                for entry in names[name]:
                    _beside(entry, made[_picture(partner, pairing)]).satellites.append((entry, role))
        return [unit for units in made.values() for unit in units]

    def _place_orphans(self, export: Export, items: list[TakeoutItem], orphans: list, skip: Skip) -> int:
        """A sidecar without a picture may still say that an item of another folder is in this album.

        Returns how many of the library's own folders describe a picture that is not there.
        """
        by_key = {item.media_key: item for item in items if item.media_key}
        dangling: Counter[str] = Counter()
        for folder, entry, sidecar in orphans:
            item = by_key.get(sidecar.media_key)
            if item is not None:
                self.accounts[entry.container].sidecars += 1
                if export.kinds[folder] == ALBUM:
                    item.albums[album_id(folder)] = None
                continue
            dangling[export.kinds[folder]] += 1
            skip(self.file_of(entry), Trouble("no_media", "no part of the export holds the picture or video it describes"))
        return dangling[YEAR] + dangling[TRASH]

    def _gaps(self, export: Export) -> list[int]:
        return missing_numbers(export.parts)

    def _warn_of_what_is_missing(self, export: Export, dangling: int) -> None:
        export.gaps = self._gaps(export)
        warning = missing_part_text(export.gaps, dangling)
        export.whole = warning is None
        self.warnings += filter(None, (warning,))


def _nearest(entry: Entry, sidecars: list[tuple[Entry, Sidecar]]) -> Sidecar | None:
    """Of sidecars of one name, the one beside the media, else the one in the same archive, else the first."""

    if len(sidecars) == 1:
        return sidecars[0][1]
    return min(sidecars, key=lambda found: _distance(entry, found[0]))[1] if sidecars else None


def _distance(entry: Entry, other: Entry) -> tuple[bool, bool]:
    return (other.container != entry.container, other.path.rpartition("/")[0] != entry.path.rpartition("/")[0])


def _picture(name: str, pairing: Pairing) -> str:
    """The file that a half or a version belongs to in the end: an edited film may be one of a live photo's."""
    while name in pairing.edited_of or name in pairing.live_of:
        name = pairing.edited_of.get(name) or pairing.live_of[name]
    return name


def _beside(entry: Entry, units: list[Unit]) -> Unit:
    return min(units, key=lambda unit: _distance(entry, unit.entry))
