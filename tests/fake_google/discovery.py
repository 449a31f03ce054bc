"""The machine-readable descriptions of both APIs, as `/$discovery/rest?version=v1` of either host gives them.

Written from the reference, in the form that Google's own client libraries build themselves from.
"""

from __future__ import annotations

from typing import Any

from .answer import Request
from .items import CATEGORIES
from .wire import ApiError
from .world import APPEND, EDIT, PICK, READ, World

PICKER_HOST = "photospicker.googleapis.com"

_STANDARD = {
    "$.xgafv": {"type": "string", "location": "query", "enum": ["1", "2"], "enumDescriptions": ["v1", "v2"]},
    "access_token": {"type": "string", "location": "query"},
    "alt": {"type": "string", "location": "query", "default": "json", "enum": ["json", "media", "proto"]},
    "callback": {"type": "string", "location": "query"},
    "fields": {"type": "string", "location": "query"},
    "key": {"type": "string", "location": "query"},
    "oauth_token": {"type": "string", "location": "query"},
    "prettyPrint": {"type": "boolean", "location": "query", "default": "true"},
    "quotaUser": {"type": "string", "location": "query"},
    "uploadType": {"type": "string", "location": "query"},
    "upload_protocol": {"type": "string", "location": "query"},
}
_KINDS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "strings": {"type": "array", "items": {"type": "string"}},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "string", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "time": {"type": "string", "format": "google-datetime"},
    "duration": {"type": "string", "format": "google-duration"},
    "mask": {"type": "string", "format": "google-fieldmask"},
}
# Fields by message: a kind from above, the name of another message, or [name] for a list of them; a set has the words of an enum.
_LIBRARY: dict[str, dict[str, Any]] = {
    "Album": {
        **{"id": "string", "title": "string", "productUrl": "string", "isWriteable": "bool", "mediaItemsCount": "int64"},
        **{"coverPhotoBaseUrl": "string", "coverPhotoMediaItemId": "string", "shareInfo": "ShareInfo"},
    },
    "ShareInfo": {"shareableUrl": "string", "shareToken": "string", "isJoined": "bool", "isOwned": "bool", "isJoinable": "bool"},
    "CreateAlbumRequest": {"album": "Album"},
    "ListAlbumsResponse": {"albums": ["Album"], "nextPageToken": "string"},
    "BatchAddMediaItemsToAlbumRequest": {"mediaItemIds": "strings"},
    "BatchAddMediaItemsToAlbumResponse": {},
    "BatchRemoveMediaItemsFromAlbumRequest": {"mediaItemIds": "strings"},
    "BatchRemoveMediaItemsFromAlbumResponse": {},
    "AddEnrichmentToAlbumRequest": {"newEnrichmentItem": "NewEnrichmentItem", "albumPosition": "AlbumPosition"},
    "AddEnrichmentToAlbumResponse": {"enrichmentItem": "EnrichmentItem"},
    "EnrichmentItem": {"id": "string"},
    "NewEnrichmentItem": {
        **{"textEnrichment": "TextEnrichment", "locationEnrichment": "LocationEnrichment", "mapEnrichment": "MapEnrichment"},
    },
    "TextEnrichment": {"text": "string"},
    "LocationEnrichment": {"location": "Location"},
    "MapEnrichment": {"origin": "Location", "destination": "Location"},
    "Location": {"locationName": "string", "latlng": "LatLng"},
    "LatLng": {"latitude": "double", "longitude": "double"},
    "AlbumPosition": {
        "position": {"FIRST_IN_ALBUM", "LAST_IN_ALBUM", "AFTER_MEDIA_ITEM", "AFTER_ENRICHMENT_ITEM"},
        **{"relativeMediaItemId": "string", "relativeEnrichmentItemId": "string"},
    },
    "MediaItem": {
        **{"id": "string", "description": "string", "productUrl": "string", "baseUrl": "string", "mimeType": "string"},
        **{"mediaMetadata": "MediaMetadata", "contributorInfo": "ContributorInfo", "filename": "string"},
    },
    "MediaMetadata": {"creationTime": "time", "width": "int64", "height": "int64", "photo": "Photo", "video": "Video"},
    "Photo": {
        **{"cameraMake": "string", "cameraModel": "string", "focalLength": "float", "apertureFNumber": "float"},
        **{"isoEquivalent": "int32", "exposureTime": "duration"},
    },
    "Video": {"cameraMake": "string", "cameraModel": "string", "fps": "double", "status": {"PROCESSING", "READY", "FAILED"}},
    "ContributorInfo": {"profilePictureBaseUrl": "string", "displayName": "string"},
    "ListMediaItemsResponse": {"mediaItems": ["MediaItem"], "nextPageToken": "string"},
    "SearchMediaItemsRequest": {
        **{"albumId": "string", "pageSize": "int32", "pageToken": "string", "filters": "Filters", "orderBy": "string"},
    },
    "SearchMediaItemsResponse": {"mediaItems": ["MediaItem"], "nextPageToken": "string"},
    "Filters": {
        **{"dateFilter": "DateFilter", "contentFilter": "ContentFilter", "mediaTypeFilter": "MediaTypeFilter"},
        **{"featureFilter": "FeatureFilter", "includeArchivedMedia": "bool", "excludeNonAppCreatedData": "bool"},
    },
    "DateFilter": {"dates": ["Date"], "ranges": ["DateRange"]},
    "DateRange": {"startDate": "Date", "endDate": "Date"},
    "Date": {"year": "int32", "month": "int32", "day": "int32"},
    "ContentFilter": {"includedContentCategories": [set(CATEGORIES)], "excludedContentCategories": [set(CATEGORIES)]},
    "MediaTypeFilter": {"mediaTypes": [{"ALL_MEDIA", "VIDEO", "PHOTO"}]},
    "FeatureFilter": {"includedFeatures": [{"NONE", "FAVORITES"}]},
    "BatchCreateMediaItemsRequest": {"albumId": "string", "newMediaItems": ["NewMediaItem"], "albumPosition": "AlbumPosition"},
    "BatchCreateMediaItemsResponse": {"newMediaItemResults": ["NewMediaItemResult"]},
    "NewMediaItem": {"description": "string", "simpleMediaItem": "SimpleMediaItem"},
    "SimpleMediaItem": {"uploadToken": "string", "fileName": "string"},
    "NewMediaItemResult": {"uploadToken": "string", "status": "Status", "mediaItem": "MediaItem"},
    "BatchGetMediaItemsResponse": {"mediaItemResults": ["MediaItemResult"]},
    "MediaItemResult": {"status": "Status", "mediaItem": "MediaItem"},
    "Status": {"code": "int32", "message": "string"},
}
_PICKER: dict[str, dict[str, Any]] = {
    "PickingSession": {
        **{"id": "string", "pickerUri": "string", "pollingConfig": "PollingConfig", "expireTime": "time"},
        **{"pickingConfig": "PickingConfig", "mediaItemsSet": "bool"},
    },
    "PollingConfig": {"pollInterval": "duration", "timeoutIn": "duration"},
    "PickingConfig": {"maxItemCount": "int64"},
    "ListPickedMediaItemsResponse": {"mediaItems": ["PickedMediaItem"], "nextPageToken": "string"},
    "PickedMediaItem": {"id": "string", "createTime": "time", "type": {"PHOTO", "VIDEO"}, "mediaFile": "MediaFile"},
    "MediaFile": {"baseUrl": "string", "mimeType": "string", "filename": "string", "mediaFileMetadata": "MediaFileMetadata"},
    "MediaFileMetadata": {
        **{"width": "int32", "height": "int32", "cameraMake": "string", "cameraModel": "string"},
        **{"photoMetadata": "PhotoMetadata", "videoMetadata": "VideoMetadata"},
    },
    "PhotoMetadata": {"focalLength": "float", "apertureFNumber": "float", "isoEquivalent": "int32", "exposureTime": "duration"},
    "VideoMetadata": {"fps": "double", "processingStatus": {"PROCESSING", "READY", "FAILED"}},
    "Empty": {},
}
_PAGES = {"pageSize": "int32", "pageToken": "string"}
# (name, verb, path, query, request, response, scopes)
_LIBRARY_METHODS = (
    ("albums.create", "POST", "v1/albums", {}, "CreateAlbumRequest", "Album", (APPEND,)),
    ("albums.get", "GET", "v1/albums/{+albumId}", {}, None, "Album", (READ,)),
    ("albums.list", "GET", "v1/albums", {**_PAGES, "excludeNonAppCreatedData": "bool"}, None, "ListAlbumsResponse", (READ,)),
    ("albums.patch", "PATCH", "v1/albums/{+id}", {"updateMask": "mask"}, "Album", "Album", (EDIT,)),
    ("albums.addEnrichment", "POST", "v1/albums/{+albumId}:addEnrichment", {}, *("AddEnrichmentToAlbum",) * 2, (APPEND, EDIT)),
    (
        "albums.batchAddMediaItems",
        "POST",
        "v1/albums/{+albumId}:batchAddMediaItems",
        {},
        *("BatchAddMediaItemsToAlbum",) * 2,
        (EDIT,),
    ),
    (
        *("albums.batchRemoveMediaItems", "POST", "v1/albums/{+albumId}:batchRemoveMediaItems", {}),
        *(*("BatchRemoveMediaItemsFromAlbum",) * 2, (EDIT,)),
    ),
    ("mediaItems.batchCreate", "POST", "v1/mediaItems:batchCreate", {}, *("BatchCreateMediaItems",) * 2, (APPEND,)),
    (
        "mediaItems.batchGet",
        "GET",
        "v1/mediaItems:batchGet",
        {"mediaItemIds": "strings"},
        None,
        "BatchGetMediaItemsResponse",
        (READ,),
    ),
    ("mediaItems.get", "GET", "v1/mediaItems/{+mediaItemId}", {}, None, "MediaItem", (READ,)),
    ("mediaItems.list", "GET", "v1/mediaItems", _PAGES, None, "ListMediaItemsResponse", (READ,)),
    ("mediaItems.patch", "PATCH", "v1/mediaItems/{+id}", {"updateMask": "mask"}, "MediaItem", "MediaItem", (EDIT,)),
    ("mediaItems.search", "POST", "v1/mediaItems:search", {}, *("SearchMediaItems",) * 2, (READ,)),
)
_PICKER_METHODS = (
    ("sessions.create", "POST", "v1/sessions", {"requestId": "string"}, "PickingSession", "PickingSession", (PICK,)),
    ("sessions.get", "GET", "v1/sessions/{+sessionId}", {}, None, "PickingSession", (PICK,)),
    ("sessions.delete", "DELETE", "v1/sessions/{+sessionId}", {}, None, "Empty", (PICK,)),
    ("mediaItems.list", "GET", "v1/mediaItems", {"sessionId": "string", **_PAGES}, None, "ListPickedMediaItemsResponse", (PICK,)),
)


