"""What another program took out of a library is put back; what is whole is not called damaged; nobody crashes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest
import sqlite_utils
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.errors import DatabaseError
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.repair import repair_database
from datasette_gphotos_dedupe.store.schema_check import find_fault
from tests.made_library import build_library

load_commands()


@pytest.fixture
def path(tmp_path):
    build_library(tmp_path / "photos.db", groups=4, size=3).close()
    return tmp_path / "photos.db"


def change(path, *statements: str) -> None:
    conn = sqlite3.connect(path)
    conn.executescript(";".join(statements))
    conn.close()


def rows(path) -> dict[str, list]:
    conn = sqlite3.connect(path)
    names = [
        row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'photos_fts%'")
    ]
    found = {name: sorted(map(repr, conn.execute(f"SELECT * FROM {name}"))) for name in names}
    conn.close()
    return found


def objects(path) -> set:
    conn = sqlite3.connect(path)
    found = set(conn.execute("SELECT type, name, sql FROM sqlite_master WHERE type != 'table' AND sql IS NOT NULL"))
    conn.close()
    return found


def test_a_transformed_table_gets_its_triggers_back_and_loses_no_row(path):
    before, whole = rows(path), objects(path)
    db = sqlite_utils.Database(path)
    db.table("photos").transform(drop=set())
    db.table("groups").transform(drop=set())
    db.close()
    assert objects(path) != whole
    with pytest.raises(DatabaseError) as refused:
        open_database(path)
    assert "nothing is lost. Put it right: gphotos-to-sqlite repair" in str(refused.value)
    done = CliRunner().invoke(cli, ["repair", str(path)])
    assert done.exit_code == 0, done.output
    assert "Put back the trigger photos_search_insert." in done.output
    assert objects(path) == whole
    assert rows(path) == before
    open_database(path).close()
    assert "Nothing is missing" in CliRunner().invoke(cli, ["repair", str(path)]).output


def every_object() -> list[tuple[str, str]]:
    from datasette_gphotos_dedupe import schema

    conn = sqlite3.connect(":memory:")
    for step in schema.STEPS.values():
        step(conn)
    found = conn.execute(
        "SELECT type, name FROM sqlite_master WHERE type != 'table' AND sql IS NOT NULL ORDER BY 1, 2"
    ).fetchall()
    conn.close()
    return found


def test_each_trigger_index_and_view_of_ours_is_put_back(path):
    whole = objects(path)
    for kind, name in every_object():
        change(path, f"DROP {kind} {name}")
        assert repair_database(path) == [f"put back the {kind} {name}"]
        assert objects(path) == whole


def test_the_index_and_the_counts_that_fell_behind_are_in_step_again(path):
    before = rows(path)
    change(
        path,
        "DROP TRIGGER photos_search_update",
        "DROP TRIGGER groups_counted_update",
        "UPDATE photos SET filename = 'giraffe.jpg' WHERE rowid = 1",
        "UPDATE groups SET camera = 'Leica'",
    )
    repair_database(path)
    conn = sqlite3.connect(path)
    assert conn.execute("SELECT count(*) FROM photos_fts WHERE photos_fts MATCH 'giraffe'").fetchone() == (1,)
    assert {row[0] for row in conn.execute("SELECT camera FROM group_counts")} == {"Leica"}
    assert find_fault(conn) is None
    conn.close()
    assert rows(path)["decisions"] == before["decisions"]


def test_counting_triggers_on_the_search_index_are_refused_before_anything_changes(path):
    change(path, "PRAGMA journal_mode = DELETE")
    db = sqlite_utils.Database(path)
    db.enable_counts()
    db.close()
    content = path.read_bytes()
    with pytest.raises(DatabaseError, match="lies on the search index and crashes SQLite.*gphotos-to-sqlite repair"):
        open_database(path)
    assert path.read_bytes() == content
    assert all(clause.endswith("which crashes SQLite") for clause in repair_database(path))
    code = f"""
from datasette_gphotos_dedupe.store.database import open_database
db = open_database({str(path)!r})
db.execute("UPDATE photos SET filename = 'giraffe.jpg'")
db.conn.commit()
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    conn = sqlite3.connect(path)
    left = {
        row[0] for row in conn.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_counts_%'")
    }
    conn.close()
    assert "photos" in left  # the person's own, which do no harm


@pytest.mark.parametrize("name", ["photos", "decisions", "later"])
def test_a_view_of_the_name_of_a_table_of_ours_is_refused_in_words_before_anything_changes(tmp_path, name, monkeypatch):
    from datasette_gphotos_dedupe import schema

    path = tmp_path / "a.db"
    if name == "later":
        monkeypatch.setattr(schema, "STEPS", dict(list(schema.STEPS.items())[:1]))
        open_database(path).close()
        monkeypatch.undo()
        conn = sqlite3.connect(":memory:")
        for step in schema.STEPS.values():
            step(conn)
        made = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        conn.close()
        change(path, "PRAGMA journal_mode = DELETE")
        conn = sqlite3.connect(path)
        name = sorted(made - {row[0] for row in conn.execute("SELECT name FROM sqlite_master")})[0]
        conn.close()
    change(path, f"CREATE VIEW {name} AS SELECT 1")
    content = path.read_bytes()
    with pytest.raises(DatabaseError, match="Rename yours|written by another program"):
        open_database(path)
    assert path.read_bytes() == content


def test_a_file_that_lacks_what_holds_rows_is_not_said_to_be_repaired(path):
    change(path, "DROP TABLE decision_history")
    content = rows(path)
    with pytest.raises(DatabaseError, match="Import again into a new file"):
        repair_database(path)
    assert rows(path) == content


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of file sizes makes SQLite say: disk I/O error")
@pytest.mark.parametrize("arguments", [["status"], ["export", "x.db"], ["find", "x.jpg"]], ids=" ".join)
def test_a_disk_that_fails_does_not_make_a_whole_library_a_damaged_one(path, arguments):
    (path.parent / "x.jpg").write_bytes(b"x")
    code = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from datasette_gphotos_dedupe.cli import main
sys.argv = ["gphotos-to-sqlite", {arguments[0]!r}, "photos.db", *{arguments[1:]!r}]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=path.parent, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "Error: photos.db could not be read or written just now (disk I/O error). What is in it was checked"
    )


def test_a_file_with_a_hole_is_damaged_and_says_where(path):
    change(path, "PRAGMA journal_mode = DELETE", "VACUUM")
    content = bytearray(path.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    path.write_bytes(content)
    done = CliRunner().invoke(cli, ["match", str(path)])
    assert (done.exit_code, "is damaged (" in done.output, "import again into a new file" in done.output) == (1, True, True)
