"""A person's word: asked for when it is needed, kept on content, final, and taken back in one step."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.errors import ConflictError, GphotosError, SafetyError
from datasette_gphotos_dedupe.model import RELATION_RULES
from datasette_gphotos_dedupe.store.library.identity import take_over
from datasette_gphotos_dedupe.store.review.bulk_decisions import Scope, plan_accept, save_accept
from datasette_gphotos_dedupe.store.review.decisions import Choice, read_group, save_choices, save_same_picture
from datasette_gphotos_dedupe.store.review.may_go import UNPROVED, read_leaving, read_verdicts, unproved
from datasette_gphotos_dedupe.store.review.undo import undo_batch
from tests.made_library import GROUP_KINDS, build_library, photo_id

SERIES = GROUP_KINDS.index("series")
KEEPER, COPY = photo_id(3 * SERIES), photo_id(3 * SERIES + 1)
PROVED_KEEPER, PROVED = photo_id(0), photo_id(1)


@pytest.fixture
def conn(tmp_path):
    db = build_library(tmp_path / "photos.db", groups=8, size=3, thumbnails=False)
    db.conn.isolation_level = None
    yield db.conn
    db.conn.close()


def decide(conn, group_id: str, **decisions: str | None) -> int | None:
    choices = [Choice(photo, decision) for photo, decision in decisions.items()]
    return save_choices(conn, group_id, choices, "ada", read_group(conn, group_id).seen)


def verdict(conn, photo: str):
    (found,) = read_verdicts(conn, [photo])
    return found


def test_what_nothing_proves_is_said_before_it_is_removed_and_what_is_proved_is_not(conn):
    assert unproved(conn, [PROVED, COPY]) == {COPY: UNPROVED["unproved"]}


@pytest.mark.parametrize("kind", GROUP_KINDS)
def test_a_removal_knows_who_stays_and_whether_a_person_vouches_for_it(conn, kind):
    keeper, copy = (photo_id(3 * GROUP_KINDS.index(kind) + position) for position in (0, 1))
    decide(conn, keeper, **{copy: "remove"})
    (row,) = conn.execute("SELECT stays_id, content_stays, on_word FROM decisions WHERE subject = ?", [copy]).fetchall()
    proved = next(rule.may_go for rule in RELATION_RULES if rule.name == kind)
    assert row == (keeper, conn.execute("SELECT sha1 FROM photos WHERE photo_id = ?", [keeper]).fetchone()[0], int(not proved))
    found = verdict(conn, copy)
    assert found.code is None and (found.word == "on your word") == (kind == "raw_and_jpeg" or not proved)


def test_the_larger_one_goes_on_the_persons_word_although_the_pair_is_proved(conn):
    assert "holds less" in unproved(conn, [PROVED_KEEPER])[PROVED_KEEPER]
    decide(conn, PROVED_KEEPER, **{PROVED_KEEPER: "remove", PROVED: "keep"})
    assert (verdict(conn, PROVED_KEEPER).word, verdict(conn, PROVED_KEEPER).stays_id) == ("on your word", PROVED)


def test_the_photo_that_the_other_was_made_again_from_does_not_go_for_it_whatever_its_size(conn):
    conn.execute("UPDATE pairs SET remade_from = ? WHERE photo_b = ?", [PROVED, PROVED])
    assert "holds less" in unproved(conn, [PROVED])[PROVED]


def test_an_objection_beats_every_pixel(conn):
    conn.execute("UPDATE pairs SET objection = 'The one has a film.' WHERE photo_b = ?", [PROVED])
    assert unproved(conn, [PROVED]) == {PROVED: UNPROVED["unproved"]}
    assert PROVED in {refusal.photo_id for refusal in plan_accept(conn, Scope()).refusals}


def test_what_was_proved_when_it_was_removed_and_is_not_any_more_does_not_go_silently(conn):
    decide(conn, PROVED_KEEPER, **{PROVED: "remove"})
    conn.execute("UPDATE pairs SET relation = 'edited' WHERE photo_b = ?", [PROVED])
    assert verdict(conn, PROVED).code == "unproved"


def test_the_same_picture_vouches_for_a_photo_and_leaves_it_open(conn):
    group = read_group(conn, KEEPER)
    save_same_picture(conn, KEEPER, COPY, "ada", group.seen)
    member = next(m for m in read_group(conn, KEEPER).members if m["photo_id"] == COPY)
    assert (member["same_picture"], member["decision"], read_group(conn, KEEPER).group["decided"]) == (1, None, 0)
    assert unproved(conn, [COPY]) == {}
    decide(conn, KEEPER, **{COPY: "remove"})
    assert (verdict(conn, COPY).word, verdict(conn, COPY).on_word) == ("on your word", False)


def test_the_same_picture_and_its_opposite_replace_each_other(conn):
    for decision in ("not_duplicate", "same_picture", "not_duplicate"):
        decide(conn, KEEPER, **{COPY: decision})
        assert conn.execute("SELECT decision FROM decisions WHERE photo_b = ?", [KEEPER]).fetchall() == [(decision,)]


def test_the_keeper_is_not_called_the_same_as_itself(conn):
    with pytest.raises(GphotosError, match="is the keeper; say of the others that they are the same picture"):
        save_same_picture(conn, KEEPER, KEEPER, "ada", read_group(conn, KEEPER).seen)


def test_what_a_removal_relies_on_cannot_be_taken_back_alone(conn):
    save_same_picture(conn, KEEPER, COPY, "ada", read_group(conn, KEEPER).seen)
    said = conn.execute("SELECT max(batch_id) FROM decision_batches").fetchone()[0]
    decide(conn, KEEPER, **{COPY: "remove"})
    for take_back in (
        lambda: save_same_picture(conn, KEEPER, COPY, "ada", read_group(conn, KEEPER).seen, said=False),
        lambda: undo_batch(conn, said, "ada"),
    ):
        conn.execute("BEGIN")
        with pytest.raises(SafetyError, match="Say that they show the same picture, or keep it"):
            take_back()
        conn.execute("ROLLBACK")
    decide(conn, KEEPER, **{COPY: None})
    assert save_same_picture(conn, KEEPER, COPY, "ada", read_group(conn, KEEPER).seen, said=False)
    assert unproved(conn, [COPY]) == {COPY: UNPROVED["unproved"]}


def test_what_was_said_outlives_new_ids_and_can_still_be_undone(conn):
    save_same_picture(conn, KEEPER, COPY, "ada", read_group(conn, KEEPER).seen)
    batch_id = decide(conn, KEEPER, **{COPY: "remove"})
    conn.execute("BEGIN")
    for old in (KEEPER, COPY):
        take_over(conn, old, f"new-{old}")
    conn.execute("COMMIT")
    found = verdict(conn, f"new-{COPY}")
    assert (found.code, found.word, found.stays_id) == (None, "on your word", f"new-{KEEPER}")
    assert undo_batch(conn, batch_id, "ada").restored == 1
    assert conn.execute("SELECT decision FROM decisions").fetchall() == [("same_picture",)]


def test_a_page_that_did_not_see_what_is_proved_now_decides_nothing(conn):
    seen = read_group(conn, PROVED_KEEPER).seen
    conn.execute("UPDATE group_members SET relation = 'edited', suggested = NULL WHERE photo_id = ?", [PROVED])
    with pytest.raises(ConflictError):
        save_choices(conn, PROVED_KEEPER, [Choice(PROVED, "remove")], "ada", seen)


def test_photos_that_were_removed_for_a_keeper_are_given_another_one_that_is_proved_when_it_goes(conn):
    third = photo_id(2)
    row = ("IMG_0000_thumb.jpg", 320, 240)
    assert conn.execute("SELECT filename, width, height FROM photos WHERE photo_id = ?", [third]).fetchone() == row
    sql = """INSERT INTO pairs (photo_a, photo_b, distance_bits, relation, confidence, evidence, remade_from)
        VALUES (?, ?, 0, 're_encode', 1, '', ?)"""
    conn.execute(sql, [PROVED, third, third])
    decide(conn, PROVED_KEEPER, **{PROVED: "remove"})
    before = conn.execute("SELECT * FROM decisions").fetchall()
    batch_id = decide(conn, PROVED_KEEPER, **{PROVED_KEEPER: "remove", third: "keep"})
    assert (verdict(conn, PROVED).stays_id, verdict(conn, PROVED).word) == (third, "remade")
    undo_batch(conn, batch_id, "ada")
    assert conn.execute("SELECT * FROM decisions").fetchall() == before


def test_one_number_says_what_really_goes(conn):
    scope = Scope()
    save_accept(conn, scope, plan_accept(conn, scope).digest, "ada", "all")
    decide(conn, KEEPER, **{COPY: "remove"})
    all_removed = conn.execute("SELECT count(*) FROM decisions WHERE decision = 'remove'").fetchone()[0]
    assert read_leaving(conn).photos == all_removed == 9
    conn.execute("UPDATE photos SET trashed = 1 WHERE photo_id = ?", [PROVED_KEEPER])
    leaving = read_leaving(conn)
    assert (leaving.photos, leaving.refused, leaving.reasons) == (7, 2, {"stays_trashed": 2})
    assert sum(leaving.words.values()) == leaving.photos


RULES = {
    "proved": 8,
    "smaller_than_keeper": 8,
    "all_but_largest": 8,
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_over_many_groups_takes_what_is_proved_and_names_the_rest(conn, rule):
    plan = plan_accept(conn, Scope(rule))
    assert plan.photos == RULES[rule]
    assert plan.refused == (0 if rule == "proved" else 8)
    assert all("may be the only one" in refusal.reason for refusal in plan.refusals)
    assert len({refusal.photo_id for refusal in plan.refusals}) == plan.refused
    assert len(plan.sample_photos) == 6 and all(stays for _, stays in plan.sample_photos)


def test_ticked_photos_go_where_they_are_proved_and_a_hundred_thousand_ids_are_no_matter(conn):
    ids = (PROVED, COPY, "unknown", *(f"other-{number}" for number in range(100_000)))
    scope = Scope("ticked", photo_ids=ids)
    plan = plan_accept(conn, scope)
    assert (plan.photos, [refusal.photo_id for refusal in plan.refusals]) == (1, [COPY])
    assert save_accept(conn, scope, plan.digest, "ada", "ticked").photos == 1


def test_what_changed_since_it_was_shown_is_not_accepted_even_when_the_number_is_the_same(conn):
    scope = Scope(where="relation = 'smaller_copy'")
    plan = plan_accept(conn, scope)
    conn.execute("UPDATE group_members SET suggested = NULL WHERE photo_id = ?", [PROVED])
    conn.execute("UPDATE groups SET relation = 'smaller_copy' WHERE group_id = ?", [photo_id(3)])
    conn.execute("UPDATE group_members SET suggested = NULL WHERE photo_id = ?", [photo_id(4)])
    assert plan_accept(conn, scope).photos == plan.photos
    with pytest.raises(ConflictError, match="have changed since you looked"):
        save_accept(conn, scope, plan.digest, "ada", "stale")


def test_photos_of_one_act_never_stay_for_each_other(conn):
    """A copy of one group is the keeper of another: who relies on it is not lost with it."""
    conn.execute("UPDATE groups SET keeper_id = ? WHERE group_id = ?", [PROVED, photo_id(3)])
    plan = plan_accept(conn, Scope())
    reasons = {refusal.photo_id: refusal.reason for refusal in plan.refusals}
    assert "it is the keeper of another group" in reasons[PROVED]
