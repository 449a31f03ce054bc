"""Every route x actor x method. The routes come from the route table: a new one is tested by being there."""

from __future__ import annotations

import contextlib
import re
import sqlite3

import pytest
import pytest_asyncio

from datasette_gphotos_dedupe import schema
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.web.site.routes import ROUTES
from tests.made_library import build_library, photo_id

from .site import GROUP, Site, make_datasette

ACTORS = (None, "nobody-special", "reviewer", "pusher", "root")
RIGHTS = {"reviewer": {"gphotos-review"}, "pusher": {"gphotos-push"}, "root": {"gphotos-review", "gphotos-push"}}
EXAMPLES = {"group": GROUP, "photo": photo_id(1), "push": "7", "original": photo_id(1), "json": ""}


def example(route) -> str:
    """An address that the route's pattern matches."""
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
@pytest.mark.asyncio
async def test_reading_is_for_those_the_table_of_routes_names(shared, route):
    for actor in ACTORS:
        answer = await Site(shared, actor).get(example(route))
        allowed = route.reads is None or route.reads in RIGHTS.get(actor, ())
        assert (answer.status_code != 403) == allowed, (actor, answer.status_code)
        assert answer.status_code < 500


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
@pytest.mark.asyncio
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
@pytest.mark.asyncio
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
@pytest.mark.asyncio
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
@pytest.mark.asyncio
async def test_details_from_a_table_that_may_not_be_seen_are_left_out(tmp_path, table, marker):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    config = {"databases": {"photos": {"tables": {table: {"allow": {"id": "root"}}}}}}
    anonymous = Site(make_datasette([tmp_path / "photos.db"], config=config))
    root = Site(anonymous.ds, "root")
    for path in (f"duplicates/{GROUP}", f"duplicates/{GROUP}.json"):
        assert marker in (await root.get(path)).text
        assert marker not in (await anonymous.get(path)).text


@pytest.mark.asyncio
async def test_a_locked_instance_shows_nothing(tmp_path):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    site = Site(make_datasette([tmp_path / "photos.db"], config={"allow": {"id": "root"}}))
    for route in ROUTES:
        assert (await site.get(example(route))).status_code == 403, route.name


@pytest.mark.asyncio
async def test_pages_work_with_sql_switched_off(tmp_path):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    site = Site(make_datasette([tmp_path / "photos.db"], settings={"default_allow_sql": False}))
    for path in ("duplicates", f"duplicates/{GROUP}", f"thumbnail/{GROUP}"):
        assert (await site.get(path)).status_code == 200


@pytest.mark.asyncio
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
@pytest.mark.asyncio
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


@pytest.mark.asyncio
async def test_pages_refuse_to_be_framed_elsewhere(shared):
    headers = (await Site(shared).get("duplicates")).headers
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["content-security-policy"] == "frame-ancestors 'self'"


MARK = "hidden-from-readers"
# Columns that hold no words of anybody: keys by which tables find each other, and words of the program by which it decides.
NO_WORDS = re.compile(
    r".*_(id|key|by|a|b|stays|from|rule)|photo_[ab]|sha1|phash|variants?|subject|content|source|kind|role|relation|state|route|decision|word|"
    r"standing|suggested|extras|outcome|proof|trial|mime_type|code|command|name_pattern|uploaded_on|member|origins|value|report"
)
WORDS_ALL_THE_SAME = {"files": "member", "pairs": "variant", "groups": "origins", "decision_batches": "undone_by"}


def made_schema() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    for step in schema.STEPS.values():
        step(conn)
    return conn


def texts_of_tables() -> dict[str, list[str]]:
    """What may hold any text in each table, from the schema: a new table or column is hidden and looked for by being there."""
    with contextlib.closing(made_schema()) as conn:
        names = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")]
        columns = {name: conn.execute(f"PRAGMA table_info({name})").fetchall() for name in names if "_fts" not in name}
    texts = {
        name: [row[1] for row in rows if row[2] == "TEXT" and not NO_WORDS.fullmatch(row[1])] for name, rows in columns.items()
    }
    for table, column in WORDS_ALL_THE_SAME.items():
        texts[table].append(column)
    return {name: found for name, found in texts.items() if found}


MARKED = texts_of_tables()
NEEDED = ("photos", "groups", "group_members", "decisions", "decision_batches", "decision_history")
HIDDEN = [*([table] for table in NEEDED), [table for table in MARKED if table not in NEEDED]]
COLLECTED = {("photos", "album_titles"), ("photos", "people_names")}  # by triggers, out of albums and people
FORGOTTEN_LAST = ("last_import", "last_comparison", "last_grouping")  # triggers empty them when anything changes


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_the_address_of_each_page_is_not_taken_by_one_before_it(route):
    first = next(other for other in ROUTES if re.search(other.pattern, f"/{example(route).lstrip('/')}"))
    assert first is route, f"the route {first.name} stands before {route.name} in ROUTES and takes its address"


