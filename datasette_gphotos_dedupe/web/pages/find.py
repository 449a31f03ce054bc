"""`/<db>/-/duplicates/find`: is this picture in the library already? What is sent is looked at and forgotten."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

from ...errors import GphotosError
from ...model import Trouble, bounded_name
from ..site.picture_workers import run_on_picture
from ..site.request_database import Library
from ..site.responses import json_answer, page_answer
from ..site.uploaded_files import read_upload
from .tabs import fetch_tabs

MAX_BYTES = 100_000_000  # a RAW file of the largest sensors


async def find(library: Library, wants_json: bool):
    """GET shows the form; POST with the picture as the field `picture` answers with the nearest photos."""
    if library.request.method == "POST":
        return await _answer(library, wants_json)
    if wants_json:
        how = {"field": "picture", "content_type": "multipart/form-data", "max_bytes": MAX_BYTES}
        return json_answer({"ok": True, "post": how})
    return await _page(library)


async def _answer(library: Library, wants_json: bool):
    try:
        name, data = await read_upload(library.request, "picture", MAX_BYTES)
        lookup, preview = await _look_up(library, bounded_name(name.replace("\\", "/").rpartition("/")[2]), data)
    except GphotosError as error:
        if wants_json:
            raise
        return await _page(library, 400, fault=str(error))  # the form stays there, to try another file
    if wants_json:
        return json_answer(_as_json(library, lookup))
    shown = f"data:image/jpeg;base64,{base64.b64encode(preview).decode()}" if preview else None
    return await _page(library, lookup=lookup, shown_picture=shown)


async def _page(library: Library, status: int = 200, **shown: Any):
    told = {"lookup": None, "shown_picture": None, "fault": None, "max_bytes": MAX_BYTES, "tabs": await fetch_tabs(library)}
    return await page_answer(library, "gphotos_find.html", {**told, **shown}, status)


async def _look_up(library: Library, name: str, data: bytes):
    """The answer about a picture, and its preview as JPEG; None where its pixels cannot be read."""
    from ...pipeline.pictures_for_pages import find_sent, read_sent

    reading = await run_on_picture(read_sent, name, data)
    if isinstance(reading, Trouble):
        raise GphotosError(f"{name} cannot be looked up: {reading.reason}.")
    lookup = await run_on_picture(find_sent, str(library.db.path), name, data, reading)
    if isinstance(lookup, Trouble):
        raise GphotosError(f"{name} cannot be looked up: {lookup.reason}.")
    return lookup, reading.thumbnail.content if reading.thumbnail else None


def _as_json(library: Library, lookup: Any) -> dict[str, Any]:
    told = asdict(lookup)
    for likeness in [*told["found"], *told["nearest"]]:
        likeness["url"] = library.url("duplicates", "photo", library.encode(likeness["photo_id"]))
        if "thumbnails" in library.tables:
            likeness["thumbnail_url"] = library.thumbnail_url(likeness["photo_id"])
    return {"ok": True, "answer": lookup.answer, "words": lookup.words(), **told}
