"""A match step that is killed goes on where it was, and ends in the tables of an undisturbed run."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time

from datasette_gphotos_dedupe.store.database import open_database
from tests.pictures import add_photos, photo_rows, picture
from tests.pipeline.test_matching import tables

# small batches, each slow enough to be hit between two
MATCH = """
import sys, time
from datasette_gphotos_dedupe.pipeline import matching
from datasette_gphotos_dedupe.pipeline.progress import Progress
from datasette_gphotos_dedupe.store.database import open_database

class Slow(Progress):
    def advance(self, count=1):
        time.sleep(0.05)

matching.PAIRS_AT_ONCE = 3
print("started", flush=True)
matching.match_library(open_database(sys.argv[1]), Slow(silent=True), matching.MatchOptions(workers=1))
"""


def start(path) -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, "-c", MATCH, str(path)], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def test_a_match_step_killed_again_and_again_ends_as_if_undisturbed(tmp_path):
    path, undisturbed, draw = tmp_path / "killed.db", tmp_path / "undisturbed.db", random.Random(7)
    db = open_database(path)
    rows = []
    for seed in range(8):
        image = picture(seed)
        for name, version in (
            ("a", image),
            ("b", image.resize((320, 240))),
            ("c", image.transpose(0)),
            ("d", image.resize((400, 300))),
        ):
            rows.append(photo_rows(f"{name}{seed}", version, taken_at=f"2020-01-0{seed + 1}T10:00:00Z"))
    draw.shuffle(rows)
    add_photos(db, rows)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.conn.close()
    shutil.copy(path, undisturbed)
    with start(undisturbed) as process:
        assert process.wait(60) == 0
    unfinished = 0
    for _ in range(6):
        with start(path) as process:
            time.sleep(draw.uniform(0.05, 0.5))
            process.kill()
            unfinished += process.wait() != 0
    with start(path) as process:
        assert process.wait(60) == 0
    killed, whole = open_database(path), open_database(undisturbed)
    assert (unfinished > 0, killed.execute("PRAGMA integrity_check").fetchone()) == (True, ("ok",))
    assert tables(killed) == tables(whole)
    killed.conn.close()
    whole.conn.close()
