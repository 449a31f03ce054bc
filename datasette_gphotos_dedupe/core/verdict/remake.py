"""Proof by re-making: the smaller picture is made again from the larger one, and what is left is held against its own encoder.

The larger picture `L` is brought to the size of the smaller one `S` and may explain it as far as a resizer, a sharpener or a slight
change of tone could: one small linear kernel and one smooth curve, by least squares. That is `G`, the best re-making before
encoding. `G` goes through the very encoder that made `S`, which gives `E`. What the encoder throws away is `E - G`; if `S` was made of
`L`, then `S - G` is no more than that, over the whole picture and in every place of it. A second exposure has other photon noise, other
motion, other clouds: no resizer makes it of the first.

The ratio of both residuals is akin to the noise-residual tests of image forensics (Lukas, Fridrich and Goljan, "Digital camera
identification from sensor pattern noise", 2006), with the encoder's own loss in the place of the sensor's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..pictures.encoders import EXACT, Planes, halved
from ..pictures.hash_variants import WHOLE, Box
from ..pictures.planes import Still
from .align import solve_step
from .fitting import fit_colour, fit_luma
from .resampling import RESAMPLERS, resized
from .residue import FLOOR, blocks, residues

RESAMPLED_FLOOR = (
    0.6  # the same where nothing but rounding is expected of a resized copy: no resampler is known to the last digit
)
STILL_PX = 1 / 3  # a registration that is off by less needs no interpolation: the kernel takes it
REGISTERED_SIDE = 640
PLAIN_KERNEL = (0.8, 1.2)  # softness of what resizers alone do
FILM_NOISE = 5.0  # grey levels that two encodings of a film may differ by all over
SMALLEST = 24  # pixels of the shorter side: in less there is nothing to prove with
PLAIN = 1.15  # badness at which no better explanation is looked for
HOPELESS = 20.0  # badness of luma beyond which no other resampler helps: of copies the first one that was tried left at most 7


@dataclass(frozen=True)
class Remaking:
    """What was measured when one picture was made again from another.

    `luma` is the ratio of what is left to what the encoder leaves, over the whole picture; `worst` the same of the worst place, fine
    (3 x 3 pixels) or coarse (8 x 8); `colour` and `worst_colour` of the worse colour plane. `tone` and `cast` are the grey and colour
    levels that the curve and the colours moved on average, `softness` how much of the structure at four pixels a wave is left (1: all,
    above: sharpened), `saturation` the gain of the colours. `structure` is the share of blocks that show anything, `px` the longer
    side it was measured at, `kept` the share of the larger picture's sides that the smaller one shows, `span` the deviation of all its
    grey levels, `left` that of what is left, `resized` whether the pixels are other ones than those of the larger picture.
    """

    luma: float
    worst: float
    colour: float
    worst_colour: float
    tone: float
    cast: float
    softness: float
    saturation: float
    structure: float
    px: int
    kept: float
    span: float = 0.0
    left: float = 0.0
    resized: bool = True

    @property
    def own_softness(self) -> float:
        """`softness` where no resizing could have caused it; 1 elsewhere."""
        return 1.0 if self.resized else self.softness

    @property
    def plain_luma(self) -> float:
        """`luma` where no sharpening or softening took part, which explains more than resizing does; 0 elsewhere."""
        return self.luma if self._plain else 0.0

    @property
    def plain_tone(self) -> float:
        """`tone` where no sharpening or softening took part: those move what is bright beside dark; 0 elsewhere."""
        return self.tone if self._plain else 0.0

    @property
    def _plain(self) -> bool:
        return PLAIN_KERNEL[0] <= self.softness <= PLAIN_KERNEL[1]

    @property
    def badness(self) -> float:
        """What tells the better of two re-makings of one picture: the worst of its ratios, those of places divided by three."""
        return max(self.luma, self.colour, self.worst / 3, self.worst_colour / 3)


@dataclass(frozen=True, eq=False)
class _Target:
    """What is to be made again: a rectangle of the smaller picture in pixels, and the box of the larger one that shows the same."""

    planes: Planes
    rectangle: tuple[int, int, int, int]
    box: Box

    @property
    def size(self) -> tuple[int, int]:
        return self.planes.luma.shape[1], self.planes.luma.shape[0]


@dataclass(frozen=True, eq=False)
class _Made:
    """The best re-making before encoding, and how far kernel, curve and colours went for it."""

    luma: np.ndarray
    blue: np.ndarray
    red: np.ndarray
    tone: float = 0.0
    cast: float = 0.0
    softness: float = 1.0
    saturation: float = 1.0


@dataclass(frozen=True, eq=False)
class Views:
    """The luma planes that were compared, of one size: the copy, what was made again, and that through the copy's encoder."""

    copy: np.ndarray
    made: np.ndarray
    encoded: np.ndarray


def remake(small: Still, large: Still, box_small: Box = WHOLE, box_large: Box = WHOLE) -> Remaking | None:
    """`small` made again from `large`; both boxes show the same. None when there are too few pixels to tell."""
    best = remake_best(small, large, box_small, box_large)
    return best[0] if best else None


def remake_best(small: Still, large: Still, box_small: Box = WHOLE, box_large: Box = WHOLE) -> tuple[Remaking, Views] | None:
    """The same with what can be shown of it: the best of all explanations that were tried."""
    best = None
    for target in _targets(small, large, box_small, box_large):
        for made in _remakings(target, large, small.encoder.exact):
            found, views = _held_against(small, target, large.size, made)
            if best is None or found.badness < best[0].badness:
                best = found, views
            if best[0].badness <= PLAIN:
                return best
            if max(found.luma, found.worst / 3) > HOPELESS:
                break
    return best


