"""What lies in an archive or folder: its index, nothing unpacked, member names never used as paths.

Zip parts are read through their central directory; a tgz cannot be sought, so its one pass hands each member to a visitor.
"""

from __future__ import annotations

import gzip
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..errors import SourceError
from .sidecar_json import clean_text

ZIP, TGZ, FOLDER = "zip", "tgz", "folder"
MAX_ENTRIES = 5_000_000  # of one archive; the largest parts seen hold some ten thousand
# takeout-20240516T230250Z-001.zip, since autumn 2025 takeout-20250921T199440Z-3-009.zip, with " (1)" from a browser
_EXPORT_NAME = re.compile(r"takeout-(\d{8}T\d{6}Z)(?:-(\d{1,3}))?-(\d{3,4})(?=\D|$)", re.IGNORECASE)


class Entry(NamedTuple):
    """One file of a container. `offset`, `packed_bytes` and `method` are where and how a zip holds it."""

    container: int
    path: str
    bytes: int
    crc32: int | None = None
    modified_at: str | None = None
    offset: int = -1
    packed_bytes: int = 0
    method: int = 0
    trouble: str | None = None  # a code of TROUBLES for what must not be opened


TROUBLES = {
    "encrypted": "it is encrypted; Google never encrypts its archives, so unpack it yourself and give the folder to the command",
    "nested_archive": "it is an archive inside an archive; unpack it and give it to the command on its own",
    "unsafe_name": "its name points outside the archive, which no export of Google's does",
    "duplicate_member": "the archive holds another file of the same name, which was used",
    "not_a_file": "it is a link or a device, not a file",
    "unknown_compression": "it is compressed in a way that cannot be read; unpack it and give the folder to the command",
}


@dataclass(frozen=True)
class Container:
    """An archive or folder as given. `export_id` is shared by the parts of one export; times are UTC text."""

    path: Path
    kind: str
    bytes: int | None = None
    modified_at: str | None = None
    export_id: str | None = None
    exported_at: str | None = None
    part: int | None = None

    @property
    def name(self) -> str:
        """How messages call it."""
        return self.path.name or str(self.path)


def export_name(name: str) -> tuple[str, str, int] | None:
    """(export id, date of the export as UTC text, number of the part) of an archive's name, or None for another name."""
    match = _EXPORT_NAME.search(name)
    if not match:
        return None
    digits = match[1]
    date = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[9:11]}:{digits[11:13]}:{digits[13:15]}Z"
    return f"{digits}-{match[2]}" if match[2] else digits, date, int(match[3])


def find_containers(paths: list[str | Path]) -> list[Container]:
    """The containers behind `paths`, in the order of their names; archives lying in a given folder count on their own.

    Raises SourceError for a path that is missing, forbidden, or neither folder nor archive.
    """
    found: dict[Path, Container] = {}
    for path in map(Path, paths):
        for container in _containers_at(path):
            found.setdefault(container.path, container)
    return sorted(found.values(), key=lambda container: (container.export_id or "", container.part or 0, str(container.path)))


def _containers_at(path: Path) -> Iterator[Container]:
    try:
        path = path.expanduser().absolute()
        if path.is_dir():
            yield Container(path, FOLDER)
            for found in sorted(path.iterdir()):
                if found.is_file() and _archive_kind(found):
                    yield _archive(found)
        elif path.exists():
            yield _archive(path)
        else:
            raise SourceError(f"{path} does not exist. Check the name, and put it in quotes if it holds blanks.")
    except PermissionError:
        raise SourceError(f"{path} may not be read. Change its permissions, or run the command as its owner.") from None


def _archive(path: Path) -> Container:
    kind = _archive_kind(path)
    if kind is None:
        raise SourceError(
            f"{path} is neither a folder nor a zip or tgz archive. Give the takeout-*.zip files that Google made, or the folder "
            "they were unpacked to."
        )
    status = path.stat()
    export_id, exported_at, part = export_name(path.name) or (None, None, None)
    return Container(path, kind, status.st_size, _time_text(status.st_mtime_ns), export_id, exported_at, part)


def _archive_kind(path: Path) -> str | None:
    with open(path, "rb") as stream:
        head = stream.read(4)
    if head[:2] == b"\x1f\x8b" and path.name.lower().endswith((".tgz", ".tar.gz", ".gz")):
        return TGZ
    if head in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08") or path.name.lower().endswith(".zip"):
        return ZIP
    return TGZ if path.name.lower().endswith((".tgz", ".tar.gz")) else None


