"""Which call is answered by what, and which scope it needs since 31 March 2025."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from . import albums, discovery, items, media, oauth, pages, picker, quotas, uploads
from .answer import Answer, Request, html, json_answer
from .wire import ApiError, select_fields
from .world import APPEND, EDIT, PICK, PROJECT_NUMBER, READ, World

_ID = r"([A-Za-z0-9_-]+)"
Handler = Callable[..., Any]

API: tuple[tuple[str, str, frozenset[str], Handler], ...] = tuple(
    (verb, re.compile(f"^{path}$"), frozenset(scopes), handler)
    for verb, path, scopes, handler in (
        ("POST", "/v1/albums", {APPEND}, albums.create),
        ("GET", "/v1/albums", {READ}, albums.list_albums),
        ("GET", f"/v1/albums/{_ID}", {READ}, albums.get),
        ("PATCH", f"/v1/albums/{_ID}", {EDIT}, albums.patch),
        ("POST", f"/v1/albums/{_ID}:addEnrichment", {APPEND, EDIT}, albums.add_enrichment),
        ("POST", f"/v1/albums/{_ID}:batchAddMediaItems", {APPEND, EDIT}, albums.batch_add),
        ("POST", f"/v1/albums/{_ID}:batchRemoveMediaItems", {APPEND, EDIT}, albums.batch_remove),
        ("POST", f"/v1/albums/{_ID}:share", set(), albums.removed),
        ("POST", f"/v1/albums/{_ID}:unshare", set(), albums.removed),
        ("POST", "/v1/sharedAlbums:join", set(), albums.removed),
        ("POST", "/v1/sharedAlbums:leave", set(), albums.removed),
        ("GET", "/v1/sharedAlbums", set(), albums.removed),
        ("GET", f"/v1/sharedAlbums/{_ID}", set(), albums.removed),
        ("POST", "/v1/mediaItems:batchCreate", {APPEND}, uploads.batch_create),
        ("GET", "/v1/mediaItems:batchGet", {READ}, items.batch_get),
        ("POST", "/v1/mediaItems:search", {READ}, items.search),
        ("GET", "/v1/mediaItems", {READ}, items.list_items),
        ("GET", f"/v1/mediaItems/{_ID}", {READ}, items.get_item),
        ("PATCH", f"/v1/mediaItems/{_ID}", {EDIT}, items.patch_item),
        ("POST", "/v1/uploads", {APPEND}, uploads.start),
        ("POST", "/v1/sessions", {PICK}, picker.create),
        ("GET", f"/v1/sessions/{_ID}", {PICK}, picker.get),
        ("DELETE", f"/v1/sessions/{_ID}", {PICK}, picker.delete),
    )
)


def answer(world: World, request: Request) -> Answer:
    """The whole fake as one function: a request in, an answer out."""
    path = request.path
    if path in ("/o/oauth2/auth", "/o/oauth2/v2/auth"):
        return oauth.authorize(world, request)
    if path in ("/token", "/oauth2/v4/token", "/oauth2/v3/token", "/o/oauth2/token"):
        return oauth.token(world, request)
    if path == "/revoke":
        return oauth.revoke(world, request)
    if path == "/$discovery/rest" or path.startswith("/v1/"):
        try:
            return json_answer(discovery.describe(world, request)) if path.startswith("/$") else _api(world, request)
        except ApiError as error:
            return json_answer(error.body(), error.http_status)
    if path.startswith(("/lr/photo/", "/lr/album/")):
        return pages.page(world, request)
    if path.startswith(("/lr/", "/ppa/")):
        return _media(world, request)
    if path.startswith("/picker/"):
        return picker.page(world, request, path.removeprefix("/picker/"))
    return html(404, "<title>Error 404 (Not Found)!!1</title>")


def _media(world: World, request: Request) -> Answer:
    if not quotas.media_left(world):
        return html(429, "<title>429</title>Too Many Requests")
    try:
        _sign_in(world, request)
    except ApiError:
        request.client_id = ""  # a Library base URL needs no token, and a bad one does no harm
    return media.serve(world, request)


def _api(world: World, request: Request) -> Answer:
    _sign_in(world, request)
    if not world.switches.api_enabled:
        raise ApiError(
            403,
            f"Photos Library API has not been used in project {PROJECT_NUMBER} before or it is disabled. Enable it by visiting "
            "https://console.developers.google.com/apis/api/photoslibrary.googleapis.com/overview"
            f"?project={PROJECT_NUMBER} then retry.",
            details=[
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com"}
            ],
        )
    if world.switches.photos_off:
        raise ApiError(403, "Google Photos is disabled for the user")
    if not request.path.startswith("/v1/sessions") and "sessionId" not in request.query:
        quotas.count_request(world, request.verb, request.path)
    if request.path == "/v1/uploads" and "upload_id" in request.query:
        return uploads.go_on(world, request)
    handler, parts = _find(world, request)
    result = handler(world, request, *parts)
    if isinstance(result, Answer):
        return result
    fields = request.query.get("fields")
    return json_answer(select_fields(result, fields[-1]) if fields else result)


def _find(world: World, request: Request) -> tuple[Handler, tuple[str, ...]]:
    if request.verb == "GET" and request.path == "/v1/mediaItems" and "sessionId" in request.query:
        # Two services share this path; the parameter tells the Picker API's from the Library API's.
        _require(request, frozenset({PICK}))
        return picker.list_items, ()
    for verb, pattern, scopes, handler in API:
        found = pattern.match(request.path)
        if found and verb == request.verb:
            _require(request, scopes)
            return handler, found.groups()
    raise ApiError(404, "Method not found.", "NOT_FOUND")


def _require(request: Request, scopes: frozenset[str]) -> None:
    if not scopes & request.scopes:
        raise ApiError(403, "Request had insufficient authentication scopes.")


def _sign_in(world: World, request: Request) -> None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    token = token if kind.lower() == "bearer" else request.query.get("access_token", [""])[-1]
    known = world.access_tokens.get(token)
    if known is None or world.now() >= known["ends"]:
        raise ApiError(
            401,
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
            "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        )
    request.client_id, request.scopes = known["client_id"], known["scopes"]
