"""Any picture file as a JPEG that every browser shows: upright, within bounds, and with nothing in it but pixels and their colours."""

from __future__ import annotations

import io
import math
import os
from dataclasses import dataclass

from ...errors import PictureError
from .decode import FORMATS, Decoded, decode_picture, readable
from .file_kinds import HEAD_BYTES, RAW, VIDEO, kind_of
from .raw import decode_raw

MAX_DECODED_PIXELS = 200_000_000  # held in memory as 600 MB while one picture is rendered
MAX_SHOWN_PIXELS = 60_000_000
QUALITY = 95  # with full colour resolution: what is compared must not differ by this encoding


@dataclass(frozen=True)
class Rendering:
    """JPEG `content` of `width` x `height` pixels; the file itself has `full_width` x `full_height`, both upright."""

    content: bytes
    width: int
    height: int
    full_width: int
    full_height: int


def render_jpeg(data: bytes, name: str) -> Rendering:
    """A picture file at its own resolution, up to 60 megapixels, without EXIF, place or comment.

    RAW files are shown through the picture that the camera put in them. Raises PictureError (``video`` for a film) and
    MissingExtra.
    """
    kind = kind_of(data[:HEAD_BYTES], os.path.splitext(name)[1].lower())
    if kind is None:
        raise PictureError("not_a_picture", "its content is not a picture in a format that is known")
    if kind.family == VIDEO:
        raise PictureError("video", "it is a film, and of those only the preview is shown")
    side = shown_side(data)
    decoded = decode_raw(data, side)[0] if kind.family == RAW else decode_picture(data, side, MAX_DECODED_PIXELS)
    return _encode(decoded)


def shown_side(data: bytes) -> int:
    """The shorter side down to which a picture may be reduced while decoding; beyond every picture's own when it need not be."""
    size = read_size(data)
    return min(size) // _factor(*size) if size else 1 << 20


def _factor(width: int, height: int) -> int:
    """By how much a picture of this size is reduced to stay within bounds; 1 for all but panoramas."""
    return max(1, math.ceil(math.sqrt(width * height / MAX_SHOWN_PIXELS)))


def read_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that the file claims, without decoding it; None when only its own decoder can tell."""
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None  # decode_picture has its own limit, with a sentence
    try:
        with Image.open(io.BytesIO(readable(data)), formats=FORMATS) as image:
            return image.width, image.height
    except Exception:  # codecs raise anything on damaged input; decoding will say what is wrong
        return None


def _encode(decoded: Decoded) -> Rendering:
    image = decoded.image
    factor = _factor(*image.size)
    if factor > 1:
        image = image.reduce(factor)
    profile = image.info.get("icc_profile") or b""
    image.info.clear()  # Pillow would write the comment of the original again
    buffer = io.BytesIO()
    # A profile of CMYK or grey does not fit the RGB that was made of it.
    kept = profile if profile[16:20] == b"RGB " else None
    image.save(buffer, "JPEG", quality=QUALITY, subsampling=0, icc_profile=kept)
    return Rendering(buffer.getvalue(), image.width, image.height, decoded.width, decoded.height)
