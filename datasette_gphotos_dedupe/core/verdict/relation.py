"""What the pixels and the metadata of two photos add up to: one table of rules, the first that applies decides.

Pixels prove, by re-making (`proof`, `remake`). Names and clocks nominate pairs and may object; an objection beats every pixel. Only
`same_bytes`, `re_encode`, `smaller_copy`, `raw_and_jpeg` and `other_format` may be suggested for removal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from ..pictures.variants import BY_NAME, TURNS
from .align import Overlay
from .compare import Difference
from .measures import (
    DEVELOPED,
    ON_PURPOSE,
    PREVIEW_COLUMNS,
    REMADE_COLUMNS,
    SAME_LEFT,
    STRUCTURE,
    WORST,
    WORST_COLOUR,
    all_allow,
    beyond,
    looks_unchanged,
)
from .proof import Proof
from .remake import Remaking
from .subject import Subject
from .witness import Witness

KEPT_WHOLE = 0.97  # of each side: a preview loses a pixel to rounding, a cut is made to be seen
KEPT_DEVELOPED = 0.955  # a developed picture loses up to 2 % on each edge to lens correction
SERIES_GAP_S = 600.0
EDITED_BAD_SHARE = 0.45
EDITED_SCORE = 0.8
EDITED_DETAIL = 0.6
WORTH_DETAIL = 0.5  # fine structure of previews beyond which no re-making has ever succeeded
FADED = 0.5  # of the colours: black and white, sepia
FAINT_PIXEL = 2.0  # grey levels
RAW_PREFIX = "image/x-"  # every camera RAW type that `file_kinds` gives, DNG included, and nothing else
TURNED = frozenset({"rot90", "rot180", "rot270"})
FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP", "heic": "HEIC", "heif": "HEIC", "avif": "AVIF", "gif": "GIF", "tiff": "TIFF", "bmp": "BMP"}

CONFIDENCE = {
    "re_encode": 0.998,
    "smaller_copy": 0.997,
    "other_format": 0.997,
    "raw_and_jpeg": 0.97,
    "edited": 0.95,
    "crop": 0.97,
    "turned": 0.98,
    "mirrored": 0.98,
    "series": 0.9,
    "look_alike": 0.5,
}
"""The share of labelled pairs for which a relation was right: for copies that nothing is lost, for the others that it is this one."""


@dataclass(frozen=True)
class Verdict:
    """A relation, how sure it is (0 to 1), the reason in words, and the columns of `pairs` it rests on.

    `wants_proof` among them is 1 while a re-making could still make it a copy: until then the verdict is provisional.
    """

    relation: str
    confidence: float
    evidence: str
    measures: dict[str, float | str | None] = field(default_factory=dict)

    @property
    def wants_proof(self) -> bool:
        return bool(self.measures.get("wants_proof"))


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
        return self.proof.remaking if self.proof else None

    @property
    def copy(self) -> Subject:
        """The one that was made again from the other; the one with fewer pixels before that is known."""
        return self.b if self.proof and self.proof.holder == self.a.photo_id else self.a

    @property
    def holder(self) -> Subject:
        return self.a if self.copy is self.b else self.b


def same_bytes_verdict(a: Subject, b: Subject, distance_bits: int, variant: str) -> Verdict:
    """The verdict on two files of equal SHA-1: no pixel needs to be looked at."""
    nothing = ("tilt_degrees", "pixel_difference", "worst_block", "bad_share", "detail_difference", "worst_detail")
    colour = ("tone_shift", "colour_difference", "worst_colour", "colour_cast")
    alike = ("correlation", "overlap", "scale", "contrast_ratio", "saturation_ratio")
    measures = {"variant": variant, **dict.fromkeys(nothing + colour, 0.0), **dict.fromkeys(alike, 1.0), "wants_proof": 0}
    return Verdict("same_bytes", 1.0, "The files are equal byte for byte.", measures)


def judge(case: Case) -> Verdict | None:
    """The relation of a pair; None when they are different pictures."""
    rule = next(rule for rule in RULES if rule.when(case))
    relation, reason = rule.then(case)
    if relation is None:
        return None
    evidence = f"{reason} {_measured(case)}"
    return Verdict(relation, CONFIDENCE[relation], evidence, _measures(case))


def wants_proof(case: Case) -> bool:
    """Whether the previews allow a copy and nothing objects, so that re-making is worth opening the originals."""
    return (
        case.proof is None
        and _alike(case)
        and case.a.kind == case.b.kind == "photo"
        and case.variant not in TURNS
        and not case.tilt_degrees
        and objection(case) is None
        and case.difference.detail <= WORTH_DETAIL
    )


# What a rule asks.


def _alike(case: Case) -> bool:
    difference = case.difference
    if case.overlay.score >= EDITED_SCORE or (difference.structure > 0 and difference.detail < EDITED_DETAIL):
        return True
    # two near-uniform pictures: what little differs is noise, and noise correlates with nothing
    return difference.structure == 0 and difference.pixel < FAINT_PIXEL and difference.tone < FAINT_PIXEL


def objection(case: Case) -> str | None:
    """What speaks against a copy whatever the pixels say, in a sentence; None when nothing does."""
    witness = case.witness
    if witness.same_time is False:
        return f"They were taken {witness.time_gap_s:g} s apart, so they are two shots."
    if witness.same_name is False:
        return f"The camera counted on from {case.a.filename} to {case.b.filename}, so they are two shots."
    if witness.same_camera is False:
        return f"Two cameras took them: {case.a.camera_model} and {case.b.camera_model}."
    return None


def _is_remade(case: Case) -> bool:
    """Whether the smaller one was made again from the larger one, by pixels that are all it has."""
    remaking = case.remaking
    if remaking is None or not all_allow(SAME_LEFT, remaking):
        return False
    if case.proof and case.proof.previews:
        return max(case.copy.width or 1 << 30, case.copy.height or 1 << 30) <= 1.02 * remaking.px / max(remaking.kept, 0.05)
    return True


def _holder_id(case: Case) -> str | None:
    """The photo that still holds all of the other: what can be made again from it, and what only lost its colours."""
    remaking = case.remaking
    faded = remaking is not None and all_allow(SAME_LEFT[:2], remaking) and remaking.saturation < FADED
    return case.proof.holder if case.proof and (_is_remade(case) or faded) else None


def _shows_enough(case: Case) -> bool:
    return case.remaking is not None and (STRUCTURE.allows(case.remaking) or case.witness.same_name is True)


def _changed_on_purpose(case: Case) -> bool:
    return case.remaking is not None and not all_allow(ON_PURPOSE, case.remaking)


def _one_place_differs(case: Case) -> bool:
    """Nearly all of it can be made again, one place cannot: a retouch, a stamp, another clock on a screenshot."""
    remaking = case.remaking
    if remaking is None or remaking.luma > 2 * 1.6:
        return False
    return remaking.worst > 1.5 * WORST * max(1.0, remaking.luma) or remaking.worst_colour > 1.5 * WORST_COLOUR * max(1.0, remaking.colour)


def _developed_from_raw(case: Case) -> bool:
    witness = case.witness
    agree = witness.same_time is True and witness.same_name is True and witness.same_camera is True and witness.both_clocks
    one_raw = _is_raw(case.a) != _is_raw(case.b)
    return one_raw and agree and case.kept >= KEPT_DEVELOPED and all_allow(DEVELOPED, case.difference)


def _is_raw(subject: Subject) -> bool:
    return (subject.mime_type or "").startswith(RAW_PREFIX)


def _far_apart(case: Case) -> bool:
    return case.difference.detail > EDITED_DETAIL or case.difference.bad_share > EDITED_BAD_SHARE


# What follows.


def _two_shots(case: Case) -> tuple[str, str]:
    gap = case.witness.time_gap_s
    counted_on = case.witness.same_name is False and case.witness.same_time is not False
    near = counted_on or (gap is not None and gap <= SERIES_GAP_S)
    series = near and case.witness.same_camera is not False
    return ("series" if series else "look_alike"), objection(case) or ""


def _turned(case: Case) -> tuple[str, str]:
    return ("turned" if case.variant in TURNED else "mirrored"), f"They agree when one is changed by {case.variant}."


def _copy(case: Case) -> tuple[str, str]:
    """Which kind of copy."""
    copy, holder = case.copy, case.holder
    pixels = [(one.width or 0) * (one.height or 0) for one in (copy, holder)]
    saved = f"saved as {_format(copy)}"
    if _is_raw(holder) != _is_raw(copy):
        return "raw_and_jpeg", f"{_name(copy)} is the picture that the camera put into {_name(holder)}."
    if pixels[0] < 0.9 * pixels[1]:
        return "smaller_copy", f"{_name(copy)} is what you get when {_name(holder)} is scaled down and {saved}."
    if copy.mime_type != holder.mime_type:
        return "other_format", f"{_name(copy)} is what you get when {_name(holder)} is {saved}."
    return "re_encode", f"{_name(copy)} is what you get when {_name(holder)} is saved again as {_format(copy)}."


def _name(subject: Subject) -> str:
    return subject.filename or subject.photo_id


def _format(subject: Subject) -> str:
    kind = (subject.mime_type or "").rpartition("/")[2]
    return FORMATS.get(kind, kind or "another file")


def _cropped(case: Case) -> tuple[str, str]:
    kept = min(case.kept, case.remaking.kept) if case.remaking else case.kept
    return "crop", f"One shows only {kept:.0%} of a side of the other."


def _edited(case: Case) -> tuple[str, str]:
    words = beyond(ON_PURPOSE, case.remaking) if case.remaking else []
    return "edited", f"{_name(case.copy)} can be made again from {_name(case.holder)}, but {' and '.join(words)}."


def _retouched(case: Case) -> tuple[str, str]:
    times = max(case.remaking.worst, case.remaking.worst_colour) if case.remaking else 0.0
    return "edited", f"One place was changed: {times:.0f} times as much is left there as the encoder leaves."


def _near(case: Case) -> tuple[str, str]:
    gap = case.witness.time_gap_s
    if gap is not None and 0 < gap <= SERIES_GAP_S and case.witness.both_clocks:
        return "series", f"They were taken {gap:g} s apart and show one scene."
    return "look_alike", "They show something alike, but not the same in many places."


def _changed(case: Case) -> tuple[str, str]:
    return "edited", f"One was changed: {_what_changed(case)}."


def _what_changed(case: Case) -> str:
    difference = case.difference
    words = []
    if difference.saturation < 0.62:
        words.append("its colour was taken away or raised")
    if difference.tone > 36 or not 1 / 1.5 <= difference.contrast <= 1.5:
        words.append("brightness or contrast moved far")
    if difference.cast > 14 or difference.worst_colour > 14:
        words.append("colours differ")
    if difference.spot > 2.4 or difference.colour_spot > 1.9:
        times = max(difference.spot, difference.colour_spot)
        words.append(f"a small place differs {times:.1f} times as much as nearly all others")
    if difference.bad_share > 0:
        words.append(f"{max(difference.bad_share, 0.001):.1%} of the picture differs locally")
    return ", ".join(words) or "fine structure differs"


def _unproved(case: Case) -> tuple[str, str]:
    return "look_alike", f"Nothing proves that this is the same shot: {_why_unproved(case)}."


def _why_unproved(case: Case) -> str:
    if case.a.kind == "video":
        return case.proof.trouble if case.proof and case.proof.trouble else "the films could not be compared along their length"
    if case.proof is None:
        return "it was not made again"
    remaking = case.remaking
    if remaking is None:
        return case.proof.trouble or "there are too few pixels to tell"
    if case.proof.previews and all_allow(SAME_LEFT, remaking):
        return f"only its preview of {remaking.px} pixels could be compared, because {case.proof.trouble}"
    if not _shows_enough(case):
        return "there is too little to be seen in it"
    times = max(remaking.luma, remaking.colour, remaking.worst / WORST, remaking.worst_colour / WORST_COLOUR)
    return f"when it is made again from the other, {times:.1f} times as much is left as its encoder leaves"


@dataclass(frozen=True)
class Rule:
    """When it holds, and what follows: a relation (None: different pictures) and the reason in a sentence. `words` say when."""

    words: str
    when: Callable[[Case], bool]
    then: Callable[[Case], tuple[str | None, str]]


RULES = (
    Rule("the previews have nothing in common", lambda case: not _alike(case), lambda case: (None, "")),
    Rule(
        "one is a film and one a photo",
        lambda case: case.a.kind != case.b.kind,
        lambda case: ("look_alike", "One is a video and one a photo, so they are never called copies."),
    ),
    Rule("the cameras' clocks differ, the camera counted on, or two cameras took them", lambda case: objection(case) is not None, _two_shots),
    Rule(
        "one agrees with the other when it is turned or mirrored",
        lambda case: case.variant in TURNS and not _far_apart(case),
        _turned,
    ),
    Rule(
        "one holds something beside its picture that the other lacks",
        lambda case: bool(case.proof and case.proof.objection),
        lambda case: ("look_alike", (case.proof.objection if case.proof else None) or ""),
    ),
    Rule(
        "one is named as an edited version",
        lambda case: case.witness.one_edited and (_is_remade(case) or not _far_apart(case)),
        lambda case: ("edited", "The name of one says that somebody edited it."),
    ),
    Rule(
        "the smaller one is made again from a part of the larger one",
        lambda case: _is_remade(case) and min(case.kept, case.remaking.kept if case.remaking else 1.0) < KEPT_WHOLE,
        _cropped,
    ),
    Rule("it is made again, with a change that no resizer makes", lambda case: _is_remade(case) and _changed_on_purpose(case), _edited),
    Rule("it is made again", lambda case: _is_remade(case) and _shows_enough(case), _copy),
    Rule(
        "a RAW file and a developed picture, of one clock, camera and name, whose previews agree",
        _developed_from_raw,
        lambda case: ("raw_and_jpeg", "One is the camera's RAW file, one a developed picture of the same exposure."),
    ),
    Rule("it is made again but for one place", _one_place_differs, _retouched),
    Rule("the previews differ in many places", _far_apart, _near),
    Rule("the previews agree, but show different parts", lambda case: case.kept < KEPT_DEVELOPED, _cropped),
    Rule("the previews agree", lambda case: looks_unchanged(case.difference) or case.a.kind == "video", _unproved),
    Rule("anything else", lambda case: True, _changed),
)
"""From the top: the first rule that holds decides."""


def _measured(case: Case) -> str:
    difference = case.difference
    apart = f"{case.distance_bits} of 256 bits apart"
    met = f"Their names or clocks met, not their hashes ({apart})" if case.variant == BY_NAME else f"Hashes {apart}"
    worst = max(difference.worst_block, difference.worst_shade)
    previews = f"on the previews the grey differs by {difference.pixel:.1f} of 255, the worst place by {worst:.2f} times what encoding explains"
    remaking = case.remaking
    if remaking is None:
        return f"{met}; {previews}."
    return (
        f"{met}; made again at {remaking.px} pixels, {remaking.luma:.2f} times as much is left as the encoder leaves, "
        f"{remaking.worst:.1f} times in the worst place, {remaking.worst_colour:.1f} times in the colours; {previews}."
    )


def _measures(case: Case) -> dict[str, float | str | None]:
    """The columns of `pairs`."""
    difference = {name: round(value, 4) for name, value in asdict(case.difference).items()}
    box_a, box_b = case.overlay.box_a, case.overlay.box_b
    witness, remaking, proof = case.witness, case.remaking, case.proof
    return {
        "variant": case.variant,
        "correlation": round(case.overlay.score, 4),
        "overlap": round(case.kept, 4),
        "scale": round(
            ((box_b[2] - box_b[0]) * (box_b[3] - box_b[1]) / ((box_a[2] - box_a[0]) * (box_a[3] - box_a[1]))) ** 0.5, 4
        ),
        "tilt_degrees": round(case.tilt_degrees, 2),
        **{column: difference[name] for column, name in PREVIEW_COLUMNS.items()},
        "time_gap_s": witness.time_gap_s,
        "same_time": witness.same_time,
        "same_name": witness.same_name,
        "same_camera": witness.same_camera,
        **{column: round(getattr(remaking, name), 3) if remaking else None for column, name in REMADE_COLUMNS.items()},
        "remade_from": _holder_id(case),
        "objection": objection(case) or (proof.objection if proof else None),
        "wants_proof": int(wants_proof(case)),
    }
