"""What is compared, and the pairs that were found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.search.candidates import Library, VariantHashes, hashes_from_hex
from ...core.search.flat_search import HASH_BYTES
from ...core.search.namesakes import Alias, alias_of
from ...model import MEASURES, Link, Pair
from ..rows import in_parts, marks

if TYPE_CHECKING:
    from ...core.verdict.compared_photo import Subject

# What a verdict may rest on: when one of these changes, the photo is compared again.
SEEN_COLUMNS = (
    "width",
    "height",
    "bytes",
    "mime_type",
    "kind",
    "duration_s",
    "taken_at",
    "taken_at_source",
    "camera_taken_at",
    "camera_make",
    "camera_model",
    "filename",
    "sha1",
    "extras",
)
SUBJECT_COLUMNS = [*SEEN_COLUMNS, "origin", "dedup_key", "album_only", "app_created", "source"]
PAIR_COLUMNS = ["photo_a", "photo_b", "distance_bits", "relation", "confidence", "evidence", *MEASURES, "found_by"]
ROWS_AT_ONCE = 10_000
PACKED_AT_ONCE = 2_000  # of a KB
NO_KINDS = np.empty(0, np.int16)


@dataclass(frozen=True)
class Fingerprints:
    """All photos that can be compared, and for each a digest of what a verdict rests on and its stored `matched_by`."""

    library: Library
    digests: list[str]
    matched_by: list[str | None]


def read_fingerprints(conn: sqlite3.Connection, variant_radii: Mapping[str, int]) -> Fingerprints:
    """The fingerprints of all photos that are not in Google's trash, in ascending order of photo id.

    Their variants, of which `variant_radii` names those that are wanted, are left to `read_variants`. Takes 300 bytes a photo.
    """
    cursor = conn.execute(
        f"""SELECT photo_id, matched_by, phash, flatness, sha1, coalesce(nullif(camera_taken_at, ''), taken_at),
            filename, width, height, camera_taken_at, camera_model,
            json_array(phash, algorithm, flatness, {", ".join("photos." + c for c in SEEN_COLUMNS)})
        FROM fingerprints JOIN photos USING (photo_id) LEFT JOIN comparisons USING (photo_id)
        WHERE NOT trashed ORDER BY photo_id"""
    )
    ids: list[str] = []
    matched: list[str | None] = []
    hashes, digests = [], []
    flatness: list[float] = []
    sha1s: list[str | None] = []
    moments: list[str | None] = []
    aliases: list[Alias | None] = []
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        some_ids, by, hexes, flat, some_sha1s, some_moments, *of_name, seen = zip(*rows, strict=True)
        ids += some_ids
        matched += by
        hashes.append(hashes_from_hex(hexes))
        flatness += flat
        sha1s += some_sha1s
        moments += some_moments
        aliases += map(alias_of, flat, *of_name)
        digests += [blake2b(text.encode(), digest_size=8).hexdigest() for text in seen]
    plain = np.concatenate(hashes) if hashes else hashes_from_hex([])
    wanted = tuple(variant_radii), tuple(variant_radii.values())
    library = Library(ids, plain, np.array(flatness, float), sha1s, moments, *wanted, aliases=aliases)
    return Fingerprints(library, digests, matched)


def read_variants(conn: sqlite3.Connection, library: Library) -> Iterator[VariantHashes]:
    """The variants of these photos that the library names, as far as they are packed, those of some thousand photos at a time."""
    numbers = {name: number for number, name in enumerate(library.variant_names)}
    rows = {photo_id: row for row, photo_id in enumerate(library.photo_ids)}
    kinds_of = {
        names_id: np.array([numbers.get(name, -1) for name in json.loads(names)], np.int16)
        for names_id, names in conn.execute("SELECT names_id, names FROM variant_names")
    }
    cursor = conn.execute("SELECT names_id, photo_id, hashes FROM packed_variants")
    while read := cursor.fetchmany(PACKED_AT_ONCE):
        read.sort(key=itemgetter(0))
        for names_id, packed in groupby(read, key=itemgetter(0)):
            kinds = kinds_of.get(names_id, NO_KINDS)
            known = [(rows[photo_id], hashes) for _, photo_id, hashes in packed if photo_id in rows]
            if known and len(kinds):
                yield _of_one_list(known, kinds)


def _of_one_list(packed: list[tuple[int, bytes]], kinds: np.ndarray) -> VariantHashes:
    """The hashes of photos, each with its row, that have these kinds of variants, of which those below zero are not wanted."""
    owners = np.array([row for row, _ in packed], np.int32)
    hashes = np.frombuffer(b"".join([hashes for _, hashes in packed]), np.uint8).reshape(len(packed), len(kinds), HASH_BYTES)
    wanted = kinds >= 0
    if not wanted.all():
        hashes, kinds = hashes[:, wanted], kinds[wanted]
    return VariantHashes(np.repeat(owners, len(kinds)), np.tile(kinds, len(packed)), hashes.reshape(-1, HASH_BYTES))


def read_subjects(conn: sqlite3.Connection, photo_ids: Iterable[str], with_variants: bool = False) -> dict[str, Subject]:
    """These photos as the verifier sees them, previews included: about 15 KB each. It has no use for their variants."""
    from ...core.verdict.compared_photo import Subject

    subjects = {}
    for part in in_parts(sorted(set(photo_ids))):
        for row in conn.execute(
            f"""SELECT photo_id, content, phash, variants, flatness, {", ".join("photos." + c for c in SUBJECT_COLUMNS)}
            FROM photos LEFT JOIN fingerprints USING (photo_id) LEFT JOIN thumbnails USING (photo_id)
            WHERE photo_id IN ({marks(part)})""",
            part,
        ):
            photo_id, content, phash, variants, flatness = row[:5]
            known = dict(zip(SUBJECT_COLUMNS, row[5:], strict=True))
            known.update(
                album_only=bool(known["album_only"]),
                app_created=bool(known["app_created"]),
                extras=_words(known["extras"]),
            )
            subjects[photo_id] = Subject(
                photo_id=photo_id,
                thumbnail=content,
                phash=phash or "",
                variants=json.loads(variants or "{}") if with_variants else {},
                flatness=flatness or 0.0,
                **known,
            )
    return subjects


def _words(text: str | None) -> tuple[str, ...]:
    """The words of a JSON list; none for what is no such list, as a database that somebody made may hold."""
    try:
        words = json.loads(text or "[]")
    except (ValueError, TypeError, RecursionError):
        return ()
    return tuple(word for word in words if isinstance(word, str)) if isinstance(words, list) else ()


def read_unhashed_twins(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    """Pairs (lower id first) of equal bytes of which one at least has no fingerprint, each photo with the first of its bytes."""
    return conn.execute(
        """SELECT first.photo_id, photos.photo_id FROM photos
        JOIN (SELECT sha1, min(photo_id) AS photo_id, count(*) - count(fingerprints.photo_id) AS unhashed
              FROM photos LEFT JOIN fingerprints USING (photo_id) WHERE sha1 IS NOT NULL AND NOT trashed
              GROUP BY sha1 HAVING count(*) > 1 AND unhashed > 0) AS first
          ON first.sha1 = photos.sha1 AND first.photo_id < photos.photo_id
        WHERE NOT trashed
        ORDER BY 1, 2"""
    ).fetchall()


def unhashed_digest(conn: sqlite3.Connection) -> str:
    """Changes when what a verdict may rest on changes of a photo that has no fingerprint, or when such a photo comes or goes."""
    digest = blake2b(digest_size=8)
    cursor = conn.execute(
        f"""SELECT photo_id, {", ".join(SEEN_COLUMNS)} FROM photos
        WHERE NOT trashed AND photo_id NOT IN (SELECT photo_id FROM fingerprints) ORDER BY photo_id"""
    )
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        digest.update(repr(rows).encode("utf8", "surrogatepass"))
    return digest.hexdigest()


_OF_UNHASHED = "(photo_a NOT IN (SELECT photo_id FROM fingerprints) OR photo_b NOT IN (SELECT photo_id FROM fingerprints))"


def read_unhashed_pairs(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    """The pairs with a photo that has no fingerprint, but for those that a keeper asked for."""
    return conn.execute(f"SELECT photo_a, photo_b FROM pairs WHERE found_by = 'fingerprint' AND {_OF_UNHASHED}").fetchall()


def forget_unhashed(conn: sqlite3.Connection) -> None:
    """Remove everything that was found out about photos that have no fingerprint."""
    for table in ("pairs", "different_pairs"):
        conn.execute(f"DELETE FROM {table} WHERE {_OF_UNHASHED}")


def forget_photos(conn: sqlite3.Connection, photo_ids: Sequence[str]) -> None:
    """Remove everything that was found out about these photos: they are compared from scratch."""
    for part in in_parts(photo_ids):
        mark = marks(part)
        for table in ("pairs", "different_pairs"):
            for column in ("photo_a", "photo_b"):
                conn.execute(f"DELETE FROM {table} WHERE {column} IN ({mark})", part)
        conn.execute(f"UPDATE comparisons SET matched_by = NULL WHERE matched_by IS NOT NULL AND photo_id IN ({mark})", part)


def forget_trashed(conn: sqlite3.Connection) -> None:
    """The same for photos that went to Google's trash since they were compared."""
    gone = "SELECT photo_id FROM photos WHERE trashed"
    ids = conn.execute(
        f"""SELECT photo_id FROM comparisons WHERE matched_by IS NOT NULL AND photo_id IN ({gone})
        UNION SELECT photo_a FROM pairs WHERE photo_a IN ({gone}) UNION SELECT photo_b FROM pairs WHERE photo_b IN ({gone})"""
    ).fetchall()
    forget_photos(conn, [photo_id for (photo_id,) in ids])


