"""Texts from outside that are no texts but attacks, and requests that nobody's browser sends."""

from __future__ import annotations

import asyncio
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.web.site.routes import ROUTES
from tests.made_library import build_library, photo_id

from .site import GROUP, Site, make_datasette
from .test_permissions import example

ATTACK = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}</title></style>\u202e\r\nx-evil: 1"
LINK = "javascript:alert(1)//https://photos.google.com/"


class Danger(HTMLParser):
    """Whatever in a page could run something that came from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag, attrs):
        self._in_script = tag == "script"
        for name, value in attrs:
            if "alert(1)" in (value or "") and (name.startswith("on") or (value or "").strip().lower().startswith("javascript:")):
                self.found.append(f"<{tag} {name}={value!r}>")

    def handle_endtag(self, tag):
        self._in_script = False

    def handle_data(self, data):
        if self._in_script and "alert(1)" in data and "&lt;" not in data and "\\u003c" not in data:
            self.found.append(f"<script>{data[:200]}")


def dangers(page: str) -> list[str]:
    reader = Danger()
    reader.feed(page)
    return reader.found


@pytest_asyncio.fixture
async def attacked(tmp_path):
    """Root at a library in which every text that a sidecar, a header or an archive can bring is an attack."""
    db = build_library(tmp_path / "photos.db", groups=8, size=3)
    with db.atomic():
        db.execute(
            """UPDATE photos SET filename = :a, description = :a, camera_make = :a, camera_model = :a, origin = :a, mime_type = :a,
            taken_at = :a, camera_taken_at = :a, uploaded_at = :a, product_url = :l, sidecar_rule = :a, no_pixels = :a""",
            {"a": ATTACK, "l": LINK},
        )
        db.execute("UPDATE albums SET title = ?, description = ?", [ATTACK, ATTACK])
        db.execute("INSERT INTO people (name) VALUES (?)", [ATTACK])
        db.execute("INSERT INTO photo_people SELECT photo_id, 1 FROM photos")
        db.execute("UPDATE files SET container = ? || rowid, member = ?", [ATTACK, ATTACK])
        db.execute("UPDATE group_members SET reason = ?", [ATTACK])
        db.execute("UPDATE pairs SET evidence = ?, variant = ?", [ATTACK, ATTACK])
        db.execute("UPDATE groups SET camera = ?, origin = ?", [ATTACK, ATTACK])
        row = {"subject": photo_id(1), "photo_id": photo_id(1), "decision": "remove", "decided_at": ATTACK}
        db["decisions"].insert({**row, "note": ATTACK, "actor": ATTACK})
        db["decision_batches"].insert({"batch_id": 1, "actor": ATTACK, "made_at": ATTACK, "description": ATTACK})
        row = {"push_id": 1, "album_title": ATTACK, "album_url": LINK, "route": "by_id", "state": "failed", "message": ATTACK}
        db["pushes"].insert({**row, "created_at": ATTACK, "updated_at": ATTACK})
        row = {"push_id": 1, "photo_id": photo_id(1), "position": 0, "state": "refused", "updated_at": ATTACK}
        db["push_items"].insert({**row, "reason": ATTACK, "product_url": LINK})
        db["skipped"].insert({"container": ATTACK, "member": ATTACK, "code": ATTACK, "reason": ATTACK})
    db.close()
    ds = make_datasette([tmp_path / "photos.db"])
    await ds.invoke_startup()
    return Site(ds, "root")


PAGES = [
    *(example(route) for route in ROUTES if route.name != "original"),
    "/photos/-/duplicates/push/1",
    f"/photos/-/duplicates/{GROUP}/compare?b={photo_id(1)}",
    "/photos/-/duplicates?state=all&_facet_size=max",
    f"/photos/-/duplicates?text={quote(ATTACK)}&camera={quote(ATTACK)}&album={quote(ATTACK)}",
    "/photos/photos",
    "/photos/group_members",
    "/photos/skipped",
    "/photos/duplicates",
    f"/photos/photos/{photo_id(1)}",
    "/photos/groups_by_space",
    "/photos",
    "/",
]


@pytest.mark.asyncio
@pytest.mark.parametrize("page", PAGES)
async def test_a_text_from_outside_stays_a_text(attacked, page):
    answer = await attacked.get(page)
    assert answer.status_code < 500
    assert dangers(answer.text) == []
    assert "x-evil" not in answer.headers


@pytest.mark.asyncio
async def test_the_attacks_are_on_the_pages_at_all(attacked):
    shown = [page for page in PAGES if "alert(1)" in (await attacked.get(page)).text]
    assert len(shown) > 12


def test_the_watch_for_dangers_sees_one():
    assert len(dangers(f"<p>{ATTACK}</p><a href='{LINK}'>x</a>")) == 3


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["thumbnail", "original"])
@pytest.mark.parametrize(
    "key", ["..~2F..~2Fetc~2Fpasswd", "%2e%2e%2fphotos.db", "~2Fetc~2Fpasswd", "x%00y", "x%0d%0ax-evil:%201", "~", "a" * 5000]
)
async def test_a_picture_of_no_photo_is_not_found(attacked, kind, key):
    answer = await attacked.get(f"/photos/-/{kind}/{key}")
    assert answer.status_code in (400, 404)
    assert "x-evil" not in answer.headers


@pytest.mark.asyncio
async def test_a_photo_id_with_a_line_feed_adds_no_header_to_a_redirect(attacked):
    answer = await attacked.get("/photos/-/duplicates/photo/a%0d%0ax-evil:%201")
    assert answer.status_code == 303
    assert "x-evil" not in answer.headers and "\n" not in answer.headers["location"]


ODD = ["-1", "0", "9" * 30, "9" * 5000, "\u00b2", "--5", "nan", "1e9", "null", "true", "[]", "{}", "' OR 1=1 --", "\x00", GROUP]
texts = st.one_of(st.text(max_size=40), st.sampled_from(ODD))
FIELDS = (
    *(
        "relation",
        "state",
        "year",
        "camera",
        "album",
        "size",
        "space",
        "text",
        "_next",
        "_facet_size",
        "a",
        "b",
        "count",
        "max_bits",
    ),
    *(
        "distance",
        "batch_id",
        "action",
        "seen",
        "then",
        "digest",
        "expected",
        "table",
        "filter",
        "sql",
        "query",
        "p.x",
        "photo_id",
    ),
    *("route", "trial", "min_confidence", "same", "photo_a", "photo_b", f"decision:{GROUP}", f"note:{GROUP}", "csrftoken"),
)
pairs = st.lists(st.tuples(st.sampled_from(FIELDS), texts), max_size=6)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from(["\ud800", 10**30]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("choices", "photo_id", "decision", "seen")), inner, max_size=3)
    ),
    max_leaves=8,
)
MANY = settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """One event loop and one Datasette for all examples: root may do everything there."""
    path = tmp_path_factory.mktemp("fuzzed") / "photos.db"
    build_library(path, groups=8, size=3).close()
    loop = asyncio.new_event_loop()
    site = Site(make_datasette([path]), "root")
    loop.run_until_complete(site.ds.invoke_startup())
    yield lambda coroutine: loop.run_until_complete(coroutine), site
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_query_string_breaks_a_page(fuzzed, route):
    run, site = fuzzed

    @MANY
    @given(pairs)
    def ask(asked):
        query = "&".join(f"{quote(name)}={quote(value.encode('utf8', 'surrogatepass'))}" for name, value in asked)
        assert run(site.get(f"{example(route)}?{query}")).status_code < 500

    ask()


@pytest.mark.parametrize("route", [route for route in ROUTES if "POST" in route.methods], ids=lambda route: route.name)
def test_no_form_and_no_json_breaks_a_page(fuzzed, route):
    run, site = fuzzed

    @MANY
    @given(st.one_of(pairs, st.dictionaries(st.sampled_from(FIELDS + ("choices",)), json_values, max_size=5)))
    def post(sent):
        posted = site.post(example(route), sent) if isinstance(sent, list) else site.post_json(example(route), sent)
        assert run(posted).status_code < 500

    post()


@pytest.mark.parametrize("place", ODD)
@pytest.mark.parametrize("path", ["duplicates", "duplicates/history", "duplicates/push/1"])
def test_no_place_to_go_on_from_breaks_a_list(fuzzed, path, place):
    run, site = fuzzed
    assert run(site.get(f"{path}?_next={quote(place)}")).status_code < 500


@pytest.mark.parametrize("value", [10**30, "9" * 30, "\u00b2", "\ud800", "9" * 5000, float("nan"), -1])
@pytest.mark.parametrize(
    "path,field", [("history", "batch_id"), ("accept", "expected"), (GROUP, "seen"), ("calibration", "max_bits")]
)
def test_no_odd_value_breaks_a_decision(fuzzed, path, field, value):
    run, site = fuzzed
    answer = run(
        site.post_json(f"duplicates/{path}.json", {"action": "border" if path == "calibration" else "save", field: value})
    )
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("field", ["photo_id", "decision", "note"])
def test_half_a_surrogate_in_a_choice_is_refused_and_nothing_is_saved(fuzzed, field):
    run, site = fuzzed
    before = run(site.group())
    choice = {"photo_id": GROUP, "decision": "keep", "note": "", field: "\ud800"}
    answer = run(site.post_json(f"duplicates/{GROUP}.json", {"choices": [choice], "seen": before["seen"]}))
    assert (answer.status_code, answer.json()["error"]) == (400, "The body of the request is not JSON.")
    assert run(site.group()) == before


@pytest.mark.parametrize("route", [route for route in ROUTES if "POST" in route.methods], ids=lambda route: route.name)
def test_a_form_of_too_many_fields_is_refused(fuzzed, route):
    run, site = fuzzed
    assert 400 <= run(site.post(example(route), [(f"f{number}", "") for number in range(20_001)])).status_code < 500


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"{", b"[" * 100_000, b"a=" + b"x" * 3_000_000, b"--x\r\nContent-Disposition: form-data"]
)
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
@pytest.mark.parametrize("route", [route for route in ROUTES if "POST" in route.methods], ids=lambda route: route.name)
def test_no_body_breaks_a_page(fuzzed, route, kind, body):
    run, site = fuzzed
    token = run(site.token())
    headers = {"content-type": kind, "x-csrftoken": token, **site._headers()}
    assert run(site.ds.client.post(example(route), content=body, headers=headers)).status_code < 500
