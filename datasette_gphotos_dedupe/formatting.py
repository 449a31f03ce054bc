"""How numbers and names are put for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .core.groups.reasons import format_bytes
from .google.hosts import is_page

RELATION_LABELS = {
    "same_bytes": "Same file again",
    "re_encode": "Saved again",
    "smaller_copy": "Smaller copy",
    "raw_and_jpeg": "RAW and JPEG",
    "other_format": "Another format",
    "edited": "Edited",
    "crop": "A part of it",
    "turned": "Turned",
    "mirrored": "Mirrored",
    "series": "Taken seconds apart",
    "look_alike": "Alike",
}
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# The values Google writes for the app a photo came from
ORIGIN_LABELS = {
    "driveDesktopUploader": "Drive for desktop",
    "driveSync": "Google Drive",
    "webUpload": "a browser",
    "mobileUpload": "a phone",
    "fromPartnerSharing": "partner sharing",
    "fromSharedAlbum": "a shared album",
    "composition": "Google Photos itself",
}
DECISION_LABELS = {"keep": "Keep", "remove": "Remove", "not_duplicate": "Not the same picture", None: "Later"}


WORD_LABELS = {"remade": "made again from what stays", "same_bytes": "the same file", "on your word": "on your word"}
"""On whose word photos go (`model.WORDS`), said after their number."""


def size(count: int | float | None) -> str:
    """Bytes in decimal units: 3.1 MB."""
    return "unknown size" if count is None else format_bytes(count)


def dimensions(photo: Mapping[str, Any]) -> str:
    """Width and height: 4,032 × 3,024."""
    return f"{photo['width']:,} × {photo['height']:,}" if photo.get("width") and photo.get("height") else "unknown"


def moment(text: str | None) -> str:
    """A stored time without its T and Z."""
    return (text or "").replace("T", " ").replace("Z", "")


def day(text: str | None) -> str:
    """The day of a stored time: 12 April 2022."""
    year, month, number = (text or "")[:4], (text or "")[5:7], (text or "")[8:10]
    if not (year.isdigit() and month.isdigit() and number.isdigit() and 1 <= int(month) <= 12):
        return text or ""
    return f"{int(number)} {MONTHS[int(month) - 1]} {year}"


def origin(name: str | None) -> str:
    """What a photo was uploaded by, as people call it."""
    return ORIGIN_LABELS.get(name or "", name or "an unknown way")


def camera(photo: dict[str, Any]) -> str:
    """Make and model, the make only once."""
    make, model = photo.get("camera_make") or "", photo.get("camera_model") or ""
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def format_name(photo: Mapping[str, Any]) -> str:
    """The format as people call it: JPEG for image/jpeg."""
    return (photo.get("mime_type") or "").rpartition("/")[2].upper().removeprefix("X-")


def count(number: int, one: str, many: str | None = None) -> str:
    """1 photo, 2 photos."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def web_link(url: Any) -> str | None:
    """The address when it is one that a person may be sent to, a page of Google's: what comes from outside could be anything."""
    return url if isinstance(url, str) and is_page(url) else None


def csv_cell(value: Any) -> Any:
    """A value as a cell that a spreadsheet program takes for text or a number, never for a formula (OWASP, CSV injection)."""
    formula = isinstance(value, str) and (value[:1] in ("\t", "\r") or value.lstrip()[:1] in ("=", "+", "-", "@"))
    return f"'{value}" if formula else value
