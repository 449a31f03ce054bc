"""All files of an import in one word: where it is the word of an earlier import, there is nothing new to be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from .containers import FOLDER, ZIP, Container, walk_folder
from .zip_index import read_index_bytes

PACKAGE = Path(__file__).resolve().parent.parent.parent


def take_inventory(containers: Iterable[Container]) -> str:
    """SHA-1 of the name, size and time of every part, of the indexes of zips, and of the files of folders; their order counts.

    A tgz has no index, so its size and time stand for it. Raises SourceError or OSError when a part cannot be read.
    """
    digest = hashlib.sha1(_own_code())
    for number, container in enumerate(containers):
        digest.update(repr((str(container.path), container.bytes, container.modified_at)).encode(errors="surrogateescape"))
        if container.kind == ZIP:
            for piece in read_index_bytes(container.path):
                digest.update(piece)
        elif container.kind == FOLDER:
            for entry in walk_folder(container.path, number):
                digest.update(repr((entry.path, entry.bytes, entry.modified_at, entry.trouble)).encode())
    return digest.hexdigest()


def _own_code() -> bytes:
    """Another version of this program may make something else of the same files."""
    digest = hashlib.sha1()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()
