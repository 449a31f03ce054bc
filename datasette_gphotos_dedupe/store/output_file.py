"""A file that a person asked for: written beside its place and put there whole, or not at all; nobody's other file is touched."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import GphotosError

_SIDE_FILES = ("", "-journal", "-wal", "-shm")  # what SQLite may leave beside a database
_MOST_OF_NAME = 60  # characters of the name in that of the unfinished file, which a file system limits to 255 bytes


def refuse_target(source: Path | None, target: Path, replace: bool) -> None:
    """Raises GphotosError where `target` cannot or must not be written, before anything is read from the library `source`."""
    try:
        mode = target.stat().st_mode if target.exists() else None
        if mode is not None and source and source.exists() and target.samefile(source):
            raise GphotosError(f"{target} is the library itself. Choose another name for the copy.")
        if not target.parent.is_dir():
            raise GphotosError(f"{target} cannot be written: the folder {target.parent} does not exist.")
    except (OSError, ValueError) as error:
        raise GphotosError(f"{target} cannot be written: {_reason(error)}.") from None
    if mode is None:
        return
    if stat.S_ISDIR(mode):
        raise GphotosError(f"{target} is a folder. Name the file that is to be written: {target / 'NAME'}")
    if not stat.S_ISREG(mode):
        raise GphotosError(f"{target} is no ordinary file. Name one that is to be written.")
    if not replace:
        raise GphotosError(f"{target} exists already. Choose another name, or add --replace to write it anew.")


@contextlib.contextmanager
def writing(target: Path) -> Iterator[Path]:
    """An empty file to write, which takes the place of `target` when the block ends well and is gone when it does not.

    Who may read it is for the umask to say, as for every file. Raises GphotosError when the disk is full or anything else is in the way.
    """
    unfinished = _make_unfinished(target)
    try:
        yield unfinished
        unfinished.replace(target)
    except OSError as error:
        raise GphotosError(f"{target} cannot be written: {_reason(error)}. Nothing was left there.") from error
    except sqlite3.OperationalError as error:
        if "full" not in str(error) and "I/O" not in str(error):
            raise
        raise GphotosError(f"{target} cannot be written: {error}. Nothing was left there.") from error
    finally:
        for suffix in _SIDE_FILES:
            with contextlib.suppress(OSError):
                os.unlink(f"{unfinished}{suffix}")


def _make_unfinished(target: Path) -> Path:
    name = target.name.encode("utf-8", "surrogateescape")[:_MOST_OF_NAME].decode("utf-8", "ignore")
    try:
        handle, path = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=target.parent)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(path, 0o666 & ~umask)
        os.close(handle)
    except (OSError, ValueError) as error:
        raise GphotosError(f"{target} cannot be written: {_reason(error)}.") from None
    return Path(path)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