def describe(world: World, request: Request) -> dict[str, Any]:
    """The description of the API whose host was asked. Only v1 is there."""
    if request.query.get("version", ["v1"])[-1] != "v1":
        raise ApiError(404, "Discovery document not found for API service.", "NOT_FOUND")
    host = request.headers.get("host", "")
    root = f"https://{host}/" if host.endswith(".googleapis.com") else f"{world.public}/"
    if host.startswith(PICKER_HOST):
        return _document("photospicker", "Google Photos Picker API", root, _PICKER, _PICKER_METHODS)
    return _document("photoslibrary", "Photos Library API", root, _LIBRARY, _LIBRARY_METHODS)


def _document(name: str, title: str, root: str, schemas: dict[str, dict[str, Any]], methods: tuple) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for method in methods:
        resource, _, verb = method[0].partition(".")
        resources.setdefault(resource, {"methods": {}})["methods"][verb] = _method(name, *method)
    scopes = sorted({scope for *_, scopes in methods for scope in scopes})
    return {
        "kind": "discovery#restDescription",
        **{
            "discoveryVersion": "v1",
            "protocol": "rest",
            "id": f"{name}:v1",
            "name": name,
            "version": "v1",
            "revision": "20260101",
        },
        **{"title": title, "canonicalName": title.removeprefix("Google ").removesuffix(" API"), "description": title},
        **{"ownerDomain": "google.com", "ownerName": "Google", "version_module": True, "fullyEncodeReservedExpansion": True},
        **{"documentationLink": "https://developers.google.com/photos/", "batchPath": "batch"},
        **{"rootUrl": root, "baseUrl": root, "basePath": "", "servicePath": "", "mtlsRootUrl": root},
        "auth": {"oauth2": {"scopes": {scope: {"description": scope.rpartition("/")[2]} for scope in scopes}}},
        "parameters": {key: {"description": key, **value} for key, value in _STANDARD.items()},
        "schemas": {key: _schema(key, fields) for key, fields in schemas.items()},
        "resources": resources,
    }


