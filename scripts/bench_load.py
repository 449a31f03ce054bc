#!/usr/bin/env python3
"""Many people at once: 50 readers, two who decide and an import that writes, all at one Datasette with 200,000 photos.

    python scripts/bench_load.py                             ten minutes, then two minutes of bare Datasette on the same file
    python scripts/bench_load.py --minutes 1 --bare-minutes 0.5 --photos 20000

A reader opens a page, loads the previews on it that were not loaded before (a browser keeps them), and looks for some seconds.
Bare Datasette is the same program without any plugin: its readers open table pages of the same tables with the same facets and load
the previews through its own addresses for binary values; the import writes then too, and nobody decides. Everything stays on this
machine and is bounded in number and time. Ends with status 1 when a request failed, a decision is lost or a target is missed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from tests.exports import part, picture, year  # noqa: E402
from tests.large_library import GROUP_SIZE, GROUPS_PER_PHOTO, kept_library  # noqa: E402
from tests.live_site import LiveSite, actor_cookie, live_datasette  # noqa: E402
from tests.made_library import photo_id  # noqa: E402
from tests.pipeline.commands import start  # noqa: E402

TARGET_MS = 300.0  # for 95 of 100 requests
FLAT = 1.10  # memory at the end against memory after the first quarter
SEEN_AT_ONCE = 12  # previews that a screen shows before somebody scrolls
TIMEOUT_S = 120
FIRST_IMPORTED = 10**9  # far from the numbers of the made library
YEARS = range(2005, 2024)
RELATIONS = ("smaller_copy", "re_encode", "same_bytes", "edited", "series", "look_alike")


@dataclass
class Tally:
    """How long each kind of request took, what failed, and what was decided."""

    times_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    batches: set[int] = field(default_factory=set)
    outrun: int = 0  # decisions refused because somebody else had decided
    imported: int = 0
    memory: list[int] = field(default_factory=list)
    cpu_s: float = 0.0

    def percentile(self, kind: str, share: float) -> float:
        times = sorted(self.times_ms[kind]) if kind else sorted(time for kept in self.times_ms.values() for time in kept)
        return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0


class Person(threading.Thread):
    """Somebody with a browser of their own: a connection for a page and its previews, cookies, a pause between pages."""

    def __init__(self, site: LiveSite, tally: Tally, ends_at: float, pause_s: float, seed: int, cookie: str = ""):
        super().__init__(daemon=True)
        self.tally, self.ends_at, self.pause_s = tally, ends_at, pause_s
        self.draw = random.Random(seed)
        self.connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=TIMEOUT_S)
        self.cookies = {"ds_actor": cookie} if cookie else {}

    def run(self) -> None:
        time.sleep(self.draw.uniform(0, self.pause_s))
        while time.monotonic() < self.ends_at:
            try:
                self.act()
            except Exception as error:  # whatever went wrong is told
                self.tally.errors.append(f"{type(self).__name__}: {error!r}")
            self.connection.close()  # the server would, after five seconds without a request
            time.sleep(self.draw.uniform(0.5, 1.5) * self.pause_s)

    def act(self) -> None:
        raise NotImplementedError

    def ask(self, kind: str, path: str, body: dict | None = None, accepted: tuple[int, ...] = (200,)) -> str:
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        if body is not None:
            headers |= {"content-type": "application/json", "x-csrftoken": self.cookies.get("ds_csrftoken", "")}
        began = time.perf_counter()
        self.connection.request("GET" if body is None else "POST", path, json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        self.tally.times_ms[kind].append((time.perf_counter() - began) * 1000)
        if answer.status not in accepted:
            self.tally.errors.append(f"{answer.status} {path}: {text[:200]!r}")
        for cookie in answer.headers.get_all("set-cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return text.decode("utf8", "replace")


class Reader(Person):
    """Pages, facets and previews of ours."""

    def __init__(self, *arguments: object, database: str, groups: int):
        super().__init__(*arguments)
        self.base, self.groups, self.known, self.next_page = f"/{database}", groups, set(), ""

    def act(self) -> None:
        kind, path = self.choose()
        page = self.ask(kind, path)
        found = re.search(r'href="([^"]*_next=[^"]*)"', page) if kind == "queue" else None
        self.next_page = found[1].replace("&amp;", "&") if found else ""
        for preview in [preview for preview in self.previews(page) if preview not in self.known][:SEEN_AT_ONCE]:
            self.known.add(preview)
            self.ask("preview", preview)

    def previews(self, page: str) -> list[str]:
        return list(dict.fromkeys(re.findall(r'src="(/[^"]*/-/thumbnail/[^"]*)"', page)))

    def choose(self) -> tuple[str, str]:
        some_group = photo_id(self.draw.randrange(self.groups) * GROUP_SIZE)
        chance = self.draw.random()
        if chance < 0.3:
            return "queue", self.next_page or f"{self.base}/-/duplicates"
        if chance < 0.5:
            name, value = self.draw.choice((("year", self.draw.choice(YEARS)), ("relation", self.draw.choice(RELATIONS))))
            return "queue", f"{self.base}/-/duplicates?{urlencode({name: value, 'state': 'all'})}"
        if chance < 0.85:
            return "group", f"{self.base}/-/duplicates/{some_group}?state=all"
        return (
            "table",
            f"{self.base}/groups?{urlencode({'taken_year': self.draw.choice(YEARS), '_facet': 'relation', '_size': 20})}",
        )


class BareReader(Reader):
    """The same tables through Datasette's own pages."""

    def previews(self, page: str) -> list[str]:
        photos = dict.fromkeys(re.findall(rf'href="{self.base}/photos/([^"?]+)"', page))
        return [f"{self.base}/thumbnails/{photo}.blob?_blob_column=content" for photo in photos]

    def choose(self) -> tuple[str, str]:
        some_group = photo_id(self.draw.randrange(self.groups) * GROUP_SIZE)
        chance = self.draw.random()
        if chance < 0.5:
            query = {"taken_year": self.draw.choice(YEARS), "_sort_desc": "reclaimable_bytes", "_facet": "relation", "_size": 50}
            return "queue", f"{self.base}/groups?{urlencode(query)}"
        if chance < 0.85:
            return "group", f"{self.base}/group_members?{urlencode({'group_id': some_group})}"
        return (
            "table",
            f"{self.base}/groups?{urlencode({'taken_year': self.draw.choice(YEARS), '_facet': 'relation', '_size': 20})}",
        )


