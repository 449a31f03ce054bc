"""Pictures over HTTP: the stored preview of a photo."""

from __future__ import annotations

import hashlib
import sqlite3

from datasette.utils import tilde_decode
from datasette.utils.asgi import Response

from .inline_previews import image_type
from .request_database import Library

# Datasette answers `no-store` to whoever is signed in, whatever is said here; this speaks for public copies.
IMAGE_HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "private, max-age=86400",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
}
_NOTHING = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120" width="160" height="120">
<rect width="160" height="120" fill="#d8dde3"/>
<text x="80" y="65" font-family="sans-serif" font-size="13" text-anchor="middle" fill="#555">no preview</text></svg>"""


def missing_image() -> Response:
    """404 that an <img> still shows as a quiet grey box."""
    return Response(_NOTHING, 404, {**IMAGE_HEADERS, "cache-control": "no-store"}, content_type="image/svg+xml")


def _read_preview(conn: sqlite3.Connection, photo_id: str) -> bytes | None:
    row = conn.execute("SELECT content FROM thumbnails WHERE photo_id = ?", [photo_id]).fetchone()
    return row[0] if row and isinstance(row[0], bytes) else None


async def thumbnail(library: Library, wants_json: bool) -> Response:
    """The preview of one photo. Reading it needs view-table on `thumbnails`."""
    content = await library.read(_read_preview, tilde_decode(library.request.url_vars["photo"]))
    kind = image_type(content) if content else None
    if not content or not kind:
        return missing_image()
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {**IMAGE_HEADERS, "etag": etag}
    if etag in library.request.headers.get("if-none-match", ""):
        return Response("", 304, headers, content_type=kind)
    return Response(content, 200, headers, content_type=kind)
