"""The original bytes of a photo, out of the archive or folder where an import found them.

Members are found by the names that the tables hold, and what stands in those anybody may have written: nothing outside of the
archive or folder is read, no pipe or device, and never without end. Zip archives are read at the place that their index tells; a
tgz only from its start, so reaching something in it takes as long as unpacking it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from ...errors import PictureError, SourceError
from ...input_file import stat_input
from .containers import is_stream
from .entries import TROUBLES, Entry
from .members import Address, address_in_zip, open_address
from .tgz_stream import read_tgz
from .zip_index import read_zip_index

_PIECE_BYTES = 1 << 20
_HELD_BYTES = 64 << 20  # of a file out of a tgz; a larger one is laid on disk while it is used
_MAX_BYTES = 20 << 30  # Google takes no larger file
_UNPACKED = 10  # photos hardly get smaller in a tgz: one that unpacks to more than this many times what was asked is made to harm
_INDEXES = 4  # of archives that are kept in memory: the index of a 50 GB part takes longer to read than a picture


def find_original(container: str, member: str) -> Address:
    """Where the bytes lie in a zip archive or folder. Raises SourceError when they cannot be had any more."""
    path = Path(container)
    try:
        status = stat_input(path)
        if stat.S_ISDIR(status.st_mode):
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
    size = inside.stat().st_size
    if not size:  # what the system shows as files without a size may be waited for without end
        raise SourceError(f"{member} in {folder} cannot be read any more: it is empty")
    return Address(str(inside), member, size)


@lru_cache(maxsize=_INDEXES)
def _zip_index(container: str, size: int, mtime_ns: int) -> dict[str, Entry]:
    """The members of a zip by name. Size and time are asked for so that a replaced archive is read anew."""
    return {entry.path: entry for entry in read_zip_index(Path(container), 0)}


@contextlib.contextmanager
def open_original(container: str, member: str) -> Iterator[BinaryIO]:
    """The file as a binary stream that can seek. Raises SourceError when it cannot be reached any more."""
    with _open_once(container, member, _MAX_BYTES) as file:
        if file.seekable():
            yield file
            return
        with tempfile.SpooledTemporaryFile(_HELD_BYTES) as copy:
            for piece in _pieces(file, container, member):
                copy.write(piece)
            copy.seek(0)
            yield copy  # type: ignore[misc]


@contextlib.contextmanager
def _open_once(container: str, member: str, max_bytes: int) -> Iterator[BinaryIO]:
    """The file as a stream; out of a tgz it can be read once, from its start."""
    with contextlib.ExitStack() as stack:
        with _explained(container, member):
            if is_stream(container):
                file = _find_in_tgz(stack, container, member, max_bytes)
            else:
                file = stack.enter_context(open_address(find_original(container, member)))
        yield file


@contextlib.contextmanager
def _explained(container: str, member: str) -> Iterator[None]:
    try:
        yield
    except (OSError, PictureError, EOFError) as error:
        raise SourceError(f"{member} in {container} cannot be read any more: {error}") from None


def _find_in_tgz(stack: contextlib.ExitStack, container: str, member: str, max_bytes: int) -> BinaryIO:
    entries = stack.enter_context(contextlib.closing(read_tgz(Path(container), 0, _UNPACKED * max_bytes)))
    for entry, stream, _ in entries:
        if entry.path == member and stream is not None:
            return stream
    raise SourceError(f"{member} in {container} cannot be read any more: the archive holds no such file")


def _pieces(file: BinaryIO, container: str, member: str) -> Iterator[bytes]:
    """The file to its end. Raises SourceError where it is damaged or longer than any that Google takes."""
    size = 0
    while True:
        with _explained(container, member):
            piece = file.read(_PIECE_BYTES)
        size += len(piece)
        if size > _MAX_BYTES:
            raise SourceError(f"{member} in {container} has more than {_MAX_BYTES:,} bytes, more than Google takes")
        if not piece:
            return
        yield piece


def read_original(container: str, member: str, max_bytes: int, sha1: str | None) -> bytes:
    """The whole file as it was imported, when it had this SHA-1.

    Without that check a database that somebody made would get any picture on this machine shown to whoever may review it. Raises
    SourceError when the file cannot be had, has changed, is larger, or lies in a tgz larger than that.
    """
    size = os.path.getsize(container) if is_stream(container) and os.path.isfile(container) else 0
    if size > max_bytes:
        raise SourceError(f"{member} lies in {container}, which can only be read from its start: that would take too long")
    with _open_once(container, member, max_bytes) as file, _explained(container, member):
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise SourceError(f"{member} has more than {max_bytes:,} bytes, too many to be shown")
    if hashlib.sha1(data).hexdigest() != sha1:
        raise SourceError(f"{member} in {container} has changed since it was imported")
    return data


def read_sha1(container: str, member: str) -> tuple[str, int]:
    """SHA-1 (hex) and size of the file as it is now. Raises SourceError."""
    digest = hashlib.sha1()
    size = 0
    with _open_once(container, member, _MAX_BYTES) as file:
        for piece in _pieces(file, container, member):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def find_addresses(container: str, members: Collection[str]) -> dict[str, Address]:
    """The addresses of those members that are still there. Raises SourceError when the archive or folder itself is gone."""
    path = Path(container)
    if path.is_dir():
        root = path.resolve()
        inside = {member: (path / member).resolve() for member in members}
        return {
            member: Address(str(file), member, file.stat().st_size)
            for member, file in inside.items()
            if file.is_relative_to(root) and file.is_file()
        }
    if not path.exists():
        raise SourceError(f"{container} is no longer there.")
    return {
        entry.path: address_in_zip(container, entry)
        for entry in read_zip_index(path, 0)
        if entry.path in members and not entry.trouble
    }


def visit_stream(container: str, members: Collection[str], visit: Callable[[str, BinaryIO], None]) -> None:
    """Hand those members of a tgz to `visit`, in one pass. Raises SourceError when it ends early."""
    for entry, stream, _ in read_tgz(Path(container), 0):
        if stream is not None and entry.path in members:
            visit(entry.path, stream)
