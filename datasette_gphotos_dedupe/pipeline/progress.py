"""How far a long step is: a live line on a terminal, a line after five seconds and each minute elsewhere, nothing when silent."""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

TERMINAL_INTERVAL_S = 0.2
FIRST_INTERVAL_S = 5.0
LOG_INTERVAL_S = 60.0
SURE_S = 5.0  # no time left is told before so much was measured
RECENT_S = 30.0  # rate and time left follow what happened lately: photos known from an earlier run fly by, new ones do not


def describe(
    label: str,
    done: int,
    total: int | None,
    elapsed_s: float,
    note: str = "",
    share: float | None = None,
    left_s: float | None = None,
) -> str:
    """For example ``Reading pictures: part 2 of 9, 1,200 of 8,000 (15%), 40 a second, 2 min 50 s left``.

    `share` (0.0 to 1.0) is how much is done when no `total` tells; `left_s` replaces the time left that follows from the rate.
    """
    rate = done / elapsed_s if elapsed_s > 0 else 0.0
    text = f"{label}: {note}{', ' if note else ''}{done:,}"
    if total:
        text += f" of {total:,} ({100 * done // total}%)"
    elif share is not None:
        text += f" ({100 * share:.0f}%)"
    if rate:
        text += f", {rate:,.0f} a second" if rate >= 1 else f", {60 * rate:,.0f} a minute"
    if left_s is None and rate and total and done < total:
        left_s = (total - done) / rate
    return text if left_s is None else f"{text}, {_duration(left_s)} left"


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
        self._note = ""
        self._share: float | None = None
        self._began, self._counting = self._clock(), False
        self._marks: deque[tuple[float, int, float]] = deque([(self._began, 0, 0.0)])
        self._next_at = self._began + (TERMINAL_INTERVAL_S if self._live else FIRST_INTERVAL_S)
        if not self._live:
            self._print(describe(label, 0, total, 0.0))

    def note(self, text: str) -> None:
        """What is told before the count from now on, for example which part is being read."""
        self._note = text

    def reach(self, share: float) -> None:
        """`share` (0.0 to 1.0) of the step is done, where no total of the count is known."""
        self._share = min(share, 1.0)

    def advance(self, count: int = 1) -> None:
        """`count` more things are done."""
        self._done += count
        now = self._clock()
        if not self._counting:  # what came before the first of them, as starting the workers, tells nothing about the next ones
            self._counting = True
            self._marks = deque([(now, self._done, self._share or 0.0)])
        if now >= self._next_at:
            self._next_at = now + (TERMINAL_INTERVAL_S if self._live else LOG_INTERVAL_S)
            self._print(self._recently(now))

    def _recently(self, now: float) -> str:
        self._marks.append((now, self._done, self._share or 0.0))
        while len(self._marks) > 2 and self._marks[1][0] < now - RECENT_S:
            self._marks.popleft()
        since, done_then, share_then = self._marks[0]
        elapsed_s, count = now - since, self._done - done_then
        left_s = None
        if elapsed_s < SURE_S:
            return describe(self._label or "", self._done, self._total, 0.0, self._note, self._share)
        if self._total and count:
            left_s = max(self._total - self._done, 0) * elapsed_s / count
        elif self._share is not None and self._share > share_then:
            left_s = (1 - self._share) * elapsed_s / (self._share - share_then)
        rate_s = elapsed_s * self._done / count if count else 0.0
        return describe(self._label or "", self._done, self._total, rate_s, self._note, self._share, left_s)

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
            text = text[: shutil.get_terminal_size().columns - 1]  # a wrapped line could not be written over
            self._stream.write("\r" + text.ljust(self._width) + ("\n" if last else ""))
            self._width = 0 if last else len(text)
        else:
            self._stream.write(text + "\n")
        self._stream.flush()
