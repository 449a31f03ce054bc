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
OURS_SHARE = 0.75  # of what writes: the rest is to be refused before any view is asked
WRITTEN_TO = [route for route in ROUTES if "POST" in route.methods]
LIKELY_SHARE = 0.4  # of their bodies: what a form of ours may hold
SEEN = "SEEN-BY-NOBODY"  # whoever sends it may put in its place what the page of a group says was seen
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
    """One request. `path` is what goes over the wire; `from_our_page`: with the Origin and token that a form of ours would send."""

    method: str
    path: str
    actor: str | None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    from_our_page: bool = False


def tracebacks_in(log: str) -> list[str]:
    """Every traceback that a server has written."""
    return re.findall(r"^Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)+\S.*$", log, re.MULTILINE)


def through_ours(traceback: str) -> str | None:
    """Where a traceback runs through the package, the innermost places first, and its last line; None where it does not."""
    inside = re.findall(r'datasette_gphotos_dedupe/(\S+)", line (\d+)', traceback)
    return f"{' < '.join(':'.join(one) for one in inside[::-1][:2])}: {traceback.splitlines()[-1]}" if inside else None


def hostile_requests(seed: int) -> Iterator[Request]:
    """Without end."""
    dice = random.Random(seed)
    while True:
        yield _request(dice)


def _request(dice: random.Random) -> Request:
    method = dice.choices(("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"), (60, 30, 4, 2, 2, 2))[0]
    ours = method in ("POST", "PUT", "DELETE") and dice.random() < OURS_SHARE
    headers = {"accept": dice.choice(("*/*", "application/json", "text/html", "\xff"))}
    if dice.random() < 0.1:
        headers["if-none-match"] = (
            _text(dice).encode("utf-8", "replace").decode("latin-1").replace("\r", "").replace("\n", "").replace("\0", "")
        )
    if dice.random() < 0.1:
        headers["origin"] = dice.choice(("null", "http://evil.example", "http://[", "http://127.0.0.1"))
    body = b""
    if method in ("POST", "PUT"):
        headers["content-type"] = dice.choice(KINDS[:2] if ours and dice.random() < 0.8 else KINDS)
        body = _body(dice, headers["content-type"])
    actor = "root" if ours and dice.random() < 0.7 else dice.choice(ACTORS)
    return Request(method, _path(dice, method) + _query(dice), actor, headers, body, ours)


def _path(dice: random.Random, method: str) -> str:
    if dice.random() < 0.1:
        name = dice.choice(("photos", "groups", "duplicates", "rescue", "pairs", dice.choice(QUERIES).name))
        return f"/photos/{name}{dice.choice(('', '.json', '.csv'))}"
    route = dice.choice(WRITTEN_TO if method == "POST" and dice.random() < 0.8 else ROUTES)

    def part(found: re.Match) -> str:
        if found[1] == "database":
            return dice.choices(("photos", _quoted(dice)), (95, 5))[0]
        if found[1] == "json":
            return dice.choice(("", ".json"))
        return (
            str(dice.randrange(10**9))
            if "[0-9]" in found[0]
            else dice.choice((photo_id(0), photo_id(dice.randrange(12)), _quoted(dice)))
        )

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


def _likely(dice: random.Random) -> dict[str, str]:
    """What a form of ours would send, so that the code behind its checks is reached, with one thing wrong in half of them."""
    photo = photo_id(dice.randrange(12))
    actions = (
        "accept",
        "keep_all",
        "save",
        "save_on",
        "apart",
        "same",
        "judge",
        "border",
        "undo",
        "stop",
        f"keeper:{photo}",
        "no",
    )
    told = {"seen": SEEN, "action": dice.choice(actions), "photo_id": photo, "decision": dice.choice(("keep", "remove", ""))}
    told |= {
        f"p.{photo}": dice.choice(("keep", "remove", "keeper")),
        "batch_id": str(dice.randrange(9)),
        "same": dice.choice("01"),
    }
    told |= {"expected": str(dice.randrange(20)), "min_confidence": "0.9", "max_bits": "8"}
    told |= {"photo_a": photo_id(0), "photo_b": photo_id(1), "route": "by_id", "album": "Duplicates", "confirm": "1"}
    if dice.random() < 0.5:
        told[dice.choice(NAMES)] = _text(dice)
    return told


def _body(dice: random.Random, kind: str) -> bytes:
    if "multipart" not in kind and dice.random() < LIKELY_SHARE:
        told = _likely(dice)
        if "json" in kind:
            return json.dumps({**told, "choices": [{"photo_id": told["photo_id"], "decision": told["decision"]}]}).encode()
        return "&".join(f"{name}={quote(text.encode('utf-8', 'surrogatepass'), safe='')}" for name, text in told.items()).encode()
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
