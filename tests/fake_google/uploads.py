"""Library API: bytes in (raw and resumable), and items made of them."""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import datetime, timedelta, timezone
from typing import Any

from .albums import POSITION, place_of, writeable
from .answer import Answer, Request, json_answer
from .items import item_json
from .wire import ApiError, bad, read_message, read_query
from .world import Album, Item, World, guess_mime

GRANULARITY = 262_144
TOKEN_LIFE = timedelta(days=1)
MAX_PHOTO_BYTES = 200_000_000
_NEW_ITEM = {"description": str, "simpleMediaItem": {"fileName": str, "uploadToken": str}}
_CREATE = {"albumId": str, "newMediaItems": [_NEW_ITEM], "albumPosition": POSITION}
_VIDEO_ENDINGS = [
    ".3gp",
    ".3g2",
    ".asf",
    ".avi",
    ".divx",
    ".m2t",
    ".m2ts",
    ".m4v",
    ".mkv",
    ".mmv",
    ".mod",
    ".mov",
    ".mp4",
    ".mpg",
    ".mts",
    ".tod",
    ".wmv",
]

_RAW_ENDINGS = (".arw", ".cr2", ".dng", ".nef", ".nrw", ".orf", ".raf", ".rw2")


def start(world: World, request: Request) -> Answer:
    """POST /v1/uploads: the bytes at once, or the start of a resumable upload."""
    protocol = request.headers.get("x-goog-upload-protocol")
    if protocol == "raw":
        _check_hash(request, request.body)
        return _finished(world, request.client_id, request.body, request.headers.get("x-goog-upload-file-name"))
    if protocol == "resumable" and request.headers.get("x-goog-upload-command") == "start":
        return _begin(world, request)
    raise bad("Invalid upload protocol or command.")


def _check_hash(request: Request, body: bytes) -> None:
    given = request.headers.get("x-goog-hash", "")
    if given.startswith("sha1=") and given[5:] != base64.b64encode(hashlib.sha1(body).digest()).decode():
        raise bad("User-provided checksum does not match received payload content.")


def _finished(world: World, client_id: str, body: bytes, name: str | None, headers: dict | None = None) -> Answer:
    if not body:
        raise bad("Empty upload.")
    if len(body) > MAX_PHOTO_BYTES:
        raise ApiError(413, "Request Entity Too Large")
    with world.lock:
        token = world.token("CAIS", "upload", world.new_key(), length=132)
        world.upload_tokens[token] = {"client_id": client_id, "data": body, "name": name, "at": world.now()}
    return Answer(200, token.encode(), "text/plain; charset=utf-8", headers or {})


def _begin(world: World, request: Request) -> Answer:
    if request.body:
        raise bad("The start of a resumable upload must have an empty body.")
    try:
        size = int(request.headers["x-goog-upload-raw-size"])
    except (KeyError, ValueError):
        raise bad("Missing X-Goog-Upload-Raw-Size.") from None
    with world.lock:
        upload_id = world.opaque("AHm", "session", world.new_key(), length=60)
        name = request.headers.get("x-goog-upload-file-name")
        hash_ = request.headers.get("x-goog-hash", "")
        world.uploads[upload_id] = {
            "client_id": request.client_id,
            "size": size,
            "data": b"",
            "state": "active",
            "name": name,
            "hash": hash_,
        }
    address = f"{world.public}/v1/uploads?upload_id={upload_id}&upload_protocol=resumable"
    return Answer(200, b"", "text/plain; charset=utf-8", {"X-Goog-Upload-URL": address, **_status(upload_id, "active")})


def _status(upload_id: str, state: str) -> dict[str, str]:
    return {
        "X-Goog-Upload-Status": state,
        "X-GUploader-UploadID": upload_id,
        "X-Goog-Upload-Chunk-Granularity": str(GRANULARITY),
    }


def go_on(world: World, request: Request) -> Answer:
    """A later request of a resumable upload: upload, query, cancel, finalize."""
    upload_id = request.query["upload_id"][-1]
    upload = world.uploads.get(upload_id)
    if upload is None or upload["client_id"] != request.client_id:
        raise ApiError(404, "Upload not found.")
    commands = {part.strip() for part in request.headers.get("x-goog-upload-command", "").split(",")}
    if commands == {"query"}:
        return Answer(
            200,
            b"",
            "text/plain; charset=utf-8",
            {**_status(upload_id, upload["state"]), "X-Goog-Upload-Size-Received": str(len(upload["data"]))},
        )
    if commands == {"cancel"}:
        upload["state"] = "canceled"
        return Answer(200, b"", "text/plain; charset=utf-8", _status(upload_id, "canceled"))
    if not commands or not commands <= {"upload", "finalize"} or upload["state"] != "active":
        raise bad("Invalid upload command.")
    return _take(world, request, upload_id, upload, final="finalize" in commands)


