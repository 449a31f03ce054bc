"""Nothing lost: kills, lost power, wrong clocks, copies in use, decisions made meanwhile, and thousands of random libraries.

    python scripts/bench_reliability.py [--kills 200] [--power 60] [--rounds 10] [--clocks 5] [--copies 20] [--examples 2000]

Every step makes a small Takeout export of two parts, does harm to real processes at random moments, and compares what the next
undisturbed run leaves with the tables of a run that nothing ever disturbed. Ends with status 1 when anything differs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.exports import album, part, picture, sidecar, year  # noqa: E402
from tests.live_site import actor_cookie, live_datasette  # noqa: E402
from tests.pipeline.commands import start  # noqa: E402

PHOTOS = 60
# How work was divided, and when it was done, may differ between two ways to one result.
UNSTABLE = {"run_id", "file_id", "started_at", "finished_at", "modified_at"}
LEFT_OUT = {"runs", "sqlite_sequence", "_sqlite_migrations", "staged_readings"}


@dataclass
class Tally:
    """What was done how often, and every difference that was seen."""

    counts: Counter = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)

    def check(self, holds: bool, what: str) -> None:
        if not holds:
            self.troubles.append(what)


def write_export(folder: Path) -> list[Path]:
    """Two parts: photos with sidecars, small copies of every third, an album of every fourth."""
    parts = []
    for number in (1, 2):
        members: dict[str, bytes] = {"Trip/metadata.json": album("Trip")}
        for photo in range((number - 1) * PHOTOS // 2, number * PHOTOS // 2):
            taken = 1_561_739_884 + 3600 * photo
            data = picture(photo, (640, 480))
            members |= year(f"IMG_{1000 + photo}.jpg", data, photo, taken)
            if photo % 3 == 0:
                small = picture(photo, (320, 240), quality=80)
                members |= year(f"IMG_{1000 + photo}-small.jpg", small, 500 + photo, taken)
            if photo % 4 == 0:
                name = f"Trip/IMG_{1000 + photo}.jpg"
                members |= {name: data, f"{name}.supplemental-metadata.json": sidecar(f"IMG_{1000 + photo}.jpg", photo, taken)}
        parts.append(part(folder, number, members))
    return parts


def arguments(database: Path, parts: list[Path]) -> list[object]:
    return ["takeout", database, "--silent", "--workers", 1, *parts]


def finish(database: Path, parts: list[Path], before: str = "") -> None:
    """An undisturbed run to the end."""
    with start(*arguments(database, parts), before=before) as process:
        _, errors = process.communicate(timeout=600)
    if process.returncode:
        raise RuntimeError(errors)


def signal_all(process: subprocess.Popen, what: int) -> None:
    """To the program and its reading processes; it may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, what)


def end(process: subprocess.Popen) -> None:
    signal_all(process, signal.SIGKILL)
    process.communicate()


def tables(database: Path) -> dict[str, list]:
    """Every row of every table, without the columns that tell the order of work."""
    with closing(sqlite3.connect(database)) as conn:
        names = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts%'")]
        found = {}
        for name in sorted(set(names) - LEFT_OUT):
            columns = [row[1] for row in conn.execute(f"PRAGMA table_info({name})") if row[1] not in UNSTABLE]
            found[name] = sorted(conn.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall(), key=repr)
        return found


def is_sound(database: Path) -> bool:
    if not database.exists():
        return True
    with closing(sqlite3.connect(database)) as conn:
        whole = conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return whole and conn.execute("PRAGMA foreign_key_check").fetchall() == []


def differing(found: dict[str, list], expected: dict[str, list]) -> str:
    return ", ".join(name for name in expected if found.get(name) != expected[name])


