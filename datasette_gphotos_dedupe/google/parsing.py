"""Google's JSON in, our shapes out. Pure: no request is sent from here."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..model import Photo

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]+")
_WORD = re.compile("[A-Z_]{1,60}")
_LONGEST_MESSAGE = 500
_UTC = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z$")


@dataclass(frozen=True)
class GoogleAnswer:
    """One answer: `content` when `ok`, else what went wrong. Status 0 means that no answer came."""

    http_status: int
    content: Any = None
    ok: bool = False
    status_word: str = ""
    message: str = ""
    used_token: str = ""
    description: str = ""

    def __repr__(self) -> str:
        return f"GoogleAnswer({self.http_status} {self.status_word})"  # without the token


def parse_error(http_status: int, content_type: str, body: bytes, token: str) -> GoogleAnswer:
    """The failure in an answer: Google's usual envelope, the bare status that uploads send, or anything else."""
    word = message = ""
    if not content_type.startswith("image/"):  # expired base URLs answer 404 with a picture
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        error = value.get("error", value) if isinstance(value, dict) else None
        if isinstance(error, dict):
            given = error.get("status")
            word = given if isinstance(given, str) and _WORD.fullmatch(given) else ""
            message = plain_message(_said(error), token)
    return GoogleAnswer(http_status, None, False, word, message, token, f"HTTP {http_status} {word}".strip())


def _said(error: dict[str, Any]) -> str:
    """Google's message, with what its details say about single fields where the message does not."""
    message = error.get("message")
    message = message if isinstance(message, str) else ""
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        violations = detail.get("fieldViolations") if isinstance(detail, dict) else None
        for violation in violations if isinstance(violations, list) else ():
            said = violation.get("description") if isinstance(violation, dict) else None
            if isinstance(said, str) and said not in message:
                message = f"{message} {violation.get('field') or 'A field'}: {said}".strip()
    return message


def plain_message(text: Any, *secrets: str) -> str:
    """What an answer says, to be shown to a person: none of what was sent in confidence, and nothing that steers a terminal."""
    plain = str(text or "")
    for secret in filter(None, secrets):
        plain = plain.replace(secret, "(hidden)")
    return _CONTROL.sub(" ", plain)[:_LONGEST_MESSAGE].strip()


def explain_refusal(answer: GoogleAnswer) -> str:
    """The sentence for a refusal: Google's own words, and what to do about the usual ones."""
    message = answer.message.rstrip(". ")
    said = f"Google refused: {message or 'no reason given'} ({answer.description})."
    low = message.lower()
    if "insufficient authentication scopes" in low:
        return (
            f"{said} The sign-in lacks the permission for this. Permissions to see a whole library ended on 31 March 2025; "
            "an app may add to the library, see what it added itself, and receive hand-picked photos. "
            "Sign in again and tick every box: gphotos-to-sqlite auth client_secret.json. "
            "To bring in the whole library, use a Takeout export: gphotos-to-sqlite takeout photos.db takeout-*.zip"
        )
    if "has not been used in project" in low or "it is disabled" in low:
        return (
            f"{said} Enable the Photos Library API and the Google Photos Picker API for your project in the Cloud console, "
            "wait some minutes and run the same command again."
        )
    if "disabled for the user" in low or "not have google photos" in low:
        return f"{said} Open photos.google.com with this account once and set Google Photos up, then run the same command again."
    if "remaining storage" in low:
        return f"{said} Free some storage in the account first, then run the same command again."
    return said


def concerns_album(message: str) -> bool:
    """True when a refusal is about the album as a whole and not about one of the photos sent to it."""
    low = message.lower()
    return "match any albums" in low or "no permission to add media items to this album" in low


def says_full(message: str) -> bool:
    """True when a refusal is about how many items an album holds."""
    low = message.lower()
    return "maximum number" in low or "too many" in low


def photo_from_item(item: dict[str, Any]) -> Photo:
    """A Library API item. Numbers come as text; sizes in bytes and checksums are not offered."""
    metadata = item.get("mediaMetadata") or {}
    details = metadata.get("video") or metadata.get("photo") or {}
    return Photo(
        photo_id=item["id"],
        source="library",
        filename=item.get("filename"),
        description=item.get("description"),
        mime_type=item.get("mimeType"),
        kind="video" if "video" in metadata else "photo",
        width=_number(metadata.get("width")),
        height=_number(metadata.get("height")),
        taken_at=utc_text(metadata.get("creationTime")),
        taken_at_source="api" if metadata.get("creationTime") else None,
        camera_make=details.get("cameraMake"),
        camera_model=details.get("cameraModel"),
        product_url=item.get("productUrl"),
        library_id=item["id"],
        app_created=True,
    )


def photo_from_picked(item: dict[str, Any]) -> Photo:
    """A Picker API item: other names, numbers as numbers, no link, and never ours to file into an album."""
    file = item.get("mediaFile") or {}
    metadata = file.get("mediaFileMetadata") or {}
    return Photo(
        photo_id=item["id"],
        source="picker",
        filename=file.get("filename"),
        mime_type=file.get("mimeType"),
        kind="video" if item.get("type") == "VIDEO" else "photo",
        width=_number(metadata.get("width")),
        height=_number(metadata.get("height")),
        taken_at=utc_text(item.get("createTime")),
        taken_at_source="api" if item.get("createTime") else None,
        camera_make=metadata.get("cameraMake"),
        camera_model=metadata.get("cameraModel"),
    )


def is_ready(item: dict[str, Any]) -> bool:
    """False for a video that Google still processes or could not: its base URL may not be used."""
    metadata = item.get("mediaMetadata") or {}
    file_metadata = (item.get("mediaFile") or {}).get("mediaFileMetadata") or {}
    status = (metadata.get("video") or {}).get("status") or (file_metadata.get("videoMetadata") or {}).get("processingStatus")
    return status not in ("PROCESSING", "FAILED")


def base_url(item: dict[str, Any]) -> str | None:
    """The base URL of a Library or Picker item; useless without a suffix, dead within the hour, never to be stored."""
    return item.get("baseUrl") or (item.get("mediaFile") or {}).get("baseUrl")


def seconds(duration: Any, default: float) -> float:
    """A proto3 duration such as ``5s`` or ``0.5s``."""
    try:
        return float(str(duration).removesuffix("s"))
    except ValueError:
        return default


def utc_text(value: Any) -> str | None:
    """RFC 3339 with any fraction to UTC ISO 8601 text to the second."""
    found = _UTC.match(value) if isinstance(value, str) else None
    return f"{found[1]}Z" if found else None


def _number(value: Any) -> int | None:
    try:
        return int(value) or None
    except (TypeError, ValueError):
        return None
