"""What this app has uploaded, through the Library API. Since 31 March 2025 an app is shown nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..google import parsing
from ..google.api_calls import Client
from ..model import Album
from .base import Capabilities, Offer, Skip
from .google_pictures import GooglePictures

NOTHING_LISTED = (
    "Google listed 0 photos. Since 31 March 2025 an app sees only what it uploaded itself. "
    "To bring in the whole library, use a Takeout export: gphotos-to-sqlite takeout photos.db takeout-*.zip"
)


class LibraryApi(GooglePictures):
    """The items of this app, page by page, so that base URLs are used while they live."""

    name = "library"
    can = Capabilities(app_created=True, shows_absence=True, lists_albums=True)

    def __init__(self, client: Client):
        super().__init__(client)
        self._listed: set[str] = set()

    def offers(self, skip: Skip = lambda file, trouble: None) -> Iterator[Offer]:
        """Every item."""
        for item in self.client.fetch_items():
            self._listed.add(str(item["id"]))
            yield Offer(parsing.photo_from_item(item), parsing.base_url(item) if parsing.is_ready(item) else None)

    def fetch_base_url(self, item_id: str) -> str | None:
        """A fresh base URL for an item whose old one has died."""
        (item,) = self.client.fetch_items_by_id([item_id]) or [None]
        return parsing.base_url(item) if item else None

    def address_of(self, item_id: str) -> str | None:
        """A base URL of an item that was listed; Google is asked for no other."""
        return self.fetch_base_url(item_id) if item_id in self._listed else None

    def albums(self) -> Iterator[tuple[Album, list[str]]]:
        """Each album of this app with the library ids in it."""
        for album in self.client.fetch_albums():
            known = Album(album["id"], album.get("title", ""), None, app_created=True)
            yield known, list(self.client.fetch_album_item_ids(album["id"]))

    def find_gone(self, item_ids: Sequence[str]) -> list[str]:
        """Those of these ids, absent from a whole listing, that Google does not show on asking either: they were deleted."""
        gone: list[str] = []
        for start in range(0, len(item_ids), 50):
            chunk = item_ids[start : start + 50]
            found = self.client.fetch_items_by_id(chunk)
            gone += [item_id for item_id, item in zip(chunk, found, strict=True) if item is None]
        return gone
