"""Pictures that are read before their turn comes: while an import goes through what it knows, other cores read what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..model import File
from .workers import Pending

MAX_FILES = 2_000
MAX_BYTES = 64_000_000  # a second or two of reading, which is all that is lost when an import is killed


class ReadAhead:
    """Starts to read the files of `wanted` in their order, some of them at a time, until they are taken."""

    def __init__(self, wanted: Callable[[], Iterator[File]], start: Callable[[File], Pending]):
        self._wanted = wanted
        self._start = start
        self._started: dict[tuple[str, str], tuple[Pending, int]] = {}
        self._bytes = 0
        self._is_full = False

    def fill(self) -> None:
        """Start as many as may be waiting at once."""
        if self._is_full:
            return
        for file in self._wanted():
            self._started[file.container, file.member] = self._start(file), file.bytes or 0
            self._bytes += file.bytes or 0
            if len(self._started) >= MAX_FILES or self._bytes >= MAX_BYTES:
                self._is_full = True
                return

    def take(self, file: File) -> Pending | None:
        """The reading of a file that was started, which is the caller's from now on; None when it was not."""
        pending, size = self._started.pop((file.container, file.member), (None, 0))
        if pending is not None:
            self._bytes -= size
            self._is_full = False
        return pending
