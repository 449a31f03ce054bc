"""Camera raw files through the preview that the camera put in them. Needs the `raw` extra (rawpy)."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from ...errors import MissingExtra, PictureError
from .decode import WORKING_SIDE, Decoded, decode_picture

MIN_PREVIEW_SIDE = 256  # smaller previews are too coarse for a fingerprint


def decode_raw(data: bytes, working_side: int = WORKING_SIDE) -> tuple[Decoded, bytes]:
    """The upright preview of a raw file, with the size of the full picture, and the preview's own JPEG bytes (or none).

    It is reduced as in `decode_picture`.

    Raises MissingExtra without rawpy, PictureError for damaged files.
    """
    try:
        import rawpy
    except ImportError as error:
        raise MissingExtra("This camera raw file", "raw") from error
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            turned = raw.sizes.flip in (5, 6)
            width, height = raw.sizes.iwidth, raw.sizes.iheight
            preview = _embedded_jpeg(raw, rawpy)
            decoded = _decoded_preview(preview, turned, working_side) or _developed(raw)
    except rawpy.LibRawError as error:
        raise PictureError("broken", f"the raw file is damaged: {error}") from error
    if decoded.width < decoded.height and width > height:
        width, height = height, width
    return replace(decoded, width=max(width, decoded.width), height=max(height, decoded.height), format="RAW"), preview


def _embedded_jpeg(raw: Any, rawpy: Any) -> bytes:
    try:
        thumb = raw.extract_thumb()
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
        return b""
    return bytes(thumb.data) if thumb.format == rawpy.ThumbFormat.JPEG else b""


def _decoded_preview(preview: bytes, turned: bool, working_side: int) -> Decoded | None:
    if not preview:
        return None
    try:
        decoded = decode_picture(preview, working_side)
    except PictureError:
        return None
    if min(decoded.width, decoded.height) < MIN_PREVIEW_SIDE:
        return None
    if turned and decoded.width > decoded.height:
        return None  # the preview carries no orientation of its own; developing applies the right one
    return decoded


def _developed(raw: Any) -> Decoded:
    from PIL import Image

    image = Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True))
    return Decoded(image, image.width * 2, image.height * 2, "RAW", {})
