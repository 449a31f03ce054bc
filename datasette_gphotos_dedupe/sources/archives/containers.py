"""The archives and folders that a person gives: which they are, and what lies in a folder. Nothing is unpacked."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import SourceError
from ...input_file import open_input, stat_input
from .entries import Entry, name_trouble, printable, time_text

STREAM_ENDINGS = (".tgz", ".tar.gz")
ARCHIVE_ENDINGS = (".zip", *STREAM_ENDINGS)
ZIP, TGZ, FOLDER = "zip", "tgz", "folder"
# takeout-20240516T230250Z-001.zip, since autumn 2025 takeout-20250921T199440Z-3-009.zip, with " (1)" from a browser
_EXPORT_NAME = re.compile(r"takeout-(\d{8}T\d{6,7}Z)(?:-(\d{1,3}))?-(\d{3,4})(?=\D|$)", re.IGNORECASE)


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


def is_stream(container: str) -> bool:
    """Whether a container, as the tables name it, can only be read from its start."""
    return container.lower().endswith(STREAM_ENDINGS) and not Path(container).is_dir()


def find_containers(paths: list[str | Path]) -> list[Container]:
    """The containers behind `paths`, in the order of their names; archives lying in a given folder count on their own.

    Raises SourceError for a path that is missing, forbidden, or neither folder nor archive.
    """
    found: dict[Path, Container] = {}
    for path in map(Path, paths):
        for container in _containers_at(path):
            found.setdefault(container.path, container)
    return in_order_of_parts(found.values())


def in_order_of_parts(containers: Iterable[Container]) -> list[Container]:
    """By the export, the number of the part, and the name."""
    return sorted(containers, key=lambda container: (container.export_id or "", container.part or 0, str(container.path)))


def _containers_at(path: Path) -> Iterator[Container]:
    try:
        path = path.expanduser().absolute()
        if stat.S_ISDIR(stat_input(path).st_mode):
            yield Container(path, FOLDER)
            for found in sorted(path.iterdir()):
                # by name: a text document is a zip inside, too
                if found.name.lower().endswith(ARCHIVE_ENDINGS) and found.is_file() and _archive_kind(found):
                    yield _archive(found)
        else:
            yield _archive(path)
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist. Check the name, and put it in quotes if it holds blanks.") from None
    except PermissionError:
        raise SourceError(f"{path} may not be read. Change its permissions, or run the command as its owner.") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}. {_WANTED}") from None


def _archive(path: Path) -> Container:
    kind = _archive_kind(path)
    if kind is None:
        raise SourceError(f"{path} is neither a folder nor a zip or tgz archive. {_WANTED}")
    status = path.stat()
    export_id, exported_at, part = export_name(path.name) or (None, None, None)
    return Container(path, kind, status.st_size, time_text(status.st_mtime_ns), export_id, exported_at, part)


_WANTED = "Give the takeout-*.zip files that Google made, or the folder they were unpacked to."


def _archive_kind(path: Path) -> str | None:
    with open_input(path) as stream:
        head = stream.read(4)
    if head[:2] == b"\x1f\x8b" and path.name.lower().endswith((".tgz", ".tar.gz", ".gz")):
        return TGZ
    if head in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08") or path.name.lower().endswith(".zip"):
        return ZIP
    return TGZ if path.name.lower().endswith(STREAM_ENDINGS) else None


def walk_folder(root: Path, number: int) -> Iterator[Entry]:
    """The files below a folder in the order of their names. Links, and folders that may not be opened, are named, never followed.

    Raises SourceError when the folder itself cannot be read.
    """
    pending = [str(root)]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as scan:
                found = sorted(scan, key=lambda item: item.name)
        except OSError as error:
            if folder == str(root) or not isinstance(error, PermissionError):
                raise SourceError(f"{printable(folder)} cannot be read: {error.strerror}.") from error
            yield Entry(number, _below(folder, root), 0, trouble="forbidden")
            continue
        pending += [item.path for item in reversed(found) if item.is_dir(follow_symlinks=False)]
        for item in found:
            if not item.is_dir(follow_symlinks=False):
                yield _file_entry(item, root, number)


def _below(path: str, root: Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _file_entry(item: os.DirEntry, root: Path, number: int) -> Entry:
    status = item.stat(follow_symlinks=False)
    path = _below(item.path, root)
    trouble = "nested_archive" if name_trouble(path) == "nested_archive" else None
    if not item.is_file(follow_symlinks=False):
        trouble = "not_a_file"
    return Entry(number, path, status.st_size, None, time_text(status.st_mtime_ns), trouble=trouble)
