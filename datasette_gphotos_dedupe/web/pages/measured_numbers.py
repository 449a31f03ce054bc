"""What was measured on two photos, as it is folded away behind *The numbers*: each with a name that people understand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model import MEASURES

_LABELS = {
    "distance_bits": ("Fingerprint", "{:,} of 256 bits"),
    "variant": ("Met by", "{}"),
    "correlation": ("Laid over each other", "{} of 1"),
    "overlap": ("Shown by both", "{} of a side"),
    "scale": ("Size", "{} times"),
    "tilt_degrees": ("Turned by", "{} degrees"),
    "pixel_difference": ("Mean difference", "{} of 255 grey levels"),
    "worst_block": ("Worst place", "{} times what JPEG loses"),
    "worst_shade": ("Worst brightness", "{} times what JPEG loses"),
    "bad_share": ("Places that differ", "{} of all"),
    "spot": ("Worst spot", "{} times the rest"),
    "detail_difference": ("Fine structure", "{}, 0 is the same"),
    "worst_detail": ("Worst structure", "{}, 0 is the same"),
    "structure": ("Shows anything", "{} of all places"),
    "tone_shift": ("Brightness moved by", "{} grey levels"),
    "contrast_ratio": ("Contrast", "{} times"),
    "colour_difference": ("Colour", "{} mean difference"),
    "worst_colour": ("Worst colour", "{}"),
    "colour_spot": ("Worst spot of colour", "{} times the rest"),
    "saturation_ratio": ("Weaker colour", "{} of the stronger"),
    "colour_cast": ("White balance moved by", "{}"),
    "time_gap_s": ("Taken apart", "{:,} seconds"),
    "same_time": ("One moment", "{}"),
    "same_name": ("One number in the names", "{}"),
    "same_camera": ("One camera", "{}"),
}
_YES = ("same_time", "same_name", "same_camera")


def numbers_of(pair: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Name and value of every measure of a pair that is known, for reading."""
    told = []
    for name in ("distance_bits", *MEASURES):
        value = (pair or {}).get(name)
        if value is None:
            continue
        if name in _YES:
            value = "yes" if value else "no"
        elif isinstance(value, float):
            value = int(value) if value == int(value) else round(value, 3)
        label, shape = _LABELS.get(name, (name.replace("_", " ").capitalize(), "{}"))
        told.append((label, shape.format(value)))
    return told
