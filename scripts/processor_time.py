"""How much of the processors a program and the processes it started have taken."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds() -> float:
    """Of this process and its children, and of what those waited for (Linux): the server that forks workers lives on."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system + sum(map(ticks_of, living_children())) / TICKS


def living_children() -> list[str]:
    return [child for path in Path("/proc/self/task").glob("*/children") for child in path.read_text().split()]


def ticks_of(process: str) -> int:
    """The processor time of a living process and of its children that ended: utime, stime, cutime, cstime of proc(5)."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))
