"""A border that a person drew after judging sample pairs: beyond it, copies are shown but not suggested for removal. Pure.

It can only make the program more careful. What the matching calls a copy stays what it is; the suggestion goes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ...errors import GphotosError
from ...model import REMOVABLE_RELATIONS

MAX_BITS = 256
STEP = 0.001  # confidence is stored with three decimals
JUDGED_APART = "you judged that it is not the same picture"


@dataclass(frozen=True)
class Caution:
    """Copies below `min_confidence`, or further apart than `max_bits`, are not suggested. The defaults hold nothing back."""

    min_confidence: float = 0.0
    max_bits: int = MAX_BITS

    def __post_init__(self) -> None:
        if not 0.0 <= self.min_confidence <= 1.0:
            raise GphotosError(f"The lowest confidence must be between 0 and 1, not {self.min_confidence}.")
        if not 0 <= self.max_bits <= MAX_BITS:
            raise GphotosError(f"The greatest distance must be between 0 and {MAX_BITS} bits, not {self.max_bits}.")

    @classmethod
    def from_json(cls, text: str | None) -> Caution:
        """What `as_json` wrote; None is the default."""
        return cls(**json.loads(text)) if text else cls()

    def as_json(self) -> str:
        """As `match_state` keeps it."""
        return json.dumps(asdict(self))

    def doubt(self, relation: str | None, confidence: float, distance_bits: int) -> str | None:
        """Why a copy measured like this is not suggested; None when it may be. Equal bytes need no border."""
        if relation == "same_bytes":
            return None
        if confidence < self.min_confidence:
            return f"its confidence {confidence:.3g} is below the {self.min_confidence:.3g} you asked for"
        if distance_bits > self.max_bits:
            return f"it is {distance_bits} bits away, more than the {self.max_bits} you asked for"
        return None


@dataclass(frozen=True)
class Judgement:
    """What a person said of a pair, beside what was measured on it."""

    relation: str
    confidence: float
    distance_bits: int
    same: bool


def suggest_caution(judged: Sequence[Judgement]) -> Caution:
    """The border that keeps every copy judged another picture from being suggested, and as few others as possible.

    Of a border on confidence and one on distance the one that leaves more pairs judged the same; the default when no copy was
    judged another picture.
    """
    copies = [one for one in judged if one.relation in REMOVABLE_RELATIONS and one.relation != "same_bytes"]
    apart = [one for one in copies if not one.same]
    if not apart:
        return Caution()
    surest = min(1.0, round(max(one.confidence for one in apart) + STEP, 3))
    nearest = min(one.distance_bits for one in apart)
    borders = [Caution(min_confidence=surest), *([Caution(max_bits=nearest - 1)] if nearest else [])]
    return max(borders, key=lambda border: sum(one.same and not _held(border, one) for one in copies))


def _held(border: Caution, one: Judgement) -> bool:
    return border.doubt(one.relation, one.confidence, one.distance_bits) is not None
