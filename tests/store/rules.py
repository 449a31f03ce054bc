"""The rules that keep the only copy, written a second time in the plainest way, over whatever stands in the tables."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from itertools import combinations

from datasette_gphotos_dedupe.model import REMOVABLE_RELATIONS

DIFFERENT = {"series", "look_alike"}


class Tables:
    """What the tables of a library say."""

    def __init__(self, conn: sqlite3.Connection):
        self.conn = conn

    def rows(self, sql: str, *values) -> list[tuple]:
        return self.conn.execute(sql, values).fetchall()

    def state(self) -> list:
        """Everything that a decision may change."""
        return self.rows("SELECT * FROM decisions ORDER BY subject") + self.rows(
            "SELECT * FROM group_members ORDER BY group_id, photo_id"
        )

    @property
    def photos(self) -> dict[str, sqlite3.Row]:
        cursor = self.conn.execute("SELECT * FROM photos")
        names = [column[0] for column in cursor.description]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor}

    @property
    def removed(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT photo_id FROM decisions WHERE decision = 'remove'")}

    @property
    def members(self) -> dict[str, dict[str, tuple]]:
        found: dict[str, dict[str, tuple]] = defaultdict(dict)
        for group_id, photo_id, *rest in self.rows("SELECT group_id, photo_id, role, relation, suggested FROM group_members"):
            found[group_id][photo_id] = tuple(rest)
        return found

    @property
    def proven(self) -> dict[frozenset, str]:
        """The relation of each pair that nobody called different."""
        photos = self.photos
        said = {row[0] for row in self.rows("SELECT subject FROM decisions WHERE decision = 'not_duplicate'")}
        pairs = self.rows("SELECT photo_a, photo_b, relation FROM pairs")
        return {
            frozenset((a, b)): relation
            for a, b, relation in pairs
            if "|".join(sorted(photos[photo]["sha1"] or photo for photo in (a, b))) not in said
        }

    def is_paired(self, a: str, b: str) -> bool:
        return bool(self.rows("SELECT 1 FROM pairs WHERE photo_a = ? AND photo_b = ?", *sorted((a, b))))

    def survives(self, photo_id: str) -> bool:
        photo = self.photos[photo_id]
        return not photo["trashed"] and not photo["album_only"] and photo_id not in self.removed

    def is_proven_same(self, a: str, b: str) -> bool:
        keys = [self.photos[photo]["dedup_key"] for photo in (a, b)]
        same_content = keys[0] is not None and keys[0] == keys[1]
        return self.proven.get(frozenset((a, b)), "look_alike") not in DIFFERENT and not same_content


def check_rules(example: Tables) -> None:
    """The three rules of `store.review.only_copy`, said again."""
    removed, photos = example.removed, example.photos
    for members in example.members.values():
        if removed & members.keys():
            assert any(example.survives(photo) for photo in members), f"a group is emptied: {members}"
        for photo in removed & {photo for photo, (role, *_) in members.items() if role != "look_alike"}:
            partners = [other for other in photos if other != photo and example.survives(other)]
            assert any(example.is_proven_same(photo, other) for other in partners), f"{photo} has no verified survivor"
    keepers = {row[0] for row in example.rows("SELECT keeper_id FROM groups")}
    kept = keepers | {row[0] for row in example.rows("SELECT photo_id FROM decisions WHERE decision = 'keep'")}
    in_groups = {photo for members in example.members.values() for photo in members}
    for photo, twin in combinations(photos, 2):
        if photos[photo]["dedup_key"] and photos[photo]["dedup_key"] == photos[twin]["dedup_key"]:
            for gone, stays in ((photo, twin), (twin, photo)):
                torn = gone in removed and stays not in removed and stays in kept and gone in in_groups
                assert not torn, f"{gone} is removed and takes {stays} along"


def check_suggestions(example: Tables) -> None:
    """Nothing is suggested that must not be."""
    photos = example.photos
    for group_id, members in example.members.items():
        (keeper,) = (row[0] for row in example.rows("SELECT keeper_id FROM groups WHERE group_id = ?", group_id))
        for photo_id, (role, relation, suggested) in members.items():
            if suggested != "remove":
                continue
            photo, kept = photos[photo_id], photos[keeper]
            assert photo_id != keeper and role == "copy" and relation in REMOVABLE_RELATIONS
            if frozenset((photo_id, keeper)) not in example.proven and example.is_paired(photo_id, keeper):
                continue  # said to be different since: that is its decision, and the suggestion counts no more
            assert example.proven.get(frozenset((photo_id, keeper))) in REMOVABLE_RELATIONS
            assert not (photo["album_only"] or kept["album_only"] or photo["favorite"] or kept["trashed"])
            assert photo["dedup_key"] is None or photo["dedup_key"] != kept["dedup_key"]
            assert photo["width"] <= kept["width"] and not (photo["moves"] and not kept["moves"])
            assert (photo["source"] == "folder") == (kept["source"] == "folder")


def check_push(tables: Tables, planned: list[tuple[str, str]]) -> None:
    """Each (photo, keeper) that would be pushed was decided so, and its keeper is proven to be the same and stays."""
    for photo_id, keeper_id in planned:
        assert photo_id in tables.removed
        assert tables.survives(keeper_id) and tables.is_proven_same(photo_id, keeper_id)
