"""The albums of one push: found or made by title, at most 20,000 items each, read back at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from ..errors import RefusedError
from ..google.client import Client
from ..google.limits import ITEMS_PER_ALBUM
from ..store import pushes


class Shelf:
    """Finds the album with room for more: TITLE, then "TITLE (2)", and so on.

    An album is looked for by its title before it is made, so that a program killed right after making one makes no second.
    """

    def __init__(self, conn: sqlite3.Connection, push: pushes.Push, client: Client):
        self._conn, self._push, self._client = conn, push, client
        self._albums: dict[str, dict] | None = None
        self._counts: dict[str, int] = {}
        self._current: str | None = None

    def album_with_room(self) -> tuple[str, int]:
        """The album for the next photos, and how many more it takes."""
        if self._current is None or self._room(self._current) <= 0:
            self._current = self._next_album()
            album = self._albums_by_id()[self._current]
            pushes.save_push(self._conn, self._push.push_id, album_id=album["id"], album_url=album.get("productUrl"))
        return self._current, self._room(self._current)

    def _next_album(self) -> str:
        number = 1
        while True:
            title = self._push.album_title if number == 1 else f"{self._push.album_title} ({number})"
            album = self._by_title(title) or self._create(title)
            if self._room(album["id"]) > 0:
                return album["id"]
            number += 1

    def _by_title(self, title: str) -> dict | None:
        albums = self._albums_by_id().values()
        return next((album for album in albums if album.get("title") == title and album.get("isWriteable")), None)

    def _create(self, title: str) -> dict:
        album = self._client.create_album(title)
        self._albums_by_id()[album["id"]] = album
        self._counts[album["id"]] = int(album.get("mediaItemsCount", 0))
        return album

    def _albums_by_id(self) -> dict[str, dict]:
        if self._albums is None:
            self._albums = {album["id"]: album for album in self._client.fetch_albums()}
            self._counts = {album_id: int(album.get("mediaItemsCount", 0)) for album_id, album in self._albums.items()}
        return self._albums

    def _room(self, album_id: str) -> int:
        return ITEMS_PER_ALBUM - self._counts[album_id]

    def count(self, album_id: str, added: int) -> None:
        """`added` more items are in this album."""
        self._counts[album_id] += added

    @property
    def capacity(self) -> int:
        """How many items one album takes."""
        return ITEMS_PER_ALBUM

    def fetch_count(self, album_id: str) -> int:
        """How many items the album holds by Google's count, those of other origin included."""
        return int(self._client.fetch_album(album_id).get("mediaItemsCount", 0))

    def locate(self, item_ids: Iterable[str]) -> dict[str, set[str]]:
        """Which of these items are in which of the albums of this title."""
        wanted = set(item_ids)
        found: dict[str, set[str]] = {}
        for album_id, album in self._albums_by_id().items():
            if self._is_ours(album.get("title", "")) and wanted:
                inside = wanted.intersection(self._client.fetch_album_item_ids(album_id))
                if inside:
                    found[album_id] = inside
                    wanted -= inside
        return found

    def _is_ours(self, title: str) -> bool:
        base = self._push.album_title
        return title == base or (title.startswith(f"{base} (") and title.endswith(")") and title[len(base) + 2 : -1].isdigit())

    def explained(self, album_id: str) -> bool:
        """True when an earlier push has put the explaining text into this album."""
        sql = "SELECT 1 FROM pushes WHERE album_id = ? AND noted_at IS NOT NULL"
        return self._conn.execute(sql, (album_id,)).fetchone() is not None

    def missing(self) -> list[str]:
        """The photos recorded as added that are not in their album, by name.

        The album's own count is asked first; only when it is short of what was added is the album read item by item.
        """
        sql = """
            SELECT i.album_id, p.library_id, coalesce(p.filename, p.photo_id) FROM push_items i JOIN photos p USING (photo_id)
            WHERE i.push_id = ? AND i.state = 'added' ORDER BY i.position
        """
        expected: dict[str, dict[str, str]] = {}
        for album_id, library_id, name in self._conn.execute(sql, (self._push.push_id,)):
            expected.setdefault(album_id, {})[library_id] = name
        missing: list[str] = []
        for album_id, names in expected.items():
            inside = self._inside(album_id, names)
            missing += [name for item_id, name in names.items() if item_id not in inside]
        return missing

    def _inside(self, album_id: str, names: dict[str, str]) -> set[str]:
        try:
            if self.fetch_count(album_id) == self._counts.get(album_id):
                return set(names)
            return set(self._client.fetch_album_item_ids(album_id))
        except RefusedError as error:
            if error.http_status != 404:
                raise
            return set()  # the album was deleted in Google Photos meanwhile
