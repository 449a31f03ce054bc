"""A file that has tables of our names and is not as this version makes them: one sentence says what is wrong, and nothing is done."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.errors import DatabaseError
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.read_only import open_for_reading
from datasette_gphotos_dedupe.store.schema_check import find_fault
from tests.made_library import build_library


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "photos.db"
    build_library(path, groups=2).close()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = DELETE")
    return path.read_bytes()


@pytest.fixture
def library(tmp_path, content):
    (tmp_path / "photos.db").write_bytes(content)
    return tmp_path / "photos.db"


def change(path, *statements: str) -> str | None:
    """What is wrong with the file after these statements."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA legacy_alter_table = ON")
        for statement in statements:
            conn.execute(statement)
        conn.commit()
        return find_fault(conn)


WRITES = "BEGIN UPDATE decisions SET decision = 'remove'; END"
FAULTS = {
    "it has no table last_import": ["DROP TABLE last_import"],
    "it has no table group_counts": ["DROP TABLE group_counts"],
    "its table photos has no column moves": ["ALTER TABLE photos RENAME COLUMN moves TO stirs"],
    "decisions is no table there": ["ALTER TABLE decisions RENAME TO d", "CREATE VIEW decisions AS SELECT * FROM d"],
    "it has no view duplicates": ["DROP VIEW duplicates"],
    "its view space has no column relation": ["DROP VIEW space", "CREATE VIEW space AS SELECT 1"],
    "its view duplicates has no column group_id": ["DROP VIEW duplicates", "CREATE VIEW duplicates AS SELECT * FROM gone"],
    "it has no trigger groups_counted_insert": ["DROP TRIGGER groups_counted_insert"],
    "its trigger albums_rename is another one": [
        "DROP TRIGGER albums_rename",
        "CREATE TRIGGER albums_rename AFTER UPDATE ON albums BEGIN SELECT 1; END",
    ],
    "its trigger evil, which this program did not make, writes into tables of decisions": [
        f"CREATE TRIGGER evil AFTER INSERT ON decisions {WRITES}"
    ],
    "its trigger late, which this program did not make, writes into tables of decisions": [
        f"CREATE TRIGGER late AFTER UPDATE OF title ON albums {WRITES}"
    ],
    "its trigger deep, which this program did not make, writes into tables of decisions": [
        "CREATE VIEW harmless AS SELECT * FROM decisions",
        f"CREATE TRIGGER deep INSTEAD OF INSERT ON harmless {WRITES}",
        "CREATE TRIGGER calls AFTER DELETE ON runs BEGIN INSERT INTO harmless(subject) VALUES (1); END",
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_named(library, fault):
    assert change(library, *FAULTS[fault]) == fault


HARMLESS = {
    "nothing": [],
    "columns, tables and views of one's own": [
        "ALTER TABLE photos ADD COLUMN mood TEXT",
        "CREATE TABLE trips (photo_id TEXT)",
        "CREATE VIEW best AS SELECT * FROM photos",
    ],
    "counting rows": [
        "CREATE TABLE _counts (name TEXT PRIMARY KEY, n INTEGER)",
        "CREATE TRIGGER d_counts AFTER INSERT ON decisions BEGIN INSERT OR REPLACE INTO _counts VALUES ('decisions', 1); END",
    ],
    "another search index": [
        "CREATE VIRTUAL TABLE trips_fts USING fts5(filename)",
        "CREATE TRIGGER p AFTER INSERT ON photos BEGIN INSERT INTO trips_fts VALUES (new.filename); END",
    ],
    "an index less": ["DROP INDEX photos_sha1"],
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_a_person_adds_is_their_own_business(library, what):
    assert change(library, *HARMLESS[what]) is None


def test_looking_for_faults_leaves_the_connection_usable(library):
    change(library, *HARMLESS["counting rows"])
    with closing(sqlite3.connect(library)) as conn:
        assert find_fault(conn) is None
        conn.execute("DELETE FROM judgements")
        assert not conn.execute("SELECT * FROM judgements").fetchall()


def test_a_file_of_another_shape_is_refused_in_one_sentence_and_left_alone(library):
    change(library, "DROP TABLE last_import")
    before = library.read_bytes()
    sentence = (
        f"{library} cannot be used: it has no table last_import. It was written by a version from before the first release, or "
        "changed by another program. Nothing was changed. Import again into a new file: gphotos-to-sqlite takeout NEW.db "
        "takeout-*.zip. What was decided is in the table decisions of the old one."
    )
    with pytest.raises(DatabaseError) as writing:
        open_database(library)
    with pytest.raises(DatabaseError) as reading, open_for_reading(library):
        pass
    assert (str(writing.value), str(reading.value)) == (sentence, sentence)
    assert library.read_bytes() == before


COMMANDS = (
    *(["status"], ["match"], ["match", "--dry-run"], ["fingerprint"], ["takeout", "FOLDER"], ["folder", "FOLDER"]),
    *(["handover", "out.json"], ["export", "out.db"], ["export", "out.csv"], ["report", "out.html"]),
    ["push", "--album", "x", "--dry-run"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_it(library, tmp_path, monkeypatch, command):
    change(library, "DROP TABLE group_counts", "DROP TABLE last_import")
    (tmp_path / "FOLDER").mkdir()
    monkeypatch.chdir(tmp_path)
    load_commands()
    done = CliRunner().invoke(cli, [command[0], "photos.db", *command[1:]])
    assert done.exit_code == 1
    assert done.output.startswith("Error: photos.db cannot be used: it has no table") and done.output.count("\n") == 1


DAMAGES = {
    "its end is gone": lambda content: content[: len(content) // 2],
    "rubbish in its schema": lambda content: content[:4096] + content[4096:].replace(b"CREATE TABLE", b"CREATE \xff\xfeBLE"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "command", [["status"], ["match"], ["export", "out.csv"], ["push", "--album", "x", "--dry-run"]], ids=" ".join
)
def test_a_damaged_file_is_said_to_be_damaged(library, tmp_path, monkeypatch, content, damage, command):
    library.write_bytes(DAMAGES[damage](content))
    monkeypatch.chdir(tmp_path)
    load_commands()
    done = CliRunner().invoke(cli, [command[0], "photos.db", *command[1:]])
    assert done.exit_code == 1
    assert done.output.splitlines()[-1].startswith(("Error: photos.db is damaged (", "Error: The database is damaged ("))
