"""A match with nothing new reads no photo; whatever changes a photo, before or during a match, is looked at by the next one."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from datasette_gphotos_dedupe.pipeline.matching import match_library
from datasette_gphotos_dedupe.pipeline.progress import Progress
from datasette_gphotos_dedupe.store.matching.last_match import COMPARISON

from .test_matching import ALONE, tables

CHANGES = {
    "a new name": "UPDATE photos SET filename = 'another.jpg' WHERE photo_id = 'p1'",
    "another time": "UPDATE photos SET taken_at = '2001-01-01T00:00:00Z', taken_at_source = 'exif' WHERE photo_id = 'p1'",
    "thrown away": "UPDATE photos SET trashed = 1 WHERE photo_id = 'p1'",
    "gone": "DELETE FROM photos WHERE photo_id = 'p1'",
    "another look": "UPDATE fingerprints SET phash = (SELECT phash FROM fingerprints WHERE photo_id = 'p2') WHERE photo_id = 'p1'",
    "no look any more": "DELETE FROM fingerprints WHERE photo_id = 'p1'",
    "to be compared again": "UPDATE comparisons SET matched_by = NULL WHERE photo_id = 'p1'",
    "new without pixels": "INSERT INTO photos (photo_id, source, sha1) VALUES ('p9', 'folder', 'sha1')",
}


def statements(db) -> list[str]:
    """The SQL of one more match."""
    told: list[str] = []
    db.conn.set_trace_callback(told.append)
    try:
        match_library(db, options=ALONE)
    finally:
        db.conn.set_trace_callback(None)
    return told


def looks(told: list[str]) -> bool:
    return any("FROM fingerprints JOIN photos" in sql for sql in told)


def test_a_match_with_nothing_new_reads_no_fingerprint_and_writes_nothing(db):
    before = db.conn.total_changes
    assert not looks(statements(db))
    assert db.conn.total_changes == before


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_a_photo_is_looked_at_by_the_next_match(db, change):
    with db.atomic():
        db.execute(CHANGES[change])
    assert looks(statements(db))
    assert not looks(statements(db))


@pytest.mark.parametrize("change", ["thrown away", "another look"])
def test_a_change_leaves_the_tables_that_a_look_at_everything_leaves(db, change):
    with db.atomic():
        db.execute(CHANGES[change])
    match_library(db, options=ALONE)
    found = tables(db)
    with db.atomic():
        db.execute("UPDATE comparisons SET matched_by = NULL")
        db.execute("DELETE FROM match_state WHERE name IN ('compared', 'unhashed')")
    match_library(db, options=ALONE)
    assert tables(db) == found


class Meddler(Progress):
    """Changes the library from another connection while pixels are compared."""

    def __init__(self, path, sql: str):
        super().__init__(silent=True)
        self._path, self._sql = path, sql

    def start(self, label: str, total: int | None = None) -> None:
        super().start(label, total)
        if label == "Comparing pixels":
            with closing(sqlite3.connect(self._path)) as other:
                other.execute("PRAGMA foreign_keys = ON")
                other.execute(self._sql)
                other.commit()


@pytest.mark.parametrize("change", ["a new name", "thrown away", "another look", "new without pixels"])
def test_what_another_program_changes_during_a_match_is_looked_at_by_the_next_one(db, tmp_path, change):
    with db.atomic():
        db.execute("UPDATE comparisons SET matched_by = NULL")
    match_library(db, Meddler(tmp_path / "photos.db", CHANGES[change]), ALONE)
    assert COMPARISON.read(db.conn, ALONE.name) is None
    assert looks(statements(db))


def test_other_rules_compare_again(db):
    from dataclasses import replace

    assert COMPARISON.read(db.conn, ALONE.name) == 6
    assert COMPARISON.read(db.conn, replace(ALONE, radius_bits=ALONE.radius_bits - 1).name) is None
