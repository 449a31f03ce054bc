"""metadata.yml and datasette.yml, as files, on the Datasette that is installed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import yaml
from datasette.app import Datasette

from datasette_gphotos_dedupe.descriptions import TABLES
from datasette_gphotos_dedupe.metadata_file import HIDDEN, metadata, metadata_yaml

from ..made_library import build_library

ROOT = Path(__file__).resolve().parents[2]
ON_1_0 = hasattr(Datasette, "add_query")
KEPT_BY_BOTH = {
    "description",
    "columns",
    "hidden",
    "sort",
    "sort_desc",
    "size",
    "label_column",
    "facets",
    "fts_table",
    "fts_pk",
    "units",
}


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "photos.db"
    build_library(path, groups=8).close()
    return path


def columns_in(path) -> dict[str, list[str]]:
    conn = sqlite3.connect(path)
    names = conn.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'photos_fts%' "
        "AND name NOT IN ('_sqlite_migrations', 'sqlite_sequence')"
    ).fetchall()
    found = {name: [row[1] for row in conn.execute(f"PRAGMA table_info({name})")] for (name,) in names}
    conn.close()
    return found


def test_every_table_view_and_column_is_described_and_nothing_else(library):
    assert {name: sorted(table.columns) for name, table in TABLES.items()} == {
        name: sorted(columns) for name, columns in columns_in(library).items()
    }


def test_the_settings_name_columns_that_exist(library):
    columns = columns_in(library)
    for name, table in TABLES.items():
        named = [table.settings.get(key) for key in ("sort", "sort_desc", "label_column") if table.settings.get(key)]
        named += table.settings.get("facets", []) + list(table.settings.get("units", {}))
        assert set(named) <= set(columns[name]), name


def test_every_table_with_rows_to_choose_from_has_facets_or_an_order():
    for name, table in TABLES.items():
        assert {"facets", "sort", "sort_desc", "size"} & set(table.settings), name


def test_metadata_yml_is_what_the_command_prints():
    assert (ROOT / "metadata.yml").read_text(encoding="utf-8") == metadata_yaml()


def test_metadata_holds_only_keys_that_both_datasette_lines_obey():
    loaded = yaml.safe_load((ROOT / "metadata.yml").read_text(encoding="utf-8"))
    assert set(loaded) <= {
        "title",
        "description",
        "license",
        "license_url",
        "source",
        "source_url",
        "about",
        "about_url",
        "databases",
    }
    for database in loaded["databases"].values():
        assert set(database) <= {"title", "description", "tables"}
        for name, table in database["tables"].items():
            assert set(table) <= KEPT_BY_BOTH, name


def served(library) -> Datasette:
    return Datasette([str(library)], metadata=metadata())


@pytest.mark.asyncio
async def test_each_table_page_shows_its_description_and_those_of_its_columns(library):
    datasette = served(library)
    for name, table in TABLES.items():
        response = await datasette.client.get(f"/photos/{name}?_size=1")
        assert response.status_code == 200, name
        page = response.text.replace("&#39;", "'").replace("&gt;", ">")
        assert table.description in page, name
        assert [text for text in table.columns.values() if text not in page] == [], name


@pytest.mark.asyncio
async def test_facets_and_order_are_obeyed(library):
    datasette = served(library)
    answer = (await datasette.client.get("/photos/groups.json?_extra=facet_results,sorted_facet_results&_shape=objects")).json()
    found = answer["facet_results"].get("results", answer["facet_results"])
    assert {"relation", "taken_year", "origin", "decided"} <= set(found)
    sizes = [row["reclaimable_bytes"] for row in answer["rows"]]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.asyncio
async def test_labels_take_the_place_of_keys(library):
    page = (await served(library).client.get("/photos/group_members")).text
    assert ">IMG_0000.jpg<" in page


@pytest.mark.asyncio
async def test_the_search_box_finds_albums(library):
    datasette = served(library)
    found = (await datasette.client.get("/photos/photos.json?_search=summer&_shape=array")).json()
    assert [row["album_titles"] for row in found] == ["Summer"] * 8
    assert (await datasette.client.get("/photos/photos.json?_search=winter&_shape=array")).json() == []


@pytest.mark.asyncio
async def test_bookkeeping_tables_are_hidden(library):
    tables = (await served(library).client.get("/photos.json")).json()["tables"]
    shown = {table["name"] for table in tables if not table["hidden"]}
    assert not shown & set(HIDDEN)
    assert not any(name.startswith("photos_fts") for name in shown)


@pytest.mark.asyncio
@pytest.mark.skipif(not ON_1_0, reason="0.65 reads no datasette.yml")
async def test_the_example_configuration_for_1_0_grants_what_it_says(library):
    from datasette.resources import DatabaseResource, TableResource

    config = yaml.safe_load((ROOT / "datasette.yml").read_text(encoding="utf-8"))
    datasette = Datasette([str(library)], config=config, metadata=metadata())
    await datasette.invoke_startup()

    async def may(who, action, resource):
        return await datasette.allowed(action=action, resource=resource, actor={"id": who} if who else None)

    answers = {who: await may(who, "view-table", TableResource("photos", "groups")) for who in ("alice", "bob", "eve", None)}
    assert answers == {"alice": True, "bob": True, "eve": False, None: False}
    assert [await may(who, "view-table", TableResource("photos", "files")) for who in ("alice", "bob")] == [True, False]
    assert [await may(who, "execute-sql", DatabaseResource("photos")) for who in ("alice", "bob")] == [True, False]
