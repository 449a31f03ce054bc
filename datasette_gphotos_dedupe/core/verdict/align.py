"""Two previews laid over each other: the part both show, at one scale.

Registration is Lucas-Kanade over scale and shift of each axis (Baker and Matthews, "Lucas-Kanade 20 years on", 2004), started
from the framing that the hashes suggest and refined on 64, then 128 pixels. Turns are undone before; tilts are looked for last.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ...errors import PictureError
from ..pictures.hash_variants import WHOLE, Box

Span = tuple[float, float]
"""From where to where on one axis, as shares of the side."""

if TYPE_CHECKING:
    from PIL import Image

LEAST_SIDE = 8  # of a canvas, also for a spacer of one pixel: measures look at the neighbours of neighbours
CACHED_PREVIEWS = 1024  # 0.1 MB each
CACHED_CANVASES = 64  # a photo meets several others in a row, and an overlay moves one box at a time
CHROMA_REDUCTION = 2  # a JPEG preview keeps no more of its colours
LEVELS = ((48, 6), (128, 4))  # longer side of the registration canvas, at most so many steps on it
SPARE_PIXELS = 1.2  # of a reduction for each of the canvas: with fewer its own rounding would show
STILL = 0.0004  # of a side: a step below this is a tenth of a pixel of the full preview
SETTLED = 0.97  # correlation of the start from which on no coarser canvas is asked whether it is far off
HOPELESS = 0.5  # correlation after the coarse level below which nothing corresponds
FAINT_LEVELS = 6.0  # standard deviation of the grey levels
MIN_OVERLAP = 0.3
MAX_TILT_DEGREES = 6.0
BINOMIAL = np.array([0.25, 0.5, 0.25], np.float32)
SEARCHED_SIDE, SEARCHED_SIZES = 128, 23  # pixels of the picture in which another is looked for, and sizes of that one


@dataclass(frozen=True, eq=False)
class Preview:
    """A decoded thumbnail: luma at full size, both chroma planes at half of it, as Pillow images of mode L."""

    luma: Image.Image
    blue: Image.Image
    red: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.luma.size

    @cached_property
    def reductions(self) -> tuple[Image.Image, ...]:
        """The luma, its half and its quarter, as far as there are pixels: what small canvases are cut from, at a fraction of the time."""
        half = self.luma.reduce(2) if min(self.size) >= 2 * LEAST_SIDE else None
        quarter = half.reduce(2) if half and min(half.size) >= 2 * LEAST_SIDE else None
        return tuple(plane for plane in (self.luma, half, quarter) if plane)


@dataclass(frozen=True)
class Overlay:
    """What corresponds: `box_a` of the one picture shows what `box_b` of the other does. `score` is their correlation."""

    box_a: Box
    box_b: Box
    score: float


@lru_cache(maxsize=CACHED_PREVIEWS)
def load_preview(thumbnail: bytes) -> Preview:
    """The pixels of a JPEG preview. Cached, since a photo meets several others in a row.

    Raises PictureError for bytes that are no picture: a damaged database may hold any.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(thumbnail)) as image:
            image.draft("YCbCr", image.size)
            image.load()
            whole = image if image.mode == "YCbCr" else image.convert("YCbCr")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError("broken", f"its preview cannot be read: {error}") from error
    small = whole.reduce(CHROMA_REDUCTION) if min(whole.size) >= 2 * CHROMA_REDUCTION else whole
    return Preview(whole.getchannel(0), small.getchannel(1), small.getchannel(2))


