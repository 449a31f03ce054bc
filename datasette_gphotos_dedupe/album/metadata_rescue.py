"""Rescue first: what Google lets this app carry over by itself goes to the keepers before their copies go."""

from __future__ import annotations

import sqlite3

from ..errors import RefusedError
from ..google.api_calls import Client
from ..google.parsing import concerns_album
from ..google.signin_flow import EDIT
from ..store.library.google_items import save_album_photo, save_description
from .metadata_losses import Rescue, plan_rescue
from .push_candidates import Candidate, PushPhoto

NO_EDIT = "the sign-in lacks the permission photoslibrary.edit.appcreateddata. Sign in again and tick every box"


class Lifeboat:
    """Carries descriptions and memberships over. A copy whose rescue fails does not go."""

    def __init__(self, conn: sqlite3.Connection, client: Client):
        self._conn, self._client = conn, client
        self._described: set[str] = set()

    def rescue(self, candidates: list[Candidate]) -> dict[str, str]:
        """Carry over what these copies have; returns the reason for each photo whose rescue failed."""
        failures: dict[str, str] = {}
        albums: dict[str, list[tuple[Rescue, PushPhoto]]] = {}
        for candidate in candidates:
            keeper = candidate.survivor
            if keeper is None:
                continue
            for thing in plan_rescue(candidate, keeper):
                if thing.by_api and thing.album_id:
                    albums.setdefault(thing.album_id, []).append((thing, keeper))
                elif thing.by_api and (trouble := self._describe(thing, keeper)):
                    failures[thing.photo_id] = f"its description could not be given to its keeper {keeper.name} first: {trouble}"
        for album_id, things in albums.items():
            trouble = self._file(album_id, {item.photo_id: item.library_id or "" for _, item in things})
            for thing, item in things if trouble else ():
                failures[thing.photo_id] = (
                    f'its keeper {item.name} could not be put into the album "{thing.value}" first: {trouble}'
                )
        return failures

    def _describe(self, thing: Rescue, keeper: PushPhoto) -> str | None:
        """Describe the keeper; what stands in the way, in words. Another copy's words are never replaced."""
        if keeper.photo_id in self._described:
            return None
        if EDIT not in self._client.scopes:
            return NO_EDIT
        try:
            self._client.change_description(keeper.library_id or "", thing.value)
        except RefusedError as error:
            return str(error)
        self._described.add(keeper.photo_id)
        save_description(self._conn, keeper.photo_id, thing.value)
        return None

    def _file(self, album_id: str, keepers: dict[str, str]) -> str | None:
        """Put the keepers into an album of this app; what stands in the way, in words."""
        try:
            self._client.add_to_album(album_id, list(dict.fromkeys(keepers.values())))
        except RefusedError as error:
            # Whether adding an item twice is refused is not documented: those that are inside are no failure.
            if error.http_status != 400 or concerns_album(str(error)) or not self._are_inside(album_id, keepers):
                return str(error)
        for photo_id in keepers:
            save_album_photo(self._conn, album_id, photo_id)
        return None

    def _are_inside(self, album_id: str, keepers: dict[str, str]) -> bool:
        return set(keepers.values()) <= set(self._client.fetch_album_item_ids(album_id))
