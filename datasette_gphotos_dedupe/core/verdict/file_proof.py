"""Two picture files in, the proof out: does the larger one still hold all that the smaller one shows?

Everything that stands beside the pixels is looked at here too: transparency, colour profiles, frames and pages, and what a file carries
besides its first picture. Either it is compared, or it objects.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from ...errors import MissingExtra, PictureError
from ..pictures.hash_variants import WHOLE, Box
from ..pictures.planes import BLACK, GREY, SRGB, WHITE, Outline, Still, Wanted, read_outline, read_profile, read_still
from .align import Overlay
from .compared_photo import Subject
from .measures import LUMA, ON_PURPOSE, SAME_LEFT, all_allow
from .remake import PLAIN, Remaking, remake, typical_loss

NEEDED, NEEDED_BY_SMALL = 1.5, 4.0  # times the size of the copy: a JPEG scaled while it is decoded has lost its finest structure
SMALL_SIDE = 2000  # up to which the larger factor costs little
ABOUT_EQUAL = 0.98  # of the pixels: below it the one with fewer is the copy, above it the coarser one
FAR_LESS = 0.7  # of what an encoder leaves of such a picture: less was left by another one
SAMPLED = 1.2  # times that parts of a picture may lose less than the whole
ROUNDED = 0.6  # grey levels that a picture differs by that went through other whole numbers and back
FRAMES = 8  # of an animation or a file of pages, spread over its length
NEARLY_WHOLE = 0.985  # of each side that both show: the edges of an overlay of previews are no better known
ALPHA_LEVELS = 24.0  # that transparency may differ by in any place, after both were softened
COMPARED = frozenset(("frames", "pages", "alpha", "deep"))
"""What stands beside the pixels and is compared, or cannot be lost to a copy that has it too."""
EXTRA_WORDS = {
    "film": "the film of a motion photo",
    "gain_map": "a gain map for bright screens",
    "depth_map": "a depth map",
    "second_view": "a second view",
    "pages": "several pages",
    "frames": "several frames",
    "sound": "sound",
    "alpha": "transparency",
    "deep": "more than 8 bits a colour",
}


@dataclass(frozen=True)
class Proof:
    """What re-making two photos showed.

    `remaking` is None where it could not be measured, `trouble` then says why. `holder` is the photo that the other was made again
    from, None when each can be made again from the other. `objection` names what speaks against whatever the pixels say.
    `previews`: measured on previews, because an original could not be opened.
    """

    remaking: Remaking | None = None
    holder: str | None = None
    objection: str | None = None
    trouble: str | None = None
    previews: bool = False

    def as_json(self) -> str:
        """For storing; `from_json` reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Proof:
        """The proof that `as_json` wrote."""
        stored = json.loads(text)
        return cls(**{**stored, "remaking": Remaking(**stored["remaking"]) if stored["remaking"] else None})


@dataclass(frozen=True, eq=False)
class Original:
    """A photo and the bytes of its file. `box` is the part of it that the other picture shows."""

    subject: Subject
    data: bytes
    box: Box = WHOLE

    @cached_property
    def own_still(self) -> Still:
        """Its planes as its encoder holds them. Raises PictureError, MissingExtra."""
        return self.still()

    def still(self, **wanted: object) -> Still:
        """Its planes. Raises PictureError, MissingExtra."""
        return read_still(self.data, self.subject.filename or "", Wanted(**wanted))  # type: ignore[arg-type]


def prove(a: Original, b: Original) -> Proof:
    """The smaller of two pictures made again from the larger one. A picture that cannot be opened costs its own pair alone."""
    try:
        return _prove(a, b)
    except (PictureError, MissingExtra) as error:
        return Proof(trouble=f"one of them could not be opened: {error}")
    except MemoryError:
        return Proof(trouble="one of them is too large for the memory of this machine")
    except cv2.error as error:
        return Proof(trouble=f"they could not be measured: {error.err}")


def prove_on_previews(a: Subject, b: Subject, overlay: Overlay, trouble: str) -> Proof:
    """The same on the previews, when an original cannot be reached."""
    if not a.thumbnail or not b.thumbnail:
        return Proof(trouble=trouble)
    named = (replace(a, filename="a.jpg"), replace(b, filename="b.jpg"))
    boxes = boxes_of(overlay)
    found = prove(Original(named[0], a.thumbnail, boxes[0]), Original(named[1], b.thumbnail, boxes[1]))
    return replace(found, trouble=trouble, previews=True)


