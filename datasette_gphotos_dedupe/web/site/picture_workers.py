"""Work on pictures for a page: in worker processes with limits, two at a time, and refused when too much of it waits.

A codec that crashes, hangs or eats memory takes down one request; the server, and who else reads a page, do not notice.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ...errors import BusyError
from ...model import Trouble

AT_ONCE = 2  # each may hold one decoded picture: see pipeline.pictures_for_pages
MAX_WAITING = 12

Result = TypeVar("Result")
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="gphotos-picture")  # each waits for a worker
_places = threading.BoundedSemaphore(AT_ONCE + MAX_WAITING)
_lock = threading.Lock()
_pool: Any = None


async def run_on_picture(function: Callable[..., Result | Trouble], *args: Any) -> Result | Trouble:
    """The result of `function(*args)` from a worker process; Trouble also when it crashed, or took too long or too much memory.

    Raises BusyError when too many wait.
    """
    if not _places.acquire(blocking=False):
        raise BusyError("Too many pictures are being read at the moment. Try again in a few seconds.")

    def work() -> Any:
        try:
            return _run(function, *args)
        finally:
            _places.release()

    # Not released when the browser goes away: the work goes on, and it is the work that is counted.
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


def _run(function: Callable[..., Any], *args: Any) -> Any:
    from ...pipeline.pictures_for_pages import CPU_S, TIMEOUT_S

    with _lock:
        pending = _workers().run(function, *args, cpu_s=CPU_S, timeout_s=TIMEOUT_S)
    return pending.result()


def _workers() -> Any:
    """The processes, started with the first picture and ended with the server."""
    global _pool
    if _pool is None:
        from ...pipeline.pictures_for_pages import MAX_MEMORY_BYTES
        from ...pipeline.workers import WorkerPool

        _pool = WorkerPool(AT_ONCE, MAX_MEMORY_BYTES)
        atexit.register(end_workers)
    return _pool


def end_workers() -> None:
    """End the processes; the next picture starts others."""
    global _pool
    pool, _pool = _pool, None
    if pool is not None:
        pool.__exit__(SystemExit, None, None)
