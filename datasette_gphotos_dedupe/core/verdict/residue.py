"""What is left of a picture that was made again, against what its encoder leaves: of the whole, and of the worst place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

FLOOR = 0.3  # grey levels that rounding to whole numbers leaves: less is not held against a copy
SPOT_FLOOR = 0.5  # grey levels of a mean of three by three pixels
EDGE_SHARE = 0.1  # of the slope of an edge that another resampler moves
RIM = 4  # pixels along the edges, where resamplers differ in what they assume beyond
BLOCK = 8
STRIP_BLOCKS, REACH = 32, 3  # rows of blocks that are looked at together, and how many beyond them have a say in it
STRUCTURE = 3.0  # grey levels of deviation in a block that count as something to see, beyond twice the noise of encoding


@dataclass(frozen=True)
class Residue:
    """Of one plane: the ratio of the whole, that of the worst place, the share of blocks that show anything, and the grey levels left."""

    whole: float
    worst: float
    structure: float
    left: float


def residues(wanted: np.ndarray, made: np.ndarray, encoded: np.ndarray, floor: float) -> Residue:
    """The ratios of one plane. In each place the encoder is allowed the most that it leaves in the blocks around."""
    rim = _rim(made)
    parts = [_looked_at(*strip) for strip in _strips(wanted[rim], made[rim], encoded[rim])]
    left, lost, edges, deviation = (np.concatenate([getattr(part, name) for part in parts]) for name in _Part.BLOCKS)
    coarse = left / (_around(lost) + FLOOR**2 + EDGE_SHARE**2 * edges)
    allowed = float(np.sqrt(lost.mean()))
    whole = float(np.sqrt(left.mean()))
    return Residue(
        whole=whole / max(allowed, floor),
        worst=max(float(np.sqrt(coarse.max())), *(part.finest for part in parts)),
        structure=float((deviation > STRUCTURE + 2 * allowed).mean()),
        left=whole,
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """A strip of a plane: by block what is left, what the encoder lost, the edges and the deviation, and the worst small place."""

    BLOCKS: ClassVar = ("left", "lost", "edges", "deviation")

    left: np.ndarray
    lost: np.ndarray
    edges: np.ndarray
    deviation: np.ndarray
    finest: float


def _strips(
    wanted: np.ndarray, made: np.ndarray, encoded: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, slice]]:
    """Some rows of blocks at a time with those around, as float32, and which of these blocks count: what fits the processor's cache."""
    rows = max(1, made.shape[0] // BLOCK)
    for first in range(0, rows, STRIP_BLOCKS):
        last = min(rows, first + STRIP_BLOCKS)
        above = max(0, first - REACH)
        end = made.shape[0] if last + REACH >= rows else (last + REACH) * BLOCK
        planes = (plane[above * BLOCK : end].astype(np.float32, copy=False) for plane in (wanted, made, encoded))
        yield *planes, slice(first - above, last - above)  # type: ignore[misc]


def _looked_at(wanted: np.ndarray, made: np.ndarray, encoded: np.ndarray, core: slice) -> _Part:
    left, lost, edges = wanted - made, encoded - made, _edges(made)
    block_left, block_lost, block_edges = (blocks(plane * plane)[core] for plane in (left, lost, edges))
    deviation = np.sqrt(np.maximum(blocks(made * made) - blocks(made) ** 2, 0.0))[core]
    left, lost = np.abs(cv2.blur(left, (3, 3))), cv2.blur(lost, (3, 3))
    noise = np.sqrt(_around(blocks(lost * lost)))
    noise = cv2.resize(noise, (made.shape[1], made.shape[0]), interpolation=cv2.INTER_LINEAR)
    fine = left / (noise + SPOT_FLOOR + EDGE_SHARE * edges)
    whole = core.stop * BLOCK if made.shape[0] >= (core.stop + 1) * BLOCK else None
    return _Part(block_left, block_lost, block_edges, deviation, float(fine[core.start * BLOCK : whole].max()))


def _rim(plane: np.ndarray) -> tuple[slice, slice]:
    margin = RIM if min(plane.shape) > 8 * RIM else 1
    return slice(margin, plane.shape[0] - margin), slice(margin, plane.shape[1] - margin)


def _edges(plane: np.ndarray) -> np.ndarray:
    """The steepest slope within two pixels of each, in grey levels a pixel."""
    across, down = cv2.Sobel(plane, -1, 1, 0, scale=1 / 8), cv2.Sobel(plane, -1, 0, 1, scale=1 / 8)
    return cv2.dilate(cv2.magnitude(across, down), np.ones((5, 5), np.uint8))


def blocks(plane: np.ndarray) -> np.ndarray:
    """The mean of each whole block of eight by eight."""
    height, width = max(1, plane.shape[0] // BLOCK), max(1, plane.shape[1] // BLOCK)
    whole = plane[: height * BLOCK, : width * BLOCK]
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)


def _around(blocks: np.ndarray) -> np.ndarray:
    return cv2.dilate(blocks, np.ones((3, 3), np.uint8))
