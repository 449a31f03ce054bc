"""Pixels in, fingerprint and preview out. Pure and deterministic."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

from ...model import Fingerprint, Thumbnail
from .hash_variants import CROPS, OFF_CENTRE, TURNS, Box, turned_coefficients, variant_boxes

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

HASH_SIDE = 16  # 16 x 16 = 256 bits: 64 bits join look-alike pages and night shots at any useful radius
MIDDLE = (HASH_SIDE * HASH_SIDE // 2 - 1, HASH_SIDE * HASH_SIDE // 2)
DCT_SIDE = 64  # imagehash looks at 4 pixels for each bit of a side
VARIANT_SIDE = 192  # the longer side variants are cut from: three pixels for each that the transform sees
ALGORITHM = "phash256/4"
THUMBNAIL_SIDE = 320
THUMBNAIL_MAX_BYTES = 100_000  # datasette-render-images shows BLOBs under 100 KB

RADIUS_BITS = 56
"""Two photos whose plain hashes differ in at most this many of 256 bits are compared on their pixels."""

OFF_CENTRE_RADII = {"90": 36, "84": 44, "82": 40}  # wider where a hand's cut may lie further from what was tried

VARIANTS: dict[str, int] = {
    **dict.fromkeys(CROPS, 44),
    **{name: OFF_CENTRE_RADII[name[-2:]] for name in OFF_CENTRE},
    "wide": 40,
    "square": 40,
    "trim": 44,
    "screen": 44,
    **dict.fromkeys(TURNS, 24),
}
"""Each variant's name and its radius in bits, from a variant of one photo to the plain hash of another."""


def compute_fingerprint(image: Image.Image) -> Fingerprint:
    """The fingerprint of upright RGB pixels of any size.

    The plain hash is imagehash's 256-bit pHash (DCT of 64 x 64 grey pixels, 16 x 16 lowest frequencies against their median).
    """
    import imagehash
    import numpy as np
    from PIL import Image

    grey = image.convert("L")
    square = grey.resize((DCT_SIDE, DCT_SIDE), Image.Resampling.LANCZOS)
    return Fingerprint(
        phash=np.packbits(imagehash.phash(square, hash_size=HASH_SIDE).hash).tobytes().hex(),  # as str() has it, only faster
        flatness=measure_flatness(grey),
        algorithm=ALGORITHM,
        variants=compute_variants(grey, square),
    )


def compute_variants(grey: Image.Image, square: Image.Image) -> dict[str, str]:
    """The hash of every variant that applies to a picture, from its grey pixels and their 64 x 64 reduction."""
    import numpy as np

    small = grey.copy()
    small.thumbnail((VARIANT_SIDE, VARIANT_SIDE))
    pixels = np.asarray(small, dtype=np.float64)
    hashes = {name: _hash_hex(_boxed_frequencies(pixels, box)) for name, box in variant_boxes(small).items()}
    turned = turned_coefficients(_low_frequencies(square))
    return hashes | {name: _hash_hex(coefficients) for name, coefficients in turned.items()}


def _boxed_frequencies(pixels: np.ndarray, box: Box) -> np.ndarray:
    """The 16 x 16 lowest frequencies of a part of a picture, resampled to 64 x 64 on the way: two products of small matrices."""
    height, width = pixels.shape
    vertical = _resampled_cosines(height, round(box[1] * height, 2), round(box[3] * height, 2))
    horizontal = _resampled_cosines(width, round(box[0] * width, 2), round(box[2] * width, 2))
    smaller: np.ndarray = vertical @ pixels @ horizontal.T
    return smaller


@lru_cache(maxsize=1024)
def _resampled_cosines(length: int, low: float, high: float) -> np.ndarray:
    """What the DCT of 64 points does to pixels `low` to `high` of a line of `length`, once Pillow has resampled them to 64."""
    import numpy as np
    from PIL import Image

    unit = Image.fromarray(np.eye(length, dtype=np.float32))
    weights = unit.resize((DCT_SIDE, length), Image.Resampling.LANCZOS, box=(low, 0.0, high, length))
    bases: np.ndarray = _cosines() @ np.asarray(weights, dtype=np.float64).T
    return bases


@lru_cache(maxsize=1)
def _cosines() -> np.ndarray:
    """The first 16 rows of the type II DCT of 64 points, as scipy.fftpack scales it."""
    import numpy as np

    frequencies, positions = np.arange(HASH_SIDE)[:, None], np.arange(DCT_SIDE)[None, :]
    return 2.0 * np.cos(np.pi * frequencies * (2 * positions + 1) / (2 * DCT_SIDE))


def _low_frequencies(square: Image.Image) -> np.ndarray:
    import numpy as np

    frequencies: np.ndarray = _cosines() @ np.asarray(square, dtype=np.float64) @ _cosines().T
    return frequencies


def _hash_hex(coefficients: np.ndarray) -> str:
    import numpy as np

    # np.median of an even number of values, many times faster
    lower, upper = np.partition(coefficients.ravel(), MIDDLE)[list(MIDDLE)]
    return np.packbits(coefficients > (lower + upper) / 2).tobytes().hex()


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
    for quality in (85, 70, 50, 30):
        buffer = io.BytesIO()
        preview.save(buffer, "JPEG", quality=quality)
        if buffer.tell() < THUMBNAIL_MAX_BYTES:
            break
    return Thumbnail(buffer.getvalue(), *preview.size)
