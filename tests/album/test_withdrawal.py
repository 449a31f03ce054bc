"""A photo that lies in the album and must not be deleted any more is taken out of it again."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.album import plan_push, read_candidates, read_pushed, run_push
from datasette_gphotos_dedupe.store import pushes
from tests.google.library import build_pushable, copy_id, decide, fates, keeper_id


@pytest.fixture
def pushed(tmp_path, fake, client):
    """Three copies in the album "Duplicates"; `again()` pushes into it once more."""
    db = build_pushable(tmp_path / "photos.db", fake, 3)

    def again(**options):
        plan = plan_push(read_candidates(db.conn), "Duplicates", "by_id", read_pushed(db.conn, "Duplicates"))
        return run_push(tmp_path / "photos.db", pushes.create_push(db.conn, plan, None), client, **options)

    assert again().added == 3
    yield db, again
    db.conn.close()


def test_a_photo_decided_keep_after_the_push_is_taken_out_and_named(pushed, fake):
    db, again = pushed
    decide(db, [copy_id(1)], "keep")
    assert again().message == (
        "1 photo was taken out of \"Duplicates\" again: copy00001.jpg (it is now decided 'keep', so it is left alone)."
    )
    assert fake.album_filenames("Duplicates") == ["copy00000.jpg", "copy00002.jpg"]
    (reason,) = db.execute("SELECT reason FROM push_items WHERE photo_id = ? AND state = 'refused'", [copy_id(1)]).fetchone()
    assert reason == "it is now decided 'keep', so it is left alone; it was taken out of the album again"


def test_a_photo_whose_keeper_is_gone_since_is_taken_out(pushed, fake):
    db, again = pushed
    with db.atomic():
        db.execute("UPDATE photos SET trashed = 1 WHERE photo_id = ?", [keeper_id(0)])
    again()
    assert fake.album_filenames("Duplicates") == ["copy00001.jpg", "copy00002.jpg"]


def test_the_plan_shows_what_will_be_taken_out(pushed):
    db, _ = pushed
    decide(db, [copy_id(1)], "keep")
    plan = plan_push(read_candidates(db.conn), "Duplicates", "by_id", read_pushed(db.conn, "Duplicates"))
    assert [(item.photo_id, item.state) for item in plan.withdraw] == [(copy_id(1), "withdraw")]


def test_a_photo_taken_out_goes_again_when_it_is_decided_remove_again(pushed, fake):
    db, again = pushed
    decide(db, [copy_id(1)], "keep")
    again()
    decide(db, [copy_id(1)], "remove")
    again()
    assert sorted(fake.album_filenames("Duplicates")) == [f"copy0000{number}.jpg" for number in range(3)]


def test_what_the_person_took_out_already_is_no_failure(pushed, fake):
    db, again = pushed
    decide(db, [copy_id(0), copy_id(1)], "keep")
    fake.album("Duplicates").item_keys.pop(0)
    assert again().state == "done"
    assert fake.album_filenames("Duplicates") == ["copy00002.jpg"]


def test_an_album_that_was_deleted_meanwhile_is_no_failure(pushed, fake):
    db, again = pushed
    decide(db, [copy_id(1)], "keep")
    fake.album("Duplicates").deleted = True
    assert again().state == "done"


def test_a_photo_that_this_app_may_not_take_out_is_named_for_doing_it_by_hand(pushed, fake):
    db, again = pushed
    decide(db, [copy_id(1)], "keep")
    with db.atomic():
        db.execute("UPDATE photos SET app_created = 0 WHERE photo_id = ?", [copy_id(1)])
    assert again().message == (
        "Take 1 photo out of \"Duplicates\" by hand before you delete: copy00001.jpg (it is now decided 'keep', so it is left "
        "alone). Google does not let this app do it."
    )


def test_a_photo_decided_keep_while_it_was_being_sent_is_taken_out_at_the_end(tmp_path, fake, client):
    db = build_pushable(tmp_path / "photos.db", fake, 60)
    push_id = pushes.create_push(db.conn, plan_push(read_candidates(db.conn), "Duplicates"), None)
    run_push(
        tmp_path / "photos.db",
        push_id,
        client,
        on_progress=lambda done, total: decide(db, [copy_id(7)], "keep") if done == 50 else None,
    )
    assert "copy00007.jpg" not in fake.album_filenames("Duplicates")
    assert fates(db) == {"added": 59, "refused": 1}
    db.conn.close()
