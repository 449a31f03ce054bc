"""Readings of a tgz, kept until its sidecars are known: a tgz can only be read front to back, so that is done once."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from typing import BinaryIO

from ..core.pictures.file_kinds import HEAD_BYTES, VIDEO, kind_of
from ..model import File, Reading, Trouble
from ..sources.archives.members import Address
from ..sources.takeout.naming import split_extension
from ..store.library.staged_readings import delete_staged, read_staged, read_staged_keys, save_staged
from ..store.runs import Known
from ..store.writing import transaction
from .reading import ITEM, read_media
from .workers import Pending, WorkerPool

MAX_CARRIED_BYTES = 128_000_000  # of one file that is handed to a worker; longer ones are only hashed on the way
MAX_JUDGED_BYTES = 16_000_000  # of one that is no picture, but may be an item all the same
MAX_WAITING_BYTES = 256_000_000
MAX_WAITING_FILES = 64
CHUNK = 1 << 20
BATCH_S = 2.0


class Staging:
    """The readings of streamed files, in the table `staged_readings`."""

    def __init__(self, conn: sqlite3.Connection):
        self._conn = conn

    def open(self, pool: WorkerPool, known_of: Callable[[File], Known | None]) -> Streamed:
        """Take the files of a stream; those that `known_of` knows are passed over."""
        return Streamed(self._conn, pool, known_of)

    def get(self, file: File) -> Reading | Trouble | None:
        """What was read of a streamed file; None for a file that was not streamed."""
        return read_staged(self._conn, file)

    def clear(self, containers: list[str]) -> None:
        """Drop what the import has used."""
        if any(read_staged_keys(self._conn, container) for container in containers):
            with transaction(self._conn):
                delete_staged(self._conn, containers)


class Streamed:
    """Hands the files of a stream to the workers, a bounded number of bytes at a time, and saves what comes back."""

    def __init__(self, conn: sqlite3.Connection, pool: WorkerPool, known_of: Callable[[File], Known | None]):
        self._conn = conn
        self._pool = pool
        self._known_of = known_of
        self._waiting: deque[tuple[File, Pending | Reading | Trouble, int]] = deque()
        self._waiting_bytes = 0
        self._results: list[tuple[File, Reading | Trouble]] = []
        self._saved_at = time.monotonic()
        self._staged: dict[str, set] = {}
        self.files_read = 0

    def take(self, file: File, stream: BinaryIO) -> None:
        """Read one file of the stream, which is at its beginning."""
        if self._known_of(file) is not None or self._is_staged(file):
            return
        self.files_read += 1
        head = stream.read(HEAD_BYTES)
        kind = kind_of(head, split_extension(file.member)[1].lower())
        if kind is not None and kind.family == VIDEO and (file.bytes or 0) > MAX_CARRIED_BYTES:
            self._add(file, _hashed(head, stream, kind.mime_type), 0)
        else:
            # what is long for a picture is judged by its first bytes alone
            carried = MAX_CARRIED_BYTES if kind is not None else MAX_JUDGED_BYTES
            data = head + (stream.read() if (file.bytes or 0) <= carried else b"")
            address = Address("", file.member, file.bytes or 0, data=data)
            whole = len(data) == file.bytes
            self._add(file, self._pool.read(address, ITEM) if whole else _judged(address, kind is not None), len(data))
        while len(self._waiting) > MAX_WAITING_FILES or self._waiting_bytes > MAX_WAITING_BYTES:
            self._collect()
        if time.monotonic() - self._saved_at > BATCH_S:
            self.save()

    def _is_staged(self, file: File) -> bool:
        if file.container not in self._staged:
            self._staged[file.container] = read_staged_keys(self._conn, file.container)
        return (file.member, file.bytes, file.modified_at) in self._staged[file.container]

    def _add(self, file: File, outcome: Pending | Reading | Trouble, carried: int) -> None:
        self._waiting.append((file, outcome, carried))
        self._waiting_bytes += carried

    def _collect(self) -> None:
        file, outcome, carried = self._waiting.popleft()
        self._waiting_bytes -= carried
        self._results.append((file, outcome.result() if isinstance(outcome, Pending) else outcome))

    def save(self) -> None:
        """Save what has come back."""
        self._saved_at = time.monotonic()
        results, self._results = self._results, []
        if results:
            with transaction(self._conn):
                save_staged(self._conn, results)

    def finish(self) -> None:
        """Wait for what is still being read, and save it."""
        while self._waiting:
            self._collect()
        self.save()


def _judged(address: Address, is_media: bool) -> Reading | Trouble:
    if is_media:
        return Trouble("too_large", f"it has {address.bytes:,} bytes; in a tgz, pictures up to {MAX_CARRIED_BYTES:,} are read")
    return read_media(address)  # opens no picture: the first bytes belong to none  # type: ignore[return-value]


def _hashed(head: bytes, stream: BinaryIO, mime_type: str | None) -> Reading:
    digest, count = hashlib.sha1(head), len(head)
    while data := stream.read(CHUNK):
        digest.update(data)
        count += len(data)
    reason = f"it has {count:,} bytes; in a tgz, videos up to {MAX_CARRIED_BYTES:,} are looked at. Unpack it for more"
    return Reading(digest.hexdigest(), count, mime_type, "video", no_pixels=reason)
