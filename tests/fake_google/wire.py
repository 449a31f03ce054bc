"""Google's JSON conventions (proto3 mapping): names, defaults, numbers as text, partial answers, errors."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
STANDARD_QUERY = frozenset(
    {
        "alt",
        "fields",
        "key",
        "prettyPrint",
        "access_token",
        "quotaUser",
        "uploadType",
        "upload_protocol",
        "callback",
        "$.xgafv",
        "oauth_token",
    }
)


class ApiError(Exception):
    """An answer that is a refusal."""

    def __init__(self, http_status: int, message: str, word: str | None = None, details: list | None = None):
        super().__init__(message)
        self.http_status, self.message = http_status, message
        self.word = word or STATUS_WORDS.get(http_status, "UNKNOWN")
        self.details = details

    def body(self) -> dict:
        error: dict[str, Any] = {"code": self.http_status, "message": self.message, "status": self.word}
        if self.details:
            error["details"] = self.details
        return {"error": error}


def bad(message: str) -> ApiError:
    return ApiError(400, message)


def bad_field(field: str, message: str) -> ApiError:
    """What Google's front end says of a message that it cannot read: in words, and with the field in the details."""
    violation = {"field": field, "description": message} if field else {"description": message}
    return ApiError(
        400, message, details=[{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}]
    )


def not_found() -> ApiError:
    return ApiError(404, "Requested entity was not found.")


def camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)


def read_message(value: Any, shape: dict[str, Any], where: str = "") -> dict[str, Any]:
    """A JSON message checked against `shape`: both spellings of names pass, null is unset, unknown names are refused.

    In a shape ``str``, ``int``, ``float`` and ``bool`` are scalars, a set holds the words of an enum, a list holds the shape of its
    entries, a dict is a message.
    """
    if not isinstance(value, dict):
        raise bad_field(where, f"Invalid value at '{where or 'root'}': expected an object.")
    message = {}
    for name, content in value.items():
        known = name if name in shape else camel(name)
        if known not in shape:
            at = f" at '{where}'" if where else ""
            raise bad_field(where, f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.')
        if content is not None:
            message[known] = _read_value(content, shape[known], f"{where}.{known}".lstrip("."))
    return message


def _read_value(value: Any, shape: Any, where: str) -> Any:
    if isinstance(shape, dict):
        return read_message(value, shape, where)
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise bad_field(where, f"Invalid value at '{where}' (TYPE_LIST), {json.dumps(value)}")
        return [_read_value(entry, shape[0], f"{where}[{number}]") for number, entry in enumerate(value)]
    if isinstance(shape, frozenset):
        if value not in shape:
            raise bad_field(where, f"Invalid value at '{where}' (TYPE_ENUM), {json.dumps(value)}")
        return value
    if shape in (int, float):
        return _read_number(value, shape, where)
    if not isinstance(value, shape):
        raise bad_field(where, f"Invalid value at '{where}' (TYPE_{_TYPE_NAMES[shape]}), {json.dumps(value)}")
    return value


_TYPE_NAMES = {str: "STRING", bool: "BOOL", int: "INT64", float: "DOUBLE"}


def _read_number(value: Any, shape: type, where: str) -> int | float:
    """64-bit integers travel as text, and numbers are accepted, 100.0 as well; for a double 1 is as good as 1.0."""
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError):
        number = None
    if number is None or (shape is int and number != int(number)):
        raise bad_field(where, f"Invalid value at '{where}' (TYPE_{_TYPE_NAMES[shape]}), {json.dumps(value)}")
    return int(value) if shape is int and isinstance(value, str) else shape(number)


def read_query(query: dict[str, list[str]], allowed: dict[str, Any]) -> dict[str, Any]:
    """Query parameters checked like a message; a list shape allows repeats."""
    values: dict[str, Any] = {}
    for name, given in query.items():
        if name in STANDARD_QUERY:
            continue
        known = name if name in allowed else camel(name)
        if known not in allowed:
            raise bad_field(
                "",
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
                f"Field '{name}' could not be found in request message.",
            )
        shape = allowed[known]
        if isinstance(shape, list):
            values[known] = given
        elif shape is bool:
            values[known] = given[-1].lower() == "true"
        else:
            values[known] = _read_value(given[-1], shape, known)
    return values


def without_defaults(message: dict[str, Any]) -> dict[str, Any]:
    """A message as proto3 sends it: empty text, zero, false and empty lists are left out; empty messages stay."""
    return {name: value for name, value in message.items() if value not in (None, "", 0, False, []) or value == {}}


def timestamp(moment: datetime) -> str:
    """RFC 3339 with Z and 0, 3 or 6 fractional digits."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}".removesuffix("000")
    return f"{text}Z"


def select_fields(value: Any, fields: str) -> Any:
    """The partial answer that ``fields=a,b(c,d),e/f`` asks for."""
    return _select(value, _parse_fields(fields))


def _parse_fields(text: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for part in _split(text):
        name, _, inner = part.partition("(")
        if inner:
            below = _parse_fields(inner.rstrip()[:-1])
        elif "/" in name:
            name, _, rest = name.partition("/")
            below = _parse_fields(rest)
        else:
            below = {}
        tree.setdefault(name.strip(), {}).update(below)
    return tree


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def _select(value: Any, tree: dict[str, Any]) -> Any:
    if not tree or "*" in tree:
        return value
    if isinstance(value, list):
        return [_select(entry, tree) for entry in value]
    if isinstance(value, dict):
        return {name: _select(value[name], below) for name, below in tree.items() if name in value}
    return value


def page_of(world, kind: str, client_id: str, entries: list, size: int, token: str | None, key: tuple) -> tuple[list, str]:
    """One page of entries and the token of the next; a token holds only for the parameters of its first call."""
    start = 0
    if token:
        saved = world.__dict__.setdefault("page_tokens", {}).get(token)
        if saved is None or saved[:3] != (kind, client_id, key):
            raise bad("Invalid page token.")
        start = saved[3]
    if world.switches.short_pages and size > 1:  # a page may hold fewer than asked for, or none
        size = 0 if world.new_key() % 3 == 0 else max(1, size // 2)
    page = entries[start : start + size]
    if start + size >= len(entries):
        return page, ""
    following = start + size - (1 if world.switches.page_overlap and size > 1 else 0)
    token = world.token("Cp", "page", kind, client_id, key, following, world.new_key(), length=72)
    world.__dict__.setdefault("page_tokens", {})[token] = (kind, client_id, key, following)
    return page, token
