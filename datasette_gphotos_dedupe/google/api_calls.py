"""Google's calls by name. Every one goes through `Transport.call`; no SQL, no decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from ..errors import GoogleError, RefusedError
from .answer_shapes import ALBUM, CREATED_ROWS, FOUND_ROWS, ITEM, PICKED, SESSION, Shape, fit, page_of
from .auth_file import Token, read_auth, save_auth
from .hosts import is_loopback, read_library_api, read_picker_api
from .http_transport import Call, Transport
from .limits import ALBUMS_PER_PAGE, ITEMS_PER_PAGE, Clock

_GONE = frozenset({3, 5})  # INVALID_ARGUMENT, NOT_FOUND: how a row says that there is no such item for this app


def open_client(auth_path: str | Path, clock: Clock | None = None) -> Client:
    """A client for the sign-in kept at `auth_path`. Nothing is sent yet. Raises SignInError without a usable sign-in."""
    token = Token(read_auth(auth_path), keep=lambda auth: save_auth(auth_path, auth))
    client = Client(token, read_library_api(), read_picker_api(), clock)
    client.auth_path = Path(auth_path)
    return client


class Client:
    """The Library API and the Picker API for one person."""

    def __init__(self, token: Token, library_api: str, picker_api: str, clock: Clock | None = None):
        self._library = f"{library_api}/v1"
        self._picker = f"{picker_api}/v1"
        self.scopes = frozenset(token.auth.scopes)
        self.auth_path: Path | None = None  # where the sign-in is kept
        self.transport = Transport(token, is_loopback(library_api) or is_loopback(picker_api), clock)

    @property
    def clock(self) -> Clock:
        """The clock that waits and dates go by."""
        return self.transport.clock

    # Albums

    def fetch_albums(self) -> Iterator[dict[str, Any]]:
        """Every album this app created."""
        params = {"pageSize": ALBUMS_PER_PAGE, "excludeNonAppCreatedData": "true"}
        return self._pages("GET", f"{self._library}/albums", "albums", ALBUM, params)

    def fetch_album(self, album_id: str) -> dict[str, Any]:
        """One album, with its present count of items. Raises RefusedError when it is gone."""
        return fit(self.transport.call(Call("GET", f"{self._library}/albums/{_key(album_id)}")), ALBUM, "album")

    def find_album(self, title: str) -> dict[str, Any] | None:
        """The first album of this app with exactly this title that it may add to, or None."""
        return next((album for album in self.fetch_albums() if album.get("title") == title and album.get("isWriteable")), None)

    def create_album(self, title: str) -> dict[str, Any]:
        """A new album. When an answer is lost, the album is looked for by its title, so that there is never a twin."""
        body = {"album": {"title": title}}
        url = f"{self._library}/albums"
        call = Call("POST", url, json=body, write=True, settle=lambda: self.find_album(title))
        return fit(self.transport.call(call), ALBUM, "album")

    def add_to_album(self, album_id: str, item_ids: Sequence[str]) -> None:
        """Add up to 50 items of this app to an album of this app: all of them or, with RefusedError, none."""

        def all_are_in() -> bool | None:
            return set(item_ids) <= set(self.fetch_album_item_ids(album_id)) or None

        url = f"{self._library}/albums/{_key(album_id)}:batchAddMediaItems"
        self.transport.call(Call("POST", url, json={"mediaItemIds": list(item_ids)}, write=True, settle=all_are_in))

    def remove_from_album(self, album_id: str, item_ids: Sequence[str]) -> None:
        """Take up to 50 items out of an album; they stay in the library."""

        def all_are_out() -> bool | None:
            return not set(item_ids) & set(self.fetch_album_item_ids(album_id)) or None

        url = f"{self._library}/albums/{_key(album_id)}:batchRemoveMediaItems"
        self.transport.call(Call("POST", url, json={"mediaItemIds": list(item_ids)}, write=True, settle=all_are_out))

    def add_text(self, album_id: str, text: str) -> None:
        """Put a block of text first in an album. Sent once: such blocks cannot be read back to see whether one is there."""
        body = {"newEnrichmentItem": {"textEnrichment": {"text": text}}, "albumPosition": {"position": "FIRST_IN_ALBUM"}}
        url = f"{self._library}/albums/{_key(album_id)}:addEnrichment"
        self.transport.call(Call("POST", url, json=body, write=True, settle=lambda: True))

    def fetch_album_items(self, album_id: str, fields: str | None = None) -> Iterator[dict[str, Any]]:
        """The items of an album, as far as this app may see them."""
        body = {"albumId": album_id, "pageSize": ITEMS_PER_PAGE}
        params = {"fields": f"nextPageToken,mediaItems({fields})"} if fields else {}
        return self._pages("POST", f"{self._library}/mediaItems:search", "mediaItems", ITEM, params, body)

    def fetch_album_item_ids(self, album_id: str) -> Iterator[str]:
        """The ids in an album, in album order."""
        return (item["id"] for item in self.fetch_album_items(album_id, fields="id"))

    # Items

    def fetch_items(self) -> Iterator[dict[str, Any]]:
        """Every item this app uploaded."""
        return self._pages("GET", f"{self._library}/mediaItems", "mediaItems", ITEM, {"pageSize": ITEMS_PER_PAGE})

    def fetch_items_by_id(self, item_ids: Sequence[str]) -> list[dict[str, Any] | None]:
        """Up to 50 items in the order asked for, None for each that Google does not have for this app any more.

        Raises GoogleError when a row failed for another reason: that says nothing about the item.
        """
        answer = self.transport.call(Call("GET", f"{self._library}/mediaItems:batchGet", {"mediaItemIds": list(item_ids)}))
        rows = fit(answer, FOUND_ROWS, "answer").get("mediaItemResults", [])
        codes = {row["status"].get("code", 0) for row in rows if "mediaItem" not in row and "status" in row}
        if len(rows) != len(item_ids) or not codes <= _GONE:
            raise GoogleError("Google could not show some photos just now. What was done until now is saved: run it again later.")
        return [row.get("mediaItem") for row in rows]

    def change_description(self, item_id: str, description: str) -> None:
        """Set the description of an item this app uploaded."""
        url = f"{self._library}/mediaItems/{_key(item_id)}"
        self.transport.call(
            Call("PATCH", url, {"updateMask": "description"}, json={"description": description[:999]}, write=True)
        )

    def create_items(self, album_id: str | None, uploads: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        """The result rows for up to 50 uploads of (upload token, file name), in order, put into the album.

        Repeated when an answer is lost: Google knows the bytes by then and makes no second item of them.
        """
        items = [{"simpleMediaItem": {"fileName": name[:255], "uploadToken": token}} for token, name in uploads]
        body: dict[str, Any] = {"newMediaItems": items}
        if album_id:
            body["albumId"] = album_id
        answer = self.transport.call(Call("POST", f"{self._library}/mediaItems:batchCreate", json=body, write=True))
        return fit(answer, CREATED_ROWS, "answer").get("newMediaItemResults", [])

    @property
    def uploads_url(self) -> str:
        """Where bytes are sent."""
        return f"{self._library}/uploads"

    # Picker

    def create_picking(self, max_items: int) -> dict[str, Any]:
        """A picking session: its id, the link for the person, how often to ask. Safe to repeat: the request has an id."""
        body = {"pickingConfig": {"maxItemCount": str(max_items)}}
        call = Call("POST", f"{self._picker}/sessions", {"requestId": str(uuid4())}, json=body)
        return fit(self.transport.call(call), SESSION, "session")

    def fetch_picking(self, session_id: str) -> dict[str, Any]:
        """The session as it is now."""
        return fit(self.transport.call(Call("GET", f"{self._picker}/sessions/{_key(session_id)}")), SESSION, "session")

    def fetch_picked(self, session_id: str) -> Iterator[dict[str, Any]]:
        """What the person picked; only once they are done."""
        params = {"sessionId": session_id, "pageSize": ITEMS_PER_PAGE}
        return self._pages("GET", f"{self._picker}/mediaItems", "mediaItems", PICKED, params)

    def delete_picking(self, session_id: str) -> None:
        """End a session; Google allows only some at a time. One that has ended already is no failure."""
        try:
            self.transport.call(Call("DELETE", f"{self._picker}/sessions/{_key(session_id)}"))
        except RefusedError as error:
            if error.http_status != 404:
                raise

    # Pictures

    def fetch_picture(self, base_url: str, suffix: str, with_token: bool) -> bytes:
        """The bytes behind a base URL with a suffix such as ``=w512-h512``. Picker URLs need the token, others do not get it."""
        return self.transport.call(Call("GET", base_url + suffix, authorized=with_token, wants="bytes"))

    def _pages(
        self, method: str, url: str, key: str, entry: Shape, params: dict, body: dict | None = None
    ) -> Iterator[dict[str, Any]]:
        """The entries of every page. A page may be empty, and may begin with the last entry of the page before."""
        last_id: str | None = None
        page_token: str | None = None
        while True:
            page: dict[str, str] = {"pageToken": page_token} if page_token else {}
            call = Call(method, url, params if body else {**params, **page}, json={**body, **page} if body else None)
            answer = fit(self.transport.call(call), page_of(key, entry), "page")
            for found in answer.get(key, []):
                if found["id"] != last_id:
                    yield found
                last_id = found["id"]
            before, page_token = page_token, answer.get("nextPageToken")
            if not page_token:
                return
            if page_token == before:
                raise GoogleError(
                    "Google's list of photos leads to the same page again and again. Run the same command again later."
                )


def _key(key: str) -> str:
    """An id as part of an address. Ids come out of databases too, and what stands in those anybody may have written."""
    return quote(key, safe="")