def boxes_of(overlay: Overlay) -> tuple[Box, Box]:
    """The parts of both pictures that show the same; the whole where no more than a rim is missing."""
    boxes = overlay.box_a, overlay.box_b
    sides = [box[side + 2] - box[side] for box in boxes for side in (0, 1)]
    return (WHOLE, WHOLE) if min(sides) >= NEARLY_WHOLE else boxes


def _prove(a: Original, b: Original) -> Proof:
    outlines = read_outline(a.data, a.subject.filename or ""), read_outline(b.data, b.subject.filename or "")
    small, large = (a, b) if _is_copy(*outlines, a, b) else (b, a)
    outline, other = outlines if small is a else outlines[::-1]
    holder: str | None = large.subject.photo_id
    objection = beside_the_picture(small.subject, large.subject) or _other_frames(outline, other)
    if not objection and outline.shows_through and not other.shows_through:
        objection = f"Something shows through {small.subject.filename or small.subject.photo_id}, and not through the other."
    if objection:
        return Proof(holder=holder, objection=objection)
    if outline.shows_through:
        return _remade_transparent(small, large, replace(_wanted(small, large, outline), ground=GREY))
    found = _remade(small, large, outline, other)
    if not _may_be_the_source(outline, other, small, large, found):
        return Proof(found, holder)
    back = _remade(large, small, other, outline)
    if found and _sureness(found) == _sureness(back) > 0:
        return Proof(found, _first_of(small, large, found))
    return Proof(back, small.subject.photo_id) if _sureness(back) > _sureness(found) else Proof(found, holder)


def _sureness(remaking: Remaking | None) -> int:
    """2: made again as programs make copies; 1: made again, but somebody changed it; 0: not."""
    if remaking is None or not all_allow(SAME_LEFT, remaking):
        return 0
    return 2 if all_allow(ON_PURPOSE, remaking) else 1


def _first_of(small: Original, large: Original, found: Remaking) -> str | None:
    """Which one was there first, when each can be made again from the other: the one that was not made of the other.

    An encoder that says how it works leaves about as much of any picture like these. Where far less lies between them, it was not at
    work there: so the other one was made of its file, and more finely. None when that holds of neither, or of both alike.
    """
    shares = {}
    for one, other in ((small, large), (large, small)):
        encoder = one.own_still.encoder
        lost = typical_loss(encoder, other.own_still) if encoder.says_all else found.left
        shares[one.subject.photo_id] = found.left / max(lost, 1e-6)
    first, second = sorted(shares, key=lambda photo_id: shares[photo_id])
    return first if shares[first] < FAR_LESS * min(1.0, shares[second]) else None


def _may_be_the_source(outline: Outline, other: Outline, small: Original, large: Original, found: Remaking | None) -> bool:
    """Whether the other one might be made again from this one, though it was encoded more finely: an original saved once more.

    Never where they differ by more than the encoder of the other one leaves at most, or by far more than it leaves of this one.
    """
    most = other.encoder.leaves_at_most
    return (
        found is not None
        and _about_equal(outline, other)
        and (most is None or found.left <= LUMA * max(most, ROUNDED))
        and not beside_the_picture(large.subject, small.subject)
        and not other.shows_through
        and found.left <= SAMPLED * LUMA * max(typical_loss(other.encoder, small.own_still), ROUNDED)
    )


def _wanted(small: Original, large: Original, outline: Outline) -> Wanted:
    """How the larger picture is opened. The encoder of the copy saw the numbers of its own space of colours, so it is brought there."""
    space = read_profile(small.data)
    side = _needed_side(outline, _shown(large.box))
    return Wanted(side, space=space if space != read_profile(large.data) else None)


def _remade(small: Original, large: Original, outline: Outline, other: Outline) -> Remaking | None:
    wanted, still = _wanted(small, large, outline), small.own_still
    best: Remaking | None = None
    for way in _ways(wanted, other.shows_through):
        found = _frames_remade(small, large, still, way)
        if found and (best is None or found.badness < best.badness):
            best = found
        if best and best.badness <= PLAIN:
            break
    return best


