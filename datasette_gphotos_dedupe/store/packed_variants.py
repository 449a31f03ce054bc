"""The variants of fingerprints as bytes: what a search reads of them, while the JSON of `fingerprints.variants` is for people.

Rows go with every change of the JSON (a trigger sees to it), and come with the import, or with the match that finds one missing.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping

_HASH = re.compile(r"[0-9a-f]{64}")


def save_packed(conn: sqlite3.Connection, photo_id: str, variants: Mapping[str, str]) -> None:
    """Pack the variants (name to 64 hex digits) of a photo; what is no such hash is left out. The caller holds the transaction."""
    kept = {name: text for name, text in variants.items() if isinstance(text, str) and _HASH.fullmatch(text)}
    names = json.dumps(list(kept))
    conn.execute("INSERT OR IGNORE INTO variant_names (names) VALUES (?)", [names])
    conn.execute(
        "INSERT OR REPLACE INTO packed_variants (photo_id, names_id, hashes) SELECT ?, names_id, ? FROM variant_names WHERE names = ?",
        [photo_id, bytes.fromhex("".join(kept.values())), names],
    )


def pack_missing(conn: sqlite3.Connection) -> None:
    """Pack the variants of all photos that have none packed, or under no list of names: those of an older library, or whose row another
    program has changed.

    Takes some 10 seconds for 100,000 photos, once. The caller holds the transaction.
    """
    missing = conn.execute(
        """SELECT photo_id FROM comparisons
        EXCEPT SELECT photo_id FROM packed_variants WHERE names_id IN (SELECT names_id FROM variant_names)"""
    ).fetchall()
    for (photo_id,) in missing:
        row = conn.execute("SELECT variants FROM fingerprints WHERE photo_id = ?", [photo_id]).fetchone()
        if row:
            save_packed(conn, photo_id, _read_json(row[0]))


def _read_json(text: object) -> dict[str, str]:
    """The variants in a text; none where it is no JSON object, as a database that somebody made may hold."""
    try:
        variants = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    return variants if isinstance(variants, dict) else {}
