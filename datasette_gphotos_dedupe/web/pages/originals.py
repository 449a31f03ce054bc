"""The original of a photo in the browser, for those who may review: from the archive it lies in, as a JPEG of pixels only.

Paths come from the table `files` alone, never from an address, and only a file with the checksum that stands there is served: who
made the database has had that very file. Whatever it is, it is decoded and encoded anew: so no place, camera or comment goes out,
HEIC and RAW can be seen, and a file that is no picture is not served at all.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath

from datasette.utils import tilde_decode
from datasette.utils.asgi import Response

from ...errors import NotFoundError
from ...model import Trouble
from ...store.library.files import FilePlace, read_places
from ..site.images import IMAGE_HEADERS
from ..site.picture_workers import run_on_picture
from ..site.request_database import Library


@dataclass(frozen=True)
class Reach:
    """Whether an original can be shown: `url` and where it lies, or `why` not."""

    url: str | None
    where: str | None
    why: str | None


async def original(library: Library, wants_json: bool) -> Response:
    """The original of one photo. Raises NotFoundError, with the reason, when it cannot be had."""
    photo_id = tilde_decode(library.request.url_vars["photo"])
    places = (await library.read(read_places, [photo_id]))[photo_id]
    if not places:
        raise NotFoundError(f"No file of the photo {photo_id} is known.")
    etag = _etag(places[0])
    headers = {**IMAGE_HEADERS, **({"etag": etag} if etag else {})}
    if etag and etag in library.request.headers.get("if-none-match", ""):
        return Response("", 304, headers, content_type="image/jpeg")
    from ...pipeline.pictures_for_pages import NOT_SHOWN, render_first

    content = await run_on_picture(render_first, places)
    if isinstance(content, Trouble):
        raise NotFoundError(f"The original cannot be shown: {NOT_SHOWN}.")
    return Response(content, 200, headers, content_type="image/jpeg")


def _etag(place: FilePlace) -> str | None:
    from ...core.pictures.browser_jpeg import QUALITY

    return f'"{hashlib.sha256(f"{place.sha1} {QUALITY}".encode()).hexdigest()[:20]}"' if place.sha1 else None


async def find_reach(library: Library, photos: Sequence[dict]) -> dict[str, Reach]:
    """For each of these photos whether its original can be shown to this actor."""
    if not library.can_review or "files" not in library.tables:
        return {photo["photo_id"]: Reach(None, None, "originals are shown to those who may review") for photo in photos}
    places = await library.read(read_places, [photo["photo_id"] for photo in photos])
    return await asyncio.to_thread(lambda: {p["photo_id"]: _reach(library, p, places[p["photo_id"]]) for p in photos})


def _reach(library: Library, photo: dict, places: Sequence[FilePlace]) -> Reach:
    from ...pipeline.pictures_for_pages import NOT_SHOWN, is_there

    why = "no file of it is known"
    if photo.get("kind") == "video":
        return Reach(None, None, "it is a film")
    for place in places:
        if not is_there(place):
            why = NOT_SHOWN
            continue
        where = f"{place.member} in {PureWindowsPath(place.container).name}"  # knows / and \ alike
        return Reach(library.url("original", library.encode(photo["photo_id"])), where, None)
    return Reach(None, None, why)