@lru_cache(maxsize=CACHED_PREVIEWS // 8)
def turn_preview(preview: Preview, turn: str) -> Preview:
    """A preview turned or mirrored; `turn` is a name of variants.TURNS."""
    from PIL.Image import Transpose

    names = {"mirror": "FLIP_LEFT_RIGHT", "flip": "FLIP_TOP_BOTTOM", "rot90": "ROTATE_90", "rot180": "ROTATE_180"}
    method = Transpose[names.get(turn) or {"rot270": "ROTATE_270"}.get(turn) or turn.upper()]
    return Preview(preview.luma.transpose(method), preview.blue.transpose(method), preview.red.transpose(method))


def register_tilted(a: Preview, b: Preview, overlay: Overlay) -> tuple[Preview, Overlay, float]:
    """`b` turned by the small angle that fits `a` better, its overlay, and the angle in degrees; as given when none does."""
    degrees, best = 0.0, (b, overlay, 0.0)
    for _ in range(2):
        size = common_size(a, best[0], best[1], LEVELS[1][0])
        degrees += _tilt_degrees(*_canvases(a, best[0], best[1], size))
        if not 0.2 < abs(degrees) < MAX_TILT_DEGREES:
            break
        tilted = _tilted(b, degrees)
        inner = _shrunk(best[1], abs(math.sin(math.radians(degrees))) * 0.75)
        found = register(a, tilted, inner, fixed_edges=True)
        if found.score <= best[1].score + 0.01:
            break
        best = (tilted, found, degrees)
    return best


def _tilt_degrees(a: np.ndarray, b: np.ndarray) -> float:
    """The angle that `b` must be turned by, counter-clockwise, from the gradients; 0.0 when they do not tell."""
    gy, gx = np.gradient(b)
    height, width = a.shape
    x = np.arange(width, dtype=np.float32)[None, :] - width / 2
    y = np.arange(height, dtype=np.float32)[:, None] - height / 2
    terms = [gx * y - gy * x, gx, gy, gx * x, gy * y, b, np.ones_like(b)]
    design = np.stack([term.ravel() for term in terms]).astype(np.float64)
    try:
        solved = np.linalg.solve(design @ design.T, design @ a.ravel().astype(np.float64))
    except np.linalg.LinAlgError:
        return 0.0
    return -math.degrees(solved[0] / solved[5]) if 0.2 < solved[5] < 5.0 else 0.0


def _tilted(preview: Preview, degrees: float) -> Preview:
    from PIL.Image import Resampling

    planes = (plane.rotate(degrees, Resampling.BICUBIC) for plane in (preview.luma, preview.blue, preview.red))
    return Preview(*planes)


def _shrunk(overlay: Overlay, margin: float) -> Overlay:
    """An overlay without the rim, where a turned picture has no pixels."""
    boxes = []
    for left, top, right, bottom in (overlay.box_a, overlay.box_b):
        x, y = (right - left) * margin, (bottom - top) * margin
        boxes.append((left + x, top + y, right - x, bottom - y))
    return Overlay(boxes[0], boxes[1], overlay.score)


@lru_cache(maxsize=CACHED_PREVIEWS)
def is_faint(preview: Preview) -> bool:
    """Whether a picture is nearly one grey: its correlation with another, even with its own copy, is that of their noise."""
    return float(np.asarray(preview.luma).std()) < FAINT_LEVELS


def cut(plane: Image.Image, box: Box, size: tuple[int, int]) -> np.ndarray:
    """The part of a plane inside `box`, resampled to `size` (width, height); uint8."""
    from PIL.Image import Resampling

    width, height = plane.size
    if box == WHOLE and size == plane.size:
        return np.asarray(plane)
    pixels = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
    return np.asarray(plane.resize(size, Resampling.BICUBIC, box=pixels))


def common_size(a: Preview, b: Preview, overlay: Overlay, longer_side: int) -> tuple[int, int]:
    """The canvas on which neither picture is enlarged, at most `longer_side` pixels."""
    widths = [p.size[0] * (box[2] - box[0]) for p, box in ((a, overlay.box_a), (b, overlay.box_b))]
    heights = [p.size[1] * (box[3] - box[1]) for p, box in ((a, overlay.box_a), (b, overlay.box_b))]
    width, height = min(widths), min(heights)
    shrink = min(1.0, longer_side / max(width, height))
    return max(LEAST_SIDE, round(width * shrink)), max(LEAST_SIDE, round(height * shrink))


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation of two canvases; 0.0 when one of them is a single colour."""
    x, y = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / scale if scale > 1e-3 else 0.0


def find_inside(a: Preview, b: Preview) -> list[Overlay]:
    """Where the one may lie inside the other, and the other way round: the best place and size of each by normalised correlation.

    Of a crop by hand, at any place and down to a fourth of the area, kept with the clock or the name of its original.
    """
    return [found for found in (_inside(a, b), _swapped(_inside(b, a))) if found]


def _swapped(overlay: Overlay | None) -> Overlay | None:
    return Overlay(overlay.box_b, overlay.box_a, overlay.score) if overlay else None


def _inside(part: Preview, whole: Preview) -> Overlay | None:
    """The overlay of all of `part` and the box of `whole` that resembles it most."""
    share = min(1.0, SEARCHED_SIDE / max(whole.size))
    size = max(8, round(whole.size[0] * share)), max(8, round(whole.size[1] * share))
    ground = _small_cut(whole, WHOLE, size)
    largest = min(size[0] / part.size[0], size[1] / part.size[1])
    best: Overlay | None = None
    for shrink in np.linspace(1.0, 0.45, SEARCHED_SIZES):
        width, height = round(part.size[0] * largest * shrink), round(part.size[1] * largest * shrink)
        if min(width, height) < 12:
            break
        found = cv2.matchTemplate(ground, _small_cut(part, WHOLE, (width, height)), cv2.TM_CCOEFF_NORMED)
        _, score, _, (left, top) = cv2.minMaxLoc(found)
        if best is None or score > best.score:
            box = left / size[0], top / size[1], min(1.0, (left + width) / size[0]), min(1.0, (top + height) / size[1])
            best = Overlay(WHOLE, box, float(score))
    return best


def register(a: Preview, b: Preview, start: Overlay, fixed_edges: bool = False) -> Overlay:
    """The best overlay near `start`. With `fixed_edges` box_a stays and only box_b moves."""
    best = start
    if not fixed_edges:
        as_it_is = _where_it_starts(a, b, start)
        if as_it_is:
            return as_it_is
    for longer_side, steps in LEVELS:
        best = _registered_at(a, b, best, longer_side, steps, fixed_edges)
        if best.score < HOPELESS:
            break
    return best


def _where_it_starts(a: Preview, b: Preview, start: Overlay) -> Overlay | None:
    """The start, where the finest canvases are alike already and a step would lead nowhere: true of most copies."""
    size = common_size(a, b, start, LEVELS[-1][0])
    canvas_a, canvas_b = _canvases(a, b, start, size)
    score = correlation(canvas_a, canvas_b)
    if score < SETTLED:
        return None
    step = solve_step(canvas_a, canvas_b)
    return Overlay(start.box_a, start.box_b, score) if step and max(map(abs, step)) < STILL else None


def _registered_at(a: Preview, b: Preview, best: Overlay, longer_side: int, steps: int, fixed_edges: bool) -> Overlay:
    """The best overlay that some Lucas-Kanade steps find on canvases of one size; never worse than `best` there."""
    size = common_size(a, b, best, longer_side)
    canvas_a, canvas_b = _canvases(a, b, best, size)
    best = Overlay(best.box_a, best.box_b, correlation(canvas_a, canvas_b))
    for _ in range(steps):
        moved = _moved(best, solve_step(canvas_a, canvas_b), fixed_edges)
        if moved is None:
            break
        canvas_a, canvas_b = _canvases(a, b, moved, size)
        score = correlation(canvas_a, canvas_b)
        if score < best.score + 1e-5:
            break
        best = Overlay(moved.box_a, moved.box_b, score)
    return best


def _canvases(a: Preview, b: Preview, overlay: Overlay, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return _canvas(a, overlay.box_a, size), _canvas(b, overlay.box_b, size)


@lru_cache(maxsize=CACHED_CANVASES)
def _canvas(preview: Preview, box: Box, size: tuple[int, int]) -> np.ndarray:
    """A part of the luma as it is registered; whoever gets it leaves it as it is."""
    return softened(_small_cut(preview, box, size))


def _small_cut(preview: Preview, box: Box, size: tuple[int, int]) -> np.ndarray:
    """What `cut` gives of the luma, near enough to find where things lie: from the smallest reduction that has pixels to spare."""
    from PIL.Image import Resampling

    width, height = preview.size
    shrink = min((box[2] - box[0]) * width / size[0], (box[3] - box[1]) * height / size[1])
    reductions = preview.reductions
    halvings = min(int(math.log2(max(1.0, shrink / SPARE_PIXELS))), len(reductions) - 1)
    # an odd side ends in half a pixel of the reduction, which is no part of the picture
    across, down = width / 2**halvings, height / 2**halvings
    pixels = (box[0] * across, box[1] * down, box[2] * across, box[3] * down)
    return np.asarray(reductions[halvings].resize(size, Resampling.BICUBIC, box=pixels))


def softened(canvas: np.ndarray) -> np.ndarray:
    """A canvas of whole numbers through a 3 x 3 binomial filter: float32, one pixel smaller on each side."""
    return np.ascontiguousarray(cv2.sepFilter2D(canvas, cv2.CV_32F, BINOMIAL, BINOMIAL)[1:-1, 1:-1])


def solve_step(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float, float] | None:
    """How far b's box must move: shift and growth of x, then of y, as shares of the side; None when nothing can be told.

    Solves a = gain * (b + moved gradients) + offset in least squares.
    """
    height, width = a.shape
    x = (np.arange(width, dtype=np.float32) / (width - 1) - 0.5)[None, :]
    y = (np.arange(height, dtype=np.float32) / (height - 1) - 0.5)[:, None]
    terms = np.empty((6, height, width), b.dtype)
    _slopes(b.T, terms[0].T)
    _slopes(b, terms[2])
    np.multiply(terms[0], x, out=terms[1])
    np.multiply(terms[2], y, out=terms[3])
    terms[4], terms[5] = b, 1
    design = terms.reshape(6, -1)
    normal = (design @ design.T).astype(np.float64)
    normal[np.diag_indices(4)] += 1e-3 * (1.0 + np.trace(normal[:4, :4]))
    try:
        solved = np.linalg.solve(normal, (design @ a.ravel()).astype(np.float64))
    except np.linalg.LinAlgError:
        return None
    gain = solved[4]
    if not 0.2 < gain < 5.0:
        return None
    step = solved[:4] / gain / (width, width, height, height)
    shift_x, growth_x, shift_y, growth_y = (float(value) for value in np.clip(step, -0.06, 0.06))
    return shift_x, growth_x, shift_y, growth_y


def _slopes(rows: np.ndarray, out: np.ndarray) -> None:
    """What numpy.gradient gives down the rows, without its checks."""
    np.subtract(rows[2:], rows[:-2], out=out[1:-1])
    out[1:-1] *= out.dtype.type(0.5)
    np.subtract(rows[1], rows[0], out=out[0])
    np.subtract(rows[-1], rows[-2], out=out[-1])


def _moved(overlay: Overlay, step: tuple[float, float, float, float] | None, fixed_edges: bool) -> Overlay | None:
    """The overlay after a step, clipped to what both pictures show; None when it stands still or leaves the picture."""
    if step is None or max(map(abs, step)) < STILL:
        return None
    left_a, right_a, left_b, right_b = _axis(_span(overlay.box_a, 0), _span(overlay.box_b, 0), step[:2], fixed_edges)
    top_a, bottom_a, top_b, bottom_b = _axis(_span(overlay.box_a, 1), _span(overlay.box_b, 1), step[2:], fixed_edges)
    boxes = (left_a, top_a, right_a, bottom_a), (left_b, top_b, right_b, bottom_b)
    if min(box[side + 2] - box[side] for box in boxes for side in (0, 1)) < MIN_OVERLAP:
        return None
    return Overlay(*boxes, overlay.score)


def _span(box: Box, axis: int) -> Span:
    return box[axis], box[axis + 2]


def _axis(span_a: Span, span_b: Span, step: Span, fixed_edges: bool) -> tuple[float, float, float, float]:
    """One axis: the map from a to b moved by a step (shift, growth), then both spans followed out to where a picture ends."""
    (a0, a1), (b0, b1), (shift, growth) = span_a, span_b, step
    middle_a, middle_b = (a0 + a1) / 2, (b0 + b1) / 2 + shift * (b1 - b0)
    scale = (b1 - b0) * (1.0 + growth) / (a1 - a0)
    low, high = (a0, a1) if fixed_edges else (0.0, 1.0)
    low = max(low, middle_a - middle_b / scale)
    high = min(high, middle_a + (1.0 - middle_b) / scale)
    to_b = [min(1.0, max(0.0, middle_b + (x - middle_a) * scale)) for x in (low, high)]
    return low, high, to_b[0], to_b[1]
