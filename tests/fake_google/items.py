"""Library API: mediaItems list, search, get, batchGet, patch."""

from __future__ import annotations

from typing import Any

from .answer import Request
from .wire import ApiError, bad, not_found, page_of, read_message, read_query, timestamp, without_defaults
from .world import Album, Item, World

CATEGORIES = frozenset(
    [
        "NONE",
        "LANDSCAPES",
        "RECEIPTS",
        "CITYSCAPES",
        "LANDMARKS",
        "SELFIES",
        "PEOPLE",
        "PETS",
        "WEDDINGS",
        "BIRTHDAYS",
        "DOCUMENTS",
        "TRAVEL",
        "ANIMALS",
        "FOOD",
        "SPORT",
        "NIGHT",
        "PERFORMANCES",
        "WHITEBOARDS",
        "SCREENSHOTS",
        "UTILITY",
        "ARTS",
        "CRAFTS",
        "FASHION",
        "HOUSES",
        "GARDENS",
        "FLOWERS",
        "HOLIDAYS",
    ]
)
_DATE = {"year": int, "month": int, "day": int}
_FILTERS = {
    "dateFilter": {"dates": [_DATE], "ranges": [{"startDate": _DATE, "endDate": _DATE}]},
    "contentFilter": {"includedContentCategories": [CATEGORIES], "excludedContentCategories": [CATEGORIES]},
    "mediaTypeFilter": {"mediaTypes": [frozenset({"ALL_MEDIA", "PHOTO", "VIDEO"})]},
    "featureFilter": {"includedFeatures": [frozenset({"NONE", "FAVORITES"})]},
    "includeArchivedMedia": bool,
    "excludeNonAppCreatedData": bool,
}
_SEARCH = {"albumId": str, "pageSize": int, "pageToken": str, "filters": _FILTERS, "orderBy": str}
MAX_PAGE, DEFAULT_PAGE = 100, 25


def item_json(world: World, item: Item, client_id: str, album: Album | None = None) -> dict[str, Any]:
    """An item as the Library API sends it: sizes as text, base URL good for an hour."""
    item_id = world.item_id(item, client_id)
    inside = f"lr/album/{world.album_id(album, client_id)}/photo" if album else "lr/photo"
    return without_defaults(
        {
            "id": item_id,
            "description": item.description,
            "productUrl": f"{world.public}/{inside}/{item_id}",
            "baseUrl": world.base_url(item) if not item.video or item.processing == "READY" else "",
            "mimeType": item.mime_type,
            "mediaMetadata": _metadata(item),
            "filename": item.filename,
        }
    )


def _metadata(item: Item) -> dict[str, Any]:
    details: dict[str, Any] = {"cameraMake": item.camera_make, "cameraModel": item.camera_model}
    if item.video:
        details |= {"fps": 30.0, "status": item.processing}
    elif item.camera_model:
        details |= {"focalLength": 4.44, "apertureFNumber": 1.8, "isoEquivalent": 66, "exposureTime": "0.010s"}
    return {
        "creationTime": timestamp(item.taken_at),
        "width": str(item.width),
        "height": str(item.height),
        "video" if item.video else "photo": without_defaults(details),
    }


def list_items(world: World, request: Request) -> dict[str, Any]:
    values = read_query(request.query, {"pageSize": int, "pageToken": str})
    return _page(world, request, _visible(world, request.client_id), values, ("list",), None)


def search(world: World, request: Request) -> dict[str, Any]:
    read_query(request.query, {})
    body = read_message(request.json(), _SEARCH)
    filters = body.get("filters") or {}
    if body.get("albumId") and filters:
        raise bad("The album ID cannot be set if filters are used.")
    _check_filters(filters, body.get("orderBy"))
    key = ("search", body.get("albumId"), repr(sorted(filters.items(), key=str)), body.get("orderBy"))
    if body.get("albumId"):
        album = world.find_album(body["albumId"], request.client_id)
        if album is None:
            raise bad("The provided ID does not match any albums.")
        entries = [world.items[number] for number in album.item_keys if number in world.items]
        # An item that another program put into the library stays invisible here, also inside an album of this app.
        entries = [item for item in entries if item.created_by == request.client_id and not item.trashed]
        return _page(world, request, entries, body, key, album)
    entries = [
        item for item in _visible(world, request.client_id, filters.get("includeArchivedMedia", False)) if _matches(item, filters)
    ]
    if body.get("orderBy"):
        entries.sort(key=lambda item: item.taken_at, reverse=body["orderBy"].endswith(" desc"))
    return _page(world, request, entries, body, key, None)


