#!/usr/bin/env python3
"""Whether a published copy works in Datasette Lite, as far as a machine without a browser can tell. `scripts/check_lite` calls this.

Lite is Datasette in Pyodide: Python compiled for the browser, without threads, processes, network or compiled packages of ours.
Pyodide runs here under Node. It gets the wheel of this package and what Datasette requires, unpacked without any of what only
imports need, opens an exported copy as Lite does, and asks for its pages. At the end it says what it could not check.

    check_lite.py PYODIDE...     folders of the npm package, in the order of trying: first the version that Lite pins

That version fetches its SQLite from another host. Where that cannot be reached, the next folder is used, and it is said.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from datasette_gphotos_dedupe.export import export_database  # noqa: E402
from tests.made_library import build_library, photo_id  # noqa: E402
from tests.test_wheel import required_by  # noqa: E402

GROUP = photo_id(0)
PAGES = {
    "/": "report",
    "/report": "Duplicate",
    "/report/-/duplicates": "IMG_0000.jpg",
    f"/report/-/duplicates/{GROUP}": 'src="data:image/jpeg;base64,/9j/',
    f"/report/-/duplicates/{GROUP}.json": '"evidence"',
    f"/report/-/duplicates/{GROUP}/compare": 'src="data:image/jpeg;base64,/9j/',
    "/report/-/duplicates/calibration": "Distances by kind",
    "/report/thumbnails": 'src="data:image/jpeg;base64,/9j/',
    "/report/duplicates": "IMG_0000_thumb.jpg",
    "/report/duplicates.csv?_stream=on": "IMG_0000_thumb.jpg",
    "/report/groups_by_space.json?_shape=array": '"relation"',
    f"/report/closest_to_one_photo.json?_shape=array&max_bits=256&photo={GROUP}": "distance_bits",
    "/report/photos.json?_where=hamming('00ff','0000')=8&_shape=array": "IMG_0000.jpg",
}
"""Paths, each with a text that must be in the answer."""

# As the page of Datasette Lite starts it: no threads, a path at a time, GET only, redirects followed.
IN_PYODIDE = """
import importlib, json, os, sys
sys.path.insert(0, "/packages")
os.link = os.symlink
from datasette.app import Datasette
ds = Datasette(["/report.db"], settings={"num_sql_threads": 0}, metadata={"about": "Datasette Lite"})
await ds.invoke_startup()
answers = {}
for path, wanted in json.loads(PAGES).items():
    answer = await ds.client.get(path, follow_redirects=True)
    answers[path] = [answer.status_code, wanted in answer.text]
answers["forbidden"] = [name for name in ("sqlite_utils", "numpy", "PIL", "requests", "pebble", "imagehash") if name in sys.modules]
answers["versions"] = [sys.version.split()[0], __import__("sqlite3").sqlite_version, importlib.metadata.version("datasette")]
json.dumps(answers)
"""

INCOMPLETE = 3  # exit status of the program below when parts of Pyodide cannot be had

IN_NODE = f"""
import {{ readFileSync }} from "node:fs";
const {{ loadPyodide }} = await import(process.argv[2]);
const pyodide = await loadPyodide();
const lock = JSON.parse(readFileSync(process.argv[2].replace("pyodide.mjs", "pyodide-lock.json"), "utf8"));
const apart = ["sqlite3", "ssl"].filter((name) => name in lock.packages);
await pyodide.loadPackage(apart, {{ messageCallback() {{}}, errorCallback() {{}} }}).catch(() => {{}});
try {{
  pyodide.runPython("import sqlite3, ssl");
}} catch {{
  process.exit({INCOMPLETE});
}}
"""
IN_NODE += """
pyodide.unpackArchive(new Uint8Array(readFileSync(process.argv[3])), "zip", { extractDir: "/packages" });
pyodide.FS.writeFile("/report.db", new Uint8Array(readFileSync(process.argv[4])));
pyodide.globals.set("PAGES", readFileSync(process.argv[5], "utf8"));
console.log("\\n" + await pyodide.runPythonAsync(readFileSync(process.argv[6], "utf8")));
process.exit(0);
"""

NOT_USED = """Pyodide {pinned}, the version that Datasette Lite pins, was NOT used: it fetches its SQLite from cdn.jsdelivr.net, which
cannot be reached from here. What follows ran in Pyodide {used}."""
NOT_CHECKED = """Not checked here, because it needs the network of a browser:
- the page lite.datasette.io itself, and the versions of Pyodide and Datasette it loads today;
- its installer fetching the wheel and Datasette; MarkupSafe and PyYAML run here without their compiled halves;
- what a reader sees: Lite loads no style sheet and no script of a plugin, and passes on no form."""


def main() -> None:
    folders = [Path(name).resolve() for name in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build_library(folder / "photos.db", groups=8).close()
        export_database(folder / "photos.db", folder / "report.db")
        pack(build_wheel(folder), folder / "packages.zip")
        (folder / "pages.json").write_text(json.dumps(PAGES))
        (folder / "lite.py").write_text(IN_PYODIDE)
        (folder / "lite.mjs").write_text(IN_NODE)
        for pyodide in folders:
            done = run(pyodide, folder)
            if done.returncode != INCOMPLETE:
                break
    if done.returncode:
        sys.exit(f"Pyodide {version_of(pyodide)} failed:\n{done.stdout}{done.stderr}")
    if pyodide != folders[0]:
        print(NOT_USED.format(pinned=version_of(folders[0]), used=version_of(pyodide)))
    report(version_of(pyodide), json.loads(done.stdout.strip().splitlines()[-1]))


def run(pyodide: Path, folder: Path) -> subprocess.CompletedProcess:
    """Ask a copy in this Pyodide for its pages; INCOMPLETE as exit status when parts of it cannot be had."""
    parts = (pyodide / "pyodide.mjs", "packages.zip", "report.db", "pages.json", "lite.py")
    return subprocess.run(["node", "lite.mjs", *map(str, parts)], cwd=folder, capture_output=True, text=True, timeout=1200)


def version_of(pyodide: Path) -> str:
    """The version of an unpacked npm package."""
    return json.loads((pyodide / "package.json").read_text())["version"]


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(CHECKOUT)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def pack(wheel: Path, target: Path) -> None:
    """The wheel and everything Datasette requires, in one zip. Compiled parts are left out: those packages have Python in their place."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        with zipfile.ZipFile(wheel) as ours:
            for name in ours.namelist():
                packed.writestr(name, ours.read(name))
        for package in sorted(required_by("datasette", set()) - {"pip"}):
            for file in importlib.metadata.files(package) or ():
                place = Path(str(file.locate()))
                if ".." not in file.parts and "__pycache__" not in file.parts and place.suffix != ".so" and place.is_file():
                    packed.write(place, str(file))


def report(version: str, answers: dict) -> None:
    """Print what was found; exit status 1 when a page is not as it should be."""
    python, sqlite, datasette = answers.pop("versions")
    forbidden = answers.pop("forbidden")
    print(f"Datasette {datasette} in Pyodide {version}: Python {python}, SQLite {sqlite}, no threads")
    for path, (status, as_expected) in answers.items():
        print(f"{'ok  ' if status == 200 and as_expected else 'FAIL'} {status} {path}")
    if forbidden:
        print(f"FAIL loaded what Lite has not: {', '.join(forbidden)}")
    print(NOT_CHECKED)
    sys.exit(bool(forbidden) or any(status != 200 or not expected for status, expected in answers.values()))


if __name__ == "__main__":
    main()
