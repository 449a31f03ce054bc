"""Opening what a person names to be read. Nothing is waited for, and nothing is read without end.

A named pipe nobody writes into is opened for ever, a device gives bytes for ever, and names may be too long, circular or no names
at all. Whatever opens a file that a person, an archive or a table named opens it here, and gets one kind of error.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a named pipe and no file"),
    (stat.S_ISSOCK, "it is a socket and no file"),
    (stat.S_ISCHR, "it is a device and no file"),
    (stat.S_ISBLK, "it is a device and no file"),
)


def open_input(path: str | Path) -> BinaryIO:
    """An ordinary file, for reading. Raises OSError, whose `strerror` says why there is none to read, for every cause there is."""
    _refuse_other_kinds(stat_input(path))
    # Something else may have taken its place since: no pipe is waited for then.
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    )
    try:
        _refuse_other_kinds(os.fstat(descriptor))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def stat_input(path: str | Path) -> os.stat_result:
    """What lies at `path`, links followed. Raises OSError also for what is no name at all."""
    try:
        return os.stat(path)
    except ValueError as error:  # a NUL character, or half a character of UTF-16
        raise OSError(errno.EINVAL, f"this is no name of a file ({error})") from None


def read_input(path: str | Path, most_bytes: int) -> bytes:
    """The whole of a small file. Raises OSError, also when it holds more than `most_bytes`."""
    with open_input(path) as stream:
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it is larger than any file of its kind ({most_bytes:,} bytes)")
    return content


def _refuse_other_kinds(status: os.stat_result) -> None:
    told = next((told for is_kind, told in _KINDS if is_kind(status.st_mode)), None)
    if told:
        raise OSError(errno.EINVAL, told)
