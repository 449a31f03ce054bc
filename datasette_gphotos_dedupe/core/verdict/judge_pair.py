"""Is it really the same picture, and how: two photos in, a relation with its evidence out.

The hashes only say which photos are worth a look. Here their previews are laid over each other (`align`), measured (`compare`),
the metadata is heard (`names_and_clocks`), and `relation` says what it adds up to. When two signals disagree the answer is one that asks
the person; only agreement of all of them is a relation that may be suggested for removal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from ...errors import PictureError
from ..pictures.hash_variants import BY_NAME, TURNS, UNCHANGED, WHOLE, Box, variant_box
from .align import Overlay, Preview, find_inside, is_faint, load_preview, register, register_tilted, turn_preview
from .compare import Difference, measure_difference
from .compared_photo import Subject
from .file_proof import Proof
from .names_and_clocks import hear_witness
from .pair_facts import Case, wants_proof
from .relation import Verdict, judge, same_bytes_verdict

VERIFIER = "verify/12"
"""Name and version of the rules: kept in `comparisons.matched_by`, so that new rules look again."""

HOPELESS = 0.55  # correlation of the registered previews: below it no rule finds one picture
TILT_BELOW = 0.94
INSIDE_BELOW = 0.9  # correlation below which one is looked for inside the other, when name or clock brought them together
SMALLEST_SIDE = 8  # pixels: strips and single pixels hold nothing to compare
__all__ = ["VERIFIER", "Verdict", "measure_case", "verify_pair"]


def verify_pair(a: Subject, b: Subject, distance_bits: int, variant: str) -> Verdict | None:
    """How two photos relate by their previews, or None when they are different pictures. Symmetric.

    `variant` is 'base' when the plain hashes met, 'name' when name or clock did (at the distance of the plain hashes), else the name
    of the variant (of either photo) that met the other's plain hash; `distance_bits` is the distance at which they met. A verdict that
    `wants_proof` is provisional: `prove_pair` opens the originals. Costs 2 to 5 ms of a processor with decoding the previews.
    """
    if a.sha1 and a.sha1 == b.sha1:
        return same_bytes_verdict(a, b, distance_bits, variant)
    case = measure_case(a, b, distance_bits, variant)
    return judge(case) if case else None


def prove_pair(
    a: Subject, b: Subject, distance_bits: int, variant: str, proof_of: Callable[[Case], Proof]
) -> tuple[Verdict | None, Proof | None]:
    """The verdict with a re-making, where the previews allow a copy. `proof_of` opens the originals, or knows the proof."""
    if a.sha1 and a.sha1 == b.sha1:
        return same_bytes_verdict(a, b, distance_bits, variant), None
    case = measure_case(a, b, distance_bits, variant)
    if case is None or not wants_proof(case):
        return (judge(case) if case else None), None
    proof = proof_of(case)
    return judge(replace(case, proof=proof)), proof


def measure_case(a: Subject, b: Subject, distance_bits: int, variant: str) -> Case | None:
    """All that can be measured on two photos; None when a preview is missing or damaged, or nothing in them corresponds."""
    if not a.thumbnail or not b.thumbnail:
        return None
    a, b = sorted((a, b), key=_fewer_pixels_first)
    look = _look_at(a.thumbnail, b.thumbnail, variant)
    if look is None:
        return None
    overlay, difference, tilt_degrees = look
    return Case(a, b, difference, overlay, hear_witness(a, b), distance_bits, variant, tilt_degrees)


# a flood of equal frames is compared thousands of times over: the pixels need one look
@lru_cache(maxsize=256)
def _look_at(first: bytes, second: bytes, variant: str) -> tuple[Overlay, Difference, float] | None:
    """What the pixels alone say of two previews; None when nothing in them corresponds, or one cannot be read."""
    try:
        framings = _framings(first, second, variant)
    except PictureError:
        return None
    if min(side for preview_a, preview_b, _ in framings for side in (*preview_a.size, *preview_b.size)) < SMALLEST_SIDE:
        return None
    preview_a, preview_b, overlay = max(framings, key=lambda framing: framing[2].score)
    if variant == BY_NAME and overlay.score < INSIDE_BELOW:
        starts = find_inside(preview_a, preview_b)
        overlay = max([overlay, *(register(preview_a, preview_b, start) for start in starts)], key=lambda one: one.score)
    tilt_degrees = 0.0
    if HOPELESS < overlay.score < TILT_BELOW:
        preview_b, overlay, tilt_degrees = register_tilted(preview_a, preview_b, overlay)
    if overlay.score < HOPELESS:
        if not (is_faint(preview_a) and is_faint(preview_b)):
            return None
        overlay = Overlay(WHOLE, WHOLE, overlay.score)
    return overlay, measure_difference(preview_a, preview_b, overlay), tilt_degrees


def _fewer_pixels_first(subject: Subject) -> tuple[int, str]:
    return ((subject.width or 0) * (subject.height or 0), subject.photo_id)


def _framings(a: bytes, b: bytes, variant: str) -> list[tuple[Preview, Preview, Overlay]]:
    """The ways to lay the two over each other that the variant suggests, each registered."""
    first, second = load_preview(a), load_preview(b)
    if variant in TURNS:
        turned = [(turn_preview(first, variant), second), (first, turn_preview(second, variant))]
        return [(x, y, register(x, y, Overlay(WHOLE, WHOLE, -1.0))) for x, y in turned]
    boxes: list[tuple[Box | None, Box | None]] = [(WHOLE, WHOLE)]
    if variant not in UNCHANGED:
        boxes = [(variant_box(first.luma, variant), WHOLE), (WHOLE, variant_box(second.luma, variant))]
    starts = [Overlay(box_a, box_b, -1.0) for box_a, box_b in boxes if box_a and box_b]
    return [(first, second, register(first, second, start)) for start in starts or [Overlay(WHOLE, WHOLE, -1.0)]]
