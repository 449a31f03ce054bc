"""Whatever is named as a file or folder to read or write: no command waits, reads without end, or ends in a traceback.

The commands and their paths come from the commands themselves: a new one is tested by being there.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli
from datasette_gphotos_dedupe.input_file import open_input, read_input
from tests.every_command import CALLS, COMMANDS, environment, prepare

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pipes, sockets and devices as Linux has them")
PACKAGE = Path(__file__).resolve().parents[2] / "datasette_gphotos_dedupe"
PATHS = [(name, param.name) for name in sorted(COMMANDS) for param in COMMANDS[name].params if isinstance(param.type, click.Path)]
LONGEST_S = 20
MAY_APPEAR = {f"{name}{ending}" for name in ("new.db", "photos.db") for ending in ("", "-wal", "-shm")} | {"made"}
NOBODY = 65534
HOSTILE = {
    "pipe": "pipe",
    "socket": "socket",
    "links in a circle": "loop",
    "device": "/dev/zero",
    "empty device": "/dev/null",
    "memory": "/proc/self/mem",
    "long name": "x" * 300,
    "long path": "x/" * 5000,
    "NUL": "a\0b",
    "no name": "",
    "below a file": "empty/x",
}
SENTENCES = re.compile(
    "pipe|socket|symbolic|device|is a file|did not start|no sign-in|must end in|could not be read|ordinary file|long|NUL|folder|directory|"
    "does not exist|empty|cannot be read|no such"
)


# With the usual call these would end before they come to the path.
REACHING = {("auth", "auth_path"): ["client.json"], ("review", "auth_path"): ["no.db"]}
CLIENT = {"client_id": "x", "client_secret": "x", "auth_uri": "http://127.0.0.1:9/a", "token_uri": "http://127.0.0.1:9/t"}


class Late(BaseException):
    """The command has not ended."""


def test_there_are_paths_to_try():
    assert {name for name, _ in PATHS} >= {"find", "takeout", "folder", "toolkit-csv", "auth", "match", "export", "handover"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:  # pytest's own folders are closed to everybody else
        yield from _filled(Path(made))


def _filled(folder: Path) -> Iterator[Path]:
    folder.chmod(0o777)
    prepare(folder)
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "empty").write_bytes(b"")
    (folder / "client.json").write_text(json.dumps({"installed": CLIENT}))
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(folder / "socket"))
        yield folder


@pytest.fixture
def bounded():
    """A test that waits, or reads a device into memory, fails instead of taking the machine with it."""

    def late(*_: object) -> None:
        raise Late

    before, limit = signal.signal(signal.SIGALRM, late), resource.getrlimit(resource.RLIMIT_AS)
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + 1_500_000_000, limit[1]))
    signal.alarm(LONGEST_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    resource.setrlimit(resource.RLIMIT_AS, limit)


def call(name: str, which: str, value: str) -> list[str]:
    """The call of a command with `value` as one of its paths, and what lets it get that far."""
    given = iter(REACHING.get((name, which)) or [word for word in CALLS[name] if not word.startswith("-")])
    words = [name]
    for param in COMMANDS[name].params:
        if isinstance(param, click.Argument):
            usual = next(given, None)
            words += [value] if param.name == which else [usual] if usual else []
        elif param.name == which:
            words += [param.opts[0], value]
        elif param.name in ("no_browser", "no_open", "replace", "silent"):
            words.append(param.opts[0])
        elif param.required:
            words += [param.opts[0], "x"]
    return words


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("name, which", PATHS, ids=["-".join(pair) for pair in PATHS])
def test_what_is_no_file_to_read_or_write_is_told_in_a_sentence(folder, monkeypatch, name, which, kind):
    monkeypatch.chdir(folder)
    before = {path.name for path in folder.iterdir()}
    done = CliRunner().invoke(cli, call(name, which, HOSTILE[kind]))
    assert isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code in (1, 2) and SENTENCES.search(done.output), done.output
    assert {path.name for path in folder.iterdir()} - before <= MAY_APPEAR


@contextlib.contextmanager
def as_somebody_else() -> Iterator[None]:
    """The superuser may read everything, so the effective user is another one meanwhile."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("kind", ["file", "folder", "file in a folder"])
@pytest.mark.parametrize("name, which", PATHS, ids=["-".join(pair) for pair in PATHS])
def test_what_may_not_be_read_is_told_in_a_sentence(folder, monkeypatch, name, which, kind):
    monkeypatch.chdir(folder)
    for path in folder.glob("photos.db*"):
        path.chmod(0o666)
    secret = Path(tempfile.mkdtemp(dir=folder)) / "secret"
    secret.parent.chmod(0o777)
    if kind == "file":
        secret.write_bytes(b"x" * 100)
    else:
        secret.mkdir()
        (secret / "a.jpg").write_bytes((folder / "pictures" / "a.jpg").read_bytes())
    secret.chmod(0)
    CliRunner().invoke(
        cli, call(name, which, str(secret.parent / "none" / "none"))
    )  # what is loaded late may be where only the superuser reads
    words = call(name, which, str(secret / "a.jpg" if kind == "file in a folder" else secret))
    with as_somebody_else():
        done = CliRunner().invoke(cli, words)
    shutil.rmtree(secret.parent)
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    replaced = kind == "file" and "--replace" in words and which in ("out", "output")  # what it held nobody asks
    assert done.exit_code in ((0, 1) if replaced else (1, 2)), done.output


