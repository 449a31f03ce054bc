"""Comparing the pixels of many pairs, in several processes when there are many."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from ..core.fingerprint import RADIUS_BITS, VARIANTS
from ..core.verify import Subject, Verdict, verify_pair
from ..model import Pair
from .progress import Progress

FEW_PAIRS = 600  # starting processes takes as long as verifying about this many
TASK_PAIRS = 50


@dataclass(frozen=True)
class Comparison:
    """Two photos (`photo_a` < `photo_b`) and how their hashes met."""

    photo_a: str
    photo_b: str
    distance_bits: int
    variant: str

    @classmethod
    def of(cls, a: Subject, b: Subject) -> Comparison:
        """How two photos that the search did not bring together are compared: by what brings them nearest."""
        first, second = sorted((a, b), key=lambda subject: subject.photo_id)
        distance = _distance(a.phash, b.phash)
        near = [(distance, "base")]
        if distance > RADIUS_BITS:
            for one, other in ((a, b), (b, a)):
                near += [(_distance(text, other.phash), name) for name, text in one.variants.items() if name in VARIANTS]
            near = [(bits, name) for bits, name in near if bits <= VARIANTS.get(name, -1)] or near[:1]
        return cls(first.photo_id, second.photo_id, *min(near))


def _distance(a: str, b: str) -> int:
    return (int(a, 16) ^ int(b, 16)).bit_count() if a and b else 0


Task = list[tuple[Subject, Subject, int, str]]


def verify_task(task: Task) -> list[Verdict | None]:
    """The verdicts of some pairs; runs in another process."""
    return [verify_pair(a, b, distance_bits, variant) for a, b, distance_bits, variant in task]


class Verifier:
    """Verifies pairs; a context manager that holds its processes. `workers` None means one for each core."""

    def __init__(self, workers: int | None = None):
        self._workers = workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Verifier:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def verify(
        self, comparisons: Sequence[Comparison], subjects: Mapping[str, Subject], progress: Progress | None = None
    ) -> list[Pair]:
        """Those that are not different pictures, as pairs, in the order given."""
        tasks = [
            [
                (subjects[c.photo_a], subjects[c.photo_b], c.distance_bits, c.variant)
                for c in comparisons[start : start + TASK_PAIRS]
            ]
            for start in range(0, len(comparisons), TASK_PAIRS)
        ]
        pairs: list[Pair] = []
        results = self._map(tasks, len(comparisons))
        for start, verdicts in zip(range(0, len(comparisons), TASK_PAIRS), results, strict=True):
            pairs += [_pair(c, v) for c, v in zip(comparisons[start : start + TASK_PAIRS], verdicts, strict=True) if v]
            if progress:
                progress.advance(len(verdicts))
        return pairs

    def _map(self, tasks: list[Task], pair_count: int):
        if self._workers == 1 or (pair_count < FEW_PAIRS and not self._pool):
            return map(verify_task, tasks)
        if not self._pool:
            # spawn everywhere: a forked child would share the database connection and the threads' locks
            self._pool = ProcessPoolExecutor(self._workers, multiprocessing.get_context("spawn"))
        return self._pool.map(verify_task, tasks)


def _pair(comparison: Comparison, verdict: Verdict) -> Pair:
    return Pair(
        comparison.photo_a,
        comparison.photo_b,
        comparison.distance_bits,
        verdict.relation,
        verdict.confidence,
        verdict.evidence,
        verdict.measures,
    )