def save_pairs(conn: sqlite3.Connection, pairs: Iterable[Pair], found_by: str = "fingerprint") -> None:
    """Insert pairs; one that is there already is replaced."""
    sql = f"INSERT OR REPLACE INTO pairs ({', '.join(PAIR_COLUMNS)}) VALUES ({marks(PAIR_COLUMNS)})"
    conn.executemany(sql, (_pair_row(pair, found_by) for pair in pairs))


def _pair_row(pair: Pair, found_by: str) -> tuple[Any, ...]:
    measures = [pair.measures.get(name, 0 if name == "wants_proof" else None) for name in MEASURES]
    return (pair.photo_a, pair.photo_b, pair.distance_bits, pair.relation, pair.confidence, pair.evidence, *measures, found_by)


def mark_matched(conn: sqlite3.Connection, rows: Iterable[tuple[str, str]]) -> None:
    """Store (matched_by, photo id): these photos have been compared with all others."""
    sql = """INSERT INTO comparisons (matched_by, photo_id) VALUES (?, ?)
        ON CONFLICT (photo_id) DO UPDATE SET matched_by = excluded.matched_by"""
    conn.executemany(sql, rows)


def read_pairs(conn: sqlite3.Connection, found_by: str) -> dict[tuple[str, str], str]:
    """The relation of each pair found this way."""
    sql = "SELECT photo_a, photo_b, relation FROM pairs WHERE found_by = ?"
    return {(a, b): relation for a, b, relation in conn.execute(sql, [found_by])}


def read_links(conn: sqlite3.Connection, found_by: str) -> dict[tuple[str, str], Link]:
    """What each pair found this way means for a group."""
    sql = "SELECT photo_a, photo_b, relation, remade_from, coalesce(remade, 1.0) FROM pairs WHERE found_by = ?"
    return {(a, b): Link(*link) for a, b, *link in conn.execute(sql, [found_by])}


def read_different(conn: sqlite3.Connection) -> set[tuple[str, str]]:
    """Pairs that a keeper asked for and that proved to be different pictures."""
    return set(conn.execute("SELECT photo_a, photo_b FROM different_pairs"))


def save_different(conn: sqlite3.Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Remember that these pairs show two pictures."""
    conn.executemany("INSERT OR IGNORE INTO different_pairs (photo_a, photo_b) VALUES (?, ?)", pairs)


def delete_pairs(conn: sqlite3.Connection, table: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Delete these pairs from `pairs` or `different_pairs`."""
    conn.executemany(f"DELETE FROM {table} WHERE photo_a = ? AND photo_b = ?", list(pairs))
