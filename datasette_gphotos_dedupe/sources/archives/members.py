"""The bytes behind an address: a file, or a member of a zip read in place by its offset.

Workers get an address, not the bytes, so nothing large crosses a pipe; and reading by offset spares each of them the archive's
index, which in a 50 GB part takes longer to parse than the picture.
"""

from __future__ import annotations

import builtins
import io
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from ...errors import PictureError, SourceError
from ...input_file import open_input
from .entries import Entry

CHUNK = 1 << 18
_PIECE_BYTES = 1 << 24  # no more at once than this, whatever length an index claims
_USUAL_NAME_BYTES = 150  # of a local header's name and extra field, which are read with what follows them
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
STORED, DEFLATED = 0, 8


@dataclass(frozen=True)
class Address:
    """Where the bytes of one file are. `data` holds them when they came from a stream that cannot be read again."""

    path: str
    name: str
    bytes: int
    offset: int = -1  # of the member's local header; -1: the whole file
    packed_bytes: int = 0
    method: int = STORED
    crc32: int | None = None
    data: builtins.bytes | None = None


def address_in_zip(path: str, entry: Entry) -> Address:
    """Where a member of the zip at `path` is, as its index told."""
    return Address(path, entry.path, entry.bytes, entry.offset, entry.packed_bytes, entry.method, entry.crc32)


def open_address(address: Address, archive: BinaryIO | None = None) -> BinaryIO:
    """A seekable binary stream over the bytes, read from `archive` when it is already open; that one stays open.

    Then the stream has no buffer of its own: sidecars are small and read whole.

    Raises SourceError when the container is gone or shorter than its index says, PictureError (``wrong_crc``, ``damaged``) while
    reading when the member is not what the index says.
    """
    if address.data is not None:
        return io.BytesIO(address.data)
    if archive is not None and address.offset >= 0:
        return _Member(archive, address, owned=False)  # type: ignore[return-value]
    try:
        stream = open_input(address.path)
    except OSError as error:
        raise SourceError(f"{address.path} can no longer be read: {error.strerror}.") from error
    if address.offset < 0:
        return stream
    try:
        return io.BufferedReader(_Member(stream, address), _buffer_bytes(address))
    except BaseException:
        stream.close()
        raise


def read_member(archive: BinaryIO, address: Address) -> bytes:
    """The bytes of a small member of an open zip. Raises PictureError as the stream that `open_address` gives does."""
    found = _in_one_piece(archive, address)
    if found is not None:
        return found
    with open_address(address, archive) as stream:
        return stream.read()


def _in_one_piece(archive: BinaryIO, address: Address) -> bytes | None:
    """The same where nothing is odd about it; None where anything is, of which a stream then says what."""
    if address.method not in (STORED, DEFLATED) or not address.bytes or address.packed_bytes > _PIECE_BYTES:
        return None
    archive.seek(address.offset)
    data = archive.read(_LOCAL_HEADER.size + _USUAL_NAME_BYTES + address.packed_bytes)
    if len(data) < _LOCAL_HEADER.size or data[:4] != b"PK\x03\x04":
        return None
    begin = _LOCAL_HEADER.size + int.from_bytes(data[26:28], "little") + int.from_bytes(data[28:30], "little")
    missing = begin + address.packed_bytes - len(data)
    if missing > 0:
        data += archive.read(missing)
    found = data[begin : begin + address.packed_bytes]
    if address.method == DEFLATED:
        try:
            found = zlib.decompressobj(-15).decompress(found, address.bytes)
        except zlib.error:
            return None
    return found if len(found) == address.bytes and zlib.crc32(found) == address.crc32 else None


def _buffer_bytes(address: Address) -> int:
    return min(CHUNK, max(address.bytes, 1))  # a 256 kB buffer for each 1 kB sidecar would cost more than reading it


class _Member(io.RawIOBase):
    """One zip member as a seekable stream; going back in a deflated one inflates it again from its start."""

    def __init__(self, stream: BinaryIO, address: Address, owned: bool = True):
        self._stream = stream
        self._owned = owned
        self._address = address
        self._begin = self._data_offset()
        self._restart()

    def _data_offset(self) -> int:
        self._stream.seek(self._address.offset)
        header = self._stream.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
            raise PictureError("damaged", "the archive has other bytes than its index says at this place")
        fields = _LOCAL_HEADER.unpack(header)
        return self._address.offset + _LOCAL_HEADER.size + fields[9] + fields[10]

    def _restart(self) -> None:
        self._stream.seek(self._begin)
        self._packed_left = self._address.packed_bytes
        self._position = 0
        self._crc: int | None = 0  # None once a seek has left bytes out
        self._inflate = zlib.decompressobj(-15) if self._address.method == DEFLATED else None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        if self._owned:
            self._stream.close()
        super().close()

    def readinto(self, buffer) -> int:
        data = self._piece(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """The rest of it. What io has for this asks for 8 KB at a time, which takes longer than the checksum of a photo."""
        pieces = []
        while piece := self._piece(_PIECE_BYTES):
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _piece(self, most: int) -> bytes:
        wanted = min(most, self._address.bytes - self._position)
        data = self._next(wanted) if wanted > 0 else b""
        self._position += len(data)
        if self._crc is not None:
            self._crc = zlib.crc32(data, self._crc)
            if self._position == self._address.bytes and self._crc != self._address.crc32:
                raise PictureError("wrong_crc", "its checksum does not match; the archive is damaged here, so download it again")
        return data

    def _next(self, wanted: int) -> bytes:
        try:
            data = self._inflated(wanted) if self._inflate else self._packed(wanted)
        except zlib.error:
            raise PictureError("damaged", "its compressed bytes are damaged; download the archive again") from None
        if not data:
            raise PictureError("damaged", "the archive ends in the middle of it; download the archive again")
        return data

    def _packed(self, wanted: int) -> bytes:
        data = self._stream.read(min(wanted, self._packed_left))
        self._packed_left -= len(data)
        return data

    def _inflated(self, wanted: int) -> bytes:
        assert self._inflate is not None
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._packed(CHUNK)
            data = self._inflate.decompress(packed, wanted)
            if data or not packed:  # an index may promise more packed bytes than the archive has
                return data
        return b""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        target = max(0, offset + (0, self._position, self._address.bytes)[whence])
        if target == self._position:
            return target
        if self._inflate is None:
            target = min(target, self._address.bytes)
            self._stream.seek(self._begin + target)
            self._packed_left = self._address.packed_bytes - target
            self._position, self._crc = target, (0 if target == 0 else None)
            return target
        if target < self._position:
            self._restart()
        while self._position < target and self.readinto(bytearray(min(CHUNK, target - self._position))):
            pass
        return self._position
