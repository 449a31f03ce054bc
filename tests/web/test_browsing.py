"""Datasette's own pages of our tables: what they offer, and that no page has to read a whole library row by row."""

from __future__ import annotations

import sqlite3

import pytest
from datasette.app import Datasette

from datasette_gphotos_dedupe.descriptions import TABLES
from datasette_gphotos_dedupe.metadata_file import metadata
from datasette_gphotos_dedupe.queries import QUERIES
from datasette_gphotos_dedupe.sql_functions import register
from tests.browsed_library import build_browsed_library
from tests.made_library import photo_id

PHOTOS = 3000
LARGE = ("photos", "files", "fingerprints", "groups")  # a row of each is long, and there are as many as photos or nearly
FILTERED = {"photos": ("WHERE origin = 'x'", "WHERE kind = 'photo'"), "photo_list": ("WHERE mime_type = 'x'",)}
FEW = ("albums", "push_albums", "judgements")  # rows that a library has few of, however many its photos are
STEPS = 100  # of SQLite's machine, between two counts


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("browsing") / "photos.db"
    build_browsed_library(path, PHOTOS)
    return path


@pytest.fixture
def conn(library):
    connection = sqlite3.connect(f"{library.as_uri()}?mode=ro", uri=True)
    register(connection)
    yield connection
    connection.close()


def serve(*paths) -> Datasette:
    told = metadata(("photos",))
    more = {"config": told} if hasattr(Datasette, "add_query") else {}
    return Datasette([str(path) for path in paths], metadata=told, **more)


async def suggestions(datasette: Datasette, page: str) -> list[str]:
    answer = await datasette.client.get(f"{page}.json?_extra=suggested_facets")
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["suggested_facets"]]


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["photos", "photo_list", "duplicates", "pairs", "albums"])
async def test_the_facets_offered_on_a_page_are_those_that_are_known_to_be_of_use(library, name):
    assert await suggestions(serve(library), f"/photos/{name}") == list(TABLES[name].more_facets)


@pytest.mark.asyncio
async def test_a_facet_that_is_shown_is_not_offered_again_and_leads_to_its_page(library):
    datasette = serve(library)
    answer = await datasette.client.get("/photos/photos.json?_facet=camera_model&_extra=suggested_facets")
    offered = {one["name"]: one["toggle_url"] for one in answer.json()["suggested_facets"]}
    assert "camera_model" not in offered
    led = await datasette.client.get(offered["favorite"].removeprefix("http://localhost") + "&_extra=facet_results")
    facets = led.json()["facet_results"]
    assert "favorite" in facets.get("results", facets)


@pytest.mark.asyncio
async def test_columns_of_somebody_elses_tables_are_tried_as_ever(library, tmp_path):
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE photos (name TEXT, colour TEXT)")
    connection.executemany("INSERT INTO photos VALUES (?, ?)", [(str(n), "red" if n % 2 else "blue") for n in range(40)])
    connection.commit()
    connection.close()
    assert await suggestions(serve(library, other), "/other/photos") == ["colour"]


def test_offered_facets_name_columns_that_exist_and_are_not_shown_already():
    for name, table in TABLES.items():
        assert set(table.more_facets) <= set(table.columns), name
        assert not set(table.more_facets) & set(table.settings.get("facets", [])), name


def plan(conn: sqlite3.Connection, sql: str) -> str:
    return " ".join(row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}"))


@pytest.mark.parametrize("name", (*LARGE, "group_members", "photo_list"))
def test_a_shipped_facet_is_counted_in_an_index_alone(conn, name):
    for column in TABLES[name].settings["facets"]:
        for where in ("", *FILTERED.get(name, ())):
            told = plan(
                conn, f"SELECT {column}, count(*) FROM (SELECT * FROM {name} {where}) WHERE {column} IS NOT NULL GROUP BY 1"
            )
            assert "COVERING INDEX" in told, (column, where, told)


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if not table.is_view and name not in FEW])
def test_the_first_and_the_next_page_in_the_shipped_order_are_read_along_an_index(conn, name):
    keys = [row[1] for row in sorted(conn.execute(f"PRAGMA table_info({name})"), key=lambda row: row[5]) if row[5]] or ["rowid"]
    column = TABLES[name].settings.get("sort_desc") or TABLES[name].settings.get("sort")
    if column is None or TABLES[name].settings.get("hidden") or column in keys[:1]:
        return
    down = "sort_desc" in TABLES[name].settings
    order = f"{column} DESC" if down else column
    after = f"{column} < 'm' OR {column} IS NULL" if down else f"{column} > 'm'"
    keyed = " OR ".join(f"({key} > 'm')" for key in keys)
    assert "TEMP B-TREE" not in plan(conn, f"SELECT * FROM {name} ORDER BY {order} LIMIT 101")
    told = plan(
        conn, f"SELECT * FROM {name} WHERE ({after} OR ({column} = 'm' AND ({keyed}))) ORDER BY {order}, {', '.join(keys)}"
    )
    assert "TEMP B-TREE" not in told, told


def steps(conn: sqlite3.Connection, sql: str, params: dict | None = None) -> int:
    """How many steps SQLite's machine takes for the answer, which no busy computer changes."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    conn.set_progress_handler(count, STEPS)
    try:
        conn.execute(sql, params or {}).fetchall()
    finally:
        conn.set_progress_handler(None, STEPS)
    return counted * STEPS


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_ready_made_query_takes_a_bounded_number_of_steps_for_each_photo(conn, query):
    asked = {name: photo_id(0) if name == "photo" else "" for name in query.params}
    assert steps(conn, query.sql, asked) < 25 * PHOTOS


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.is_view])
def test_a_page_of_a_view_takes_a_bounded_number_of_steps_for_each_photo(conn, name):
    settings = TABLES[name].settings
    order = f"ORDER BY {settings['sort']}" if "sort" in settings else ""
    order = f"ORDER BY {settings['sort_desc']} DESC" if "sort_desc" in settings else order
    asked = [f"SELECT count(*) FROM {name}", f"SELECT * FROM {name} {order} LIMIT 101"]
    asked += [f"SELECT {column}, count(*) FROM {name} GROUP BY 1" for column in settings.get("facets", [])]
    assert sum(steps(conn, sql) for sql in asked) < 45 * PHOTOS


@pytest.mark.parametrize("name", ["pairs_within_bits", "smaller_copies", "without_fingerprint", "skipped_files"])
def test_a_long_query_shows_a_hundred_rows_and_as_many_as_are_asked_for(conn, name):
    query = next(query for query in QUERIES if query.name == name)
    empty = dict.fromkeys(query.params, "") | ({"max_bits": "256"} if "max_bits" in query.params else {})
    assert len(conn.execute(query.sql, empty).fetchall()) == min(
        100, len(conn.execute(query.sql, empty | {"count": "-1"}).fetchall())
    )
    assert len(conn.execute(query.sql, empty | {"count": "7"}).fetchall()) == 7