def _time_text(mtime_ns: int) -> str:
    return datetime.fromtimestamp(mtime_ns // 1000 / 1e6, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_zip_index(path: Path, number: int) -> list[Entry]:
    """The files of a zip in the order they lie in it. Raises SourceError for an archive that is damaged or cut short."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if len(infos) > MAX_ENTRIES:
                raise SourceError(f"{path.name} has {len(infos):,} entries, more than any export. Nothing was read from it.")
            entries = [_zip_entry(info, number) for info in infos if not info.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, IndexError) as error:
        raise SourceError(f"{path.name} is cut short or damaged: the archive's index cannot be read ({error}).") from error
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    entries.sort(key=lambda entry: entry.offset)
    return _without_twins(entries)


def _zip_entry(info: zipfile.ZipInfo, number: int) -> Entry:
    trouble = None
    if info.flag_bits & 0x1:
        trouble = "encrypted"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        trouble = "unknown_compression"
    elif (info.external_attr >> 16) & 0o170000 == 0o120000:
        trouble = "not_a_file"
    name = _zip_name(info)
    return Entry(
        number,
        printable(name),
        info.file_size,
        info.CRC,
        None,
        info.header_offset,
        info.compress_size,
        info.compress_type,
        trouble or name_trouble(name),
    )


def _zip_name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x800 or info.orig_filename.isascii():
        return info.orig_filename.split("\0")[0]
    try:  # programs that repack archives often write UTF-8 without saying so
        return info.orig_filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.orig_filename


def name_trouble(name: str) -> str | None:
    """The code of what is wrong with a member's name, or None."""
    normal = name.replace("\\", "/")
    if normal.startswith("/") or re.match(r"^[A-Za-z]:/", normal) or ".." in normal.split("/"):
        return "unsafe_name"
    if normal.lower().endswith((".zip", ".tgz", ".tar.gz", ".tar", ".7z", ".rar")):
        return "nested_archive"
    return None


def printable(name: str) -> str:
    """A file name as text that SQLite can hold: bytes that are not UTF-8 become \\xNN."""
    if not name.isascii() and any("\udc80" <= character <= "\udcff" for character in name):
        name = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return clean_text(name)


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


def twin_name(entry: Entry) -> str:
    """How a second member of one name is called in the tables; `originals` understands it."""
    return f"{entry.path} (at byte {entry.offset})"


def walk_folder(root: Path, number: int) -> Iterator[Entry]:
    """The files below a folder in the order of their names. Links are named, never followed."""
    pending = [str(root)]
    while pending:
        try:
            with os.scandir(pending.pop()) as scan:
                found = sorted(scan, key=lambda item: item.name)
        except OSError as error:
            raise SourceError(f"{error.filename} cannot be read: {error.strerror}.") from error
        pending += [item.path for item in reversed(found) if item.is_dir(follow_symlinks=False)]
        for item in found:
            if not item.is_dir(follow_symlinks=False):
                yield _file_entry(item, root, number)


def _file_entry(item: os.DirEntry, root: Path, number: int) -> Entry:
    status = item.stat(follow_symlinks=False)
    path = os.path.relpath(item.path, root).replace(os.sep, "/")
    trouble = "nested_archive" if name_trouble(path) == "nested_archive" else None
    if not item.is_file(follow_symlinks=False):
        trouble = "not_a_file"
    return Entry(number, path, status.st_size, None, _time_text(status.st_mtime_ns), trouble=trouble)


def visit_tgz(path: Path, number: int, visit: Callable[[Entry, BinaryIO | None], None]) -> None:
    """Hand every file of a tgz to `visit` with a stream that is good until it returns, in one pass.

    Raises SourceError when the archive ends early; what was visited until then is good.
    """
    seen: set[str] = set()
    try:
        with tarfile.open(path, "r|gz") as archive:
            for info in archive:
                archive.members = []  # tarfile would keep every member in memory
                if not info.isdir():
                    visit(_tar_entry(info, number, seen), archive.extractfile(info) if info.isreg() else None)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as error:
        raise SourceError(f"{path.name} is cut short or damaged: it cannot be read to its end ({error}).") from error
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _tar_entry(info: tarfile.TarInfo, number: int, seen: set[str]) -> Entry:
    moment = _time_text(int(info.mtime * 1e9)) if 0 <= info.mtime < 1e10 else None
    entry = Entry(number, printable(info.name), info.size, None, moment, info.offset_data)
    trouble = name_trouble(info.name) if info.isreg() else "not_a_file"
    if entry.path in seen:
        entry = entry._replace(path=twin_name(entry))
    seen.add(entry.path)
    return entry._replace(trouble=trouble)
