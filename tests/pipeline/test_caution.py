"""The border that a person draws on the calibration page, in the match step."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.core.verdict.personal_border import Caution
from datasette_gphotos_dedupe.pipeline.matching import MatchOptions, match_library
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.matching import calibration
from datasette_gphotos_dedupe.store.review.chosen_keepers import save_keeper
from datasette_gphotos_dedupe.store.review.decisions import read_group
from tests.pictures import add_photos, photo_rows, picture

ALONE = MatchOptions(workers=1)


@pytest.fixture
def db(tmp_path):
    database = open_database(tmp_path / "photos.db")
    for seed in range(3):
        common = {"camera_taken_at": f"2020-01-0{seed + 1}T10:00:00.120"}
        rows = [photo_rows(f"p{seed}-full", picture(seed), 95, **common)]
        rows.append(photo_rows(f"p{seed}-small", picture(seed).resize((320, 240)), 80, origin="driveDesktopUploader", **common))
        add_photos(database, rows)
    match_library(database, options=ALONE)
    yield database
    database.conn.close()


def suggested(db) -> list[str]:
    return [row[0] for row in db.execute("SELECT photo_id FROM group_members WHERE suggested = 'remove' ORDER BY 1")]


def state(db) -> list[list[tuple]]:
    return [sorted(db.execute(f"SELECT * FROM {table}").fetchall()) for table in ("groups", "group_members")]


def test_nothing_is_held_back_unless_a_person_says_so(db):
    assert suggested(db) == ["p0-small", "p1-small", "p2-small"]


def test_a_border_takes_suggestions_back_at_once_and_names_the_reason(db):
    with db.atomic():
        assert calibration.save_caution(db.conn, Caution(min_confidence=1.0)) == 3
    assert suggested(db) == []
    (reason,) = db.execute("SELECT reason FROM group_members WHERE photo_id = 'p0-small'").fetchone()
    assert "; not suggested: its confidence 0." in reason and reason.endswith("is below the 1 you asked for")
    told = db.execute("SELECT suggested_count, reclaimable_bytes, origin FROM groups").fetchall()
    assert told == [(0, 0, None)] * 3


@pytest.mark.parametrize("caution", [Caution(min_confidence=1.0), Caution(max_bits=0)])
def test_the_match_step_obeys_the_border_and_finds_nothing_to_change(db, caution):
    with db.atomic():
        calibration.save_caution(db.conn, caution)
    before = state(db)
    assert match_library(db, options=ALONE).groups_changed == 0
    assert state(db) == before


def test_a_copy_judged_another_picture_is_not_suggested_and_stays_so(db):
    with db.atomic():
        calibration.save_judgement(db.conn, "p1-small", "p1-full", False, "me")
    assert suggested(db) == ["p0-small", "p2-small"]
    match_library(db, options=ALONE)
    assert suggested(db) == ["p0-small", "p2-small"]
    (reason,) = db.execute("SELECT reason FROM group_members WHERE photo_id = 'p1-small'").fetchone()
    assert reason.endswith("not suggested: you judged that it is not the same picture")


def test_a_border_that_is_taken_away_gives_suggestions_again_with_the_next_match(db):
    before = state(db)
    with db.atomic():
        calibration.save_caution(db.conn, Caution(min_confidence=1.0))
        calibration.save_caution(db.conn, Caution())
    match_library(db, options=ALONE)
    assert state(db) == before


def choose_the_other(db) -> None:
    """Make the copy of p1 the keeper; it has as many pixels here, so that only the border can speak against the other."""
    with db.atomic():
        db.execute("UPDATE photos SET width = 1600, height = 1200 WHERE photo_id LIKE 'p1-%'")
        db.execute("UPDATE pairs SET distance_bits = max(distance_bits, 1)")
        (group_id,) = db.execute("SELECT group_id FROM groups WHERE keeper_id = 'p1-full'").fetchone()
        save_keeper(db.conn, group_id, "p1-small", "me", read_group(db.conn, group_id).seen)


@pytest.mark.parametrize("border", [Caution(min_confidence=1.0), Caution(max_bits=0), None])
def test_a_keeper_that_a_person_chooses_changes_nothing_about_what_is_held_back(db, border):
    with db.atomic():
        if border:
            calibration.save_caution(db.conn, border)
        else:
            calibration.save_judgement(db.conn, "p1-small", "p1-full", False, "me")
    choose_the_other(db)
    suggestion, reason = db.execute("SELECT suggested, reason FROM group_members WHERE photo_id = 'p1-full'").fetchone()
    assert suggestion is None
    assert "; not suggested: " in reason and reason.endswith(("you asked for", "not the same picture"))


def test_a_keeper_that_a_person_chooses_has_the_other_suggested_where_nothing_is_held_back(db):
    choose_the_other(db)
    assert "p1-full" in suggested(db)
