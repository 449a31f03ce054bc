"""What a request carries in its body: a form or JSON, read the same way on both Datasette lines."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from ...errors import GphotosError

MAX_BODY_BYTES = 2_000_000  # what Datasette 1.0 takes; 0.65 has no limit of its own
MAX_FIELDS = 20_000


class Body:
    """Fields by name. Forms give text; JSON gives what was sent."""

    def __init__(self, fields: dict[str, Any], is_json: bool):
        self._fields = fields
        self.is_json = is_json

    def text(self, name: str, default: str = "") -> str:
        """The last value of this field as text. Raises GphotosError when JSON holds something else there."""
        value = self._fields.get(name, default)
        if isinstance(value, list):
            value = value[-1] if value else default
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise GphotosError(f"The field {name} must be text.")
        return str(value)

    def number(self, name: str) -> int:
        """The field as a whole number. Raises GphotosError."""
        return whole_number(self.text(name), f"The field {name} must be a whole number.")

    def starting_with(self, prefix: str) -> dict[str, str]:
        """Fields named `prefix` + something, by that something."""
        return {name[len(prefix) :]: self.text(name) for name in self._fields if name.startswith(prefix)}

    def pairs(self) -> list[tuple[str, str]]:
        """Every field with its last value, where that is text."""
        return [(name, self.text(name)) for name, value in self._fields.items() if _is_text(value)]

    def list(self, name: str) -> list[Any]:
        """All values of a repeated field, or the JSON list. Raises GphotosError when it is not one."""
        value = self._fields.get(name, [])
        if not isinstance(value, list):
            raise GphotosError(f"The field {name} must be a list.")
        return value


def _is_text(value: Any) -> bool:
    last = value[-1] if isinstance(value, list) and value else value
    return isinstance(last, str)


def whole_number(text: str, sentence: str) -> int:
    """The number from 0 that `text` spells in plain digits, and SQLite can hold. Raises GphotosError with `sentence`."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise GphotosError(sentence)
    return int(text)


async def read_body(request: Any) -> Body:
    """The body of a POST. `request.post_vars()` would drop all but the last of repeated fields."""
    raw = await request.post_body()
    if len(raw) > MAX_BODY_BYTES:
        raise GphotosError(f"The request is larger than {MAX_BODY_BYTES:,} bytes. Send the filter instead of single photos.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise GphotosError("The body of the request is not UTF-8 text.") from None
    if "json" not in request.headers.get("content-type", ""):
        return Body(_read_form(text), False)
    try:
        fields = json.loads(text or "{}")
        json.dumps(fields, ensure_ascii=False).encode("utf-8")  # JSON can spell half a surrogate pair, and no text holds that
    except (ValueError, RecursionError):
        raise GphotosError("The body of the request is not JSON.") from None
    if not isinstance(fields, dict):
        raise GphotosError("The body of the request must be a JSON object.")
    return Body(fields, True)


def _read_form(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise GphotosError(f"The form has more than {MAX_FIELDS:,} fields. Send the filter instead of single photos.") from None
