"""One push at a time: two at once from one database could make two albums, and Google wants one write at a time per person."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ..errors import GphotosError

_ENDING = ".push-lock"


@contextlib.contextmanager
def one_push_at_a_time(path: str | Path, what: str = "A push from {path}") -> Iterator[None]:
    """Hold the right to push from a database, or with a sign-in. The system gives it back when the program dies, however it dies.

    The lock is a file beside `path`: whoever may write there sees the same one. Raises GphotosError when somebody holds it.
    """
    real = Path(path).resolve()
    file = real.with_name(f"{real.name}{_ENDING}")
    name = what.format(path=path)
    descriptor = _acquire(file, f"{name} is running already. Wait until it ends, or stop it, and try again.")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            file.unlink()  # before it is let go: whoever waits for it then sees that it is not the file of this name any more
        os.close(descriptor)


def _acquire(file: Path, refusal: str) -> int:
    while True:
        try:
            descriptor = _open(file)
        except OSError as error:
            raise GphotosError(
                f"{file} cannot be opened ({error.strerror}), so it is not certain that no other push is running. "
                "Nothing was sent. Check the permissions of the file and of its folder."
            ) from None
        if not _lock(descriptor):
            os.close(descriptor)
            raise GphotosError(refusal)
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), file.stat()):
                return descriptor
        os.close(descriptor)


def _open(file: Path) -> int:
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except PermissionError:
        return os.open(file, os.O_RDONLY)  # left behind by another user: reading is enough for asking whether it is held


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
