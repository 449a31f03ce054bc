"""Base URLs: real pictures, resized on the way, that stop working within the hour."""

from __future__ import annotations

import io
import re
from datetime import datetime, timezone

from .answer import Answer, Request, html
from .world import Item, World

_ADDRESS = re.compile(r"^/(lr|ppa)/([A-Za-z0-9_-]+?)\.(\d+)(=[A-Za-z0-9-]+)?$")


def base_url(world: World, item: Item, picker: bool = False) -> str:
    """An address good for an hour. It holds its end and a mark that nobody can guess."""
    ends = int(world.now().timestamp()) + world.switches.base_url_life_s
    kind = "ppa" if picker else "lr"
    mark = world.opaque("AFBm", "base", kind, item.key, ends)
    world.__dict__.setdefault("base_urls", {})[f"{kind}/{mark}.{ends}"] = item.key
    return f"{world.public}/{kind}/{mark}.{ends}"


def serve(world: World, request: Request) -> Answer:
    """The picture behind a base URL. Without a suffix, expired or unknown it is a 403, as at Google."""
    found = _ADDRESS.match(request.path)
    key = world.__dict__.get("base_urls", {}).get(f"{found[1]}/{found[2]}.{found[3]}") if found else None
    item = world.items.get(key)
    if not found or item is None or not found[4]:
        return html(403, "<title>403</title>Forbidden")
    ends = datetime.fromtimestamp(int(found[3]), timezone.utc)
    revoked = found[1] == "ppa" and not request.client_id
    if world.now() >= ends or revoked or item.trashed:
        return html(403, "<title>403</title>Forbidden")
    return _picture(item, found[4][1:].split("-"))


def _picture(item: Item, options: list[str]) -> Answer:
    if "dv" in options:
        film = (item.data or b"video") if item.video else item.motion
        return Answer(200, film, "video/mp4") if film else html(404, "<title>404</title>")
    if "d" in options:
        headers = {"Content-Disposition": f'attachment;filename="{item.filename}"'}
        return Answer(200, _without_place(original(item)), item.mime_type, headers)
    return Answer(200, _resized(item, options), "image/jpeg")


def original(item: Item) -> bytes:
    """The bytes of an item; one without bytes is drawn, differently for each key."""
    from PIL import Image, ImageDraw

    if item.data is not None:
        return item.data
    image = Image.new("RGB", (640, 480), (item.key * 37 % 256, item.key * 91 % 256, item.key * 53 % 256))
    draw = ImageDraw.Draw(image)
    for number in range(12):
        left, top = (item.key * 97 + number * 131) % 560, (item.key * 61 + number * 89) % 400
        draw.rectangle((left, top, left + 40 + number * 5, top + 60), fill=((item.key * number * 29) % 256, number * 20, 200))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


def _resized(item: Item, options: list[str]) -> bytes:
    """Fit inside =wN-hN, never enlarged; with -c cropped to exactly that size. A video gives a still."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(original(item))) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError):
        image = Image.new("RGB", (item.width, item.height), (item.key * 37 % 256, 80, 120))
    sizes = {option[0]: int(option[1:]) for option in options if re.fullmatch(r"[wh]\d+", option)}
    width, height = sizes.get("w") or image.width, sizes.get("h") or image.height
    if "c" in options:
        image = ImageOps.fit(image, (width, height))
    else:
        image.thumbnail((width, height))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _without_place(data: bytes) -> bytes:
    """`=d` gives the file with its EXIF, but without where it was taken."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            exif = image.getexif()
            if image.format != "JPEG" or 0x8825 not in exif:
                return data
            del exif[0x8825]
            buffer = io.BytesIO()
            image.save(buffer, "JPEG", exif=exif, quality="keep")
            return buffer.getvalue()
    except (UnidentifiedImageError, OSError):
        return data
