"""How numbers and names are put for a person."""

from __future__ import annotations

from typing import Any

from .core.groups.reasons import format_bytes

RELATION_LABELS = {
    "same_bytes": "Same bytes",
    "re_encode": "Re-encoded",
    "smaller_copy": "Smaller copy",
    "raw_and_jpeg": "RAW beside JPEG",
    "other_format": "Other format",
    "edited": "Edited",
    "crop": "Crop",
    "turned": "Turned",
    "mirrored": "Mirrored",
    "series": "Series",
    "look_alike": "Look-alike",
}
DECISION_LABELS = {"keep": "Keep", "remove": "Remove", "not_duplicate": "Not the same picture", None: "Undecided"}


def size(count: int | float | None) -> str:
    """Bytes in decimal units: 3.1 MB."""
    return "unknown size" if count is None else format_bytes(count)


def dimensions(photo: dict[str, Any]) -> str:
    """Width and height: 4032 × 3024."""
    return f"{photo['width']} × {photo['height']}" if photo.get("width") and photo.get("height") else "unknown"


def moment(text: str | None) -> str:
    """A stored time without its T and Z."""
    return (text or "").replace("T", " ").replace("Z", "")


def camera(photo: dict[str, Any]) -> str:
    """Make and model, the make only once."""
    make, model = photo.get("camera_make") or "", photo.get("camera_model") or ""
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def format_name(photo: dict[str, Any]) -> str:
    """The format as people call it: JPEG for image/jpeg."""
    return (photo.get("mime_type") or "").rpartition("/")[2].upper().removeprefix("X-")


def count(number: int, one: str, many: str | None = None) -> str:
    """1 photo, 2 photos."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def web_link(url: str | None) -> str | None:
    """The address when it is one that may be followed: what comes from outside could be a script."""
    return url if url and url.startswith(("https://", "http://127.0.0.1:")) else None
