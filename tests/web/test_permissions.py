"""Every route x actor x method. The routes come from the route table: a new one is tested by being there."""

from __future__ import annotations

import pytest
import pytest_asyncio

from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.web.site.routes import ROUTES
from tests.made_library import build_library, photo_id

from .site import GROUP, Site, make_datasette

pytestmark = pytest.mark.asyncio
ACTORS = (None, "nobody-special", "reviewer", "pusher", "root")
RIGHTS = {"reviewer": {"gphotos-review"}, "pusher": {"gphotos-push"}, "root": {"gphotos-review", "gphotos-push"}}
EXAMPLES = {"group": GROUP, "photo": photo_id(1), "push": "7", "original": photo_id(1), "json": ""}


def example(route) -> str:
    """An address that the route's pattern matches."""
    import re

    path = re.sub(
        r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)\??", lambda m: "photos" if m[1] == "database" else EXAMPLES[m[1]], route.pattern
    )
    path = path.strip("^$")
    assert re.match(route.pattern, path), path
    return path


@pytest_asyncio.fixture
async def shared(tmp_path):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    ds = make_datasette([tmp_path / "photos.db"])
    await ds.invoke_startup()
    return ds


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_reading_is_for_those_the_table_of_routes_names(shared, route):
    for actor in ACTORS:
        answer = await Site(shared, actor).get(example(route))
        allowed = route.reads is None or route.reads in RIGHTS.get(actor, ())
        assert (answer.status_code != 403) == allowed, (actor, answer.status_code)
        assert answer.status_code < 500


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_writing_is_for_those_the_table_of_routes_names(shared, route):
    for actor in ACTORS:
        answer = await Site(shared, actor).post(example(route), {})
        if "POST" not in route.methods:
            assert answer.status_code == 405
        else:
            assert route.writes
            allowed = route.writes in RIGHTS.get(actor, ())
            assert (answer.status_code != 403) == allowed, (actor, answer.status_code)
            assert 400 <= answer.status_code < 500 or (allowed and answer.status_code == 303)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_on_an_immutable_file_nothing_writes_and_no_page_offers_it(tmp_path, route):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    site = Site(make_datasette([], immutables=[tmp_path / "photos.db"]), "root")
    page = await site.get(example(route))
    assert 'method="post"' not in page.text.partition("<main")[2]
    assert page.status_code < 500
    if "POST" in route.methods:
        answer = await site.post(example(route), {"action": "accept", "seen": "x"})
        assert answer.status_code == 403


@pytest.mark.parametrize("table", ["photos", "groups", "group_members", "thumbnails"])
async def test_what_a_reader_may_not_see_in_a_table_is_on_no_page_of_ours(tmp_path, table):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    config = {"databases": {"photos": {"tables": {table: {"allow": {"id": "root"}}}}}}
    anonymous = Site(make_datasette([tmp_path / "photos.db"], config=config))
    root = Site(anonymous.ds, "root")
    for route in ROUTES:
        if table in route.tables and route.reads is None:
            assert (await anonymous.get(example(route))).status_code == 403, route.name
            assert (await root.get(example(route))).status_code < 500
    if table == "thumbnails":
        assert "/-/thumbnail/" not in (await anonymous.get("duplicates")).text


@pytest.mark.parametrize("table,marker", [("albums", "Summer"), ("pairs", "4 of 256 bits"), ("files", "takeout-001.zip")])
async def test_details_from_a_table_that_may_not_be_seen_are_left_out(tmp_path, table, marker):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    config = {"databases": {"photos": {"tables": {table: {"allow": {"id": "root"}}}}}}
    anonymous = Site(make_datasette([tmp_path / "photos.db"], config=config))
    root = Site(anonymous.ds, "root")
    for path in (f"duplicates/{GROUP}", f"duplicates/{GROUP}.json"):
        assert marker in (await root.get(path)).text
        assert marker not in (await anonymous.get(path)).text


async def test_a_locked_instance_shows_nothing(tmp_path):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    site = Site(make_datasette([tmp_path / "photos.db"], config={"allow": {"id": "root"}}))
    for route in ROUTES:
        assert (await site.get(example(route))).status_code == 403, route.name


async def test_pages_work_with_sql_switched_off(tmp_path):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    site = Site(make_datasette([tmp_path / "photos.db"], settings={"default_allow_sql": False}))
    for path in ("duplicates", f"duplicates/{GROUP}", f"thumbnail/{GROUP}"):
        assert (await site.get(path)).status_code == 200


async def test_posts_from_another_site_are_refused(shared):
    site = Site(shared, "root")
    seen = await site.seen()
    cookie = f"ds_actor={site.cookies['ds_actor']}"  # what a browser sends along; the token it cannot know
    answer = await shared.client.post(
        f"/photos/-/duplicates/{GROUP}",
        content=f"seen={seen}&action=accept".encode(),
        headers={
            "cookie": cookie,
            "content-type": "application/x-www-form-urlencoded",
            "origin": "https://evil.example",
            "sec-fetch-site": "cross-site",
        },
    )
    assert answer.status_code == 403
    assert (await site.seen()) == seen


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "application/x-www-form-urlencoded; json"])
@pytest.mark.parametrize("where", ["cross-site", "same-site"])
async def test_posts_from_another_site_are_refused_also_where_everybody_may_review(tmp_path, kind, where):
    """A Datasette on one's own machine: no cookie is needed, so none that a page elsewhere lacks."""
    build_library(tmp_path / "photos.db", groups=2, size=3).close()
    ds = make_datasette([tmp_path / "photos.db"], everybody=True)
    await ds.invoke_startup()
    seen = await Site(ds).seen()
    body = f"seen={seen}&action=accept".encode() if "json" not in kind else f'{{"seen": "{seen}", "action": "accept"}}'.encode()

    async def post(site: str):
        headers = {
            "content-type": kind,
            "sec-fetch-site": site,
            "origin": "https://evil.example" if site == where else "http://localhost",
        }
        return await ds.client.post(f"/photos/-/duplicates/{GROUP}", content=body, headers=headers)

    assert (await post(where)).status_code == 403
    assert await Site(ds).seen() == seen
    if kind == "application/x-www-form-urlencoded":
        assert (await post("same-origin")).status_code == 303  # our own page may


