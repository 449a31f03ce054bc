"""JPEG files by their segments (ITU T.81, annex B): where one begins and ends, what it can do without, and one that lacks its end.

A JPEG that lacks nothing but the marker at its end, or has zeros in its place, is shown by every viewer.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

SOI, EOI = b"\xff\xd8\xff", b"\xff\xd9"
MAX_SEGMENTS = 10_000
_SOS = 0xDA
_SOF = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF))
_BARE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a length
SMALL_SIDE = 120
MAX_HEADER_BYTES = 16_000_000  # a depth map in XMP takes some megabytes
# Needed to show the picture right: JFIF, and Adobe's note about colours. EXIF, XMP, profiles and comments are not.
_KEPT_SEGMENTS = {0xE0, 0xEE}
MAX_PIXELS = 100_000_000  # decoded twice, each time as a whole
# Behind the last block of a picture these are passed over; behind any other they become blocks of their own.
_PROBE = bytes(range(1, 250, 7)) * 4


@dataclass(frozen=True)
class JpegStill:
    """One JPEG of a file: its header, the width, height and bits of its pixels, and where these begin."""

    head: bytes
    size: tuple[int, int]
    bits: int
    pixels: int

    def end(self, data: bytes) -> int:
        """Where it ends: behind the marker, or where there is none, with all that is left. Looks through all of its pixels."""
        at = data.find(EOI, self.pixels)  # stuffing keeps these two bytes out of the pixels
        return at + 2 if at >= 0 else len(data)


def still_at(data: bytes, start: int = 0) -> JpegStill | None:
    """The JPEG that begins at `start`; None where none does, or its header is damaged."""
    if data[start : start + 3] != SOI:
        return None
    at, size, bits = start + 2, None, 8
    for _ in range(MAX_SEGMENTS):
        if at + 4 > len(data) or data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == _SOS:
            return JpegStill(data[start:at], size, bits, at) if size else None
        if marker in _SOF and at + 9 <= len(data):
            bits = data[at + 4]
            size = int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 1 if marker == 0xFF else 2 + (0 if marker in _BARE else int.from_bytes(data[at + 2 : at + 4], "big"))
    return None


def stripped_jpeg(data: bytes) -> bytes:
    """The same JPEG without EXIF, XMP, colour profile and comments; what is not a JPEG becomes empty.

    Walks the segments up to the picture data (ITU T.81, annex B): marker, two bytes of length, content.
    """
    if data is None or not data.startswith(SOI[:2]):
        return b""
    parts, position = [SOI[:2]], 2
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
    if not data.startswith(SOI[:2]):
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


def lacks_end(data: bytes) -> bool:
    """Whether a JPEG has no end marker; False for what is none, or damaged before its pixels."""
    if data.endswith(EOI):  # as nearly all do: the first marker need not be looked for in megabytes of pixels
        return False
    still = still_at(data)
    return still is not None and data.rfind(EOI, still.pixels) < 0  # from the end, where it mostly is


def with_end(data: bytes) -> bytes | None:
    """The same JPEG with its end marker, when all of its pixels are there; None when some are missing.

    libjpeg paints over what is missing and says nothing. So it is asked twice, once with more to decode: only a whole picture
    looks the same both times.
    """
    from PIL import Image

    body = data.rstrip(b"\0")
    body += b"\0" * body.endswith(b"\xff")  # a zero that belongs to the pixels
    with Image.open(io.BytesIO(body + EOI), formats=("JPEG",)) as image:
        if image.width * image.height > MAX_PIXELS:
            return None
    return body + EOI if _pixels(body + EOI) == _pixels(body + _PROBE + EOI) else None


def _pixels(data: bytes) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        return bytes(image.tobytes())
