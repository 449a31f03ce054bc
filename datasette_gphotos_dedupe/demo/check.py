"""Was every seeded duplicate found, and was nothing offered for removal that must not be?"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .library import EDIT, SAFE, SampleItem, SampleLibrary, Seed

MISSING = "not in the library"


@dataclass(frozen=True)
class Finding:
    """All seeds of one kind: how many there are, under which relations they were found, and what is wrong with that.

    `missed` edits were not found at all: a pity, but nobody loses a picture by it. `trouble` is for the person to know of, a miss
    among it unless the seed expects it.
    """

    kind: str
    sort: str
    seeded: int
    found: str
    trouble: str
    missed: int = 0


def check_library(conn: sqlite3.Connection, library: SampleLibrary) -> list[Finding]:
    """One finding for each kind of seed, in the order they were put in."""
    photo_ids = _photo_ids(conn, library.items)
    by_kind: dict[str, list[Seed]] = {}
    for seed in library.seeds:
        by_kind.setdefault(seed.kind, []).append(seed)
    return [_judge(conn, kind, seeds, photo_ids) for kind, seeds in by_kind.items()]


def _photo_ids(conn: sqlite3.Connection, items: Iterable[SampleItem]) -> dict[str, str]:
    """The key of an item to its row. What this app uploaded has an id of its own there, so its file name finds it."""
    by_key = dict(conn.execute("SELECT media_key, photo_id FROM photos WHERE media_key IS NOT NULL"))
    by_name = dict(conn.execute("SELECT filename, photo_id FROM photos WHERE app_created"))
    found = {item.key: by_key.get(item.key) or (by_name.get(item.title) if item.by_app else None) for item in items}
    return {key: photo_id for key, photo_id in found.items() if photo_id}


def _judge(conn: sqlite3.Connection, kind: str, seeds: list[Seed], photo_ids: dict[str, str]) -> Finding:
    relations: Counter[str] = Counter()
    troubles: list[str] = []
    missed = 0
    for seed in seeds:
        keeper, copy = photo_ids.get(seed.keeper), photo_ids.get(seed.copy)
        relation = _relation(conn, keeper, copy) if keeper and copy else MISSING
        relations[relation or "no pair"] += 1
        missed += seed.sort == EDIT and relation is None
        troubles += _troubles(seed, relation, sum(_is_offered(conn, photo) for photo in (keeper, copy) if photo))
    found = ", ".join(f"{relation} x {count}" if count > 1 else relation for relation, count in relations.items())
    return Finding(kind, seeds[0].sort, len(seeds), found, "; ".join(sorted(set(troubles))), missed)


def _troubles(seed: Seed, relation: str | None, offered: int) -> list[str]:
    """What is wrong with one seed. Of a safe pair exactly one photo is offered, and which one is up to the keeper rules."""
    if relation == MISSING:
        return [] if None in seed.expected else [MISSING]
    troubles = []
    if relation not in seed.expected:
        wanted = " or ".join(sorted(name or "no pair" for name in seed.expected))
        troubles.append(f"expected {wanted}")
    if seed.sort == SAFE and not offered:
        troubles.append("not suggested for removal")
    if offered > (seed.sort == SAFE):
        troubles.append("WRONGLY SUGGESTED FOR REMOVAL")
    return troubles


def _relation(conn: sqlite3.Connection, first: str, second: str) -> str | None:
    row = conn.execute(
        "SELECT relation FROM pairs WHERE photo_a = ? AND photo_b = ?", [min(first, second), max(first, second)]
    ).fetchone()
    return row[0] if row else None


def _is_offered(conn: sqlite3.Connection, photo_id: str) -> bool:
    query = "SELECT 1 FROM group_members WHERE photo_id = ? AND suggested = 'remove'"
    return conn.execute(query, [photo_id]).fetchone() is not None


def findings_table(findings: Iterable[Finding]) -> str:
    """The findings as lines of text: kind, number, what it was found as, what is wrong."""
    rows = [("kind", "sort", "seeded", "found as", "")]
    rows += [
        (f.kind, f.sort, str(f.seeded), f.found, f.trouble or ("missed, as documented" if f.missed else "as it should be"))
        for f in findings
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join("  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[4]]).rstrip() for row in rows)
