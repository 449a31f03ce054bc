"""Whatever a library looks like and whatever people do in whatever order: nobody is led to delete the only copy.

The rules are written here a second time, in Python and in the plainest way, and compared with what stands in the tables.
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.album import plan_push, read_candidates
from datasette_gphotos_dedupe.errors import GphotosError
from datasette_gphotos_dedupe.model import REMOVABLE_RELATIONS
from datasette_gphotos_dedupe.store.bulk import plan_bulk, save_bulk
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.decisions import Choice, read_group, save_choices, save_suggestion
from datasette_gphotos_dedupe.store.history import undo_batch
from datasette_gphotos_dedupe.store.keepers import save_keeper

from .libraries import Drawn, libraries, match_again, save_library

# scripts/bench_reliability.py asks for thousands
PROOF = settings(
    deadline=None,
    max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "80")),
    suppress_health_check=list(HealthCheck),
)
DIFFERENT = {"series", "look_alike"}

decisions = st.sampled_from(("keep", "remove", "remove", "remove", "not_duplicate", None))
acts = st.one_of(
    st.tuples(st.just("choose"), st.integers(0, 5), st.lists(st.tuples(st.integers(0, 5), decisions), min_size=1, max_size=4)),
    st.tuples(st.just("suggested"), st.integers(0, 5)),
    st.tuples(st.just("bulk")),
    st.tuples(st.just("keeper"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("undo"), st.integers(0, 5)),
)


@pytest.fixture(scope="module")
def conn(tmp_path_factory):
    """An empty library; each example fills it and rolls back."""
    db = open_database(tmp_path_factory.mktemp("properties") / "photos.db")
    db.conn.isolation_level = None
    yield db.conn
    db.conn.close()


class Example:
    """One library in a transaction that is thrown away, and people acting on it."""

    def __init__(self, conn: sqlite3.Connection, drawn: Drawn):
        self.conn, self.drawn, self.number = conn, drawn, 0

    def __enter__(self) -> Example:
        self.conn.execute("BEGIN")
        save_library(self.conn, self.drawn)
        return self

    def __exit__(self, *error: object) -> None:
        self.conn.execute("ROLLBACK")

    def rows(self, sql: str, *values) -> list[tuple]:
        return self.conn.execute(sql, values).fetchall()

    def act(self, act: tuple, actor: str = "ada") -> bool:
        """Do one thing; False when it was refused, and then nothing has changed."""
        before = self.state()
        self.conn.execute("SAVEPOINT act")
        try:
            self._do(act, actor)
        except GphotosError:
            self.conn.execute("ROLLBACK TO act")
            self.conn.execute("RELEASE act")
            assert self.state() == before
            return False
        self.conn.execute("RELEASE act")
        return True

    def state(self) -> list:
        return self.rows("SELECT * FROM decisions ORDER BY subject") + self.rows(
            "SELECT * FROM group_members ORDER BY group_id, photo_id"
        )

    def _do(self, act: tuple, actor: str) -> None:
        kind, *rest = act
        groups = [row[0] for row in self.rows("SELECT group_id FROM groups ORDER BY group_id")]
        if kind == "bulk":
            plan = plan_bulk(self.conn, "1", {})
            save_bulk(self.conn, "1", {}, plan.photos, actor, "all")
        elif kind == "undo":
            batches = [row[0] for row in self.rows("SELECT batch_id FROM decision_batches ORDER BY batch_id DESC")]
            undo_batch(self.conn, batches[rest[0] % len(batches)] if batches else 0, actor)
        elif groups:
            group_id = groups[rest[0] % len(groups)]
            state = read_group(self.conn, group_id)
            seen, ids = state.seen, [member["photo_id"] for member in state.members]
            if kind == "choose":
                said = {ids[number % len(ids)]: decision for number, decision in rest[1]}
                save_choices(self.conn, group_id, [Choice(*choice) for choice in said.items()], actor, seen)
            elif kind == "suggested":
                save_suggestion(self.conn, group_id, actor, seen)
            else:
                save_keeper(self.conn, group_id, ids[rest[1] % len(ids)], actor, seen)

    # What the tables say, for the rules below

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


def check_rules(example: Example) -> None:
    """The three rules of `store.safety`, said again."""
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


def check_suggestions(example: Example) -> None:
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


@PROOF
@given(libraries())
def test_nothing_is_suggested_that_must_not_be(conn, drawn):
    with Example(conn, drawn) as example:
        check_suggestions(example)


@PROOF
@given(libraries(), st.lists(st.tuples(acts, st.sampled_from(("ada", "ben"))), max_size=8))
def test_no_order_of_acts_by_two_people_breaks_a_rule(conn, drawn, todo):
    with Example(conn, drawn) as example:
        for act, actor in todo:
            example.act(act, actor)
            check_rules(example)


@PROOF
@given(libraries(), st.lists(acts, max_size=5))
def test_another_keeper_suggests_nothing_that_must_not_be(conn, drawn, todo):
    with Example(conn, drawn) as example:
        for act in todo:
            example.act(act)
            check_suggestions(example)


@PROOF
@given(libraries(), st.lists(acts, max_size=4), acts.filter(lambda act: act[0] != "undo"))
def test_whatever_is_undone_is_as_before(conn, drawn, todo, last):
    with Example(conn, drawn) as example:
        for act in todo:
            example.act(act)
        before = example.state()
        batches = example.rows("SELECT max(batch_id) FROM decision_batches")
        if example.act(last) and example.rows("SELECT max(batch_id) FROM decision_batches") != batches:
            assert example.act(("undo", 0))
            assert example.state() == before


@PROOF
@given(libraries(), st.lists(acts, max_size=6))
def test_a_pushed_photo_has_a_verified_keeper_that_stays(conn, drawn, todo):
    with Example(conn, drawn) as example:
        for act in todo:
            example.act(act)
        for item in plan_push(read_candidates(conn), "Duplicates", "handover").planned:
            assert item.photo_id in example.removed
            assert example.survives(item.keeper_id) and example.is_proven_same(item.photo_id, item.keeper_id)


@PROOF
@given(libraries(), st.lists(acts, max_size=6))
def test_matching_again_changes_no_decision_and_pushes_nothing_without_a_keeper(conn, drawn, todo):
    with Example(conn, drawn) as example:
        for act in todo:
            example.act(act)
        before = example.rows("SELECT * FROM decisions ORDER BY subject")
        match_again(conn, drawn)
        assert example.rows("SELECT * FROM decisions ORDER BY subject") == before
        check_suggestions(example)
        for item in plan_push(read_candidates(conn), "Duplicates", "handover").planned:
            assert example.survives(item.keeper_id) and example.is_proven_same(item.photo_id, item.keeper_id)
