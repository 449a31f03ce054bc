"""The original bytes of a photo, out of the archive or folder where an import found them."""

from __future__ import annotations

import contextlib
import hashlib
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import SourceError

_PIECE_BYTES = 1 << 20


@contextlib.contextmanager
def open_original(container: str, member: str) -> Iterator[BinaryIO]:
    """The file as a binary stream that can seek. Raises SourceError when it cannot be reached any more."""
    with contextlib.ExitStack() as stack:
        try:
            file = _open(stack, Path(container), member)
        except (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile, tarfile.TarError) as error:
            raise SourceError(f"{member} in {container} cannot be read any more: {error}") from None
        yield file


def _open(stack: contextlib.ExitStack, container: Path, member: str) -> BinaryIO:
    if container.is_dir():
        path = container / member
        if not path.resolve().is_relative_to(container.resolve()):
            raise ValueError("it points out of its folder")
        return stack.enter_context(path.open("rb"))
    if container.name.lower().endswith((".tgz", ".tar.gz", ".tar")):
        archive = stack.enter_context(tarfile.open(container))  # noqa: SIM115
        file = archive.extractfile(member)
        if file is None:
            raise ValueError("it is not a file")
        return stack.enter_context(file)
    return stack.enter_context(stack.enter_context(zipfile.ZipFile(container)).open(member))


def read_sha1(container: str, member: str) -> tuple[str, int]:
    """SHA-1 (hex) and size of the file as it is now. Raises SourceError."""
    digest = hashlib.sha1()
    size = 0
    with open_original(container, member) as file:
        try:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
                size += len(piece)
        except (OSError, zipfile.BadZipFile, EOFError) as error:
            raise SourceError(f"{member} in {container} cannot be read any more: {error}") from None
    return digest.hexdigest(), size
