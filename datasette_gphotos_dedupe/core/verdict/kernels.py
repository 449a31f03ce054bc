"""The kernel and the curve that bring one plane nearest to another: what a sharpener or a slight change of tone explains. Least squares."""

from __future__ import annotations

import math

import cv2
import numpy as np

KERNEL = 3  # pixels to each side: 7 x 7 for luma
SAMPLES = 20_000
RIDGE = 1.0  # grey levels squared a sample: where a picture has no fine structure the kernel stays what changes nothing
SMOOTH = 4.0  # pixels: sigma of what counts as tone and not as structure
SMALLEST = 24  # pixels of the shorter side of a colour plane: in less there is nothing to fit


def fit_luma(wanted: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, float, float]:
    """`given` through the kernel and the curve that bring it nearest; softness of the kernel, grey levels that the curve moved."""
    smooth = (cv2.GaussianBlur(given, (0, 0), SMOOTH) - 128) / 128
    rows, columns = _samples(given.shape, KERNEL)
    terms = _neighbours(given - np.float32(128), rows, columns, KERNEL)
    level = smooth[np.ix_(rows, columns)].ravel()
    solved = _least_squares(
        terms + [np.ones_like(level), level, level**2, level**3], wanted[np.ix_(rows, columns)].ravel() - np.float32(128)
    )
    count = len(terms)
    kernel = solved[:count].reshape(2 * KERNEL + 1, -1)
    made = cv2.filter2D(given, -1, kernel.astype(np.float32), borderType=cv2.BORDER_REPLICATE)
    made += np.float32(128 * (1 - kernel.sum()))
    constant, *curve = (np.float32(value) for value in solved[count:])
    made += constant + smooth * (curve[0] + smooth * (curve[1] + smooth * curve[2]))
    moved = cv2.blur(made, (9, 9))[::4, ::4] - cv2.blur(given, (9, 9))[::4, ::4]
    return made, _softness(kernel), float(np.abs(moved).mean())


def _softness(kernel: np.ndarray) -> float:
    """How much of a wave four pixels long a kernel lets through, against what it does to an even ground."""
    waves = np.abs(np.fft.fft2(kernel, (16, 16)))
    return float((waves[0, 4] + waves[4, 0]) / 2 / max(waves[0, 0], 1e-6))


def fit_colour(wanted: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, float, float]:
    """The same of a colour plane with a kernel of 3 x 3: its gain, and by how much the mean moved."""
    given = given - np.float32(128)
    if min(given.shape) < SMALLEST:
        return given + np.float32(128), 1.0, 0.0
    rows, columns = _samples(given.shape, 1)
    terms = _neighbours(given, rows, columns, 1)
    level = wanted[np.ix_(rows, columns)].ravel() - np.float32(128)
    solved = _least_squares([*terms, np.ones_like(level)], level)
    kernel = solved[:9].reshape(3, 3)
    made = cv2.filter2D(given, -1, kernel.astype(np.float32), borderType=cv2.BORDER_REPLICATE) + np.float32(128 + solved[9])
    return made, float(kernel.sum()), float(np.abs(solved[9]))


def _samples(shape: tuple[int, ...], margin: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a grid of some 40,000 pixels."""
    height, width = shape[0] - 2 * margin, shape[1] - 2 * margin
    step = max(1, int(math.sqrt(height * width / SAMPLES)))
    return np.arange(margin, shape[0] - margin, step), np.arange(margin, shape[1] - margin, step)


def _neighbours(plane: np.ndarray, rows: np.ndarray, columns: np.ndarray, reach: int) -> list[np.ndarray]:
    around = range(-reach, reach + 1)
    return [plane[np.ix_(rows + down, columns + across)].ravel() for down in around for across in around]


def _least_squares(terms: list[np.ndarray], wanted: np.ndarray) -> np.ndarray:
    """The weights of the terms, drawn towards the middle one alone: what the pixels do not tell changes nothing."""
    design = np.stack(terms).astype(np.float32)
    normal, right = (design @ design.T).astype(np.float64), (design @ wanted.astype(np.float32)).astype(np.float64)
    ridge = RIDGE * design.shape[1]
    places = len(terms) // 2 if len(terms) == 10 else (2 * KERNEL + 1) ** 2 // 2
    kernel_terms = 9 if len(terms) == 10 else (2 * KERNEL + 1) ** 2
    normal[np.arange(kernel_terms), np.arange(kernel_terms)] += ridge
    normal[np.diag_indices(len(terms))] += 1e-6 * ridge
    right[4 if len(terms) == 10 else places] += ridge
    solved: np.ndarray = np.linalg.solve(normal, right)
    return solved
