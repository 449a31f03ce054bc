"""What a source of photos is, and what one can do. The pipeline asks `source.can`, never `source.name`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from ..model import Album, File, Photo, Trouble
from .archives.members import Address

Skip = Callable[[File, Trouble], None]
"""Called for every file that is not used, with where it is and why."""


@dataclass(frozen=True)
class Capabilities:
    """What a source can give."""

    has_pixels: bool
    original_bytes: bool
    urls_expire: bool = False
    app_created_only: bool = False


class Source(Protocol):
    """Where photos come from.

    `photos` returning normally means complete; what cuts the walk short raises. Trouble with a file is `skip(file, why)`.
    """

    name: str
    can: Capabilities

    def photos(self, skip: Skip) -> Iterator[Photo]:
        """Every library item, without what only its bytes tell."""
        ...

    def open(self, photo: Photo) -> BinaryIO:
        """The bytes of its best file. Raises SourceError when they cannot be had."""
        ...


class LocalSource(Source, Protocol):
    """A source whose bytes lie on this machine, so that worker processes can fetch them by themselves."""

    def album(self, album_id: str) -> Album:
        """An album that a photo given before refers to."""
        ...

    def address(self, file: File) -> Address:
        """Where the bytes of one of the files are."""
        ...