class Bench:
    """The export, what an undisturbed run makes of it, and how long that takes."""

    def __init__(self, folder: Path, seed: int):
        self.folder, self.draw, self.tally = folder, random.Random(seed), Tally()
        self.parts = write_export(folder)
        began = time.monotonic()
        finish(folder / "undisturbed.db", self.parts)
        self.duration_s = time.monotonic() - began
        self.expected = tables(folder / "undisturbed.db")
        groups = len(self.expected["groups"])
        print(
            f"The export has {len(self.expected['photos'])} photos in {groups} groups; undisturbed {self.duration_s:.1f} s",
            flush=True,
        )

    def fresh(self, name: str) -> Path:
        for leftover in self.folder.glob(f"{name}.db*"):
            leftover.unlink()
        return self.folder / f"{name}.db"

    def compare(self, database: Path, what: str) -> None:
        difference = differing(tables(database), self.expected)
        self.tally.check(not difference, f"{what}: {difference} differ from an undisturbed run")

    def kills(self, count: int) -> None:
        """SIGKILL at random moments of import and match; after every fifth kill an undisturbed run, compared."""
        database = self.fresh("killed")
        for number in range(count):
            process = start(*arguments(database, self.parts), start_new_session=True)
            time.sleep(self.draw.uniform(0.2, self.duration_s * 0.8))
            self.tally.counts["killed while running"] += process.poll() is None
            end(process)
            self.tally.check(is_sound(database), f"kill {number}: integrity or foreign keys")
            if number % 5 == 4:
                finish(database, self.parts)
                self.compare(database, f"after kill {number}")
                self.tally.counts["finished and compared after kills"] += 1
                database = self.fresh("killed")

    def power(self, count: int) -> None:
        """The power goes: of the log only a random beginning reached the disk, sometimes with rubbish behind it."""
        no_checkpoint = (
            "from datasette_gphotos_dedupe.store import database as place; opened = place.open_database\n"
            "def open_database(*given, **more):\n"
            "    db = opened(*given, **more); db.execute('PRAGMA wal_autocheckpoint = 0'); return db\n"
            "place.open_database = open_database"
        )
        for number in range(count):
            database, lost = self.fresh("running"), self.fresh("lost")
            process = start(*arguments(database, self.parts), before=no_checkpoint, start_new_session=True)
            time.sleep(self.draw.uniform(0.6, self.duration_s))
            signal_all(process, signal.SIGSTOP)
            if database.exists():
                shutil.copy(database, lost)
                self._cut_log(Path(f"{database}-wal"), Path(f"{lost}-wal"))
            end(process)
            self.tally.counts["power lost"] += 1
            self.tally.check(is_sound(lost), f"power {number}: integrity or foreign keys")
            if number % 5 == 4:
                finish(lost, self.parts)
                self.compare(lost, f"after power cut {number}")
                self.tally.counts["finished and compared after power cuts"] += 1

    def _cut_log(self, log: Path, copy: Path) -> None:
        if not log.exists():
            return
        content = log.read_bytes()
        kept = content[: self.draw.randint(0, len(content))]
        rubbish = self.draw.randbytes(min(4096, len(content) - len(kept))) if self.draw.random() < 0.5 else b""
        copy.write_bytes(kept + rubbish)

    def serving(self, rounds: int) -> None:
        """Imports are killed and begun again while two people decide over HTTP; what was answered 200 must be there."""
        for number in range(rounds):
            database = self.fresh("served")
            finish(database, self.parts[:1])
            with live_datasette([database]) as site:
                people = [
                    Reviewer(site.url, actor, random.Random(number * 2 + at)) for at, actor in enumerate(("root", "reviewer"))
                ]
                for person in people:
                    person.start()
                for _ in range(3):
                    process = start(*arguments(database, self.parts), start_new_session=True)
                    time.sleep(self.draw.uniform(0.5, self.duration_s))
                    end(process)
                finish(database, self.parts)
                for person in people:
                    person.end()
            self._check_decisions(database, people, number)

    def _check_decisions(self, database: Path, people: list[Reviewer], number: int) -> None:
        with closing(sqlite3.connect(database)) as conn:
            stored = {row[0] for row in conn.execute("SELECT batch_id FROM decision_batches")}
        self.tally.check(is_sound(database), f"serving {number}: integrity or foreign keys")
        for person in people:
            self.tally.counts["decisions answered 200 while imports were killed"] += len(person.batches)
            self.tally.counts["decisions refused (decided elsewhere, busy)"] += person.refused
            self.tally.check(person.batches <= stored, f"serving {number}: a decision is gone")
            self.tally.check(not person.errors, f"serving {number}: {person.errors[:1]}")
        found, expected = tables(database), self.expected
        same = all(found[name] == expected[name] for name in ("photos", "files", "fingerprints", "pairs"))
        self.tally.check(same, f"serving {number}: photos or pairs differ from an undisturbed run")

    def clocks(self, count: int) -> None:
        """The clock jumps by years between two looks at it."""
        jumping = (
            "import random; from datasette_gphotos_dedupe.store import runs, database\n"
            "runs.utc_now = database.utc_now = lambda: f'{random.randint(1970, 2100)}-01-01T00:00:00Z'"
        )
        for number in range(count):
            database = self.fresh("clock")
            process = start(*arguments(database, self.parts), before=jumping, start_new_session=True)
            time.sleep(self.draw.uniform(0.5, self.duration_s))
            end(process)
            finish(database, self.parts, before=jumping)
            self.compare(database, f"clock {number}")
            self.tally.counts["imports under a jumping clock"] += 1

    def copies(self, count: int) -> None:
        """VACUUM INTO while an import writes: the copy is sound, and an import into it ends as any other."""
        for number in range(count):
            database, copy = self.fresh("used"), self.fresh("copy")
            process = start(*arguments(database, self.parts), start_new_session=True)
            time.sleep(self.draw.uniform(0.8, self.duration_s))
            with closing(sqlite3.connect(database, timeout=30)) as conn:
                conn.execute("VACUUM INTO ?", [str(copy)])
            process.communicate()
            self.tally.check(is_sound(copy), f"copy {number}: integrity or foreign keys")
            if number % 5 == 4:
                finish(copy, self.parts)
                self.compare(copy, f"copy {number}")
            self.tally.counts["copies made of a file in use"] += 1

    def two_imports(self, count: int) -> None:
        """Two imports of the same export into one file at once."""
        for number in range(count):
            database = self.fresh("twice")
            both = [start(*arguments(database, self.parts)) for _ in range(2)]
            for process in both:
                process.communicate(timeout=600)
            self.tally.check(is_sound(database), f"two imports {number}: integrity or foreign keys")
            finish(database, self.parts)
            self.compare(database, f"two imports {number}")
            self.tally.counts["pairs of imports at once"] += 1


