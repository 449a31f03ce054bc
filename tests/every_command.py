"""A call of every command that does its work, for tests that walk over all of them: a new command fails until it is named here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands

from .made_library import build_library
from .pictures import jpeg, picture

load_commands()
COMMANDS = cli.commands
# The commands that ask Google, and those that run long or until they are stopped, are called so that they end at once.
CALLS = {
    "auth": ["no-client.json", "--no-browser"],
    "demo": ["no/demo.db", "--library", "made"],
    "export": ["photos.db", "copy.db"],
    "find": ["photos.db", "pictures/a.jpg"],
    "fingerprint": ["photos.db"],
    "folder": ["new.db", "pictures", "--workers", "1"],
    "handover": ["photos.db", "list.html"],
    "library": ["photos.db", "--auth", "no-auth.json"],
    "match": ["photos.db", "--dry-run"],
    "metadata": [],
    "picker": ["photos.db", "--auth", "no-auth.json"],
    "push": ["photos.db", "--album", "Duplicates", "--dry-run"],
    "repair": ["photos.db"],
    "report": ["photos.db", "report.html"],
    "review": ["no.db", "--no-open"],
    "status": ["photos.db"],
    "takeout": ["new.db", "pictures", "--workers", "1"],
    "toolkit-csv": ["new.db", "pictures/a.jpg"],
}
REFUSED = {"auth", "demo", "library", "picker", "review", "toolkit-csv"}  # called so that they end with a sentence and status 1
NOT_THERE = {"find"}  # the picture is in no library: status 1 as well


def prepare(folder: Path) -> None:
    """What the calls need, in the folder that is to be their working directory."""
    build_library(folder / "photos.db", groups=2).close()
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a.jpg").write_bytes(jpeg(picture(1)))


def command_line(name: str) -> list[str]:
    """The call as a process of its own."""
    assert name in CALLS, (
        f"a new command: name a call of {name} in CALLS of tests/every_command.py, and what it needs in prepare()"
    )
    return [sys.executable, "-m", "datasette_gphotos_dedupe.cli", name, *CALLS[name]]


def environment() -> dict[str, str]:
    """The package is found from any working directory."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
