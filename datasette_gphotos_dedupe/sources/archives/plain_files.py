"""Opening a file by a name that a database holds: anybody may have written that, and waiting for a pipe or device never ends."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_plain_file(path: str | Path) -> BinaryIO:
    """An ordinary file, for reading. Raises OSError, for a named pipe, a device or a folder too."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "it is no ordinary file")
    return open(path, "rb")