async def test_pages_refuse_to_be_framed_elsewhere(shared):
    headers = (await Site(shared).get("duplicates")).headers
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["content-security-policy"] == "frame-ancestors 'self'"


MARK = "hidden-from-readers"
MARKED = {  # what may hold any text in each of the tables
    "photos": "filename, description, camera_make, camera_model, origin, taken_at",
    "groups": "camera, origin",
    "group_members": "reason",
    "decisions": "note, actor, decided_at",
    "decision_batches": "actor, made_at, description",
    "decision_history": "before, after",
    "pairs": "evidence, variant",
    "files": "container, member",
    "albums": "title, description",
    "people": "name",
    "judgements": "actor, judged_at",
    "pushes": "album_title, album_url, message, created_at",
    "push_items": "reason, product_url",
    "fingerprints": "algorithm",
    "skipped": "reason",
    "group_text": "text",
}
NEEDED = ("photos", "groups", "group_members", "decisions", "decision_batches", "decision_history")
HIDDEN = [*([table] for table in NEEDED), [table for table in MARKED if table not in NEEDED]]
PUSH = ("duplicates/push", "duplicates/push/1")
READ = [
    *("duplicates?state=all", "duplicates?album=hidden", "duplicates?text=hidden", "duplicates/history", "duplicates/accept"),
    *("duplicates/calibration", f"duplicates/{GROUP}", f"duplicates/{GROUP}/compare", f"duplicates/photo/{photo_id(1)}"),
    *(f"thumbnail/{photo_id(1)}", f"original/{photo_id(1)}", *PUSH),
]


def mark(path, tables: list[str]) -> None:
    """Write the mark into every text of these tables, and into nothing else."""
    db = open_database(path)
    now, one = "2026-01-01T00:00:00Z", photo_id(1)
    pair = {"photo_a": photo_id(0), "photo_b": one}
    db["decision_batches"].insert({"batch_id": 1, "actor": "ada", "made_at": now, "description": "x"})
    db["decisions"].insert({"subject": one, "photo_id": one, "decision": "remove", "decided_at": now, "batch_id": 1})
    db["decision_history"].insert({"batch_id": 1, "subject": one, "before": "{}", "after": "{}"})
    db["judgements"].insert({**pair, "same": 1, "judged_at": now, "distance_bits": 3, "relation": "re_encode"})
    push = {"push_id": 1, "album_title": "D", "route": "by_id", "state": "failed", "created_at": now, "updated_at": now}
    db["pushes"].insert(push)
    db["push_items"].insert({"push_id": 1, "photo_id": one, "position": 0, "state": "refused", "updated_at": now})
    db["skipped"].insert({"container": "c", "member": "m", "code": "truncated", "reason": "x"})
    db["photo_people"].insert({"photo_id": one, "person_id": db["people"].insert({"name": "Ada"}).last_pk})
    for table in tables:
        unique = " || rowid" if table in ("people", "files") else ""
        for column in MARKED[table].split(", "):
            db.execute(f"UPDATE {table} SET {column} = '{MARK}'{unique}")
        if table in ("albums", "people"):  # what triggers copy into photos is what the table photos shows
            db.execute("UPDATE photos SET album_titles = NULL, people_names = NULL")
    db.conn.commit()
    db.close()


async def showing(site: Site, paths) -> list[str]:
    """The addresses, as pages and as JSON, whose answer holds the mark in its body or headers."""
    found = []
    for path in paths:
        for address in (path, path.replace("?", ".json?") if "?" in path else f"{path}.json"):
            answer = await site.get(address)
            assert answer.status_code < 500, address
            found += [address] if MARK in answer.text + str(answer.headers) else []
    return found


@pytest.mark.parametrize("tables", HIDDEN, ids=lambda tables: tables[0] if len(tables) == 1 else "details")
async def test_no_text_of_a_hidden_table_is_in_any_answer(tmp_path, tables):
    """Who may look, review or push gets nothing of a table that Datasette hides: on no page, in no JSON, error or header."""
    build_library(tmp_path / "photos.db", groups=2, size=3).close()
    mark(tmp_path / "photos.db", tables)
    config = {"databases": {"photos": {"tables": {table: {"allow": {"id": "root"}} for table in tables}}}}
    ds = make_datasette([tmp_path / "photos.db"], config=config)
    assert await showing(Site(ds, "reviewer"), READ) == []
    assert await showing(Site(ds, "pusher"), PUSH) == []
    assert await showing(Site(ds), READ[:3]) == []


async def test_the_texts_that_may_be_hidden_are_shown_to_those_who_may_see_them(tmp_path):
    build_library(tmp_path / "photos.db", groups=2, size=3).close()
    mark(tmp_path / "photos.db", list(MARKED))
    shown = await showing(Site(make_datasette([tmp_path / "photos.db"]), "root"), READ)
    assert len(shown) > len(READ), shown
