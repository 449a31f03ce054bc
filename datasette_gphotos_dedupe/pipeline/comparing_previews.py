"""Comparing the pixels of many pairs, in several processes when there are many."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from ..core.pictures.fingerprint import RADIUS_BITS, VARIANTS
from ..core.verdict.compared_photo import Subject
from ..core.verdict.judge_pair import Verdict, verify_pair
from ..errors import GphotosError
from ..model import Pair
from ..store.matching.saved_proofs import WaitingPair
from .progress import Progress
from .workers import worker_context

FEW_PAIRS = 400  # starting processes takes as long as two of them save of verifying so many
TASK_PAIRS = 50
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
KEPT_BYTES = 32 << 20  # many times what a comparison holds at once
PROCESS_ENDED = (
    "A process that compared pictures was ended from outside, most likely because the memory ran out. What was compared "
    "so far is saved. Run the same command again; if it happens again, with --workers 1."
)


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
        """Those that are not different pictures, as pairs, in the order given. Raises GphotosError when a process was ended."""
        return list(self.start(comparisons, subjects, progress))

    def start(
        self, comparisons: Sequence[Comparison], subjects: Mapping[str, Subject], progress: Progress | None = None
    ) -> Iterator[Pair]:
        """The same one after another. With several processes the work begins now, before the first pair is asked for."""
        starts = range(0, len(comparisons), TASK_PAIRS)
        tasks = [
            [
                (subjects[c.photo_a], subjects[c.photo_b], c.distance_bits, c.variant)
                for c in comparisons[start : start + TASK_PAIRS]
            ]
            for start in starts
        ]
        return _pairs(comparisons, self._map(tasks, len(comparisons)), progress)

    def _map(self, tasks: list[Task], pair_count: int) -> Iterable[list[Verdict | None]]:
        if self._workers == 1 or (pair_count < FEW_PAIRS and not self._pool):
            return map(verify_task, tasks)
        if not self._pool:
            self._pool = ProcessPoolExecutor(self._workers, worker_context(), initializer=begin_worker)
        try:
            return self._pool.map(verify_task, tasks)
        except BrokenProcessPool as error:
            raise GphotosError(PROCESS_ENDED) from error


def begin_worker() -> None:
    """Ctrl-C is the parent's to handle, and a worker whose parent was killed ends too: it would wait for work for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _keep_freed_memory()
    threading.Thread(target=_end_after_parent, daemon=True).start()


def _keep_freed_memory() -> None:
    """Have the C library keep what is freed: each comparison fills the same dozens of arrays, and taking them from the kernel each time
    costs a fourth of it. Only glibc can be told so."""
    tell = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if tell:
        tell(M_MMAP_THRESHOLD, KEPT_BYTES)
        tell(M_TRIM_THRESHOLD, KEPT_BYTES)


def _end_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _pairs(
    comparisons: Sequence[Comparison], results: Iterable[list[Verdict | None]], progress: Progress | None
) -> Iterator[Pair]:
    position = 0
    try:
        for verdicts in results:
            for verdict in verdicts:
                if verdict:
                    yield pair_of(comparisons[position], verdict)
                position += 1
            if progress:
                progress.advance(len(verdicts))
    except BrokenProcessPool as error:
        raise GphotosError(PROCESS_ENDED) from error


def pair_of(compared: Comparison | WaitingPair | Pair, verdict: Verdict) -> Pair:
    """What was compared, with the verdict on it."""
    return Pair(
        compared.photo_a,
        compared.photo_b,
        compared.distance_bits,
        verdict.relation,
        verdict.confidence,
        verdict.evidence,
        verdict.measures,
    )
