"""A match step that is stopped goes on where it was, and ends in the tables of an undisturbed run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from datasette_gphotos_dedupe.core.verdict.compared_photo import Subject
from datasette_gphotos_dedupe.errors import GphotosError
from datasette_gphotos_dedupe.pipeline import comparing_previews
from datasette_gphotos_dedupe.pipeline.comparing_previews import Comparison, Verifier
from datasette_gphotos_dedupe.store.database import open_database
from tests.pictures import add_photos, jpeg, photo_rows, picture

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked, and end by signals")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """What the driver tells of a library of copies, mirrored versions, broken files and two chains that no keeper holds together."""
    folder = tmp_path_factory.mktemp("stopped")
    db = open_database(folder / "base.db")
    rows = []
    for seed in range(4):
        image, when = picture(seed), {"camera_taken_at": f"2020-01-0{seed + 1}T10:00:00.120"}
        rows.append(photo_rows(f"c{seed}", image, **when))
        rows.append(photo_rows(f"a{seed}", image.resize((320, 240)), **when))
        rows.append(photo_rows(f"b{seed}", image.transpose(0)))
        rows.append(photo_rows(f"d{seed}", image.crop((32, 24, 608, 456)).resize((400, 300))))
    add_photos(db, rows)
    with db.atomic():
        db["photos"].insert_all([{"photo_id": f"e{n}", "source": "folder", "sha1": "broken", "bytes": 5} for n in range(3)])
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.conn.close()
    command = [sys.executable, "-m", "tests.pipeline.match_driver", str(folder)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=300).stdout)


@pytest.mark.parametrize("ended", [-signal.SIGKILL, 130])
def test_stopped_at_any_statement_it_ends_in_the_tables_of_an_undisturbed_run(stopped, ended):
    runs = [run for run in stopped["runs"] if run[1] == ended]
    assert len(runs) >= 10  # Ctrl-C that comes while SQLite calls back is lost, as any exception there
    assert [run for run in runs if not run[2]] == []


def comparisons() -> tuple[list[Comparison], dict[str, Subject]]:
    content = jpeg(picture(0, (320, 240)))
    subjects = {name: Subject(name, content, 320, 240) for name in "ab"}
    return [Comparison("a", "b", 0, "base")] * 120, subjects


def test_a_process_that_is_ended_from_outside_is_told_in_a_sentence(monkeypatch):
    monkeypatch.setattr(comparing_previews, "FEW_PAIRS", 1)
    with Verifier(2) as verifier:
        assert len(verifier.verify(*comparisons())) == 120
        os.kill(next(iter(verifier._pool._processes)), signal.SIGKILL)
        with pytest.raises(GphotosError, match="^A process that compared pictures was ended from outside, .* with --workers 1.$"):
            for _ in range(50):
                verifier.verify(*comparisons())


KILLED = """
import time
from datasette_gphotos_dedupe.pipeline import comparing_previews
from tests.pipeline.test_matching_killed import comparisons

comparing_previews.FEW_PAIRS = 1
with comparing_previews.Verifier(2) as verifier:
    verifier.verify(*comparisons())
    print("working", flush=True)
    time.sleep(600)
"""


def test_comparing_processes_end_when_their_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"working\n"
        process.kill()
        # every process of it holds the other end of this pipe: it ends when the last of them does
        assert process.communicate(timeout=60)[0] == b""


def test_comparing_processes_leave_ctrl_c_to_their_parent():
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout.readline() == b"working\n"
        os.killpg(process.pid, signal.SIGINT)
        errors = process.communicate(timeout=60)[1].decode()
    assert (errors.count("Traceback"), errors.strip().endswith("KeyboardInterrupt")) == (1, True)
