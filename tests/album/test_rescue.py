"""What only the copy has goes to its keeper first, or the copy does not go."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.album import plan_push, read_candidates, run_push
from datasette_gphotos_dedupe.google.api_calls import open_client
from datasette_gphotos_dedupe.store import pushes
from tests.fake_google import APPEND, CLIENT_ID, READ
from tests.google.fixtures import write_private
from tests.google.library import build_pushable, copy_id, keeper_id


@pytest.fixture
def ours(tmp_path, fake, client):
    """Two copies and their keepers, all uploaded by this app; `push()` sends the copies."""
    db = build_pushable(tmp_path / "photos.db", fake, 2)
    keepers = []
    with db.atomic():
        for number in range(2):
            keepers.append(fake.world.add_item(f"keeper{number}.jpg", created_by=CLIENT_ID))
            db["photos"].update(keeper_id(number), {"library_id": fake.world.item_id(keepers[-1]), "app_created": 1})

    def push(by=client):
        push_id = pushes.create_push(db.conn, plan_push(read_candidates(db.conn), "Duplicates"), None)
        return run_push(tmp_path / "photos.db", push_id, by)

    yield db, keepers, push
    db.conn.close()


def reasons(db) -> dict[str, str]:
    return dict(db.execute("SELECT photo_id, reason FROM push_items WHERE state = 'refused'").fetchall())


def give_album(db, fake, photo_id: str, title: str = "Grandma") -> object:
    album = fake.world.add_album(title)
    with db.atomic():
        db["albums"].insert({"album_id": fake.world.album_id(album), "title": title, "app_created": 1})
        db["album_photos"].insert({"album_id": fake.world.album_id(album), "photo_id": photo_id})
    return album


def test_a_keeper_is_put_into_the_albums_of_its_copy_that_this_app_made(ours, fake):
    db, keepers, push = ours
    give_album(db, fake, copy_id(0))
    assert push().added == 2
    assert fake.album_filenames("Grandma") == ["keeper0.jpg"]
    assert db.execute("SELECT count(*) FROM album_photos JOIN albums USING (album_id) WHERE title = 'Grandma'").fetchone() == (2,)


@pytest.mark.parametrize("re_adding", ["accepted", "refused"])
def test_a_keeper_that_is_in_the_album_already_is_no_failure(ours, fake, re_adding):
    db, keepers, push = ours
    fake.world.switches.re_adding = re_adding
    give_album(db, fake, copy_id(0)).item_keys.append(keepers[0].key)
    assert push().added == 2


def test_a_copy_whose_album_cannot_be_given_to_its_keeper_does_not_go(ours, fake):
    db, keepers, push = ours
    give_album(db, fake, copy_id(0)).deleted = True
    assert push().added == 1
    assert reasons(db)[copy_id(0)].startswith('its keeper IMG_0000.jpg could not be put into the album "Grandma" first: Google')


def test_an_album_of_somebody_else_is_left_to_the_person(ours):
    db, _, _ = ours
    with db.atomic():
        db["albums"].insert({"album_id": "album:Grandma", "title": "Grandma"})
        db["album_photos"].insert({"album_id": "album:Grandma", "photo_id": copy_id(0)})
    (thing,) = plan_push(read_candidates(db.conn), "Duplicates").rescue
    assert (thing.what, thing.value, thing.by_api) == ("album", "Grandma", False)


def test_a_copy_whose_description_google_refuses_does_not_go(ours, fake):
    db, keepers, push = ours
    with db.atomic():
        db["photos"].update(copy_id(0), {"description": "On the beach"})
    fake.faults.add("403", "PATCH")
    assert push().added == 1
    assert reasons(db)[copy_id(0)].startswith(
        "its description could not be given to its keeper IMG_0000.jpg first: Google refused"
    )


def test_without_the_permission_a_copy_with_a_description_waits(ours, fake, tmp_path, watch):
    db, keepers, push = ours
    with db.atomic():
        db["photos"].update(copy_id(0), {"description": "On the beach"})
    assert push(open_client(write_private(tmp_path / "less.json", fake.signed_in({READ, APPEND})), watch.clock())).added == 1
    assert reasons(db)[copy_id(0)] == (
        "its description could not be given to its keeper IMG_0000.jpg first: the sign-in lacks the permission "
        "photoslibrary.edit.appcreateddata. Sign in again and tick every box"
    )


def test_words_that_the_keeper_has_are_never_replaced(ours, fake):
    db, keepers, push = ours
    keepers[0].description = "Summer"
    with db.atomic():
        db["photos"].update(copy_id(0), {"description": "On the beach"})
        db["photos"].update(keeper_id(0), {"description": "Summer"})
    (thing,) = plan_push(read_candidates(db.conn), "Duplicates").rescue
    assert (thing.value, thing.by_api) == ("On the beach", False)
    assert push().added == 2
    assert keepers[0].description == "Summer"


def test_words_that_the_keeper_holds_already_need_no_rescue(ours):
    db, _, _ = ours
    with db.atomic():
        db["photos"].update(copy_id(0), {"description": "beach"})
        db["photos"].update(keeper_id(0), {"description": "On the beach, in summer"})
    assert plan_push(read_candidates(db.conn), "Duplicates").rescue == ()
    assert db.execute("SELECT count(*) FROM rescue WHERE what = 'description'").fetchone() == (0,)


def test_the_second_of_two_descriptions_does_not_replace_the_first(ours, fake):
    db, keepers, push = ours
    with db.atomic():
        db["photos"].update(copy_id(0), {"description": "First"})
        db["photos"].update(copy_id(1), {"description": "Second"})
        db.execute("UPDATE group_members SET group_id = ? WHERE photo_id = ?", [keeper_id(0), copy_id(1)])
        a, b = sorted((keeper_id(0), copy_id(1)))
        db.execute("UPDATE pairs SET photo_a = ?, photo_b = ? WHERE photo_b = ?", [a, b, copy_id(1)])
    push()
    assert keepers[0].description == "First"


@pytest.mark.parametrize("album_id", ["album:Duplicates", "other"])
def test_an_album_for_deletion_is_nothing_to_rescue(ours, fake, album_id):
    """A later Takeout export brings the album of a push in, known by its title alone."""
    db, _, push = ours
    push()
    with db.atomic():
        db["albums"].insert({"album_id": album_id, "title": "Duplicates"})
        db["album_photos"].insert({"album_id": album_id, "photo_id": copy_id(0)})
    plan = plan_push(read_candidates(db.conn), "More")
    assert plan.rescue == ()
