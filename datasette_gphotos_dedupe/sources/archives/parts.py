"""Sources that are made of parts: archives and folders that a person gave, of which every file is accounted for."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, ClassVar

from ...errors import SourceError
from ...input_file import open_input
from ...model import Album, File, Trouble, altered
from ..base import Allow, Capabilities, Offer, Skip
from .containers import FOLDER, TGZ, ZIP, Container, walk_folder
from .entries import TROUBLES, Entry, printable, trouble_of
from .members import Address, open_address, read_member
from .small_members import Aside, Look, look_aside, look_at_member, said_of
from .tgz_stream import read_tgz
from .zip_index import read_zip_index

OnStream = Callable[[File, BinaryIO], None]
OnPlace = Callable[[int, int, int], None]
"""Told number of the part, files seen in it, and how many of its bytes have been gone through, after some files each."""

MANY_LOOKS = 5_000  # of which a tenth of a second is spent here: fewer are not worth a process
ENTRIES_AT_ONCE = 50  # of a zip between two reports of how far it is

_NO_FILE = File("", "")


@dataclass
class Account:
    """What became of the files of one part: `seen` is `sidecars` + media used + media and others skipped."""

    seen: int = 0
    sidecars: int = 0
    used: int = 0
    skipped: Counter = field(default_factory=Counter)


class Parts(ABC):
    """The items of some parts. Call `read_index` first; `broken` then names the parts that could not be read.

    A source of this kind says what becomes of each file (`_sort`), which may be pictures or videos (`media`), and what it `offers`.
    """

    name: ClassVar[str]
    can: ClassVar[Capabilities]

    def __init__(self, containers: list[Container]):
        self.containers = containers
        self._names = [printable(str(container.path)) for container in containers]
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self.accounts = [Account() for _ in containers]
        self.broken: dict[int, str] = {}
        self.warnings: list[str] = []
        self.unmatched: set[tuple[str, str]] = set()  # (container, member) of media that a sidecar should describe and none does
        self._early: list[tuple[File, Trouble]] = []
        self._paths: dict[tuple[int, str], Entry] = {}
        self._albums: dict[str, Album] = {}

    @abstractmethod
    def offers(self, skip: Skip = lambda file, trouble: None) -> Iterator[Offer]:
        """Every item once."""

    @abstractmethod
    def _sort(self, entry: Entry, look: Callable[[], Any]) -> bool:
        """Keep a file without trouble, or skip it; whether it may be a picture or video.

        `look` gives what `_look` says of its bytes, or Trouble; it is called once for what `_is_looked_at`, and for nothing else.
        """

    def _is_looked_at(self, entry: Entry) -> bool:
        """Whether the bytes of a file are wanted while the index is read: small ones that tell of others."""
        return False

    @property
    def _look(self) -> Look:
        """What is made of the bytes of a file that is looked at."""
        return bytes

    # -- index ------------------------------------------------------------------------------------------------------

    def read_index(
        self, on_place: OnPlace = lambda *place: None, on_stream: OnStream | None = None, aside: Aside | None = None
    ) -> None:
        """Read what lies in every part, and all sidecars. `on_place` hears how far it is.

        The media of a tgz are handed to `on_stream`, because they cannot be had later. Many sidecars of zips are read by `aside`.
        """
        zips = self._look_ahead(aside) if aside else {}
        for number, container in enumerate(self.containers):
            try:
                for position in self._read_container(number, on_stream, zips.pop(number, None)):
                    on_place(number, self.accounts[number].seen, position)
            except SourceError as error:
                self.broken[number] = str(error)
            except OSError as error:
                self.broken[number] = f"{container.name} cannot be read: {error.strerror or error}."

    def _look_ahead(self, aside: Aside) -> dict[int, tuple[list[Entry], Iterator[tuple[Entry, Any]] | None]]:
        """For zips the files, and those of them that are looked at with what they say; None for that when these are few."""
        listed: dict[int, list[Entry]] = {}
        for number, container in enumerate(self.containers):
            if container.kind == ZIP:
                with contextlib.suppress(SourceError, OSError):  # it will be told of when the part's turn comes
                    listed[number] = read_zip_index(container.path, number)
        looked_at = {
            number: [entry for entry in entries if self._is_looked_at(entry) and not trouble_of(entry)]
            for number, entries in listed.items()
        }
        if sum(map(len, looked_at.values())) < MANY_LOOKS:
            return {number: (entries, None) for number, entries in listed.items()}
        paths = {number: str(self.containers[number].path) for number in listed}
        said = {number: look_aside(aside, paths[number], entries, self._look) for number, entries in looked_at.items()}
        return {number: (entries, said[number]) for number, entries in listed.items()}

    def _read_container(
        self,
        number: int,
        on_stream: OnStream | None,
        looked: tuple[list[Entry], Iterator[tuple[Entry, Any]] | None] | None = None,
    ) -> Iterator[int]:
        """Take every file of a part; gives how many of its bytes have been gone through after some each."""
        container = self.containers[number]
        if container.kind == TGZ:
            for entry, data, position in read_tgz(container.path, number):
                self._take_streamed(entry, data, on_stream)
                yield position
        elif container.kind == ZIP:
            entries, said = looked or (read_zip_index(container.path, number), None)
            with open_input(container.path) as stream:
                for start in range(0, len(entries), ENTRIES_AT_ONCE):
                    for entry in entries[start : start + ENTRIES_AT_ONCE]:
                        self._take(entry, partial(said_of, said, entry) if said else partial(self._read, entry, stream))
                    yield entry.offset + entry.packed_bytes
        else:
            given = {other.path for other in self.containers}
            for entry in walk_folder(container.path, number):
                if container.path / entry.path not in given:  # archives lying in it are parts of their own
                    self._take(entry, partial(self._read, entry))
                    yield 0

    def _take(self, entry: Entry, look: Callable[[], Any]) -> bool:
        self.accounts[entry.container].seen += 1
        if trouble := trouble_of(entry):
            self._skip_early(entry, Trouble(trouble, TROUBLES[trouble]))
            return False
        return self._sort(entry, look)

    def _take_streamed(self, entry: Entry, stream: BinaryIO | None, on_stream: OnStream | None) -> None:
        if stream is None:
            self._take(entry._replace(trouble=entry.trouble or "not_a_file"), bytes)
        elif self._take(entry, lambda: self._look(stream.read())) and on_stream:
            on_stream(self.file_of(entry), stream)

    def _read(self, entry: Entry, archive: BinaryIO | None = None) -> Any:
        address = self._address(entry)
        return look_at_member(partial(read_member, archive, address) if archive else partial(_read_file, address), self._look)

    def _skip_unreadable(self, entry: Entry, error: SourceError) -> None:
        """A file of a folder that alone cannot be opened is left out. Raises the error again when the container is gone."""
        container = self.containers[entry.container]
        path = container.path / entry.path
        if container.kind != FOLDER or not path.parent.is_dir():
            raise error
        self._skip_early(entry, Trouble("unreadable", str(error).replace(str(path), "it").rstrip(".")))

    def _skip_early(self, entry: Entry, trouble: Trouble) -> None:
        self._early.append((self.file_of(entry), trouble))

    def files_ahead(self, parts: Collection[int]) -> Iterator[File]:
        """The best file of each of the next items that lie in these parts alone; each once, and none before `offers` comes near it."""
        return iter(())

    def album(self, album_id: str) -> Album:
        """An album that a photo given before refers to."""
        return self._albums[album_id]

    # -- bytes ------------------------------------------------------------------------------------------------------

    def file_of(self, entry: Entry) -> File:
        """An entry as it stands in the tables."""
        return altered(
            _NO_FILE,
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
    def exports(self) -> list[Any]:
        """What was exported together (`takeout.exported_together.Export`). Asked for when the index was read."""
        return []

    @abstractmethod
    def media(self) -> Iterable[Entry]:
        """Every file that may be a picture or video. Asked for when the index was read."""

    def address(self, file: File) -> Address:
        """Where the bytes of a file are."""
        number = self.number_of(file)
        return self._address(self._entry(number, file.member))

    def _entry(self, number: int, member: str) -> Entry:
        if not self._paths:
            self._paths = {(entry.container, printable(entry.path)): entry for entry in self.media()}
        return self._paths[number, member]

    def _address(self, entry: Entry) -> Address:
        container = self.containers[entry.container]
        path = container.path / entry.path if container.kind == FOLDER else container.path
        return Address(
            str(path), entry.path, entry.bytes, entry.offset if container.kind == ZIP else -1, *entry[6:8], entry.crc32
        )

    def fetch(self, offer: Offer, allow: Allow = lambda: None) -> bytes:
        """The bytes of a photo's best file."""
        with open_address(self.address(offer.photo.files[0])) as stream:
            return stream.read()


def _read_file(address: Address) -> bytes:
    with open_address(address) as stream:
        return stream.read()
