"""The photos nearest to one fingerprint, fast enough to run inside a page: all fingerprints of a file are kept in memory.

200,000 fingerprints are 6 MB and are compared in some 5 ms by hexhamming, and in 20 ms by Python's own numbers where that is not
installed, so neither numpy nor an index is needed. Reading them anew takes less than 0.1 s and happens when they may have changed.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from struct import iter_unpack
from typing import Any

DEFAULT_COUNT = 20
MAX_COUNT = 1000
HASH_DIGITS = 64
HASH_BYTES = HASH_DIGITS // 2
MAX_BITS = 4 * HASH_DIGITS
KEPT_FILES = 4  # databases whose fingerprints stay in memory; the one used longest ago goes first


RADII = (40, 100, 112, 128)  # most photos are some 128 bits away from any other


@dataclass(frozen=True)
class Packed:
    """All fingerprints of one database, each of 32 bytes; equal ones stand beside each other."""

    hashes: bytes

    @cached_property
    def numbers(self) -> list[int]:
        """The same as numbers, in their own order."""
        return sorted([int.from_bytes(one, "big") for (one,) in iter_unpack(f"{HASH_BYTES}s", self.hashes)])

    def nearest(self, number: int, count: int, max_bits: int = MAX_BITS) -> list[tuple[int, int]]:
        """The `count` nearest as (distance in bits, number), nearest first, ties in order. Exact: every row is compared."""
        if not self.hashes or max_bits < 0:
            return []
        try:
            from hexhamming import check_bytes_arrays_all_within_dist
        except ImportError:
            return self._nearest_numbers(number, count, max_bits)
        return self._nearest_bytes(check_bytes_arrays_all_within_dist, number, count, max_bits)

    def _nearest_bytes(self, find: Callable[..., Any], number: int, count: int, max_bits: int) -> list[tuple[int, int]]:
        """By a library that compares all of them in 2 ms, with a radius that grows until enough are found."""
        one = number.to_bytes(HASH_BYTES, "big")
        found: list[tuple[int, int]] = []
        for radius in (*(radius for radius in RADII if radius < max_bits), min(max_bits, MAX_BITS)):
            found = find(self.hashes, one, radius)
            if len(found) >= count:
                break
        cut = HASH_BYTES
        numbered = [(distance, int.from_bytes(self.hashes[at * cut : (at + 1) * cut], "big")) for distance, at in found]
        return sorted(numbered)[:count]

    def _nearest_numbers(self, number: int, count: int, max_bits: int) -> list[tuple[int, int]]:
        distances = [(other ^ number).bit_count() for other in self.numbers]
        try:
            packed = bytes(distances)  # searched at the speed of memory, which heapq.nsmallest is far from
        except ValueError:  # all 256 bits differ somewhere
            packed = bytes(min(distance, MAX_BITS - 1) for distance in distances)
        found: list[tuple[int, int]] = []
        for distance in range(min(max_bits, MAX_BITS - 1) + 1):
            place = packed.find(distance)
            while place >= 0 and len(found) < count:
                if distances[place] <= max_bits:
                    found.append((distances[place], self.numbers[place]))
                place = packed.find(distance, place + 1)
            if len(found) >= count:
                break
        return sorted(found)


_kept: OrderedDict[str, tuple[tuple[Any, ...], Packed]] = OrderedDict()
_lock = threading.Lock()


def read_packed(conn: sqlite3.Connection) -> Packed:
    """The fingerprints in this database, from memory while its files are as they were when they were read."""
    path = conn.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    if not path or conn.in_transaction:  # in memory, or with changes that only this connection sees
        return _read(conn)
    signature = _signature(path)
    with _lock:
        kept = _kept.get(path)
        if kept is not None and kept[0] == signature:
            _kept.move_to_end(path)
            return kept[1]
    packed = _read(conn)
    with _lock:
        _kept[path] = (signature, packed)
        while len(_kept) > KEPT_FILES:
            _kept.popitem(last=False)
    return packed


def _signature(path: str) -> tuple[Any, ...]:
    """Changes with every commit: in WAL mode the log grows or is begun anew, else the file itself is written."""
    parts: list[tuple[int, int, int] | None] = []
    for name in (path, path + "-wal"):
        try:
            status = os.stat(name)
            parts.append((status.st_ino, status.st_size, status.st_mtime_ns))
        except OSError:
            parts.append(None)
    return tuple(parts)


def _read(conn: sqlite3.Connection) -> Packed:
    # A covering index on phash exists because the rows themselves are long: variants hold some 20 more hashes each. SQLite joins
    # the digits far faster than Python takes rows from it, and they come in order along that index without being told to.
    row = conn.execute("SELECT group_concat(phash, '') FROM fingerprints").fetchone()
    return Packed(bytes.fromhex(row[0] or ""))


def read_nearest(conn: sqlite3.Connection, number: int, count: int, max_bits: int = MAX_BITS) -> list[dict[str, Any]]:
    """The `count` photos nearest to a fingerprint as `{"photo_id", "distance_bits"}`, nearest first."""
    found: list[dict[str, Any]] = []
    for distance_bits, other in dict.fromkeys(read_packed(conn).nearest(number, count, max_bits)):
        rows = conn.execute("SELECT photo_id FROM fingerprints WHERE phash = ? ORDER BY photo_id", (f"{other:0{HASH_DIGITS}x}",))
        found += [{"photo_id": row[0], "distance_bits": distance_bits} for row in rows]
    return found[:count]


def read_number(conn: sqlite3.Connection, photo_or_hash: str) -> int | None:
    """The fingerprint of a photo id, or the one pasted as 64 hex digits; None when it is neither."""
    row = conn.execute("SELECT phash FROM fingerprints WHERE photo_id = ?", (photo_or_hash,)).fetchone()
    text = row[0] if row else photo_or_hash
    if len(text) != HASH_DIGITS:
        return None
    try:
        return int.from_bytes(bytes.fromhex(text), "big")
    except ValueError:
        return None


def nearest_photos_on(conn: sqlite3.Connection) -> Callable[..., str | None]:
    """The SQL function `nearest_photos(photo_or_hash, count, max_bits)` for this connection.

    It answers a JSON list, or NULL for what is neither a known photo nor a hash. A photo is not its own neighbour. It must
    not raise: an exception would end the whole query with a message that says nothing.
    """

    def nearest_photos(photo_or_hash: Any, count: Any = DEFAULT_COUNT, max_bits: Any = MAX_BITS) -> str | None:
        text = str(photo_or_hash or "").strip()
        try:
            number = read_number(conn, text)
            if number is None:
                return None
            wanted = min(max(int(count), 0), MAX_COUNT)
            found = read_nearest(conn, number, wanted + 1, int(max_bits))
        except (sqlite3.Error, TypeError, ValueError):
            return None
        return json.dumps([one for one in found if one["photo_id"] != text][:wanted])

    return nearest_photos
