"""What is known about two photos beside their pixels: times, names, cameras. Each says yes, no, or nothing (None).

"Nothing" is common and means nothing: previews written by photo programs carry no EXIF, and for those Google reports the time of
upload or of the file. So a missing time never agrees, and a time that is not the camera's own never contradicts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

from ..edit_marks import split_mark
from ..pictures.file_kinds import PHOTO_EXTENSIONS, VIDEO_EXTENSIONS

if TYPE_CHECKING:
    from .compared_photo import Subject

SAME_SECOND_S = 1.0
CAMERAS_OWN = 2  # the best that `name_rank` gives
COPY_WORDS = "copy|kopie|copie|copia|thumb|thumbnail|small|preview|web|resized|scaled"
# Counted and not endless repeats: names come from anybody, and from each place in a long one the rest would be tried.
COPY_MARK = re.compile(rf"(\s{{0,3}}\(\d{{1,3}}\)|[ ._-]({COPY_WORDS})|~\d|[ _-]\d{{2,4}}x\d{{2,4}}){{1,6}}$", re.IGNORECASE)
COPY_FRONT = re.compile(r"^(thumb|thumbnail|preview|small|copy of|kopie von|copie de)[ _-]+", re.IGNORECASE)
EDIT_MARK = re.compile(r"[ _-](edited|edit)(\s{0,3}\(\d{1,3}\))?$", re.IGNORECASE)  # of programs that use no dash
# Only what is an ending of a picture or film is one: `at 18.38.04.jpeg` ends in a second. _DSC8830.ARW.jpg has two.
_ENDINGS = "|".join(sorted(extension[1:] for extension in PHOTO_EXTENSIONS | VIDEO_EXTENSIONS))
SUFFIX = re.compile(rf"(\.({_ENDINGS})){{1,2}}$", re.IGNORECASE)
NUMBERED = re.compile(r"\s{0,3}\(\d{1,3}\)$")
OWN_SIZE = re.compile(r"^(?P<stem>.*\d)[_-](?P<side>\d{2,4})(?P<suffix>(?:\.[A-Za-z0-9]{2,4})*)$")
# What programs call any picture: two of these are no more one picture than two of no name
GENERIC = re.compile(
    r"^(image|img|photo|picture|pic|foto|bild|unnamed|untitled|unknown|download|downloaded|fullsizerender|fullsizeoutput|original"
    r"|screenshot|screen shot|bildschirmfoto|scan|scanned|page|document|file|temp|tmp|index|default|cover|camera|received|snapshot"
    r"|slide|folie|diapositive|diapositiva|figure|fig|chart|seite|export|exported|output|capture|render|wallpaper|background|avatar"
    r"|attachment|inline|whatsapp image|sent|share|shared)?"
    r"([ _-]*\d{0,3}|\d+x\d+)$"
)
COUNTERS = frozenset(("scan", "page", "image", "photo", "pic", "doc", "frame", "slide", "file"))  # that begin at 1 for every lot
# A word that some program put behind a camera's number (DSC_8830_dev.jpg), unless cameras themselves tell exposures apart by it.
PROGRAMS_WORD = re.compile(
    r"^(?P<stem>.*\d)[ ._-]+(?!burst|cover|hdr|pano|effects|animation|collage|smile|mix|motion|portrait|night|bokeh|long|raw|original"
    r"|top|action|ani|best|pro|rich|mp$|dual|live|depth|mask|video|sharp|high|low|over|under)[a-z]{2,12}$"
)
APPLE_EDIT = re.compile(r"^img_e\d{4}$", re.IGNORECASE)
# Telephones put (0), (1) or ~2 behind the second shot of one second, as programs do behind a copy.
SECOND = re.compile(r"(?:19|20)\d{6}[_-]?\d{6}")
SHOT_OF_SECOND = re.compile(r"\(\d{1,3}\)|~\d")
# IMG_0301, _DSC8830, DSC00002, P1010006, MVC-001F, DCP_4385, 100_1234, IMG_20190628_183804, 20190628_183804, IMG-20190628-WA0001
CAMERA_NAME = re.compile(
    r"^(?P<prefix>_?[a-z]{1,5}[_-]?(?:e(?=\d))?|\d{3}_|(?=(?:19|20)\d{6}_\d{6}))(?P<number>\d{3,}(?:(?:[_-](?:wa)?|wa)\d+)*)(?P<letter>[a-z]?)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Witness:
    """What the metadata of two photos says. `time_gap_s` is None unless both times are comparable.

    `one_edited`: exactly one of the names says that somebody edited it. `both_clocks`: both cameras gave a time of their own.
    """

    same_time: bool | None
    time_gap_s: float | None
    same_name: bool | None
    same_camera: bool | None
    one_edited: bool = False
    both_clocks: bool = False


def hear_witness(a: Subject, b: Subject) -> Witness:
    """The metadata of two photos compared. Symmetric."""
    gap = time_gap_s(a, b)
    same_time = _same_time(a, b, gap)
    return Witness(
        same_time=same_time,
        time_gap_s=gap,
        same_name=same_name(*(without_own_size(one.filename, one.width, one.height) for one in (a, b))),
        same_camera=_same_camera(a, b),
        one_edited=is_edited(a.filename) != is_edited(b.filename),
        both_clocks=bool(a.camera_taken_at and b.camera_taken_at),
    )


def is_edited(filename: str | None) -> bool:
    """Whether a program named the file as an edited version: ``IMG_1234-edited.jpg``, Apple's ``IMG_E1234.JPG``."""
    stem = NUMBERED.sub("", SUFFIX.sub("", filename or ""))
    return bool(split_mark(stem) or EDIT_MARK.search(stem) or APPLE_EDIT.match(stem))


