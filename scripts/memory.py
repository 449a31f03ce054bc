"""How much memory a program and the processes it started hold together. Linux only."""

from __future__ import annotations

import os
import threading
from pathlib import Path

EVERY_S = 0.25


class PeakMemory:
    """The most that all processes of this program held at one moment while the block ran; `mb` is 0 where the system does not tell."""

    mb = 0

    def __enter__(self) -> PeakMemory:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.mb = max(self.mb, shared_out_bytes() >> 20)


def shared_out_bytes() -> int:
    """Memory of this process and its descendants; what several of them share is counted once."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if is_child(int(folder.name)):
                lines = (folder / "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        except OSError:  # it has ended
            continue
    return total


def is_child(pid: int) -> bool:
    """Whether this is a process of ours, or ourselves."""
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return False
