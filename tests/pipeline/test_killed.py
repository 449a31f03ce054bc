"""An import that is killed, starved of disk or robbed of a part loses at most the batch in flight, and goes on from there."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from datasette_gphotos_dedupe.errors import DatabaseError
from datasette_gphotos_dedupe.pipeline import importing, workers
from datasette_gphotos_dedupe.pipeline.progress import Progress

from ..exports import ID, album, part, picture, sidecar, write_tgz, year
from .commands import run, start, takeout
from .conftest import Library

NEW = ".supplemental-metadata.json"
PHOTOS = 36

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")


def members(first: int, last: int) -> dict[str, bytes]:
    made = {"Trip/metadata.json": album("Trip")}
    for number in range(first, last):
        data = picture(number)
        made |= year(f"{number}.jpg", data, number)
        if number % 3 == 0:
            made |= {f"Trip/{number}.jpg": data, f"Trip/{number}.jpg{NEW}": sidecar(f"{number}.jpg", number)}
    return made


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """Two parts, a zip and a tgz, and the database of an undisturbed import of them."""
    folder = tmp_path_factory.mktemp("export")
    parts = [
        part(folder, 1, members(0, PHOTOS // 2)),
        write_tgz(folder / f"takeout-{ID}-002.tgz", members(PHOTOS // 2, PHOTOS) | {"broken.jpg": b"\xff\xd8\xff"}),
    ]
    whole = Library(folder / "undisturbed.db")
    whole.takeout(*parts)
    tables = whole.tables()
    whole.db.close()
    return parts, tables


def sound(path) -> bool:
    """Whether the file passes SQLite's own checks."""
    library = Library(path)
    checks = library.rows("PRAGMA integrity_check"), library.rows("PRAGMA foreign_key_check")
    library.db.close()
    return checks == ([("ok",)], [])


def tables_of(path) -> dict[str, list]:
    library = Library(path)
    tables = library.tables()
    library.db.close()
    return tables


def kill_at(process: subprocess.Popen, moment_s: float) -> bool:
    """Kill it so long after it began to read; whether it was still running."""
    process.stderr.readline()  # "Reading what is in the parts: 0"
    time.sleep(moment_s)
    process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


def test_an_import_killed_at_random_moments_ends_as_if_undisturbed(export, tmp_path):
    parts, tables = export
    path, draw = tmp_path / "photos.db", random.Random(4)
    killed = 0
    while killed < 6:
        if kill_at(start(*takeout(path, *parts)), draw.uniform(0.0, 0.6)):
            killed += 1
            assert sound(path)
        else:  # it came to its end before: what is killed next has work to do again
            assert tables_of(path) == tables
            path = tmp_path / f"photos{killed}.db"
    finished = run(*takeout(path, *parts))
    assert (finished.returncode, finished.stderr.count("Traceback")) == (0, 0)
    assert tables_of(path) == tables


def test_the_reading_processes_of_a_killed_import_end_by_themselves(export, tmp_path):
    parts, _ = export
    process = start(*takeout(tmp_path / "photos.db", *parts), start_new_session=True)
    kill_at(process, 0.8)
    deadline = time.monotonic() + 30
    while processes_of_session(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of_session(process.pid) == []


def processes_of_session(session: int) -> list[str]:
    listed = subprocess.run(["ps", "-o", "stat=,args=", "--sid", str(session)], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if not line.startswith("Z")]


def test_a_full_disk_is_told_and_the_next_run_goes_on(export, tmp_path, library):
    parts, tables = export
    page_count = library.one("PRAGMA page_count")
    library.db.execute(f"PRAGMA max_page_count = {page_count + 12}")
    with pytest.raises(DatabaseError) as raised:
        library.takeout(*parts)
    assert str(raised.value) == (
        "The disk is full, so the database cannot grow. What was saved until now is good. Make room and run the same command "
        "again; it goes on from there."
    )
    assert sound(library.path)
    library.db.execute("PRAGMA max_page_count = 100000")
    library.takeout(*parts)
    assert library.tables() == tables


def test_a_limit_on_the_size_of_files_ends_in_one_sentence(export, tmp_path):
    parts, tables = export
    path = tmp_path / "photos.db"
    Library(path).db.close()
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({path.stat().st_size + 60_000},) * 2)"
    starved = run(*takeout(path, *parts), "-s", before=limit)
    assert (starved.returncode, starved.stderr) == (
        1,
        "Error: The database cannot be written: disk I/O error. What was saved until now is good. See that the disk works and "
        "has room, and run the same command again; it goes on from there.\n",
    )
    assert sound(path)
    run(*takeout(path, *parts))
    assert tables_of(path) == tables


class Vanishing(Progress):
    """A progress that takes a part away when five files have been read."""

    def __init__(self, path):
        super().__init__(silent=True)
        self.path, self.read = path, 0

    def start(self, label: str, total: int | None = None) -> None:
        super().start(label, total)
        self.read = 0

    def advance(self, count: int = 1) -> None:
        self.read += count
        if self._label == "Reading pictures" and self.read >= 5 and self.path.exists():
            os.rename(self.path, f"{self.path}.away")


def test_a_part_that_vanishes_midway_is_named_and_the_rest_is_saved(tmp_path, library, monkeypatch):
    monkeypatch.setattr(workers, "WINDOW_TASKS", 2)
    parts = [part(tmp_path, 1, members(0, 20)), part(tmp_path, 2, members(20, 24))]
    whole = Library(tmp_path / "undisturbed.db")
    whole.takeout(*parts)
    report = importing.import_takeout(library.db, parts, Vanishing(parts[0]), workers=1)
    first, second = report.parts
    assert (first.broken, second.broken) == ("takeout-20240516T230250Z-001.zip vanished while it was being read.", None)
    assert (first.seen, first.unread > 0, second.unread) == (first.used + first.sidecars + first.unread, True, 0)
    assert library.one("SELECT count(*) FROM photos") == report.photos >= 5
    shutil.move(f"{parts[0]}.away", parts[0])
    library.takeout(*parts)
    assert library.tables() == whole.tables()
    whole.db.close()


def test_a_second_run_writes_no_row_and_opens_no_picture(export, library):
    parts, _ = export
    library.takeout(*parts)
    before = library.db.conn.total_changes
    report = library.takeout(*parts)
    assert (library.db.conn.total_changes - before, report.files_read) == (0, 0)
    assert library.one("SELECT count(*) FROM runs") == 1
