"""Where output may go: whole or not at all, over nobody's other file, and in words whatever is in the way."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.album.handover_files import FORMATS, is_handover
from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.errors import GphotosError
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.output_file import writing

from .made_library import build_library

load_commands()
COMMANDS = {"export": "x.db", "report": "x.html", "handover": "x.html"}
REPLACE = ["--replace"]


@pytest.fixture
def library(tmp_path):
    build_library(tmp_path / "photos.db", groups=3).close()
    return tmp_path / "photos.db"


def run(*arguments: object):
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def everything(folder) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"photos.db-wal", "photos.db-shm"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("ending", [".part", ".copy.db", ".part-journal"])
def test_a_file_of_somebodys_own_beside_the_output_is_left_alone(library, tmp_path, command, ending):
    own = tmp_path / f"{COMMANDS[command]}{ending}"
    own.write_text("mine")
    assert run(command, library, tmp_path / COMMANDS[command]).exit_code == 0
    assert own.read_text() == "mine"
    assert everything(tmp_path) == {"photos.db", own.name, COMMANDS[command]}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "name, told",
    [
        ("", "is a folder. Name the file that is to be written"),
        ("no/such/{}", "the folder {folder}/no/such does not exist"),
        ("photos.db", "is the library itself"),
        ("fifo", "is no ordinary file"),
        ("x" * 300 + "{}", "File name too long"),
    ],
)
def test_what_cannot_be_written_is_said_and_nothing_is_left(library, tmp_path, command, name, told):
    os.mkfifo(tmp_path / "fifo")
    done = run(command, library, tmp_path / name.format(COMMANDS[command]), *REPLACE)
    assert done.exit_code == 1
    assert told.format(folder=tmp_path) in done.output, done.output
    assert everything(tmp_path) == {"photos.db", "fifo"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["file:?mode=memory&{}", "a b%20{}", "{}", "y" * 249 + "{}"])
def test_a_name_is_a_name_and_no_address(library, tmp_path, command, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = name.format(COMMANDS[command])
    assert run(command, library, out).exit_code == 0
    assert everything(tmp_path) == {"photos.db", out}
    assert (tmp_path / out).stat().st_size > 1000


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has it")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_device_is_no_place_for_a_file(library, command):
    done = run(command, library, "/dev/full", *REPLACE)
    assert (done.exit_code, "/dev/full is no ordinary file" in done.output) == (1, True)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of file sizes stands in for a full disk")
@pytest.mark.parametrize("command", [*COMMANDS, "list"])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path, command):
    build_library(tmp_path / "photos.db", groups=100, size=3).close()
    out = tmp_path / COMMANDS.get(command, "x.csv")
    code = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
from datasette_gphotos_dedupe.cli import cli, main
import sys
sys.argv = ["gphotos-to-sqlite", "{command.replace("list", "export")}", "photos.db", "{out.name}"]
main()
"""
    with sqlite3.connect(tmp_path / "photos.db") as conn:
        conn.execute("INSERT INTO match_state VALUES ('export_salt', 'x')")
    conn.close()
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert f"{out.name} cannot be written: " in done.stderr
    assert everything(tmp_path) == {"photos.db"}


@pytest.mark.parametrize("since", ["nonsense", "2026-13-01", "yesterday", "20", ""])
def test_a_day_that_is_none_is_refused(library, tmp_path, since):
    done = run("export", library, tmp_path / "x.db", "--since", since)
    assert (done.exit_code, f"{since} is not a day. Write it like 2026-11-01." in done.output) == (1, True)
    assert everything(tmp_path) == {"photos.db"}


def test_a_library_is_its_owners_and_an_export_is_as_the_umask_says(tmp_path):
    before = os.umask(0o022)
    try:
        open_database(tmp_path / "new.db").close()
        build_library(tmp_path / "photos.db", groups=1).close()
        run("export", tmp_path / "photos.db", tmp_path / "x.db")
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new.db", "x.db")}
    assert modes == {"new.db": 0o600, "x.db": 0o644}


