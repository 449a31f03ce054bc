"""A push killed after any of its requests, with SIGKILL, and run again: one album, every photo once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from datasette_gphotos_dedupe.album import plan_push, read_candidates, run_push
from datasette_gphotos_dedupe.store import pushes
from tests.google.library import build_pushable, fates

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
REQUESTS = 8  # token, albums, new album, three batches, album read back, text


def run_in_a_process(path, push_id, auth_path) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.album.push_driver", str(path), str(push_id), str(auth_path)]
    return subprocess.Popen(command, env=dict(os.environ))


@pytest.mark.parametrize("fatal", range(1, REQUESTS + 1))
def test_a_push_killed_after_a_request_ends_in_the_same_album(fake, client, auth_path, tmp_path, fatal):
    path = tmp_path / "photos.db"
    db = build_pushable(path, fake, 120)
    push_id = pushes.create_push(db.conn, plan_push(read_candidates(db.conn), "Duplicates"), None)
    fake.before_answer = lambda entry: process.kill() if len(fake.log) == fatal else None
    process = run_in_a_process(path, push_id, auth_path)
    assert process.wait(60) == -signal.SIGKILL
    fake.before_answer = None
    assert run_push(path, push_id, client).state == "done"
    assert fake.album_filenames("Duplicates") == [f"copy{number:05d}.jpg" for number in range(120)]
    assert len(fake.album("Duplicates").enrichments) <= 1
    assert fates(db) == {"added": 120}
    db.conn.close()


def test_an_undisturbed_push_makes_as_many_requests_as_were_killed(fake, auth_path, tmp_path):
    path = tmp_path / "photos.db"
    db = build_pushable(path, fake, 120)
    push_id = pushes.create_push(db.conn, plan_push(read_candidates(db.conn), "Duplicates"), None)
    db.conn.close()
    assert run_in_a_process(path, push_id, auth_path).wait(60) == 0
    assert len(fake.log) == REQUESTS
