"""What a picture's own header says: camera, the camera's clock, place. Bytes in, values out; never raises on bad headers."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .decode import FORMATS, readable

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
MAKE, MODEL, DATE_TIME = 0x010F, 0x0110, 0x0132
DATE_TIME_ORIGINAL, DATE_TIME_DIGITIZED = 0x9003, 0x9004
OFFSET_TIME, OFFSET_TIME_ORIGINAL = 0x9010, 0x9011
SUBSEC_TIME, SUBSEC_TIME_ORIGINAL = 0x9290, 0x9291
MAX_TEXT = 100  # camera strings are short; damaged headers hold megabytes

_CLOCK = re.compile(r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_IN_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)-?([01]\d)-?([0-3]\d)"  # 20190628 or 2019-06-28
    r"[-_ T.]?(?:at )?([0-2]\d)[-.h:]?([0-5]\d)[-.m:]?([0-5]\d)(?!\d{4})"  # 183804, 18-38-04, "at 18.38.04"
)


@dataclass(frozen=True)
class CameraFacts:
    """`camera_taken_at` is the camera's own clock without zone; `taken_at` is UTC and only there when the offset is known."""

    make: str | None = None
    model: str | None = None
    camera_taken_at: str | None = None
    taken_at: str | None = None
    latitude: float | None = None
    longitude: float | None = None


def camera_facts(data: bytes) -> CameraFacts:
    """What the header of a picture file says; empty facts when there is none or it is damaged."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(readable(data)), formats=FORMATS) as image:
                exif = image.getexif()
                return facts_from_tags(dict(exif), _directory(exif, EXIF_IFD), _directory(exif, GPS_IFD))
        except Exception:  # codecs and EXIF readers raise anything on damaged headers; the pixels are judged elsewhere
            return CameraFacts()


def _directory(exif: Any, tag: int) -> dict[int, Any]:
    """A directory of tags; empty when it is damaged, so that the others still count."""
    try:
        return dict(exif.get_ifd(tag))
    except Exception:
        return {}


def facts_from_tags(main: dict[int, Any], details: dict[int, Any], gps: dict[int, Any]) -> CameraFacts:
    """Facts from the tags of the main, Exif and GPS directories, as numbers to values."""
    clock, offset = _clock(main, details)
    latitude, longitude = _place(gps)
    return CameraFacts(
        make=_text(main.get(MAKE)),
        model=_text(main.get(MODEL)),
        camera_taken_at=clock,
        taken_at=utc_from_clock(clock, offset) if clock and offset is not None else None,
        latitude=latitude,
        longitude=longitude,
    )


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    # Cameras pad with blanks and NULs; what follows a NUL is left-over memory.
    return " ".join(value.split("\0")[0].split())[:MAX_TEXT] or None


def _clock(main: dict[int, Any], details: dict[int, Any]) -> tuple[str | None, timedelta | None]:
    for tags, moment, subsec, zone in (
        (details, DATE_TIME_ORIGINAL, SUBSEC_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL),
        (details, DATE_TIME_DIGITIZED, SUBSEC_TIME_ORIGINAL, OFFSET_TIME),
        (main, DATE_TIME, SUBSEC_TIME, OFFSET_TIME),
    ):
        clock = parse_clock(_text(tags.get(moment)))
        if clock:
            digits = re.match(r"\d+", _text(details.get(subsec)) or "")
            return clock + (f".{digits[0][:6]}" if digits else ""), _offset(_text(details.get(zone)))
    return None, None


def parse_clock(text: str | None) -> str | None:
    """``2019:06:28 18:38:04`` as ``2019-06-28T18:38:04``; None for blanks, zeros and impossible dates."""
    match = _CLOCK.match(text or "")
    if not match:
        return None
    try:
        year, month, day, hour, minute, second = map(int, match.groups())
        return datetime(year, month, day, hour, minute, second).isoformat()
    except ValueError:
        return None


def _offset(text: str | None) -> timedelta | None:
    match = _OFFSET.match(text or "")
    if not match:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    if minutes > 14 * 60:  # no place on Earth is farther from UTC
        return None
    return timedelta(minutes=-minutes if match[1] == "-" else minutes)


def utc_from_clock(clock: str, offset: timedelta) -> str | None:
    """A camera's clock and its offset as UTC text ending in Z, keeping the sub-seconds."""
    whole, _, fraction = clock.partition(".")
    try:
        moment = datetime.fromisoformat(whole).replace(tzinfo=timezone(offset)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{fraction}" if fraction else "") + "Z"


def clock_in_name(filename: str) -> str | None:
    """The moment that a file name such as ``IMG_20190628_183804.jpg`` or ``Screenshot_2019-06-28-18-38-04.png`` carries."""
    match = _IN_NAME.search(filename)
    if not match:
        return None
    try:
        year, month, day, hour, minute, second = map(int, match.groups())
        return datetime(year, month, day, hour, minute, second).isoformat()
    except ValueError:
        return None


def _place(gps: dict[int, Any]) -> tuple[float | None, float | None]:
    latitude = _degrees(gps.get(2), gps.get(1), "S", 90)
    longitude = _degrees(gps.get(4), gps.get(3), "W", 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None
    return latitude, longitude


def _degrees(parts: Any, reference: object, negative: str, limit: int) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ArithmeticError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not abs(value) <= limit:  # also refuses the NaN that 0/0 rationals become
        return None
    return round(-value if _text(reference) == negative else value, 7)
