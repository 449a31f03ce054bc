#!/usr/bin/env python3
"""How quick reviewing is: a made library of 200,000 photos in a real Datasette, asked over HTTP and in a real Chromium.

    python scripts/bench_review.py                      everything, on 200,000 photos beside 20,000
    python scripts/bench_review.py --photos 20000 --small 2000 --only server,browser

Every figure is measured with nothing remembered: between two requests another program writes to the database. Processor times are
those of the server's process, so that they can be read on a busy machine too.
"""

from __future__ import annotations

import argparse
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

import requests  # noqa: E402

from scripts import tab_memory  # noqa: E402
from scripts.memory import is_child  # noqa: E402
from tests.browser.chromium import PAINTED, browser_page, find_chromium  # noqa: E402
from tests.large_library import GROUP_SIZE, GROUPS_PER_PHOTO, kept_library  # noqa: E402
from tests.live_site import LiveSite, actor_cookie, live_datasette  # noqa: E402
from tests.made_library import photo_id  # noqa: E402

PARTS = ("server", "browser", "memory", "bulk", "start", "cells")
FILTERS = (
    *("", "relation=smaller_copy", "relation=look_alike", "year=2012", "camera=NIKON+D90", "origin=fromPartnerSharing", "size=3"),
    *("size=4", "space=450000", "space=1000000", "album=Album+000", "album=Album+002", "text=IMG_", "text=IMG_20120"),
    *("text=Chlo", "text=nothing+at+all", "state=all", "state=decided", "state=all&year=2012", "text=holiday&year=2012"),
    "camera=samsung+SM-G973F&relation=look_alike&year=2019&origin=webUpload",
)
MISSES: list[str] = []


