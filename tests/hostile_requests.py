"""Requests that nobody's browser sends, over every address of ours: by a seed, so that what failed can be asked again."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from datasette_gphotos_dedupe.model import RELATIONS
from datasette_gphotos_dedupe.queries import QUERIES
from datasette_gphotos_dedupe.web.site.routes import ROUTES

from .made_library import photo_id

ACTORS = (None, "reviewer", "pusher", "root")
NAMES = ("relation", "state", "year", "camera", "origin", "album", "size", "space", "text", "distance", "_next", "_facet_size")
NAMES += ("a", "b", "table", "filter", "sql", "query", "route", "p.photo", "then", "action", "seen", "photo_id", "same", "note")
NAMES += ("expected", "batch_id", "min_confidence", "max_bits", "photo_a", "photo_b", "choices", "keep", "confirm", "by", "sort")
TEXTS = (
    *(
        "",
        "0",
        "-1",
        "1",
        "7",
        "256",
        "257",
        "9" * 18,
        "9" * 19,
        "9" * 400,
        "1e308",
        "nan",
        "inf",
        "0x10",
        "²",
        "٣",
        "true",
        "null",
    ),
    *(
        "IMG_" + "1" * 400 + "!",
        "(1)" * 300,
        "%" * 300,
        "_" * 300,
        "%a" * 400,
        "\\",
        "'",
        '"',
        "';--",
        "\0",
        "\r\nx: 1",
        "\ud800",
    ),
    *(
        "../../etc/passwd",
        "~2E~2E",
        "AF1Q",
        "photos",
        "groups",
        "sha1:",
        "select 1",
        "select photo_id from photos",
        "\u202e",
        "🙂" * 200,
    ),
    *(
        "x" * 999,
        "x" * 1001,
        "a" * 5000,
        "[]",
        "{}",
        "[[[[",
        '{"a": {"b": []}}',
        *RELATIONS,
        "open",
        "decided",
        "all",
        "by_id",
        "save",
    ),
    *(
        "accept",
        "keep_all",
        "keeper:",
        "keeper:x",
        "remove",
        "keep",
        "push",
        "start",
        "stop",
        photo_id(0),
        photo_id(1),
        "100,AF1Q",
    ),
)
KINDS = (
    "application/x-www-form-urlencoded",
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "",
    "a/b; json",
)


@dataclass
class Request:
    """One request. `path` is what goes over the wire."""

    method: str
    path: str
    actor: str | None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def hostile_requests(seed: int) -> Iterator[Request]:
    """Without end."""
    dice = random.Random(seed)
    while True:
        yield _request(dice)


def _request(dice: random.Random) -> Request:
    method = dice.choices(("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"), (60, 30, 4, 2, 2, 2))[0]
    headers = {"accept": dice.choice(("*/*", "application/json", "text/html", "\xff"))}
    if dice.random() < 0.1:
        headers["if-none-match"] = (
            _text(dice).encode("utf-8", "replace").decode("latin-1").replace("\r", "").replace("\n", "").replace("\0", "")
        )
    if dice.random() < 0.1:
        headers["origin"] = dice.choice(("null", "http://evil.example", "http://[", "http://127.0.0.1"))
    body = b""
    if method in ("POST", "PUT"):
        headers["content-type"] = dice.choice(KINDS)
        body = _body(dice, headers["content-type"])
    return Request(method, _path(dice) + _query(dice), dice.choice(ACTORS), headers, body)


def _path(dice: random.Random) -> str:
    if dice.random() < 0.1:
        name = dice.choice(("photos", "groups", "duplicates", "rescue", "pairs", dice.choice(QUERIES).name))
        return f"/photos/{name}{dice.choice(('', '.json', '.csv'))}"
    route = dice.choice(ROUTES)

    def part(found: re.Match) -> str:
        if found[1] == "database":
            return dice.choices(("photos", _quoted(dice)), (95, 5))[0]
        if found[1] == "json":
            return dice.choice(("", ".json"))
        return str(dice.randrange(10**9)) if "[0-9]" in found[0] else dice.choice((photo_id(dice.randrange(12)), _quoted(dice)))

    return re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)\??", part, route.pattern).strip("^$").replace("\\", "")


def _query(dice: random.Random) -> str:
    pairs = [f"{dice.choice(NAMES)}={_quoted(dice)}" for _ in range(dice.choice((0, 0, 1, 1, 2, 5)))]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _quoted(dice: random.Random) -> str:
    return quote(_text(dice).encode("utf-8", "surrogatepass"), safe="") or "x"


def _text(dice: random.Random) -> str:
    text = dice.choice(TEXTS)
    return (
        text
        if dice.random() < 0.8
        else "".join(dice.choice((text[:20], chr(dice.randrange(1, 0x2FFF)), "9", "(")) for _ in range(9))
    )


def _body(dice: random.Random, kind: str) -> bytes:
    if "json" in kind:
        values = (
            None,
            True,
            -1,
            10**30,
            1.5,
            [],
            {},
            [1, "x", None],
            {"a": [{}]},
            [{"photo_id": _text(dice), "decision": _text(dice)}],
        )
        told = {dice.choice(NAMES): dice.choice((*values, _text(dice))) for _ in range(dice.randrange(5))}
        return json.dumps(dice.choice((told, told, told, [], "x", 7))).encode()[: dice.choice((None, None, None, 9))]
    if "multipart" in kind:
        name = dice.choice(("picture", "csrftoken", "x"))
        head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="{_quoted(dice)}"\r\n\r\n'
        return head.encode() + dice.randbytes(dice.randrange(300)) + dice.choice((b"\r\n--x--\r\n", b"", b"\r\n--x\r\n"))
    return "&".join(f"{dice.choice(NAMES)}={_quoted(dice)}" for _ in range(dice.randrange(6))).encode()
