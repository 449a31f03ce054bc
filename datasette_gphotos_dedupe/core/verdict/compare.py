"""Numbers that say how far two overlaid previews differ, after brightness, contrast and colour were evened out.

All are measured on the part both pictures show. A mean forgives a changed face in a large landscape, so the worst local block
counts; a block forgives a date stamp in its corner, so the pixel that stands out farthest counts; and text is looked at by its
strokes, because two pages of one layout agree in everything coarser.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from .align import CHROMA_REDUCTION, Overlay, Preview, common_size, cut, softened

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
SQUARE = np.ones((3, 3), np.uint8)
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
    canvases = grey_a.astype(np.float32), curve.take(grey_b)
    light = _light(*canvases)
    if tone["tone"] > STEADY_TONE and max(light["worst_block"], light["worst_shade"]) > CLEARLY_SAME:
        # A tone that was clipped cannot be mapped back, so the better of both directions counts.
        others = tone_curve(grey_b, grey_a).take(grey_a), grey_b.astype(np.float32)
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
    x, y = grey[::2, ::2].ravel(), reference[::2, ::2].ravel()
    bins = x >> 3
    counts = np.bincount(bins, minlength=TONE_BINS)
    filled = counts > max(4, x.size // 1000)
    levels = np.arange(256, dtype=np.float32)
    if filled.sum() < 2:
        return levels + (float(y.mean()) - float(x.mean()))
    mean_x = np.bincount(bins, weights=x, minlength=TONE_BINS)[filled] / counts[filled]
    mean_y = np.bincount(bins, weights=y, minlength=TONE_BINS)[filled] / counts[filled]
    mean_y = np.maximum.accumulate(mean_y)
    known_x = np.concatenate(([mean_x[0] - 256.0], mean_x, [mean_x[-1] + 256.0]))
    known_y = np.concatenate(([mean_y[0] - 256.0], mean_y, [mean_y[-1] + 256.0]))
    return np.interp(levels, known_x, known_y).clip(0.0, 255.0).astype(np.float32)


def _light(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Differences of brightness of two canvases of one tone."""
    difference = a - b
    energy_a, energy_b, together = _energies(a, b)
    stronger = np.maximum(energy_a, energy_b)
    strokes, shades = _scores(difference, energy_a, energy_b, together)
    structured = stronger > DETAIL_FLOOR**2
    agreement = together / np.sqrt(energy_a * energy_b + 1e-6)
    detail = 1.0 - float(together[structured].sum() / np.sqrt(energy_a[structured].sum() * energy_b[structured].sum() + 1e-6))
    return {
        "pixel": float(np.abs(difference).mean()),
        "worst_block": float(strokes.max()),
        "worst_shade": float(shades.max()),
        "bad_share": float(((strokes > 1.0) | (shades > 1.0)).mean()),
        "detail": detail if structured.any() else 0.0,
        "worst_detail": float(1.0 - np.quantile(agreement[structured], 0.1)) if structured.any() else 0.0,
        "structure": float(structured.mean()),
    }


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
    fine = softened(canvas)[1:-1, 1:-1]
    wide = canvas[:-4, 2:-2] + canvas[4:, 2:-2]
    wide += canvas[2:-2, :-4]
    wide += canvas[2:-2, 4:]
    wide *= np.float32(0.25)
    structure: np.ndarray = np.subtract(fine, wide, out=wide)
    return structure


def _spot(planes: list[tuple[np.ndarray, np.ndarray]], left: list[np.ndarray], edge_share: float) -> float:
    """How far the worst pixel stands out of what is left of the differences between planes of two pictures.

    Another encoder or resizer touches edges, and the whole picture alike; a retouch touches one place. So each difference is divided
    by what the weaker of both pictures' edges beside it explains, and the largest quotient by that of 99 of 100 pixels.
    """
    if min(planes[0][0].shape) < SPOT_SIDE:
        return 0.0
    away = _squares(softened(plane)[1:-1, 1:-1] for plane in left)
    edges = np.minimum(
        *(_steepest(_squares(step for plane in side for step in _steps(plane))) for side in zip(*planes, strict=True))
    )
    away, edges = np.sqrt(away, out=away), np.sqrt(edges, out=edges)
    away /= SPOT_NOISE + edge_share * edges
    some = away[::2, ::2].ravel()
    place = int(some.size * 0.99)
    return float(away.max() / (SPOT_FLOOR + np.partition(some, place)[place]))


def _squares(planes: Iterable[np.ndarray]) -> np.ndarray:
    """The sum of the squares of some planes."""
    first, *others = planes
    total: np.ndarray = first * first
    for plane in others:
        total += plane * plane
    return total


def _steps(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Half the step from the pixel before to the one after each, across and down; one pixel smaller on each side."""
    half = plane * np.float32(0.5)
    return half[1:-1, 2:] - half[1:-1, :-2], half[2:, 1:-1] - half[:-2, 1:-1]


def _steepest(slopes: np.ndarray) -> np.ndarray:
    """The largest among each value and its neighbours, one smaller on each side."""
    return np.ascontiguousarray(cv2.dilate(slopes, SQUARE)[1:-1, 1:-1])


def _blocks(values: np.ndarray, block: int = BLOCK) -> np.ndarray:
    """The mean of each block; the rest of a side that fills no block joins the last one."""
    rows = _edges(values.shape[0], block)
    columns = _edges(values.shape[1], block)
    sums = np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)
    heights = np.diff([*rows, values.shape[0]])
    widths = np.diff([*columns, values.shape[1]])
    means: np.ndarray = sums / (heights[:, None] * widths[None, :])
    return means


def _edges(length: int, block: int) -> list[int]:
    return list(range(0, max(1, length // block) * block, block))


def _tone(a: np.ndarray, b: np.ndarray, curve: np.ndarray) -> dict[str, float]:
    levels = np.arange(256)
    counts_a, counts_b = (_histogram(grey) / grey.size for grey in (a, b))
    spread_a, spread_b = (float(np.sqrt(np.maximum(c @ levels**2 - (c @ levels) ** 2, 0.0))) for c in (counts_a, counts_b))
    return {
        "tone": float(counts_b @ np.abs(curve - levels)),
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
    residual = np.sqrt(sum(plane**2 for plane in left))
    return {
        "colour": float(residual.mean()),
        "worst_colour": float(_blocks(residual, 4).max()),
        "colour_spot": _spot(fine, [_matched(*pair) for pair in fine], COLOUR_EDGE_SHARE),
        "saturation": (min(spread_a, spread_b) + COLOUR_NOISE) / (max(spread_a, spread_b) + COLOUR_NOISE),
        "cast": float(np.sqrt(sum((pair[0].mean() - pair[1].mean()) ** 2 for pair in planes))),
    }


def _halved(plane: np.ndarray) -> np.ndarray:
    """The mean of each two by two values; an odd last row or column is left out."""
    even = plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]
    means: np.ndarray = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / np.float32(4.0)
    return means


def _matched(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """What is left of a chroma plane when the other, moved and stretched within reason, is taken away."""
    x, y = a - a.mean(), b - b.mean()
    # drawn towards 1, so that the noise of a picture nearly without colours stretches nothing
    gain = float(((x * y).sum() + y.size) / ((y * y).sum() + y.size))
    left: np.ndarray = x - min(2.0, max(0.5, gain)) * y
    return left
