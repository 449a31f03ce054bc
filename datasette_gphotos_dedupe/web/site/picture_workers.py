"""Work on pictures for a page: off the event loop, two at a time, and refused when too much of it waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ...errors import BusyError

AT_ONCE = 2  # each may hold one decoded picture: see core.rendering
MAX_WAITING = 12

Result = TypeVar("Result")
_pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="gphotos-picture")
_places = threading.BoundedSemaphore(AT_ONCE + MAX_WAITING)


async def run_on_picture(function: Callable[..., Result], *args: Any) -> Result:
    """The result of `function(*args)` from one of the threads for pictures. Raises BusyError when too many wait."""
    if not _places.acquire(blocking=False):
        raise BusyError("Too many pictures are being read at the moment. Try again in a few seconds.")

    def work() -> Result:
        try:
            return function(*args)
        finally:
            _places.release()

    # Not released when the browser goes away: the work goes on, and it is the work that is counted.
    return await asyncio.get_running_loop().run_in_executor(_pool, work)
