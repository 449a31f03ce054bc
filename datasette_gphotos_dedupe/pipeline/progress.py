"""How far a long step is: a live line on a terminal, one line a minute elsewhere, nothing when silent."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

TERMINAL_INTERVAL_S = 0.2
LOG_INTERVAL_S = 60.0


def describe(label: str, done: int, total: int | None, elapsed_s: float) -> str:
    """For example ``Reading pictures: 1,200 of 8,000 (15%), 40 a second, 2 min 50 s left``."""
    rate = done / elapsed_s if elapsed_s > 0 else 0.0
    text = f"{label}: {done:,}"
    if total:
        text += f" of {total:,} ({100 * done // total}%)"
    if rate:
        text += f", {rate:,.0f} a second" if rate >= 1 else f", {60 * rate:,.0f} a minute"
    if rate and total and done < total:
        text += f", {_duration((total - done) / rate)} left"
    return text


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Progress:
    """Counts one step after another on `stream`. `silent` prints nothing; `clock` is injectable so that tests do not wait."""

    def __init__(self, stream: TextIO | None = None, silent: bool = False, clock: Callable[[], float] = time.monotonic):
        self._stream = stream or sys.stderr
        self._silent = silent
        self._clock = clock
        self._live = not silent and self._stream.isatty()
        self._label: str | None = None
        self._width = 0

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a step, ending the one before."""
        self.finish()
        self._label, self._total, self._done = label, total, 0
        self._began = self._printed = self._clock()
        if not self._live:
            self._print(describe(label, 0, total, 0.0))

    def advance(self, count: int = 1) -> None:
        """`count` more things are done."""
        self._done += count
        now = self._clock()
        if now - self._printed >= (TERMINAL_INTERVAL_S if self._live else LOG_INTERVAL_S):
            self._printed = now
            self._print(describe(self._label or "", self._done, self._total, now - self._began))

    def finish(self) -> None:
        """End the step with its last figure."""
        if self._label is None:
            return
        self._print(describe(self._label, self._done, self._total, self._clock() - self._began), last=True)
        self._label = None

    def _print(self, text: str, last: bool = False) -> None:
        if self._silent:
            return
        if self._live:
            self._stream.write("\r" + text.ljust(self._width) + ("\n" if last else ""))
            self._width = 0 if last else len(text)
        else:
            self._stream.write(text + "\n")
        self._stream.flush()