def test_a_folder_that_cannot_be_looked_into_is_told_and_the_rest_is_looked_up(folder):
    """Status 0 would say that all of it is in the library."""
    (folder / "partly" / "closed").mkdir(parents=True)
    (folder / "partly" / "closed").chmod(0)
    shutil.copy(folder / "pictures" / "a.jpg", folder / "partly")
    for path in folder.glob("photos.db*"):
        path.chmod(0o666)
    words = ["find", str(folder / "photos.db"), str(folder / "partly")]
    CliRunner().invoke(cli, words)
    with as_somebody_else():
        done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2, done.output
    assert f"{folder / 'partly' / 'closed'} cannot be looked into: Permission denied." in done.output
    assert f"{folder / 'partly' / 'a.jpg'}: " in done.output


def test_one_bad_path_among_good_ones_costs_itself_alone(folder, monkeypatch):
    monkeypatch.chdir(folder)
    bad = ["pipe", "loop", "socket", "/dev/zero", "x" * 300, "missing"]
    done = CliRunner().invoke(cli, ["find", "photos.db", *bad, "pictures/a.jpg"])
    lines = done.output.splitlines()
    assert done.exit_code == 2 and "pictures/a.jpg: " in done.output
    assert [sum(line.startswith(f"{path} cannot be ") for line in lines) for path in bad] == [1] * len(bad), lines


def test_a_name_of_bytes_that_are_no_text_is_read_like_any_other(folder, tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff\xfe.jpg"
    Path(os.fsdecode(name)).write_bytes((folder / "pictures" / "a.jpg").read_bytes())
    command = [sys.executable, "-m", "datasette_gphotos_dedupe.cli", "find", str(folder / "photos.db")]
    done = subprocess.run([*map(os.fsencode, command), name], capture_output=True, env=environment(), timeout=60)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"\\udcff\\udcfe.jpg: " in done.stdout


def test_only_a_small_file_is_read_as_a_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 11)
    assert read_input(tmp_path / "a", 11) == b"x" * 11
    with pytest.raises(OSError, match="larger than any file of its kind"):
        read_input(tmp_path / "a", 10)


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(tmp_path, monkeypatch):
    """Between the look and the opening."""
    (tmp_path / "a").write_bytes(b"x")
    looked = os.stat(tmp_path / "a")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(os, "stat", lambda path: looked)
    with pytest.raises(OSError, match="it is a named pipe"):
        open_input(tmp_path / "pipe")


# What opens bytes, streams, a browser, and the one place itself.
NO_FILES = {"Image.open", "av.open", "tarfile.open", "webbrowser.open", "self.staging.open"}
# Files that nobody named: the program's own, and those that it has just made or is about to make.
OWN_FILES = {
    "album/handover_files.py": {"Path(__file__).with_name('handover.js').read_text"},
    "album/lock.py": {"os.open"},
    "album/worklist.py": {"(HERE / 'worklist.html').read_text", "(HERE.parent / 'static' / 'review.css').read_text"},
    "cli/datasette_server.py": {"log.read_text"},
    "cli/terminal.py": {"open", "os.open"},
    "pipeline/worker_mute.py": {"os.open"},
    "pipeline/workers.py": {"open"},
    "report/page.py": {"(HERE.parent / 'static' / 'review.css').read_text"},
    "sources/archives/inventory.py": {"path.read_bytes"},
    "store/database.py": {"os.open"},
}


def calls_that_open(path: Path) -> set[str]:
    """Calls of `open` and its like, for reading or in a mode that nobody can tell."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        modes = [ast.unparse(word) for word in [*node.args, *(each.value for each in node.keywords)]]
        if re.search(r"(^|[.])(open|read_bytes|read_text)$", called) and not {"'w'", "'wb'"} & set(modes):
            found.add(called)
    return found - NO_FILES


def test_every_file_that_a_person_or_a_table_names_is_opened_in_one_place():
    found = {path.relative_to(PACKAGE).as_posix(): calls_that_open(path) for path in PACKAGE.rglob("*.py")}
    assert found.pop("input_file.py") == {"os.open"}
    assert {path: calls for path, calls in found.items() if calls} == OWN_FILES


@pytest.mark.parametrize("name", [name for name in CALLS if CALLS[name][:1] == ["photos.db"]])
def test_a_library_beside_which_nothing_may_be_laid_is_used_or_told_of_in_a_sentence(monkeypatch, name):
    """SQLite may not even read one that is written to as ours is, in a folder where nothing can be written."""
    with tempfile.TemporaryDirectory() as made:
        monkeypatch.chdir(made)
        prepare(Path(made))
        CliRunner().invoke(cli, [name, *CALLS[name]])
        for path in Path(made).glob("photos.db?*"):
            path.unlink()
        Path("photos.db").chmod(0o444)
        Path(made).chmod(0o555)
        with as_somebody_else():
            done = CliRunner().invoke(cli, [name, *CALLS[name]])
        Path(made).chmod(0o700)
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code in (0, 1) and done.output.strip(), done.output
