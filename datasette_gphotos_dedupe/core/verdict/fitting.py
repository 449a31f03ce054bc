"""What a sharpener, a softener or a slight change of tone explains of a plane: one small kernel and one smooth curve, by least squares."""

from __future__ import annotations

import math

import cv2
import numpy as np

KERNEL = 3  # pixels to each side: 7 x 7 for luma
SAMPLES = 20_000
RIDGE = 1.0  # grey levels squared a sample: where a picture has no fine structure the kernel stays what changes nothing
SMOOTH = 4.0  # pixels: sigma of what counts as tone and not as structure
TONE_BLOCK = 8  # pixels: in the mean of so many an encoder leaves next to nothing
NO_COLOUR = 1.0  # levels that weaker or stronger colours must move to count
FEW = 24  # pixels of a side in which a kernel would fit anything


def fit_luma(wanted: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, float, float]:
    """`given` through the kernel and the curve that bring it nearest; softness of the kernel, grey levels that the curve moved."""
    smooth = _smoothed(given)
    smooth -= np.float32(128)
    smooth *= np.float32(1 / 128)
    rows, columns = _samples(given.shape, KERNEL)
    terms = _neighbours(given - np.float32(128), rows, columns, KERNEL)
    level = smooth[rows, columns].ravel()
    solved = _least_squares(
        terms + [np.ones_like(level), level, level**2, level**3], wanted[rows, columns].ravel() - np.float32(128)
    )
    count = len(terms)
    kernel = solved[:count].reshape(2 * KERNEL + 1, -1)
    made = cv2.filter2D(given, -1, kernel.astype(np.float32), borderType=cv2.BORDER_REPLICATE)
    made += np.float32(128 * (1 - kernel.sum()))
    constant, *curve = (np.float32(value) for value in solved[count:])
    made += constant + smooth * (curve[0] + smooth * (curve[1] + smooth * curve[2]))
    moved = cv2.blur(made, (9, 9))[::4, ::4] - cv2.blur(given, (9, 9))[::4, ::4]
    return made, _softness(kernel), float(np.abs(moved).mean())


def tone_between(wanted: np.ndarray, given: np.ndarray) -> float:
    """Grey levels that one smooth curve would move `given` to come nearest to `wanted`, on the means of blocks: no kernel takes part."""
    size = max(1, given.shape[1] // TONE_BLOCK), max(1, given.shape[0] // TONE_BLOCK)
    level, aim = (
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA).ravel().astype(np.float64) / 128 - 1 for plane in (given, wanted)
    )
    terms = np.stack([np.ones_like(level), level, level**2, level**3])
    normal = terms @ terms.T + 1e-3 * len(level) * np.diag(
        [0.0, 1.0, 1.0, 1.0]
    )  # where there are few levels the curve stays flat
    moved = np.linalg.solve(normal, terms @ (aim - level)) @ terms
    return float(128 * np.abs(moved).mean())


def _smoothed(plane: np.ndarray) -> np.ndarray:
    """What counts as tone, blurred at half the size: a blur this wide leaves nothing that would need the other pixels."""
    half = cv2.resize(plane, (max(1, plane.shape[1] // 2), max(1, plane.shape[0] // 2)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(half, (0, 0), SMOOTH / 2)
    return cv2.resize(blurred, (plane.shape[1], plane.shape[0]), interpolation=cv2.INTER_LINEAR)


def _softness(kernel: np.ndarray) -> float:
    """How much of a wave four pixels long a kernel lets through, against what it does to an even ground."""
    waves = np.abs(np.fft.fft2(kernel, (16, 16)))
    return float((waves[0, 4] + waves[4, 0]) / 2 / max(waves[0, 0], 1e-6))


def fit_colour(wanted: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, float, float]:
    """The same of a colour plane with a kernel of 3 x 3: its gain, and by how much the mean moved."""
    given = given - np.float32(128)
    if min(given.shape) < FEW:
        return given + np.float32(128), 1.0, 0.0
    rows, columns = _samples(given.shape, 1)
    terms = _neighbours(given, rows, columns, 1)
    level = wanted[rows, columns].ravel() - np.float32(128)
    solved = _least_squares([*terms, np.ones_like(level)], level)
    kernel = solved[:9].reshape(3, 3)
    made = cv2.filter2D(given, -1, kernel.astype(np.float32), borderType=cv2.BORDER_REPLICATE) + np.float32(128 + solved[9])
    # a gain of colours that are hardly there moves nothing: only what it moves counts
    gain = float(kernel.sum())
    cast = abs(float(made.mean()) - 128 - float(given.mean()))
    return made, gain if abs(gain - 1.0) * float(given.std()) > NO_COLOUR else 1.0, cast


def _samples(shape: tuple[int, ...], margin: int) -> tuple[slice, slice]:
    """Rows and columns of a grid of some 20,000 pixels."""
    height, width = shape[0] - 2 * margin, shape[1] - 2 * margin
    step = max(1, int(math.sqrt(height * width / SAMPLES)))
    return slice(margin, shape[0] - margin, step), slice(margin, shape[1] - margin, step)


def _neighbours(plane: np.ndarray, rows: slice, columns: slice, reach: int) -> list[np.ndarray]:
    around = range(-reach, reach + 1)
    return [plane[_shifted(rows, down), _shifted(columns, across)].ravel() for down in around for across in around]


def _shifted(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by, part.step)


def _least_squares(terms: list[np.ndarray], wanted: np.ndarray) -> np.ndarray:
    """The weights of the terms, drawn towards the middle one alone: what the pixels do not tell changes nothing."""
    # in float32 the sums depend on where in memory the pixels happen to lie, and two runs would measure two numbers
    design = np.stack(terms).astype(np.float64)
    normal, right = design @ design.T, design @ wanted.astype(np.float64)
    ridge = RIDGE * design.shape[1]
    places = len(terms) // 2 if len(terms) == 10 else (2 * KERNEL + 1) ** 2 // 2
    kernel_terms = 9 if len(terms) == 10 else (2 * KERNEL + 1) ** 2
    normal[np.arange(kernel_terms), np.arange(kernel_terms)] += ridge
    normal[np.diag_indices(len(terms))] += 1e-6 * ridge
    right[4 if len(terms) == 10 else places] += ridge
    solved: np.ndarray = np.linalg.solve(normal, right)
    return solved
