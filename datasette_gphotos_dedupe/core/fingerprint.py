"""Pixels in, fingerprint and preview out. Pure and deterministic."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ..model import Fingerprint, Thumbnail

if TYPE_CHECKING:
    from PIL import Image

HASH_SIDE = 16  # 16 x 16 = 256 bits: 64 bits join look-alike pages and night shots at any useful radius
ALGORITHM = "phash256/1"
THUMBNAIL_SIDE = 320
THUMBNAIL_MAX_BYTES = 100_000  # datasette-render-images shows BLOBs under 100 KB


def compute_fingerprint(image: Image.Image) -> Fingerprint:
    """The fingerprint of upright RGB pixels of any size."""
    import imagehash

    return Fingerprint(
        phash=str(imagehash.phash(image, hash_size=HASH_SIDE)),
        flatness=measure_flatness(image),
        algorithm=ALGORITHM,
    )


def measure_flatness(image: Image.Image) -> float:
    """1.0 for one colour everywhere, towards 0.0 for strong detail everywhere.

    One minus the share of 32 x 32 grey cells that differ from a neighbour by more than 4 of 255.
    """
    import numpy as np

    grey = np.asarray(image.convert("L").resize((32, 32)), dtype=np.int16)
    steps = np.abs(np.diff(grey, axis=0))[:, :-1] + np.abs(np.diff(grey, axis=1))[:-1, :]
    return round(1.0 - float((steps > 4).mean()), 4)


def make_thumbnail(image: Image.Image) -> Thumbnail:
    """A JPEG preview of upright RGB pixels, never enlarged."""
    preview = image.copy()
    preview.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    for quality in (80, 60, 40, 20):
        buffer = io.BytesIO()
        preview.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() < THUMBNAIL_MAX_BYTES:
            break
    return Thumbnail(buffer.getvalue(), *preview.size)
