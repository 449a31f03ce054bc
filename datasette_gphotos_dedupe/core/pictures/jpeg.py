"""JPEG previews for publishing: without anything but pixels, and smaller if wanted."""

from __future__ import annotations

import io

SMALL_SIDE = 120
MAX_HEADER_BYTES = 16_000_000  # a depth map in XMP takes some megabytes
_SOI, _SOS = b"\xff\xd8", 0xDA
# Needed to show the picture right: JFIF, and Adobe's note about colours. EXIF, XMP, profiles and comments are not.
_KEPT_SEGMENTS = {0xE0, 0xEE}


def stripped_jpeg(data: bytes) -> bytes:
    """The same JPEG without EXIF, XMP, colour profile and comments; what is not a JPEG becomes empty.

    Walks the segments up to the picture data (ITU T.81, annex B): marker, two bytes of length, content.
    """
    if data is None or not data.startswith(_SOI):
        return b""
    parts, position = [_SOI], 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker == _SOS:
            end = data.rfind(b"\xff\xd9")
            return b"".join([*parts, data[position : end + 2] if end > position else data[position:]])
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker in _KEPT_SEGMENTS:
            parts.append(data[position : position + 2 + length])
        position += 2 + length
    return b""


def without_ballast(data: bytes, max_bytes: int = MAX_HEADER_BYTES) -> bytes:
    """The same JPEG with at most so many bytes of EXIF, XMP, profiles and comments before its pixels; what is none, as it is.

    Pillow joins the pieces of one EXIF block by copying what it has for each: 100 MB of them take minutes.
    """
    if not data.startswith(_SOI):
        return data
    position, ballast = 2, 0
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == 0xFF:
            position += 1
            continue
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            break
        if ballast + length > max_bytes:
            return data[:position] + data[_end_of_ballast(data, position) :]
        ballast += length
        position += 2 + length
    return data


def _end_of_ballast(data: bytes, position: int) -> int:
    while (
        position + 4 <= len(data)
        and data[position] == 0xFF
        and (0xE0 <= data[position + 1] <= 0xEF or data[position + 1] == 0xFE)
    ):
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return position


def shrunk_jpeg(data: bytes, side: int = SMALL_SIDE, quality: int = 60) -> bytes:
    """The JPEG at no more than `side` pixels, pixels only; empty when it cannot be read."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (side, side))
            small = image.convert("RGB")
    except (OSError, TypeError):
        return b""
    small.thumbnail((side, side))
    small.info.clear()  # Pillow would write the comment of the original again
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()
