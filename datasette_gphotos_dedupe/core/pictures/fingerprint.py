"""Pixels in, fingerprint and preview out. Pure and deterministic."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
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

    small = reduced_to(grey, VARIANT_SIDE)
    parts = _boxed_frequencies(np.asarray(small, dtype=np.float64), variant_boxes(small))
    return _hashes(parts | turned_coefficients(_low_frequencies(square)))


def _boxed_frequencies(pixels: np.ndarray, boxes: dict[str, Box]) -> dict[str, np.ndarray]:
    """The 16 x 16 lowest frequencies of parts of a picture, resampled to 64 x 64 on the way: two products of small matrices."""
    height, width = pixels.shape
    lines: dict[tuple[float, float], np.ndarray] = {}  # many parts lie between the same lines, and that product is the long one
    found = {}
    for name, (left, top, right, bottom) in boxes.items():
        between = round(top * height, 2), round(bottom * height, 2)
        if between not in lines:
            lines[between] = _resampled_cosines(height, *between) @ pixels
        found[name] = lines[between] @ _resampled_cosines(width, round(left * width, 2), round(right * width, 2)).T
    return found


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


def _hashes(coefficients: dict[str, np.ndarray]) -> dict[str, str]:
    """The hash of each of these, by name: which of its numbers are above their median."""
    import numpy as np

    numbers = np.stack([each.ravel() for each in coefficients.values()])
    lower, upper = np.sort(numbers, axis=1)[:, MIDDLE].T  # np.median of an even number of values, many times faster
    bits = np.packbits(numbers > ((lower + upper) / 2)[:, None], axis=1)
    return {name: line.tobytes().hex() for name, line in zip(coefficients, bits, strict=True)}


def measure_flatness(image: Image.Image) -> float:
    """1.0 for one colour everywhere, towards 0.0 for strong detail everywhere.

    One minus the share of 32 x 32 grey cells that differ from a neighbour by more than 4 of 255.
    """
    import numpy as np

    grey = np.asarray(image.convert("L").resize((32, 32)), dtype=np.int16)
    steps = np.abs(np.diff(grey, axis=0))[:, :-1] + np.abs(np.diff(grey, axis=1))[:-1, :]
    return round(1.0 - float((steps > 4).mean()), 4)


def reduced_to(image: Image.Image, side: int) -> Image.Image:
    """The picture with a longer side of at most so many pixels: what Pillow's thumbnail() makes of a copy, without the copy."""
    from PIL import Image

    size = fitting_size(image.width, image.height, side)
    return image if size == image.size else image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def fitting_size(width: int, height: int, side: int) -> tuple[int, int]:
    """The width and height that Pillow's thumbnail() gives a picture of this size: the whole numbers nearest to its aspect."""
    if max(width, height) <= side:
        return width, height
    aspect = width / height
    if aspect > 1:
        return side, _nearest(side / aspect, lambda lines: abs(aspect - side / lines) if lines else 0)
    return _nearest(side * aspect, lambda columns: abs(aspect - columns / side)), side


def _nearest(exact: float, error: Callable[[int], float]) -> int:
    return max(min(math.floor(exact), math.ceil(exact), key=error), 1)


def make_thumbnail(image: Image.Image) -> Thumbnail:
    """A JPEG preview of upright RGB pixels, never enlarged."""
    preview = reduced_to(image, THUMBNAIL_SIDE)
    for quality in (85, 70, 50, 30):
        buffer = io.BytesIO()
        preview.save(buffer, "JPEG", quality=quality)
        if buffer.tell() < THUMBNAIL_MAX_BYTES:
            break
    return Thumbnail(buffer.getvalue(), *preview.size)