def _visible(world: World, client_id: str, archived: bool = False) -> list[Item]:
    with world.lock:
        own = [item for item in world.items.values() if item.created_by == client_id and not item.trashed]
    shown = [item for item in own if archived or not item.archived]
    return sorted(shown, key=lambda item: (item.taken_at, item.key), reverse=True)


def _page(world: World, request: Request, entries: list[Item], values: dict, key: tuple, album: Album | None) -> dict[str, Any]:
    size = values.get("pageSize") or DEFAULT_PAGE
    if size < 0:
        raise bad("Page size must not be negative.")
    page, following = page_of(world, "items", request.client_id, entries, min(size, MAX_PAGE), values.get("pageToken"), key)
    rows = [item_json(world, item, request.client_id, album) for item in page]
    return without_defaults({"mediaItems": rows, "nextPageToken": following})


def _check_filters(filters: dict[str, Any], order: str | None) -> None:
    content = filters.get("contentFilter", {})
    for name in ("includedContentCategories", "excludedContentCategories"):
        if len(content.get(name, [])) > 10:
            raise bad("Request must have at most 10 content categories.")
    dates = filters.get("dateFilter", {})
    if len(dates.get("dates", [])) > 5 or len(dates.get("ranges", [])) > 5:
        raise bad("Request must have at most 5 dates and 5 ranges.")
    types = filters.get("mediaTypeFilter", {}).get("mediaTypes", [])
    if len(types) > 1:
        raise bad("Request must have one media type at most.")
    if order and (order not in ("MediaMetadata.creation_time", "MediaMetadata.creation_time desc") or not dates):
        raise bad("orderBy needs a dateFilter and must be MediaMetadata.creation_time.")


def _matches(item: Item, filters: dict[str, Any]) -> bool:
    types = filters.get("mediaTypeFilter", {}).get("mediaTypes", ["ALL_MEDIA"])
    if types == ["PHOTO"] and item.video or types == ["VIDEO"] and not item.video:
        return False
    if "FAVORITES" in filters.get("featureFilter", {}).get("includedFeatures", []) and not item.favorite:
        return False
    dates = filters.get("dateFilter")
    return not dates or _in_dates(item, dates)


def _in_dates(item: Item, dates: dict[str, Any]) -> bool:
    day = (item.taken_at.year, item.taken_at.month, item.taken_at.day)
    single = any(
        all(not date.get(name) or date[name] == part for name, part in zip(("year", "month", "day"), day, strict=True))
        for date in dates.get("dates", [])
    )
    return single or any(
        _day(span.get("startDate", {}), 1) <= day <= _day(span.get("endDate", {}), 99) for span in dates.get("ranges", [])
    )


def _day(date: dict[str, int], missing: int) -> tuple[int, int, int]:
    return date.get("year") or (9999 if missing > 1 else 0), date.get("month") or missing, date.get("day") or missing


def get_item(world: World, request: Request, item_id: str) -> dict[str, Any]:
    read_query(request.query, {})
    item = world.find_item(item_id, request.client_id)
    if item is None:
        raise not_found()
    return item_json(world, item, request.client_id)


def batch_get(world: World, request: Request) -> dict[str, Any]:
    ids = read_query(request.query, {"mediaItemIds": [str]}).get("mediaItemIds", [])
    check_ids(ids)
    rows = []
    for item_id in ids:
        item = world.find_item(item_id, request.client_id)
        if item:
            rows.append({"mediaItem": item_json(world, item, request.client_id)})
        else:
            rows.append({"status": {"code": 3, "message": "Invalid media item ID."}})
    return {"mediaItemResults": rows}


def check_ids(ids: list[str]) -> None:
    """The rules that every call with a list of ids shares."""
    if not ids:
        raise bad("Request must contain at least one id.")
    if len(ids) > 50:
        raise bad("Request must have less than 50 items")
    if len(set(ids)) < len(ids):
        raise bad("Request must not contain duplicated ids")


def patch_item(world: World, request: Request, item_id: str) -> dict[str, Any]:
    mask = read_query(request.query, {"updateMask": str}).get("updateMask", "")
    shape = dict.fromkeys(("id", "description", "productUrl", "baseUrl", "mimeType", "filename"), str)
    body = read_message(request.json(), shape)
    item = world.find_item(item_id, request.client_id)
    if item is None:
        raise ApiError(403, "The caller does not have permission")
    if mask != "description":
        raise bad("Invalid update mask.")
    if len(body.get("description", "")) >= 1000:
        raise bad("The description must have fewer than 1000 characters.")
    item.description = body.get("description", "")
    return item_json(world, item, request.client_id)
