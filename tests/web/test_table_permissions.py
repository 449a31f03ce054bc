"""Nine kinds of people at every route, table, view and query: what each tells is derived from the tables that its facts come from."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
import yaml
from datasette.app import Datasette

from datasette_gphotos_dedupe import schema
from datasette_gphotos_dedupe.queries import QUERIES
from datasette_gphotos_dedupe.store.schema_check import read_view_sources
from datasette_gphotos_dedupe.web.site import table_permissions
from datasette_gphotos_dedupe.web.site.routes import ROUTES
from tests.made_library import build_library, photo_id

from .site import GROUP, PLUGIN, Site
from .test_permissions import MARK, MARKED, example, mark, write_mark

pytestmark = pytest.mark.asyncio
ON_1_0 = hasattr(Datasette, "add_query")
ROOT = Path(__file__).parent.parent.parent
LOCKED = {  # who may not see which tables
    "outsider": ("photos",),
    "without-paths": ("files",),
    "without-names": ("people", "albums"),
    "without-decisions": ("decisions",),
}
PEOPLE = (None, "visitor", "reviewer", "pusher", "root", *LOCKED)
REVIEWERS, PUSHERS = ["reviewer", "root", *LOCKED], ["pusher", "root", *LOCKED]


def made_views() -> dict[str, frozenset[str]]:
    conn = sqlite3.connect(":memory:")
    for step in schema.STEPS.values():
        step(conn)
    found = read_view_sources(conn)
    conn.close()
    return found


VIEWS = made_views()
SEEN = sorted(name for name in VIEWS if not name.startswith("photos_fts_"))


def hidden_from(who: str | None) -> set[str]:
    """By the table of rights alone: what is locked for this person, and what tells of it."""
    locked = set(LOCKED.get(who or "", ()))
    return {table for table in VIEWS if table in locked or table_permissions.sources_of(table, VIEWS) & locked}


def datasette_for(library: Path, sql: bool = True) -> Datasette:
    tables = {}
    for names in LOCKED.values():
        for name in names:
            others = [other for other in PEOPLE if other and name not in LOCKED.get(other, ())]
            tables[name] = {"allow": {"unauthenticated": True, "id": others}}
    allowed = {"gphotos-review": {"id": REVIEWERS}, "gphotos-push": {"id": PUSHERS}}
    config = {"plugins": {PLUGIN: {"permissions": allowed}}, "databases": {"photos": {"tables": tables}}}
    told = {"config": {**config, "permissions": allowed}} if ON_1_0 else {"metadata": config}
    ds = Datasette([str(library)], settings={"default_allow_sql": sql}, **told)
    ds.root_enabled = True
    return ds


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("rights") / "photos.db"
    build_library(path, groups=3, size=3).close()
    mark(path, [])
    return path


@pytest.fixture
def library(whole, tmp_path) -> Path:
    return Path(shutil.copy(whole, tmp_path))


@pytest.mark.parametrize("who", PEOPLE)
async def test_tables_and_views_are_open_unless_they_tell_of_what_is_locked(library, who):
    site = Site(datasette_for(library), who)
    hidden = hidden_from(who)
    for name in SEEN:
        answer = await site.get(f"/photos/{name}.json?_size=1")
        assert (answer.status_code == 403) == (name in hidden), (name, answer.status_code)
    listed = {table["name"] for table in (await site.get("/photos.json")).json()["tables"]}
    assert not listed & hidden


@pytest.mark.parametrize("who", PEOPLE)
async def test_queries_are_open_unless_they_read_what_is_hidden(library, who):
    site = Site(datasette_for(library, sql=False), who)
    hidden = hidden_from(who)
    for query in QUERIES:
        answer = await site.get(f"/photos/{query.name}.json")
        assert (answer.status_code == 403) == bool(hidden & set(query.tables)), (query.name, answer.status_code)


@pytest.mark.parametrize("who", PEOPLE)
async def test_sql_of_ones_own_is_for_those_who_may_see_every_table(library, who):
    site = Site(datasette_for(library), who)
    address = "/photos/-/query.json" if ON_1_0 else "/photos.json"
    answer = await site.get(f"{address}?sql=select+*+from+photos&_shape=array")
    assert (answer.status_code == 403) == bool(hidden_from(who)), answer.status_code


@pytest.mark.parametrize("who", PEOPLE)
async def test_routes_are_open_as_their_table_says_unless_they_tell_of_what_is_hidden(library, who):
    site = Site(datasette_for(library), who)
    may = {"gphotos-review": who in REVIEWERS, "gphotos-push": who in PUSHERS, None: True}
    if "decisions" in hidden_from(who):  # without them nobody decides
        may["gphotos-review"] = False
    for route in ROUTES:
        closed = bool(hidden_from(who) & set(route.tables))
        answer = await site.get(example(route))
        assert (answer.status_code == 403) == (closed or not may[route.reads]), (route.name, answer.status_code)
        answer = await site.post(example(route), {})
        if "POST" in route.methods:
            assert (answer.status_code == 403) == (closed or not may[route.writes]), (route.name, answer.status_code)
        else:
            assert answer.status_code == 405


def every_address() -> list[str]:
    ours = [example(route) for route in ROUTES]
    json = [f"{path}.json" for route, path in zip(ROUTES, ours, strict=True) if "json" in route.pattern]
    filters = ["/photos/-/duplicates?text=hidden", f"/photos/-/duplicates/{GROUP}/compare?b={photo_id(1)}"]
    pages = [f"/photos/{name}{suffix}" for name in (*SEEN, *(query.name for query in QUERIES)) for suffix in (".json", ".csv")]
    return [
        *ours,
        *json,
        *filters,
        *pages,
        "/photos/photos",
        "/photos/files",
        "/photos/rescue",
        "/",
        "/photos",
        "/photos.json",
        "/photos.db",
        f"/photos/photos/{photo_id(1)}",
    ]


@pytest.mark.parametrize("locked", sorted(set(LOCKED.values())))
async def test_no_text_of_a_locked_table_is_in_any_answer_to_those_it_is_locked_for(library, locked):
    who = next(person for person, names in LOCKED.items() if names == locked)
    hidden = [name for name in MARKED if name in hidden_from(who)]
    conn = sqlite3.connect(library)
    for table in hidden:
        write_mark(conn, table)
    if "photos" not in hidden:  # what photos collects from albums and people is what photos shows
        conn.execute("UPDATE photos SET album_titles = NULL, people_names = NULL")
        conn.execute("UPDATE group_text SET text = ''")
    conn.commit()
    conn.close()
    site, root = Site(datasette_for(library), who), Site(datasette_for(library), "root")
    shown = [address for address in every_address() if MARK in (await site.get(address)).text]
    assert shown == []
    assert [address for address in every_address() if MARK in (await root.get(address)).text]


async def test_a_table_that_nobody_has_named_tells_of_photos():
    assert table_permissions.sources_of("a_new_table", VIEWS) == {"photos"}
    unnamed = {name for name in table_permissions.ALSO if name not in VIEWS}
    assert not unnamed and {"photos", "albums", "people"} <= VIEWS.keys()


async def test_what_names_another_table_as_its_owner_tells_of_that_one_too():
    """What a foreign key points at, a table tells of."""
    conn = sqlite3.connect(":memory:")
    for step in schema.STEPS.values():
        step(conn)
    for table in VIEWS:
        targets = {row[2] for row in conn.execute(f"PRAGMA foreign_key_list({table})")} - {
            table,
            "runs",
            "decision_batches",
        }  # when, not what
        assert table in table_permissions.OWN or targets <= table_permissions.sources_of(table, VIEWS), table
    conn.close()


async def test_a_published_file_is_no_download_for_those_who_may_not_see_all_of_it(library):
    config = {"databases": {"photos": {"tables": {"photos": {"allow": {"id": "root"}}}}}}
    told = {"config": config} if ON_1_0 else {"metadata": config}
    ds = Datasette([], immutables=[str(library)], **told)
    assert (await ds.client.get("/photos.db")).status_code == 403
    ds = Datasette([], immutables=[str(library)])
    assert (await ds.client.get("/photos.db")).status_code == 200


async def test_sql_across_databases_is_for_those_who_may_see_every_table_of_each(library):
    config = {"databases": {"photos": {"tables": {"photos": {"allow": {"id": "root"}}}}}}
    told = {"config": config} if ON_1_0 else {"metadata": config}
    address = "/_memory/-/query.json" if ON_1_0 else "/_memory.json"
    ds = Datasette([str(library)], crossdb=True, **told)
    assert (await ds.client.get(f"{address}?sql=select+*+from+photos.photos")).status_code == 403
    ds = Datasette([str(library)], crossdb=True)
    assert (await ds.client.get(f"{address}?sql=select+*+from+photos.photos")).status_code == 200


async def test_somebody_elses_tables_and_views_are_their_own_business(library):
    conn = sqlite3.connect(library)
    conn.executescript("CREATE VIEW how_many AS SELECT count(*) AS photos FROM photos; CREATE TABLE notes (note TEXT)")
    conn.close()
    site = Site(datasette_for(library), "outsider")
    assert [(await site.get(f"/photos/{name}.json")).status_code for name in ("how_many", "notes")] == [200, 200]


@pytest.mark.skipif(not ON_1_0, reason="0.65 reads no datasette.yml")
@pytest.mark.parametrize("who, locked", [("alice", ()), ("bob", ("files",)), ("eve", None), (None, None)])
async def test_the_shipped_example_does_for_everybody_in_it_what_it_says(library, who, locked):
    conn = sqlite3.connect(library)
    conn.execute(f"UPDATE files SET container = '{MARK}' || rowid, member = '{MARK}'")
    conn.execute(f"UPDATE skipped SET container = '{MARK}', member = '{MARK}'")
    conn.commit()
    conn.close()
    config = yaml.safe_load((ROOT / "datasette.yml").read_text(encoding="utf-8"))
    assert {name for table in config["databases"]["photos"]["tables"] for name in [table]} == {"files"}
    site = Site(Datasette([str(library)], config=config), who)
    answers = {address: await site.get(address) for address in every_address()}
    if locked is None:
        open_to_all = {address for address, answer in answers.items() if answer.status_code == 200}
        assert open_to_all <= {"/"} and photo_id(1) not in answers["/"].text
        return
    assert any(MARK in answer.text for answer in answers.values()) == (not locked)
    hidden = {name for name in SEEN if table_permissions.sources_of(name, VIEWS) & set(locked)} | set(locked)
    for name in SEEN:
        assert (answers[f"/photos/{name}.json"].status_code == 403) == (name in hidden), name
    reviews, pushes = (await site.post(f"duplicates/{GROUP}", {})), (await site.post("duplicates/push", {}))
    assert (reviews.status_code != 403, pushes.status_code != 403) == (True, who == "alice")
    sql = (await site.get("/photos/-/query.json?sql=select+1")).status_code
    assert (sql == 200) == (who == "alice")
