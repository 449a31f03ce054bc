"""The ways in which programs make a picture smaller. A copy shows by one of them, and by which only trying tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..pictures.encoders import halved
from ..pictures.hash_variants import WHOLE, Box

if TYPE_CHECKING:
    from PIL import Image

RESAMPLERS = ("BICUBIC", "BOX", "AREA", "HALVED", "REDUCED", "BILINEAR", "LANCZOS")
"""Pillow's own, the mean of an area, halved and then between pixels as phones do, and Pillow's quick reduction; the likely ones first."""


def resized(plane: np.ndarray, size: tuple[int, int], box: Box, resampler: str, exact: bool = False) -> np.ndarray:
    """Part of a plane at another size as float32; `exact` without rounding to whole levels, which takes twice the time."""
    from PIL import Image

    if box == WHOLE and size == (plane.shape[1], plane.shape[0]):
        return plane.astype(np.float32)
    if resampler in ("AREA", "HALVED"):
        return _resized_by_area(plane, size, box, resampler == "HALVED")
    pixels = box[0] * plane.shape[1], box[1] * plane.shape[0], box[2] * plane.shape[1], box[3] * plane.shape[0]
    image = Image.fromarray(plane.astype(np.float32) if exact else plane)
    if resampler == "REDUCED":
        return _reduced(image, size, pixels)
    return np.asarray(image.resize(size, Image.Resampling[resampler], box=pixels), np.float32)


def _reduced(image: Image.Image, size: tuple[int, int], pixels: Box) -> np.ndarray:
    """The mean of whole pixels first, then between these: how Pillow and many after it make thumbnails quickly."""
    from PIL import Image

    factor = max(1, int((pixels[2] - pixels[0]) / size[0]))
    whole = image.reduce(factor)
    inside = (pixels[0] / factor, pixels[1] / factor, pixels[2] / factor, pixels[3] / factor)
    all_of_it = pixels == (0, 0, *image.size)
    return np.asarray(whole.resize(size, Image.Resampling.BILINEAR, box=None if all_of_it else inside), np.float32)


def _resized_by_area(plane: np.ndarray, size: tuple[int, int], box: Box, halving: bool) -> np.ndarray:
    """The mean of what each pixel covers, or, as phones do, halved while that is more than needed and straight lines between these."""
    height, width = plane.shape
    left, top, right, bottom = round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height)
    part = plane[top:bottom, left:right].astype(np.float32)
    if not halving:
        return cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    while part.shape[1] >= 2 * size[0] and part.shape[0] >= 2 * size[1]:
        part = halved(part)
    return cv2.resize(part, size, interpolation=cv2.INTER_LINEAR)
