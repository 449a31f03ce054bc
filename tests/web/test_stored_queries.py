"""The canned queries on the Datasette that is installed, 0.65 or 1.0."""

from __future__ import annotations

import re
import sqlite3

import pytest
from datasette.app import Datasette

from datasette_gphotos_dedupe.model import RELATIONS, REMOVABLE_RELATIONS
from datasette_gphotos_dedupe.queries import QUERIES
from datasette_gphotos_dedupe.web.site.stored_queries import SOURCE, stores_queries

from ..made_library import build_library, photo_id

ON_1_0 = hasattr(Datasette, "add_query")
ROOT = {"id": "root"}


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "photos.db"
    build_library(path, groups=16).close()
    return path


def serve(*paths, settings=None, config=None, **options) -> Datasette:
    """A Datasette on these files; `config` goes where this version wants it."""
    if config is not None:
        options["config" if ON_1_0 else "metadata"] = config
    return Datasette([str(path) for path in paths], settings=settings or {}, **options)


async def rows(datasette: Datasette, path: str, **request) -> list[dict]:
    response = await datasette.client.get(path, **request)
    assert response.status_code == 200, response.text
    return response.json()["rows"]


def as_actor(datasette: Datasette, actor: dict) -> dict:
    return {"cookies": {"ds_actor": datasette.sign({"a": actor}, "actor")}}


@pytest.mark.asyncio
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
async def test_a_query_answers_with_every_parameter_left_empty_and_sql_switched_off(library, query):
    datasette = serve(library, settings={"default_allow_sql": False})
    response = await datasette.client.get(f"/photos/{query.name}")
    assert response.status_code == 200
    assert query.title in response.text
    assert isinstance(await rows(datasette, f"/photos/{query.name}.json?_shape=objects"), list)


@pytest.mark.asyncio
async def test_the_database_page_lists_the_queries(library):
    page = await serve(library).client.get("/photos/-/queries?q=larger+twin" if ON_1_0 else "/photos")
    assert "Uploaded by Drive for desktop, and a larger twin exists" in page.text


@pytest.mark.asyncio
async def test_pairs_within_bits_compares_numbers_not_text(library):
    datasette = serve(library)
    assert await rows(datasette, "/photos/pairs_within_bits.json?_shape=objects&max_bits=3") == []
    assert len(await rows(datasette, "/photos/pairs_within_bits.json?_shape=objects&max_bits=4")) == 16


@pytest.mark.asyncio
async def test_closest_to_one_photo_lists_its_twin_first_and_not_itself(library):
    found = await rows(serve(library), f"/photos/closest_to_one_photo.json?_shape=objects&max_bits=256&photo={photo_id(4)}")
    assert found[0]["photo_id"] == photo_id(5)
    assert found[0]["relation"] == "other_format"
    assert photo_id(4) not in [row["photo_id"] for row in found]


@pytest.mark.asyncio
async def test_drive_uploads_with_a_larger_twin_are_the_small_copies_only(library):
    found = await rows(serve(library), "/photos/drive_uploads_with_larger_twin.json?_shape=objects")
    assert {row["width"] for row in found} == {320}
    assert {row["keeper_width"] for row in found} == {4032}
    assert {row["relation"] for row in found} <= REMOVABLE_RELATIONS


@pytest.mark.asyncio
async def test_drive_uploads_with_a_larger_twin_are_proved_copies_and_nothing_that_was_changed(library):
    conn = sqlite3.connect(library)
    with conn:
        for relation, number in {relation: 2 * place + 1 for place, relation in enumerate(RELATIONS)}.items():
            conn.execute("UPDATE group_members SET role = 'copy', relation = ? WHERE photo_id = ?", [relation, photo_id(number)])
            sql = "UPDATE photos SET origin = 'driveDesktopUploader', width = 320, height = 240 WHERE photo_id = ?"
            conn.execute(sql, [photo_id(number)])
        conn.execute("DELETE FROM group_members WHERE role != 'keeper' AND photo_id > ?", [photo_id(2 * len(RELATIONS))])
    conn.close()
    found = await rows(serve(library), "/photos/drive_uploads_with_larger_twin.json?_shape=objects")
    assert {row["relation"] for row in found} == REMOVABLE_RELATIONS
    assert len(found) == len(REMOVABLE_RELATIONS)


