"""Which photos Google trashes together: it goes by the content of a file and not by the item in the library.

The key of a content is the one that Google's own list gave, or the one computed from the bytes; both may be known, and a photo
belongs together with another that shares either.
"""

from __future__ import annotations

import base64
import re
import sqlite3
from collections.abc import Iterable

from ..core.content_key import dedup_key_of, sha1_of
from ..store.rows import select

_SHA1 = re.compile(r"[0-9a-fA-F]{40}")


def key_of_sha1(sha1: str | None) -> str | None:
    """The content key of a SHA-1 in hex; None for what is no SHA-1."""
    return dedup_key_of(sha1) if sha1 and _SHA1.fullmatch(sha1) else None


def checksum_of(sha1: str | None) -> str | None:
    """A SHA-1 in the form in which Google's page looks photos up: base64 of the usual alphabet, padded."""
    return base64.b64encode(bytes.fromhex(sha1)).decode() if sha1 and _SHA1.fullmatch(sha1) else None


def keys_of(dedup_key: str | None, sha1: str | None) -> frozenset[str]:
    """Every key under which Google may know this content."""
    return frozenset(key for key in (dedup_key, key_of_sha1(sha1)) if key)


def read_sharers(conn: sqlite3.Connection, keys: Iterable[str]) -> dict[str, frozenset[str]]:
    """For each of these keys the ids of the photos that have it."""
    wanted = sorted(set(keys))
    found: dict[str, set[str]] = {key: set() for key in wanted}
    by_sha1 = [sha1 for key in wanted if (sha1 := sha1_of(key))]
    columns = "SELECT photo_id, dedup_key, sha1 FROM photos WHERE {} IN ({{}})"
    for column, values in (("dedup_key", wanted), ("sha1", by_sha1)):
        for photo_id, dedup_key, sha1 in select(conn, columns.format(column), values):
            for key in keys_of(dedup_key, sha1):
                if key in found:
                    found[key].add(photo_id)
    return {key: frozenset(ids) for key, ids in found.items()}
