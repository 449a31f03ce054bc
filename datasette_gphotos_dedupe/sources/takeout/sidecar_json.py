"""What a Takeout JSON file says. Recognised by content, never by name: bytes in, a Sidecar, an AlbumMeta or None out."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import NamedTuple

from ...google.hosts import is_page
from ..values import EARLIEST, LATEST, MAX_TEXT, clean_text

MAX_SIDECAR_BYTES = 4_000_000  # real ones have about 1 KB; album pages with many comments reach some hundred KB
MAX_PEOPLE = 500
_EPOCH = datetime(1970, 1, 1)
_EARLIEST, _LATEST = EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None)
_MEDIA_KEY = re.compile(r"/photo/([A-Za-z0-9_-]{8,200})")
_USUAL_URL = re.compile(r"https://photos\.google\.com/photo/([A-Za-z0-9_-]{8,200})")


class SidecarError(ValueError):
    """The file is not JSON that can be read. `str(error)` is the sentence for the person."""


class Sidecar(NamedTuple):
    """The metadata of one library item. Times are UTC text; a place of 0/0 is None."""

    title: str | None
    description: str | None = None
    taken_at: str | None = None
    uploaded_at: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    people: tuple[str, ...] = ()
    favorite: bool = False
    archived: bool = False
    trashed: bool = False
    product_url: str | None = None
    media_key: str | None = None
    origin: str | None = None


class AlbumMeta(NamedTuple):
    """The metadata of an album folder. `access` is there for albums and missing in year folders."""

    title: str | None
    description: str | None
    access: str | None
    is_old: bool = False  # wrapped as exports before 2020 did it


def parse_json_file(data: bytes) -> Sidecar | AlbumMeta | None:
    """The sidecar or album metadata in `data`; None for JSON of another purpose. Raises SidecarError for what is not JSON."""
    try:
        # json.loads tells UTF-8 from UTF-16 and UTF-32 by the first bytes, but not UTF-8 with a byte order mark
        value = json.loads(data[3:] if data.startswith(b"\xef\xbb\xbf") else data)
    except RecursionError:
        raise SidecarError("it is nested too deeply to be a sidecar") from None
    except ValueError as error:
        raise SidecarError(f"it is not JSON: {str(error)[:200]}") from None
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("albumData"), dict):  # how exports before 2020 wrapped it
        return _album(value["albumData"])._replace(is_old=True)
    if "photoTakenTime" in value or "googlePhotosOrigin" in value or ("url" in value and "title" in value):
        return _sidecar(value)
    if "title" in value and (value["title"] is None or isinstance(value["title"], str)):
        return _album(value)
    return None


def _album(value: dict) -> AlbumMeta:
    return AlbumMeta(_text(value.get("title")), _text(value.get("description")), _text(value.get("access")))


def _sidecar(value: dict) -> Sidecar:
    product_url, media_key = _link(_text(value.get("url")))
    latitude, longitude = _place(value.get("geoData")) or _place(value.get("geoDataExif")) or (None, None)
    return Sidecar(
        title=_text(value.get("title")),
        description=_text(value.get("description")),
        taken_at=moment(value.get("photoTakenTime")),
        uploaded_at=moment(value.get("creationTime")),
        latitude=latitude,
        longitude=longitude,
        people=_people(value.get("people")),
        favorite=value.get("favorited") is True,
        archived=value.get("archived") is True,
        trashed=value.get("trashed") is True,
        product_url=product_url,
        media_key=media_key,
        origin=_origin(value.get("googlePhotosOrigin")),
    )


def _link(url: str | None) -> tuple[str | None, str | None]:
    """The address of the item's page, when that is one a person may be sent to, and the media key in it."""
    if not url:
        return None, None
    usual = _USUAL_URL.fullmatch(url)
    if usual:
        return url, usual[1]
    keys = _MEDIA_KEY.findall(url)
    return url if url.startswith("https://") and is_page(url) else None, keys[-1] if keys else None


def _text(value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    return clean_text(value[:MAX_TEXT]).strip() or None


def moment(value: object) -> str | None:
    """A Takeout time object (`timestamp` in seconds as text) as UTC text.

    "0" stands for unknown, and years outside 1800 to 2199 are typing errors; both are None.
    """
    stamp = value.get("timestamp") if isinstance(value, dict) else None
    if isinstance(stamp, bool) or not isinstance(stamp, (str, int, float)):
        return None
    try:
        seconds = float(stamp)
        when = _EPOCH + timedelta(seconds=seconds)  # unlike fromtimestamp(), works before 1970 on every system
    except (ValueError, OverflowError):
        return None
    if seconds == 0 or not _EARLIEST <= when < _LATEST:
        return None
    return f"{when.isoformat()[:19]}Z"


def _place(value: object) -> tuple[float, float] | None:
    if not isinstance(value, dict):
        return None
    latitude, longitude = value.get("latitude"), value.get("longitude")
    if isinstance(latitude, bool) or isinstance(longitude, bool):
        return None
    if not isinstance(latitude, (int, float)) or not isinstance(longitude, (int, float)):
        return None
    if (latitude == 0 and longitude == 0) or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return float(latitude), float(longitude)


def _people(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        return ()
    names = [_text(person.get("name")) for person in value[:MAX_PEOPLE] if isinstance(person, dict)]
    return tuple(dict.fromkeys(filter(None, names)))


def _origin(value: object) -> str | None:
    return _text(next(iter(value))) if isinstance(value, dict) and value else None