def main() -> None:
    options = parse_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    large, small = (kept_library(options.folder, photos) for photos in (options.photos, options.small))
    print(
        f"{options.photos:,} photos, {int(options.photos * GROUPS_PER_PHOTO):,} groups; "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    for part in options.only:
        {"server": server, "browser": browser, "memory": memory, "bulk": bulk, "start": start, "cells": cells}[part](large, small)
    if MISSES:
        print(f"\nMissed: {'; '.join(MISSES)}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=200_000)
    parser.add_argument("--small", type=int, default=20_000, help="size of the library to compare with")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "gphotos-bench", help="kept between runs")
    parser.add_argument("--only", type=lambda text: text.split(","), default=PARTS, help=f"some of {','.join(PARTS)}")
    return parser.parse_args()


def told(measure: str, value: float, unit: str, most: float, more: str = "") -> None:
    """One line of the table."""
    if value > most:
        MISSES.append(measure)
    mark = "" if value <= most else "  MISSED"
    print(f"{measure:58} {value:9.1f} {unit:3} target {most:g}{mark}  {more}", flush=True)


class Session:
    """Somebody signed in, asking one live site about one database."""

    def __init__(self, site: LiveSite, path: Path):
        self.site, self.base = site, f"{site.url}/{path.stem}/-/duplicates"
        self.web = requests.Session()
        self.web.cookies.set("ds_actor", actor_cookie("root"))
        self.other = sqlite3.connect(path, isolation_level=None)
        self.writes = 0

    def forget(self) -> None:
        """A write by another program, which makes the server count again."""
        self.writes += 1
        self.other.execute(f"PRAGMA user_version = {self.writes}")

    def time(self, url: str, times: int = 9) -> tuple[float, float]:
        """Median wall time and mean processor time of a GET in milliseconds."""
        self.web.get(url).raise_for_status()
        walls, cpu = [], self.site.cpu_s()
        for _ in range(times):
            self.forget()
            began = time.perf_counter()
            self.web.get(url).raise_for_status()
            walls.append((time.perf_counter() - began) * 1000)
        return statistics.median(walls), (self.site.cpu_s() - cpu) * 1000 / times


def server(large: Path, small: Path) -> None:
    """The first page of the queue under every filter."""
    with live_datasette([large]) as site:
        figures = {query: Session(site, large).time(f"{site.url}/{large.stem}/-/duplicates?{query}") for query in FILTERS}
        thumbnail = Session(site, large).time(f"{site.url}/{large.stem}/-/thumbnail/{photo_id(5)}")
        group = Session(site, large).time(f"{site.url}/{large.stem}/-/duplicates/{photo_id(0)}")
    with live_datasette([small]) as site:
        compared = {query: Session(site, small).time(f"{site.url}/{small.stem}/-/duplicates?{query}") for query in FILTERS}
    worst = max(figures, key=lambda query: figures[query][0])
    cpu = {query: figure[1] for query, figure in figures.items()}
    told("queue page, median of all filters", median(figures, 0), "ms", 50, f"processor {statistics.median(cpu.values()):.0f} ms")
    told("queue page, worst filter", figures[worst][0], "ms", 150, f"{worst}; processor {max(cpu.values()):.0f} ms")
    told("queue page, against the small library, median", median(figures, 0) / median(compared, 0), "x", 1.3)
    told("  the same in processor time", median(figures, 1) / median(compared, 1), "x", 1.3)
    told("  the same, worst filter in processor time", max(cpu.values()) / max(f[1] for f in compared.values()), "x", 1.3)
    print(
        f"  group page {group[0]:.1f} ms (processor {group[1]:.1f}), preview {thumbnail[0]:.1f} ms (processor {thumbnail[1]:.1f})"
    )


def median(figures: dict[str, tuple[float, float]], which: int) -> float:
    return statistics.median(figure[which] for figure in figures.values())


def browser(large: Path, small: Path) -> None:
    """What a person waits for in Chromium, and what an evening leaves in its memory."""
    if not find_chromium():
        print("No Chromium found: apt-get install chromium")
        return
    with live_datasette([large]) as site, browser_page(site) as page:
        queue = f"{site.url}/{large.stem}/-/duplicates"
        told(
            "queue page complete in Chromium, visible previews painted",
            statistics.median(times_of_opening(page, queue)),
            "ms",
            500,
        )
        page.goto(queue)
        page.goto(site.url + page.locator(".gp-name").first.get_attribute("href"))
        walked = [time_of_key(page, "n", 400) for _ in range(25)]
        told("key press to the next group painted", statistics.median(walked), "ms", 100, f"worst {max(walked):.0f} ms")
        hasty = [time_of_key(page, "n", 0) for _ in range(25)]
        told("  pressing again as soon as it is painted", statistics.median(hasty), "ms", 100, f"worst {max(hasty):.0f} ms")
        accepted = [time_of_key(page, "a", 400) for _ in range(15)]
        told(
            "  accepting, saved and the next group painted",
            statistics.median(accepted),
            "ms",
            100,
            f"worst {max(accepted):.0f} ms",
        )


def memory(large: Path, small: Path) -> None:
    """What an evening leaves in the memory of the tab."""
    if not find_chromium():
        print("No Chromium found: apt-get install chromium")
        return
    with live_datasette([large]) as site, browser_page(site) as page:
        page.goto(f"{site.url}/{large.stem}/-/duplicates")
        page.goto(site.url + page.locator(".gp-name").first.get_attribute("href"))
        heap, nodes = held_after_walking(page, 100)
        told("what the page itself holds more after 100 groups", heap, "MB", 20, f"DOM nodes {nodes:+.0f}")
    with tempfile.TemporaryDirectory() as folder:
        tab_memory.write_walker(Path(folder))
        with live_datasette([large], ("--static", f"walk:{folder}")) as site:
            group = requests.get(f"{site.url}/{large.stem}/-/duplicates.json", timeout=60).json()["groups"][0]["url"]
            to_fill = tab_memory.CACHED_PICTURES // GROUP_SIZE + 30
            start, full, after = tab_memory.memory_while_walking(site.url, group, (10, to_fill, 500), renderer_bytes)
    told("memory of the tab after 500 groups, picture cache full", after - full, "MB", 20)
    print(f"  before, Chromium's cache of {tab_memory.CACHED_PICTURES:,} decoded pictures filled: {start:.0f} to {full:.0f} MB")


def times_of_opening(page, url: str, times: int = 9) -> Iterator[float]:
    for _ in range(times):
        page.goto("about:blank")
        page.goto(url)
        yield page.evaluate(f"{PAINTED}.then(() => performance.now())")


def time_of_key(page, key: str, pause_ms: int) -> float:
    """Milliseconds from a key press to the frame that shows another group with all its visible pictures."""
    page.wait_for_timeout(pause_ms)
    page.evaluate(
        """() => { document.getElementById("gp-main").dataset.old = "";
        window.pressed = new Promise((done, fail) => document.addEventListener("keydown", () => {
          const at = performance.now();
          const look = () => document.querySelector("#gp-main[data-page]:not([data-old])") ? done(at)
            : performance.now() - at > 20000 ? fail(new Error("no next group in 20 s")) : requestAnimationFrame(look);
          look();
        }, { once: true, capture: true })); }"""
    )
    page.keyboard.press(key)
    return page.evaluate(f"window.pressed.then((at) => {PAINTED}.then(() => performance.now() - at))")


def held_after_walking(page, groups: int) -> tuple[float, int]:
    """Megabytes of heap and nodes of the DOM that the page holds more after so many groups, after twenty of warm-up."""
    session = page.context.new_cdp_session(page)

    def measure() -> tuple[float, int]:
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"] / 1e6, session.send("Memory.getDOMCounters")["nodes"]

    walk(page, 20)
    before = measure()
    walk(page, groups)
    after = measure()
    return after[0] - before[0], after[1] - before[1]


def walk(page, groups: int) -> None:
    for _ in range(groups):
        time_of_key(page, "n", 0)


def renderer_bytes() -> int:
    """Private memory of the largest renderer that this program started."""
    largest = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"--type=renderer" in (folder / "cmdline").read_bytes() and is_child(int(folder.name)):
                lines = (folder / "smaps_rollup").read_text().splitlines()
                largest = max(largest, sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_")))
        except OSError:
            continue
    return largest


@contextmanager
def own_copy(path: Path) -> Iterator[Path]:
    """A copy that may be decided upon; the library stays as it was built."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / path.name
        with sqlite3.connect(path) as source, sqlite3.connect(copy) as target:
            for table in ("thumbnails",):  # most of the bytes, and nothing that a decision looks at
                source.execute(f"SELECT 1 FROM {table} LIMIT 1")
            source.backup(target)
        yield copy


def bulk(large: Path, small: Path) -> None:
    """Accepting every suggestion of the library, and taking it back."""
    from datasette_gphotos_dedupe.store.review.bulk_decisions import Scope, plan_accept, save_accept
    from datasette_gphotos_dedupe.store.review.undo import undo_batch

    with own_copy(large) as path:
        conn = sqlite3.connect(path, isolation_level=None)
        plan = tell_act("what a bulk decision would do", lambda: plan_accept(conn, Scope(where="decided = 0")))
        save = partial(save_accept, conn, Scope(where="decided = 0"), plan.digest, "bench", "all")
        done = tell_act(f"bulk decision, {plan.groups:,} groups, {plan.photos:,} photos", lambda: in_transaction(conn, save))
        undo = partial(undo_batch, conn, done.batch_id, "bench")
        tell_act("taking it back", lambda: in_transaction(conn, undo))
        conn.close()
        with live_datasette([path]) as site:
            others(Session(site, path), plan.photos)


def tell_act(measure: str, act: Callable):
    cpu = time.process_time()
    seconds, result = timed(act)
    told(measure, seconds, "s", 5, f"processor {time.process_time() - cpu:.1f} s")
    return result


def others(session: Session, photos: int) -> None:
    """How long another person waits for the queue while all of this is decided and taken back over HTTP."""
    found = re.search(r'name="csrftoken" value="([^"]*)"', session.web.get(f"{session.site.url}/-/messages").text)
    session.web.headers["x-csrftoken"] = found[1] if found else ""
    quiet, busy, ended = [], [], threading.Event()

    def look(waits: list[float], enough: Callable[[], bool]) -> None:
        while not enough():
            began = time.perf_counter()
            requests.get(f"{session.base}?relation=smaller_copy", timeout=300).raise_for_status()
            waits.append((time.perf_counter() - began) * 1000)

    look(quiet, lambda: len(quiet) == 40)
    looking = threading.Thread(target=look, args=(busy, ended.is_set))
    looking.start()
    try:
        done = session.web.post(f"{session.base}/accept.json", json={"expected": photos}, timeout=600)
        session.web.post(
            f"{session.base}/history.json", json={"batch_id": done.json()["batch_id"]}, timeout=600
        ).raise_for_status()
    finally:
        ended.set()
        looking.join()
    print(
        f"  another's queue page meanwhile: median {statistics.median(busy):.0f} ms, worst {max(busy):.0f}, of {len(busy)};",
        end=" ",
    )
    print(f"before: median {statistics.median(quiet):.0f} ms, worst {max(quiet):.0f}")


def timed(act: Callable):
    began = time.perf_counter()
    result = act()
    return time.perf_counter() - began, result


def in_transaction(conn: sqlite3.Connection, act: Callable):
    conn.execute("BEGIN IMMEDIATE")
    result = act()
    conn.execute("COMMIT")
    return result


def start(large: Path, small: Path) -> None:
    """Datasette's start with the plugin against without."""
    runs: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(9):
        for name, extra in (("with", {}), ("without", {"DATASETTE_LOAD_PLUGINS": ""})):
            command = [sys.executable, "-m", "datasette", str(large), "--get", "/-/versions.json"]
            seconds, _ = timed(
                lambda c=command, e=extra: subprocess.run(c, env={**os.environ, **e}, check=True, capture_output=True)
            )
            runs[name].append(seconds * 1000)
    best = {name: min(values) for name, values in runs.items()}
    difference = statistics.median(a - b for a, b in zip(runs["with"], runs["without"], strict=True))
    told(
        "Datasette's start, plugin against none",
        difference,
        "ms",
        50,
        f"best {best['with']:.0f} against {best['without']:.0f} ms",
    )


def cells(large: Path, small: Path) -> None:
    """A table page of 1,000 rows with previews in its cells, against the same page without the plugin."""
    page = f"{large.stem}/group_members?_size=1000"
    size = ("--setting", "max_returned_rows", "1000")
    figures = []
    for extra in ({}, {"DATASETTE_LOAD_PLUGINS": ""}):
        with live_datasette([large], size, environment=extra) as site:
            figures.append(Session(site, large).time(f"{site.url}/{page}"))
    with_plugin, without = figures
    print(f"table page of 1,000 rows: {with_plugin[0]:.0f} ms (processor {with_plugin[1]:.0f}) with previews, ", end="")
    print(f"{without[0]:.0f} ms (processor {without[1]:.0f}) without the plugin; {GROUP_SIZE} photos a group")


if __name__ == "__main__":
    main()