def _method(api: str, name: str, verb: str, path: str, query: dict, request: str | None, response: str, scopes: tuple) -> dict:
    in_path = [part.strip("{+}") for part in path.replace(":", "/").split("/") if part.startswith("{")]
    parameters = {
        one: {"type": "string", "location": "path", "required": True, "pattern": "^[^/]+$", "description": one} for one in in_path
    }
    for one, kind in query.items():
        repeated = kind == "strings"
        parameters[one] = {**_KINDS["string" if repeated else kind], "location": "query", "description": one}
        parameters[one] |= {"repeated": True} if repeated else {}
    two = request == response and request not in (None, "Album", "MediaItem", "PickingSession")
    described = {"request": {"$ref": f"{request}Request" if two else request}} if request else {}
    return {
        **{"id": f"{api}.{name}", "path": path, "flatPath": path.replace("{+", "{"), "httpMethod": verb, "description": name},
        **{"parameters": parameters, "parameterOrder": in_path, **described},
        **{"response": {"$ref": f"{response}Response" if two else response}, "scopes": list(scopes)},
    }


def _schema(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    properties = {field: {"description": field, **_property(kind)} for field, kind in fields.items()}
    return {"id": name, "type": "object", "description": name, "properties": properties}


def _property(kind: Any) -> dict[str, Any]:
    if isinstance(kind, list):
        return {"type": "array", "items": _property(kind[0])}
    if isinstance(kind, set):
        return {"type": "string", "enum": sorted(kind), "enumDescriptions": [""] * len(kind)}
    return _KINDS.get(kind) or {"$ref": kind}
