"""What scripts/bench_reliability.py does harm with and compares with: a small export, the real command, tables of two files."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.exports import album, part, picture, sidecar, year
from tests.pipeline.commands import start

PHOTOS = 20
# How work was divided, and when it was done, may differ between two ways to one result.
UNSTABLE = {"run_id", "file_id", "started_at", "finished_at", "modified_at"}
LEFT_OUT = {"runs", "last_import", "sqlite_sequence", "_sqlite_migrations", "staged_readings"}


@dataclass
class Tally:
    """What was done how often, and every difference that was seen."""

    counts: Counter = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)

    def check(self, holds: bool, what: str) -> None:
        if not holds:
            self.troubles.append(what)


def write_export(folder: Path) -> list[Path]:
    """Two parts: photos with sidecars, small copies of every third, an album of every fourth."""
    parts = []
    for number in (1, 2):
        members: dict[str, bytes] = {"Trip/metadata.json": album("Trip")}
        for photo in range((number - 1) * PHOTOS // 2, number * PHOTOS // 2):
            taken = 1_561_739_884 + 3600 * photo
            data = picture(photo, (640, 480))
            members |= year(f"IMG_{1000 + photo}.jpg", data, photo, taken)
            if photo % 3 == 0:
                small = picture(photo, (320, 240), quality=80)
                members |= year(f"IMG_{1000 + photo}-small.jpg", small, 500 + photo, taken)
            if photo % 4 == 0:
                name = f"Trip/IMG_{1000 + photo}.jpg"
                members |= {name: data, f"{name}.supplemental-metadata.json": sidecar(f"IMG_{1000 + photo}.jpg", photo, taken)}
        parts.append(part(folder, number, members))
    return parts


def arguments(database: Path, parts: list[Path]) -> list[object]:
    return ["takeout", database, "--silent", "--workers", 1, *parts]


def finish(database: Path, parts: list[Path], before: str = "") -> None:
    """An undisturbed run to the end."""
    status, errors = attempt(database, parts, before)
    if status:
        raise RuntimeError(errors)


def attempt(database: Path, parts: list[Path], before: str = "", **more) -> tuple[int, str]:
    """Exit status and errors of a run that nobody kills."""
    with start(*arguments(database, parts), before=before, **more) as process:
        _, errors = process.communicate(timeout=600)
    return process.returncode, errors


def is_sentence(errors: str) -> bool:
    """Whether a failed run said why in one sentence of ours."""
    return errors.startswith("Error: ") and errors.count("\n") == 1 and "Traceback" not in errors


@contextlib.contextmanager
def small_disk(folder: Path, size_bytes: int):
    """A disk of its own, in memory, of this size; None where this user may not mount one."""
    folder.mkdir(exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(["mount", *options], capture_output=True).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def signal_all(process: subprocess.Popen, what: int) -> None:
    """To the program and its reading processes; it may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, what)


def end(process: subprocess.Popen) -> None:
    signal_all(process, signal.SIGKILL)
    process.communicate()


def tables(database: Path) -> dict[str, list]:
    """Every row of every table, without the columns that tell the order of work."""
    with closing(sqlite3.connect(database)) as conn:
        names = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts%'")]
        found = {}
        for name in sorted(set(names) - LEFT_OUT):
            columns = [row[1] for row in conn.execute(f"PRAGMA table_info({name})") if row[1] not in UNSTABLE]
            found[name] = sorted(conn.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall(), key=repr)
        return found


def is_sound(database: Path) -> bool:
    if not database.exists():
        return True
    with closing(sqlite3.connect(database)) as conn:
        whole = conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return whole and conn.execute("PRAGMA foreign_key_check").fetchall() == []


def differing(found: dict[str, list], expected: dict[str, list]) -> str:
    return ", ".join(name for name in expected if found.get(name) != expected[name])
