"""What the pixels and the metadata of two photos add up to: one table of rules, the first that applies decides.

Pixels prove, by re-making (`file_proof`, `remake`). Names and clocks nominate pairs and may object; an objection beats every pixel. Only
`same_bytes`, `re_encode`, `smaller_copy`, `raw_and_jpeg` and `other_format` may be suggested for removal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from ..pictures.hash_variants import TURNS
from . import wording
from .compared_photo import Subject
from .measures import PREVIEW_COLUMNS, REMADE_COLUMNS, looks_unchanged, nearness
from .pair_facts import (
    KEPT_DEVELOPED,
    KEPT_WHOLE,
    Case,
    alike,
    changed_on_purpose,
    developed_from_raw,
    far_apart,
    holder_id,
    is_remade,
    objection,
    one_place_differs,
    shows_enough,
    wants_proof,
)
from .remake import Remaking

COPY_CONFIDENCE = ((0.85, 0.99), (0.9, 0.93), (1.0, 0.75))
"""How sure a copy is that was made again so near to a border (`measures.nearness`): the share of copies among the labelled pairs that
were, by Laplace's rule, with nothing known but pixels and a next shot for each photo (`scripts/bench_accuracy.py`, the unseen part)."""
CONFIDENCE = {
    "raw_and_jpeg": 0.97,
    "edited": 0.95,
    "crop": 0.97,
    "turned": 0.98,
    "mirrored": 0.98,
    "series": 0.9,
    "look_alike": 0.5,
}
"""How sure each of the others is: an estimate, for how much there is to find beside it differs from library to library."""


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
        """Whether opening the originals could prove a copy."""
        return bool(self.measures.get("wants_proof"))


def same_bytes_verdict(a: Subject, b: Subject, distance_bits: int, variant: str) -> Verdict:
    """The verdict on two files of equal SHA-1: no pixel needs to be looked at."""
    nothing = ("tilt_degrees", "pixel_difference", "worst_block", "bad_share", "detail_difference", "worst_detail")
    colour = ("tone_shift", "colour_difference", "worst_colour", "colour_cast")
    alike = ("correlation", "overlap", "scale", "contrast_ratio", "saturation_ratio")
    measures: dict[str, float | str | None] = {
        "variant": variant,
        **dict.fromkeys(nothing + colour, 0.0),
        **dict.fromkeys(alike, 1.0),
        "wants_proof": 0,
    }
    return Verdict("same_bytes", 1.0, "The files are equal byte for byte.", measures)


def judge(case: Case) -> Verdict | None:
    """The relation of a pair; None when they are different pictures."""
    rule = next(rule for rule in RULES if rule.when(case))
    relation, reason = rule.then(case)
    if relation is None:
        return None
    evidence = f"{reason} {wording.measured(case)}"
    return Verdict(relation, confidence_of(relation, case.remaking), evidence, _measures(case))


def confidence_of(relation: str, remaking: Remaking | None) -> float:
    """How sure a relation is, 0 to 1."""
    if relation in CONFIDENCE or remaking is None:
        return CONFIDENCE.get(relation, 1.0)
    near = nearness(remaking)
    return next((sure for border, sure in COPY_CONFIDENCE if near <= border), COPY_CONFIDENCE[-1][1])


@dataclass(frozen=True)
class Rule:
    """When it holds, and what follows: a relation (None: different pictures) and the reason in a sentence. `words` say when."""

    words: str
    when: Callable[[Case], bool]
    then: Callable[[Case], tuple[str | None, str]]


RULES = (
    Rule("the previews have nothing in common", lambda case: not alike(case), lambda case: (None, "")),
    Rule(
        "one is a film and one a photo",
        lambda case: case.a.kind != case.b.kind,
        lambda case: ("look_alike", "One is a video and one a photo, so they are never called copies."),
    ),
    Rule(
        "the cameras' clocks differ, the camera counted on, or two cameras took them",
        lambda case: objection(case) is not None,
        wording.two_shots,
    ),
    Rule(
        "one agrees with the other when it is turned or mirrored",
        lambda case: case.variant in TURNS and not far_apart(case),
        wording.turned,
    ),
    Rule(
        "one holds something beside its picture that the other lacks",
        lambda case: bool(case.proof and case.proof.objection),
        lambda case: ("look_alike", (case.proof.objection if case.proof else None) or ""),
    ),
    Rule(
        "the smaller one is made again from a part of the larger one",
        lambda case: is_remade(case) and min(case.kept, case.remaking.kept if case.remaking else 1.0) < KEPT_WHOLE,
        wording.cropped,
    ),
    Rule(
        "one is named as an edited version",
        lambda case: case.witness.one_edited and case.kept >= KEPT_DEVELOPED and (is_remade(case) or not far_apart(case)),
        lambda case: ("edited", "The name of one says that somebody edited it."),
    ),
    Rule(
        "it is made again, with a change that no resizer makes",
        changed_on_purpose,
        wording.edited,
    ),
    Rule("it is made again", lambda case: is_remade(case) and shows_enough(case), wording.copy),
    Rule(
        "a RAW file and a developed picture, of one clock, camera and name, whose previews agree",
        developed_from_raw,
        lambda case: ("raw_and_jpeg", "One is the camera's RAW file, one a developed picture of the same exposure."),
    ),
    Rule("it is made again but for one place", one_place_differs, wording.retouched),
    Rule("the previews differ in many places", far_apart, wording.near),
    Rule("the previews agree, but show different parts", lambda case: case.kept < KEPT_DEVELOPED, wording.cropped),
    Rule("the previews agree", lambda case: looks_unchanged(case.difference) or case.a.kind == "video", wording.unproved),
    Rule("anything else", lambda case: True, wording.changed),
)
"""From the top: the first rule that holds decides."""


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
        "remade_from": holder_id(case),
        "objection": objection(case) or (proof.objection if proof else None),
        "wants_proof": int(wants_proof(case)),
    }
