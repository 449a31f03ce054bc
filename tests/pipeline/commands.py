"""Runs the real command in processes of its own, so that tests can kill, starve and interrupt it."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# The real command; batches of three photos, so that a small export has many moments between two.
PROGRAM = "from datasette_gphotos_dedupe.pipeline import importing; importing.BATCH_PHOTOS = 3; "
PROGRAM += "from datasette_gphotos_dedupe.cli import main; main()"


def start(*arguments: object, before: str = "", **more) -> subprocess.Popen:
    """`gphotos-to-sqlite` with these arguments. `before` is run in the process first."""
    command = [sys.executable, "-c", f"{before}\n{PROGRAM}", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def run(*arguments: object, before: str = "", **more) -> subprocess.CompletedProcess:
    """The same, to its end."""
    with start(*arguments, before=before, **more) as process:
        out, errors = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


def takeout(database: Path, *paths: object) -> list[object]:
    """The arguments of an import with one worker and no matching."""
    return ["takeout", database, "--no-match", "--workers", 1, *paths]


def obey_permissions() -> None:
    """Make this process, if it is the superuser's, heed the permissions of files: capabilities(7), PR_CAPBSET_DROP."""
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
