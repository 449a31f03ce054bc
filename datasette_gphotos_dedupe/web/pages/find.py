"""`/<db>/-/duplicates/find`: is this picture in the library already? What is sent is looked at and forgotten."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from typing import Any

from ...errors import GphotosError
from ..site.access import Library
from ..site.picture_workers import run_on_picture
from ..site.responses import json_answer, page_answer
from ..site.uploaded_files import read_upload

MAX_BYTES = 100_000_000  # a RAW file of the largest sensors
MAX_PIXELS = 200_000_000


async def find(library: Library, wants_json: bool):
    """GET shows the form; POST with the picture as the field `picture` answers with the nearest photos."""
    if library.request.method == "POST":
        name, data = await read_upload(library.request, "picture", MAX_BYTES)
        lookup = await _look_up(library, name.replace("\\", "/").rpartition("/")[2], data)
        if wants_json:
            return json_answer(_as_json(library, lookup))
        return await page_answer(library, "gphotos_find.html", {"lookup": lookup, "max_bytes": MAX_BYTES})
    if wants_json:
        how = {"field": "picture", "content_type": "multipart/form-data", "max_bytes": MAX_BYTES}
        return json_answer({"ok": True, "post": how})
    return await page_answer(library, "gphotos_find.html", {"lookup": None, "max_bytes": MAX_BYTES})


async def _look_up(library: Library, name: str, data: bytes):
    from ...pipeline.finding import find_picture

    reading = await run_on_picture(_read, name, data)

    def search(conn: sqlite3.Connection):
        return find_picture(conn, name, reading)

    return await library.read(search)


def _read(name: str, data: bytes):
    from ...core.pictures.rendering import read_size
    from ...pipeline.finding import read_picture

    size = read_size(data)
    if size and size[0] * size[1] > MAX_PIXELS:
        raise GphotosError(f"{name} claims {size[0]} x {size[1]} pixels, more than is looked up here.")
    return read_picture(name, data)


def _as_json(library: Library, lookup: Any) -> dict[str, Any]:
    told = asdict(lookup)
    for likeness in [*told["found"], *told["nearest"]]:
        likeness["url"] = library.url("duplicates", "photo", library.encode(likeness["photo_id"]))
        if "thumbnails" in library.tables:
            likeness["thumbnail_url"] = library.thumbnail_url(likeness["photo_id"])
    return {"ok": True, "answer": lookup.answer, "words": lookup.words(), **told}
