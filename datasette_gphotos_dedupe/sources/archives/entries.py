"""One file of an archive or folder as its index tells it, and what may be wrong with it. Names are never used as paths. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import lru_cache
from typing import NamedTuple

from ..values import clean_text

MAX_ENTRIES = 400_000  # of one archive: 1 KB each, so 400 MB while they are read; the largest parts seen hold some ten thousand


_ARCHIVES = (".zip", ".tgz", ".tar.gz", ".tar", ".7z", ".rar")
_LONGEST_ENDING = max(map(len, _ARCHIVES))
_DRIVE = re.compile(r"[A-Za-z]:/")


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
    "litter": "it is a thumbnail or a note that a disk, a desktop or another program has put there, or lies in its bin; no photo",
    "encrypted": "it is encrypted; Google never encrypts its archives, so unpack it yourself and give the folder to the command",
    "nested_archive": "it is an archive inside an archive; unpack it and give it to the command on its own",
    "unsafe_name": "its name points outside the archive, which no export of Google's does",
    "duplicate_member": "the archive holds another file of the same name, which was used",
    "not_a_file": "it is a link or a device, not a file",
    "overlapping": "the archive says that it lies where another file does; download the archive again",
    "forbidden": "it may not be read: change its permissions, or run the command as its owner",
    "unknown_compression": "it is compressed in a way that cannot be read; unpack it and give the folder to the command",
}


# Folders that disks, desktops and programs for pictures put between the person's own, in small letters.
_LITTER = frozenset(
    (
        "@eadir",
        "__macosx",
        "$recycle.bin",
        "#recycle",
        "@recycle",
        ".@__thumb",
        ".thumbnails",
        ".trashes",
        ".trash",
        ".trash-1000",
    )
)
_LITTER_FILES = ("._", "synofile_thumb", ".trashed-", ".pending-")  # how the names of such files begin
_NOTES = frozenset((".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini"))


def trouble_of(entry: Entry) -> str | None:
    """The code of why a file is not opened, or None: what its archive says of it, or that it is litter of a disk or desktop."""
    if entry.trouble:
        return entry.trouble
    above, _, name = entry.path.lower().replace("\\", "/").rpartition("/")
    return "litter" if name in _NOTES or name.startswith(_LITTER_FILES) or _is_litter(above) else None


@lru_cache(maxsize=4096)
def _is_litter(folder: str) -> bool:
    return not _LITTER.isdisjoint(folder.split("/"))


def name_trouble(name: str) -> str | None:
    """The code of what is wrong with a member's name, or None."""
    normal = name.replace("\\", "/")
    if normal.startswith("/") or _DRIVE.match(normal) or (".." in normal and ".." in normal.split("/")):
        return "unsafe_name"
    if normal[-_LONGEST_ENDING:].lower().endswith(_ARCHIVES):
        return "nested_archive"
    return None


def printable(name: str) -> str:
    """A file name as text that SQLite can hold: bytes that are not UTF-8 become \\xNN."""
    if not name.isascii() and any("\udc80" <= character <= "\udcff" for character in name):
        name = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return clean_text(name)


def twin_name(entry: Entry) -> str:
    """How a second member of one name is called in the tables; `originals` understands it."""
    return f"{entry.path} (at byte {entry.offset})"


def time_text(mtime_ns: int) -> str:
    """A moment of an archive as UTC text ending in Z; None when it is none."""
    return datetime.fromtimestamp(mtime_ns // 1000 / 1e6, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
