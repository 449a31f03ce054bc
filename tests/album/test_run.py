"""Pushing against the fake Google: the right photos, once each, in one album, whatever goes wrong."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading

import pytest

from datasette_gphotos_dedupe.album import plan_push, read_candidates, run_push
from datasette_gphotos_dedupe.errors import GphotosError, QuotaError
from datasette_gphotos_dedupe.google.api_calls import open_client
from datasette_gphotos_dedupe.store import pushes
from tests.fake_google import APPEND, CLIENT_ID, READ
from tests.fake_google.answer import Answer
from tests.google.fixtures import write_private
from tests.google.library import build_pushable, copy_id, decide, fates, keeper_id


@pytest.fixture
def push(tmp_path, fake, client):
    """`push(count)` makes a library, plans, and returns (database, path, run)."""
    opened = []

    def prepare(count: int, foreign: int = 0, title: str = "Duplicates"):
        path = tmp_path / "photos.db"
        db = build_pushable(path, fake, count, foreign)
        opened.append(db)
        push_id = pushes.create_push(db.conn, plan_push(read_candidates(db.conn), title), "root")
        return db, lambda **options: run_push(path, push_id, options.pop("client", client), **options)

    yield prepare
    for db in opened:
        db.conn.close()


def test_every_photo_is_in_the_album_in_order(push, fake):
    _, run = push(120)
    report = run()
    assert (report.state, report.added, report.refused, report.waiting) == ("done", 120, 0, 0)
    assert fake.album_filenames("Duplicates") == [f"copy{number:05d}.jpg" for number in range(120)]


def test_a_thousand_photos_take_twenty_calls_and_a_handful_of_others(push, fake):
    _, run = push(1000)
    run()
    assert len(fake.requests("POST", "batchAddMediaItems")) == 20
    assert len(fake.log) <= 25, [entry["path"] for entry in fake.log]


def test_photos_the_app_did_not_upload_are_refused_by_name(push, fake):
    db, run = push(5, foreign=2)
    report = run()
    assert (report.added, report.refused) == (3, 2)
    rows = db.execute("SELECT photo_id, reason, product_url FROM push_items WHERE state = 'refused' ORDER BY position").fetchall()
    reason = "Google lets a program file only what it uploaded"
    assert rows == [(copy_id(n), reason, f"https://photos.google.com/photo/{copy_id(n)}") for n in (3, 4)]


def test_an_id_google_refuses_is_cornered_and_refused_alone(push, fake):
    db, run = push(50)
    with db.atomic():
        db["photos"].update(copy_id(20), {"library_id": "not-an-id"})
    run()
    assert fates(db) == {"added": 49, "refused": 1}
    (reason,) = db.execute("SELECT reason FROM push_items WHERE photo_id = ?", [copy_id(20)]).fetchone()
    expected = "Google refused: Request contains an invalid media item id (HTTP 400 INVALID_ARGUMENT)."
    assert reason == f"Google would not take it: {expected}"
    assert len(fake.album_filenames("Duplicates")) == 49


def test_a_photo_decided_keep_since_the_plan_is_left_out_and_named(push, fake):
    db, run = push(3)
    decide(db, [copy_id(1)], "keep")
    run()
    assert fake.album_filenames("Duplicates") == ["copy00000.jpg", "copy00002.jpg"]
    (reason,) = db.execute("SELECT reason FROM push_items WHERE photo_id = ?", [copy_id(1)]).fetchone()
    assert reason == "it is now decided 'keep', so it is left alone"


def test_an_album_of_the_same_title_is_used_again(push, fake):
    fake.world.add_album("Duplicates")
    _, run = push(3)
    run()
    assert len(fake.album_filenames("Duplicates")) == 3


def test_a_full_album_is_followed_by_a_second(push, fake, monkeypatch):
    monkeypatch.setattr("datasette_gphotos_dedupe.album.push_albums.ITEMS_PER_ALBUM", 70)
    fake.world.switches.album_capacity = 70
    db, run = push(120)
    assert run().state == "done"
    assert [len(fake.album_filenames(title)) for title in ("Duplicates", "Duplicates (2)")] == [70, 50]
    assert fates(db) == {"added": 120}


def test_running_a_finished_push_again_sends_nothing(push, fake):
    _, run = push(3)
    run()
    sent = len(fake.log)
    assert run().state == "done"
    assert len(fake.log) == sent


def test_the_album_says_what_it_is_once(push, fake):
    _, run = push(60)
    run()
    (text,) = fake.album("Duplicates").enrichments
    assert text["textEnrichment"]["text"].startswith("These photos were put here by datasette-gphotos-dedupe")


def test_a_push_that_is_stopped_goes_on_where_it_was(push, fake):
    db, run = push(120)
    stop = threading.Event()
    report = run(stop=stop, on_progress=lambda done, total: stop.set())
    assert (report.state, report.added, report.waiting) == ("paused", 50, 70)
    assert run().state == "done"
    assert len(fake.album_filenames("Duplicates")) == 120
    assert len(fake.requests("POST", "batchAddMediaItems")) == 3


def test_progress_counts_to_the_end(push):
    _, run = push(120)
    seen = []
    run(on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(50, 120), (100, 120), (120, 120), (120, 120)]


def test_a_used_up_daily_quota_pauses_the_push_and_says_when_it_is_back(push, fake):
    db, run = push(60)
    text = "Quota exceeded for quota metric 'All requests' and limit 'All requests per day' of service 'x' for consumer 'y'."
    fake.faults.add("429", "batchAdd", skip=1, message=text)
    with pytest.raises(QuotaError) as error:
        run()
    assert str(error.value) == (
        "Google's quota for today is used up; it starts anew at 2026-11-25T08:00:00Z. "
        "What was done until now is saved: run the same command again after that time."
    )
    assert db.execute("SELECT state, message FROM pushes").fetchone() == ("paused", str(error.value))
    assert run().added == 60


@pytest.mark.parametrize("re_adding", ["accepted", "refused"])
@pytest.mark.parametrize("kind", ["cut", "reset", "reset_after", "html", "503", "503_after", "429", "409", "500"])
def test_a_failed_call_changes_nothing_in_the_end(push, fake, kind, re_adding):
    fake.world.switches.re_adding = re_adding
    for call in ("POST /v1/albums$", "batchAdd", "addEnrichment", "GET /v1/albums"):
        fake.faults.add(kind, call)
    db, run = push(60)
    assert run().state == "done"
    assert len(fake.album_filenames("Duplicates")) == 60
    assert len(fake.album("Duplicates").enrichments) <= 1
    assert fates(db) == {"added": 60}


@pytest.mark.parametrize("seed", range(3))
def test_five_percent_faults_of_every_kind_end_in_the_same_state(push, fake, seed):
    fake.faults.at_rate(0.05, seed=seed)
    db, run = push(600, foreign=7)
    assert run().state == "done"
    assert fake.album_filenames("Duplicates") == [f"copy{number:05d}.jpg" for number in range(593)]
    assert fates(db) == {"added": 593, "refused": 7}


def test_two_pushes_at_once_are_refused(push, fake):
    _, run = push(60)
    errors = []

    def second(done, total):
        with pytest.raises(GphotosError) as error:
            run()
        errors.append(str(error.value))

    run(on_progress=second)
    assert errors[0].endswith("is running already. Wait until it ends, or stop it, and try again.")


def test_a_photo_taken_out_of_the_album_meanwhile_is_named_at_the_end(push, fake):
    _, run = push(60)

    def take_one_out(done, total):
        if done == 50:
            fake.album("Duplicates").item_keys.pop(0)

    assert run(on_progress=take_one_out).message == ('1 photo was added but is not in the album "Duplicates" now: copy00000.jpg.')


def test_a_sign_in_without_the_needed_permission_is_explained(push, fake, tmp_path, watch):
    _, run = push(3)
    reader = open_client(write_private(tmp_path / "read.json", fake.signed_in({READ})), watch.clock())
    with pytest.raises(GphotosError) as error:
        run(client=reader)
    assert str(error.value).startswith(
        "Google refused: Request had insufficient authentication scopes (HTTP 403 PERMISSION_DENIED). The sign-in lacks"
    )


def test_a_sign_in_that_may_only_add_cannot_find_its_albums(push, fake, tmp_path, watch):
    db, run = push(3)
    writer = open_client(write_private(tmp_path / "append.json", fake.signed_in({APPEND})), watch.clock())
    with pytest.raises(GphotosError):
        run(client=writer)
    assert fates(db) == {"planned": 3}


def test_a_description_only_the_copy_has_is_carried_to_the_keeper_first(push, fake):
    db, run = push(2)
    keeper = fake.world.add_item("keeper.jpg", created_by=CLIENT_ID)
    with db.atomic():
        db["photos"].update(copy_id(0), {"description": "On the beach"})
        db["photos"].update(keeper_id(0), {"library_id": fake.world.item_id(keeper), "app_created": 1})
    run()
    assert keeper.description == "On the beach"
    calls = [entry["verb"] for entry in fake.log if entry["verb"] == "PATCH" or "batchAdd" in entry["path"]]
    assert calls == ["PATCH", "POST"]
    assert db["photos"].get(keeper_id(0))["description"] == "On the beach"


def test_both_albums_of_a_long_push_are_explained_and_named(push, fake, monkeypatch):
    monkeypatch.setattr("datasette_gphotos_dedupe.album.push_albums.ITEMS_PER_ALBUM", 70)
    db, run = push(120)
    run()
    assert [len(fake.album(title).enrichments) for title in ("Duplicates", "Duplicates (2)")] == [1, 1]
    assert [title for title, _ in pushes.read_album_urls(db.conn, 1)] == ["Duplicates", "Duplicates (2)"]


def test_an_album_that_google_calls_full_is_followed_by_a_second_whatever_was_counted(push, fake):
    fake.world.switches.album_capacity = 70
    db, run = push(120)
    assert run().state == "done"
    assert [len(fake.album_filenames(title)) for title in ("Duplicates", "Duplicates (2)")] == [50, 70]
    assert fates(db) == {"added": 120}


def test_an_empty_album_that_google_calls_full_ends_the_push_and_not_in_a_row_of_albums(push, fake):
    fake.world.switches.album_capacity = 0
    db, run = push(3)
    with pytest.raises(GphotosError):
        run()
    assert [album.title for album in fake.world.albums.values()] == ["Duplicates"]
    assert fates(db) == {"planned": 3}


def test_what_else_lies_in_the_album_is_warned_about(push, fake):
    album = fake.world.add_album("Duplicates")
    album.item_keys += [fake.world.add_item(f"mine{number}.jpg").key for number in range(2)]
    _, run = push(3)
    assert run().message == (
        'The album "Duplicates" also holds 2 photos that were not put there by a push from this database and not checked by it. '
        "Look through the album before you delete from it."
    )


def test_many_bad_ids_read_the_album_once(push, fake):
    db, run = push(100)
    with db.atomic():
        for number in range(0, 100, 10):
            db["photos"].update(copy_id(number), {"library_id": f"not-an-id-{number}"})
    run()
    assert fates(db) == {"added": 90, "refused": 10}
    assert len(fake.requests("POST", "mediaItems:search")) == 1


def test_a_sign_in_server_that_fails_for_a_while_does_not_end_a_push(push, fake):
    fake.faults.add("reset", "POST /token", times=2)
    _, run = push(3)
    assert run().state == "done"


def test_a_keeper_decided_remove_between_plan_and_push_holds_its_copy_back(push, fake):
    db, run = push(3)
    decide(db, [keeper_id(1)], "remove")
    run()
    assert fake.album_filenames("Duplicates") == ["copy00000.jpg", "copy00002.jpg"]


def test_a_keeper_of_equal_bytes_with_a_photo_to_be_deleted_holds_its_copy_back(push, fake):
    db, run = push(3)
    with db.atomic():
        db["photos"].update(keeper_id(1), {"dedup_key": "K"})
        db["photos"].insert({"photo_id": "twin", "source": "takeout", "filename": "twin.jpg", "dedup_key": "K"})
    decide(db, ["twin"], "remove")
    run()
    (reason,) = db.execute("SELECT reason FROM push_items WHERE photo_id = ?", [copy_id(1)]).fetchone()
    assert reason == "its keeper IMG_0001.jpg has the same bytes as twin.jpg, which is to be deleted, and Google trashes both"


def test_two_databases_of_one_person_do_not_push_at_once(push, fake, client, tmp_path):
    _, run = push(60)
    other = build_pushable(tmp_path / "other.db", fake, 2)
    other_id = pushes.create_push(other.conn, plan_push(read_candidates(other.conn), "Other"), None)
    errors = []

    def second(done, total):
        with pytest.raises(GphotosError) as error:
            run_push(tmp_path / "other.db", other_id, client)
        errors.append(str(error.value))

    run(on_progress=second)
    other.conn.close()
    assert errors[0].startswith(f"A push with the sign-in {tmp_path / 'auth.json'} is running already.")


def test_a_push_saved_inside_a_transaction_of_the_caller_goes_back_with_it(tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 2)
    db.conn.execute("BEGIN IMMEDIATE")
    push_id = pushes.create_push(db.conn, plan_push(read_candidates(db.conn), "D"), None)
    pushes.save_push(db.conn, push_id, message="x")
    pushes.save_items(db.conn, push_id, [copy_id(0)], "sent")
    pushes.confirm_trial(db.conn, push_id)
    db.conn.rollback()
    assert (db["pushes"].count, db["push_items"].count) == (0, 0)
    db.conn.close()


def test_a_trial_that_was_not_sent_cannot_be_confirmed(push):
    db, _ = push(2)
    pushes.confirm_trial(db.conn, 1)
    assert pushes.read_push(db.conn, 1).trial is None


def test_what_is_decided_while_google_is_asked_for_the_album_still_counts(push, fake, tmp_path):
    """Finding the album may take minutes, when Google has a bad day."""
    db, run = push(3)

    def meanwhile(entry):
        if entry["path"].endswith("/v1/albums"):
            with contextlib.closing(sqlite3.connect(tmp_path / "photos.db")) as conn, conn:
                conn.execute("UPDATE decisions SET decision = 'keep' WHERE subject = ?", [copy_id(0)])
                conn.execute("UPDATE photos SET trashed = 1 WHERE photo_id = ?", [keeper_id(2)])

    fake.before_answer = meanwhile
    report = run()
    assert (report.state, report.added, report.refused) == ("done", 1, 2)
    added = [entry["body"] for entry in fake.requests("POST", "batchAddMediaItems")]
    assert [json.loads(body)["mediaItemIds"] for body in added] == [
        [db.execute("SELECT library_id FROM photos WHERE photo_id = ?", [copy_id(1)]).fetchone()[0]]
    ]


def test_an_album_whose_answer_leaves_out_its_title_is_used_under_the_title_asked_for(push, fake):
    def alter(request, answer):
        made = request.verb == "POST" and request.path.endswith("/v1/albums")
        return Answer(200, json.dumps({"id": json.loads(answer.body)["id"]}).encode()) if made else answer

    db, run = push(2)
    fake.alter = alter
    assert (run().state, len(fake.album_filenames("Duplicates"))) == ("done", 2)
    assert db.execute("SELECT title FROM push_albums").fetchall() == [("Duplicates",)]
