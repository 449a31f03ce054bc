"""Google's real answers, changed at random on their way to the real commands.

Whatever comes: one sentence and no traceback, no token in what is told, nothing saved lost or taken for deleted, and nobody else is
contacted.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import io
import json
import os
import random
import socket
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from tests.fake_google import FakeGoogle, pick
from tests.fake_google.answer import Answer, Request

from .fixtures import StoppedWatch, write_private
from .library import build_pushable, copy_id

COPIES, OF_OTHERS = 4, 2
EVIL = "evil.example"
# scripts/bench_reliability.py asks for thousands
EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "3"))
COMMANDS = {
    "library": ["library", "photos.db", "-a", "auth.json", "--no-match"],
    "picker": ["picker", "photos.db", "-a", "auth.json", "--no-browser", "--no-match"],
    "push": ["push", "photos.db", "-a", "auth.json", "--album", "D"],
    "same-bytes": ["push", "photos.db", "-a", "auth.json", "--album", "D", "--route", "same-bytes", "-y"],
    "revoke": ["auth", "-a", "auth.json", "--revoke"],
}


def odd_values(draw: random.Random) -> Any:
    nested: Any = {}
    for _ in range(draw.choice((3, 30, 400))):
        nested = {"a": [nested]}
    addresses = (
        *(
            f"https://{EVIL}/x",
            f"http://{EVIL}",
            f"https://{EVIL}\\.googleusercontent.com/",
            f"https://photos.google.com@{EVIL}/",
        ),
        *("file:///etc/passwd", "javascript:alert(1)", "//" + EVIL, f"https://lh3.googleusercontent.com.{EVIL}/a"),
    )
    return draw.choice(
        (
            *(None, True, False, 0, -1, 10**30, 1e308, 2**63, "", "x", "0", "9" * 400, "\ud800", "a\nb\r\nx: y", "nan", "\0"),
            *("\x1b]0;title\x07\x1b[2J", "../..", "a/b?c#d", [], {}, [[]], [None], nested, *addresses, *addresses),
        )
    )


def change_json(value: Any, draw: random.Random) -> Any:
    """The value with something in it taken out, put in, doubled or made odd."""
    places = [(None, None, value), *_places(value)]
    holder, key, found = draw.choice(places)
    kind = draw.choice(("odd", "odd", "out", "double", "wrap", "more"))
    if holder is None or kind == "more":
        if isinstance(found, dict):
            found[draw.choice(("id", "error", "nextPageToken", "mediaItems", "x"))] = odd_values(draw)
            return value
        holder, key = (holder, key) if holder is not None else ([value], 0)
    if kind == "out":
        del holder[key]
    elif kind == "double" and isinstance(found, list):
        holder[key] = found * 2
    else:
        holder[key] = [found] if kind == "wrap" else odd_values(draw)
    return value


def _places(value: Any):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key, inner
        yield from _places(inner)


def as_json(seed: int, request: Request, answer: Answer) -> Answer:
    draw = random.Random(seed)
    try:
        value = json.loads(answer.body)
    except ValueError:
        return Answer(answer.http_status, json.dumps(odd_values(draw)).encode(), headers=answer.headers)
    for _ in range(draw.choice((1, 1, 2, 5))):
        value = change_json(value, draw)
    return Answer(answer.http_status, json.dumps(value).encode(), answer.content_type, answer.headers)


def as_bytes(seed: int, request: Request, answer: Answer) -> Answer:
    draw, body = random.Random(seed), bytearray(answer.body)
    for _ in range(draw.choice((1, 3, 20))):
        if body:
            body[draw.randrange(len(body))] = draw.randrange(256)
    body = draw.choice((body, body[: draw.randrange(len(body) + 1)], body * 2, b"", b"[" * 50_000, b"\xff\xfe"))
    return Answer(answer.http_status, bytes(body), answer.content_type, answer.headers)


def as_type(seed: int, request: Request, answer: Answer) -> Answer:
    kinds = ("text/html", "", "image/png", "application/json; charset=utf-16", "text/plain; charset=no-such", "\xe4")
    return Answer(answer.http_status, answer.body, random.Random(seed).choice(kinds), answer.headers)


def as_status(seed: int, request: Request, answer: Answer) -> Answer:
    draw = random.Random(seed)
    status = draw.choice((201, 202, 206, 207, 400, 401, 403, 404, 409, 410, 412, 418, 429, 451, 500, 502, 503, 507, 599, 999))
    message = {"error": {"code": status, "message": draw.choice(("no", "per day", "\x1b[2J", "x" * 9999)), "status": "ODD"}}
    return Answer(status, draw.choice((answer.body, b"", json.dumps(message).encode())), answer.content_type, answer.headers)


def as_redirect(seed: int, request: Request, answer: Answer) -> Answer:
    draw = random.Random(seed)
    where = draw.choice((f"https://{EVIL}/", f"//{EVIL}/", f"http://{EVIL}:80/{request.path}", "file:///etc/passwd", ""))
    return Answer(draw.choice((300, 301, 302, 303, 307, 308)), b"", "text/html", {"Location": where})


def as_headers(seed: int, request: Request, answer: Answer) -> Answer:
    draw = random.Random(seed)
    odd = {
        "X-Goog-Upload-URL": f"https://{EVIL}/upload",
        "X-Goog-Upload-Status": "odd",
        "X-Goog-Upload-Size-Received": "9" * 30,
        "Content-Encoding": draw.choice(("gzip", "br", "deflate", "odd")),
        "Set-Cookie": "a=b; Domain=" + EVIL,
        "Retry-After": "9" * 30,
        "Refresh": f"0; url=https://{EVIL}/",
        "WWW-Authenticate": f'Bearer realm="https://{EVIL}/"',
    }
    name = draw.choice(tuple(odd))
    return Answer(answer.http_status, answer.body, answer.content_type, {**answer.headers, name: odd[name]})


def as_echo(seed: int, request: Request, answer: Answer) -> Answer:
    """What was sent comes back in a refusal, secrets included, as some proxies do it."""
    draw = random.Random(seed)
    sent = draw.choice((request.headers.get("authorization", ""), *(request.form() or {"": ""}).values()))
    body: Any = {"error": {"code": 400, "message": f"Bad request: {sent}", "status": sent}}
    body = draw.choice((body, {"error": sent, "error_description": sent}))
    return Answer(draw.choice((400, 401, 403, 404, 429)), json.dumps(body).encode())


MUTATIONS = (as_json, as_json, as_json, as_bytes, as_type, as_status, as_redirect, as_headers, as_echo)
ON_THE_WIRE = ("cut", "reset", "reset_after", "503_after", "html")
seeds = st.integers(0, 1 << 32)
mutations = st.one_of(
    st.tuples(st.sampled_from(MUTATIONS), seeds).map(lambda pair: functools.partial(*pair)), st.sampled_from(ON_THE_WIRE)
)
plans = st.dictionaries(
    st.integers(0, 9), mutations, min_size=1, max_size=3
)  # number of the request -> what becomes of its answer


class Scene:
    """A library of which all is known, decided and ready to be pushed; put back before each example."""

    def __init__(self, folder: Path, fake: FakeGoogle, patch: pytest.MonkeyPatch):
        self.folder, self.fake = folder, fake
        self.asked: list[str] = []
        self.watch = StoppedWatch()
        patch.chdir(folder)
        patch.setenv("GPHOTOS_LIBRARY_API", fake.url)
        patch.setenv("GPHOTOS_PICKER_API", fake.url)
        patch.setattr("datasette_gphotos_dedupe.google.http_transport.Clock", lambda: self.watch.clock())
        self._watch_names(patch)
        self._build()
        self.kept = {name: (folder / name).read_bytes() for name in ("photos.db", "auth.json")}
        self.items, self.photos = dict(fake.world.items), self.rows("SELECT photo_id, trashed FROM photos")
        self.refresh = copy.deepcopy(fake.world.refresh_tokens)

    def _watch_names(self, patch: pytest.MonkeyPatch) -> None:
        real = socket.getaddrinfo

        def getaddrinfo(host, *arguments, **more):
            if host not in ("127.0.0.1", "localhost"):
                self.asked.append(host)
            return real(host, *arguments, **more)

        patch.setattr(socket, "getaddrinfo", getaddrinfo)

    def _build(self) -> None:
        db = build_pushable(self.folder / "photos.db", self.fake, COPIES, foreign=OF_OTHERS)
        with zipfile.ZipFile(self.folder / "takeout-001.zip", "w") as archive, db.atomic():
            for number in range(COPIES - OF_OTHERS, COPIES):
                buffer = io.BytesIO()
                Image.new("RGB", (40, 30), (number * 40, 90, 10)).save(buffer, "JPEG")
                data, sha1 = buffer.getvalue(), hashlib.sha1(buffer.getvalue()).hexdigest()
                archive.writestr(f"{number}.jpg", data)
                self.fake.world.add_item(f"IMG_{number}.jpg", data)
                db["photos"].update(copy_id(number), {"sha1": sha1, "dedup_key": None})
                values = (str(self.folder / "takeout-001.zip"), f"{number}.jpg", len(data), sha1, copy_id(number))
                db.execute("UPDATE files SET container = ?, member = ?, bytes = ?, sha1 = ? WHERE photo_id = ?", values)
        db.close()
        write_private(self.folder / "auth.json", self.fake.signed_in())
        for command in ("library", "picker"):  # what comes later is known by then, and needs no picture
            self.begin({})
            assert self.run(command).exit_code == 0
        with closing(sqlite3.connect(self.folder / "photos.db")) as conn:
            conn.execute("PRAGMA journal_mode = DELETE")

    def begin(self, plan: dict[int, Any]) -> None:
        """Everything as it was, and these changes on the way."""
        fake, world = self.fake, self.fake.world
        fake.faults.clear()
        if hasattr(self, "kept"):
            for leftover in self.folder.glob("photos.db-*"):
                leftover.unlink()
            (self.folder / "photos.db").write_bytes(self.kept["photos.db"])
            write_private(self.folder / "auth.json", json.loads(self.kept["auth.json"]))
            world.items = dict(self.items)
            world.refresh_tokens = copy.deepcopy(self.refresh)
            for known in (world.albums, world.uploads, world.upload_tokens, world.sessions):
                known.clear()
        fake.log.clear()
        self.asked.clear()
        for number, what in plan.items():
            if isinstance(what, str):
                fake.faults.add(what, skip=number)
        seen = iter(range(1 << 30))

        def alter(request: Request, answer: Answer) -> Answer:
            for session_id, session in list(world.sessions.items()):
                if session["picked"] is None:
                    pick(world, session_id)
            change = plan.get(next(seen))
            return change(request, answer) if callable(change) else answer

        fake.alter = alter

    def run(self, command: str):
        load_commands()
        return CliRunner().invoke(cli, COMMANDS[command])

    def rows(self, sql: str) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "photos.db")) as conn:
            return conn.execute(sql).fetchall()

    def secrets(self) -> list[str]:
        auth = json.loads(self.kept["auth.json"])
        return [auth["refresh_token"], auth["client_secret"], *self.fake.world.access_tokens]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, FakeGoogle() as fake:
        patch.setattr("datasette_gphotos_dedupe.google.http_transport.SECONDS_BETWEEN_WRITES", 0)
        yield Scene(tmp_path_factory.mktemp("mutated"), fake, patch)


def check_told(scene: Scene, done) -> None:
    """One sentence, and nothing in it that is nobody's business or would play with a terminal."""
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code in (0, 1) and "Traceback" not in done.output
    assert not [secret for secret in scene.secrets() if secret in done.output]
    assert not {"\x1b", "\x07", "\0"} & set(done.output)
    assert EVIL not in done.output or "not contacted" in done.output, done.output


def check_kept(scene: Scene) -> None:
    assert scene.rows("PRAGMA integrity_check") == [("ok",)] and scene.rows("PRAGMA foreign_key_check") == []
    assert set(scene.photos) <= set(scene.rows("SELECT photo_id, trashed FROM photos")), "a photo is gone, or taken for deleted"
    assert scene.rows("SELECT count(*) FROM decisions") == [(COPIES,)]


@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_becomes_of_an_answer_is_told_in_a_sentence_and_harms_nothing(scene, command):
    @settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(plans)
    def run(plan):
        scene.begin(plan)
        done = scene.run(command)
        check_told(scene, done)
        check_kept(scene)
        assert scene.asked == []
        secrets = [secret.encode() for secret in scene.secrets()]
        assert not [secret for secret in secrets if secret in (scene.folder / "photos.db").read_bytes()]

    run()
