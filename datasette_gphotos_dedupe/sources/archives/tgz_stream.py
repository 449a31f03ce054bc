"""What lies in a tgz. It cannot be sought, so its one pass gives each file with a stream of its bytes."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from ...errors import SourceError
from ...input_file import open_input
from .entries import MAX_ENTRIES, Entry, name_trouble, printable, time_text, twin_name

MAX_PADDING_BYTES = 64 << 20  # behind the end of a tar; usually some kilobytes
MAX_HEADER_BYTES = 1_000_000  # long names and extended headers; tarfile reads each in one piece
CHUNK = 1 << 18


class _Forward:
    """The unpacked bytes of a tgz as tarfile may see them: never backwards, and no header of any length.

    tarfile reads an extended header in one piece however long it says it is, and a length below zero leads it in circles.
    """

    def __init__(self, stream: BinaryIO, max_bytes: int | None):
        self._stream = stream
        self._max_bytes = max_bytes
        self._position = 0
        self.last = b""

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int) -> int:
        if offset < self._position:
            raise tarfile.ReadError("its list of files leads backwards")
        while offset > self._position and self.read(min(CHUNK, offset - self._position)):
            pass
        return self._position

    def read(self, size: int) -> bytes:
        if not 0 <= size <= MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"one of its headers has {size:,} bytes")
        self.last = self._stream.read(size)
        self._position += len(self.last)
        if self._max_bytes is not None and self._position > self._max_bytes:
            raise tarfile.ReadError(f"it unpacks to more than {self._max_bytes:,} bytes")
        return self.last

    def finish(self) -> None:
        """Read to the end, which checks the archive's checksum. tarfile takes anything that is no header for the end."""
        if self.last != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("its list of files breaks off")
        for _ in range(MAX_PADDING_BYTES // CHUNK):
            if self._stream.read(CHUNK).strip(b"\0"):
                raise tarfile.ReadError("it goes on behind its end")


class _Member(io.RawIOBase):
    """One file of a tgz as a stream, read by pieces that `_Forward` lets pass. Raises SourceError where the archive is damaged."""

    def __init__(self, path: Path, stream: BinaryIO):
        self._path = path
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        with _explained(self._path):
            data = self._stream.read(min(len(buffer), CHUNK))
        buffer[: len(data)] = data
        return len(data)


def read_tgz(path: Path, number: int, max_bytes: int | None = None) -> Generator[tuple[Entry, BinaryIO | None, int], None, None]:
    """Every file of a tgz in one pass, with a stream of it (None for what has trouble) and how many bytes of the tgz were read.

    A stream is good until the next is asked for. Raises SourceError when the archive ends early, or unpacks to more than
    `max_bytes`; what was given until then is good.
    """
    seen: set[str] = set()
    with _explained(path), open_input(path) as raw, gzip.GzipFile(fileobj=raw) as unpacked:
        forward = _Forward(unpacked, max_bytes)  # type: ignore[arg-type]
        with tarfile.open(fileobj=forward, mode="r:") as archive:  # type: ignore[call-overload]
            for info in archive:
                archive.members = []  # tarfile would keep every member in memory
                if not info.isdir():
                    entry = _entry(info, number, seen)
                    stream = None if entry.trouble else archive.extractfile(info)
                    yield entry, stream and io.BufferedReader(_Member(path, stream), CHUNK), raw.tell()
                if len(seen) > MAX_ENTRIES:
                    raise tarfile.ReadError(f"it holds more than {MAX_ENTRIES:,} files, more than any export")
            forward.finish()


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        raise SourceError(f"{path.name} is cut short: it ends in the middle.") from error
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, ValueError, OverflowError) as error:
        raise SourceError(f"{path.name} is damaged: it cannot be read to its end ({error}).") from error
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _entry(info: tarfile.TarInfo, number: int, seen: set[str]) -> Entry:
    moment = time_text(int(info.mtime * 1e9)) if 0 <= info.mtime < 1e10 else None
    entry = Entry(number, printable(info.name), info.size, None, moment, info.offset_data)
    trouble = name_trouble(info.name) if info.isreg() else "not_a_file"
    if info.issparse():
        trouble = "unknown_compression"
    if entry.path in seen:
        entry = entry._replace(path=twin_name(entry))
    seen.add(entry.path)
    return entry._replace(trouble=trouble)
