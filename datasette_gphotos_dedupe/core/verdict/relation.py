"""What the measured numbers and the metadata add up to: one relation, a confidence, and the reason in a sentence.

Only `same_bytes`, `re_encode`, `smaller_copy`, `raw_and_jpeg` and `other_format` may be suggested for removal, so they need every
signal to agree; whatever contradicts turns the answer into one that asks the person. Thresholds were set on the tuning half of
`scripts/bench_accuracy.py` and are measured on the other half.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from ..pictures.variants import BY_NAME, TURNS
from .align import Overlay
from .compare import Difference
from .witness import Witness

if TYPE_CHECKING:
    from .subject import Subject


@dataclass(frozen=True)
class Limits:
    """How far the numbers of `compare.Difference` may go."""

    bad_share: float
    worst_block: float
    worst_shade: float
    spot: float
    detail: float
    worst_detail: float
    worst_colour: float
    colour_spot: float
    tone: float
    contrast: float  # as a ratio, either way
    saturation: float
    cast: float


SAME = Limits(
    bad_share=0.0,
    worst_block=1.0,
    worst_shade=1.0,
    spot=2.4,
    detail=0.12,
    worst_detail=0.35,
    worst_colour=14.0,
    colour_spot=1.9,
    tone=36.0,
    contrast=1.5,
    saturation=0.62,
    cast=14.0,
)
"""One picture, re-encoded, resized or developed a little differently."""
WITNESSED = replace(
    SAME,
    worst_block=2.1,
    worst_shade=1.5,
    bad_share=0.55,
    detail=0.3,
    worst_detail=0.6,
    worst_colour=26.0,
    contrast=1.8,
    saturation=0.5,
)
"""The same when the name, or a clock with fractions, says that it is one exposure: a sharper resizer or a coarse JPEG touches many
blocks a little, which no spot stands out of. It changes the fine detail everywhere as well, so `worst_block` may go that far only
with `detail` (`_limits`): one place that differs in a picture which agrees elsewhere was retouched."""
CLEAN_WORST_BLOCK = 1.25  # when the fine detail agrees to CLEAN_DETAIL
CLEAN_DETAIL = 0.015
WORST_BLOCK_BY_DETAIL = 24.0  # what each further unit of `detail` allows
DEVELOPED_TONE, DEVELOPED_SHADE = 5.0, 2.1  # where the tone was moved all over, more of it stays in some places

FEATURELESS = replace(SAME, worst_block=0.7, worst_shade=0.7, tone=2.0, cast=1.0)
"""The same for pictures that hold nothing but a slow gradient, which any other gradient becomes when tones are evened out: another
sky of that name differs in its tone or its cast, and a developed copy of one is for the person to judge."""

NOTHING_TO_SEE = 0.02  # share of blocks with structure
KEPT_WHOLE = 0.955  # of each side: a developed picture loses up to 2 % on each edge to lens correction
SERIES_GAP_S = 600.0
EDITED_BAD_SHARE = 0.45
EDITED_SCORE = 0.8
EDITED_DETAIL = 0.6
FAINT_PIXEL = 2.0  # grey levels
DURATION_TOLERANCE_S = 0.5
RAW_PREFIX = "image/x-"  # every camera RAW type that `kinds` gives, DNG included, and nothing else
TURNED = frozenset({"rot90", "rot180", "rot270"})
DIFFERENCE_COLUMNS = {
    "pixel_difference": "pixel",
    "worst_block": "worst_block",
    "worst_shade": "worst_shade",
    "bad_share": "bad_share",
    "spot": "spot",
    "detail_difference": "detail",
    "worst_detail": "worst_detail",
    "structure": "structure",
    "tone_shift": "tone",
    "contrast_ratio": "contrast",
    "colour_difference": "colour",
    "worst_colour": "worst_colour",
    "colour_spot": "colour_spot",
    "saturation_ratio": "saturation",
    "colour_cast": "cast",
}
"""Columns of `pairs` and the numbers of `compare.Difference` they hold."""


@dataclass(frozen=True)
class Verdict:
    """A relation, how sure it is (0 to 1), the reason in words, and the numeric columns of `pairs` it rests on."""

    relation: str
    confidence: float
    evidence: str
    measures: dict[str, float | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """All that is known about a pair. `a` has the fewer pixels."""

    a: Subject
    b: Subject
    difference: Difference
    overlay: Overlay
    witness: Witness
    distance_bits: int
    variant: str
    tilt_degrees: float = 0.0

    @property
    def kept(self) -> float:
        """The share of a side that both pictures show, of the side that lost most."""
        boxes = (self.overlay.box_a, self.overlay.box_b)
        return min(box[side + 2] - box[side] for box in boxes for side in (0, 1))


def same_bytes_verdict(a: Subject, b: Subject, distance_bits: int, variant: str) -> Verdict:
    """The verdict on two files of equal SHA-1: no pixel needs to be looked at."""
    nothing = ("tilt_degrees", "pixel_difference", "worst_block", "bad_share", "detail_difference", "worst_detail")
    colour = ("tone_shift", "colour_difference", "worst_colour", "colour_cast")
    alike = ("correlation", "overlap", "scale", "contrast_ratio", "saturation_ratio")
    measures = {"variant": variant, **dict.fromkeys(nothing + colour, 0.0), **dict.fromkeys(alike, 1.0)}
    return Verdict("same_bytes", 1.0, "The files are equal byte for byte.", measures)


def judge(case: Case) -> Verdict | None:
    """The relation of a pair from its numbers; None when they are different pictures."""
    relation, reason = _relation(case)
    if relation is None:
        return None
    return Verdict(relation, _confidence(relation, case), f"{_measured(case)} {reason}", _measures(case))


def _relation(case: Case) -> tuple[str | None, str]:
    if not _alike(case):
        return None, ""
    if case.a.kind != case.b.kind:
        return "look_alike", "One is a video and one a photo, so they are never called copies."
    same = _within(case.difference, _limits(case))
    if case.variant in TURNS and same:
        return ("turned" if case.variant in TURNED else "mirrored"), f"They agree when one is changed by {case.variant}."
    if case.witness.same_time is False or case.witness.same_name is False or case.witness.same_camera is False:
        return _apart(case, same)
    if not same:
        return _changed(case)
    if case.kept < KEPT_WHOLE:
        return "crop", f"One shows only {case.kept:.0%} of the other's longer or shorter side."
    if case.witness.one_edited:
        return "edited", "The name of one says that somebody edited it."
    doubt = _doubt(case)
    if doubt:
        return "look_alike", doubt
    return _copy(case)


def _alike(case: Case) -> bool:
    difference = case.difference
    if case.overlay.score >= EDITED_SCORE or (difference.structure > 0 and difference.detail < EDITED_DETAIL):
        return True
    # two near-uniform pictures: what little differs is noise, and noise correlates with nothing
    return case.witness.agrees and difference.structure == 0 and difference.pixel < FAINT_PIXEL


def _limits(case: Case) -> Limits:
    if case.witness.agrees and not case.witness.same_moment and case.difference.structure < NOTHING_TO_SEE:
        return FEATURELESS
    if not case.witness.agrees:
        return SAME
    coarser = max(0.0, case.difference.detail - CLEAN_DETAIL)
    developed = case.difference.tone >= DEVELOPED_TONE
    return replace(
        WITNESSED,
        worst_block=min(WITNESSED.worst_block, CLEAN_WORST_BLOCK + WORST_BLOCK_BY_DETAIL * coarser),
        worst_shade=DEVELOPED_SHADE if developed else WITNESSED.worst_shade,
    )


def _within(difference: Difference, limits: Limits) -> bool:
    return (
        difference.bad_share <= limits.bad_share
        and difference.worst_block <= limits.worst_block
        and difference.worst_shade <= limits.worst_shade
        and difference.spot <= limits.spot
        and difference.detail <= limits.detail
        and difference.worst_detail <= limits.worst_detail
        and difference.worst_colour <= limits.worst_colour
        and difference.colour_spot <= limits.colour_spot
        and difference.tone <= limits.tone
        and 1.0 / limits.contrast <= difference.contrast <= limits.contrast
        and difference.saturation >= limits.saturation
        and difference.cast <= limits.cast
    )


def _apart(case: Case, same: bool) -> tuple[str, str]:
    """The metadata says two exposures, whatever the pixels say."""
    witness = case.witness
    if witness.same_time is False:
        near = witness.time_gap_s is not None and witness.time_gap_s <= SERIES_GAP_S
        return ("series" if near else "look_alike"), f"They were taken {witness.time_gap_s:g} s apart, so they are two shots."
    if witness.same_name is False:
        return "series", f"The camera counted on from {case.a.filename} to {case.b.filename}, so they are two shots."
    return "look_alike", f"Two cameras took them: {case.a.camera_model} and {case.b.camera_model}."


def _changed(case: Case) -> tuple[str | None, str]:
    """Not the same, but near: one picture changed, or two of one scene."""
    difference = case.difference
    if not case.witness.agrees and (difference.detail > EDITED_DETAIL or difference.bad_share > EDITED_BAD_SHARE):
        if case.witness.time_gap_s is not None and case.witness.time_gap_s <= SERIES_GAP_S:
            return "series", f"They were taken {case.witness.time_gap_s:g} s apart and show one scene."
        return "look_alike", "They show something alike, but not the same in many places."
    if case.variant in TURNS:
        return ("turned" if case.variant in TURNED else "mirrored"), f"They agree roughly when one is changed by {case.variant}."
    if case.kept < KEPT_WHOLE:
        return "crop", f"One shows only {case.kept:.0%} of a side of the other, changed besides."
    return "edited", f"One was changed: {_what_changed(case)}."


def _what_changed(case: Case) -> str:
    difference = case.difference
    words = []
    if difference.saturation < SAME.saturation:
        words.append("its colour was taken away or raised")
    if difference.tone > SAME.tone or not 1 / SAME.contrast <= difference.contrast <= SAME.contrast:
        words.append("brightness or contrast moved far")
    if difference.cast > SAME.cast or difference.worst_colour > SAME.worst_colour:
        words.append("colours differ")
    if difference.spot > SAME.spot or difference.colour_spot > SAME.colour_spot:
        times = max(difference.spot, difference.colour_spot)
        words.append(f"a small place differs {times:.1f} times as much as nearly all others")
    if difference.bad_share > 0:
        words.append(f"{max(difference.bad_share, 0.001):.1%} of the picture differs locally")
    return ", ".join(words) or "fine structure differs"


def _doubt(case: Case) -> str | None:
    """Why pixels that agree are not enough, or None when they are."""
    if case.a.kind == "video" and not _same_duration(case):
        return "The videos are not known to be equally long."
    if case.witness.agrees:
        return None
    # Two frames from a tripod may differ by less than two encodings of one frame, so pixels alone are never proof.
    if case.witness.same_time:
        return "They may be two exposures of one second: no name and no fraction of a second says they are one."
    return "They may be two exposures: no time or name says they are one."


def _same_duration(case: Case) -> bool:
    if case.a.duration_s is None or case.b.duration_s is None:
        return False
    return abs(case.a.duration_s - case.b.duration_s) <= DURATION_TOLERANCE_S


def _copy(case: Case) -> tuple[str, str]:
    """Which kind of copy two photos of one exposure are."""
    a, b = case.a, case.b
    if _is_raw(a) != _is_raw(b):
        return "raw_and_jpeg", "One is the camera's RAW file, one a developed picture of the same exposure."
    small, large = (a.width or 0) * (a.height or 0), (b.width or 0) * (b.height or 0)
    if small < 0.9 * large:
        return "smaller_copy", f"{a.width} x {a.height} against {b.width} x {b.height} pixels, otherwise the same picture."
    if a.mime_type != b.mime_type:
        return "other_format", f"The same picture as {a.mime_type} and {b.mime_type}."
    return "re_encode", "The same picture, encoded twice."


def _is_raw(subject: Subject) -> bool:
    return (subject.mime_type or "").startswith(RAW_PREFIX)


def _confidence(relation: str, case: Case) -> float:
    """1.0 for no difference at all, down to 0.0; metadata that agrees adds to it."""
    difference = case.difference
    pixels = 1.0 - min(1.0, max(_worst(difference) / 2.0, difference.detail, difference.worst_colour / 40.0))
    witness = 0.15 if case.witness.agrees else (-0.3 if case.witness.disagrees else 0.0)
    return round(min(0.99, max(0.01, 0.8 * pixels + 0.1 + witness)), 3)


def _worst(difference: Difference) -> float:
    """What differs most in any block."""
    return max(difference.worst_block, difference.worst_shade)


def _met(case: Case) -> str:
    apart = f"{case.distance_bits} of 256 bits apart"
    return f"One name, and too smooth for their hashes ({apart}) to say anything" if case.variant == BY_NAME else apart


def _measured(case: Case) -> str:
    difference = case.difference
    return (
        f"{_met(case)}; laid over each other the grey differs by {difference.pixel:.1f} of 255, "
        f"the worst place by {_worst(difference):.2f} times what encoding explains, fine detail by {difference.detail:.0%}, "
        f"colour by {difference.colour:.1f}."
    )


def _measures(case: Case) -> dict[str, float | str | None]:
    """The columns of `pairs`."""
    difference = {name: round(value, 4) for name, value in asdict(case.difference).items()}
    box_a, box_b = case.overlay.box_a, case.overlay.box_b
    witness = case.witness
    return {
        "variant": case.variant,
        "correlation": round(case.overlay.score, 4),
        "overlap": round(case.kept, 4),
        "scale": round(
            ((box_b[2] - box_b[0]) * (box_b[3] - box_b[1]) / ((box_a[2] - box_a[0]) * (box_a[3] - box_a[1]))) ** 0.5, 4
        ),
        "tilt_degrees": round(case.tilt_degrees, 2),
        **{column: difference[name] for column, name in DIFFERENCE_COLUMNS.items()},
        "time_gap_s": witness.time_gap_s,
        "same_time": witness.same_time,
        "same_name": witness.same_name,
        "same_camera": witness.same_camera,
    }
