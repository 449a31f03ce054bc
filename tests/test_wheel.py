"""What is installed from a wheel, and not from a checkout: command, templates, static files, entry points."""

from __future__ import annotations

import email
import email.message
import importlib.metadata
import json
import os
import re
import sqlite3
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.pictures import jpeg, picture

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "datasette_gphotos_dedupe"


def run(*command: str | Path, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # which would bring the checkout along
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=clean, capture_output=True, text=True, timeout=300)
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
    programs, site = install(wheel, tmp_path_factory.mktemp("environment"))
    # A path in a .pth file lends packages; the .pth of an editable install in there is not read.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return programs


def install(wheel: Path, folder: Path) -> tuple[Path, Path]:
    """The programs and the packages of a new environment that holds the wheel and nothing else."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel, cwd=folder)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    return python.parent, site


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


def metadata_of(wheel: Path) -> email.message.Message:
    """What the wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_the_description_for_a_package_index_links_to_no_file(wheel):
    text = metadata_of(wheel).get_payload()
    assert "How it decides" in text
    assert re.findall(r"\]\((?!https?:|#)[^)]*\)", text) == []


def test_in_a_browser_the_wheel_requires_datasette_alone(wheel):
    """Datasette Lite's installer resolves what a wheel requires and refuses it for one package that has no build for browsers."""
    told = metadata_of(wheel)
    required = [Requirement(text) for text in told.get_all("Requires-Dist")]
    needed = {
        platform: {one.name for one in required if not one.marker or one.marker.evaluate({"sys_platform": platform, "extra": ""})}
        for platform in ("emscripten", "linux", "darwin", "win32")
    }
    assert needed["emscripten"] == {"datasette"}
    assert (
        needed["linux"] - {"hexhamming"}
        == needed["darwin"]
        == needed["win32"]
        > {"datasette", "numpy", "sqlite-utils", "faiss-cpu"}
    )


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


def required_by(name: str, found: set[str]) -> set[str]:
    """The distributions that this one cannot do without, itself included."""
    found.add(name)
    for wanted in map(Requirement, importlib.metadata.requires(name) or ()):
        needed = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        if needed and canonicalize_name(wanted.name) not in found:
            required_by(canonicalize_name(wanted.name), found)
    return found


@pytest.fixture(scope="module")
def image(wheel, tmp_path_factory) -> Path:
    """The programs of an environment as a published copy is served from: the wheel, datasette and what datasette requires."""
    programs, site = install(wheel, tmp_path_factory.mktemp("image"))
    lent = Path(sysconfig.get_path("purelib"))
    files = [file for name in required_by("datasette", set()) - {"pip"} for file in importlib.metadata.files(name) or ()]
    for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
        (site / top).symlink_to(lent / top)
    return programs


@pytest.fixture(scope="module")
def published(installed, library) -> Path:
    """A copy of the library as the command `export` makes it for the public."""
    run(installed / "gphotos-to-sqlite", "export", "photos.db", "public.db", cwd=library)
    return library / "public.db"


def test_the_image_lacks_what_only_imports_need(image, library):
    for module in ("numpy", "PIL", "imagehash", "requests", "pebble"):
        told = run(image / "python", "-c", f"import importlib.util as u; print(u.find_spec({module!r}))", cwd=library)
        assert told.strip() == "None", module


@pytest.mark.parametrize(
    "address, expected",
    [
        ("/public/-/duplicates", "IMG_1234.jpg"),
        ("/public/-/duplicates/{group}", "IMG_1234 copy.jpg"),
        ("/public/-/duplicates/{group}.json", '"evidence"'),
        ("/public/-/duplicates/{group}/compare", "IMG_1234 copy.jpg"),
        ("/public/-/duplicates/calibration", "Distances by kind"),
        ("/public/groups_by_space.json?_shape=array", '"relation": "re_encode"'),
        ("/public/photos", "/public/-/thumbnail/"),
        ("/public/photos.json?_where=hamming('00ff','0000')=8&_shape=array", "IMG_1234.jpg"),
    ],
)
def test_a_published_copy_is_served_without_anything_else(image, published, address, expected):
    with sqlite3.connect(published) as conn:
        (group_id,) = conn.execute("SELECT group_id FROM groups").fetchone()
    told = run(image / "python", "-m", "datasette", published, "--get", address.format(group=group_id), cwd=published.parent)
    assert expected in told


def test_every_page_can_be_loaded_without_anything_else(image, published):
    """Also those that only ever serve people who review: their route answers who may not with a reason and not with a failure."""
    load = f"""
import importlib, pkgutil, {PACKAGE}.web as web
print(*[importlib.import_module(room.name).__name__ for room in pkgutil.walk_packages(web.__path__, web.__name__ + '.')])
"""
    assert f"{PACKAGE}.web.pages.group" in run(image / "python", "-c", load, cwd=published.parent)
