"""The libraries of a reading process, imported once in the server that workers are forked from."""

from __future__ import annotations

import contextlib
import io
import os

# A process for each core reads pictures; threads of theirs would only get in each other's way, and reserve memory for each core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from ..sources.archives.members import Address
from .reading import read_media


def _warm_up() -> None:
    """Read one picture: imagehash, scipy and Pillow import most of themselves at first use, half a second in every worker."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (2, 2)).save(buffer, "JPEG")
    read_media(Address("", "warm-up.jpg", buffer.tell(), data=buffer.getvalue()))


with contextlib.suppress(ImportError):
    _warm_up()
