"""Nothing lost: kills, lost power, full and read-only disks, wrong clocks, copies in use, decisions made meanwhile, other versions.

    python scripts/bench_reliability.py                         every step as often as usual, and thousands of random examples
    python scripts/bench_reliability.py --only --kills 50       one step

Every step makes a small Takeout export of two parts, does harm to real processes at random moments, and compares what the next
undisturbed run leaves with the tables of a run that nothing ever disturbed. Ends with status 1 when anything differs.
"""

from __future__ import annotations

import argparse
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
from contextlib import closing
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.harm import (  # noqa: E402
    Tally,
    arguments,
    attempt,
    differing,
    end,
    finish,
    is_sentence,
    is_sound,
    signal_all,
    small_disk,
    tables,
    write_export,
)
from tests.live_site import actor_cookie, live_datasette  # noqa: E402
from tests.pipeline.commands import obey_permissions, start  # noqa: E402


class Bench:
    """The export, what an undisturbed run makes of it, and how long that takes."""

    def __init__(self, folder: Path, seed: int):
        self.folder, self.draw, self.tally = folder, random.Random(seed), Tally()
        self.parts = write_export(folder)
        began = time.monotonic()
        finish(folder / "undisturbed.db", self.parts)
        self.duration_s = time.monotonic() - began
        self.expected = tables(folder / "undisturbed.db")
        self.bytes_written = (folder / "undisturbed.db").stat().st_size
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
        no_checkpoint = WITH_DATABASE.format("PRAGMA wal_autocheckpoint = 0")
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

    def full(self, count: int) -> None:
        """The disk is full at a random point: for the database alone, for a file by its size, or, where one can be mounted, for real."""
        for number in range(count):
            database = self.fresh("full")
            room = self.draw.randint(20_000, int(self.bytes_written * 1.1))
            kind = ("pages", "file size", "disk")[number % 3]
            status, errors = self._fill(kind, database, room)
            self.tally.check(status == 0 or is_sentence(errors), f"full {number} ({kind}): {errors[-300:]}")
            self.tally.check(is_sound(database), f"full {number} ({kind}): integrity or foreign keys")
            self.tally.counts[f"runs with a full disk ({kind}), of which stopped by it"] += status != 0
            self.tally.counts[f"runs with a full disk ({kind})"] += 1
            finish(database, self.parts)
            self.compare(database, f"full {number} ({kind})")

    def _fill(self, kind: str, database: Path, room: int) -> tuple[int, str]:
        if kind == "pages":
            return attempt(database, self.parts, WITH_DATABASE.format(f"PRAGMA max_page_count = {60 + room // 4096}"))
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({max(room, 400_000)},) * 2)"
        if kind == "file size":
            return attempt(database, self.parts, limit)
        with small_disk(self.folder / "small", max(room, 400_000)) as disk:
            if disk is None:
                return attempt(database, self.parts, limit)
            told = attempt(disk / database.name, self.parts)
            for file in disk.iterdir():  # as it stands there, with its log
                shutil.copy(file, database.parent / file.name)
        return told

    def read_only(self, count: int) -> None:
        """The disk may only be read when a killed import is begun again: a sentence, not a byte changed, and later it goes on."""
        folder = self.folder / "shut"
        for number in range(count):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            database = folder / "photos.db"
            process = start(*arguments(database, self.parts), start_new_session=True)
            time.sleep(self.draw.uniform(0.3, self.duration_s))
            end(process)
            before = {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}
            for file in folder.iterdir():
                file.chmod(0o444)
            folder.chmod(0o555)
            status, errors = attempt(database, self.parts, preexec_fn=obey_permissions)
            self.tally.check(status == 1 and is_sentence(errors), f"read-only {number}: {status} {errors[-300:]}")
            after = {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}
            self.tally.check(before == after, f"read-only {number}: bytes were changed")
            folder.chmod(0o755)
            for file in folder.iterdir():
                file.chmod(0o644)
            finish(database, self.parts)
            self.compare(database, f"read-only {number}")
            self.tally.counts["runs on a disk that may only be read"] += 1

    def versions(self, count: int) -> None:
        """A newer version takes a step on the file of this one and is killed in it; this one then leaves the newer file alone."""
        for number in range(count):
            database = self.fresh("version")
            process = start(*arguments(database, self.parts), start_new_session=True)
            time.sleep(self.draw.uniform(0.3, self.duration_s))
            end(process)
            for _ in range(2):
                newer = start(*arguments(database, self.parts), before=NEWER, start_new_session=True)
                time.sleep(self.draw.uniform(0.2, self.duration_s))
                end(newer)
                self.tally.check(is_sound(database), f"version {number}: integrity or foreign keys")
                self.tally.counts["newer versions killed, some in their step"] += 1
            finish(database, self.parts, before=NEWER)
            self.compare(database, f"version {number}")
            newest = tables(database)
            status, errors = attempt(database, self.parts)
            refused = status == 1 and is_sentence(errors) and "written by a newer version" in errors
            self.tally.check(refused and tables(database) == newest, f"version {number}: the older one did not refuse: {errors}")
            self.tally.counts["newer files refused by the older version"] += 1


