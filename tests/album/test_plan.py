"""What may be pushed: the plan is pure, and a photo without a verified surviving keeper never passes."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.album import plan_push, read_candidates
from datasette_gphotos_dedupe.errors import GphotosError
from datasette_gphotos_dedupe.model import RELATION_RULES
from tests.google.library import build_pushable, copy_id, decide, keeper_id

UNPROVED = "nothing proves that it shows the same picture as its keeper IMG_0000.jpg, so it may be the only one"


@pytest.fixture
def db(tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 3)
    yield db
    db.conn.close()


def reasons(db, title: str = "Duplicates", route: str = "by_id") -> dict[str, str | None]:
    return {item.photo_id: item.reason for item in plan_push(read_candidates(db.conn), title, route).items}


def refuse_first(db, sql: str, *values) -> str | None:
    """The reason for the first copy after this change of the database."""
    with db.atomic():
        db.execute(sql, list(values))
    found = reasons(db)
    assert [found[copy_id(number)] for number in (1, 2)] == [None, None]
    return found[copy_id(0)]


def test_a_copy_with_a_verified_keeper_is_planned(db):
    assert reasons(db) == {copy_id(0): None, copy_id(1): None, copy_id(2): None}


def test_a_planned_item_names_its_keeper(db):
    assert plan_push(read_candidates(db.conn), "Duplicates").items[0].keeper_id == keeper_id(0)


def test_a_photo_nobody_decided_to_remove_is_refused_even_when_it_is_given(db):
    (item,) = plan_push(read_candidates(db.conn, [keeper_id(0)]), "Duplicates").items
    assert item.reason == "nobody has decided to remove it, so it is left alone"


def test_a_photo_that_is_not_there_is_named(db):
    (item,) = plan_push(read_candidates(db.conn, ["AF1Qipnone"]), "Duplicates").items
    assert (item.photo_id, item.reason) == ("AF1Qipnone", "it is not in this database any more")


def test_a_photo_whose_keeper_is_decided_remove_too_is_refused(db):
    decide(db, [keeper_id(0)], "remove")
    assert reasons(db)[copy_id(0)] == "its keeper IMG_0000.jpg is decided 'remove' too"


def test_both_photos_of_a_group_decided_remove_are_both_refused(db):
    decide(db, [keeper_id(0)], "remove")
    found = reasons(db)
    assert found[keeper_id(0)] == "its keeper copy00000.jpg is decided 'remove' too"
    assert found[copy_id(0)] == "its keeper IMG_0000.jpg is decided 'remove' too"


def test_an_original_goes_for_its_smaller_copy_only_on_the_word_of_who_was_told_so(db):
    decide(db, [keeper_id(0)], "remove")
    decide(db, [copy_id(0)], "keep")
    with db.atomic():
        db.execute("UPDATE photos SET app_created = 1, library_id = 'L' WHERE photo_id = ?", [keeper_id(0)])
    assert reasons(db)[keeper_id(0)] == "its keeper copy00000.jpg holds less, so what only this one shows would be lost"
    with db.atomic():
        db.execute("UPDATE decisions SET on_word = 1 WHERE subject = ?", [keeper_id(0)])
    assert reasons(db)[keeper_id(0)] is None


def test_a_photo_without_a_group_is_refused(db):
    reason = refuse_first(db, "DELETE FROM groups WHERE group_id = ?", keeper_id(0))
    assert reason == "it has no keeper any more: no other photo is known to show the same picture"


def test_a_photo_whose_keeper_is_gone_is_refused(db):
    reason = refuse_first(db, "DELETE FROM photos WHERE photo_id = ?", keeper_id(0))
    assert reason == "it has no keeper any more: no other photo is known to show the same picture"


def test_a_photo_that_was_never_compared_with_its_keeper_is_refused(db):
    reason = refuse_first(db, "DELETE FROM pairs WHERE photo_a = ?", keeper_id(0))
    assert reason == UNPROVED


def test_a_pair_that_a_person_called_different_proves_nothing(db):
    reason = refuse_first(
        db,
        "INSERT INTO decisions (subject, decision, photo_id, photo_b, decided_at) VALUES ('a|b', 'not_duplicate', ?, ?, '')",
        copy_id(0),
        keeper_id(0),
    )
    assert reason == "it was said not to be the same picture as its keeper IMG_0000.jpg"


@pytest.mark.parametrize("relation", [rule.name for rule in RELATION_RULES if not rule.may_go])
def test_what_a_relation_does_not_prove_is_refused_when_nobody_was_told(db, relation):
    reason = refuse_first(db, "UPDATE pairs SET relation = ? WHERE photo_a = ?", relation, keeper_id(0))
    assert reason == UNPROVED


def test_a_photo_that_nothing_proves_goes_on_the_word_of_who_was_told_so(db):
    change = "UPDATE pairs SET relation = 'look_alike' WHERE photo_a = ?"
    with db.atomic():
        db.execute(change, [keeper_id(0)])
        db.execute("UPDATE decisions SET on_word = 1, stays_id = ? WHERE subject = ?", [keeper_id(0), copy_id(0)])
    (item, *others) = plan_push(read_candidates(db.conn), "Duplicates").items
    assert (item.state, item.word) == ("planned", "on your word")
    assert {other.word for other in others} == {"remade"}


def test_the_push_asks_of_the_photo_that_was_to_stay_and_of_no_neighbour(db):
    """Another member of the group that is proved, and stays, does not count for the one that was named."""
    with db.atomic():
        db.execute("UPDATE decisions SET stays_id = ? WHERE subject = ?", [keeper_id(1), copy_id(0)])
    assert reasons(db)[copy_id(0)] == UNPROVED.replace("IMG_0000", "IMG_0001")


def test_who_stays_is_found_by_its_bytes_under_a_new_id(db):
    with db.atomic():
        db.execute("UPDATE photos SET sha1 = ? WHERE photo_id = ?", ["5a" * 20, keeper_id(0)])
        db.execute("UPDATE decisions SET stays_id = 'former', content_stays = ? WHERE subject = ?", ["5a" * 20, copy_id(0)])
    (item, *_) = plan_push(read_candidates(db.conn), "Duplicates").items
    assert (item.reason, item.keeper_id) == (None, keeper_id(0))


def test_a_photo_seen_only_in_an_album_is_refused(db):
    reason = refuse_first(db, "UPDATE photos SET album_only = 1 WHERE photo_id = ?", copy_id(0))
    assert reason == "it was seen only in an album folder and may be somebody else's photo"


def test_a_keeper_seen_only_in_an_album_does_not_count(db):
    reason = refuse_first(db, "UPDATE photos SET album_only = 1 WHERE photo_id = ?", keeper_id(0))
    assert reason == "its keeper IMG_0000.jpg was seen only in an album folder and may be somebody else's photo"


def test_a_keeper_in_the_trash_does_not_count(db):
    reason = refuse_first(db, "UPDATE photos SET trashed = 1 WHERE photo_id = ?", keeper_id(0))
    assert reason == "its keeper IMG_0000.jpg is in the trash"


def test_a_keeper_on_disk_does_not_count_for_a_photo_in_google(db):
    reason = refuse_first(db, "UPDATE photos SET source = 'folder' WHERE photo_id = ?", keeper_id(0))
    assert reason == "its keeper IMG_0000.jpg lies in a folder on disk and not in Google Photos"


def test_two_rows_of_one_dedup_key_are_never_keeper_and_copy(db):
    reason = refuse_first(db, "UPDATE photos SET dedup_key = 'K' WHERE photo_id IN (?, ?)", copy_id(0), keeper_id(0))
    assert reason == "it has the same bytes as its keeper IMG_0000.jpg, and Google trashes both together"


def test_equal_bytes_count_as_one_dedup_key_where_google_gave_none(db):
    reason = refuse_first(
        db, "UPDATE photos SET dedup_key = NULL, sha1 = ? WHERE photo_id IN (?, ?)", "ab" * 20, copy_id(0), keeper_id(0)
    )
    assert reason == "it has the same bytes as its keeper IMG_0000.jpg, and Google trashes both together"


def test_one_library_item_seen_through_two_sources_is_not_its_own_keeper(db):
    reason = refuse_first(
        db,
        "UPDATE photos SET source = 'library', media_key = NULL, dedup_key = NULL, sha1 = NULL, width = 3024, height = 4032"
        " WHERE photo_id = ?",
        copy_id(0),
    )
    assert reason == "it may be the very photo that is its keeper IMG_0000.jpg, seen through two sources (library and takeout)"


def test_a_keeper_that_was_pushed_itself_does_not_count(db):
    with db.atomic():
        db["pushes"].insert(
            {"push_id": 9, "album_title": "Old", "route": "by_id", "state": "done", "created_at": "", "updated_at": ""}
        )
        db["push_items"].insert({"push_id": 9, "photo_id": keeper_id(0), "position": 0, "state": "added", "updated_at": ""})
    assert reasons(db)[copy_id(0)] == "its keeper IMG_0000.jpg was itself put into an album for deletion"


def test_a_photo_this_app_did_not_upload_is_refused_by_id_with_its_link(db):
    with db.atomic():
        db.execute("UPDATE photos SET app_created = 0 WHERE photo_id = ?", [copy_id(0)])
    item = plan_push(read_candidates(db.conn), "Duplicates").items[0]
    assert item.reason == "Google lets a program file only what it uploaded"
    assert item.product_url == f"https://photos.google.com/photo/{copy_id(0)}"


def test_what_an_earlier_push_added_is_not_sent_again(db):
    with db.atomic():
        db["pushes"].insert(
            {"push_id": 9, "album_title": "Duplicates", "route": "by_id", "state": "done", "created_at": "", "updated_at": ""}
        )
        db["push_items"].insert({"push_id": 9, "photo_id": copy_id(0), "position": 0, "state": "added", "updated_at": ""})
    plan = plan_push(read_candidates(db.conn), "Duplicates")
    assert plan.already_added == (copy_id(0),)
    assert [item.photo_id for item in plan.items] == [copy_id(1), copy_id(2)]


def test_an_empty_title_is_refused(db):
    with pytest.raises(GphotosError) as error:
        plan_push([], "  ")
    assert str(error.value) == "The album needs a title, for example: --album 'Duplicates 2026'"


def test_a_title_longer_than_google_takes_is_refused(db):
    with pytest.raises(GphotosError) as error:
        plan_push([], "x" * 501)
    assert str(error.value) == "The album title has 501 characters; Google takes 500 at most."


def test_what_only_the_copy_has_is_listed_for_rescue(db):
    with db.atomic():
        db["albums"].insert({"album_id": "a2", "title": "Grandma"})
        db["album_photos"].insert({"album_id": "a2", "photo_id": copy_id(0)})
        db["people"].insert({"person_id": 1, "name": "Ada"})
        db["photo_people"].insert({"photo_id": copy_id(0), "person_id": 1})
        db["photos"].update(copy_id(0), {"favorite": 1, "description": "On the beach", "latitude": 1.5, "longitude": -2.0})
    rescue = plan_push(read_candidates(db.conn), "Duplicates").rescue
    assert [(thing.what, thing.value, thing.by_api) for thing in rescue] == [
        ("album", "Grandma", False),
        ("person", "Ada", False),
        ("favorite", "yes", False),
        ("description", "On the beach", False),
        ("location", "1.5,-2.0", False),
    ]


@pytest.mark.parametrize("route", ["by_id", "handover"])
def test_no_keeper_is_ever_put_into_an_album_called_like_the_one_to_delete_from(db, route):
    with db.atomic():
        titles = ("Duplicates", "Duplicates (2)", "Duplicates of 2019", "Duplicates (old)")
        db["albums"].insert_all({"album_id": f"album:{title}", "title": title} for title in titles)
        db["album_photos"].insert_all({"album_id": f"album:{title}", "photo_id": copy_id(0)} for title in titles)
    rescue = plan_push(read_candidates(db.conn), " Duplicates ", route).rescue
    assert [thing.value for thing in rescue] == ["Duplicates (old)", "Duplicates of 2019"]


def test_a_photo_that_shares_its_bytes_with_one_that_is_kept_is_refused(db):
    with db.atomic():
        db["photos"].insert({"photo_id": "twin", "source": "takeout", "filename": "twin.jpg", "dedup_key": f"dedup{1:022d}"})
    decide(db, ["twin"], "keep")
    assert reasons(db)[copy_id(0)] == "twin.jpg, which stays, has the same bytes, and Google trashes both together"


def test_a_checksum_that_is_none_is_no_obstacle(db):
    with db.atomic():
        db["photos"].update(copy_id(0), {"sha1": "odd", "dedup_key": None})
        db["photos"].update(keeper_id(0), {"sha1": "odd", "dedup_key": None})
    assert reasons(db)[copy_id(0)] is None


def test_routes_that_could_carry_a_refused_photo_are_named(db):
    with db.atomic():
        db.execute("UPDATE photos SET app_created = 0 WHERE photo_id = ?", [copy_id(0)])
        db.execute("UPDATE files SET sha1 = ? WHERE photo_id = ?", ["ab" * 20, copy_id(0)])
    assert plan_push(read_candidates(db.conn), "Duplicates").items[0].other_routes == ("same_bytes", "handover")
