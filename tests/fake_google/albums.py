"""Library API: albums and what is in them."""

from __future__ import annotations

from typing import Any

from .answer import Request
from .items import check_ids
from .wire import ApiError, bad, not_found, page_of, read_message, read_query, without_defaults
from .world import Album, World

_ALBUM = {
    "id": str,
    "title": str,
    "productUrl": str,
    "isWriteable": bool,
    "mediaItemsCount": int,
    "coverPhotoBaseUrl": str,
    "coverPhotoMediaItemId": str,
    "shareInfo": {"shareableUrl": str, "shareToken": str, "isJoined": bool, "isOwned": bool, "isJoinable": bool},
}
_PLACES = frozenset({"POSITION_TYPE_UNSPECIFIED", "FIRST_IN_ALBUM", "LAST_IN_ALBUM", "AFTER_MEDIA_ITEM", "AFTER_ENRICHMENT_ITEM"})
_POSITION = {"position": _PLACES, "relativeMediaItemId": str, "relativeEnrichmentItemId": str}
POSITION = _POSITION
_LOCATION = {"locationName": str, "latlng": {"latitude": float, "longitude": float}}
_ENRICHMENT = {
    "textEnrichment": {"text": str},
    "locationEnrichment": {"location": _LOCATION},
    "mapEnrichment": {"origin": _LOCATION, "destination": _LOCATION},
}


def album_json(world: World, album: Album, client_id: str) -> dict[str, Any]:
    alive = [world.items[key] for key in album.item_keys if key in world.items and not world.items[key].trashed]
    cover = next((item for item in alive if item.key == album.cover_key), alive[0] if alive else None)
    album_id = world.album_id(album, client_id)
    return without_defaults(
        {
            "id": album_id,
            "title": album.title,
            "productUrl": f"{world.public}/lr/album/{album_id}",
            "isWriteable": album.created_by == client_id,
            "mediaItemsCount": str(_told_count(world, album, len(alive)) or ""),
            "coverPhotoBaseUrl": world.base_url(cover) if cover else "",
            "coverPhotoMediaItemId": world.item_id(cover, client_id) if cover else "",
        }
    )


def _told_count(world: World, album: Album, count: int) -> int:
    """How many items the album says it holds: by a switch, so many as some time ago."""
    lag_s = world.switches.count_lag_s
    if not lag_s:
        album.history = [(world.now(), count)]
        return count
    if not album.history or album.history[-1][1] != count:
        album.history.append((world.now(), count))
    old = [known for at, known in album.history if (world.now() - at).total_seconds() >= lag_s]
    return old[-1] if old else album.history[0][1]


def create(world: World, request: Request) -> dict[str, Any]:
    read_query(request.query, {})
    title = read_message(request.json(), {"album": _ALBUM}).get("album", {}).get("title", "")
    _check_title(title)
    return album_json(world, world.add_album(title, request.client_id), request.client_id)


def _check_title(title: str) -> None:
    if not title:
        raise bad("Request must contain an album title.")
    if len(title) > 500:
        raise bad("The album title must not be longer than 500 characters.")


def list_albums(world: World, request: Request) -> dict[str, Any]:
    values = read_query(request.query, {"pageSize": int, "pageToken": str, "excludeNonAppCreatedData": bool})
    size = values.get("pageSize") or 20
    if not 0 <= size <= 50:
        raise bad("Page size must be between 1 and 50.")
    with world.lock:
        own = [album for album in world.albums.values() if album.created_by == request.client_id and not album.deleted]
    page, following = page_of(world, "albums", request.client_id, own, size, values.get("pageToken"), ("albums",))
    rows = [album_json(world, album, request.client_id) for album in page]
    return without_defaults({"albums": rows, "nextPageToken": following})


def get(world: World, request: Request, album_id: str) -> dict[str, Any]:
    read_query(request.query, {})
    album = world.find_album(album_id, request.client_id)
    if album is None:
        raise not_found()
    return album_json(world, album, request.client_id)


def patch(world: World, request: Request, album_id: str) -> dict[str, Any]:
    mask = read_query(request.query, {"updateMask": str}).get("updateMask", "")
    body = read_message(request.json(), _ALBUM)
    album = writeable(world, request, album_id)
    names = {part.strip() for part in mask.split(",") if part.strip()}
    if not names or not names <= {"title", "coverPhotoMediaItemId"}:
        raise bad("Invalid update mask.")
    if "title" in names:
        _check_title(body.get("title", ""))
        album.title = body["title"]
    if "coverPhotoMediaItemId" in names:
        item = world.find_item(body.get("coverPhotoMediaItemId", ""), request.client_id)
        if item is None or item.key not in album.item_keys:
            raise bad("Request contains an invalid media item id.")
        album.cover_key = item.key
    return album_json(world, album, request.client_id)