class Reviewer(threading.Thread):
    """Somebody who accepts, keeps, removes and takes back at random until told to end."""

    def __init__(self, url: str, actor: str, draw: random.Random):
        super().__init__(daemon=True)
        self.base, self.draw, self.going = f"{url}/photos/-/duplicates", draw, True
        self.base = self.base.replace("/photos/", "/served/")
        self.session = requests.Session()
        self.session.cookies.set("ds_actor", actor_cookie(actor))
        self.batches: set[int] = set()
        self.refused, self.errors = 0, []

    def end(self) -> None:
        self.going = False
        self.join(60)

    def run(self) -> None:
        while self.going:
            try:
                self._decide()
            except Exception as error:  # a bench tells whatever went wrong
                self.errors.append(repr(error))
            time.sleep(0.02)

    def _decide(self) -> None:
        groups = self.session.get(f"{self.base}.json", params={"state": "all"}, timeout=60).json()["groups"]
        if not groups:
            return
        group = self.draw.choice(groups)
        members = [member["photo_id"] for member in group["members"]]
        choice = {"photo_id": self.draw.choice(members), "decision": self.draw.choice(("keep", "remove", None))}
        page = self.session.get(f"{self.base}/history", timeout=60).text
        token = page.partition('name="csrftoken" value="')[2].partition('"')[0]
        answer = self.session.post(
            f"{self.base}/{group['group_id']}.json",
            json={"choices": [choice], "seen": group["seen"]},
            headers={"x-csrftoken": token or self.session.cookies.get("ds_csrftoken", "")},
            timeout=60,
        )
        if answer.status_code == 200 and answer.json()["batch_id"]:
            self.batches.add(answer.json()["batch_id"])
        elif answer.status_code >= 500 or answer.status_code == 403:
            self.errors.append(f"{answer.status_code}: {answer.text[:300]}")
        elif answer.status_code != 200:
            self.refused += 1


def properties(examples: int, tally: Tally) -> None:
    """The safety rules on random libraries and orders of decisions, for each of the properties."""
    environment = {**os.environ, "PROPERTY_EXAMPLES": str(examples)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--timeout=0",
        "-p",
        "no:cacheprovider",
        "tests/store/test_safety_properties.py",
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    tally.counts[f"safety properties with {examples:,} random libraries each"] += done.stdout.count(".") and 1
    tally.check(done.returncode == 0, f"a safety property: {done.stdout[-2000:]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = {"kills": 200, "power": 60, "serving": 10, "clocks": 5, "copies": 20, "two_imports": 5, "examples": 2000}
    for name, count in steps.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=count, help="how often (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.seed)
        for name in ("kills", "power", "serving", "clocks", "copies", "two_imports"):
            began = time.monotonic()
            getattr(bench, name)(getattr(options, name))
            print(f"{name}: {time.monotonic() - began:.0f} s, {len(bench.tally.troubles)} troubles so far", flush=True)
        if options.examples:
            properties(options.examples, bench.tally)
    for what, count in bench.tally.counts.items():
        print(f"{count:8,}  {what}")
    print(f"{len(bench.tally.troubles):8,}  differences or damages")
    for trouble in bench.tally.troubles[:40]:
        print("  ", trouble)
    sys.exit(bool(bench.tally.troubles))


if __name__ == "__main__":
    main()
