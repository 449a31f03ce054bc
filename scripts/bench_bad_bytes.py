"""Tens of thousands of broken pictures through the real reading processes: `python scripts/bench_bad_bytes.py --pictures 20000`.

Tells how each kind ended, the slowest, the most memory that a process had, and crashes and endless ones that cost one picture
each. Healthy pictures go in between: all of them have to come out whole.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datasette_gphotos_dedupe.model import Reading, Trouble
from datasette_gphotos_dedupe.pipeline import workers
from datasette_gphotos_dedupe.sources.archives.members import Address
from tests.broken_pictures import broken_picture, crafted_pictures, read_measured, whole_pictures

HANG_S = 10.0
WHOLE_EVERY = 50
ENDED_BY_US = ("crashed", "too_slow", "stalled")


class Tally:
    """What became of the pictures."""

    def __init__(self):
        self.codes: Counter = Counter()
        self.slowest: list[tuple[float, str]] = []
        self.peak_mb = 0
        self.ended: list[str] = []
        self.spoilt: list[str] = []
        self.began = time.perf_counter()

    def take(self, name: str, result, healthy: bool) -> None:
        outcome, seconds, memory_mb = result if isinstance(result, tuple) else (result, 0.0, 0)
        code = outcome.code if isinstance(outcome, Trouble) else "read"
        self.codes[code] += 1
        self.peak_mb = max(self.peak_mb, memory_mb)
        self.slowest = sorted([*self.slowest, (seconds, name)], reverse=True)[:5]
        if code in ENDED_BY_US:
            self.ended.append(f"{name}: {outcome.reason}")
        if healthy and not isinstance(outcome, Reading):
            self.spoilt.append(f"{name}: {outcome}")

    def show(self, what: str) -> None:
        count, wall_s = sum(self.codes.values()), time.perf_counter() - self.began
        click.echo(f"{what}: {count:,} decodes in {wall_s:,.0f} s ({count / wall_s:,.0f} a second)")
        click.echo("  " + ", ".join(f"{number:,} {code}" for code, number in self.codes.most_common()))
        click.echo(
            f"  the most memory of a process: {self.peak_mb:,} MB (bound: {workers.MAX_MEMORY_BYTES / 1e6:,.0f} beyond an idle one)"
        )
        click.echo("  slowest: " + ", ".join(f"{seconds:.2f} s {name}" for seconds, name in self.slowest))
        click.echo(f"  over {HANG_S:.0f} s: {sum(seconds > HANG_S for seconds, _ in self.slowest)} of the five slowest")
        for title, lines in (("ended by a limit or a crash", self.ended), ("HEALTHY PICTURES LOST", self.spoilt)):
            click.echo(f"  {title}: {len(lines)}" + "".join(f"\n    {line}" for line in lines[:40]))


def run(what: str, pool: workers.WorkerPool, pictures, save: Path | None) -> None:
    """Read (name, bytes, healthy) pictures, and tell what became of them."""
    tally, waiting = Tally(), []
    for name, data, healthy in pictures:
        waiting.append((name, pool.read(Address("", name, len(data), data=data)), healthy, data))
        if len(waiting) >= 32:
            finish(tally, waiting.pop(0), save)
    while waiting:
        finish(tally, waiting.pop(0), save)
    tally.show(what)


def finish(tally: Tally, job, save: Path | None) -> None:
    name, pending, healthy, data = job
    before = len(tally.ended)
    tally.take(name, pending.result(), healthy)
    if save and len(tally.ended) > before:
        (save / name).write_bytes(data)


def broken(first: int, count: int):
    whole = list(whole_pictures().items())
    for number in range(first, first + count):
        yield *broken_picture(number), False
        if number % WHOLE_EVERY == 0:
            yield *whole[number // WHOLE_EVERY % len(whole)], True


@click.command()
@click.option("--pictures", default=20_000, help="How many broken ones.")
@click.option("--first", default=0, help="Number of the first; other numbers, other damage.")
@click.option("--processes", default=os.cpu_count() or 1)
@click.option("--crafted/--no-crafted", default=True)
@click.option("--save", type=click.Path(path_type=Path), help="A folder for the pictures that crashed or did not end.")
def main(pictures: int, first: int, processes: int, crafted: bool, save: Path | None) -> None:
    workers.read_limited = read_measured
    with workers.WorkerPool(processes) as pool:
        if crafted:
            run("crafted", pool, ((name, data, False) for name, data in crafted_pictures()), save)
        run("mutated", pool, broken(first, pictures), save)


if __name__ == "__main__":
    main()
