"""Picker API: sessions that the person completes, and another JSON than the Library API's."""

from __future__ import annotations

import html as escaping
from datetime import timedelta
from typing import Any

from .answer import Answer, Request, html
from .wire import ApiError, bad, not_found, page_of, read_message, read_query, timestamp, without_defaults
from .world import Item, World

SESSION_LIFE = timedelta(days=7)
POLLING_LIFE = timedelta(minutes=30)
MAX_PICKED = 2000
_SESSION = {
    "id": str,
    "pickerUri": str,
    "pollingConfig": {"pollInterval": str, "timeoutIn": str},
    "expireTime": str,
    "pickingConfig": {"maxItemCount": int},
    "mediaItemsSet": bool,
}


def create(world: World, request: Request) -> dict[str, Any]:
    request_id = read_query(request.query, {"requestId": str}).get("requestId")
    body = read_message(request.json(), _SESSION)
    with world.lock:
        for known_id, known in world.sessions.items():
            if request_id and known["request_id"] == request_id and known["client_id"] == request.client_id:
                return session_json(world, known_id)
        open_ones = [s for s in world.sessions.values() if s["client_id"] == request.client_id and world.now() < s["ends"]]
        if len(open_ones) >= world.switches.max_sessions:
            raise ApiError(429, "Too many open picking sessions.")
        session_id = world.opaque("", "picking", world.new_key(), length=36)
        world.sessions[session_id] = {
            "client_id": request.client_id,
            "request_id": request_id,
            "maximum": body.get("pickingConfig", {}).get("maxItemCount") or MAX_PICKED,
            "given": "maxItemCount" in body.get("pickingConfig", {}),
            "ends": world.now() + SESSION_LIFE,
            "polling_ends": world.now() + POLLING_LIFE,
            "picked": None,
        }
    return session_json(world, session_id)


def session_json(world: World, session_id: str) -> dict[str, Any]:
    session = world.sessions[session_id]
    done = session["picked"] is not None
    left = max(0, int((session["polling_ends"] - world.now()).total_seconds()))
    return without_defaults(
        {
            "id": session_id,
            "pickerUri": f"{world.public}/picker/{session_id}",
            "pollingConfig": None if done else {"pollInterval": "5s", "timeoutIn": f"{left}s"},
            "expireTime": timestamp(session["ends"]),
            "pickingConfig": {"maxItemCount": str(session["maximum"])} if session["given"] else None,
            "mediaItemsSet": done,
        }
    )


def _own(world: World, request: Request, session_id: str) -> dict[str, Any]:
    session = world.sessions.get(session_id)
    if session is None or session["client_id"] != request.client_id or world.now() >= session["ends"]:
        raise not_found()
    return session


def get(world: World, request: Request, session_id: str) -> dict[str, Any]:
    read_query(request.query, {})
    _own(world, request, session_id)
    return session_json(world, session_id)


def delete(world: World, request: Request, session_id: str) -> dict[str, Any]:
    read_query(request.query, {})
    _own(world, request, session_id)
    del world.sessions[session_id]
    return {}


def list_items(world: World, request: Request) -> dict[str, Any]:
    values = read_query(request.query, {"sessionId": str, "pageSize": int, "pageToken": str})
    session = _own(world, request, values.get("sessionId", ""))
    if session["picked"] is None:
        raise ApiError(400, "The user has not finished picking media items.", "FAILED_PRECONDITION")
    size = values.get("pageSize") or 50
    if size < 0:
        raise bad("Page size must not be negative.")
    items = [world.items[key] for key in session["picked"]]
    page, following = page_of(
        world, "picked", request.client_id, items, min(size, 100), values.get("pageToken"), (values["sessionId"],)
    )
    rows = [_picked_json(world, item, request.client_id) for item in page]
    return without_defaults({"mediaItems": rows, "nextPageToken": following})


def _picked_json(world: World, item: Item, client_id: str) -> dict[str, Any]:
    kind = {"videoMetadata": {"fps": 30.0, "processingStatus": item.processing}} if item.video else {"photoMetadata": {}}
    metadata = {
        "width": item.width,
        "height": item.height,
        "cameraMake": item.camera_make,
        "cameraModel": item.camera_model,
        **kind,
    }
    return {
        "id": world.opaque("AGp", "picked", client_id, item.key),
        "createTime": timestamp(item.taken_at),
        "type": "VIDEO" if item.video else "PHOTO",
        "mediaFile": {
            "baseUrl": world.base_url(item, picker=True),
            "mimeType": item.mime_type,
            "filename": item.filename,
            "mediaFileMetadata": without_defaults(metadata),
        },
    }


def pick(world: World, session_id: str, items: list[Item] | None = None) -> None:
    """The person taps Done: these photos, or everything up to the session's maximum."""
    with world.lock:
        session = world.sessions[session_id]
        chosen = items if items is not None else [item for item in world.items.values() if not item.trashed]
        session["picked"] = [item.key for item in chosen][: session["maximum"]]


def page(world: World, request: Request, session_id: str) -> Answer:
    """The page behind `pickerUri`: the library with boxes to tick."""
    session_id = session_id.removesuffix("/autoclose")
    session = world.sessions.get(session_id)
    if session is None or session["picked"] is not None:
        return html(404, "<h1>This selection has ended</h1>")
    if request.verb == "POST":
        keys = {int(value) for name, value in _pairs(request) if name == "item"}
        pick(world, session_id, [item for item in world.items.values() if item.key in keys])
        return html(200, "<h1>Done</h1><p>Go back to the program.</p>")
    boxes = "".join(
        f"<label><input type=checkbox name=item value={item.key}> "
        f'<img src="{escaping.escape(world.base_url(item))}=w120-h120" alt="">'
        f" {escaping.escape(item.filename)}</label><br>"
        for item in world.items.values()
    )
    return html(200, f"<h1>Pick photos</h1><form method=post>{boxes}<button>Done</button></form>")


def _pairs(request: Request) -> list[tuple[str, str]]:
    from urllib.parse import parse_qsl

    return parse_qsl(request.body.decode("utf8", "replace"))
