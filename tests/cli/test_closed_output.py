"""Who starts a command may have closed its output, its errors, its input: the work is done and the exit status tells it."""

from __future__ import annotations

import os
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from datasette_gphotos_dedupe.cli.terminal import plain_text
from tests.every_command import CALLS, COMMANDS, NOT_THERE, REFUSED, command_line, environment, prepare

pytestmark = pytest.mark.skipif(os.name == "nt", reason="closed by a POSIX shell")
CLOSINGS = [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"]


def run(folder, arguments: list[str], redirections: str, **more: str) -> subprocess.CompletedProcess:
    line = f"{shlex.join(arguments)} {redirections}"
    told = {**environment(), **more}
    return subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, env=told, timeout=120, stdin=subprocess.DEVNULL)


def test_every_command_is_called():
    assert set(CALLS) == set(COMMANDS)


@pytest.mark.parametrize("name", CALLS)
def test_a_command_whose_output_is_closed_does_its_work(tmp_path, name):
    prepare(tmp_path)
    done = run(tmp_path, command_line(name), ">&-")
    assert b"Traceback" not in done.stderr, done.stderr
    assert done.returncode == (1 if name in REFUSED | NOT_THERE else 0), done.stderr
    for output in {"copy.db", "list.html", "report.html"} & set(CALLS[name]):
        assert (tmp_path / output).stat().st_size > 1000


@pytest.mark.parametrize("redirections", CLOSINGS)
@pytest.mark.parametrize("arguments", [["status", "photos.db"], ["status", "no.db"], ["--help"], ["no-such-command"], ["find"]])
def test_whatever_is_closed_the_exit_status_is_the_same(tmp_path, redirections, arguments):
    prepare(tmp_path)
    command = [sys.executable, "-m", "datasette_gphotos_dedupe.cli", *arguments]
    expected = run(tmp_path, command, "")
    done = run(tmp_path, command, redirections)
    assert done.returncode == expected.returncode
    assert done.stderr == (b"" if "2>&-" in redirections else expected.stderr)
    assert done.stdout == (b"" if ">&-" in redirections.split() else expected.stdout)


def test_nothing_that_is_printed_gets_into_the_library_when_everything_is_closed(tmp_path):
    """The first file that is opened would be standard output."""
    prepare(tmp_path)
    done = run(tmp_path, command_line("folder"), "<&- >&- 2>&-")
    assert done.returncode == 0
    with closing(sqlite3.connect(tmp_path / "new.db")) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("SELECT count(*) FROM photos").fetchone() == (1,)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_name_that_is_no_text_or_not_in_the_encoding_of_the_terminal_is_spelt_out(tmp_path, encoding):
    prepare(tmp_path)
    name = os.fsdecode("caf\u00e9 \U0001f642 ".encode() + b"\x07\xff.jpg")
    (tmp_path / name).write_bytes((tmp_path / "pictures" / "a.jpg").read_bytes())
    command = [sys.executable, "-m", "datasette_gphotos_dedupe.cli", "find", "--missing", "photos.db", name]
    done = run(tmp_path, command, "", PYTHONIOENCODING=encoding)
    told = "caf\u00e9 \U0001f642 \\u0007\\udcff.jpg\n".encode(encoding, "backslashreplace")
    assert (done.returncode, done.stdout, done.stderr) == (1, told, b"")


def test_a_byte_that_is_no_text_is_spelt_as_json_spells_it():
    assert plain_text("a\udcffb") == "a\\udcffb"
