"""What this app has uploaded, through the Library API. Since 31 March 2025 an app is shown nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..google import parsing as wire
from ..google.client import Client
from ..model import Album, Photo
from .base import Capabilities

NOTHING_LISTED = (
    "Google listed 0 photos. Since 31 March 2025 an app sees only what it uploaded itself. "
    "To bring in the whole library, use a Takeout export: gphotos-to-sqlite takeout photos.db takeout-*.zip"
)


@dataclass(frozen=True)
class Offered:
    """A photo and the address of its picture for the next half hour; None when Google has no picture of it yet."""

    photo: Photo
    base_url: str | None


class Library:
    """The items of this app, page by page, so that base URLs are used while they live."""

    name = "library"
    can = Capabilities(has_pixels=True, original_bytes=False, urls_expire=True, app_created_only=True)
    needs_token = False
    app_created = True

    def __init__(self, client: Client):
        self.client = client

    def offers(self) -> Iterator[Offered]:
        """Every item."""
        for item in self.client.fetch_items():
            yield Offered(wire.photo_from_item(item), wire.base_url(item) if wire.is_ready(item) else None)

    def fetch_base_url(self, item_id: str) -> str | None:
        """A fresh base URL for an item whose old one has died."""
        (item,) = self.client.fetch_items_by_id([item_id]) or [None]
        return wire.base_url(item) if item else None

    def albums(self) -> Iterator[tuple[Album, list[str]]]:
        """Each album of this app with the library ids in it."""
        for album in self.client.fetch_albums():
            known = Album(album["id"], album.get("title", ""), None, app_created=True)
            yield known, list(self.client.fetch_album_item_ids(album["id"]))

    def find_gone(self, item_ids: list[str]) -> list[str]:
        """Those of these ids, absent from a whole listing, that Google does not show on asking either: they were deleted."""
        gone: list[str] = []
        for start in range(0, len(item_ids), 50):
            chunk = item_ids[start : start + 50]
            found = self.client.fetch_items_by_id(chunk)
            gone += [item_id for item_id, item in zip(chunk, found, strict=True) if item is None]
        return gone
