"""What Datasette Lite has not: threads, processes, and every package that only imports need. `scripts/check_lite` runs the real Pyodide."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from datasette_gphotos_dedupe.export import export_database
from tests.made_library import build_library

ABSENT = ("multiprocessing", "sqlite_utils", "numpy", "PIL", "requests", "imagehash", "pebble", "faiss", "google_auth_oauthlib")
ASK = """
import asyncio, sys, threading
from datasette.app import Datasette  # may load what it likes; from here on nothing more can be had

def refuse(self):
    raise RuntimeError("can't start new thread")

threading.Thread.start = refuse
for name in {absent}:
    sys.modules[name] = None

async def ask():
    datasette = Datasette([{copy!r}], settings={{"num_sql_threads": 0}})
    await datasette.invoke_startup()
    for path in {paths}:
        answer = await datasette.client.get(path, follow_redirects=True)
        print(answer.status_code, path)

asyncio.run(ask())
"""


def paths(copy: Path) -> list[str]:
    """Pages of a published copy, whose photos have ids of its own."""
    with closing(sqlite3.connect(copy)) as conn:
        ((group, keeper),) = conn.execute("SELECT group_id, keeper_id FROM groups ORDER BY group_id LIMIT 1").fetchall()
    return [
        "/report",
        "/report/-/duplicates",
        f"/report/-/duplicates/{group}",
        f"/report/-/duplicates/{group}/compare",
        "/report/-/duplicates/calibration",
        "/report/duplicates",
        "/report/groups_by_space.json",
        f"/report/closest_to_one_photo.json?photo={keeper}",
    ]


def test_a_copy_is_read_without_threads_processes_and_what_only_imports_need(tmp_path):
    build_library(tmp_path / "photos.db", groups=4).close()
    export_database(tmp_path / "photos.db", tmp_path / "report.db")
    asked = paths(tmp_path / "report.db")
    code = ASK.format(absent=ABSENT, copy=str(tmp_path / "report.db"), paths=asked)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert done.stdout.splitlines() == [f"200 {path}" for path in asked], done.stderr
