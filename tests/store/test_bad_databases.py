"""A database that cannot be used is said in one sentence, and nothing in it is touched."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from datasette_gphotos_dedupe.errors import DatabaseError
from datasette_gphotos_dedupe.store.database import open_database
from tests.pipeline.commands import obey_permissions

ROOT = Path(__file__).resolve().parent.parent.parent


def refusal(path, **options) -> str:
    with pytest.raises(DatabaseError) as raised:
        open_database(path, **options)
    return str(raised.value)


def test_a_file_that_is_not_sqlite_is_left_alone(tmp_path):
    path = tmp_path / "letter.db"
    path.write_bytes(b"Dear Sir or Madam" * 100)
    assert refusal(path) == f"{path} is not a SQLite database. Nothing was changed. Choose a new file name for your photos."
    assert path.read_bytes() == b"Dear Sir or Madam" * 100


def test_a_database_of_another_program_is_left_alone(tmp_path):
    path = tmp_path / "places.db"
    conn = sqlite3.connect(path)
    conn.executescript("CREATE TABLE moz_places (url TEXT); INSERT INTO moz_places VALUES ('x')")
    conn.close()
    before = path.read_bytes()
    assert refusal(path) == (
        f"{path} was written by another program (it has the tables moz_places). Nothing was changed. Choose a new file name for "
        "your photos."
    )
    assert path.read_bytes() == before


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    path = tmp_path / "no" / "photos.db"
    assert refusal(path) == f"{path} cannot be created: the folder {path.parent} does not exist."


def test_a_database_that_is_needed_and_not_there_says_what_makes_one(tmp_path):
    path = tmp_path / "photos.db"
    assert refusal(path, create=False) == (
        f"{path} does not exist. Import something first: gphotos-to-sqlite takeout {path} takeout-*.zip"
    )
    assert not path.exists()


def run_without_rights(*arguments: object) -> subprocess.CompletedProcess:
    """The real command as a user to whom permissions apply."""
    more = {"preexec_fn": obey_permissions} if os.geteuid() == 0 else {}
    code = "from datasette_gphotos_dedupe.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, **more)


needs_permissions = pytest.mark.skipif(
    os.name == "nt" or (os.geteuid() == 0 and sys.platform != "linux"), reason="no permissions that would apply to this user"
)


@needs_permissions
def test_a_folder_that_may_not_be_written_is_said_in_one_sentence(tmp_path):
    (tmp_path / "pictures").mkdir()
    tmp_path.chmod(0o555)
    done = run_without_rights("folder", tmp_path / "photos.db", tmp_path / "pictures")
    tmp_path.chmod(0o755)
    assert (done.returncode, done.stderr) == (
        1,
        f"Error: {tmp_path}/photos.db cannot be written: unable to open database file. Check the permissions of the file and of "
        "its folder.\n",
    )


@needs_permissions
def test_a_database_that_may_only_be_read_is_said_in_one_sentence(tmp_path):
    path = tmp_path / "photos.db"
    open_database(path).close()
    path.chmod(0o444)
    (tmp_path / "pictures").mkdir()
    tmp_path.chmod(0o555)
    done = run_without_rights("folder", path, tmp_path / "pictures")
    tmp_path.chmod(0o755)
    assert (done.returncode, done.stderr) == (
        1,
        f"Error: {path} cannot be written: attempt to write a readonly database. Check the permissions of the file and of its "
        "folder.\n",
    )


@needs_permissions
def test_what_may_not_be_read_of_a_folder_is_left_out_by_name(tmp_path):
    (tmp_path / "own").mkdir()
    pictures = tmp_path / "pictures"
    (pictures / "shut").mkdir(parents=True)
    (pictures / "shut").chmod(0)
    (pictures / "a.jpg").write_bytes(b"\xff\xd8\xff")
    (pictures / "a.jpg").chmod(0)
    done = run_without_rights("folder", tmp_path / "own" / "photos.db", pictures, "--no-match", "-s", "--workers", 1)
    conn = sqlite3.connect(tmp_path / "own" / "photos.db")
    rows = conn.execute("SELECT member, code, reason FROM skipped ORDER BY member").fetchall()
    conn.close()
    (pictures / "shut").chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows == [
        ("a.jpg", "unreadable", "it can no longer be read: Permission denied"),
        ("shut", "forbidden", "it may not be read: change its permissions, or run the command as its owner"),
    ]


def test_a_transaction_that_reads_first_is_not_refused_when_somebody_else_writes(tmp_path):
    """Matching reads all groups and then writes those that changed, while people decide in Datasette."""
    db = open_database(tmp_path / "photos.db")
    other = sqlite3.connect(tmp_path / "photos.db", timeout=0)
    with db.atomic():
        assert db.execute("SELECT count(*) FROM match_state").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="locked"), other:
            other.execute("INSERT INTO match_state VALUES ('decided', 'meanwhile')")
        db.execute("INSERT INTO match_state VALUES ('matched', 'now')")
    with other:
        other.execute("INSERT INTO match_state VALUES ('decided', 'afterwards')")
    assert other.execute("SELECT name FROM match_state ORDER BY name").fetchall() == [("decided",), ("matched",)]
    other.close()
    db.close()


def test_a_part_of_a_transaction_can_be_taken_back_alone(tmp_path):
    db = open_database(tmp_path / "photos.db")
    with db.atomic():
        db.execute("INSERT INTO match_state VALUES ('kept', '1')")
        with pytest.raises(KeyError), db.atomic():
            db.execute("INSERT INTO match_state VALUES ('lost', '1')")
            raise KeyError
    assert db.execute("SELECT name FROM match_state").fetchall() == [("kept",)]
    db.close()


def test_a_database_that_stays_busy_is_said_in_one_sentence(tmp_path):
    db = open_database(tmp_path / "photos.db")
    db.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(tmp_path / "photos.db")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError) as busy, db.atomic():
        raise AssertionError("it has no lock")
    assert str(busy.value) == (
        "Another program is writing to the database and did not finish in time. What was saved until now is good. Run the same "
        "command again; it goes on from there."
    )
    other.close()
    db.close()
