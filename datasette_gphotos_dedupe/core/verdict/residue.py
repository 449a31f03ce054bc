"""What is left of a picture that was made again, against what its encoder leaves: of the whole, and of the worst place."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

FLOOR = 0.3  # grey levels that rounding to whole numbers leaves: less is not held against a copy
SPOT_FLOOR = 0.5  # grey levels of a mean of three by three pixels
EDGE_SHARE = 0.1  # of the slope of an edge that another resampler moves
RIM = 4  # pixels along the edges, where resamplers differ in what they assume beyond
BLOCK = 8
STRUCTURE = 3.0  # grey levels of deviation in a block that count as something to see, beyond twice the noise of encoding


@dataclass(frozen=True)
class Residue:
    """Of one plane: the ratio of the whole, that of the worst place, and the share of blocks that show anything."""

    whole: float
    worst: float
    structure: float


def residues(wanted: np.ndarray, made: np.ndarray, encoded: np.ndarray, floor: float) -> Residue:
    """The ratios of one plane. In each place the encoder is allowed the most that it leaves in the blocks around."""
    rim = _rim(made)
    made = made[rim]
    left, lost = wanted[rim] - made, encoded[rim] - made
    allowed = float(np.sqrt(np.mean(lost * lost)))
    edges = _edges(made)
    block_left, block_lost, block_edges = blocks(left * left), blocks(lost * lost), blocks(edges * edges)
    coarse = block_left / (_around(block_lost) + FLOOR**2 + EDGE_SHARE**2 * block_edges)
    left, lost = np.abs(cv2.blur(left, (3, 3))), cv2.blur(lost, (3, 3))
    noise = cv2.resize(_around(blocks(lost * lost)), (made.shape[1], made.shape[0]), interpolation=cv2.INTER_LINEAR)
    fine = left / (SPOT_FLOOR + np.sqrt(noise) + EDGE_SHARE * edges)
    deviation = np.sqrt(np.maximum(blocks(made * made) - blocks(made) ** 2, 0.0))
    return Residue(
        whole=float(np.sqrt(block_left.mean())) / max(allowed, floor),
        worst=max(float(np.sqrt(coarse.max())), float(fine.max())),
        structure=float((deviation > STRUCTURE + 2 * allowed).mean()),
    )


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
