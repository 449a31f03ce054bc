"""One push at a time per database: two at once could make two albums."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..errors import GphotosError


@contextlib.contextmanager
def one_push_at_a_time(database_path: str | Path) -> Iterator[None]:
    """Hold the right to push from this database. The system gives it back when the program dies, however it dies."""
    real = str(Path(database_path).resolve())
    name = f"gphotos-push-{hashlib.sha256(real.encode()).hexdigest()[:16]}.lock"
    with open(Path(tempfile.gettempdir()) / name, "a+") as file:
        if not _lock(file):
            raise GphotosError(f"A push from {database_path} is running already. Wait until it ends, or stop it, and try again.")
        yield


def _lock(file: IO) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
