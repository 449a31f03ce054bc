"""Browsing a large library through Datasette's own pages: `python scripts/bench_browse.py [--photos 200000]`.

Every table and view with its facets, its next page and one value of each facet; a search; every ready-made query with its
defaults; each asked three times with Datasette's default limits, on the line of Datasette that this Python has. Told are the
processor's time of the server for one answer, all threads together, and the shortest time on the clock: on a busy machine the
first is the fairer one. Ends with status 1 when an answer is no 200, a facet was given up, or a target is missed.

What bounds it: a page of a table is some 60 to 100 ms of Datasette writing HTML; beyond that each facet is a walk over an index.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datasette_gphotos_dedupe.descriptions import TABLES
from datasette_gphotos_dedupe.metadata_file import metadata
from datasette_gphotos_dedupe.queries import QUERIES
from tests.browsed_library import kept_browsed_library
from tests.made_library import photo_id

TARGET_MS = 300.0
ROUNDS = 3
PARAMETERS = {"photo": photo_id(0)}


@dataclass(frozen=True)
class Timed:
    """One page: what it was, its address, the best of its rounds, and what was wrong with it."""

    path: str
    processor_ms: float
    clock_ms: float
    fault: str = ""


async def start_datasette(path: Path) -> Any:
    """Datasette with its default limits and our metadata, on either line."""
    from datasette.app import Datasette

    told = metadata((path.stem,))
    datasette = (
        Datasette([str(path)], metadata=told, config=told)
        if hasattr(Datasette, "add_query")
        else Datasette([str(path)], metadata=told)
    )
    await datasette.invoke_startup()
    return datasette


async def ask(datasette: Any, path: str) -> Timed:
    processor, clock, fault = [], [], ""
    for _ in range(ROUNDS):
        began = time.process_time(), time.perf_counter()
        answer = await datasette.client.get(path)
        processor.append((time.process_time() - began[0]) * 1000)
        clock.append((time.perf_counter() - began[1]) * 1000)
        if answer.status_code != 200:
            fault = f"status {answer.status_code}"
        elif "These facets timed out" in answer.text:
            fault = "a facet was given up"
    return Timed(path, min(processor), min(clock), fault)


async def pages(datasette: Any, database: str) -> AsyncIterator[str]:
    """The address of each page a person comes by."""
    yield f"/{database}"
    for name, table in TABLES.items():
        base = f"/{database}/{name}"
        yield base
        told = (await datasette.client.get(f"{base}.json?_extra=facet_results")).json()
        facets = told.get("facet_results", {})
        for column, facet in facets.get("results", facets).items():
            for one in facet["results"][:1]:
                yield f"{base}?{urlencode({column: one['value']})}"
        if told.get("next"):
            yield f"{base}?{urlencode({'_next': told['next']})}"
        if table.settings.get("fts_table"):
            for words in ("holiday", "IMG", "Holiday sea day 7"):
                yield f"{base}?{urlencode({'_search': words})}"
    for query in QUERIES:
        asked = {name: PARAMETERS.get(name, "") for name in query.params}
        yield f"/{database}/{query.name}" + (f"?{urlencode(asked)}" if asked else "")


async def measure(path: Path, only: str) -> list[Timed]:
    datasette = await start_datasette(path)
    found = [await ask(datasette, page) async for page in pages(datasette, path.stem) if only in page]
    return sorted(found, key=lambda one: -one.processor_ms)


def print_table(found: list[Timed], shown: int) -> None:
    print(f"{'processor':>9}{'clock':>9}  ms")
    for one in found[:shown]:
        print(f"{one.processor_ms:9.0f}{one.clock_ms:9.0f}  {one.path}  {one.fault}".rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=200_000)
    parser.add_argument("--shown", type=int, default=40, help="how many pages to print, the slowest first")
    parser.add_argument("--only", default="", help="only pages with this in their address")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "gphotos-bench", help="kept between runs")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    path = kept_browsed_library(options.folder, options.photos)
    found = asyncio.run(measure(path, options.only))
    print_table(found, options.shown)
    missed = [one for one in found if one.processor_ms > TARGET_MS or one.fault]
    print(f"\n{len(found)} pages of {options.photos:,} photos, {len(missed)} slower than {TARGET_MS:.0f} ms or at fault")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