def name_rank(filename: str | None) -> int:
    """How near a name is to what a camera gave: `CAMERAS_OWN`, 1 for any other, 0 when it says that it is a copy or an edit."""
    whole = SUFFIX.sub("", filename or "").strip()
    if whole.lower() != _stem(filename or "") or is_edited(filename):
        return 0
    match = CAMERA_NAME.match(whole.lower())
    return CAMERAS_OWN if match and _prefix(match) not in (*COUNTERS, "whatsapp") else 1


def is_camera_name(filename: str | None) -> bool:
    """Whether a camera's number is left of a name when all that programs put around it is taken away."""
    match = CAMERA_NAME.match(_stem(filename or ""))
    return match is not None and _prefix(match) not in (*COUNTERS, "whatsapp")


def without_own_size(filename: str | None, width: int | None, height: int | None) -> str | None:
    """The file name without a number behind it that is the picture's own width or height: a cache's IMG_1234_256.jpg."""
    match = OWN_SIZE.match(filename or "")
    own = match and int(match["side"]) in (width, height)
    return match["stem"] + match["suffix"] if match and own else filename


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
    if not a or not b or _shot_of_second(a) != _shot_of_second(b):
        return None
    key = name_key(a)
    if key and key == name_key(b):
        return True
    match_a, match_b = CAMERA_NAME.match(_stem(a)), CAMERA_NAME.match(_stem(b))
    if not match_a or not match_b or _prefix(match_a) != _prefix(match_b) or match_a["number"] == match_b["number"]:
        return None
    if _prefix(match_a) in COUNTERS:
        return None  # scan 1 and scan 2 are numbered by a program, which may have numbered two copies
    # DSC_1022 and DSC_1022_1024 are no two shots: a program wrote the size of its preview behind the number
    return False if _parts(match_a["number"]) == _parts(match_b["number"]) else None


def name_key(filename: str | None) -> str | None:
    """Equal for two file names exactly when `same_name` is True of them; None when it is True of no other name."""
    stem = _stem(filename or "")
    match = CAMERA_NAME.match(stem)
    mark = _shot_of_second(filename or "") or ""
    if match:
        # A letter behind the number tells apart what a camera counts alike: a Mavica's MVC-001F and MVC-001S are two exposures.
        prefix = _prefix(match)
        return None if prefix in COUNTERS else f"{prefix} {match['number']} {match['letter']} {mark}"
    return f"{stem}/{mark}" if len(stem) >= 5 and not GENERIC.match(stem) else None


def _shot_of_second(filename: str) -> str | None:
    """What stands behind a second in the name and may count the shots in it."""
    stem = SUFFIX.sub("", filename)
    second = SECOND.search(stem)
    mark = SHOT_OF_SECOND.search(stem, second.end()) if second else None
    return mark.group() if mark else None


def _prefix(match: re.Match[str]) -> str:
    """The letters before the number. _DSC8830 and DSC_8830 are one camera's; IMG_E0301 is Apple's edited IMG_0301."""
    letters = re.sub(r"[_-]", "", match["prefix"])
    if "wa" in match["number"]:  # IMG-20190628-WA0001: WhatsApp counts for itself
        return "whatsapp"
    return "img" if letters == "imge" else letters


def _parts(number: str) -> int:
    return len(re.findall(r"\d+", number))


@lru_cache(maxsize=1024)  # several questions are asked of one name in a row
def _stem(filename: str) -> str:
    whole = stem = SUFFIX.sub("", filename)
    front = COPY_FRONT.match(whole)
    if front:
        stem = whole[front.end() :]
        stem = re.sub(r"(\d[A-Za-z]?)_\d{2,4}$", r"\1", stem)  # thumb_IMG_1234_1024, thumb_MVC-002F_320
    mark = split_mark(NUMBERED.sub("", stem))
    stem = COPY_MARK.sub("", mark.base if mark else stem).strip().lower()
    known = PROGRAMS_WORD.match(stem) if "a" <= stem[-1:] <= "z" else None  # a program's word ends so, a number does not
    return known["stem"] if known and CAMERA_NAME.match(known["stem"]) else stem


def _same_camera(a: Subject, b: Subject) -> bool | None:
    if not a.camera_model or not b.camera_model:
        return None
    return a.camera_model.strip().lower() == b.camera_model.strip().lower()