def _ways(wanted: Wanted, shows_through: bool) -> list[Wanted]:
    """How the larger picture may have become the copy: over white or black where it is transparent, its numbers brought into the
    copy's space of colours, or, as many programs do it, taken as they are and the profile lost."""
    grounds = (WHITE, BLACK) if shows_through else (WHITE,)
    spaces = (None, wanted.space) if wanted.space == SRGB else (wanted.space,)
    return [replace(wanted, ground=ground, space=space) for space in spaces for ground in grounds]


def _pixels(outline: Outline) -> int:
    return outline.shape[0] * outline.shape[1]


def _about_equal(first: Outline, second: Outline) -> bool:
    pixels = _pixels(first), _pixels(second)
    return min(pixels) >= ABOUT_EQUAL * max(pixels)


def _is_copy(first: Outline, second: Outline, a: Original, b: Original) -> bool:
    """Whether `a` is to be made again from `b`: it has fewer pixels, or as many and was encoded more coarsely, or is opaque."""
    if not _about_equal(first, second):
        return _pixels(first) < _pixels(second)
    coarse = [outline.encoder.coarseness for outline in (first, second)]
    if coarse[0] != coarse[1]:
        return coarse[0] > coarse[1]
    ranks = [(outline.shows_through, len(one.data), one.subject.photo_id) for outline, one in ((first, a), (second, b))]
    return ranks[0] < ranks[1]


def _other_frames(small: Outline, large: Outline) -> str | None:
    if small.frames == 1 or small.frames == large.frames:
        return None
    return f"One has {small.frames} frames or pages, the other {large.frames}."


def beside_the_picture(small: Subject, large: Subject) -> str | None:
    """What a file holds beside its picture that would be lost with it, in words; None when there is nothing."""
    lost = [word for word in small.extras if word not in large.extras or word not in COMPARED]
    names = " and ".join(EXTRA_WORDS.get(word, word) for word in lost)
    return f"{small.filename or small.photo_id} holds {names} beside the picture." if lost else None


def _needed_side(small: Outline, shown: float) -> int:
    """The longer side at which the larger picture is decoded. All of it for a copy that keeps every pixel."""
    if small.encoder.exact:
        return 1 << 20
    side = max(small.shape)
    return round(max(NEEDED * side, min(NEEDED_BY_SMALL * side, SMALL_SIDE)) / max(0.05, shown))


def _shown(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _remade_transparent(small: Original, large: Original, wanted: Wanted) -> Proof:
    """Both are transparent somewhere: equal over grey, and equally transparent."""
    still = small.still(ground=GREY)
    other = read_still(large.data, large.subject.filename or "", wanted)
    holder = large.subject.photo_id
    if other.alpha is None or still.alpha is None or not _equally_transparent(still.alpha, other.alpha):
        return Proof(holder=holder, objection="They are not equally transparent.")
    return Proof(_frames_remade(small, large, still, wanted), holder)


def _equally_transparent(small: np.ndarray, large: np.ndarray) -> bool:
    size = small.shape[1], small.shape[0]
    resized = cv2.resize(large, size, interpolation=cv2.INTER_AREA)
    apart = cv2.absdiff(cv2.blur(small, (5, 5)), cv2.blur(resized, (5, 5)))
    return float(apart.max()) <= ALPHA_LEVELS


def _frames_remade(small: Original, large: Original, still: Still, wanted: Wanted) -> Remaking | None:
    """The re-making of the frame that comes out worst."""
    measure: Callable[[Still, Still], Remaking | None] = lambda x, y: remake(x, y, small.box, large.box)  # noqa: E731
    worst = measure(still, read_still(large.data, large.subject.filename or "", wanted))
    for frame in _spread(still.frames):
        if worst is None:
            return None
        own = small.still(ground=wanted.ground, frame=frame)
        found = measure(own, read_still(large.data, large.subject.filename or "", replace(wanted, frame=frame)))
        worst = found if found is None or found.badness > worst.badness else worst
    return worst


def _spread(frames: int) -> list[int]:
    """Numbers of some frames after the first, the last among them."""
    return sorted({round(number * (frames - 1) / FRAMES) for number in range(1, FRAMES + 1)} - {0}) if frames > 1 else []
