"""What is installed from a wheel, and not from a checkout: command, templates, static files, entry points."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.pictures import jpeg, picture

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "datasette_gphotos_dedupe"


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A wheel built from the files that git knows, so that nothing lying about can help."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", target, source, cwd=target)
    (found,) = target.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The programs of an environment that holds the wheel. What it requires is lent by the environment of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel, cwd=folder)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # A path in a .pth file lends packages; the .pth of an editable install in there is not read.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def test_the_wheel_holds_every_file_of_the_package(wheel):
    tracked = subprocess.run(["git", "ls-files", PACKAGE], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith(f"{PACKAGE}/")}
    assert {name for name in tracked if name and (ROOT / name).is_file()} == packed


def test_the_wheel_installs_no_tests_and_no_scripts(wheel):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {PACKAGE}


@pytest.fixture(scope="module")
def library(installed, tmp_path_factory) -> Path:
    """A database made by the installed command, in a folder where no checkout is near."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "pictures").mkdir()
    (folder / "pictures" / "IMG_1234.jpg").write_bytes(jpeg(picture(5, (1200, 900))))
    (folder / "pictures" / "IMG_1234 copy.jpg").write_bytes(jpeg(picture(5, (1200, 900)), 60))
    run(installed / "gphotos-to-sqlite", "folder", "photos.db", "pictures", "-s", cwd=folder)
    return folder


def test_the_installed_command_imports_and_matches(installed, library):
    asked = "select relation from groups"
    rows = json.loads(run(installed / "python", "-m", "sqlite_utils", "query", "photos.db", asked, cwd=library))
    assert rows == [{"relation": "re_encode"}]


@pytest.mark.parametrize(
    "address, expected",
    [
        ("/photos/-/duplicates", "IMG_1234.jpg"),
        ("/-/static-plugins/datasette_gphotos_dedupe/review.css", ".gphotos"),
        ("/photos/groups_by_space.json?_shape=array", '"relation": "re_encode"'),
        ("/-/plugins.json", "gphotos"),
    ],
)
def test_datasette_serves_pages_static_files_and_queries_from_the_wheel(installed, library, address, expected):
    assert expected in run(installed / "python", "-m", "datasette", "photos.db", "--get", address, cwd=library)


def test_sqlite_utils_gets_hamming_from_the_wheel(installed, library):
    told = run(installed / "python", "-m", "sqlite_utils", "memory", "select hamming('00ff', '0000') as bits", cwd=library)
    assert json.loads(told) == [{"bits": 8}]


def test_the_package_is_the_installed_one(installed, library):
    place = run(installed / "python", "-c", f"import {PACKAGE}; print({PACKAGE}.__file__)", cwd=library)
    assert Path(place.strip()).is_relative_to(installed.parent)
