"""What lies in a zip, by its central directory."""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from ...errors import SourceError
from ...input_file import open_input
from .central_directory import Listed, decode_unmarked, read_plain_directory
from .entries import MAX_ENTRIES, Entry, name_trouble, printable, twin_name

MAX_INDEX_BYTES = 100_000_000  # as many entries with long names
_LEAST_HEADER_BYTES = 30
_PIECE_BYTES = 1 << 20
_MAX_TAIL_BYTES = 66_000  # the end record with the longest comment, and the locator of a ZIP64 record before it


def read_zip_index(path: Path, number: int) -> list[Entry]:
    """The files of a zip in the order they lie in it. Raises SourceError for an archive that is damaged or cut short."""
    try:
        with open_input(path) as stream:
            _refuse_huge_index(stream, path)
            listed = read_plain_directory(stream)
            if listed is None:
                with zipfile.ZipFile(stream) as archive:
                    listed = [_listed(info) for info in archive.infolist() if not info.is_dir()]
    except zipfile.BadZipFile as error:
        why = "the archive's index is missing" if "not a zip" in str(error) else f"the archive's index cannot be read ({error})"
        raise SourceError(f"{path.name} is cut short or damaged: {why}.") from error
    except (NotImplementedError, EOFError, ValueError, IndexError, struct.error) as error:
        raise SourceError(f"{path.name} is cut short or damaged: the archive's index cannot be read ({error}).") from error
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    listed.sort(key=attrgetter("offset"))
    return _without_twins(_without_overlaps([_zip_entry(each, number) for each in listed]))


def _refuse_huge_index(stream: BinaryIO, path: Path) -> None:
    """Raise SourceError for an index too large to be read at once, which zipfile would try.

    What is not found here is left to zipfile to complain of.
    """
    count, index_bytes = _index_size(stream)
    if count > MAX_ENTRIES or index_bytes > MAX_INDEX_BYTES:
        raise SourceError(
            f"{path.name} says that it holds {count:,} files, more than any export. Nothing was read from it. "
            "Download it again, or unpack it and give the folder to the command."
        )


def _index_size(stream: BinaryIO) -> tuple[int, int]:
    """How many files the index says there are, and its bytes; 0 and 0 where no index is found (APPNOTE 4.3.14 to 4.3.16)."""
    size = stream.seek(0, os.SEEK_END)
    tail_at = stream.seek(max(0, size - _MAX_TAIL_BYTES))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return 0, 0
    count, index_bytes = struct.unpack("<HL", tail[at + 10 : at + 16])
    if count == 0xFFFF or index_bytes == 0xFFFFFFFF:
        locator = tail.rfind(b"PK\x06\x07", 0, at)
        if locator >= 0:
            stream.seek(min(int.from_bytes(tail[locator + 8 : locator + 16], "little"), tail_at + at))
            record = stream.read(56)
            if record[:4] == b"PK\x06\x06" and len(record) == 56:
                count, index_bytes = struct.unpack("<QQ", record[32:48])
    return count, index_bytes


def read_index_bytes(path: Path) -> Iterator[bytes]:
    """The end of a zip from the beginning of its index or before, by pieces. Raises SourceError when there is no index."""
    with open_input(path) as stream:
        _refuse_huge_index(stream, path)
        _, index_bytes = _index_size(stream)
        if not index_bytes:
            raise SourceError(f"{path.name} has no index.")
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - index_bytes - _MAX_TAIL_BYTES))
        while piece := stream.read(_PIECE_BYTES):
            yield piece


def _listed(info: zipfile.ZipInfo) -> Listed:
    return Listed(
        _zip_name(info),
        info.flag_bits,
        info.compress_type,
        info.CRC,
        info.compress_size,
        info.file_size,
        info.external_attr,
        info.header_offset,
    )


def _zip_name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x800 or info.orig_filename.isascii():
        return info.orig_filename.split("\0")[0]
    return decode_unmarked(info.orig_filename.encode("cp437"))  # as zipfile has read it


def _zip_entry(listed: Listed, number: int) -> Entry:
    name, flags, method, crc32, packed_bytes, size, attributes, offset = listed
    trouble = None
    if flags & 0x1:
        trouble = "encrypted"
    elif method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        trouble = "unknown_compression"
    elif (attributes >> 16) & 0o170000 == 0o120000:
        trouble = "not_a_file"
    return Entry(number, printable(name), size, crc32, None, offset, packed_bytes, method, trouble or name_trouble(name))


def _without_overlaps(entries: list[Entry]) -> list[Entry]:
    """Entries by offset; what lies inside another one is a trick to make a small archive large, or a damaged index."""
    end, result = 0, []
    for entry in entries:
        if entry.offset < end and not entry.trouble:
            entry = entry._replace(trouble="overlapping")
        end = max(end, entry.offset + _LEAST_HEADER_BYTES + entry.packed_bytes)
        result.append(entry)
    return result


def _without_twins(entries: list[Entry]) -> list[Entry]:
    """Entries with unique names: of equal contents the first is used; other contents get a name of their own."""
    seen: dict[str, Entry] = {}
    result = []
    for entry in entries:
        first = seen.setdefault(entry.path, entry)
        if first is not entry:
            same = (first.crc32, first.bytes) == (entry.crc32, entry.bytes)
            entry = entry._replace(path=twin_name(entry), trouble=entry.trouble or ("duplicate_member" if same else None))
        result.append(entry)
    return result