def _held_against(small: Still, target: _Target, size: tuple[int, int], made: _Made) -> tuple[Remaking, Views]:
    encoded = small.encoder.encode_again(Planes(*map(_whole_levels, (made.luma, made.blue, made.red))))
    floor = RESAMPLED_FLOOR if small.encoder.exact and target.size != size else FLOOR
    found = _measured(small, target, made, encoded, floor)
    return replace(found, resized=target.size != size), Views(target.planes.luma, made.luma, encoded.luma)


def remake_frame(small: Planes, large: Planes) -> Remaking | None:
    """The same of two frames of films, whose encoder is not known: half of the places tell what it leaves in the others."""
    shape = small.luma.shape[1], small.luma.shape[0]
    own, other = (Still(planes, EXACT, None, shape) for planes in (small, large))
    target = _registered(own, other, WHOLE, WHOLE)
    if target is None:
        return None
    made = _explained(target, _resampled(other, target, "BICUBIC", False))
    encoded = Planes(
        *(_as_noisy(*planes) for planes in zip(_planes(target.planes), (made.luma, made.blue, made.red), strict=True))
    )
    found = _measured(own, target, made, encoded, FLOOR)
    left = float(np.sqrt(np.mean((target.planes.luma - made.luma) ** 2)))
    return replace(found, luma=left / FILM_NOISE)


def _planes(planes: Planes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return planes.luma, planes.blue, planes.red


def _as_noisy(wanted: np.ndarray, made: np.ndarray) -> np.ndarray:
    """`made` with as much noise everywhere as is left of `wanted` in half of its blocks."""
    left = wanted - made
    level = max(1.0, float(np.sqrt(np.median(blocks(left * left)))))
    signs = np.random.default_rng(0).integers(0, 2, made.shape).astype(np.float32) * 2 - 1
    noisy: np.ndarray = made + level * signs
    return noisy


# Where the larger picture shows the smaller one.


def _targets(small: Still, large: Still, box_small: Box, box_large: Box) -> Iterator[_Target]:
    """The whole against the whole first, where that is what the boxes say: a registration is no better than a third of a pixel."""
    if box_small == box_large == WHOLE and min(small.size) >= SMALLEST:
        yield _Target(small.planes, (0, 0, *small.size), WHOLE)
    target = _registered(small, large, box_small, box_large)
    if target is not None and target.box != WHOLE:
        yield target


def _registered(small: Still, large: Still, box_small: Box, box_large: Box) -> _Target | None:
    rectangle, box = _fitted(_in_pixels(box_small, small.size), box_large)
    for _ in range(4):
        left, top, right, bottom = rectangle
        if min(right - left, bottom - top) < SMALLEST or min(box[2] - box[0], box[3] - box[1]) < 0.05:
            return None
        target = _Target(small.planes.part(*rectangle), rectangle, box)
        moved = _moved_box(target, large)
        if moved is None:
            return target
        rectangle, box = _fitted(rectangle, moved)
    return target


def _in_pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    width, height = size
    return round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height)


def _moved_box(target: _Target, large: Still) -> Box | None:
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


# What a resizer, a sharpener or a slight change of tone explains.


def _remakings(target: _Target, large: Still, exact: bool) -> Iterator[_Made]:
    """The larger picture as it is when both have one size, then as each known resampler and a kernel explain the copy."""
    if target.box == WHOLE and target.size == large.size:
        yield _Made(*_planes(large.planes))
        yield _explained(target, [plane.astype(np.float32) for plane in _planes(large.planes)])
        return
    for resampler in RESAMPLERS:
        yield _explained(target, _resampled(large, target, resampler, exact))


def _resampled(large: Still, target: _Target, resampler: str, exact: bool) -> list[np.ndarray]:
    luma, blue, red = (resized(plane, target.size, target.box, resampler, exact) for plane in _planes(large.planes))
    return [luma, halved(blue), halved(red)]  # resized first and halved then, as the copy was: the other order is softer


def _explained(target: _Target, made: list[np.ndarray]) -> _Made:
    luma, blue, red = made
    wanted = target.planes
    luma, softness, tone = fit_luma(wanted.luma, luma)
    blue, gain_blue, cast_blue = fit_colour(wanted.blue, blue)
    red, gain_red, cast_red = fit_colour(wanted.red, red)
    return _Made(
        luma,
        blue,
        red,
        tone=tone,
        cast=math.hypot(cast_blue, cast_red),
        softness=softness,
        saturation=min((gain_blue, gain_red), key=lambda gain: -abs(math.log(max(gain, 0.01)))),
    )


def _whole_levels(plane: np.ndarray) -> np.ndarray:
    if plane.dtype == np.uint8:
        return plane
    levels: np.ndarray = cv2.add(np.asarray(plane, np.float32), np.zeros(4), dtype=cv2.CV_8U)  # rounds and saturates
    return levels


# What is left, against what the encoder leaves.


def _measured(small: Still, target: _Target, made: _Made, encoded: Planes, floor: float) -> Remaking:
    wanted = target.planes
    luma = residues(wanted.luma, made.luma, encoded.luma, floor)
    blue = residues(wanted.blue, made.blue, encoded.blue, floor)
    red = residues(wanted.red, made.red, encoded.red, floor)
    width, height = small.size
    shown = min(target.size[0] / width, target.size[1] / height, target.box[2] - target.box[0], target.box[3] - target.box[1])
    return Remaking(
        luma=luma.whole,
        worst=luma.worst,
        colour=max(blue.whole, red.whole),
        worst_colour=max(blue.worst, red.worst),
        tone=made.tone,
        cast=made.cast,
        softness=made.softness,
        saturation=made.saturation,
        structure=luma.structure,
        px=max(target.size),
        kept=shown,
        left=luma.left,
        span=float(cv2.meanStdDev(made.luma)[1].item()),
    )