def _take(world: World, request: Request, upload_id: str, upload: dict, final: bool) -> Answer:
    with world.lock:
        offset = int(request.headers.get("x-goog-upload-offset", len(upload["data"])))
        if offset != len(upload["data"]):
            raise bad("Invalid upload offset.")
        if not final and len(request.body) % GRANULARITY:
            raise bad("Chunk size must be a multiple of the granularity.")
        if offset + len(request.body) > upload["size"]:
            raise bad("More bytes than announced.")
        upload["data"] += request.body
    if not final:
        return Answer(200, b"", "text/plain; charset=utf-8", _status(upload_id, "active"))
    if len(upload["data"]) != upload["size"]:
        raise bad("Fewer bytes than announced.")
    request.headers.setdefault("x-goog-hash", upload["hash"])
    _check_hash(request, upload["data"])
    upload["state"] = "final"
    return _finished(world, request.client_id, upload["data"], upload["name"], _status(upload_id, "final"))


def batch_create(world: World, request: Request) -> Answer:
    """Rows succeed and fail on their own; the call is 200 all the same."""
    read_query(request.query, {})
    body = read_message(request.json(), _CREATE)
    entries = body.get("newMediaItems", [])
    if not entries:
        raise bad("Request must contain at least one new media item.")
    if len(entries) > 50:
        raise bad("Request must have less than 50 items")
    if body.get("albumPosition") and not body.get("albumId"):
        raise bad("albumPosition must not be set without albumId.")
    seen: set[str] = set()
    with world.lock:
        album = writeable(world, request, body["albumId"]) if body.get("albumId") else None
        before = len(album.item_keys) if album else 0
        at = place_of(world, request, album, body["albumPosition"]) if album and body.get("albumPosition") else before
        rows = [_create_one(world, request.client_id, entry, album, seen) for entry in entries]
        if album and at != before:
            new = album.item_keys[before:]
            album.item_keys = [*album.item_keys[:at], *new, *album.item_keys[at:before]]
    mixed = {bool(row["status"].get("code")) for row in rows} == {True, False}
    return json_answer({"newMediaItemResults": rows}, world.switches.mixed_status if mixed else 200)


def _create_one(world: World, client_id: str, entry: dict, album: Album | None, seen: set[str]) -> dict[str, Any]:
    simple = entry.get("simpleMediaItem", {})
    token = simple.get("uploadToken", "")
    upload = world.upload_tokens.get(token)
    failed = "Failed: There was an error while trying to create this media item."
    if upload is None or upload["client_id"] != client_id or world.now() - upload["at"] > TOKEN_LIFE:
        return _row(token, 3, "Invalid upload token.")
    data, name = upload["data"], simple.get("fileName") or upload["name"] or "unnamed.jpg"
    if not _is_media(data, name):
        return _row(token, 3, failed)
    digest = hashlib.sha1(data).hexdigest()
    if digest in seen:
        return _row(token, 6, "EXISTS: There was an error while trying to create this media item.")
    seen.add(digest)
    known = next((item for item in world.items.values() if item.sha1 == digest and not item.trashed), None)
    if known and known.created_by != client_id and world.switches.reupload == "B":
        return _row(token, 6, "EXISTS: There was an error while trying to create this media item.")
    if known is None or (known.created_by != client_id and world.switches.reupload == "C"):
        known = _new_item(world, client_id, data, name, entry.get("description", ""))
    filed = _filed(world, client_id, token, known, album)
    if known.created_by != client_id and world.switches.reupload == "filed_but_code_6":
        return _row(token, 6, "EXISTS: There was an error while trying to create this media item.")
    return filed


def _filed(world: World, client_id: str, token: str, item: Item, album: Album | None) -> dict[str, Any]:
    if album and item.key not in album.item_keys:
        if len(album.item_keys) >= world.switches.album_capacity:
            return _row(token, 3, "The album has reached its maximum number of media items.")
        album.item_keys.append(item.key)
    return {"uploadToken": token, "status": {"message": "Success"}, "mediaItem": item_json(world, item, client_id)}


def _row(token: str, code: int, message: str) -> dict[str, Any]:
    return {"uploadToken": token, "status": {"code": code, "message": message}}


def _new_item(world: World, client_id: str, data: bytes, name: str, description: str) -> Item:
    return world.add_item(
        name,
        data,
        created_by=client_id,
        description=description,
        mime_type=_mime(data, name),
        taken_at=_taken_at(data) or world.now(),
    )


def _mime(data: bytes, name: str) -> str:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            return Image.MIME.get(image.format or "", "image/jpeg")
    except (UnidentifiedImageError, OSError):
        return guess_mime(name)


def _taken_at(data: bytes) -> datetime | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            exif = image.getexif()
            text = exif.get_ifd(0x8769).get(0x9003) or exif.get(0x0132)
        return datetime.strptime(str(text), "%Y:%m:%d %H:%M:%S").replace(tzinfo=timezone.utc) if text else None
    except (UnidentifiedImageError, OSError, ValueError):
        return None


def _is_media(data: bytes, name: str) -> bool:
    from PIL import Image, UnidentifiedImageError

    ending = name[name.rfind(".") :].lower()
    if ending in _VIDEO_ENDINGS or data[4:8] == b"ftyp" or (ending in _RAW_ENDINGS and len(data) > 1000):
        return True
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError):
        return False
    return True
