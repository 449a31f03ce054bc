"""The match step on real pictures in a real database."""

from __future__ import annotations

import io
import random
import shutil

import numpy as np
import pytest
from PIL import Image

from datasette_gphotos_dedupe.core.groups.keeper import Policy
from datasette_gphotos_dedupe.pipeline.grouping import plan_change
from datasette_gphotos_dedupe.pipeline.matching import MatchOptions, match_library
from datasette_gphotos_dedupe.store.database import open_database
from tests.pictures import add_photos, photo_rows, picture

ALONE = MatchOptions(workers=1)
TABLES = ("pairs", "different_pairs", "groups", "group_members", "fingerprints", "match_state")


def tables(db) -> dict[str, list[tuple]]:
    return {table: sorted(map(tuple, db.execute(f"SELECT * FROM {table}").fetchall()), key=repr) for table in TABLES}


@pytest.fixture(scope="module")
def rows():
    """Eight pictures; each has a thumbnail and a re-encode, three have a mirrored and a cropped version too."""
    made = []
    for seed in range(8):
        image, when = picture(seed), f"2020-01-0{seed + 1}T10:00:00Z"
        common = {"taken_at": when, "taken_at_source": "sidecar", "filename": f"DSC_100{seed}.JPG"}
        made.append(photo_rows(f"p{seed}-full", image, 95, **common))
        made.append(photo_rows(f"p{seed}-small", image.resize((320, 240)), 80, origin="driveDesktopUploader", **common))
        made.append(photo_rows(f"p{seed}-again", image, 60, **common))
        if seed < 3:
            made.append(photo_rows(f"p{seed}-mirror", image.transpose(0), 90))
            made.append(photo_rows(f"p{seed}-crop", image.crop((64, 48, 576, 432)), 90))
    made += [clear_sky(number, shot) for number in range(2) for shot in ("full", "half", "small")]
    return made


def clear_sky(number: int, shot: str, **columns) -> dict:
    """A gradient under some noise, which alone decides most bits of its hash; two skies share one name."""
    noise = np.random.default_rng([number, len(shot)]).normal(0, 1.0, (480, 640, 1))
    slope = np.linspace(40 if number else 110, 210, 480)[:, None, None] * np.array([0.6, 0.8, 1.0])
    image = Image.fromarray(np.clip(slope + noise, 0, 255).astype(np.uint8))
    size = {"full": (640, 480), "half": (320, 240), "small": (200, 150)}[shot]
    return photo_rows(f"sky{number}-{shot}", image.resize(size), 90, filename="DSC_2001.JPG", **columns)


@pytest.fixture
def db(tmp_path):
    database = open_database(tmp_path / "photos.db")
    yield database
    database.conn.close()