# A step as a later version may bring it: slow, so that kills hit its middle.
NEWER = """
import time
from datasette_gphotos_dedupe import schema
def m900_moods(db):
    for number in range(8):
        db.execute(f"CREATE TABLE moods{number} (photo_id TEXT REFERENCES photos(photo_id), mood TEXT)")
        db.execute(f"INSERT INTO moods{number} SELECT photo_id, 'sunny' FROM photos")
        time.sleep(0.1)
schema.STEPS["m900_moods"] = m900_moods
"""
# Run on every connection that the command opens for itself.
WITH_DATABASE = """
from datasette_gphotos_dedupe.store import database as place; opened = place.open_database
def open_database(*given, **more):
    db = opened(*given, **more); db.execute('{}'); return db
place.open_database = open_database
"""


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
    """Every property again, with so many random examples each: safety in the tables and over HTTP, answers of Google."""
    environment = {**os.environ, "PROPERTY_EXAMPLES": str(examples)}
    for tests in PROPERTIES:
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-q", "--timeout=0", "-p", "no:cacheprovider", tests]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        tally.counts[f"{tests} with {examples:,} examples each"] += 1
        tally.check(done.returncode == 0, f"{tests}: {done.stdout[-2000:]}")
        print(f"{tests}: {time.monotonic() - began:.0f} s, {(done.stdout.splitlines() or ['nothing'])[-1]}", flush=True)


def print_counts(tally: Tally) -> None:
    for what, count in tally.counts.items():
        print(f"{count:8,}  {what}", flush=True)


PROPERTIES = (
    *("tests/store/test_safety_properties.py", "tests/web/test_safety_over_http.py", "tests/web/test_two_people.py"),
    "tests/web/test_push_properties.py",
    *("tests/google/test_odd_answers.py", "tests/google/test_mutated_answers.py"),
)
STEPS = {
    **{"kills": 200, "power": 60, "full": 30, "read_only": 10, "serving": 10, "clocks": 10, "copies": 20, "two_imports": 10},
    "versions": 10,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, count in {**STEPS, "examples": 2000}.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, help=f"how often (default: {count}, or 0 with --only)")
    parser.add_argument("--only", action="store_true", help="nothing but the steps that are named")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    def often(name: str, usually: int) -> int:
        asked = getattr(options, name)
        return asked if asked is not None else 0 if options.only else usually

    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.seed)
        for name, usually in STEPS.items():
            if count := often(name, usually):
                began = time.monotonic()
                getattr(bench, name)(count)
                print(f"{name}: {time.monotonic() - began:.0f} s, {len(bench.tally.troubles)} troubles so far", flush=True)
        print_counts(bench.tally)  # the examples take longest, and may be stopped
        if examples := often("examples", 2000):
            properties(examples, bench.tally)
            print_counts(bench.tally)
    print(f"{len(bench.tally.troubles):8,}  differences or damages")
    for trouble in bench.tally.troubles[:40]:
        print("  ", trouble)
    sys.exit(bool(bench.tally.troubles))


if __name__ == "__main__":
    main()
