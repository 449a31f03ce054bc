"""Datasette opens whatever file it is given: pages of ours neither fail on one that is not as this version makes it, nor hang."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from urllib.parse import urlencode

import pytest
from datasette.app import Datasette
from datasette.utils import tilde_encode

from datasette_gphotos_dedupe.web.site import request_database as libraries
from datasette_gphotos_dedupe.web.site.routes import ROUTES

from .site import GROUP, PLUGIN, Site, change, make_datasette
from .test_permissions import example

pytestmark = pytest.mark.asyncio
PAGES = [example(route) for route in ROUTES]
OF_DATASETTE = ["/", "/photos", "/photos/albums", "/photos/groups"]
LONGEST = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n"
ANOTHER_SHAPE = {
    "a column less": ["ALTER TABLE photos RENAME COLUMN moves TO stirs"],
    "a view in the place of a table": ["ALTER TABLE pairs RENAME TO p", "CREATE VIEW pairs AS SELECT * FROM p"],
    "a trigger that decides": [
        "CREATE TRIGGER evil AFTER INSERT ON decisions BEGIN UPDATE decisions SET decision = 'remove'; END"
    ],
    "a trigger that is not ours": [
        "DROP TRIGGER albums_rename",
        "CREATE TRIGGER albums_rename AFTER UPDATE ON albums BEGIN SELECT 1; END",
    ],
}


async def reviewer_of(library, *statements: str) -> Site:
    with closing(sqlite3.connect(library)) as conn:
        conn.execute("PRAGMA legacy_alter_table = ON")
        for statement in statements:
            conn.execute(statement)
        conn.commit()
    ds = make_datasette([library])
    await ds.invoke_startup()
    return Site(ds, "root")


REPAIRABLE = ("a trigger that is not ours",)


@pytest.mark.parametrize("what", ANOTHER_SHAPE)
async def test_a_library_of_another_shape_is_refused_in_a_sentence(library, what):
    site = await reviewer_of(library, *ANOTHER_SHAPE[what])
    for page in PAGES:
        answer = await site.get(page)
        assert answer.status_code == 404
        told = "Put it right: gphotos-to-sqlite repair" if what in REPAIRABLE else "Import again into a new file"
        assert "photos cannot be used: " in answer.text and told in answer.text
    assert [(await site.get(page)).status_code for page in OF_DATASETTE] == [200] * len(OF_DATASETTE)


async def test_a_library_that_changes_its_shape_while_it_is_served_is_refused_from_then_on(library, monkeypatch):
    monkeypatch.setattr(libraries, "REMEMBER_S", 0.0)
    site = await reviewer_of(library)
    assert (await site.get("duplicates")).status_code == 200
    change(library, "ALTER TABLE photos RENAME COLUMN moves TO stirs")
    assert (await site.get("duplicates")).status_code == 404


@pytest.mark.parametrize(
    "table",
    [
        *("albums", "files", "thumbnails", "pairs", "fingerprints", "pushes", "decisions", "decision_batches", "group_counts"),
    ],
)
async def test_a_table_that_somebody_took_out_breaks_no_page(library, table):
    site = await reviewer_of(library, f"DROP TABLE {table}")
    for page in PAGES:
        assert (await site.get(page)).status_code < 500, page


async def test_reading_that_does_not_end_is_broken_off(library, monkeypatch):
    monkeypatch.setattr(libraries, "READ_MS", 200)
    columns = "photo_id, content, width, height"
    endless = f"CREATE VIEW endless AS SELECT i AS rowid, i AS photo_id, i AS content, i AS width, i AS height FROM ({LONGEST})"
    search = f"CREATE VIRTUAL TABLE thumbnails USING fts5({columns}, content = endless)"  # a table of our name, to every look
    site = await reviewer_of(library, "DROP TABLE thumbnails", endless, search)
    answer = await site.get(f"thumbnail/{GROUP}")
    assert answer.status_code == 400
    assert "Reading photos took longer than 0 seconds and was broken off." in answer.text


async def test_writing_that_does_not_end_is_broken_off_and_undone(library, monkeypatch):
    monkeypatch.setattr(libraries, "WRITE_MS", 200)
    endless = f"CREATE TRIGGER endless AFTER INSERT ON decisions BEGIN SELECT sum(i) FROM ({LONGEST}); END"
    site = await reviewer_of(library, endless)
    answer = await site.decide({GROUP: "keep"})
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "Changing photos took longer than 0 seconds and was broken off. Nothing was changed.",
    )
    assert (await site.group())["members"][0]["decision"] is None


NAMES = ('a"b', "a'b", "a]b", "%", "; DROP TABLE photos; --", "é/ü", "..")


@pytest.mark.parametrize("name", NAMES)
async def test_no_name_of_a_table_or_column_is_taken_for_sql(library, name):
    if "]" in name and not hasattr(Datasette, "allowed"):
        pytest.skip("Datasette 0.65 itself cannot show a table of such a name")
    quoted = '"' + name.replace('"', '""') + '"'
    made = f"CREATE TABLE {quoted} (photo_id TEXT, {quoted} TEXT)"
    site = await reviewer_of(library, made, f"INSERT INTO {quoted} VALUES ('{GROUP}', 'x')")
    for page in (
        f"/photos/{tilde_encode(name)}",
        f"/photos/{tilde_encode(name)}?{urlencode({name: 'x', '_sort': name})}",
        f"/photos/{tilde_encode(name)}.json",
        f"duplicates/push?{urlencode({'table': name, 'filter': urlencode({name: 'x'})})}",
        f"duplicates/push.json?{urlencode({'query': name})}",
    ):
        assert (await site.get(page)).status_code < 500, page
    plan = (await site.get(f"duplicates/push.json?{urlencode({'table': name})}")).json()
    assert [item["photo_id"] for item in plan["items"]] == [GROUP]


WRONG = (5, ["a"], {"gphotos-review": "reviewer"}, {"gphotos-review": {"id": [{"a": 1}]}})


@pytest.mark.parametrize("rights", WRONG, ids=str)
async def test_rights_of_a_wrong_kind_let_nobody_in_and_break_no_page(library, rights):
    on_1_0 = hasattr(Datasette, "allowed")  # there the plugin's own block means nothing
    plugins = {"plugins": {PLUGIN: {"permissions": rights, "auth": rights}}}
    ds = Datasette([str(library)], **({"config": plugins} if on_1_0 else {"metadata": plugins}))
    await ds.invoke_startup()
    for actor in (None, "reviewer"):
        site = Site(ds, actor)
        assert [(await site.get(page)).status_code for page in PAGES if "/duplicates/accept" in page] == [403]
        assert max([(await site.get(page)).status_code for page in (*PAGES, *OF_DATASETTE)]) < 500


@pytest.mark.parametrize("config", [5, [["a", "b"]]])
async def test_a_configuration_of_a_wrong_kind_breaks_no_page(library, config):
    on_1_0 = hasattr(Datasette, "allowed")
    plugins = {"plugins": {PLUGIN: config}, "databases": {"photos": {"plugins": {PLUGIN: config}}}}
    ds = Datasette([str(library)], **({"config": plugins} if on_1_0 else {"metadata": plugins}))
    await ds.invoke_startup()
    site = Site(ds, "reviewer")
    assert max([(await site.get(page)).status_code for page in (*PAGES, *OF_DATASETTE)]) < 500
