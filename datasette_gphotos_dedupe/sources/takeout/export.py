"""A Google Takeout export: any number of parts, zips, tgz and folders mixed, as library items.

All parts of one export are indexed before anything is paired, because a sidecar and its picture often lie in different parts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from ...errors import PictureError, SourceError
from ...model import Album, File, Photo, Trouble
from ..archives.containers import FOLDER, TGZ, ZIP, Container, export_name, walk_folder
from ..archives.entries import TROUBLES, Entry, printable
from ..archives.members import Address, open_address
from ..archives.tgz_stream import read_tgz
from ..archives.zip_index import read_zip_index
from ..base import Capabilities, Skip
from .folders import ALBUM, TRASH, YEAR, folder_kinds
from .gaps import missing_numbers, missing_part_text, unmatched_text
from .items import Item, Unit, album_id, collapse, photo_of
from .naming import is_photo_name, is_video_name, nfc
from .sidecar_json import MAX_SIDECAR_BYTES, AlbumMeta, Sidecar, SidecarError, parse_json_file
from .sidecars import Pairing, pair_folder

Folders = dict[str, dict[str, list]]
"""Folder -> file name -> what is there under that name: entries of media, or (entry, Sidecar) pairs."""
OnStream = Callable[[File, BinaryIO], None]
OnPlace = Callable[[int, int, int], None]
"""Told number of the part, files seen in it, and how many of its bytes have been gone through."""


@dataclass
class Account:
    """What became of the files of one part: `seen` is `sidecars` + media used + media and others skipped."""

    seen: int = 0
    sidecars: int = 0
    used: int = 0
    skipped: Counter = field(default_factory=Counter)


@dataclass
class Export:
    """The parts that belong together, and what lies in their folders."""

    exported_at: str | None
    containers: list[int]
    media: Folders = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    sidecars: dict[str, dict[str, list[tuple[Entry, Sidecar]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    metas: dict[str, AlbumMeta] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)  # media keys of its items, also of those whose files could not be used
    newest_file: str = ""
    whole: bool = True  # as far as can be told: no part is missing

    @property
    def years(self) -> set[str]:
        """The year folders. Google exports each of them with all that is in it."""
        return {folder for folder, kind in self.kinds.items() if kind == YEAR}


class Takeout:
    """The items of one or more exports. Call `read_index` first; `broken` then names the parts that could not be read."""

    name = "takeout"
    can = Capabilities(has_pixels=True, original_bytes=True)

    def __init__(self, containers: list[Container]):
        self.containers = containers
        self._names = [printable(str(container.path)) for container in containers]
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self.accounts = [Account() for _ in containers]
        self.broken: dict[int, str] = {}
        self.exports = _exports(containers)
        self.warnings: list[str] = []
        self._early: list[tuple[File, Trouble]] = []
        self._paths: dict[tuple[str, str], Entry] = {}
        self._albums: dict[str, Album] = {}

    # -- index ------------------------------------------------------------------------------------------------------

    def read_index(self, on_place: OnPlace = lambda *place: None, on_stream: OnStream | None = None) -> None:
        """Read what lies in every part, and all sidecars. `on_place` hears how far it is.

        The media of a tgz are handed to `on_stream`, because they cannot be had later.
        """
        for export in self.exports:
            for number in export.containers:
                try:
                    for position in self._read_container(export, number, on_stream):
                        on_place(number, self.accounts[number].seen, position)
                except SourceError as error:
                    self.broken[number] = str(error)
                except OSError as error:
                    self.broken[number] = f"{self.containers[number].name} cannot be read: {error.strerror or error}."

    def _read_container(self, export: Export, number: int, on_stream: OnStream | None) -> Iterator[int]:
        """Take every file of a part; gives how many of its bytes have been gone through after each."""
        container = self.containers[number]
        if container.kind == TGZ:
            for entry, data, position in read_tgz(container.path, number):
                self._take_streamed(export, entry, data, on_stream)
                yield position
        elif container.kind == ZIP:
            entries = read_zip_index(container.path, number)
            with open(container.path, "rb") as stream:
                for entry in entries:
                    self._take(export, entry, stream)
                    yield entry.offset + entry.packed_bytes
        else:
            given = {other.path for other in self.containers}
            for entry in walk_folder(container.path, number):
                if container.path / entry.path not in given:  # archives lying in it are parts of their own
                    self._take(export, entry, None)
                    yield 0

    def _take(self, export: Export, entry: Entry, stream: BinaryIO | None) -> None:
        self.accounts[entry.container].seen += 1
        if entry.trouble:
            self._skip_early(entry, Trouble(entry.trouble, TROUBLES[entry.trouble]))
        elif not entry.path.lower().endswith(".json"):
            self._add_media(export, entry)
        elif self._small_enough(entry):
            try:
                data = self._read_sidecar(entry, stream)
            except PictureError as error:
                self._skip_early(entry, Trouble(error.code, str(error)))
            except SourceError as error:
                self._skip_unreadable(entry, error)
            else:
                self._add_json(export, entry, data)

    def _take_streamed(self, export: Export, entry: Entry, stream: BinaryIO | None, on_stream: OnStream | None) -> None:
        self.accounts[entry.container].seen += 1
        if entry.trouble or stream is None:
            code = entry.trouble or "not_a_file"
            self._skip_early(entry, Trouble(code, TROUBLES[code]))
        elif not entry.path.lower().endswith(".json"):
            self._add_media(export, entry)
            if on_stream:
                on_stream(self.file_of(entry), stream)
        elif self._small_enough(entry):
            self._add_json(export, entry, stream.read())

    def _skip_unreadable(self, entry: Entry, error: SourceError) -> None:
        """A file of a folder that alone cannot be opened is left out. Raises the error again when the container is gone."""
        container = self.containers[entry.container]
        path = container.path / entry.path
        if container.kind != FOLDER or not path.parent.is_dir():
            raise error
        self._skip_early(entry, Trouble("unreadable", str(error).replace(str(path), "it").rstrip(".")))

    def _small_enough(self, entry: Entry) -> bool:
        if entry.bytes <= MAX_SIDECAR_BYTES:
            return True
        self._skip_early(entry, Trouble("bad_sidecar", f"it has {entry.bytes:,} bytes, far more than any sidecar"))
        return False

    def _read_sidecar(self, entry: Entry, stream: BinaryIO | None) -> bytes:
        with open_address(self._address(entry), stream) as member:
            return member.read()

    def _add_media(self, export: Export, entry: Entry) -> None:
        folder, name = self._place(entry)
        export.media[folder][name].append(entry)

    def _add_json(self, export: Export, entry: Entry, data: bytes) -> None:
        folder, name = self._place(entry)
        try:
            value = parse_json_file(data)
        except SidecarError as error:
            self._skip_early(entry, Trouble("bad_sidecar", str(error)))
            return
        if isinstance(value, Sidecar):
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
        folder = above.rstrip("/").rpartition("/")[2]
        if not folder and self.containers[entry.container].kind == FOLDER:
            folder = self.containers[entry.container].path.name
        return nfc(folder), nfc(name)

    def _skip_early(self, entry: Entry, trouble: Trouble) -> None:
        self._early.append((self.file_of(entry), trouble))

    # -- items ------------------------------------------------------------------------------------------------------

    def album(self, album_id: str) -> Album:
        """An album that a photo given before refers to; the newest export's title wins."""
        return self._albums[album_id]

    def _add_albums(self, export: Export) -> None:
        for folder, kind in export.kinds.items():
            if kind == ALBUM:
                meta = export.metas.get(folder)
                title = (meta.title if meta else None) or printable(folder)
                self._albums[album_id(folder)] = Album(album_id(folder), title, meta.description if meta else None)

    def photos(self, skip: Skip) -> Iterator[Photo]:
        """Every library item in the order in which the parts hold it, the best file first.

        `photo_id` is the media key, or empty where only the bytes can tell.
        """
        for file, trouble in self._early:
            skip(file, trouble)
        for export in self.exports:
            export.exported_at = export.exported_at or (f"{export.newest_file}Z" if export.newest_file else None)
            export.kinds = folder_kinds(sorted({*export.media, *export.sidecars}), export.metas)
            self._add_albums(export)
            for item in self._items(export, skip):
                if item.media_key:
                    export.keys.add(item.media_key)
                yield photo_of(item, export.exported_at, self.file_of)

    def _items(self, export: Export, skip: Skip) -> list[Item]:
        units: list[Unit] = []
        orphans: list[tuple[str, Entry, Sidecar]] = []
        unmatched = 0
        for folder, names in export.media.items():
            sidecars = export.sidecars.get(folder, {})
            titles = {name: found[0][1].title for name, found in sidecars.items()}
            pairing = pair_folder(names, titles)
            units += self._units(folder, export.kinds[folder], names, sidecars, pairing)
            orphans += [(folder, *found) for name in pairing.orphans for found in sidecars[name]]
            self._count_sidecars(sidecars, pairing)
            if export.kinds[folder] != ALBUM:
                unmatched += sum(is_photo_name(name) or is_video_name(name) for name in pairing.alone)
        for folder in export.sidecars.keys() - export.media.keys():
            orphans += [(folder, *found) for all_found in export.sidecars[folder].values() for found in all_found]
        # Where the year folders may lie in a part that was not given, being in an album says nothing in favour.
        items = collapse(units, has_years=bool(export.years or self._gaps(export)))
        dangling = self._place_orphans(export, items, orphans, skip)
        self._warn_of_what_is_missing(export, dangling, unmatched)
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
            if name in pairing.derived_from:
                sidecar_name, rule = pairing.sidecar_of[pairing.derived_from[name]][0], "derivative"
            made[name] = [
                Unit(entry, folder, kind, _nearest(entry, sidecars.get(sidecar_name, [])), rule) for entry in names[name]
            ]
        for role, partners in (("edited", pairing.edited_of), ("live_video", pairing.live_of)):
            for name, partner in partners.items():
                while partner not in made and partner in pairing.edited_of:  # the moving half of an edited version
                    partner = pairing.edited_of[partner]
                for entry in names[name]:
                    _beside(entry, made[partner]).satellites.append((entry, role))
        return [unit for units in made.values() for unit in units]

    def _place_orphans(self, export: Export, items: list[Item], orphans: list, skip: Skip) -> int:
        """A sidecar without a picture may still say that an item of another folder is in this album.

        Returns how many of the library's own folders describe a picture that is not there.
        """
        by_key = {item.media_key: item for item in items if item.media_key}
        dangling = Counter()
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
        return missing_numbers(self.containers[number].part for number in export.containers)

    def _warn_of_what_is_missing(self, export: Export, dangling: int, unmatched: int) -> None:
        warning = missing_part_text(self._gaps(export), dangling)
        export.whole = export.whole and warning is None
        self.warnings += filter(None, (warning, unmatched_text(unmatched)))

    # -- bytes ------------------------------------------------------------------------------------------------------

    def file_of(self, entry: Entry) -> File:
        """An entry as it stands in the tables."""
        return File(
            container=self._names[entry.container],
            member=printable(entry.path),
            bytes=entry.bytes,
            crc32=entry.crc32,
            modified_at=entry.modified_at,
        )

    def fail(self, files: Iterable[File], reason: str) -> None:
        """The container of one of `files` vanished while it was being read."""
        for number in {self.number_of(file) for file in files}:
            if not self.containers[number].path.exists():
                self.broken.setdefault(number, f"{self.containers[number].name} vanished while it was being read.")
                return
        self.broken.setdefault(self.number_of(next(iter(files))), reason)

    def number_of(self, file: File) -> int:
        """The number of the part that a file lies in."""
        return self._numbers[file.container]

    def container_of(self, file: File) -> Container:
        """The part that a file lies in."""
        return self.containers[self.number_of(file)]

    def account_of(self, file: File) -> Account:
        """The account of the part that a file lies in."""
        return self.accounts[self.number_of(file)]

    @property
    def media_count(self) -> int:
        """How many files may be pictures or videos."""
        return sum(len(entries) for export in self.exports for names in export.media.values() for entries in names.values())

    def address(self, file: File) -> Address:
        """Where the bytes of a file are."""
        number = self.number_of(file)
        return self._address(self._entry(number, file.member))

    def _entry(self, number: int, member: str) -> Entry:
        if not self._paths:
            for export in self.exports:
                for names in export.media.values():
                    for entry in (entry for entries in names.values() for entry in entries):
                        self._paths[entry.container, printable(entry.path)] = entry  # type: ignore[index]
        return self._paths[number, member]  # type: ignore[index]

    def _address(self, entry: Entry) -> Address:
        container = self.containers[entry.container]
        path = container.path / entry.path if container.kind == FOLDER else container.path
        return Address(
            str(path), entry.path, entry.bytes, entry.offset if container.kind == ZIP else -1, *entry[6:8], entry.crc32
        )

    def open(self, photo: Photo) -> BinaryIO:
        """The bytes of a photo's best file."""
        return open_address(self.address(photo.files[0]))