def writeable(world: World, request: Request, album_id: str) -> Album:
    """The album if this app created it."""
    album = world.find_album(album_id, request.client_id)
    if album is None:
        with world.lock:
            foreign = any(world.album_id(other, request.client_id) == album_id for other in world.albums.values())
        raise bad("No permission to add media items to this album." if foreign else "The provided ID does not match any albums.")
    return album


def batch_add(world: World, request: Request, album_id: str) -> dict[str, Any]:
    """All or nothing: one bad id fails the whole call."""
    with world.lock:
        album, keys = _read_batch(world, request, album_id)
        inside = set(album.item_keys)
        if world.switches.re_adding == "refused" and inside & set(keys):
            raise bad("Request contains an invalid media item id.")
        new = [key for key in keys if key not in inside]
        if len(inside) + len(new) > world.switches.album_capacity:
            raise bad("The album has reached its maximum number of media items.")
        album.item_keys += new
    return {}


def batch_remove(world: World, request: Request, album_id: str) -> dict[str, Any]:
    with world.lock:
        album, keys = _read_batch(world, request, album_id)
        if not set(keys) <= set(album.item_keys):
            raise bad("Request contains an invalid media item id.")
        album.item_keys = [key for key in album.item_keys if key not in set(keys)]
    return {}


def _read_batch(world: World, request: Request, album_id: str) -> tuple[Album, list[int]]:
    read_query(request.query, {})
    ids = read_message(request.json(), {"mediaItemIds": [str], "albumId": str}).get("mediaItemIds", [])
    album = writeable(world, request, album_id)
    check_ids(ids)
    items = [world.find_item(item_id, request.client_id) for item_id in ids]
    if None in items:
        raise bad("Request contains an invalid media item id.")
    return album, [item.key for item in items if item]


def add_enrichment(world: World, request: Request, album_id: str) -> dict[str, Any]:
    read_query(request.query, {})
    body = read_message(request.json(), {"newEnrichmentItem": _ENRICHMENT, "albumPosition": _POSITION, "albumId": str})
    album = writeable(world, request, album_id)
    item = body.get("newEnrichmentItem", {})
    if len(item) != 1 or not _is_whole(item):
        raise bad("Request must contain exactly one enrichment.")
    if not body.get("albumPosition", {}).get("position"):
        raise bad("Request must contain an album position.")
    with world.lock:
        after = place_of(world, request, album, body["albumPosition"])
        enrichment_id = world.opaque("AEn", "enrichment", world.new_key())
        album.enrichments.append({**item, "position": body["albumPosition"]["position"], "id": enrichment_id, "after": after})
    return {"enrichmentItem": {"id": enrichment_id}}


def _is_whole(item: dict[str, Any]) -> bool:
    ((kind, content),) = item.items()
    needed = {"textEnrichment": ("text",), "locationEnrichment": ("location",), "mapEnrichment": ("origin", "destination")}[kind]
    return all(content.get(name) for name in needed)


def place_of(world: World, request: Request, album: Album, position: dict[str, str]) -> int:
    """How many items of the album come before this position."""
    kind = position.get("position", "POSITION_TYPE_UNSPECIFIED")
    if kind == "FIRST_IN_ALBUM":
        return 0
    if kind == "AFTER_MEDIA_ITEM":
        item = world.find_item(position.get("relativeMediaItemId", ""), request.client_id)
        if item is None or item.key not in album.item_keys:
            raise bad("Request contains an invalid media item id.")
        return album.item_keys.index(item.key) + 1
    if kind == "AFTER_ENRICHMENT_ITEM":
        for enrichment in album.enrichments:
            if enrichment["id"] == position.get("relativeEnrichmentItemId"):
                return enrichment["after"]
        raise bad("Request contains an invalid enrichment item id.")
    return len(album.item_keys)


def removed(world: World, request: Request, *parts: str) -> dict[str, Any]:
    """Sharing ended on 31 March 2025, for every app and every scope."""
    raise ApiError(403, "Request had insufficient authentication scopes.")
