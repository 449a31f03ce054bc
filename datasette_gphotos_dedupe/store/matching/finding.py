"""What a lookup reads: who has these bytes, whose hash or variant lies near, and what is told of what was found."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..rows import in_parts, marks

ROWS_AT_ONCE = 2_000  # about 3 MB of text
FACTS = ("photo_id", "filename", "product_url", "mime_type", "width", "height", "bytes", "taken_at", "trashed")
_HASH = re.compile(r'"([0-9a-f]{64})"')


def read_holders(conn: sqlite3.Connection, sha1: str) -> dict[str, str]:
    """Photo id to role for every photo that has a file of exactly these bytes; the photo's own file is its `original`."""
    files = conn.execute("SELECT photo_id, role FROM files WHERE sha1 = ? ORDER BY role = 'original'", [sha1]).fetchall()
    own = conn.execute("SELECT photo_id, 'original' FROM photos WHERE sha1 = ?", [sha1]).fetchall()
    return dict(files + own)


def read_facts(conn: sqlite3.Connection, photo_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What a person is told of each of these photos."""
    found = {}
    for part in in_parts(photo_ids):
        for row in conn.execute(f"SELECT {', '.join(FACTS)} FROM photos WHERE photo_id IN ({marks(part)})", part):
            found[row[0]] = dict(zip(FACTS, row, strict=True))
    return found


def read_variants_near(conn: sqlite3.Connection, phash: str, radii: Mapping[str, int]) -> list[tuple[str, int, str]]:
    """(photo id, distance in bits, variant) of every stored variant within its radius of this plain hash, nearest first.

    Walks all rows: a picture that is a cut-out of one in the library is found in no other way. About a second for 100,000 photos.
    """
    import numpy as np

    from ...core.search.flat_search import bits_set

    target = np.frombuffer(bytes.fromhex(phash), np.uint64)
    widest = max(radii.values(), default=-1)
    near = []
    for rows in _batches(conn):
        texts = _HASH.findall("".join(variants for _, variants in rows))
        hashes = np.frombuffer(bytes.fromhex("".join(texts)), np.uint64).reshape(-1, len(target))
        if not len(hashes) or bits_set(hashes ^ target).sum(axis=1).min() > widest:
            continue
        number = int(phash, 16)
        for photo_id, variants in rows:  # hits are rare, so whose they are is asked only now
            for name, text in json.loads(variants).items():
                bits = (int(text, 16) ^ number).bit_count()
                if bits <= radii.get(name, -1):
                    near.append((photo_id, bits, name))
    return sorted(near, key=lambda found: (found[1], found[0]))


def _batches(conn: sqlite3.Connection) -> Iterator[list[tuple[str, str]]]:
    cursor = conn.execute("SELECT photo_id, variants FROM fingerprints WHERE variants != '{}'")
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield rows
