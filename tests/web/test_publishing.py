"""The commands of the manual that put a copy into a container: what they would build, with stand-ins for docker and gcloud."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from datasette_gphotos_dedupe.export import export_database
from datasette_gphotos_dedupe.metadata_file import metadata_yaml
from tests.made_library import build_library

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "publish.md").read_text(encoding="utf8")
# Called in the folder that is to be built: keeps it, and answers what `datasette publish cloudrun` asks for.
STAND_IN = """#!/bin/sh
case "$*" in *get-value*) echo a-project ;; esac
[ -f Dockerfile ] && cp -r . "$KEPT"
exit 0
"""


@pytest.fixture
def place(tmp_path):
    """A folder with a copy, its metadata, and the stand-ins on the path."""
    build_library(tmp_path / "photos.db", groups=2).close()
    export_database(tmp_path / "photos.db", tmp_path / "report.db")
    (tmp_path / "report.yml").write_text(metadata_yaml(("report",)))
    (tmp_path / "bin").mkdir()
    for name in ("docker", "gcloud"):
        (tmp_path / "bin" / name).write_text(STAND_IN)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("command", ["datasette package", "datasette publish cloudrun"])
def test_the_command_of_the_readme_builds_an_image_of_the_copy_and_nothing_else(place, command):
    (line,) = re.findall(rf"^    ({command} .*)$", PAGE, re.MULTILINE)
    kept = place / "kept"
    environment = {**os.environ, "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}", "KEPT": str(kept)}
    arguments = [sys.executable, "-m", *shlex.split(line)]
    done = subprocess.run(arguments, cwd=place, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in kept.iterdir()) == ["Dockerfile", "metadata.json", "report.db"]
    assert (kept / "report.db").read_bytes() == (place / "report.db").read_bytes()
    told = (kept / "Dockerfile").read_text()
    assert "pip install -U datasette datasette-gphotos-dedupe" in told
    assert re.search(r"datasette serve --host 0\.0\.0\.0 -i report\.db .*--metadata metadata\.json", told)
    assert "--setting default_allow_sql off" in told
    assert set(re.findall(r"^ENV (\w+)", told, re.MULTILINE)) == {"DATASETTE_SECRET", "PORT"}
    assert not re.search(r"auth|token|client_secret", told, re.IGNORECASE)
