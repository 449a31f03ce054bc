"""Failures on demand: status codes, delays, cut bodies, resets, HTML in place of JSON; before or after the work is done."""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass

# Beside these there is `image_404`: an error whose body is a picture, as image hosts send it.
KINDS = ("429", "500", "502", "503", "504", "409", "delay", "cut", "reset", "html", "503_after", "reset_after")
"""``_after`` kinds, ``cut`` and ``html`` do the work and lose the answer; the others refuse before anything is done."""


@dataclass
class Fault:
    """Hits requests whose ``VERB /path`` matches `pattern`: `times` of them after letting `skip` pass."""

    kind: str
    pattern: str = ""
    times: int = 1
    skip: int = 0
    message: str | None = None


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._rate = 0.0
        self._kinds: tuple[str, ...] = ()
        self._random = random.Random(0)
        self._pattern = ""
        self._lock = threading.Lock()

    def add(self, kind: str, pattern: str = "", times: int = 1, skip: int = 0, message: str | None = None) -> None:
        """Plan a fault of one of KINDS, or of any HTTP status."""
        self._planned.append(Fault(kind, pattern, times, skip, message))

    def at_rate(self, rate: float, kinds: tuple[str, ...] = KINDS, seed: int = 0, pattern: str = "/v1/") -> None:
        """From now on this share of the matching requests fails, by chance that a seed repeats."""
        self._rate, self._kinds, self._random, self._pattern = rate, kinds, random.Random(seed), pattern

    def clear(self) -> None:
        self._planned.clear()
        self._rate = 0.0

    def next_for(self, verb: str, path: str) -> Fault | None:
        """The fault that hits this request, used up by it."""
        line = f"{verb} {path}"
        with self._lock:
            for fault in self._planned:
                if fault.times > 0 and re.search(fault.pattern, line):
                    if fault.skip > 0:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    return fault
            if self._rate and re.search(self._pattern, line) and self._random.random() < self._rate:
                return Fault(self._random.choice(self._kinds))
        return None
