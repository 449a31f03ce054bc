"""The original bytes of a photo, out of the archive or folder where an import found them.

Members are found by the names that the tables hold. Zip archives are read at the place that their index tells; a tgz only from
its start, so reaching something in it takes as long as unpacking it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from ..errors import PictureError, SourceError
from .archives import is_stream
from .entries import TROUBLES, Entry
from .members import Address, address_in_zip, open_address
from .tgz_stream import read_tgz
from .zip_index import read_zip_index

_PIECE_BYTES = 1 << 20
_HELD_BYTES = 64 << 20  # of a file out of a tgz; a larger one is laid on disk while it is used
_INDEXES = 4  # of archives that are kept in memory: the index of a 50 GB part takes longer to read than a picture


def find_original(container: str, member: str) -> Address:
    """Where the bytes lie in a zip archive or folder. Raises SourceError when they cannot be had any more."""
    path = Path(container)
    try:
        status = path.stat()
        if path.is_dir():
            return _in_folder(path, member)
        entry = _zip_index(container, status.st_size, status.st_mtime_ns).get(member)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte in it
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(f"{member} in {container} cannot be read any more: {reason}") from None
    if entry is None:
        raise SourceError(f"{member} in {container} cannot be read any more: the archive holds no such file")
    if entry.trouble:
        raise SourceError(f"{member} in {container} cannot be read: {TROUBLES[entry.trouble]}")
    return address_in_zip(container, entry)


def _in_folder(folder: Path, member: str) -> Address:
    inside = (folder / member).resolve()
    if not inside.is_relative_to(folder.resolve()):
        raise ValueError("it points out of its folder")
    if not inside.is_file():
        raise SourceError(f"{member} in {folder} cannot be read any more: it is no longer there")
    return Address(str(inside), member, inside.stat().st_size)


@lru_cache(maxsize=_INDEXES)
def _zip_index(container: str, size: int, mtime_ns: int) -> dict[str, Entry]:
    """The members of a zip by name. Size and time are asked for so that a replaced archive is read anew."""
    return {entry.path: entry for entry in read_zip_index(Path(container), 0)}


@contextlib.contextmanager
def open_original(container: str, member: str) -> Iterator[BinaryIO]:
    """The file as a binary stream that can seek. Raises SourceError when it cannot be reached any more."""
    with contextlib.ExitStack() as stack:
        try:
            if is_stream(container):
                file = stack.enter_context(_copy_out_of_tgz(Path(container), member))
            else:
                file = stack.enter_context(open_address(find_original(container, member)))
        except (OSError, PictureError, EOFError) as error:
            raise SourceError(f"{member} in {container} cannot be read any more: {error}") from None
        yield file


def _copy_out_of_tgz(path: Path, member: str) -> BinaryIO:
    """A copy that can seek. Raises SourceError when the archive ends before the file does, or holds no such file."""
    with contextlib.closing(read_tgz(path, 0)) as entries:
        for entry, stream, _ in entries:
            if entry.path == member and stream is not None:
                copy = tempfile.SpooledTemporaryFile(_HELD_BYTES)  # noqa: SIM115 - handed on
                shutil.copyfileobj(stream, copy, _PIECE_BYTES)
                copy.seek(0)
                return copy  # type: ignore[return-value]
    raise SourceError(f"{member} in {path} cannot be read any more: the archive holds no such file")


def read_original(container: str, member: str, max_bytes: int) -> bytes:
    """The whole file. Raises SourceError when it cannot be had, is larger, or lies in a tgz larger than that."""
    size = os.path.getsize(container) if is_stream(container) and os.path.isfile(container) else 0
    if size > max_bytes:
        raise SourceError(f"{member} lies in {container}, which can only be read from its start: that would take too long")
    with open_original(container, member) as file:
        try:
            data = file.read(max_bytes + 1)
        except (OSError, PictureError, EOFError) as error:
            raise SourceError(f"{member} in {container} cannot be read: {error}") from None
    if len(data) > max_bytes:
        raise SourceError(f"{member} has more than {max_bytes:,} bytes, too many to be shown")
    return data


def read_sha1(container: str, member: str) -> tuple[str, int]:
    """SHA-1 (hex) and size of the file as it is now. Raises SourceError."""
    digest = hashlib.sha1()
    size = 0
    with open_original(container, member) as file:
        try:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
                size += len(piece)
        except (OSError, PictureError, EOFError) as error:
            raise SourceError(f"{member} in {container} cannot be read any more: {error}") from None
    return digest.hexdigest(), size
