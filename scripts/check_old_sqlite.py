#!/usr/bin/env python3
"""Every table and view of a copy through Datasette on the SQLite that is loaded. `scripts/check_old_sqlite` loads 3.34.0.

python scripts/check_old_sqlite.py make report.db     a copy to read
python scripts/check_old_sqlite.py read report.db     with this plugin, then without it
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

PAGES = (
    "/report/-/duplicates",
    "/report/-/duplicates/calibration",
    "/report/groups_by_space.json",
    "/report/closest_to_one_photo.json",
)


def make(target: Path) -> None:
    """A small library and its copy."""
    from datasette_gphotos_dedupe.export import export_database
    from tests.made_library import build_library

    library = target.with_name("photos.db")
    build_library(library, groups=8).close()
    export_database(library, target)


async def read(copy: Path, pages: tuple[str, ...]) -> list[str]:
    """The paths that did not answer 200; every table and view as page, JSON and CSV, a search, and these pages."""
    from datasette.app import Datasette

    client = Datasette([], immutables=[str(copy)]).client
    found = (await client.get("/report.json")).json()
    names = [one["name"] for one in found["tables"] if not one["hidden"]] + [one["name"] for one in found["views"]]
    paths = [f"/report/{name}{suffix}" for name in names for suffix in ("", ".json?_shape=array", ".csv?_stream=on")]
    paths += ["/report/photos.json?_search=IMG", *pages]
    return [path for path in paths if (await client.get(path)).status_code != 200]


def main() -> None:
    action, path = sys.argv[1], Path(sys.argv[2])
    if action == "make":
        return make(path)
    from datasette.plugins import pm

    failed = {"with the plugin": asyncio.run(read(path, PAGES))}
    pm.unregister(name="gphotos_dedupe")
    failed["without it"] = asyncio.run(read(path, ()))
    for name, paths in failed.items():
        print(f"SQLite {sqlite3.sqlite_version}, {name}: {'everything answers' if not paths else 'FAIL ' + ', '.join(paths)}")
    sys.exit(any(failed.values()))


if __name__ == "__main__":
    main()