class Reviewer(Person):
    """Decides about groups at random: one photo kept, removed or open again, sometimes the last batch taken back."""

    def __init__(self, *arguments: object, database: str, groups: int):
        super().__init__(*arguments)
        self.base, self.groups = f"/{database}/-/duplicates", groups

    def act(self) -> None:
        if "ds_csrftoken" not in self.cookies:
            self.ask("history", f"{self.base}/history")
        group_id = photo_id(self.draw.randrange(self.groups) * GROUP_SIZE)
        group = json.loads(self.ask("group as JSON", f"{self.base}/{group_id}.json"))["group"]
        member = self.draw.choice(group["members"])["photo_id"]
        choice = {"photo_id": member, "decision": self.draw.choice(("keep", "remove", "remove", None))}
        body = {"choices": [choice], "seen": group["seen"]}
        told = json.loads(self.ask("decision", f"{self.base}/{group_id}.json", body, (200, 409)))
        if told["ok"] and told["batch_id"]:
            self.tally.batches.add(told["batch_id"])
        self.tally.outrun += not told["ok"]


class Importer(threading.Thread):
    """One small Takeout export after the other is brought in, each of photos that are new."""

    def __init__(self, database: Path, tally: Tally, ends_at: float, photos: int = 150):
        super().__init__(daemon=True)
        self.database, self.tally, self.ends_at, self.photos = database, tally, ends_at, photos

    def run(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            first = FIRST_IMPORTED + int(time.time())
            while time.monotonic() < self.ends_at:
                members: dict[str, bytes] = {}
                for number in range(first, first + self.photos):
                    members |= year(f"NEW_{number}.jpg", picture(number, (640, 480)), number)
                export = part(Path(folder), 1, members, f"{first}Z")
                with start("takeout", self.database, "--silent", "--no-match", "--workers", 1, export) as process:
                    self._wait(process)
                first += self.photos

    def _wait(self, process: subprocess.Popen) -> None:
        """To its end, or to ours: an import may be ended at any moment."""
        while process.poll() is None and time.monotonic() < self.ends_at:
            time.sleep(0.2)
        if process.poll() is None:
            process.terminate()
        _, errors = process.communicate(timeout=TIMEOUT_S)
        self.tally.imported += process.returncode == 0
        if process.returncode not in (0, -15, 1, 130) or (process.returncode == 1 and time.monotonic() < self.ends_at):
            self.tally.errors.append(f"import ended with {process.returncode}: {errors[-300:]}")


def load(path: Path, groups: int, minutes: float, options: argparse.Namespace, bare: bool) -> Tally:
    """The load for so many minutes at one fresh Datasette."""
    tally = Tally()
    environment = {"DATASETTE_LOAD_PLUGINS": ""} if bare else {}
    with live_datasette([path], ("--setting", "num_sql_threads", str(options.sql_threads)), environment=environment) as site:
        ends_at = time.monotonic() + minutes * 60
        told = {"database": path.stem, "groups": groups}
        kind = BareReader if bare else Reader
        people: list[threading.Thread] = [
            kind(site, tally, ends_at, options.pause_s, seed, **told) for seed in range(options.readers)
        ]
        if not bare:
            people += [
                Reviewer(site, tally, ends_at, 2.0, seed, actor_cookie(actor), **told)
                for seed, actor in enumerate(("root", "reviewer"))
            ]
        people.append(Importer(path, tally, ends_at))
        before_s = site.cpu_s()
        for person in people:
            person.start()
        while time.monotonic() < ends_at:
            time.sleep(min(2.0, minutes * 6))
            tally.memory.append(site.memory_bytes())
        for person in people:
            person.join(TIMEOUT_S)
        tally.cpu_s = site.cpu_s() - before_s
        if site.process.poll() is not None:
            tally.errors.append("Datasette has ended")
    return tally


def lost_decisions(path: Path, batches: set[int]) -> int:
    """Batches that were answered 200 and are not in the file."""
    with closing(sqlite3.connect(path)) as conn:
        return len(batches - {row[0] for row in conn.execute("SELECT batch_id FROM decision_batches")})


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as conn:
        whole = conn.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        return whole and conn.execute("PRAGMA foreign_key_check").fetchone() is None


def report(name: str, tally: Tally, minutes: float) -> tuple[float, float]:
    """Print the figures; the 95th percentile in milliseconds and how memory grew."""
    count = sum(map(len, tally.times_ms.values()))
    quarter = tally.memory[len(tally.memory) // 4 :]
    tenth = max(1, len(quarter) // 10)
    begin, end = sum(quarter[:tenth]) / tenth, sum(quarter[-tenth:]) / tenth
    print(
        f"\n{name}: {minutes:g} minutes, {count:,} requests, {count / minutes / 60:.0f} a second, load {os.getloadavg()[0]:.1f}"
    )
    print(f"  {'':16}{'requests':>9}{'median':>9}{'95 %':>9}{'99 %':>9}{'worst':>9}  ms")
    for kind in [*sorted(tally.times_ms), ""]:
        found = tally.times_ms[kind] if kind else [None] * count
        figures = "".join(f"{tally.percentile(kind, share):9.0f}" for share in (0.5, 0.95, 0.99, 1.0))
        print(f"  {kind or 'all':16}{len(found):9,}{figures}")
    print(f"  processor {tally.cpu_s * 1000 / max(1, count):.1f} ms a request, {tally.cpu_s / minutes / 60:.0%} of one core")
    print(
        f"  memory {begin / 1e6:.0f} MB after a quarter, {end / 1e6:.0f} MB at the end, at most {max(tally.memory) / 1e6:.0f} MB"
    )
    print(f"  {tally.imported} imports ended, {len(tally.batches):,} decisions saved, {tally.outrun} came second")
    print(f"  {len(tally.errors)} errors")
    for error in tally.errors[:10]:
        print(f"    {error}")
    return tally.percentile("", 0.95), end / begin


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=200_000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--bare-minutes", type=float, default=2)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--pause-s", type=float, default=5.0, help="how long somebody looks at a page, on average")
    parser.add_argument("--sql-threads", type=int, default=3, help="Datasette's num_sql_threads")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "gphotos-bench", help="kept between runs")
    return parser.parse_args()


def main() -> None:
    options = parse_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    library = kept_library(options.folder, options.photos)
    groups = int(options.photos * GROUPS_PER_PHOTO)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(shutil.copy(library, Path(folder) / "loaded.db"))
        ours = load(path, groups, options.minutes, options, bare=False)
        lost, sound = lost_decisions(path, ours.batches), is_sound(path)
        bare = load(path, groups, options.bare_minutes, options, bare=True) if options.bare_minutes else Tally()
    slow, growth = report(f"{options.photos:,} photos, {options.readers} readers", ours, options.minutes)
    if options.bare_minutes:
        report("bare Datasette", bare, options.bare_minutes)
    print(f"\n95 of 100 requests within {slow:.0f} ms, target {TARGET_MS:.0f}; memory x {growth:.2f}, target {FLAT}")
    print(f"{lost} of {len(ours.batches):,} decisions lost; the file is {'sound' if sound else 'DAMAGED'}")
    sys.exit(bool(ours.errors or lost or not sound or slow > TARGET_MS or growth > FLAT))


if __name__ == "__main__":
    main()
