"""Requests and answers as the rooms of the fake see them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from .wire import bad


@dataclass
class Request:
    """A request; header names are lower case. `client_id` and `scopes` come from its token."""

    verb: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    client_id: str = ""
    scopes: frozenset[str] = frozenset()

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf8", "replace"), keep_blank_values=True))

    def json(self) -> Any:
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            raise bad("Invalid JSON payload received. Unexpected token.") from None


@dataclass
class Answer:
    """An answer; `headers` come on top of type and length."""

    http_status: int
    body: bytes
    content_type: str = "application/json; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(value: Any, http_status: int = 200) -> Answer:
    return Answer(http_status, json.dumps(value, indent=2, ensure_ascii=False).encode())


def html(http_status: int, text: str) -> Answer:
    return Answer(http_status, f"<!DOCTYPE html><meta charset=utf-8>{text}".encode(), "text/html; charset=utf-8")


def redirect(location: str) -> Answer:
    return Answer(302, b"", "text/html; charset=utf-8", {"Location": location})