def _exports(containers: list[Container]) -> list[Export]:
    """Parts that belong together, oldest export first. What carries no export id joins the only export given, if there is one."""
    ids = {container.export_id for container in containers if container.export_id}
    only = ids.pop() if len(ids) == 1 else None
    found: dict[str, Export] = {}
    for number, container in enumerate(containers):
        named = export_name(container.path.name) if container.kind == FOLDER else None  # unpacked under the archive's name
        export = found.setdefault(container.export_id or (named and named[0]) or only or "", Export(None, []))
        export.containers.append(number)
        dates = (export.exported_at, container.exported_at, named and named[1])
        export.exported_at = max(filter(None, dates), default=None)
    return sorted(found.values(), key=lambda export: export.exported_at or "")


def _nearest(entry: Entry, sidecars: list[tuple[Entry, Sidecar]]) -> Sidecar | None:
    """Of sidecars of one name, the one beside the media, else the one in the same archive, else the first."""

    def distance(found: tuple[Entry, Sidecar]) -> tuple[bool, bool]:
        other = found[0]
        same_container = other.container == entry.container
        return (not same_container, other.path.rpartition("/")[0] != entry.path.rpartition("/")[0])

    return min(sidecars, key=distance)[1] if sidecars else None


def _beside(entry: Entry, units: list[Unit]) -> Unit:
    return next((unit for unit in units if unit.entry.container == entry.container), units[0])
