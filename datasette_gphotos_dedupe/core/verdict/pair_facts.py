"""All that is known about a pair, and what the rules ask of it: is it made again, does anything object, was it changed on purpose."""

from __future__ import annotations

from dataclasses import dataclass

from ..pictures.hash_variants import TURNS
from .align import Overlay
from .compare import Difference
from .compared_photo import Subject
from .file_proof import Proof
from .measures import DEVELOPED, LUMA, ON_PURPOSE, SAME_LEFT, STRUCTURE, WORST, WORST_COLOUR, all_allow
from .names_and_clocks import Witness
from .remake import Remaking

KEPT_WHOLE = 0.97  # of each side: a preview loses a pixel to rounding, a cut is made to be seen
KEPT_DEVELOPED = 0.955  # a developed picture loses up to 2 % on each edge to lens correction
EDITED_BAD_SHARE = 0.45
EDITED_SCORE = 0.8
EDITED_DETAIL = 0.6
WORTH_DETAIL = 0.5  # fine structure of previews beyond which no re-making has ever succeeded
UNMOVED, WIDE_GRADIENT = 0.5, 6.0  # grey levels: of tone moved, and of deviation in the whole picture
FADED = 0.5  # of the colours: black and white, sepia
FAINT_PIXEL = 2.0  # grey levels
RAW_PREFIX = "image/x-"  # every camera RAW type that `file_kinds` gives, DNG included, and nothing else


@dataclass(frozen=True)
class Case:
    """All that is known about a pair. `a` has the fewer pixels. `proof` is None until a re-making was tried."""

    a: Subject
    b: Subject
    difference: Difference
    overlay: Overlay
    witness: Witness
    distance_bits: int
    variant: str
    tilt_degrees: float = 0.0
    proof: Proof | None = None

    @property
    def kept(self) -> float:
        """The share of a side that both pictures show, of the side that lost most."""
        boxes = (self.overlay.box_a, self.overlay.box_b)
        return min(box[side + 2] - box[side] for box in boxes for side in (0, 1))

    @property
    def remaking(self) -> Remaking | None:
        """What making one again from the other took; None before that was tried."""
        return self.proof.remaking if self.proof else None

    @property
    def copy(self) -> Subject:
        """The one that was made again from the other; the one with fewer pixels before that is known."""
        return self.b if self.proof and self.proof.holder == self.a.photo_id else self.a

    @property
    def holder(self) -> Subject:
        """The other one, of which the copy holds nothing new."""
        return self.a if self.copy is self.b else self.b


def wants_proof(case: Case) -> bool:
    """Whether the previews allow a copy and nothing objects, so that re-making is worth opening the originals."""
    return (
        case.proof is None
        and alike(case)
        and case.a.kind == case.b.kind
        and case.variant not in TURNS
        and not case.tilt_degrees
        and objection(case) is None
        and case.difference.detail <= WORTH_DETAIL
    )


def alike(case: Case) -> bool:
    """Whether the previews correspond enough for one picture, changed or not."""
    difference = case.difference
    if case.overlay.score >= EDITED_SCORE or (difference.structure > 0 and difference.detail < EDITED_DETAIL):
        return True
    # two near-uniform pictures: what little differs is noise, and noise correlates with nothing
    return difference.structure == 0 and difference.pixel < FAINT_PIXEL and difference.tone < FAINT_PIXEL


def span(seconds: float) -> str:
    """A time as a person says it: ``1.5 s``, ``12 minutes``, ``69 days``."""
    for unit, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:g} s"


def objection(case: Case) -> str | None:
    """What speaks against a copy whatever the pixels say, in a sentence; None when nothing does."""
    witness = case.witness
    if witness.same_time is False:
        return f"They were taken {span(witness.time_gap_s or 0.0)} apart, so they are two shots."
    if witness.same_name is False:
        return f"The camera counted on from {case.a.filename} to {case.b.filename}, so they are two shots."
    if witness.same_camera is False:
        return f"Two cameras took them: {case.a.camera_model} and {case.b.camera_model}."
    return None


def is_remade(case: Case) -> bool:
    """Whether the smaller one was made again from the larger one, by pixels that are all it has."""
    remaking = case.remaking
    if remaking is None or not all_allow(SAME_LEFT, remaking):
        return False
    if case.proof and case.proof.previews:
        return max(case.copy.width or 1 << 30, case.copy.height or 1 << 30) <= 1.02 * remaking.px / max(remaking.kept, 0.05)
    return True


def holder_id(case: Case) -> str | None:
    """The photo that still holds all of the other: what can be made again from it, and what only lost its colours."""
    remaking = case.remaking
    faded = remaking is not None and all_allow(SAME_LEFT[:3], remaking) and remaking.saturation < FADED
    return case.proof.holder if case.proof and (is_remade(case) or faded) else None


def shows_enough(case: Case) -> bool:
    """Whether there is anything to prove with: structure, or a wide gradient that agrees without any tone being moved."""
    remaking = case.remaking
    if remaking is None:
        return False
    still = remaking.tone <= UNMOVED and remaking.cast <= UNMOVED
    return STRUCTURE.allows(remaking) or (still and remaking.span >= WIDE_GRADIENT)


def changed_on_purpose(case: Case) -> bool:
    """Whether its structure is made again, and its tone, colours or sharpness were moved further than a resizer moves them."""
    remaking = case.remaking
    return remaking is not None and all_allow(SAME_LEFT[:3], remaking) and not all_allow(ON_PURPOSE, remaking)


def one_place_differs(case: Case) -> bool:
    """Nearly all of it can be made again, one place cannot: a retouch, a stamp, another clock on a screenshot."""
    remaking = case.remaking
    if remaking is None or remaking.luma > 2 * LUMA:
        return False
    return remaking.worst > 1.5 * WORST * max(1.0, remaking.luma) or remaking.worst_colour > 1.5 * WORST_COLOUR * max(
        1.0, remaking.colour
    )


def developed_from_raw(case: Case) -> bool:
    """Whether one is the RAW file of the other by clock, name and camera, and shows the same."""
    witness = case.witness
    agree = witness.same_time is True and witness.same_name is True and witness.same_camera is True and witness.both_clocks
    one_raw = is_raw(case.a) != is_raw(case.b)
    return one_raw and agree and case.kept >= KEPT_DEVELOPED and all_allow(DEVELOPED, case.difference)


def is_raw(subject: Subject) -> bool:
    """Whether it is a camera RAW file."""
    return (subject.mime_type or "").startswith(RAW_PREFIX)


def far_apart(case: Case) -> bool:
    """Whether the previews differ by more than an edit of one exposure explains."""
    return case.difference.detail > EDITED_DETAIL or case.difference.bad_share > EDITED_BAD_SHARE
