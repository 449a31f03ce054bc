"""The sums that the queue's counts are read from always say what the groups say."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.model import RELATIONS
from datasette_gphotos_dedupe.schema import apply_migrations
from datasette_gphotos_dedupe.web.pages.queue_filters import QueueFilter
from datasette_gphotos_dedupe.web.pages.queue_rows import counts_of, facets_of, read_tally
from tests.large_library import build_large_library

TALLY = """SELECT relation, decided, coalesce(taken_year, 0), coalesce(camera, ''), origins, size, waiting_count > 0,
    count(*), sum(waiting_count), sum(waiting_bytes) FROM groups GROUP BY 1, 2, 3, 4, 5, 6, 7"""
KEPT = "SELECT * FROM group_counts ORDER BY 1, 2, 3, 4, 5, 6, 7"
WITH_SUMS = frozenset({"photos", "groups", "group_members", "group_text", "group_counts", "albums", "album_photos"})

values = st.tuples(
    st.sampled_from(RELATIONS[:3]),
    st.integers(0, 1),
    st.sampled_from([None, 2019, 2020]),
    st.sampled_from([None, "Canon"]),
    st.sampled_from(["", "|webUpload|"]),
    st.integers(2, 3),
    st.integers(0, 5),
    st.integers(0, 2),
)
steps = st.lists(st.tuples(st.sampled_from(["insert", "update", "delete"]), st.integers(0, 4), values), max_size=25)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_the_sums_follow_every_change_of_a_group(steps):
    conn = _empty_library()
    for action, number, row in steps:
        if action == "insert":
            conn.execute(
                """INSERT OR IGNORE INTO groups (group_id, keeper_id, relation, decided, taken_year, camera, origins, size,
                waiting_bytes, waiting_count, reclaimable_bytes, suggested_count) VALUES (?, 'p', ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)""",
                [str(number), *row],
            )
        elif action == "update":
            conn.execute(
                """UPDATE groups SET relation = ?, decided = ?, taken_year = ?, camera = ?, origins = ?, size = ?,
                waiting_bytes = ?, waiting_count = ? WHERE group_id = ?""",
                [*row, str(number)],
            )
        else:
            conn.execute("DELETE FROM groups WHERE group_id = ?", [str(number)])
        assert conn.execute(KEPT).fetchall() == conn.execute(f"{TALLY} ORDER BY 1, 2, 3, 4, 5, 6, 7").fetchall()
    conn.close()


def _empty_library() -> sqlite3.Connection:
    from sqlite_utils import Database

    conn = sqlite3.connect(":memory:")
    apply_migrations(Database(conn))
    conn.execute("INSERT INTO photos (photo_id, source) VALUES ('p', 'folder')")
    return conn


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "photos.db"
    build_large_library(path, photos=1500, groups=400, thumbnails=False)
    conn = sqlite3.connect(path)
    conn.execute("UPDATE groups SET decided = 1 WHERE rowid % 3 = 0")
    yield conn
    conn.close()


@pytest.mark.parametrize(
    "chosen",
    [
        QueueFilter(),
        QueueFilter(state="all", relation="crop"),
        QueueFilter(proof="proved", origin="webUpload"),
        QueueFilter(proof="asks"),
        QueueFilter(state="decided", year="2012"),
        QueueFilter(camera="NIKON D90", year="2012"),
        QueueFilter(origin="webUpload", relation="re_encode"),
        QueueFilter(text="img_2012", camera="NIKON D90"),
        QueueFilter(album="Album 000", state="all"),
        QueueFilter(space="450000", size="3"),
    ],
    ids=str,
)
def test_counts_and_facets_are_those_of_counting_the_groups(large, chosen):
    with_sums = read_tally(large, chosen, WITH_SUMS)
    from_groups = read_tally(large, chosen, WITH_SUMS - {"group_counts"})
    assert counts_of(with_sums) == counts_of(from_groups)
    assert facets_of(with_sums, chosen) == facets_of(from_groups, chosen)
    groups = large.execute(*_plainly(chosen)).fetchone()[0]
    told = [entry for entry in counts_of(with_sums) if chosen.relation in ("", entry["relation"])]
    keys = {"open": ("open",), "decided": ("decided",), "all": ("open", "decided")}[chosen.state]
    keys = ("suggested",) if chosen.proof == "proved" else keys
    groups += large.execute(*_plainly(chosen.but(proof="proved"))).fetchone()[0] if chosen.proof == "asks" else 0
    assert sum(entry[key] for entry in told for key in keys) == groups


def _plainly(chosen: QueueFilter) -> tuple[str, dict]:
    """The same filter, written down again without any of the code under test."""
    sql = """SELECT count(*) FROM groups AS g WHERE 1
    AND (:state = 'all' OR decided = (:state = 'decided'))
    AND (:relation = '' OR relation = :relation) AND (:year = '' OR taken_year = CAST(:year AS INTEGER))
    AND (:camera = '' OR camera = :camera)
    AND (:origin = '' OR EXISTS (SELECT 1 FROM group_members JOIN photos USING (photo_id) WHERE group_id = g.group_id AND origin = :origin))
    AND (:proof = '' OR (:proof = 'proved') = EXISTS (SELECT 1 FROM group_members WHERE group_id = g.group_id AND suggested = 'remove'
         AND photo_id NOT IN (SELECT subject FROM decisions)))
    AND (:size = '' OR size = CAST(:size AS INTEGER)) AND (:space = '' OR reclaimable_bytes >= CAST(:space AS INTEGER))
    AND (:text = '' OR EXISTS (SELECT 1 FROM group_members JOIN photos USING (photo_id)
         WHERE group_id = g.group_id AND filename LIKE '%' || :text || '%'))
    AND (:album = '' OR EXISTS (SELECT 1 FROM group_members JOIN album_photos USING (photo_id) JOIN albums USING (album_id)
         WHERE group_id = g.group_id AND title = :album))"""
    return sql, {name: getattr(chosen, name) for name in QueueFilter.__dataclass_fields__}