@pytest.fixture(scope="module")
def matched_file(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("matched") / "photos.db"
    database = open_database(path)
    add_photos(database, rows)
    match_library(database, options=ALONE)
    database.conn.close()
    return path


@pytest.fixture
def matched(tmp_path, matched_file):
    database = open_database(shutil.copy(matched_file, tmp_path / "matched.db"))
    yield database
    database.conn.close()


def test_a_small_copy_is_suggested_for_removal_in_words(matched):
    member = matched.execute("SELECT role, relation, reason, suggested FROM group_members WHERE photo_id = 'p3-small'").fetchone()
    assert member == (
        "copy",
        "smaller_copy",
        "what you get when DSC_1003.JPG is scaled down and saved as JPEG, 320 x 240 against 640 x 480, uploaded by Drive for desktop",
        "remove",
    )


def test_the_keeper_says_why_it_is_kept(matched):
    row = matched.execute("SELECT role, reason, suggested FROM group_members WHERE photo_id = 'p3-full'").fetchone()
    assert row == ("keeper", "kept: the others can be made again from it", "keep")


def test_photos_too_smooth_for_a_hash_meet_by_their_name_and_say_so(matched):
    pairs = matched.execute(
        "SELECT photo_a, photo_b, distance_bits > 56, relation, evidence FROM pairs WHERE variant = 'name' ORDER BY 1, 2"
    ).fetchall()
    copies = [pair for pair in pairs if pair[0][:4] == pair[1][:4]]
    assert copies and {pair[2:4] for pair in copies} == {(1, "smaller_copy")}
    assert all("Their names or clocks met, not their hashes (" in pair[4] for pair in pairs)
    assert {pair[3] for pair in pairs if pair not in copies} <= {"edited", "look_alike"}


def test_there_is_one_group_for_each_picture(matched):
    groups = matched.execute(
        "SELECT group_id, size, suggested_count FROM groups WHERE relation != 'look_alike' AND group_id LIKE 'p%'"
    ).fetchall()
    assert sorted(groups) == [(f"p{n}-again", 5 if n < 3 else 3, 2) for n in range(8)]


@pytest.mark.parametrize("kind, relation", [("mirror", "mirrored"), ("crop", "crop")])
def test_changed_versions_are_found_and_never_suggested(matched, kind, relation):
    found = matched.execute("SELECT relation, suggested FROM group_members WHERE photo_id LIKE ?", [f"%-{kind}"]).fetchall()
    assert found == [(relation, None)] * 3


def test_matching_again_writes_nothing(matched):
    before, told = matched.conn.total_changes, tables(matched)
    report = match_library(matched, options=ALONE)
    assert (matched.conn.total_changes - before, report.pairs_compared, tables(matched)) == (0, 0, told)


@pytest.mark.parametrize("seed", range(3))
def test_ten_random_portions_give_the_tables_of_one_go(tmp_path, matched, rows, seed):
    shuffled, draw = list(rows), random.Random(seed)
    draw.shuffle(shuffled)
    cuts = [0, *sorted(draw.sample(range(1, len(rows)), 9)), len(rows)]
    db = open_database(tmp_path / "portions.db")
    for start, stop in zip(cuts, cuts[1:], strict=False):
        add_photos(db, shuffled[start:stop])
        match_library(db, options=ALONE)
    assert tables(db) == tables(matched)
    db.conn.close()


def test_a_deleted_photo_leaves_no_trace(tmp_path, matched, rows):
    gone = ("p0-full", "p4-small", "p5-full")
    with matched.atomic():
        matched.execute(f"DELETE FROM photos WHERE photo_id IN {gone}")
    match_library(matched, options=ALONE)
    db = open_database(tmp_path / "without.db")
    add_photos(db, [row for row in rows if row["photos"]["photo_id"] not in gone])
    match_library(db, options=ALONE)
    assert tables(matched) == tables(db)
    db.conn.close()


def test_a_photo_whose_time_was_corrected_is_compared_again(matched):
    with matched.atomic():
        matched.execute(
            "UPDATE photos SET taken_at = '1999-01-01T00:00:00Z', taken_at_source = 'exif' WHERE photo_id LIKE 'p3-%'"
        )
        matched.execute("UPDATE photos SET taken_at = '1999-01-01T00:00:05Z' WHERE photo_id = 'p3-small'")
    match_library(matched, options=ALONE)
    relations = matched.execute("SELECT relation FROM pairs WHERE 'p3-small' IN (photo_a, photo_b)").fetchall()
    assert set(relations) == {("series",)}


def test_a_photo_in_the_trash_is_in_no_group(matched):
    with matched.atomic():
        matched.execute("UPDATE photos SET trashed = 1 WHERE photo_id = 'p3-full'")
    match_library(matched, options=ALONE)
    assert matched.execute("SELECT count(*) FROM group_members WHERE photo_id = 'p3-full'").fetchone() == (0,)


def test_not_the_same_picture_is_remembered_on_content(matched):
    with matched.atomic():
        matched.execute("UPDATE photos SET sha1 = photo_id")
        matched.execute(
            "INSERT INTO decisions (subject, decision, photo_id, decided_at) VALUES"
            " ('p3-full|p3-small', 'not_duplicate', 'an old id', '2026-01-01T00:00:00Z')"
        )
    match_library(matched, options=ALONE)
    members = matched.execute(
        "SELECT photo_id FROM group_members WHERE group_id = (SELECT group_id FROM group_members WHERE photo_id = 'p3-full')"
    ).fetchall()
    assert sorted(members) == [("p3-again",), ("p3-full",)]


@pytest.mark.parametrize("decision, keeper", [("remove", "p3-again"), ("keep", "p3-full")])
def test_what_a_person_gave_up_is_not_made_the_keeper(matched, decision, keeper):
    with matched.atomic():
        matched.execute(
            "INSERT INTO decisions (subject, photo_id, decision, decided_at)"
            " VALUES ('p3-full', 'p3-full', ?, '2026-01-01T00:00:00Z')",
            [decision],
        )
    match_library(matched, options=ALONE)
    assert matched.execute("SELECT keeper_id FROM groups WHERE group_id = 'p3-again'").fetchone() == (keeper,)


def test_the_keeper_a_person_chose_stays_and_nothing_larger_is_suggested(matched):
    with matched.atomic():
        matched.execute(
            "INSERT INTO decisions (subject, photo_id, decision, as_keeper, decided_at)"
            " VALUES ('p3-small', 'p3-small', 'keep', 1, '2026-01-01T00:00:00Z')"
        )
    match_library(matched, options=ALONE)
    assert matched.execute("SELECT keeper_id, suggested_count FROM groups WHERE group_id = 'p3-again'").fetchone() == (
        "p3-small",
        0,
    )


def test_two_processes_give_the_rows_of_one(tmp_path, matched, rows, monkeypatch):
    monkeypatch.setattr("datasette_gphotos_dedupe.pipeline.comparing_previews.FEW_PAIRS", 1)
    db = open_database(tmp_path / "processes.db")
    add_photos(db, rows)
    match_library(db, options=MatchOptions(workers=2))
    assert tables(db) == tables(matched)
    db.conn.close()


def test_files_that_cannot_be_decoded_are_copies_when_their_bytes_are_equal(db):
    with db.atomic():
        db["photos"].insert_all([{"photo_id": name, "source": "folder", "sha1": "aa", "bytes": 5} for name in ("x", "y", "z")])
    match_library(db, options=ALONE)
    assert db.execute("SELECT photo_id, role, suggested FROM group_members ORDER BY 1").fetchall() == [
        ("x", "keeper", "keep"),
        ("y", "copy", "remove"),
        ("z", "copy", "remove"),
    ]


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut off"])
def test_a_damaged_preview_costs_its_own_pairs_and_nothing_else(db, rows, content):
    add_photos(db, rows[:6])
    db.execute("UPDATE thumbnails SET content = ? WHERE photo_id = 'p0-again'", [content])
    match_library(db, options=ALONE)
    pairs = set(db.execute("SELECT photo_a, photo_b FROM pairs").fetchall())
    assert ("p0-full", "p0-small") in pairs and not any("p0-again" in pair for pair in pairs)


def test_an_empty_database_matches_to_nothing(db):
    report = match_library(db, options=ALONE)
    assert (report.photos, report.groups) == (0, 0)


def test_a_changed_policy_can_be_tried_without_saving_groups(db):
    camera = photo_rows("camera", picture(1), 88, filename="IMG_1234.jpg", uploaded_at="2020-02-02T00:00:00Z")
    again = photo_rows("again", saved_again(camera), 92, filename="IMG_1234 (1).jpg", uploaded_at="2020-01-01T00:00:00Z")
    add_photos(db, [camera, again])
    match_library(db, options=ALONE)
    told = tables(db)
    change = plan_change(db, Policy(rules=("earliest",)), ALONE.workers)
    assert ([one.new_keeper for one in change.keepers], tables(db)) == (["IMG_1234 (1).jpg (640 x 480)"], told)


def saved_again(rows: dict) -> Image.Image:
    """The picture as a program reads it that saves it once more."""
    return Image.open(io.BytesIO(rows["content"]))


@pytest.mark.parametrize("copy_name", ["IMG_1234 (1).jpg", "IMG_1234-copy.jpg"])
@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")])
def test_a_larger_encoding_of_a_cameras_file_is_not_kept_instead_of_it(db, ids, copy_name):
    camera, again = ids
    first = photo_rows(camera, picture(1), 60, filename="IMG_1234.jpg")
    add_photos(db, [first])
    add_photos(db, [photo_rows(again, saved_again(first), 98, filename=copy_name)])
    match_library(db, options=ALONE)
    assert db.execute("SELECT max(bytes) > 2 * min(bytes) FROM photos").fetchone() == (1,)
    assert db.execute("SELECT photo_id, role, suggested FROM group_members ORDER BY role DESC").fetchall() == [
        (camera, "keeper", "keep"),
        (again, "copy", "remove"),
    ]
    assert db.execute("SELECT reason FROM group_members WHERE role = 'keeper'").fetchone() == (
        "kept: the others can be made again from it",
    )
