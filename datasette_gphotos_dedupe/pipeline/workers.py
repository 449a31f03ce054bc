"""Worker processes that read pictures: a codec that crashes, hangs or eats memory takes down one picture, not the import."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TypeVar

from ..model import Reading, Trouble
from ..sources.members import Address
from .reading import FULL, read_media

PICTURE_TIMEOUT_S = 30.0  # a 100-megapixel HEIC takes 5 s on one slow core
VIDEO_TIMEOUT_S = 180.0  # hashing alone takes 10 s for 4 GB
VIDEO_BYTES = 60_000_000  # files larger than any usual picture get the longer time
MAX_MEMORY_BYTES = 6_000_000_000  # address space of a worker: 500 megapixels in RGB twice, and the libraries
WINDOW_TASKS = 64  # read ahead of the batch that is being saved
Job = TypeVar("Job")


class WorkerPool:
    """A pool of reading processes. Use as a context manager; leaving it by an exception ends the workers at once."""

    def __init__(self, workers: int | None = None):
        self._workers = workers or os.cpu_count() or 1
        self._pool = None

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, kind, value, traceback) -> None:
        if self._pool is None:
            return
        if kind is None:
            self._pool.close()
        else:
            self._pool.stop()
        self._pool.join()

    def _started(self):
        if self._pool is None:
            from pebble import ProcessPool

            self._pool = ProcessPool(max_workers=self._workers, initializer=_limit_memory, context=_context())
        return self._pool

    def read(self, address: Address, mode: str = FULL) -> Pending:
        """Start reading one file."""
        slow = address.bytes > VIDEO_BYTES
        timeout_s = VIDEO_TIMEOUT_S if slow else PICTURE_TIMEOUT_S
        return Pending(self._started().schedule(read_media, args=(address, mode), timeout=timeout_s), timeout_s)


class Pending:
    """A file that is being read."""

    def __init__(self, future, timeout_s: float):
        self._future = future
        self._timeout_s = timeout_s

    def result(self) -> Reading | Trouble:
        """Wait for it. Raises SourceError when the container is gone."""
        from pebble import ProcessExpired

        try:
            return self._future.result()
        except (FutureTimeout, TimeoutError):
            return Trouble("too_slow", f"reading it took longer than {self._timeout_s:.0f} seconds and was ended")
        except ProcessExpired:
            return Trouble("crashed", "the program that decodes it crashed; the file is most likely damaged")


def in_order(jobs: Iterable[Job], start: Callable[[Job], None]) -> Iterator[Job]:
    """Each job in the order given, started, with a bounded number of started ones running ahead."""
    window: deque[Job] = deque()
    for job in jobs:
        start(job)
        window.append(job)
        if len(window) > WINDOW_TASKS:
            yield window.popleft()
    while window:
        yield window.popleft()


def _context():
    # A starting worker would run the main script again. It needs nothing of it, and not every script has a __main__ guard.
    main = sys.modules["__main__"]
    if getattr(main, "__spec__", None) is None and hasattr(main, "__file__"):
        del main.__file__
    # A forked server starts a worker in milliseconds, with the libraries loaded once; plain fork is unsafe with threads.
    if sys.platform == "linux":
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["datasette_gphotos_dedupe.pipeline.preloaded"])
        return context
    return multiprocessing.get_context("spawn")


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
    if sys.platform == "linux":  # macOS accepts the call and refuses the value
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
