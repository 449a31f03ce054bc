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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..pictures.encoders import EXACT, Encoder, Planes, halved
from ..pictures.hash_variants import WHOLE, Box
from ..pictures.planes import Still
from .fitting import fit_colour, fit_luma, tone_between
from .resampling import RESAMPLERS, resized
from .residue import FLOOR, blocks, residues
from .target import Target, find_targets, register, spread_tiles, tiles_to_try

RESAMPLED_FLOOR = (
    0.6  # the same where nothing but rounding is expected of a resized copy: no resampler is known to the last digit
)
PLAIN_KERNEL = (0.8, 1.2)  # softness of what resizers alone do
ROUNDED_TONE = 0.35  # grey levels that colours of a narrower range, as WebP and HEIC have them, are off by all over
SHARPENED_TONE = 4.0  # grey levels of tone for each unit of softness beyond: of sharpened copies nearly all moved less
FILM_NOISE = 5.0  # grey levels that two encodings of a film may differ by all over
PLAIN = 1.15  # badness at which no better explanation is looked for
EXACTLY = 1.05  # luma of what an encoder made of the very picture that was given to it
CLEARLY_WORSE = 1.25  # times the badness of the best on one part
PARTS_FIRST = 1_500_000  # pixels from which parts are tried before anything; the whole of a preview costs as much as the parts
PLAIN_PART = 1.3  # the same of a part, which says less
REFUTED = 3.2  # luma of two parts beyond which the whole is no copy: twice the border, which the whole of a copy keeps by far
AS_IS, KERNEL_ALONE = "as it is", "kernel alone"  # ways of making a copy of the same size
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
    def own_tone(self) -> float:
        """`tone` without what a sharpener of that strength may move by itself: it makes what is bright beside dark brighter."""
        return max(0.0, self.tone - SHARPENED_TONE * max(0.0, self.softness - PLAIN_KERNEL[1]))

    @property
    def _plain(self) -> bool:
        return PLAIN_KERNEL[0] <= self.softness <= PLAIN_KERNEL[1]

    @property
    def badness(self) -> float:
        """What tells the better of two re-makings of one picture: the worst of its ratios, those of places divided by three."""
        return max(self.luma, self.colour, self.worst / 3, self.worst_colour / 3)


@dataclass(frozen=True, eq=False)
class _Made:
    """The best re-making before encoding, and how far kernel, curve (None: there was none) and colours went for it."""

    luma: np.ndarray
    blue: np.ndarray
    red: np.ndarray
    tone: float | None = None
    cast: float = 0.0
    softness: float = 1.0
    saturation: float = 1.0

    def in_whole_levels(self) -> Planes:
        """What is handed to an encoder."""
        return Planes(*map(_whole_levels, (self.luma, self.blue, self.red)))


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
    for target in find_targets(small, large, box_small, box_large):
        small = _settled(small, target, large)
        for found in _explanations(small, target, large):
            if best is None or found[0].badness < best[0].badness:
                best = found
            if best[0].badness <= PLAIN:
                return best
    return best


def _explanations(small: Still, target: Target, large: Still) -> Iterator[tuple[Remaking, Views]]:
    """Every way of making it, the likely ones first; or what refutes them all in two parts of it."""
    ways = _ways(target, large)
    if target.size[0] * target.size[1] < PARTS_FIRST:
        first = _held_against(small, target, large, _made(ways[0], target, large, small.encoder.exact))
        yield first
        ways = () if _tells_all(ways[0], first[0]) else ways[1:]
    likely, refuted = _likely_ways(ways, small, target, large)
    if refuted:
        yield refuted
    else:
        yield from _tried(likely, small, target, large)


def _tried(ways: Sequence[str], small: Still, target: Target, large: Still) -> Iterator[tuple[Remaking, Views]]:
    """Every way of making it, until one shows that no other will do."""
    for way in ways:
        found = _held_against(small, target, large, _made(way, target, large, small.encoder.exact))
        yield found
        if _tells_all(way, found[0]):
            return


def _tells_all(way: str, found: Remaking) -> bool:
    """Whether no other way helps: all of it is another picture, or all of it is explained but for some place."""
    return max(found.luma, found.worst / 3) > HOPELESS or (way == AS_IS and max(found.luma, found.colour) <= EXACTLY)


def _likely_ways(
    ways: Sequence[str], small: Still, target: Target, large: Still
) -> tuple[Sequence[str], tuple[Remaking, Views] | None]:
    """All ways, the likely ones first, by what they make of a part of a large picture; with what refutes them all where two parts do."""
    refuted = None
    for number, tile in enumerate(tiles_to_try(target) if len(ways) > 1 else ()):
        found: dict[str, tuple[Remaking, Views]] = {}
        for way, tried in zip(ways, _tried(ways, small, tile, large), strict=False):
            found[way] = tried
            if tried[0].badness <= PLAIN_PART:
                break
        if number == 0:
            ways = _promising(ways, {way: tried[0].badness for way, tried in found.items()})
        refuted = min(found.values(), key=lambda tried: tried[0].luma)
        if refuted[0].luma <= REFUTED:
            return ways, None
    return ways, refuted


