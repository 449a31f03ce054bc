"""Which part of the larger picture the smaller one shows, to a third of a pixel."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from ..pictures.encoders import Planes
from ..pictures.hash_variants import WHOLE, Box
from ..pictures.planes import Still
from .align import solve_step
from .resampling import resized

STILL_PX = 1 / 3  # a registration that is off by less needs no interpolation: the kernel takes it
REGISTERED_SIDE = 640
SMALLEST = 24  # pixels of the shorter side: in less there is nothing to prove with
ON_GRID = 1e-4  # pixels that a box may be off by rounding
TILE = 256  # pixels of the side of a part that is tried before the whole: whole blocks of every encoder
TILES_AT_LEAST = 6  # in a smaller picture the whole costs little more than its parts
TRIED_RANKS = (0.9, 0.5)  # which tiles are tried, by how much there is to see in them
SPREAD, SPREAD_TILE = 3, 160  # so many parts in each direction, of so many pixels, stand for the whole


@dataclass(frozen=True, eq=False)
class Target:
    """What is to be made again: a rectangle of the smaller picture in pixels, and the box of the larger one that shows the same."""

    planes: Planes
    rectangle: tuple[int, int, int, int]
    box: Box

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the rectangle."""
        return self.planes.luma.shape[1], self.planes.luma.shape[0]

    def part(self, left: int, top: int, right: int, bottom: int) -> Target:
        """A part of it, in its own pixels; the numbers are even."""
        (width, height), (x, y, *_), (low_x, low_y, high_x, high_y) = self.size, self.rectangle, self.box
        across, down = (high_x - low_x) / width, (high_y - low_y) / height
        box = low_x + left * across, low_y + top * down, low_x + right * across, low_y + bottom * down
        return Target(self.planes.part(left, top, right, bottom), (x + left, y + top, x + right, y + bottom), box)

    def same_pixels(self, large: Still) -> Planes | None:
        """The very pixels of the larger picture that lie there, where both have one scale and one grid; None elsewhere."""
        width, height = large.size
        edges = [edge * side for edge, side in zip(self.box, (width, height, width, height), strict=True)]
        left, top, right, bottom = (round(edge) for edge in edges)
        apart = max(abs(edge - whole) for edge, whole in zip(edges, (left, top, right, bottom), strict=True))
        if apart > ON_GRID or (right - left, bottom - top) != self.size or left % 2 or top % 2:
            return None
        return large.planes.part(left, top, right, bottom)


def find_targets(small: Still, large: Still, box_small: Box, box_large: Box) -> Iterator[Target]:
    """The whole against the whole first, where that is what the boxes say: a registration is no better than a third of a pixel."""
    if box_small == box_large == WHOLE and min(small.size) >= SMALLEST:
        yield Target(small.planes, (0, 0, *small.size), WHOLE)
    target = register(small, large, box_small, box_large)
    if target is not None and target.box != WHOLE:
        yield target


def register(small: Still, large: Still, box_small: Box, box_large: Box) -> Target | None:
    """What both boxes show, laid over each other to a third of a pixel; None when there are too few pixels."""
    rectangle, box = _fitted(_in_pixels(box_small, small.size), box_large)
    for _ in range(4):
        left, top, right, bottom = rectangle
        if min(right - left, bottom - top) < SMALLEST or min(box[2] - box[0], box[3] - box[1]) < 0.05:
            return None
        target = Target(small.planes.part(*rectangle), rectangle, box)
        moved = _moved_box(target, large)
        if moved is None:
            return target
        rectangle, box = _fitted(rectangle, moved)
    return target


def tiles_to_try(target: Target) -> list[Target]:
    """Two parts of a large picture, one full of detail and one of the middle; none where the whole is hardly more.

    What no resizer and encoder explains in a part they cannot explain in the whole, which leaves them less to choose.
    """
    across, down = target.size[0] // TILE, target.size[1] // TILE
    if across * down < TILES_AT_LEAST:
        return []
    luma = target.planes.luma[: down * TILE, : across * TILE][::4, ::4].astype(np.float32)
    mean, square = (cv2.resize(plane, (across, down), interpolation=cv2.INTER_AREA) for plane in (luma, luma * luma))
    ranked = np.argsort((square - mean * mean).ravel(), kind="stable")
    chosen = (divmod(int(ranked[int(rank * (len(ranked) - 1))]), across) for rank in TRIED_RANKS)
    return [target.part(x * TILE, y * TILE, (x + 1) * TILE, (y + 1) * TILE) for y, x in chosen]


def spread_tiles(target: Target) -> list[list[Target]]:
    """Rows of small parts from all over a picture, which together take as many bytes a pixel as the whole; itself when it is small."""
    width, height = target.size
    if width * height <= (SPREAD * SPREAD_TILE) ** 2 or min(width, height) < SPREAD * SPREAD_TILE:
        return [[target]]
    places = range(SPREAD)
    lefts, tops = ([(side - SPREAD_TILE) * place // (SPREAD - 1) // 16 * 16 for place in places] for side in (width, height))
    return [[target.part(x, y, x + SPREAD_TILE, y + SPREAD_TILE) for x in lefts] for y in tops]


def _in_pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    width, height = size
    return round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height)


def _moved_box(target: Target, large: Still) -> Box | None:
    """The box after a step of registration; None when it is right to a third of a pixel."""
    width, height = target.size
    share = min(1.0, REGISTERED_SIDE / max(width, height))
    size = max(SMALLEST, round(width * share)), max(SMALLEST, round(height * share))
    luma = resized(target.planes.luma, size, WHOLE, "BILINEAR"), resized(large.planes.luma, size, target.box, "BILINEAR")
    step = solve_step(*(cv2.GaussianBlur(plane, (0, 0), 1.0) for plane in luma))
    if step is None:
        return None
    away = max((abs(step[0]) + abs(step[1]) / 2) * width, (abs(step[2]) + abs(step[3]) / 2) * height)
    if away < STILL_PX:
        return None
    left, right = _moved_span(target.box[0], target.box[2], step[0], step[1])
    top, bottom = _moved_span(target.box[1], target.box[3], step[2], step[3])
    return left, top, right, bottom


def _moved_span(low: float, high: float, shift: float, growth: float) -> tuple[float, float]:
    middle, half = (low + high) / 2 + shift * (high - low), (high - low) * (1 + growth) / 2
    return middle - half, middle + half


def _fitted(rectangle: tuple[int, int, int, int], box: Box) -> tuple[tuple[int, int, int, int], Box]:
    """Both without what lies beyond the larger picture; the rectangle begins on a whole block of the encoder."""
    left, right, low_x, high_x = _fitted_axis(rectangle[0], rectangle[2], box[0], box[2])
    top, bottom, low_y, high_y = _fitted_axis(rectangle[1], rectangle[3], box[1], box[3])
    return (left, top, right, bottom), (low_x, low_y, high_x, high_y)


def _fitted_axis(start: int, end: int, low: float, high: float) -> tuple[int, int, float, float]:
    scale = (high - low) / max(1, end - start)  # of the larger picture for each pixel
    first = max(start, math.ceil(start - low / scale - 0.5) if low < 0 else start)
    last = min(end, math.floor(end - (high - 1.0) / scale + 0.5) if high > 1 else end)
    first = -(-first // 16) * 16
    if first == start and last == end:
        return start, end, max(0.0, low), min(1.0, high)
    return first, last, max(0.0, low + (first - start) * scale), min(1.0, high - (end - last) * scale)
