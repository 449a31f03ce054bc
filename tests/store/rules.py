"""The rules that keep the only copy, written a second time in the plainest way, over whatever stands in the tables."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from itertools import combinations

from datasette_gphotos_dedupe.model import REMOVABLE_RELATIONS
from datasette_gphotos_dedupe.store.review.may_go import read_verdicts

DIFFERENT = {"series", "look_alike"}
PROVES = {"same_bytes", "re_encode", "smaller_copy", "raw_and_jpeg", "other_format"}


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

    def said(self, a: str, b: str) -> set[str]:
        """What people said of this pair."""
        keys = {"|".join(sorted(self.photos[photo]["sha1"] or photo for photo in (a, b)))}
        rows = self.rows("SELECT subject, photo_id, photo_b, decision FROM decisions WHERE photo_b IS NOT NULL")
        return {decision for subject, one, other, decision in rows if subject in keys or {one, other} == {a, b}}

    @property
    def removals(self) -> dict[str, tuple[str | None, int]]:
        """Each photo decided `remove`, with who stays for it and whether it goes on the person's word."""
        rows = self.rows("SELECT photo_id, stays_id, on_word FROM decisions WHERE decision = 'remove'")
        return {photo_id: (stays, on_word) for photo_id, stays, on_word in rows}

    def is_paired(self, a: str, b: str) -> bool:
        return bool(self.rows("SELECT 1 FROM pairs WHERE photo_a = ? AND photo_b = ?", *sorted((a, b))))

    def survives(self, photo_id: str) -> bool:
        photo = self.photos[photo_id]
        return not photo["trashed"] and not photo["album_only"] and photo_id not in self.removed

    def is_proven_same(self, a: str, b: str) -> bool:
        keys = [self.photos[photo]["dedup_key"] for photo in (a, b)]
        same_content = keys[0] is not None and keys[0] == keys[1]
        return self.proven.get(frozenset((a, b)), "look_alike") not in DIFFERENT and not same_content


def may_go(tables: Tables, photo_id: str, stays_id: str | None, on_word: int) -> bool:
    """The question of `store.review.may_go`, asked again in the plainest way."""
    photo, stays = tables.photos.get(photo_id), tables.photos.get(stays_id or "")
    if not photo or not stays or photo is stays or photo["trashed"] or photo["album_only"] or not tables.survives(stays_id):
        return False
    if stays["source"] == "folder" != photo["source"] or tables.said(photo_id, stays_id) & {"not_duplicate"}:
        return False
    decided = dict(tables.rows("SELECT subject, decision FROM decisions WHERE photo_b IS NULL"))
    keepers = {row[0] for row in tables.rows("SELECT keeper_id FROM groups")}
    for twin in tables.photos.values():
        name = twin["photo_id"]
        if name != photo_id and _one_content(photo, twin) and (decided.get(name, "keep" if name in keepers else "") == "keep"):
            return False
        if name != stays_id and _one_content(stays, twin) and decided.get(name) == "remove":
            return False
    if _one_content(photo, stays) or _one_item(photo, stays):
        return False
    pairs = tables.rows(
        "SELECT relation, objection, remade_from FROM pairs WHERE photo_a = ? AND photo_b = ?", *sorted((photo_id, stays_id))
    )
    proved = [relation for relation, objection, holder in pairs if relation in PROVES and not objection and holder != photo_id]
    proved = proved and not _larger(photo, stays)
    return bool(on_word or proved or tables.said(photo_id, stays_id) & {"same_picture"})


def _one_content(a: dict, b: dict) -> bool:
    return any(a[key] is not None and a[key] == b[key] for key in ("dedup_key", "sha1"))


def _one_item(a: dict, b: dict) -> bool:
    if a["source"] == b["source"] or (a["media_key"] and b["media_key"]):
        return False
    sizes = [sorted((photo["width"] or 0, photo["height"] or 0)) for photo in (a, b)]
    same_moment = a["taken_at"] is not None and (a["taken_at"], a["filename"]) == (b["taken_at"], b["filename"])
    return 0 in sizes[0] + sizes[1] or sizes[0] == sizes[1] or same_moment


def _larger(a: dict, b: dict) -> bool:
    areas = [photo["width"] * photo["height"] if photo["width"] and photo["height"] else None for photo in (a, b)]
    return None not in areas and areas[1] < 0.95 * areas[0]


def check_verdicts(example: Tables) -> None:
    """The one answer to "may this go?" is that of the second writing, for every photo that was removed."""
    removals = example.removals
    for verdict in read_verdicts(example.conn):
        stays, on_word = removals[verdict.photo_id]
        assert verdict.stays_id == stays
        assert (verdict.code is None) == may_go(example, verdict.photo_id, stays, on_word), verdict


def check_rules(example: Tables) -> None:
    """The three rules of `store.review.only_copy`, said again."""
    removed, photos = example.removed, example.photos
    for members in example.members.values():
        if removed & members.keys():
            assert any(example.survives(photo) for photo in members), f"a group is emptied: {members}"
    for photo, (stays, on_word) in example.removals.items():
        assert stays and example.survives(stays), f"nothing stays for {photo}"
        vouched = on_word or "same_picture" in example.said(photo, stays)
        assert vouched or example.proven.get(frozenset((photo, stays))) in PROVES, f"nothing proves {photo} by {stays}"
        assert "not_duplicate" not in example.said(photo, stays), f"{photo} was told apart from {stays}"
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
    """Each (photo, keeper) that would be pushed was decided so, and exactly that keeper stays and is vouched for."""
    removals = tables.removals
    for photo_id, keeper_id in planned:
        stays, on_word = removals[photo_id]
        assert stays == keeper_id and may_go(tables, photo_id, keeper_id, on_word)