@pytest.mark.asyncio
async def test_a_persons_own_query_of_the_same_name_is_left_alone(library):
    mine = {"databases": {"photos": {"queries": {"smaller_copies": {"sql": "select 'mine' as whose"}}}}}
    datasette = serve(library, config=mine)
    assert await rows(datasette, "/photos/smaller_copies.json?_shape=objects") == [{"whose": "mine"}]
    assert await rows(datasette, "/photos/smaller_copies.json?_shape=objects") == [{"whose": "mine"}]


@pytest.mark.asyncio
async def test_a_database_without_our_tables_gets_no_queries(library, tmp_path):
    conn = sqlite3.connect(tmp_path / "other.db")
    conn.execute("create table groups (name text)")
    conn.execute("create table photos (name text)")
    conn.commit()
    conn.close()
    datasette = serve(library, tmp_path / "other.db")
    assert (await datasette.client.get("/other/smaller_copies")).status_code == 404
    assert "Smaller copies" not in (await datasette.client.get("/other")).text


@pytest.mark.asyncio
async def test_a_database_that_gets_our_tables_later_gets_the_queries(tmp_path):
    path = tmp_path / "photos.db"
    conn = sqlite3.connect(path)
    conn.execute("vacuum")
    conn.close()
    datasette = serve(path)
    assert "Closest to one photo" not in (await datasette.client.get("/photos")).text
    build_library(path, groups=2).close()
    assert "Closest to one photo" in (await datasette.client.get("/photos")).text
    assert (await datasette.client.get("/photos/groups_by_camera")).status_code == 200


@pytest.mark.asyncio
async def test_a_query_over_a_table_that_may_not_be_viewed_is_refused_and_not_listed(library):
    config = {"databases": {"photos": {"tables": {"skipped": {"allow": {"id": "root"}}}, "queries": {"own": "select 1"}}}}
    datasette = serve(library, config=config)
    if ON_1_0:
        datasette.root_enabled = True
    root = as_actor(datasette, ROOT)
    assert (await datasette.client.get("/photos/skipped_files", **root)).status_code == 200
    assert (await datasette.client.get("/photos/skipped_files")).status_code == 403
    assert (await datasette.client.get("/photos/smaller_copies")).status_code == 200
    assert (await datasette.client.get("/photos/own")).status_code == 200
    listed = "/photos/-/queries?q=skipped" if ON_1_0 else "/photos"
    assert "Files that were skipped" not in (await datasette.client.get(listed)).text
    assert "Files that were skipped" in (await datasette.client.get(listed, **root)).text


@pytest.mark.asyncio
@pytest.mark.skipif(not ON_1_0, reason="this Datasette keeps no stored queries")
async def test_own_stale_queries_are_removed_and_others_kept(library, tmp_path):
    internal = str(tmp_path / "internal.db")
    first = serve(library, internal=internal)
    await first.invoke_startup()
    await first.add_query("photos", "from_an_older_version", "select 1", source=SOURCE)
    await first.add_query("photos", "of_somebody", "select 2", source="user", owner_id="me")
    first.close()
    second = serve(library, internal=internal)
    await second.invoke_startup()
    assert await second.get_query("photos", "from_an_older_version") is None
    assert (await second.get_query("photos", "of_somebody")).sql == "select 2"
    assert (await second.get_query("photos", "smaller_copies")).is_trusted


def test_every_parameter_of_a_query_is_used_and_declared():
    for query in QUERIES:
        assert set(re.findall(r":([a-z_]+)", query.sql)) == set(query.params), query.name


def test_each_query_names_exactly_the_tables_it_reads(library):
    from datasette_gphotos_dedupe.sql_functions import register

    for query in QUERIES:
        conn = sqlite3.connect(library)
        register(conn)
        views = {row[0] for row in conn.execute("select name from sqlite_master where type = 'view'")}
        read = set()

        def note(action, table, column, database, view, read=read, views=views):
            if action == sqlite3.SQLITE_READ and table and view not in views:
                read.add(table)
            return sqlite3.SQLITE_OK

        conn.set_authorizer(note)
        conn.execute(f"explain {query.sql}", dict.fromkeys(query.params, ""))
        conn.close()
        assert read - {"json_each", "sqlite_master"} <= set(query.tables), query.name


def test_there_are_at_least_fifteen_queries_with_names_of_their_own():
    assert len(QUERIES) >= 15
    assert len({query.name for query in QUERIES}) == len({query.title for query in QUERIES}) == len(QUERIES)
    assert all(query.description.endswith((".", ")")) for query in QUERIES)


def test_this_line_is_told_apart_by_ability():
    assert stores_queries(Datasette()) == ON_1_0