def _promising(ways: Sequence[str], badness: dict[str, float]) -> Sequence[str]:
    """The best by what they made of a part first; without those that were clearly worse there, and with those that were not tried."""
    best = min(badness.values())
    return sorted(
        (way for way in ways if badness.get(way, best) <= CLEARLY_WORSE * best), key=lambda way: badness.get(way, math.inf)
    )


def _settled(small: Still, target: Target, large: Still) -> Still:
    """The smaller picture with the quality found that its encoder worked at, where the file does not say it."""
    if not small.encoder.unsettled:
        return small
    tiles = spread_tiles(target)
    rows = [[_made(_ways(tile, large)[0], tile, large, False).in_whole_levels() for tile in row] for row in tiles]
    weight = _weight(_mosaic([[tile.planes for tile in row] for row in tiles]).luma) / _weight(target.planes.luma)
    return replace(small, encoder=small.encoder.settled(_mosaic(rows), weight))


def _weight(luma: np.ndarray) -> float:
    """Bytes a pixel as JPEG: what parts weigh against the whole is about the same for all that encode by blocks."""
    return cv2.imencode(".jpg", luma, (cv2.IMWRITE_JPEG_QUALITY, 75))[1].size / luma.size


def typical_loss(encoder: Encoder, still: Still) -> float:
    """Grey levels of luma that an encoder throws away of such a picture, measured on parts of it.

    They are moved by half a block: what went through the same encoder once would lose nothing more where its blocks were.
    """
    whole = Target(still.planes, (0, 0, *still.size), WHOLE)
    tiles = [[tile.planes for tile in row] for row in spread_tiles(whole)]
    planes = _mosaic([[tile.part(4, 4, tile.luma.shape[1], tile.luma.shape[0]) for tile in row] for row in tiles])
    apart: np.ndarray = encoder.encode_again(planes).luma.astype(np.float32) - planes.luma
    return float(np.sqrt(np.mean(apart * apart)))


def _mosaic(rows: list[list[Planes]]) -> Planes:
    return Planes(*(np.block([[getattr(one, name) for one in row] for row in rows]) for name in ("luma", "blue", "red")))


def _held_against(small: Still, target: Target, large: Still, made: _Made) -> tuple[Remaking, Views]:
    encoded = small.encoder.encode_again(made.in_whole_levels())
    resized = target.same_pixels(large) is None
    floor = RESAMPLED_FLOOR if small.encoder.exact and resized else FLOOR
    found = _measured(small, target, made, encoded, floor)
    return replace(found, resized=resized), Views(target.planes.luma, made.luma, encoded.luma)


def remake_frame(small: Planes, large: Planes) -> Remaking | None:
    """The same of two frames of films, whose encoder is not known: half of the places tell what it leaves in the others."""
    shape = small.luma.shape[1], small.luma.shape[0]
    own, other = (Still(planes, EXACT, None, shape) for planes in (small, large))
    target = register(own, other, WHOLE, WHOLE)
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


# What a resizer, a sharpener or a slight change of tone explains.


def _ways(target: Target, large: Still) -> Sequence[str]:
    """How the larger picture may have become the smaller one: as it is or through a kernel when both have one size, or resampled."""
    return (AS_IS, KERNEL_ALONE) if target.same_pixels(large) else RESAMPLERS


def _made(way: str, target: Target, large: Still, exact: bool) -> _Made:
    pixels = target.same_pixels(large)
    if pixels is None:
        return _explained(target, _resampled(large, target, way, exact))
    if way == AS_IS:
        return _Made(*_planes(pixels))
    return _explained(target, [plane.astype(np.float32) for plane in _planes(pixels)])


def _resampled(large: Still, target: Target, resampler: str, exact: bool) -> list[np.ndarray]:
    luma, blue, red = (resized(plane, target.size, target.box, resampler, exact) for plane in _planes(large.planes))
    return [luma, halved(blue), halved(red)]  # resized first and halved then, as the copy was: the other order is softer


def _explained(target: Target, made: list[np.ndarray]) -> _Made:
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


def _tone_of_encoded(encoder: Encoder, wanted: np.ndarray, encoded: np.ndarray) -> float:
    """How far a curve would move what went through the encoder, which moves tones by itself where it is coarse."""
    moved = tone_between(wanted, encoded)
    return moved if encoder.says_all else max(0.0, moved - ROUNDED_TONE)


def _measured(small: Still, target: Target, made: _Made, encoded: Planes, floor: float) -> Remaking:
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
        tone=_tone_of_encoded(small.encoder, wanted.luma, encoded.luma) if made.tone is None else made.tone,
        cast=made.cast,
        softness=made.softness,
        saturation=made.saturation,
        structure=luma.structure,
        px=max(target.size),
        kept=shown,
        left=luma.left,
        span=float(cv2.meanStdDev(made.luma)[1].item()),
    )
