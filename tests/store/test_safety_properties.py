"""Whatever a library looks like and whatever people do in whatever order: nobody is led to delete the only copy.

The rules are written a second time in `rules.py`, in Python and in the plainest way, and compared with what stands in the tables.
"""

from __future__ import annotations

import os
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.album import plan_push, read_candidates
from datasette_gphotos_dedupe.errors import GphotosError
from datasette_gphotos_dedupe.model import Link
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.review.bulk_decisions import RULES, Scope, plan_accept, save_accept
from datasette_gphotos_dedupe.store.review.chosen_keepers import save_keeper
from datasette_gphotos_dedupe.store.review.decisions import Choice, read_group, save_choices, save_suggestion
from datasette_gphotos_dedupe.store.review.undo import undo_batch

from .libraries import Drawn, libraries, match_again, save_library
from .rules import Tables, check_push, check_rules, check_suggestions, check_verdicts

# scripts/bench_reliability.py asks for thousands
PROOF = settings(
    deadline=None,
    max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "80")),
    suppress_health_check=list(HealthCheck),
)

decisions = st.sampled_from(("keep", "remove", "remove", "remove", "not_duplicate", "same_picture", None))
acts = st.one_of(
    st.tuples(st.just("choose"), st.integers(0, 5), st.lists(st.tuples(st.integers(0, 5), decisions), min_size=1, max_size=4)),
    st.tuples(st.just("suggested"), st.integers(0, 5)),
    st.tuples(st.just("bulk"), st.sampled_from(sorted(set(RULES) - {"ticked"}))),
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


class Example(Tables):
    """One library in a transaction that is thrown away, and people acting on it."""

    def __init__(self, conn: sqlite3.Connection, drawn: Drawn):
        super().__init__(conn)
        self.drawn = drawn

    def __enter__(self) -> Example:
        self.conn.execute("BEGIN")
        save_library(self.conn, self.drawn)
        return self

    def __exit__(self, *error: object) -> None:
        self.conn.execute("ROLLBACK")

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

    def _do(self, act: tuple, actor: str) -> None:
        kind, *rest = act
        groups = [row[0] for row in self.rows("SELECT group_id FROM groups ORDER BY group_id")]
        if kind == "bulk":
            scope = Scope(rest[0] if rest else "proved")
            save_accept(self.conn, scope, plan_accept(self.conn, scope).digest, actor, "all")
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
            check_verdicts(example)


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
        planned = plan_push(read_candidates(conn), "Duplicates", "handover").planned
        check_push(example, [(item.photo_id, item.keeper_id) for item in planned])


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
        planned = plan_push(read_candidates(conn), "Duplicates", "handover").planned
        check_push(example, [(item.photo_id, item.keeper_id) for item in planned])


def of_the_same_bytes() -> Drawn:
    """A keeper, and two copies whose files are equal."""
    plain = {"favorite": 0, "album_only": 0, "trashed": 0, "moves": 0, "source": "takeout", "dedup_key": None}
    photos = ({"photo_id": "a", "width": 4000, "sha1": None}, *({"photo_id": i, "width": 400, "sha1": "1" * 40} for i in "bc"))
    found = {("a", "b"): Link("re_encode", "a"), ("a", "c"): Link("re_encode", "a")}
    return Drawn(tuple({**plain, **photo} for photo in photos), found, {})


def said(example: Example) -> dict[str, str]:
    return dict(example.rows("SELECT subject, decision FROM decisions"))


PAIR = "1" * 40 + "|a"


@pytest.mark.parametrize("together", [True, False])
def test_deciding_about_a_photo_loses_nothing_that_was_said_of_another_one_of_the_same_bytes(conn, together):
    with Example(conn, of_the_same_bytes()) as example:
        b, c = (1, "not_duplicate"), (2, "keep")
        for act in [("choose", 0, [b, c])] if together else [("choose", 0, [b]), ("choose", 0, [c])]:
            assert example.act(act)
        assert said(example) == {PAIR: "not_duplicate", "c": "keep"}
        shown = {member["photo_id"]: member["decision"] for member in read_group(conn, "a").members}
        assert shown == {"a": None, "b": "not_duplicate", "c": "keep"}


def test_what_was_said_of_a_pair_can_be_taken_back_for_each_of_its_photos(conn):
    for number in (1, 2):
        with Example(conn, of_the_same_bytes()) as example:
            assert example.act(("choose", 0, [(1, "not_duplicate")]))
            assert example.act(("choose", 0, [(number, None)]))
            assert said(example) == {}


def test_a_batch_that_touched_one_pair_twice_is_undone_to_what_was_before_it(conn):
    with Example(conn, of_the_same_bytes()) as example:
        before = example.state()
        assert example.act(("choose", 0, [(1, "not_duplicate"), (2, "not_duplicate")]))
        assert said(example) == {PAIR: "not_duplicate"}
        assert example.act(("undo", 0))
        assert example.state() == before