PUSH = [example(route) for route in ROUTES if route.reads == "gphotos-push"]
READ = [
    *(example(route) for route in ROUTES),
    *("/photos/-/duplicates?state=all", "/photos/-/duplicates?album=hidden", "/photos/-/duplicates?text=hidden"),
    f"/photos/-/duplicates/{GROUP}/compare?b={photo_id(1)}",
]


def mark(path, tables: list[str]) -> None:
    """A row at least in every table, and the mark in every text of these tables and nothing else."""
    db = open_database(path)
    now, one = "2026-01-01T00:00:00Z", photo_id(1)
    pair = {"photo_a": photo_id(0), "photo_b": one}
    db["decision_batches"].insert({"batch_id": 1, "actor": "ada", "made_at": now, "description": "x"})
    db["decisions"].insert({"subject": one, "photo_id": one, "decision": "remove", "decided_at": now, "batch_id": 1})
    db["decision_history"].insert({"batch_id": 1, "subject": one, "before": "{}", "after": "{}"})
    db["judgements"].insert({**pair, "same": 1, "judged_at": now, "distance_bits": 3, "relation": "re_encode"})
    push = {"push_id": 7, "album_title": "D", "route": "by_id", "state": "failed", "created_at": now, "updated_at": now}
    db["pushes"].insert(push)
    db["push_items"].insert({"push_id": 7, "photo_id": one, "position": 0, "state": "refused", "updated_at": now})
    db["push_albums"].insert({"album_id": "a", "title": "D", "push_id": 7})
    db["parts"].insert({"container": "c", "state": "done"})
    db["skipped"].insert({"container": "c", "member": "m", "code": "truncated", "reason": "x"})
    db["photo_people"].insert({"photo_id": one, "person_id": db["people"].insert({"name": "Ada"}).last_pk})
    db["variant_names"].insert({"names_id": 1, "names": "[]"})
    db["packed_variants"].insert({"photo_id": one, "names_id": 1, "hashes": b""})
    for table in sorted(MARKED, key=FORGOTTEN_LAST.__contains__):
        if not db[table].count:
            db[table].insert({row.name: "x" for row in db[table].columns if row.type == "TEXT"})
        if table in tables:
            write_mark(db.conn, table)
    db.conn.commit()
    db.close()


def write_mark(conn: sqlite3.Connection, table: str) -> None:
    """The mark in every text of a table. What triggers copy from it into photos is what the table photos shows, and is taken out."""
    for column in MARKED[table]:
        conn.execute(f"UPDATE {table} SET {column} = '{MARK}' || rowid")
    if table in ("albums", "people"):
        conn.execute("UPDATE photos SET album_titles = NULL, people_names = NULL")


def test_every_table_has_a_row_that_can_be_marked(tmp_path):
    build_library(tmp_path / "photos.db", groups=2, size=3).close()
    mark(tmp_path / "photos.db", list(MARKED))
    with contextlib.closing(sqlite3.connect(tmp_path / "photos.db")) as conn:
        for table, columns in MARKED.items():
            for column in columns:
                held = conn.execute(f"SELECT count(*) FROM {table} WHERE {column} LIKE '{MARK}%'").fetchone()[0]
                assert held or (table, column) in COLLECTED, (table, column)


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
@pytest.mark.asyncio
async def test_no_text_of_a_hidden_table_is_in_any_answer(tmp_path, tables):
    """Who may look, review or push gets nothing of a table that Datasette hides: on no page, in no JSON, error or header."""
    build_library(tmp_path / "photos.db", groups=2, size=3).close()
    mark(tmp_path / "photos.db", tables)
    config = {"databases": {"photos": {"tables": {table: {"allow": {"id": "root"}} for table in tables}}}}
    ds = make_datasette([tmp_path / "photos.db"], config=config)
    assert await showing(Site(ds, "reviewer"), READ) == []
    assert await showing(Site(ds, "pusher"), PUSH) == []
    assert await showing(Site(ds), READ) == []


@pytest.mark.asyncio
async def test_the_texts_that_may_be_hidden_are_shown_to_those_who_may_see_them(tmp_path):
    build_library(tmp_path / "photos.db", groups=2, size=3).close()
    mark(tmp_path / "photos.db", list(MARKED))
    shown = await showing(Site(make_datasette([tmp_path / "photos.db"]), "root"), READ)
    assert len(shown) > len(READ), shown
