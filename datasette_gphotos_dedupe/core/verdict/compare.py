"""Numbers that say how far two overlaid previews differ, after brightness, contrast and colour were evened out.

All are measured on the part both pictures show. A mean forgives a changed face in a large landscape, so the worst local block
counts; a block forgives a date stamp in its corner, so the pixel that stands out farthest counts; and text is looked at by its
strokes, because two pages of one layout agree in everything coarser.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from .align import BINOMIAL, CHROMA_REDUCTION, Overlay, Preview, common_size, cut

CANVAS_SIDE = 320
BLOCK = 16  # pixels of the canvas: a line of caption, a face in a group
NOISE = 2.5  # grey levels of fine structure that two JPEG encodings of one picture may differ by
TEXTURE_SHARE = 0.35  # of a block's own fine structure that another resizer may add or remove
SHADE_NOISE = 5.0  # grey levels that a block's mean may differ by
SHADE_SHARE = 0.25
DETAIL_FLOOR = 3.0  # grey levels: below this a block's structure drowns in noise and proves nothing
SPOT_NOISE = 3.0  # grey or chroma levels that a pixel may differ by, softened with its neighbours
SPOT_FLOOR = 0.4  # what pixels differ by in pictures that agree, in the measure of spots
SPOT_SIDE = 24  # pixels: in less there is no telling what is usual
EDGE_SHARE = 0.3  # of the edge beside a pixel that another resizer may move
COLOUR_EDGE_SHARE = 1.0  # JPEG moves the edges of colours more
COLOUR_NOISE = 2.0  # chroma levels: a coarse JPEG drops as much colour from a nearly grey picture
TONE_BINS = 32
LEVELS = np.arange(256, dtype=np.float32)
SQUARE = np.ones((3, 3), np.uint8)
FINE_KERNEL = np.zeros((5, 5), np.float32)
FINE_KERNEL[1:-1, 1:-1] = np.outer(BINOMIAL, BINOMIAL)
FINE_KERNEL[[0, 4, 2, 2], [2, 2, 0, 4]] -= 0.25
CLEARLY_SAME = 0.3  # worst block at which the other direction of the tone curve need not be tried
STEADY_TONE = 1.5  # grey levels that the tone moved: below them both directions say the same


@dataclass(frozen=True)
class Difference:
    """The measured difference of two overlaid pictures. Grey levels are 0 to 255.

    `pixel` mean grey difference after tone was evened out. `worst_block` the largest ratio of what differs in a block's fine
    structure to what re-encoding explains there (1 is the border), `worst_shade` that of its mean. `bad_share` of blocks above that
    border in either. `spot` how many times as much the worst pixel differs as 99 of 100 do at most, edges allowed for;
    `colour_spot` the same of colour. `detail` 0 when the fine structure agrees, 1 when unrelated. `worst_detail` the same for the
    worst tenth of structured blocks. `structure` share of blocks with structure above noise: the proof rests on these. `tone` mean
    grey levels that brightness and contrast were moved. `contrast` ratio of contrasts, b to a. `colour` mean chroma levels left
    after colours were evened out, `worst_colour` of the worst block. `saturation` the smaller colourfulness divided by the larger.
    `cast` chroma levels that white balance moved.
    """

    pixel: float
    worst_block: float
    worst_shade: float
    bad_share: float
    spot: float
    detail: float
    worst_detail: float
    structure: float
    tone: float
    contrast: float
    colour: float
    worst_colour: float
    colour_spot: float
    saturation: float
    cast: float
    side: int  # longer side of the canvas it was measured on


def measure_difference(a: Preview, b: Preview, overlay: Overlay, longer_side: int = CANVAS_SIDE) -> Difference:
    """The difference of two previews under an overlay. Symmetric but for rounding."""
    size = common_size(a, b, overlay, longer_side)
    grey_a, grey_b = cut(a.luma, overlay.box_a, size), cut(b.luma, overlay.box_b, size)
    curve = tone_curve(grey_a, grey_b)
    tone = _tone(grey_a, grey_b, curve)
    canvases: tuple[np.ndarray, np.ndarray] = grey_a.astype(np.float32), cv2.LUT(grey_b, curve)
    light = _light(*canvases)
    if tone["tone"] > STEADY_TONE and max(light["worst_block"], light["worst_shade"]) > CLEARLY_SAME:
        # A tone that was clipped cannot be mapped back, so the better of both directions counts.
        others = cv2.LUT(grey_a, tone_curve(grey_b, grey_a)), grey_b.astype(np.float32)
        other = _light(*others)
        if _badness(other) < _badness(light):
            canvases, light = others, other
    spot = _spot([canvases], [canvases[0] - canvases[1]], EDGE_SHARE)
    return Difference(**light, spot=spot, **tone, **_colour(a, b, overlay, size), side=max(size))


def _badness(light: dict[str, float]) -> tuple[float, float, float]:
    return light["bad_share"], max(light["worst_block"], light["worst_shade"]), light["pixel"]


def tone_curve(reference: np.ndarray, grey: np.ndarray) -> np.ndarray:
    """256 levels that give `grey` the brightness curve of `reference`: the mean of what stands at each level, never falling.

    Read off every second pixel of each side: a curve of 32 points needs no more. Levels that hardly occur keep their distance to
    the nearest that do: the lamps of a night shot are few, and without them two night shots are one black square.
    """
    x, y = np.ascontiguousarray(grey[::2, ::2]), np.ascontiguousarray(reference[::2, ::2])
    levels_x = _histogram(x).reshape(TONE_BINS, -1)
    counts = levels_x.sum(axis=1)
    filled = counts > max(4, x.size // 1000)
    if filled.sum() < 2:
        return np.asarray(LEVELS + (float(y.mean()) - float(x.mean())), np.float32)
    mean_x = (levels_x * LEVELS.reshape(TONE_BINS, -1)).sum(axis=1)[filled] / counts[filled]
    mean_y = np.bincount(x.ravel() >> 3, weights=y.ravel(), minlength=TONE_BINS)[filled] / counts[filled]
    mean_y = np.maximum.accumulate(mean_y)
    known_x = np.concatenate(([mean_x[0] - 256.0], mean_x, [mean_x[-1] + 256.0]))
    known_y = np.concatenate(([mean_y[0] - 256.0], mean_y, [mean_y[-1] + 256.0]))
    return np.asarray(np.interp(LEVELS, known_x, known_y).clip(0.0, 255.0), np.float32)


def _light(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Differences of brightness of two canvases of one tone."""
    energy_a, energy_b, together = _energies(a, b)
    stronger = np.maximum(energy_a, energy_b)
    strokes, shades = _scores(a - b, energy_a, energy_b, together)
    structured = stronger > DETAIL_FLOOR**2
    agreement = together / np.sqrt(energy_a * energy_b + 1e-6)
    detail = 1.0 - float(together[structured].sum() / np.sqrt(energy_a[structured].sum() * energy_b[structured].sum() + 1e-6))
    return {
        "pixel": cv2.norm(a, b, cv2.NORM_L1) / a.size,
        "worst_block": float(strokes.max()),
        "worst_shade": float(shades.max()),
        "bad_share": float(((strokes > 1.0) | (shades > 1.0)).mean()),
        "detail": detail if structured.any() else 0.0,
        "worst_detail": 1.0 - _worst_tenth(agreement[structured]) if structured.any() else 0.0,
        "structure": float(structured.mean()),
    }


