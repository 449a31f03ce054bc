"""What Google documents of its answers, as far as it is read here, and whether an answer is like that. Pure.

What an answer turns on (ids, counts, page tokens, states of rows) must be as documented: taken for absent it would cut a listing
short, and what was not listed would count as deleted. What only describes a photo is left out when it is odd.

Source: the REST references of the Library API and the Picker API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import GoogleError
from .hosts import is_page

Shape = Mapping[str, "Field"]


@dataclass(frozen=True)
class Field:
    """A field of an answer: its kind (a test of the value, or the shape of an object or of each entry of a list)."""

    kind: Callable[[Any], bool] | Shape
    needed: bool = False
    describes: bool = False  # left out, and no reason to stop, when it is something else
    is_list: bool = False


def fit(value: Any, shape: Shape, where: str) -> dict[str, Any]:
    """The fields of `value` that `shape` names. Raises GoogleError with the place when one is not as documented."""
    if not isinstance(value, dict):
        raise _unlike(where)
    fitted = {}
    for name, field in shape.items():
        given = value.get(name)
        if given is None:
            if field.needed:
                raise _unlike(f"{where}.{name}")
            continue
        try:
            fitted[name] = _fit_field(given, field, f"{where}.{name}")
        except GoogleError:
            if not field.describes:
                raise
    return fitted


def _fit_field(given: Any, field: Field, where: str) -> Any:
    if field.is_list:
        if not isinstance(given, list):
            raise _unlike(where)
        return [_fit_one(entry, field.kind, where) for entry in given]
    return _fit_one(given, field.kind, where)


def _fit_one(given: Any, kind: Callable[[Any], bool] | Shape, where: str) -> Any:
    if isinstance(kind, Mapping):
        return fit(given, kind, where)
    if not kind(given):
        raise _unlike(where)
    return given


def _unlike(where: str) -> GoogleError:
    return GoogleError(
        f"Google's answer is not as documented ({where}), so it was not used. What was done until now is saved: "
        "run the same command again later."
    )


def is_text(value: Any) -> bool:
    """Text that can be stored: half a surrogate pair, which JSON can spell, cannot."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def is_line(value: Any) -> bool:
    """Text in one line, with nothing in it that steers a terminal: it will be printed."""
    return is_text(value) and not any(letter < " " or "\x7f" <= letter <= "\x9f" for letter in value)


def is_link(value: Any) -> bool:
    """An address that a person may be sent to."""
    return is_line(value) and is_page(value)


def is_count(value: Any) -> bool:
    """A whole number from 0 that SQLite can hold, also as digits, which is how Google sends 64 bits."""
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) < 19
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def is_flag(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


def is_id(value: Any) -> bool:
    """Text without anything that has a meaning in an address."""
    return is_text(value) and 0 < len(value) <= 4096 and not set("/?#%\\").intersection(value) and value not in (".", "..")


_ID = Field(is_id, needed=True)
_TEXT = Field(is_text, describes=True)
_LINE = Field(is_line, describes=True)
_LINK = Field(is_link, describes=True)
_COUNT = Field(is_count, describes=True)
_CAMERA = {"cameraMake": _LINE, "cameraModel": _LINE}
_STATUS = Field({"code": Field(is_count), "message": _LINE})

ALBUM: Shape = {
    "id": _ID,
    "title": _LINE,
    "productUrl": _LINK,
    "isWriteable": Field(is_flag),
    "mediaItemsCount": Field(is_count),
}
ITEM: Shape = {
    "id": _ID,
    "description": _TEXT,
    "productUrl": _LINK,
    **dict.fromkeys(("filename", "mimeType", "baseUrl"), _LINE),
    "mediaMetadata": Field(
        {
            "creationTime": _TEXT,
            "width": _COUNT,
            "height": _COUNT,
            "photo": Field(_CAMERA),
            "video": Field({**_CAMERA, "status": Field(is_text)}),
        }
    ),
}
PICKED: Shape = {
    "id": _ID,
    **dict.fromkeys(("type", "createTime"), _TEXT),
    "mediaFile": Field(
        {
            **dict.fromkeys(("baseUrl", "mimeType", "filename"), _LINE),
            "mediaFileMetadata": Field(
                {**_CAMERA, "width": _COUNT, "height": _COUNT, "videoMetadata": Field({"processingStatus": Field(is_text)})}
            ),
        }
    ),
}
SESSION: Shape = {
    "id": _ID,
    "pickerUri": Field(is_link, needed=True),
    "mediaItemsSet": Field(is_flag),
    "pollingConfig": Field({"pollInterval": _TEXT, "timeoutIn": _TEXT}),
}
_ROW = {"mediaItem": Field(ITEM), "status": _STATUS}
FOUND_ROWS: Shape = {"mediaItemResults": Field(_ROW, is_list=True)}
CREATED_ROWS: Shape = {"newMediaItemResults": Field(_ROW, is_list=True)}


def page_of(key: str, entry: Shape) -> Shape:
    """One page of a listing."""
    return {key: Field(entry, is_list=True), "nextPageToken": Field(is_text)}