@pytest.mark.parametrize("name", [":memory:", "", "fifo", "folder", "/dev/null"])
def test_what_is_no_file_is_no_library(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    os.mkdir("folder")
    with pytest.raises(GphotosError, match="is a folder|is no ordinary file|keeps nothing"):
        open_database(name)
    assert everything(tmp_path) == {"fifo", "folder"}


def test_an_error_within_leaves_the_old_file_as_it_was(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(RuntimeError), writing(tmp_path / "a") as unfinished:
        unfinished.write_text("new")
        raise RuntimeError
    assert ((tmp_path / "a").read_text(), everything(tmp_path)) == ("old", {"a"})


def other_names(library) -> dict[str, Path]:
    """The library, and what SQLite lays beside it, by every name that a file can have besides its own."""
    folder = library.parent
    os.link(library, folder / "hard.db")
    (folder / "soft.db").symlink_to("photos.db")
    (folder / "round").symlink_to(folder, target_is_directory=True)
    names = {
        "itself": library,
        "hard link": folder / "hard.db",
        "link": folder / "soft.db",
        "folder": folder / "round" / "photos.db",
    }
    return {**names, "way round": folder / "round" / ".." / folder.name / "photos.db"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal", "-WAL"])
def test_neither_the_library_nor_a_part_of_it_is_written_over_by_any_name(library, command, ending):
    with closing(sqlite3.connect(library)) as conn:  # open and used, so that its parts are there
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("INSERT INTO match_state VALUES ('said', 'x')")
        conn.commit()
        for what, name in other_names(library).items():
            done = run(command, library, f"{name}{ending}", *REPLACE)
            assert done.exit_code == 1 and re.search("library itself|part of the database", done.output), (what, done.output)
    with closing(sqlite3.connect(library)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("SELECT value FROM match_state WHERE name = 'said'").fetchall() == [("x",)]


@pytest.mark.parametrize("command", COMMANDS)
def test_another_library_is_not_written_over(library, tmp_path, command):
    other = tmp_path / f"other{Path(COMMANDS[command]).suffix}"
    build_library(other, groups=1).close()
    with closing(sqlite3.connect(other)) as conn:
        conn.execute("PRAGMA journal_mode = DELETE")
    before = other.read_bytes()
    done = run(command, library, other, *REPLACE)
    assert (done.exit_code, "is a library of photos" in done.output, other.read_bytes() == before) == (1, True, True)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_nothing_is_written_where_sqlite_would_mix_in_what_an_earlier_database_left(library, tmp_path, command, ending):
    left = tmp_path / f"{COMMANDS[command]}{ending}"
    left.write_bytes(b"left")
    done = run(command, library, tmp_path / COMMANDS[command], *REPLACE)
    assert (done.exit_code, f"beside it lies {left.name}" in done.output) == (1, True), done.output
    assert everything(tmp_path) == {"photos.db", left.name}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_of_somebodys_own_is_written_over_only_when_that_is_said(library, tmp_path, command):
    out = tmp_path / COMMANDS[command]
    out.write_text("mine")
    done = run(command, library, out)
    assert (done.exit_code, "exists already" in done.output, out.read_text()) == (1, True, "mine")
    assert run(command, library, out, *REPLACE).exit_code == 0
    assert out.stat().st_size > 1000


@pytest.mark.parametrize("command", COMMANDS)
def test_a_link_stays_and_what_it_leads_to_is_written(library, tmp_path, command):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / COMMANDS[command]).symlink_to(Path("elsewhere") / "real")
    assert run(command, library, tmp_path / COMMANDS[command]).exit_code == 0
    assert (tmp_path / COMMANDS[command]).is_symlink() and (tmp_path / "elsewhere" / "real").stat().st_size > 1000
    assert everything(tmp_path / "elsewhere") == {"real"}


@pytest.mark.parametrize("ending", FORMATS)
def test_an_earlier_hand_over_is_written_anew_without_a_word(library, tmp_path, ending):
    out = tmp_path / f"list.{ending}"
    assert run("handover", library, out).exit_code == 0
    assert run("handover", library, out).exit_code == 0
    assert is_handover(out)
    out.write_text(f"mine {out.read_text(encoding='utf8')}", encoding="utf8")
    assert run("handover", library, out).exit_code == 1


def test_every_command_that_writes_a_file_is_tried_here():
    writing_commands = {
        name for name, command in cli.commands.items() if {param.name for param in command.params} & {"out", "output", "replace"}
    }
    assert writing_commands == set(COMMANDS)
