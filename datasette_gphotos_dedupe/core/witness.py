"""What is known about two photos beside their pixels: times, names, cameras. Each says yes, no, or nothing (None).

"Nothing" is common and means nothing: previews written by photo programs carry no EXIF, and for those Google reports the time of
upload or of the file. So a missing time never agrees, and a time that is not the camera's own never contradicts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .verify import Subject

SAME_SECOND_S = 1.0
SAME_ASPECT = 0.02
COPY_MARK = re.compile(
    r"(\s*\(\d{1,3}\)|[ _-](copy|kopie|copie|copia|edited|bearbeitet|edit|thumb|thumbnail|small|preview|web|resized|scaled)"
    r"|~\d|[ _-]\d{2,4}x\d{2,4})+$",
    re.IGNORECASE,
)
# IMG_0301, _DSC8830, DSC00002, P1010006, MVC-001F, DCP_4385, 100_1234, IMG_20190628_183804, IMG-20190628-WA0001
CAMERA_NAME = re.compile(
    r"^(?P<prefix>_?[a-z]{1,5}[_-]?(?:e(?=\d))?|\d{3}_)(?P<number>\d{3,}(?:[_-]?(?:wa)?\d+)*)[a-z]?$", re.IGNORECASE
)


@dataclass(frozen=True)
class Witness:
    """What the metadata of two photos says. `time_gap_s` is None unless both times are comparable."""

    same_time: bool | None
    time_gap_s: float | None
    same_name: bool | None
    same_camera: bool | None
    same_aspect: bool

    @property
    def agrees(self) -> bool:
        """Something beside the pixels says that this is one exposure, and nothing says it is not."""
        return (self.same_time is True or self.same_name is True) and not self.disagrees

    @property
    def disagrees(self) -> bool:
        return self.same_time is False or self.same_name is False or self.same_camera is False


def hear_witness(a: Subject, b: Subject) -> Witness:
    """The metadata of two photos compared. Symmetric."""
    gap = time_gap_s(a, b)
    return Witness(
        same_time=_same_time(a, b, gap),
        time_gap_s=gap,
        same_name=same_name(a.filename, b.filename),
        same_camera=_same_camera(a, b),
        same_aspect=_same_aspect(a, b),
    )


def time_gap_s(a: Subject, b: Subject) -> float | None:
    """Seconds between the two cameras' own clocks; between the stored times when a camera's is missing; None when unknown.

    Clocks are compared as precisely as both give it: `18:38:04` and `18:38:04.120` are 0 seconds apart.
    """
    if a.camera_taken_at and b.camera_taken_at:
        return _gap(a.camera_taken_at, b.camera_taken_at)
    if a.taken_at and b.taken_at:
        return _gap(a.taken_at, b.taken_at)
    return None


def _gap(a: str, b: str) -> float | None:
    digits = min(len(_fraction(a)), len(_fraction(b)))
    first, second = _moment(a, digits), _moment(b, digits)
    if first is None or second is None:
        return None
    return round(abs((first - second).total_seconds()), 6)


def _fraction(text: str) -> str:
    match = re.search(r"\.(\d+)", text)
    return match.group(1) if match else ""


def _moment(text: str, digits: int) -> datetime | None:
    whole, fraction = re.sub(r"\.\d+|Z$", "", text), _fraction(text)[:digits].ljust(6, "0")[:6]
    try:
        return datetime.fromisoformat(whole).replace(microsecond=int(fraction), tzinfo=timezone.utc)
    except ValueError:
        return None


def _same_time(a: Subject, b: Subject, gap: float | None) -> bool | None:
    if gap is None:
        return None
    both_cameras = bool(a.camera_taken_at and b.camera_taken_at)
    both_exif = a.taken_at_source == b.taken_at_source == "exif"
    if both_cameras:
        return gap == 0.0
    if gap < SAME_SECOND_S:
        return True
    return False if both_exif else None


def same_name(a: str | None, b: str | None) -> bool | None:
    """True when two file names carry one camera number, False when one camera counted on between them, None otherwise."""
    if not a or not b:
        return None
    stem_a, stem_b = _stem(a), _stem(b)
    if not stem_a or not stem_b:
        return None
    match_a, match_b = CAMERA_NAME.match(stem_a), CAMERA_NAME.match(stem_b)
    if match_a and match_b:
        if match_a["number"] == match_b["number"]:
            return True
        # DSC_1022 and DSC_1022_1024 are no two shots: a program wrote the size of its preview behind the number
        counted_on = match_a["prefix"] == match_b["prefix"] and _parts(match_a["number"]) == _parts(match_b["number"])
        return False if counted_on else None
    return True if stem_a == stem_b and len(stem_a) >= 5 else None


def _parts(number: str) -> int:
    return len(re.findall(r"\d+", number))


def _stem(filename: str) -> str:
    return COPY_MARK.sub("", re.sub(r"\.[A-Za-z0-9]{2,4}$", "", filename)).strip().lower()


def _same_camera(a: Subject, b: Subject) -> bool | None:
    if not a.camera_model or not b.camera_model:
        return None
    return a.camera_model.strip().lower() == b.camera_model.strip().lower()


def _same_aspect(a: Subject, b: Subject) -> bool:
    if not (a.width and a.height and b.width and b.height):
        return True
    return abs((a.width * b.height) / (a.height * b.width) - 1.0) <= SAME_ASPECT
