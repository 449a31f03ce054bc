"""What a person sees of a running import, stopping it, and others who use the database meanwhile: real processes."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import time

import pytest
from datasette.app import Datasette

from ..exports import ID, Members, part, picture, write_tgz, year
from .commands import run, start, takeout
from .conftest import Library

PHOTOS = 24


def members(first: int, last: int) -> Members:
    return {name: data for number in range(first, last) for name, data in year(f"{number}.jpg", picture(number), number).items()}


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    tgz = write_tgz(folder / f"takeout-{ID}-002.tgz", members(PHOTOS // 2, PHOTOS))
    return [part(folder, 1, members(0, PHOTOS // 2)), tgz]


@pytest.fixture(scope="module")
def tables(parts, tmp_path_factory):
    library = Library(tmp_path_factory.mktemp("whole") / "photos.db")
    library.takeout(*parts)
    found = library.tables()
    library.db.close()
    return found


def left_behind(session: int) -> list[str]:
    """The processes that do not end: one that was killed may take a moment on a busy machine."""
    deadline = time.monotonic() + 60
    while (found := processes_of(session)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def processes_of(session: int) -> list[str]:
    listed = subprocess.run(["ps", "-o", "stat=,args=", "--sid", str(session)], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if not line.startswith("Z")]


def test_away_from_a_terminal_the_lines_tell_parts_photos_and_rates(parts, tmp_path):
    # or a slow machine would see a line between
    unhurried = "from datasette_gphotos_dedupe.pipeline import progress; progress.FIRST_INTERVAL_S = 1000"
    done = run(*takeout(tmp_path / "photos.db", *parts), before=unhurried)
    plain = re.sub(r", [\d,]+ a (second|minute)", ", R a second", done.stderr)
    assert plain.splitlines() == [
        "Reading what is in the parts: 0",
        "Reading what is in the parts: 48, R a second",
        "Reading pictures: 0 of 24 (0%)",
        "Reading pictures: 24 of 24 (100%), R a second",
    ]
    assert done.stdout.splitlines() == [
        "takeout-20240516T230250Z-001.zip: 24 files = 12 used + 12 sidecars",
        "takeout-20240516T230250Z-002.tgz: 24 files = 12 used + 12 sidecars",
        "24 photos: 24 new, 0 with news.",
    ]


def test_silent_prints_the_summary_and_no_progress(parts, tmp_path):
    done = run(*takeout(tmp_path / "photos.db", "-s", *parts))
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 3)


# Each picture takes a second, as a large one would on a slow machine.
SLOW = """
from datasette_gphotos_dedupe.pipeline import workers
from tests.pipeline.slow import read_slowly
workers.read_limited = read_slowly
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a group of processes")
def test_ctrl_c_while_the_reading_processes_start_shows_no_traceback(parts, tmp_path):
    ends = []
    for moment_s in (0.05, 0.2, 0.6):
        process = start(*takeout(tmp_path / f"{moment_s}.db", parts[0]), before=SLOW, start_new_session=True)
        assert process.stderr.readline() == "Reading what is in the parts: 0\n"
        time.sleep(moment_s)  # any moment will do; at most of these the server of the reading processes loads its libraries
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=120)
        ends.append((process.returncode, errors.count("Traceback"), left_behind(process.pid)))
    assert ends == [(130, 0, [])] * 3


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a group of processes")
def test_ctrl_c_ends_with_the_summary_so_far(parts, tmp_path, tables):
    path = tmp_path / "photos.db"
    process = start(*takeout(path, parts[0]), before=SLOW, start_new_session=True)
    while "Reading pictures" not in process.stderr.readline():
        pass
    time.sleep(3)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to every process of the command
    pressed = time.monotonic()
    out, errors = process.communicate()
    waited_s = time.monotonic() - pressed
    account, stopped, advice = out.splitlines()
    assert (process.returncode, "Traceback" in errors, left_behind(process.pid)) == (130, False, [])
    found = re.fullmatch(
        r"takeout-20240516T230250Z-001\.zip: 24 files = (\d+) used \+ 12 sidecars \+ (\d+) not read yet", account
    )
    used, unread = int(found[1]), int(found[2])
    assert (used + unread, stopped) == (12, f"Stopped. {used} photo{'s' * (used != 1)}: {used} new, 0 with news.")
    assert advice == "What was read until now is saved. Run the same command again; it goes on from there."
    conn = sqlite3.connect(path)
    assert conn.execute("SELECT count(*), (SELECT state FROM runs) FROM photos").fetchone() == (used, "stopped")
    conn.close()
    assert waited_s < 5  # one second on a machine that has nothing else to do; the bench measures it
    run(*takeout(path, *parts))
    library = Library(path)
    assert library.tables() == tables
    library.db.close()


def test_two_imports_of_the_same_parts_at_once_end_in_the_same_tables(parts, tmp_path, tables):
    path = tmp_path / "photos.db"
    Library(path).db.close()
    both = [start(*takeout(path, "-s", *parts)) for _ in range(2)]
    ends = [(process.communicate(timeout=120)[1], process.returncode) for process in both]
    library = Library(path)
    assert (ends, library.tables()) == ([("", 0)] * 2, tables)
    library.db.close()


@pytest.mark.asyncio
async def test_datasette_serves_the_database_while_an_import_writes_it(parts, tmp_path, tables):
    path = tmp_path / "photos.db"
    Library(path).db.close()
    datasette = Datasette([str(path)])
    process = start(*takeout(path, "-s", *parts))
    statuses, counts = set(), []
    while process.poll() is None:
        answer = await datasette.client.get(
            "/photos.json?sql=select+count(*)+from+photos&_shape=arrayfirst", follow_redirects=True
        )
        statuses.add(answer.status_code)
        counts += answer.json()
    process.communicate()
    assert (process.returncode, statuses, counts == sorted(counts)) == (0, {200}, True)
    library = Library(path)
    assert library.tables() == tables
    library.db.close()
    for database in datasette.databases.values():
        database.close()
