"""Every number a verdict rests on, once: its name, the column of `pairs` it stands in, its unit, its border and the words for it.

Limits, evidence, columns and documentation are made from these two tables. The borders of `REMADE` come from labelled pairs:
`scripts/derive_borders.py` makes honest copies, retouched ones and other exposures of real photos, prints how the measures of each
lie, and where between them the borders stand.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass

from .compare import Difference
from .remake import Remaking


@dataclass(frozen=True)
class Measure:
    """A field of `Remaking` or `Difference`. `low` and `high` are what a copy may have (None: no border on that side)."""

    name: str
    column: str | None
    words: str
    low: float | None = None
    high: float | None = None
    changed: str | None = None  # what is said of a picture that lies beyond

    def allows(self, measured: Remaking | Difference) -> bool:
        """Whether a copy may measure this."""
        value = getattr(measured, self.name)
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    @property
    def border(self) -> str:
        """For example ``at most 1.6``, or ``0.9 to 1.1``; empty without one."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        return f"at most {self.high:g}" if self.high is not None else ""


LUMA, PLAIN_LUMA, WORST, COLOUR, WORST_COLOUR = 1.6, 1.25, 3.0, 1.7, 4.5
SAME_LEFT = (
    Measure("luma", "remade", "What is left when it is made again, against what its encoder leaves; 1 is the same.", high=LUMA),
    Measure("plain_luma", None, "The same where resizing alone explains it, without sharpening.", high=PLAIN_LUMA),
    Measure("worst", "remade_worst", "The same of the worst place, three or eight pixels wide.", high=WORST),
    Measure("colour", None, "What is left of the colours, against what its encoder leaves of them.", high=COLOUR),
    Measure("worst_colour", "remade_colour", "The same of the worst place in the colours.", high=WORST_COLOUR),
)
"""What must be small for a picture to be made again at all."""
ON_PURPOSE = (
    Measure(
        "tone", None, "Grey levels by which a curve had to move it.", high=3.0, changed="its brightness or contrast was moved"
    ),
    Measure(
        "own_tone",
        None,
        "The same without what a sharpener moves by itself: another exposure is seldom as bright to a level.",
        high=0.5,
        changed="its brightness or contrast was moved",
    ),
    Measure(
        "cast", None, "Colour levels by which its white balance had to be moved.", high=2.0, changed="its white balance was moved"
    ),
    Measure(
        "softness",
        None,
        "How much of its fine structure is left; more than 1 is sharpened.",
        0.35,
        3.2,
        "it was softened or sharpened",
    ),
    Measure(
        "own_softness", None, "The same of two pictures of one size, where nothing was resized.", 0.8, changed="it was softened"
    ),
    Measure(
        "saturation",
        None,
        "How strong its colours are against the other's.",
        0.92,
        1.08,
        "its colours were made weaker or stronger",
    ),
)
"""What a resizer or encoder does not do by itself: beyond these all of it is still in the other picture, but somebody changed it."""
STRUCTURE = Measure("structure", None, "Share of its blocks that show anything.", low=0.003)
REMADE = (*SAME_LEFT, *ON_PURPOSE, STRUCTURE)

DEVELOPED = (
    Measure("bad_share", "bad_share", "The share of blocks that differ more than encoding explains.", high=0.55),
    Measure(
        "worst_block",
        "worst_block",
        "The block whose fine structure differs most; 1 is the most that encoding explains.",
        high=2.1,
    ),
    Measure("worst_shade", "worst_shade", "The block whose brightness differs most, in the same measure.", high=2.1),
    Measure(
        "spot", "spot", "How many times as much the worst pixel differs as 99 of 100 do at most; edges are allowed for.", high=2.4
    ),
    Measure("detail", "detail_difference", "Fine structure: 0 the same, 1 unrelated.", high=0.3),
    Measure("worst_detail", "worst_detail", "Fine structure in the worst tenth of the blocks that have any.", high=0.6),
    Measure(
        "worst_colour",
        "worst_colour",
        "Colour that is left in the worst block after white balance and saturation were evened out.",
        high=26.0,
    ),
    Measure("colour_spot", "colour_spot", "The worst pixel in the colours.", high=1.9),
    Measure("tone", "tone_shift", "How many grey levels brightness and contrast had to be moved.", high=36.0),
    Measure("contrast", "contrast_ratio", "Contrast of the larger picture against the smaller one.", 1 / 1.8, 1.8),
    Measure("saturation", "saturation_ratio", "The weaker colour against the stronger: 0.5 is half as colourful.", low=0.5),
    Measure("cast", "colour_cast", "How far the white balance was moved.", high=14.0),
)
"""What two developments of one exposure may differ by on their previews, when clock, camera and name all say that it is one."""
PREVIEW_COLUMNS = {
    "pixel_difference": "pixel",
    "structure": "structure",
    "colour_difference": "colour",
    **{measure.column: measure.name for measure in DEVELOPED if measure.column},
}
"""Columns of `pairs` and the numbers of `compare.Difference` they hold."""
REMADE_COLUMNS = {measure.column: measure.name for measure in REMADE if measure.column} | {"remade_px": "px"}
"""Columns of `pairs` and the numbers of `remake.Remaking` they hold."""

UNCHANGED = {
    "worst_block": 1.0,
    "worst_shade": 1.0,
    "spot": 2.4,
    "bad_share": 0.0,
    "detail": 0.12,
    "worst_detail": 0.35,
    "worst_colour": 14.0,
    "colour_spot": 1.9,
    "tone": 36.0,
    "cast": 14.0,
}
"""What two previews of one picture hardly exceed. It proves nothing; beyond it something was changed, or it is another picture."""


def all_allow(measures: tuple[Measure, ...], measured: Remaking | Difference) -> bool:
    """Whether every one of these allows it."""
    return all(measure.allows(measured) for measure in measures)


def nearness(remaking: Remaking) -> float:
    """How near to its border the worst of what must be small lies: 0 for nothing left at all, 1 on the border."""
    return max(float(getattr(remaking, measure.name)) / measure.high for measure in SAME_LEFT if measure.high)


def beyond(measures: tuple[Measure, ...], measured: Remaking | Difference) -> list[str]:
    """What is said of those that do not."""
    return [measure.changed or measure.words for measure in measures if not measure.allows(measured)]


def looks_unchanged(difference: Difference) -> bool:
    """Whether two previews agree as two encodings of one picture do."""
    below: Callable[[float, float], bool] = operator.le
    ratios = 1 / 1.5 <= difference.contrast <= 1.5 and difference.saturation >= 0.62
    return ratios and all(below(getattr(difference, name), limit) for name, limit in UNCHANGED.items())
