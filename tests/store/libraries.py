"""Random small libraries and what a person may do with them, for the properties that must hold for all of them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from itertools import combinations

from hypothesis import strategies as st

from datasette_gphotos_dedupe.core.groups.building import build_groups
from datasette_gphotos_dedupe.core.groups.keeper import Policy
from datasette_gphotos_dedupe.model import RELATIONS, Link
from datasette_gphotos_dedupe.store.matching.groups import read_group_photos, save_groups
from datasette_gphotos_dedupe.store.review.decisions import refresh_decided

NAMES = "abcdefg"


@dataclass(frozen=True)
class Drawn:
    """A library: what is special about each photo, and what each pair is that was found or would be on asking."""

    photos: tuple[dict, ...]
    found: dict[tuple[str, str], Link]
    on_asking: dict[tuple[str, str], Link]


rarely = st.sampled_from((0,) * 9 + (1,))
photos = st.fixed_dictionaries(
    {
        "width": st.sampled_from((400, 4000)),
        "favorite": rarely,
        "album_only": rarely,
        "trashed": rarely,
        "moves": rarely,
        "source": st.sampled_from(("takeout",) * 6 + ("library", "folder")),
        "dedup_key": st.sampled_from((None, None, None, None, "X", "Y")),
        "sha1": st.sampled_from((None, None, None, None, "1" * 40, "2" * 40)),
    }
)
SURE = ("re_encode", "smaller_copy", "other_format", "same_bytes")
relations = st.one_of(st.sampled_from(SURE), st.sampled_from(SURE), st.sampled_from(RELATIONS))


@st.composite
def libraries(draw) -> Drawn:
    """Two to six photos, most pairs of them related somehow."""
    drawn = draw(st.lists(photos, min_size=2, max_size=6))
    rows = tuple({"photo_id": NAMES[number], **photo} for number, photo in enumerate(drawn))
    found, on_asking = {}, {}
    for pair in combinations([row["photo_id"] for row in rows], 2):
        how = draw(st.sampled_from(("found", "found", "asked", "none")))
        if how != "none":
            (found if how == "found" else on_asking)[pair] = Link(draw(relations), draw(st.sampled_from((None, *pair))))
    return Drawn(rows, found, on_asking)


def save_library(conn: sqlite3.Connection, drawn: Drawn) -> None:
    """Photos, pairs and the groups that matching makes of them. The caller holds the transaction."""
    for photo in drawn.photos:
        row = {
            **photo,
            "filename": f"{photo['photo_id']}.jpg",
            "mime_type": "image/jpeg",
            "height": photo["width"] * 3 // 4,
            "bytes": photo["width"] * 10,
            "media_key": photo["photo_id"] if photo["source"] == "takeout" else None,
            "library_id": photo["photo_id"] if photo["source"] == "library" else None,
            "app_created": int(photo["source"] == "library"),
            "product_url": f"https://photos.google.com/photo/{photo['photo_id']}",
        }
        conn.execute(f"INSERT INTO photos ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    match_again(conn, drawn)


def match_again(conn: sqlite3.Connection, drawn: Drawn) -> None:
    """Pairs and groups as a match step leaves them, decisions taken into account; photos in the bin are not matched."""
    gone = {photo["photo_id"] for photo in drawn.photos if photo["trashed"]}
    asked: dict[tuple[str, str], Link | None] = {}

    def ask(pairs):
        asked.update({pair: drawn.on_asking.get(pair) for pair in pairs})
        return {pair: link for pair, link in asked.items() if not _said_different(conn, items, pair)}

    found = {pair: link for pair, link in drawn.found.items() if gone.isdisjoint(pair)}
    items = read_group_photos(conn, {photo for pair in found for photo in pair})
    refused = [pair for pair in found if _said_different(conn, items, pair)]
    groups = build_groups(items, found, Policy(), ask, refused)
    conn.execute("DELETE FROM pairs")
    for pair, link in {**found, **asked}.items():
        if link:
            sql = """INSERT INTO pairs (photo_a, photo_b, distance_bits, relation, remade_from, confidence, evidence)
                VALUES (?, ?, 3, ?, ?, 0.9, '')"""
            conn.execute(sql, [*pair, link.relation, link.holder])
    save_groups(conn, groups, items)
    refresh_decided(conn)


def _said_different(conn: sqlite3.Connection, items: dict, pair: tuple[str, str]) -> bool:
    subject = "|".join(sorted(items[photo].sha1 or photo for photo in pair))
    sql = "SELECT 1 FROM decisions WHERE subject = ? AND decision = 'not_duplicate'"
    return conn.execute(sql, [subject]).fetchone() is not None
