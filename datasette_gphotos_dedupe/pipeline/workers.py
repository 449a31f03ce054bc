"""Worker processes that read pictures: a codec that crashes, hangs or eats memory takes down one picture, not the import.

Each picture has three limits. Ten seconds of processor time, kept by the kernel, so that a busy machine or a slow disk condemns no
picture; a longer time by the clock for one that waits for its bytes, and for videos; and memory beyond what an idle worker has.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..errors import GphotosError, SourceError
from ..model import Reading, Trouble
from ..sources.archives.members import Address
from ..sources.takeout.naming import is_video_name
from .reading import FULL, HASH, ITEM, read_media

CPU_S = 10  # a 100-megapixel HEIC takes 5 s on one slow core
BYTES_PER_CPU_S = 2_000_000  # beyond 20 MB a file may take longer: camera raw
PICTURE_TIMEOUT_S = 30.0  # by the clock: a sleeping disk takes 10 s to wake
VIDEO_TIMEOUT_S = 180.0  # hashing alone takes 10 s for 4 GB
VIDEO_BYTES = 60_000_000  # files larger than any usual picture get the longer time
MAX_MEMORY_BYTES = 3_000_000_000  # of one worker beyond its libraries: 500 megapixels in RGB, and half as much again
WINDOW_TASKS = 64  # read ahead of the batch that is being saved
MAX_RESTARTS = 3
LOST_S = 60.0  # a picture that no worker has taken for so long, though all before it are done, was lost with its worker
ENDED = frozenset(("too_slow", "crashed"))  # its worker has ended with it
Job = TypeVar("Job")
Result = TypeVar("Result")


class WorkerPool:
    """A pool of reading processes. Use as a context manager; leaving it by an exception ends the workers at once."""

    def __init__(self, workers: int | None = None, max_memory_bytes: int = MAX_MEMORY_BYTES):
        self._workers = workers or os.cpu_count() or 1
        self._max_memory_bytes = max_memory_bytes
        self._pool: Any = None
        self._restarts = 0

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
        if kind is KeyboardInterrupt:
            _end_server()

    def _started(self):
        if self._pool is None:
            from pebble import ProcessPool

            self._pool = ProcessPool(
                max_workers=self._workers,
                initializer=_limit_worker,
                initargs=[self._max_memory_bytes],
                context=worker_context(),
            )
        return self._pool

    def restart(self, broken) -> None:
        """Begin anew when somebody killed an idle worker or the server that forks them. Raises GphotosError when that is no help."""
        if self._pool is not broken:
            return
        if self._restarts == MAX_RESTARTS:
            raise GphotosError(
                "The processes that read pictures end as soon as they start. The machine may be out of memory: close other "
                "programs, or give --workers 1, and run the same command again; it goes on from there."
            )
        self._restarts += 1
        with contextlib.suppress(RuntimeError):
            broken.stop()
            broken.join()
        self._pool = None

    def schedule(self, task: Task):
        """(pool, future) of a task that is being done."""
        while True:
            pool = self._started()
            try:
                return pool, pool.schedule(task.function, args=(*task.args, task.cpu_s), timeout=task.timeout_s)
            except RuntimeError:
                self.restart(pool)

    def submit(self, function: Callable, arguments: tuple, timeout_s: float):
        """The future of a call in one of the processes, begun anew when these are gone."""
        while True:
            pool = self._started()
            try:
                return pool.schedule(function, args=arguments, timeout=timeout_s)
            except RuntimeError:
                self.restart(pool)

    def read(self, address: Address, mode: str = FULL, alone: bool = False) -> Pending:
        """Start reading one file. `alone`: when its folder is there and only it cannot be opened, that is trouble with it alone."""
        timeout_s = VIDEO_TIMEOUT_S if address.bytes > VIDEO_BYTES else PICTURE_TIMEOUT_S
        cpu_s = timeout_s if is_video_name(address.name) else max(CPU_S, address.bytes / BYTES_PER_CPU_S)
        return Pending(self, Task(read_limited, (address, mode), cpu_s, timeout_s), address.path if alone else None)

    def run(self, function: Callable[..., object], *args: object, cpu_s: float, timeout_s: float) -> Pending:
        """Start `function(*args)`. Its result must pickle, and it must return what goes wrong, not raise it: not every error can."""
        return Pending(self, Task(run_limited, (function, args), cpu_s, timeout_s))


@dataclass(frozen=True)
class Task:
    """What a worker is to do: `function(*args, cpu_s)`."""

    function: Callable[..., object]
    args: tuple
    cpu_s: float
    timeout_s: float


class Pending:
    """A task that is being done: mostly a file that is being read."""

    def __init__(self, pool: WorkerPool, task: Task, alone_at: str | None = None):
        self._pool = pool
        self._task = task
        self._alone_at = alone_at
        self._scheduled = pool.schedule(task)

    def is_running(self) -> bool:
        """Whether a worker has begun with it."""
        return self._scheduled[1].running()

    def result(self) -> Reading | Trouble:
        """Wait for it. Raises SourceError when the container is gone."""
        try:
            outcome = self._result()
            if ITEM in self._task.args and isinstance(outcome, Trouble) and outcome.code in ENDED:
                return self._unseen(outcome)
            return outcome
        except SourceError as error:
            path = self._alone_at
            if path is not None and os.path.isdir(os.path.dirname(path)):
                return Trouble("unreadable", str(error).replace(path, "it").rstrip("."))
            raise

    def _unseen(self, trouble: Trouble) -> Reading | Trouble:
        """An item of the library that a worker ended with: what its bytes are without looking at them."""
        hashed = self._pool.read(self._task.args[0], HASH, self._alone_at is not None).result()
        return replace(hashed, no_pixels=trouble.reason, code=trouble.code) if isinstance(hashed, Reading) else hashed

    def _result(self) -> Reading | Trouble:
        from pebble import ProcessExpired

        cpu_s, timeout_s = self._task.cpu_s, self._task.timeout_s
        while True:
            pool, future = self._scheduled
            try:
                return future.result(2 * timeout_s + LOST_S)
            except (FutureTimeout, TimeoutError):
                if future.done():
                    return Trouble(
                        "stalled", f"its bytes could not be read within {timeout_s:.0f} seconds; the next import tries again"
                    )
            except ProcessExpired as error:
                if error.exitcode == -getattr(signal, "SIGXCPU", 0):
                    return Trouble("too_slow", f"decoding it took longer than {cpu_s:.0f} seconds and was ended")
                return Trouble("crashed", "the program that decodes it crashed; the file is most likely damaged")
            except BrokenProcessPool:
                pass
            self._pool.restart(pool)
            self._scheduled = self._pool.schedule(self._task)


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


def worker_context():
    """How worker processes start on this system."""
    # A starting worker would run the main script again. It needs nothing of it, and not every script has a __main__ guard.
    main = sys.modules["__main__"]
    if getattr(main, "__spec__", None) is None and hasattr(main, "__file__"):
        del main.__file__
    # A forked server starts a worker in milliseconds, with the libraries loaded once; plain fork is unsafe with threads.
    if sys.platform == "linux":
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([f"{__package__}.worker_preload", f"{__package__}.worker_mute"])
        _start_server()
        return context
    return multiprocessing.get_context("spawn")


def _start_server() -> None:
    """Start the server that forks workers, deaf to Ctrl-C from its first moment.

    A terminal sends Ctrl-C to all processes, and this one only ignores it once its libraries are loaded: a traceback until then.
    """
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # first, because it lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_server() -> None:
    """End the server that forks workers, which may be loading its libraries still. The next pool would start another."""
    if sys.platform == "linux":
        from multiprocessing import forkserver

        pid = getattr(forkserver._forkserver, "_forkserver_pid", None)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _limit_worker(max_memory_bytes: int) -> None:
    """The limits of a whole worker. Windows has none of them, macOS accepts the limit of memory and ignores it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler of Python's would wait until the codec returns
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)  # libtiff and others write to the terminal what they think of a damaged picture
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a picture has no business in a core dump
    if sys.platform == "linux":
        with open("/proc/self/statm") as stream:
            own_bytes = int(stream.read().split()[0]) * resource.getpagesize()
        _lower_limit(resource.RLIMIT_AS, own_bytes + max_memory_bytes)


def _lower_limit(which: int, value: int) -> None:
    import resource

    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def read_limited(address: Address, mode: str, cpu_s: float) -> Reading | Trouble:
    """`read_media`; the kernel ends the process when it takes more processor time than that (SIGXCPU)."""
    return run_limited(read_media, (address, mode), cpu_s)


def run_limited(function: Callable[..., Result], args: tuple, cpu_s: float) -> Result:
    """`function(*args)`; the kernel ends the process when it takes more processor time than that (SIGXCPU)."""
    try:
        import resource
    except ImportError:
        return function(*args)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    _lower_limit(resource.RLIMIT_CPU, int(time.process_time() + cpu_s) + 1)
    try:
        return function(*args)
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
