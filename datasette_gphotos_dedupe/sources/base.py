"""What a source of photos is: what it can do, what it offers, and the bytes of what it offered. The pipeline asks nothing else.

How to add one is told in CONTRIBUTING.md; tests/sources/test_contract.py holds every source against this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..google.api_calls import Client
from ..model import Album, File, Photo, Trouble
from .archives.members import Address

Skip = Callable[[File, Trouble], None]
"""Called for every file that is not used, with where it is and why."""

Allow = Callable[[], None]
"""Called before each picture is asked of Google. Raises QuotaError when no more may be loaded today."""


@dataclass(frozen=True)
class Capabilities:
    """What a source can do, and what may be asked of it."""

    in_google: bool = True  # what it offers is in Google Photos
    app_created: bool = False  # this app uploaded what it offers, and may put it into albums
    shows_absence: bool = False  # what it does not offer any more is gone
    lists_albums: bool = False  # it has albums of its own to ask for, apart from the items
    goes_on: bool = False  # a listing that was cut short is gone on with: `resume` and `end`


@dataclass(frozen=True)
class Offer:
    """An item, without what only its bytes tell.

    `base_url` is where its picture can be had for half an hour, from a source that Google serves; None when there is none yet.
    """

    photo: Photo
    base_url: str | None = None


@runtime_checkable
class Source(Protocol):
    """Where photos come from."""

    name: str
    can: Capabilities

    def offers(self, skip: Skip = lambda file, trouble: None) -> Iterator[Offer]:
        """Every item once. Ending normally means that this is all; what cuts it short raises SourceError or GoogleError."""
        ...

    def fetch(self, offer: Offer, allow: Allow = lambda: None) -> bytes:
        """The bytes of its best file, or a picture of it. Raises PictureError or SourceError when they cannot be had."""
        ...


@runtime_checkable
class LocalSource(Source, Protocol):
    """A source whose bytes lie on this machine, so that worker processes can fetch them by themselves: see `archives.parts.Parts`.

    A container that it names is offered whole: rows of files in it that were not offered are forgotten. And what is offered is
    told by the containers alone: as long as nothing in them changes (`archives.inventory`), a second import reads nothing.
    """

    def album(self, album_id: str) -> Album:
        """An album that a photo given before refers to."""
        ...

    def address(self, file: File) -> Address:
        """Where the bytes of one of the files are."""
        ...


@runtime_checkable
class RemoteSource(Source, Protocol):
    """A source that Google serves."""

    client: Client

    def resume(self, kept: str | None, keep: Callable[[str | None], None]) -> None:
        """Before `offers`: what an earlier run that was cut short has kept, and where this one keeps what it needs to go on."""
        ...

    def end(self) -> None:
        """Everything offered is saved, or nothing will be."""
        ...

    def find_gone(self, item_ids: Sequence[str]) -> list[str]:
        """Those of these ids, which it did not offer, that exist no longer."""
        ...

    def albums(self) -> Iterator[tuple[Album, list[str]]]:
        """Its albums, each with the ids of the items in it."""
        ...
