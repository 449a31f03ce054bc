"""From one schema to the next: all of a step or nothing, one program at a time, never backwards."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from sqlite_utils import Database, Migrations

from datasette_gphotos_dedupe import schema
from datasette_gphotos_dedupe.errors import DatabaseError
from datasette_gphotos_dedupe.model import RELATIONS
from datasette_gphotos_dedupe.store.database import open_database
from tests.made_library import build_library

OPEN = "import sys; from datasette_gphotos_dedupe.store.database import open_database; open_database(sys.argv[1])"


def add_a_column(db) -> None:
    db.execute("ALTER TABLE photos ADD COLUMN mood TEXT")
    db.execute("UPDATE photos SET mood = 'sunny'")


def dump(path) -> list[str]:
    with closing(sqlite3.connect(path)) as conn:
        return list(conn.iterdump())


@pytest.fixture
def library(tmp_path):
    """A file of the schema as released, with photos, groups and a decision in it."""
    db = build_library(tmp_path / "photos.db", groups=2)
    with db.atomic():
        row = {"subject": "a", "photo_id": "a", "decision": "keep", "decided_at": "2026-01-01T00:00:00Z"}
        db["decisions"].insert(row)
    db.close()
    return tmp_path / "photos.db"


def test_a_new_step_is_taken_when_the_file_is_opened_and_nothing_is_lost(library, monkeypatch):
    before = dump(library)
    monkeypatch.setitem(schema.STEPS, "m002_mood", add_a_column)
    with closing(open_database(library).conn) as conn:
        assert conn.execute("SELECT DISTINCT mood FROM photos").fetchall() == [("sunny",)]
    rows = [line for line in before if line.startswith('INSERT INTO "decisions"')]
    assert rows and set(rows) <= set(dump(library))


def test_a_step_that_fails_midway_leaves_the_file_as_it_was(library, monkeypatch):
    def breaks(db) -> None:
        add_a_column(db)
        db.execute("UPDATE photos SET no_such_column = 1")

    before = dump(library)
    monkeypatch.setitem(schema.STEPS, "m002_mood", breaks)
    with pytest.raises(DatabaseError):
        open_database(library)
    assert dump(library) == before


def test_a_step_that_failed_is_taken_once_it_works(library, monkeypatch):
    monkeypatch.setitem(schema.STEPS, "m002_mood", lambda db: db.execute("DROP TABLE no_such_table"))
    with pytest.raises(DatabaseError):
        open_database(library)
    monkeypatch.setitem(schema.STEPS, "m002_mood", add_a_column)
    with closing(open_database(library).conn) as conn:
        assert conn.execute("SELECT count(*) FROM photos WHERE mood = 'sunny'").fetchone() == (4,)


def test_a_program_killed_within_a_step_leaves_the_file_as_it_was(library):
    killed = """
import os, signal, sys
from datasette_gphotos_dedupe import schema
from datasette_gphotos_dedupe.store.database import open_database
def step(db):
    db.execute("ALTER TABLE photos ADD COLUMN mood TEXT")
    os.kill(os.getpid(), signal.SIGKILL)
