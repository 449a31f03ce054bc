"""What a person waits for does not grow with the library. Counted in steps of SQLite's machine, which no busy computer disturbs."""

from __future__ import annotations

import sqlite3

import pytest

from datasette_gphotos_dedupe.store.review.decisions import read_group, save_suggestion
from datasette_gphotos_dedupe.web.pages.queue_filters import PageEnd, QueueFilter
from datasette_gphotos_dedupe.web.pages.queue_rows import read_neighbour, read_page
from tests.large_library import build_large_library

GROUPS = 150
TABLES = frozenset({"photos", "groups", "group_members", "decisions", "group_text", "group_counts", "albums", "album_photos"})
STEPS = 50  # between two counts


@pytest.fixture(scope="module", params=["plain", "analysed"])
def libraries(request, tmp_path_factory):
    """A small library and one of eight times its size, as imported, or after somebody ran ANALYZE."""
    opened = []
    for factor in (1, 8):
        path = tmp_path_factory.mktemp("costs") / "photos.db"
        build_large_library(path, photos=GROUPS * factor * 6, groups=GROUPS * factor, thumbnails=False)
        conn = sqlite3.connect(path, isolation_level=None)
        if request.param == "analysed":
            conn.execute("ANALYZE")
        opened.append(conn)
    yield opened
    for conn in opened:
        conn.close()


def steps(conn: sqlite3.Connection, act) -> int:
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    conn.set_progress_handler(count, STEPS)
    try:
        act()
    finally:
        conn.set_progress_handler(None, STEPS)
    return counted * STEPS


def growth(libraries, act) -> float:
    """How many times the work of the small library the large one needs. A few hundred steps are the noise of short work."""
    small, large = (steps(conn, lambda conn=conn: act(conn)) for conn in libraries)
    return large / max(small, 1000)


def first_group(conn: sqlite3.Connection):
    return read_page(conn, QueueFilter(), TABLES, None, 1)[0][0]


def test_a_decision(libraries):
    def accept(conn: sqlite3.Connection) -> None:
        conn.execute("BEGIN")
        group_id = first_group(conn).group["group_id"]
        save_suggestion(conn, group_id, "root", read_group(conn, group_id).seen)
        conn.execute("ROLLBACK")

    assert growth(libraries, accept) < 1.6


@pytest.mark.parametrize("query", [{}, {"state": "all"}, {"relation": "smaller_copy"}, {"origin": "webUpload"}], ids=str)
def test_a_page_of_the_queue(libraries, query):
    assert growth(libraries, lambda conn: read_page(conn, QueueFilter(**query), TABLES, None)) < 1.6


def test_the_next_and_the_previous_group(libraries):
    def walk(conn: sqlite3.Connection) -> None:
        place = PageEnd.of(first_group(conn).group)
        for forward in (True, False):
            read_neighbour(conn, QueueFilter(), TABLES, place, forward)

    assert growth(libraries, walk) < 1.6
