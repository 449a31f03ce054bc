"""Where the bytes of files lie that an earlier run found: many of one archive with one look at its index."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO

from ...errors import SourceError
from .members import Address, address_in_zip
from .tgz_stream import read_tgz
from .zip_index import read_zip_index


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