schema.STEPS["m002_mood"] = step
open_database(sys.argv[1])
"""
    before = dump(library)
    done = subprocess.run([sys.executable, "-c", killed, str(library)], timeout=120)
    assert (done.returncode, dump(library)) == (-9, before)


def test_an_older_program_leaves_a_newer_file_alone(library, monkeypatch):
    monkeypatch.setitem(schema.STEPS, "m002_mood", add_a_column)
    open_database(library).close()
    newer = dump(library)
    monkeypatch.delitem(schema.STEPS, "m002_mood")
    with pytest.raises(DatabaseError) as refused:
        open_database(library)
    assert str(refused.value) == (
        f"{library} was written by a newer version of this program (its schema has the step m002_mood). Nothing was changed. "
        "Install the newer version: pip install -U datasette-gphotos-dedupe"
    )
    assert dump(library) == newer


def test_programs_that_open_a_new_file_at_once_all_succeed(tmp_path):
    path = tmp_path / "photos.db"
    started = [subprocess.Popen([sys.executable, "-c", OPEN, str(path)], stderr=subprocess.PIPE, text=True) for _ in range(5)]
    told = [(program.communicate(timeout=300)[1], program.returncode) for program in started]
    assert told == [("", 0)] * 5


def test_a_file_that_was_created_and_then_left_empty_is_taken(tmp_path):
    path = tmp_path / "photos.db"
    path.touch()
    with closing(open_database(path).conn) as conn:
        assert conn.execute("SELECT count(*) FROM photos").fetchone() == (0,)


def file_before(step: str, path) -> None:
    """A file as the step before left it, with something in every table that may hold it."""
    with closing(sqlite3.connect(path)) as conn:
        if step == next(iter(schema.STEPS)):
            return
        migrations = Migrations(schema.MIGRATION_SET)
        for name in list(schema.STEPS)[: list(schema.STEPS).index(step)]:
            migrations(name=name)(schema.STEPS[name])
        migrations.apply(Database(conn))
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_sqlite%' ESCAPE '\\'"
        for (table,) in conn.execute(tables).fetchall():
            conn.execute(f"INSERT OR IGNORE INTO [{table}] DEFAULT VALUES")
        conn.commit()


def apply_until(path, step: str, statements: int | None) -> int:
    """Take the step; SQLite refuses to prepare statement number `statements` that changes anything. How many there were."""
    seen = 0

    def allow(action: int, *_: object) -> int:
        nonlocal seen
        seen += action in CHANGING
        return sqlite3.SQLITE_DENY if statements is not None and seen > statements else sqlite3.SQLITE_OK

    with closing(sqlite3.connect(path)) as conn:
        conn.set_authorizer(allow)
        try:
            schema.apply_migrations(Database(conn))
        finally:
            conn.set_authorizer(None)
    return seen


CHANGING = {sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_CREATE_VIEW, sqlite3.SQLITE_CREATE_TRIGGER}
CHANGING |= {sqlite3.SQLITE_ALTER_TABLE, sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}


@pytest.mark.parametrize("step", schema.STEPS)
def test_a_step_that_fails_at_any_of_its_statements_can_be_taken_again(tmp_path, step):
    whole = tmp_path / "whole.db"
    file_before(step, whole)
    statements = apply_until(whole, step, None)
    path = tmp_path / "failing.db"
    file_before(step, path)
    before = [line for line in dump(path) if "_sqlite_migrations" not in line]
    for number in range(0, statements, max(1, statements // 40)):
        with pytest.raises(sqlite3.DatabaseError):
            apply_until(path, step, number)
        left = [line for line in dump(path) if "_sqlite_migrations" not in line]
        assert left == before, f"statement {number} of {statements}"
    apply_until(path, step, None)
    assert schema_of(path) == schema_of(whole)


def test_every_table_that_holds_a_relation_takes_all_of_them(tmp_path):
    with closing(open_database(tmp_path / "photos.db").conn) as conn:
        tables = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    taken = {
        name: set(re.findall("'(.*?)'", found[1])) for name, sql in tables if (found := re.search(r"relation IN \((.*?)\)", sql))
    }
    assert taken == dict.fromkeys(("pairs", "groups", "group_members"), set(RELATIONS))


def schema_of(path) -> list[tuple]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_what_was_compared_before_rows_were_narrow_is_not_compared_again(tmp_path, monkeypatch):
    path = tmp_path / "photos.db"
    with monkeypatch.context() as before:
        before.delitem(schema.STEPS, "m013_narrow_rows")
        db = Database(path)
        schema.apply_migrations(db)
        with db.atomic():
            for photo_id, matched_by in (("a", "then"), ("b", None)):
                db["photos"].insert({"photo_id": photo_id, "source": "takeout"})
                row = {
                    "photo_id": photo_id,
                    "phash": "0" * 64,
                    "flatness": 0,
                    "algorithm": "x",
                    "variants": '{"trim": "' + "1" * 64 + '"}',
                }
                db["fingerprints"].insert({**row, "matched_by": matched_by})
            db.execute("INSERT INTO last_comparison VALUES ('then', 2)")
        db.close()
    with closing(open_database(path).conn) as conn:
        assert conn.execute("SELECT photo_id, matched_by FROM comparisons ORDER BY 1").fetchall() == [("a", "then"), ("b", None)]
        kept = conn.execute("SELECT photo_id, algorithm, json_valid(variants) FROM fingerprints").fetchall()
        assert kept == [("a", "x", 1), ("b", "x", 1)]
        assert conn.execute("SELECT * FROM last_comparison").fetchall() == [("then", 2)]
        conn.execute("UPDATE fingerprints SET flatness = 1 WHERE photo_id = 'a'")
        assert conn.execute("SELECT matched_by FROM comparisons").fetchall() == [(None,), (None,)]
        assert not conn.execute("SELECT * FROM last_comparison").fetchall()
