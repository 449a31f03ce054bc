"""The index of a zip as nearly every program writes it, read in one piece: in a third of the time that zipfile takes.

What is written otherwise, or is damaged, is left to zipfile: only one of the two says what is wrong with an archive (APPNOTE 4.3.12 to
4.3.16, 4.5.3).
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, NamedTuple

_HEADER = struct.Struct("<4s2xBxHH4xIIIHHH4xII")
_END = struct.Struct("<4s4H2IH")
_LOCATOR = struct.Struct("<4sIQI")
_WIDE_END = struct.Struct("<4sQ2H2I4Q")
_MAX_VERSION = 63  # needed to extract; what needs a newer one zipfile refuses
_UNSAID = (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)  # a number of more than 32 bits stands in an extra field
_WIDE_FIELD, _NAME_FIELD = 0x0001, 0x7075
_UTF8 = 0x800


class Listed(NamedTuple):
    """A file as the index lists it. `attributes` are the external ones, whose upper half is what Unix calls the mode."""

    name: str
    flags: int
    method: int
    crc32: int
    packed_bytes: int
    bytes: int
    attributes: int
    offset: int


def read_plain_directory(stream: BinaryIO) -> list[Listed] | None:
    """The files that the index lists, in its order, without folders; None for an archive that zipfile has to look at."""
    place = _find_directory(stream)
    if place is None:
        return None
    stream.seek(place[0])
    data = stream.read(place[1])
    if len(data) != place[1]:
        return None
    try:
        return _listed(data)
    except (struct.error, UnicodeDecodeError):
        return None


def _find_directory(stream: BinaryIO) -> tuple[int, int] | None:
    """Where the index begins and its bytes, of an archive that begins with the file and ends with it, without a comment."""
    end = stream.seek(0, os.SEEK_END) - _END.size
    record = _read_at(stream, end, _END)
    if record is None or record[0] != b"PK\x05\x06" or record[-1]:
        return None
    size, offset = record[5:7]
    locator = _read_at(stream, end - _LOCATOR.size, _LOCATOR)
    if locator is not None and locator[0] == b"PK\x06\x07":
        end -= _LOCATOR.size + _WIDE_END.size
        wide = _read_at(stream, end, _WIDE_END)
        if locator[1:] != (0, end, 1) or wide is None or wide[:2] != (b"PK\x06\x06", _WIDE_END.size - 12):
            return None
        size, offset = wide[8:]
    return (offset, size) if offset + size == end else None


def _read_at(stream: BinaryIO, at: int, shape: struct.Struct) -> tuple | None:
    if at < 0:
        return None
    stream.seek(at)
    data = stream.read(shape.size)
    return shape.unpack(data) if len(data) == shape.size else None


def _listed(data: bytes) -> list[Listed] | None:
    """Raises struct.error or UnicodeDecodeError where there is something else than it says."""
    found, at = [], 0
    while at < len(data):
        signature, version, flags, method, crc32, packed, size, named, extra, comment, attributes, offset = _HEADER.unpack_from(
            data, at
        )
        begin = at + _HEADER.size
        end = begin + named
        at = end + extra + comment
        raw = data[begin:end]
        if signature != b"PK\x01\x02" or version > _MAX_VERSION or at > len(data) or not raw or b"\0" in raw:
            return None
        if extra:
            numbers = _wide_numbers(data[end : end + extra], size, packed, offset)
            if numbers is None:
                return None
            size, packed, offset = numbers
        name = raw.decode() if flags & _UTF8 or raw.isascii() else decode_unmarked(raw)
        if not name.replace(os.sep, "/").endswith("/"):
            found.append(Listed(name, flags, method, crc32, packed, size, attributes, offset))
    return found


def decode_unmarked(raw: bytes) -> str:
    """A name that is not said to be UTF-8: programs that repack archives often write it without saying so."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _wide_numbers(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int] | None:
    """The three numbers, those of more than 32 bits from the extra field; None where zipfile has to look at it."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if at + 4 + length > len(extra) or kind == _NAME_FIELD:
            return None
        if kind == _WIDE_FIELD:
            field = extra[at + 4 : at + 4 + length]
            if size in _UNSAID:
                size, field = struct.unpack("<Q", field[:8])[0], field[8:]
            if packed == _UNSAID[0]:
                packed, field = struct.unpack("<Q", field[:8])[0], field[8:]
            if offset == _UNSAID[0]:
                offset = struct.unpack("<Q", field[:8])[0]
        at += 4 + length
    return size, packed, offset
