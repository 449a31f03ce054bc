"""The albums of one push: found or made by title, at most 20,000 items each, read back at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from ..errors import RefusedError
from ..google.api_calls import Client
from ..google.limits import ITEMS_PER_ALBUM
from ..store import pushes


class Shelf:
    """Finds the album with room for more: TITLE, then "TITLE (2)", and so on.

    An album is looked for by its title before it is made, so that a program killed right after making one makes no second.
    """

    def __init__(self, conn: sqlite3.Connection, push: pushes.Push, client: Client):
        self._conn, self._push, self._client = conn, push, client
        self._albums: dict[str, dict[str, Any]] | None = None
        self._counts: dict[str, int] = {}
        self._contents: dict[str, set[str]] = {}
        self._current: str | None = None

    def album_with_room(self) -> tuple[str, int]:
        """The album for the next photos, and how many more it takes."""
        if self._current is None or self._room(self._current) <= 0:
            self._current = self._next_album()
            album = self._albums_by_id()[self._current]
            pushes.save_album(self._conn, self._push.push_id, album["id"], album["title"], album.get("productUrl"))
        return self._current, self._room(self._current)

    def _next_album(self) -> str:
        number = 1
        while True:
            title = self._push.album_title if number == 1 else f"{self._push.album_title} ({number})"
            album = self._by_title(title) or self._create(title)
            if self._room(album["id"]) > 0:
                return str(album["id"])
            number += 1

    def _by_title(self, title: str) -> dict[str, Any] | None:
        albums = self._albums_by_id().values()
        return next((album for album in albums if album.get("title") == title and album.get("isWriteable")), None)

    def _create(self, title: str) -> dict[str, Any]:
        album: dict[str, Any] = {"title": title, **self._client.create_album(title)}  # the answer need not repeat it
        self._albums_by_id()[album["id"]] = album
        self._counts[album["id"]] = int(album.get("mediaItemsCount", 0))
        return album

    def _albums_by_id(self) -> dict[str, dict[str, Any]]:
        if self._albums is None:
            self._albums = {album["id"]: album for album in self._client.fetch_albums()}
            self._counts = {album_id: int(album.get("mediaItemsCount", 0)) for album_id, album in self._albums.items()}
        return self._albums

    def _room(self, album_id: str) -> int:
        return ITEMS_PER_ALBUM - self._counts[album_id]

    def has(self, album_id: str) -> bool:
        """Whether this app still has the album."""
        return album_id in self._albums_by_id()

    def count(self, album_id: str, change: int) -> None:
        """So many more items are in this album (fewer, when negative)."""
        self._counts[album_id] += change

    def added(self, album_id: str, item_ids: Iterable[str]) -> None:
        """These items of this app are in this album now, and were not before."""
        item_ids = set(item_ids)
        self.count(album_id, len(item_ids))
        if album_id in self._contents:
            self._contents[album_id] |= item_ids

    def removed(self, album_id: str, item_ids: Iterable[str]) -> None:
        """These items were taken out of this album."""
        item_ids = set(item_ids)
        self.count(album_id, -len(item_ids))
        if album_id in self._contents:
            self._contents[album_id] -= item_ids

    def mark_full(self, album_id: str, error: Exception) -> None:
        """Google says that the album takes no more, whatever was counted here. Raises `error` when it is empty."""
        if self._counts[album_id] <= 0:
            raise error  # something else is meant, and one new album after the other would not help
        self._counts[album_id] = max(self._counts[album_id], ITEMS_PER_ALBUM)

    def fetch_count(self, album_id: str) -> int:
        """How many items the album holds by Google's count, those of other origin included; 0 when it is gone."""
        try:
            return int(self._client.fetch_album(album_id).get("mediaItemsCount", 0))
        except RefusedError as error:
            if error.http_status != 404:
                raise
            return 0

    def recount(self, album_id: str) -> None:
        """Take Google's count of the album over, unless it is known to be full."""
        if self._room(album_id) > 0:
            self._counts[album_id] = self.fetch_count(album_id)

    def contents(self, album_id: str) -> set[str]:
        """The items of this app in an album; read once, because 20,000 of them take 200 requests."""
        if album_id not in self._contents:
            self._contents[album_id] = set(self._client.fetch_album_item_ids(album_id))
        return self._contents[album_id]

    def locate(self, item_ids: Iterable[str]) -> dict[str, set[str]]:
        """Which of these items are in which of the albums of this title."""
        wanted = set(item_ids)
        found: dict[str, set[str]] = {}
        for album_id, album in self._albums_by_id().items():
            if self._is_ours(album.get("title", "")) and wanted:
                inside = wanted & self.contents(album_id)
                if inside:
                    found[album_id] = inside
                    wanted -= inside
        return found

    def _is_ours(self, title: str) -> bool:
        base = self._push.album_title
        return title == base or (title.startswith(f"{base} (") and title.endswith(")") and title[len(base) + 2 : -1].isdigit())

    def read_filled(self) -> dict[str, dict[str, str]]:
        """For each album that this push has put photos into, the name of each by its library id."""
        sql = """
            SELECT i.album_id, coalesce(p.library_id, i.photo_id), coalesce(p.filename, i.photo_id)
            FROM push_items i LEFT JOIN photos p USING (photo_id)
            WHERE i.push_id = ? AND i.state = 'added' AND i.album_id IS NOT NULL ORDER BY i.position
        """
        filled: dict[str, dict[str, str]] = {}
        for album_id, library_id, name in self._conn.execute(sql, (self._push.push_id,)):
            filled.setdefault(album_id, {})[library_id] = name
        return filled

    def compare(self, album_id: str, names: dict[str, str]) -> tuple[list[str], int]:
        """The photos that this album lacks, by name, and how many it holds that no push of this database put there.

        Google's own count is asked first; only when it differs from what was counted here is the album read item by item.
        """
        count = self.fetch_count(album_id)
        strangers = max(0, count - pushes.count_added(self._conn, album_id))
        if count == self._counts.get(album_id):
            return [], strangers
        inside = set(self._client.fetch_album_item_ids(album_id)) if count else set()
        return [name for item_id, name in names.items() if item_id not in inside], strangers
