"""JPEGs that lack nothing but the marker at their end, or have zeros in its place: every viewer shows them."""

from __future__ import annotations

import io

from .jpeg_stills import EOI, still_at

MAX_PIXELS = 100_000_000  # decoded twice, each time as a whole
# Behind the last block of a picture these are passed over; behind any other they become blocks of their own.
_PROBE = bytes(range(1, 250, 7)) * 4


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
