"""Taking back: photos that earlier pushes put into the album and that must not be deleted any more.

A person may decide otherwise after a push, or the keeper may be gone since. The photo then still lies in an album in which the next
step is "select all, move to trash".
"""

from __future__ import annotations

import sqlite3

from ..errors import RefusedError
from ..google.api_calls import Client
from ..google.limits import ITEMS_PER_CALL
from ..store import pushes
from ..store.rows import in_parts
from .plan import PlannedItem, plan_withdrawal
from .push_albums import Shelf
from .push_candidates import read_candidates


def withdraw(conn: sqlite3.Connection, push: pushes.Push, client: Client, shelf: Shelf) -> list[str]:
    """Take them out of the albums of this push's title; returns a sentence for those taken out and one for those that stay in."""
    places: dict[str, list[tuple[int, str]]] = {}
    for push_id, photo_id, album_id in pushes.read_added(conn, push.album_title):
        places.setdefault(photo_id, []).append((push_id, album_id))
    candidates = {candidate.photo_id: candidate for candidate in read_candidates(conn, places)}
    leaving = plan_withdrawal(candidates.values())
    taken = [item for item in leaving if item.state == "withdraw"]
    by_album: dict[str, list[str]] = {}
    for item in taken:
        for album_id in {album_id for _, album_id in places[item.photo_id]}:
            known = candidates[item.photo_id].item
            if known is not None and known.library_id:  # or it could not be taken out
                by_album.setdefault(album_id, []).append(known.library_id)
    for album_id, library_ids in by_album.items():
        _take_out(client, shelf, album_id, library_ids)
    for item in taken:
        for push_id, _ in places[item.photo_id]:
            reason = f"{item.reason}; it was taken out of the album again"
            pushes.save_items(conn, push_id, [item.photo_id], "refused", reason)
    told = [_taken_text(_named(taken), push.album_title)] if taken else []
    by_hand = [item for item in leaving if item.state == "by_hand"]
    return told + ([_by_hand_text(_named(by_hand), push.album_title)] if by_hand else [])


def _named(items: list[PlannedItem]) -> list[str]:
    return [f"{item.filename or item.photo_id} ({item.reason})" for item in items]


def _take_out(client: Client, shelf: Shelf, album_id: str, library_ids: list[str]) -> None:
    if not shelf.has(album_id):
        return  # the album was deleted in Google Photos meanwhile
    inside = [library_id for library_id in library_ids if library_id in shelf.contents(album_id)]
    for chunk in in_parts(inside, ITEMS_PER_CALL):
        try:
            client.remove_from_album(album_id, chunk)
        except RefusedError:
            # One that the person took out in this very moment fails the whole call.
            for library_id in set(chunk) & set(client.fetch_album_item_ids(album_id)):
                client.remove_from_album(album_id, [library_id])
        shelf.removed(album_id, chunk)


def _taken_text(names: list[str], title: str) -> str:
    what = "1 photo was" if len(names) == 1 else f"{len(names):,} photos were"
    return f'{what} taken out of "{title}" again: {_some(names)}.'


def _by_hand_text(names: list[str], title: str) -> str:
    what = "1 photo" if len(names) == 1 else f"{len(names):,} photos"
    return f'Take {what} out of "{title}" by hand before you delete: {_some(names)}. Google does not let this app do it.'


def _some(names: list[str]) -> str:
    return "; ".join(names[:5]) + (f"; and {len(names) - 5:,} more" if len(names) > 5 else "")
