"""The same-bytes route under each of the three ways Google was seen to behave."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from datasette_gphotos_dedupe.album import plan_push, read_candidates, run_push
from datasette_gphotos_dedupe.store import pushes
from tests.google.library import build_pushable, copy_id, decide, fates, keeper_id


def picture(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (number, 255 - number, number * 7 % 256)).save(buffer, "JPEG")
    return buffer.getvalue()


class Library:
    """Copies the person put into Google Photos by phone, their bytes in a Takeout part, and a push of them."""

    def __init__(self, folder: Path, fake, client, count: int):
        self.path, self.archive, self.fake, self.client = folder / "photos.db", folder / "takeout-001.zip", fake, client
        self.db = build_pushable(self.path, fake, count, foreign=count)
        with zipfile.ZipFile(self.archive, "w") as archive:
            for number in range(count):
                archive.writestr(f"{number}.jpg", picture(number))
                fake.world.add_item(f"IMG_{number}.jpg", picture(number))
        with self.db.atomic():
            for number in range(count):
                self._give_bytes(number, picture(number))
        self.push_id = 0

    def _give_bytes(self, number: int, data: bytes) -> None:
        import hashlib

        sha1 = hashlib.sha1(data).hexdigest()
        self.db["photos"].update(copy_id(number), {"sha1": sha1, "dedup_key": None, "filename": f"IMG_{number}.jpg"})
        values = (str(self.archive), f"{number}.jpg", len(data), sha1, copy_id(number))
        self.db.execute("UPDATE files SET container = ?, member = ?, bytes = ?, sha1 = ? WHERE photo_id = ?", values)

    def plan(self):
        return plan_push(read_candidates(self.db.conn), "Duplicates", "same_bytes")

    def push(self):
        if not self.push_id:
            self.push_id = pushes.create_push(self.db.conn, self.plan(), None)
        return run_push(self.path, self.push_id, self.client)

    def confirm(self):
        pushes.confirm_trial(self.db.conn, self.push_id)
        return self.push()


@pytest.fixture
def library(tmp_path, fake, client):
    made = []

    def make(count: int) -> Library:
        made.append(Library(tmp_path, fake, client, count))
        return made[-1]

    yield make
    for library in made:
        library.db.conn.close()


def test_one_photo_is_tried_and_then_the_person_is_asked(library, fake):
    report = library(5).push()
    assert (report.state, report.added, report.waiting) == ("paused", 1, 4)
    assert report.message == (
        "One photo was sent as a trial. Look at the album and at the photo in your library: it must be in the album, and must "
        f"still be there only once. {report.album_url} If so, confirm and the push goes on; if not, cancel it."
    )


def test_without_confirmation_nothing_more_is_sent(library, fake):
    made = library(5)
    made.push()
    assert made.push().state == "paused"
    assert len(fake.requests("POST", "batchCreate")) == 1


def test_after_confirmation_the_existing_photos_are_in_the_album_and_no_copy_is_made(library, fake):
    made = library(120)
    made.push()
    report = made.confirm()
    assert (report.state, report.added, report.message) == ("done", 120, None)
    assert sorted(fake.album_filenames("Duplicates")) == sorted(f"IMG_{number}.jpg" for number in range(120))
    assert len(fake.world.items) == 120


def test_a_new_copy_stops_the_push_and_says_how_to_undo_it(library, fake):
    fake.world.switches.reupload = "C"
    made = library(5)
    report = made.push()
    assert report.state == "cancelled"
    (copy,) = [item for item in fake.world.items.values() if item.filename.startswith("dedupe-")]
    link = f"{fake.url}/lr/photo/{fake.world.item_id(copy)}"
    assert report.message == (
        "Stopped: Google made a new copy of IMG_0.jpg instead of finding the one in your library. Nothing more is sent. "
        f"To undo, open {link} and move the photo named {copy.filename} to the trash."
    )
    assert len(fake.world.items) == 6


def test_a_new_copy_after_the_trial_stops_the_push_too(library, fake):
    made = library(120)
    made.push()
    fake.world.switches.reupload = "C"
    report = made.confirm()
    assert report.state == "cancelled"
    assert len(fake.requests("POST", "batchCreate")) == 2


def test_bytes_that_are_known_but_never_filed_end_the_push_after_three_trials(library, fake):
    fake.world.switches.reupload = "B"
    made = library(8)
    report = made.push()
    assert (report.state, report.added, report.refused, report.waiting) == ("cancelled", 0, 3, 5)
    reasons = {row[0] for row in made.db.execute("SELECT reason FROM push_items WHERE state = 'failed'").fetchall()}
    assert reasons == {"Google knows these bytes but did not put the photo into the album"}
    assert report.message == (
        "Stopped: Google knew the bytes of 3 photos but put none of them into the album, so this route does not work for your "
        "library now. No photo was changed. Use a hand-over file instead: gphotos-to-sqlite handover DATABASE worklist.html"
    )
    assert len(fake.world.items) == 8


def test_a_count_that_lags_behind_is_looked_at_again(library, fake, watch):
    made = library(5)
    made.push()
    fake.world.switches.reupload = "filed_but_code_6"
    fake.world.switches.count_lag_s = 5
    sleep = watch.sleep
    made.client.transport.clock = replace(
        made.client.clock, sleep=lambda seconds: (sleep(seconds), fake.world.advance(seconds=seconds))
    )
    assert made.confirm().added == 5


def test_known_bytes_that_may_be_filed_are_never_taken_for_a_copy_that_stays(library, fake):
    made = library(5)
    made.push()
    fake.world.switches.reupload = "filed_but_code_6"
    fake.world.switches.count_lag_s = 3600
    made.confirm()
    assert fates(made.db) == {"added": 1, "failed": 4}
    with made.db.atomic():
        made.db.execute("UPDATE decisions SET decision = 'keep' WHERE subject = ?", [copy_id(3)])
        made.db.execute("UPDATE groups SET keeper_id = ? WHERE group_id = ?", [copy_id(3), keeper_id(3)])
    decide(made.db, [keeper_id(3)], "remove")
    (item,) = plan_push(read_candidates(made.db.conn, [keeper_id(3)]), "Duplicates", "handover").items
    assert item.reason == "its keeper IMG_3.jpg was itself put into an album for deletion"


def test_each_new_copy_of_a_whole_call_is_named(library, fake):
    made = library(4)
    made.push()
    fake.world.switches.reupload = "C"
    report = made.confirm()
    names = sorted(item.filename for item in fake.world.items.values() if item.filename.startswith("dedupe-"))
    assert len(names) == 3
    assert all(name in report.message for name in names)
    assert report.message.startswith("Stopped: Google made new copies of 3 photos instead of finding those in your library.")


def test_two_photos_of_equal_bytes_never_go_in_one_call(library, fake):
    made = library(4)
    with made.db.atomic():
        made._give_bytes(1, picture(0))
        made.db.execute("DELETE FROM files WHERE photo_id = ?", [copy_id(1)])
        made.db["files"].insert(
            {"photo_id": copy_id(1), "role": "original", "container": str(made.archive), "member": "./0.jpg", "sha1": None}
        )
        made.db.execute(
            "UPDATE files SET container = ?, member = '0.jpg' WHERE photo_id = ?",
            [str(made.archive.parent / "again.zip"), copy_id(1)],
        )
        (sha1,) = made.db.execute("SELECT sha1 FROM photos WHERE photo_id = ?", [copy_id(0)]).fetchone()
        made.db.execute("UPDATE files SET sha1 = ? WHERE photo_id = ?", [sha1, copy_id(1)])
    made.archive.with_name("again.zip").write_bytes(made.archive.read_bytes())
    made.push()
    assert made.confirm().added == 4
    for entry in fake.requests("POST", "batchCreate"):
        tokens = [item["simpleMediaItem"]["uploadToken"] for item in json.loads(entry["body"])["newMediaItems"]]
        assert len({fake.world.upload_tokens[token]["data"] for token in tokens}) == len(tokens)
    assert fates(made.db) == {"added": 4}


def test_a_file_that_changed_since_the_import_is_not_sent(library, fake):
    made = library(2)
    with made.db.atomic():
        made.db.execute("UPDATE files SET sha1 = ? WHERE photo_id = ?", ["00" * 20, copy_id(0)])
    made.push()
    (reason,) = made.db.execute("SELECT reason FROM push_items WHERE photo_id = ?", [copy_id(0)]).fetchone()
    assert reason == f"0.jpg in {made.archive} has changed since it was imported, so it was not sent"


def test_an_archive_that_is_gone_is_named(library, fake):
    made = library(1)
    made.archive.unlink()
    made.push()
    (reason,) = made.db.execute("SELECT reason FROM push_items").fetchone()
    assert reason.startswith(f"0.jpg in {made.archive} cannot be read any more: ")


def test_a_photo_without_its_bytes_at_hand_is_refused_in_the_plan(library):
    made = library(1)
    with made.db.atomic():
        made.db.execute("DELETE FROM files")
    assert made.plan().refused[0].reason == "its original bytes are not at hand: import the Takeout export that holds it"


def test_a_storage_saver_photo_is_refused_in_the_plan(library):
    made = library(1)
    with made.db.atomic():
        made.db["photos"].update(copy_id(0), {"original_quality": 0})
    assert made.plan().refused[0].reason == (
        "Google stores it in storage-saver quality, so its bytes could come in as a new copy"
    )


@pytest.mark.parametrize("kind", ["reset_after", "503_after", "cut", "html", "500", "429"])
def test_a_lost_answer_makes_no_second_copy(library, fake, kind):
    made = library(60)
    made.push()
    for call in ("uploads", "batchCreate", "GET /v1/albums"):
        fake.faults.add(kind, call)
    assert made.confirm().added == 60
    assert len(fake.world.items) == 60
    assert len(fake.album_filenames("Duplicates")) == 60


@pytest.mark.parametrize("seed", range(2))
def test_five_percent_faults_of_every_kind_make_no_second_copy(library, fake, seed):
    fake.faults.at_rate(0.05, seed=seed)
    made = library(120)
    made.push()
    assert made.confirm().added == 120
    assert len(fake.world.items) == 120
    assert sorted(fake.album_filenames("Duplicates")) == sorted(f"IMG_{number}.jpg" for number in range(120))


def test_an_answer_of_207_for_a_mixture_is_read_row_by_row(library, fake):
    fake.world.switches.mixed_status = 207
    made = library(3)
    made.push()
    with made.db.atomic():
        made._give_bytes(2, b"no picture at all")
        made.db.execute("UPDATE files SET member = 'note.jpg' WHERE photo_id = ?", [copy_id(2)])
    with zipfile.ZipFile(made.archive, "a") as archive:
        archive.writestr("note.jpg", b"no picture at all")
    made.confirm()
    assert fates(made.db) == {"added": 2, "refused": 1}


def test_what_is_decided_while_originals_are_uploaded_still_counts(library):
    """Fifty originals may take an hour, and what is in the album this app cannot take out again."""
    made = library(3)
    assert made.push().state == "paused"

    def meanwhile(entry):
        if entry["path"].endswith("/v1/uploads"):
            with contextlib.closing(sqlite3.connect(made.path)) as conn, conn:
                conn.execute("UPDATE decisions SET decision = 'keep' WHERE subject = ?", [copy_id(2)])

    made.fake.before_answer = meanwhile
    report = made.confirm()
    assert (report.state, report.added, report.refused) == ("done", 2, 1)
    assert made.fake.album_filenames("Duplicates") == ["IMG_0.jpg", "IMG_1.jpg"]