def _worst_tenth(values: np.ndarray) -> float:
    """The quantile 0.1 of some hundred values, between two of them by their distances: numpy.quantile takes ten times as long."""
    ordered = np.sort(values)
    place, share = divmod(0.1 * (len(ordered) - 1), 1.0)
    low, high = ordered[int(place)], ordered[min(int(place) + 1, len(ordered) - 1)]
    return float(low + share * (high - low))


def _energies(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The energy of each block's fine structure in a and in b, and what they have of it together."""
    fine_a, fine_b = _fine(a), _fine(b)
    return _blocks(fine_a * fine_a), _blocks(fine_b * fine_b), _blocks(fine_a * fine_b)


def _scores(
    difference: np.ndarray, energy_a: np.ndarray, energy_b: np.ndarray, together: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The ratios of each block's fine structure, and of its mean."""
    stronger = np.maximum(energy_a, energy_b)
    apart = np.maximum(energy_a + energy_b - 2.0 * together, 0.0)
    strokes = np.sqrt(apart / (NOISE**2 + TEXTURE_SHARE**2 * stronger))
    shade = np.abs(_blocks(difference[2:-2, 2:-2])) / (SHADE_NOISE + SHADE_SHARE * np.sqrt(stronger))
    return strokes, shade


def _fine(canvas: np.ndarray) -> np.ndarray:
    """The fine structure of a canvas, two pixels smaller on each side: a 3 x 3 binomial mean less a 5 x 5 cross mean."""
    structure: np.ndarray = cv2.filter2D(canvas, -1, FINE_KERNEL)[2:-2, 2:-2]
    return structure


def _spot(planes: list[tuple[np.ndarray, np.ndarray]], left: list[np.ndarray], edge_share: float) -> float:
    """How far the worst pixel stands out of what is left of the differences between planes of two pictures.

    Another encoder or resizer touches edges, and the whole picture alike; a retouch touches one place. So each difference is divided
    by what the weaker of both pictures' edges beside it explains, and the largest quotient by that of 99 of 100 pixels.
    """
    if min(planes[0][0].shape) < SPOT_SIDE:
        return 0.0
    away = _length([cv2.sepFilter2D(plane, -1, BINOMIAL, BINOMIAL) for plane in left])[2:-2, 2:-2]
    weaker = cv2.min(*(cv2.dilate(_length([_slope(plane) for plane in side]), SQUARE) for side in zip(*planes, strict=True)))
    weaker *= np.float32(edge_share / 2)
    weaker += np.float32(SPOT_NOISE)
    away = cv2.divide(away, weaker[1:-1, 1:-1])
    some = away[::2, ::2].ravel()
    place = int(some.size * 0.99)
    some.partition(place)
    return float(away.max() / (SPOT_FLOOR + some[place]))


def _length(planes: list[np.ndarray]) -> np.ndarray:
    """The length of the vector that one or two planes hold of each pixel."""
    return np.abs(planes[0]) if len(planes) == 1 else cv2.magnitude(*planes)


def _slope(plane: np.ndarray) -> np.ndarray:
    """How steep a plane is, in levels for two pixels, from the neighbours on both sides; one pixel smaller on each side."""
    return cv2.magnitude(cv2.subtract(plane[1:-1, 2:], plane[1:-1, :-2]), cv2.subtract(plane[2:, 1:-1], plane[:-2, 1:-1]))


def _blocks(values: np.ndarray, block: int = BLOCK) -> np.ndarray:
    """The mean of each block; the rest of a side that fills no block joins the last one."""
    (rows, heights), (columns, widths) = (_spans(length, block) for length in values.shape)
    whole = len(rows) * block
    if whole <= len(values):  # many times faster than reduceat down the columns
        sums = np.add.reduce(values[:whole].reshape(len(rows), block, -1), axis=1)
        sums[-1] += values[whole:].sum(axis=0)
    else:
        sums = values.sum(axis=0, keepdims=True)
    means: np.ndarray = np.add.reduceat(sums, columns, axis=1) / (heights[:, None] * widths)
    return means


@lru_cache(maxsize=64)
def _spans(length: int, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each block of a side begins, and how long it is."""
    starts = np.arange(0, max(1, length // block) * block, block)
    return starts, np.diff(starts, append=length)


def _tone(a: np.ndarray, b: np.ndarray, curve: np.ndarray) -> dict[str, float]:
    counts_a, counts_b = (_histogram(grey) / grey.size for grey in (a, b))
    spread_a, spread_b = (float(np.sqrt(np.maximum(c @ LEVELS**2 - (c @ LEVELS) ** 2, 0.0))) for c in (counts_a, counts_b))
    return {
        "tone": float(counts_b @ np.abs(curve - LEVELS)),
        "contrast": (spread_b + 1.0) / (spread_a + 1.0),
    }


def _histogram(grey: np.ndarray) -> np.ndarray:
    """How many pixels have each of the 256 levels, as float64."""
    return cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64)


def _colour(a: Preview, b: Preview, overlay: Overlay, size: tuple[int, int]) -> dict[str, float]:
    """Differences of colour: spots on a half of the canvas, all others on a quarter, as JPEG is coarse with colours."""
    fine_size = (max(8, size[0] // CHROMA_REDUCTION), max(8, size[1] // CHROMA_REDUCTION))
    fine = [
        tuple(cut(plane, box, fine_size) - np.float32(128) for plane, box in ((plane_a, overlay.box_a), (plane_b, overlay.box_b)))
        for plane_a, plane_b in ((a.blue, b.blue), (a.red, b.red))
    ]
    planes = [(_halved(plane_a), _halved(plane_b)) for plane_a, plane_b in fine]
    left = [_matched(plane_a, plane_b) for plane_a, plane_b in planes]
    # about the mean: a cast over a grey picture is no colourfulness
    spread_a, spread_b = (float(np.sqrt(sum(pair[side].var() for pair in planes))) for side in (0, 1))
    residual = cv2.magnitude(*left)
    return {
        "colour": float(residual.mean()),
        "worst_colour": float(_blocks(residual, 4).max()),
        "colour_spot": _spot(fine, [_matched(*pair) for pair in fine], COLOUR_EDGE_SHARE),
        "saturation": (min(spread_a, spread_b) + COLOUR_NOISE) / (max(spread_a, spread_b) + COLOUR_NOISE),
        "cast": float(np.sqrt(sum((pair[0].mean() - pair[1].mean()) ** 2 for pair in planes))),
    }


def _halved(plane: np.ndarray) -> np.ndarray:
    """The mean of each two by two values; an odd last row or column is left out."""
    width, height = plane.shape[1] // 2, plane.shape[0] // 2
    return cv2.resize(plane[: height * 2, : width * 2], (width, height), interpolation=cv2.INTER_AREA)


def _matched(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What is left of a chroma plane when the other, moved and stretched within reason, is taken away."""
    x, y = a - a.mean(), b - b.mean()
    # drawn towards 1, so that the noise of a picture nearly without colours stretches nothing
    gain = float(((x * y).sum() + y.size) / ((y * y).sum() + y.size))
    left: np.ndarray = x - min(2.0, max(0.5, gain)) * y
    return left
