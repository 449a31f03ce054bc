"""`library` and `picker`: what Google lists becomes rows, once, joined to what other sources know."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.album import plan_push, read_candidates
from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.errors import GphotosError, QuotaError
from datasette_gphotos_dedupe.google.api_calls import open_client
from datasette_gphotos_dedupe.pipeline.fetching import fetch_source
from datasette_gphotos_dedupe.pipeline.progress import Progress
from datasette_gphotos_dedupe.sources.library_api import LibraryApi
from datasette_gphotos_dedupe.sources.picker import Picker
from datasette_gphotos_dedupe.store.database import open_database
from tests.fake_google import CLIENT_ID, REMOVED_SCOPES, routes
from tests.google.fixtures import pick_when_asked, write_private
from tests.made_library import photo_id


@pytest.fixture
def db(tmp_path):
    db = open_database(tmp_path / "photos.db")
    yield db
    db.conn.close()


def fetch(db, source):
    return fetch_source(db, source, Progress(silent=True))


def upload(fake, count: int) -> list:
    return [fake.world.add_item(f"up{number}.jpg", created_by=CLIENT_ID, camera_model="Pixel 3") for number in range(count)]


@pytest.fixture
def small_pages(monkeypatch):
    """Ten items a page in place of a hundred: the same seams with a tenth of the pictures."""
    monkeypatch.setattr("datasette_gphotos_dedupe.google.api_calls.ITEMS_PER_PAGE", 10)
    monkeypatch.setattr("datasette_gphotos_dedupe.pipeline.fetching.BATCH", 10)


def test_items_come_in_with_fingerprint_and_preview(db, fake, client):
    (item,) = upload(fake, 1)
    fetch(db, LibraryApi(client))
    row = next(db["photos"].rows)
    expected = {
        "photo_id": fake.world.item_id(item),
        "library_id": fake.world.item_id(item),
        "source": "library",
        "app_created": 1,
        "filename": "up0.jpg",
        "width": 640,
        "height": 480,
        "taken_at": "2019-06-28T16:38:04Z",
        "taken_at_source": "api",
        "camera_model": "Pixel 3",
        "sha1": None,
    }
    assert {name: row[name] for name in expected} == expected
    assert (db["fingerprints"].count, db["thumbnails"].count) == (1, 1)


def test_items_of_other_programs_are_not_seen(db, fake, client):
    fake.world.add_item("phone.jpg")
    assert fetch(db, LibraryApi(client)).listed == 0


def test_every_page_comes_in_once(db, fake, client):
    upload(fake, 130)
    report = fetch(db, LibraryApi(client))
    assert (report.listed, report.added, db["photos"].count) == (130, 130, 130)


def test_a_second_run_writes_nothing_and_fetches_no_picture(db, fake, client):
    upload(fake, 5)
    fake.world.add_album("Mine").item_keys += list(fake.world.items)
    fetch(db, LibraryApi(client))
    before, pictures = db.conn.total_changes, len(fake.requests("GET", "/lr/"))
    report = fetch(db, LibraryApi(client))
    assert (report.added, report.updated, report.pictures) == (0, 0, 0)
    assert db.conn.total_changes == before
    assert len(fake.requests("GET", "/lr/")) == pictures


def test_no_base_url_is_kept(db, fake, client, tmp_path):
    upload(fake, 3)
    fetch(db, LibraryApi(client))
    assert f"{fake.url}/lr/AFBm" not in "\n".join(db.conn.iterdump())


def test_base_urls_do_not_get_the_token(db, fake, client):
    upload(fake, 3)
    fetch(db, LibraryApi(client))
    assert [entry["token"] for entry in fake.requests("GET", "/lr/")] == [False] * 3


def test_an_address_that_died_early_is_asked_for_again(db, fake, client):
    upload(fake, 3)
    fake.faults.add("403", "GET /lr/")
    assert fetch(db, LibraryApi(client)).pictures == 3


def test_a_video_still_processed_has_a_row_and_a_reason(db, fake, client):
    fake.world.add_item("film.mp4", created_by=CLIENT_ID, processing="PROCESSING")
    assert fetch(db, LibraryApi(client)).without_picture == 1
    (reason,) = db.execute("SELECT reason FROM skipped").fetchone()
    assert reason == "Google has no picture of it yet (a video still being processed); run the command again later"
    assert db["photos"].count == 1


def test_albums_follow_google(db, fake, client):
    items = upload(fake, 3)
    album = fake.world.add_album("Mine")
    album.item_keys += [items[0].key, items[1].key]
    fetch(db, LibraryApi(client))
    album.item_keys = [items[1].key, items[2].key]
    fetch(db, LibraryApi(client))
    names = db.execute("SELECT filename FROM album_photos JOIN photos USING (photo_id) ORDER BY 1").fetchall()
    assert names == [("up1.jpg",), ("up2.jpg",)]


def test_what_was_deleted_in_google_counts_as_trashed(db, fake, client):
    items = upload(fake, 3)
    fetch(db, LibraryApi(client))
    items[1].trashed = True
    assert fetch(db, LibraryApi(client)).gone == 1
    assert db.execute("SELECT filename FROM photos WHERE trashed").fetchall() == [("up1.jpg",)]


def test_an_album_that_a_push_made_is_nothing_a_photo_belongs_to(db, fake, client):
    (item,) = upload(fake, 1)
    album = fake.world.add_album("Duplicates")
    album.item_keys.append(item.key)
    with db.atomic():
        db["pushes"].insert(
            {"push_id": 1, "album_title": "Duplicates", "route": "by_id", "state": "done", "created_at": "", "updated_at": ""}
        )
        db["push_albums"].insert({"push_id": 1, "album_id": fake.world.album_id(album), "title": "Duplicates"})
    fetch(db, LibraryApi(client))
    assert (db["photos"].count, db["albums"].count) == (1, 0)


def takeout_row(db, **values) -> None:
    row = {
        "photo_id": photo_id(1),
        "source": "takeout",
        "media_key": photo_id(1),
        "filename": "up0.jpg",
        "width": 480,
        "height": 640,
        "taken_at": "2019-06-28T16:38:04Z",
    }
    with db.atomic():
        db["photos"].insert({**row, **values})


def test_an_item_that_a_takeout_brought_is_not_a_second_photo(db, fake, client):
    (item,) = upload(fake, 1)
    takeout_row(db)
    fetch(db, LibraryApi(client))
    rows = db.execute("SELECT photo_id, source, library_id, app_created FROM photos").fetchall()
    assert rows == [(photo_id(1), "takeout", fake.world.item_id(item), 1)]


@pytest.mark.parametrize("other", [{"width": 481}, {"taken_at": "2019-06-28T16:38:05Z"}, {"filename": "up1.jpg"}])
def test_an_item_that_differs_in_name_second_or_size_is_a_photo_of_its_own(db, fake, client, other):
    upload(fake, 1)
    takeout_row(db, **other)
    fetch(db, LibraryApi(client))
    assert db["photos"].count == 2


def test_two_rows_that_fit_are_both_left_alone(db, fake, client):
    upload(fake, 1)
    takeout_row(db)
    takeout_row(db, photo_id=photo_id(2), media_key=photo_id(2))
    fetch(db, LibraryApi(client))
    assert db.execute("SELECT count(*) FROM photos WHERE app_created").fetchone() == (1,)
    assert db["photos"].count == 3


def test_five_percent_faults_change_nothing(db, fake, client, small_pages):
    upload(fake, 40)
    fake.faults.at_rate(0.05, pattern="/v1/|/lr/")
    fetch(db, LibraryApi(client))
    assert (db["photos"].count, db["fingerprints"].count) == (40, 40)


def test_a_listing_that_breaks_off_keeps_what_came_and_goes_on(db, fake, client, small_pages):
    upload(fake, 25)
    fake.faults.add("400", "GET /v1/mediaItems", skip=1)
    with pytest.raises(GphotosError):
        fetch(db, LibraryApi(client))
    assert db["photos"].count == 10
    assert db.execute("SELECT state FROM runs").fetchall() == [("failed",)]
    assert fetch(db, LibraryApi(client)).added == 15


def test_picked_photos_come_in(db, fake, slow_client, small_pages):
    items = [fake.world.add_item(f"phone{number}.jpg") for number in range(13)]
    links, left = [], []
    person = pick_when_asked(fake, items)
    report = fetch(db, Picker(slow_client, links.append, left.append))
    person.join()
    assert (report.listed, report.added, report.pictures) == (13, 13, 13)
    assert links[0].startswith(f"{fake.url}/picker/")
    assert links[0].endswith("/autoclose")
    assert 1790 <= left[0] <= 1800
    assert fake.world.sessions == {}
    row = next(db["photos"].rows)
    assert (row["source"], row["app_created"], row["library_id"], row["width"]) == ("picker", 0, None, 640)


def test_picked_addresses_get_the_token(db, fake, slow_client):
    person = pick_when_asked(fake, [fake.world.add_item("phone.jpg")])
    fetch(db, Picker(slow_client, lambda link: None, lambda left: None))
    person.join()
    assert [entry["token"] for entry in fake.requests("GET", "/ppa/")] == [True]


def test_rounds_add_up_and_nothing_comes_twice(db, fake, slow_client):
    items = [fake.world.add_item(f"phone{number}.jpg") for number in range(3)]
    for chosen in (items[:2], items[1:]):
        polls = len(fake.requests("GET", "/v1/sessions/"))
        person = pick_when_asked(fake, chosen, polls + 1)
        fetch(db, Picker(slow_client, lambda link: None, lambda left: None))
        person.join()
    assert db["photos"].count == 3
    assert len(fake.requests("GET", "/ppa/")) == 3


def test_nobody_picking_ends_the_session_and_says_so(db, fake, client, watch, monkeypatch):
    monkeypatch.setattr("tests.fake_google.picker.POLLING_LIFE", datetime.now(timezone.utc) - datetime.now(timezone.utc))
    with pytest.raises(GphotosError) as error:
        fetch(db, Picker(client, lambda link: None, lambda left: None))
    assert str(error.value) == ("The time Google gives for picking photos is over and nothing was picked. Run the command again.")
    assert fake.world.sessions == {}


def test_a_picked_photo_cannot_be_pushed_by_id(db, fake, slow_client):
    person = pick_when_asked(fake, [fake.world.add_item("phone.jpg")])
    fetch(db, Picker(slow_client, lambda link: None, lambda left: None))
    person.join()
    (identifier,) = db.execute("SELECT photo_id FROM photos").fetchone()
    assert plan_push(read_candidates(db.conn, [identifier]), "D").planned == ()


@pytest.fixture
def picked(db, fake, slow_client, small_pages):
    """25 photos picked; the listing breaks off after the first page. `again()` is the next run, with nobody at the page."""
    items = [fake.world.add_item(f"phone{number}.jpg") for number in range(25)]
    fake.faults.add("400", "GET /v1/mediaItems", skip=1)
    person = pick_when_asked(fake, items)
    with pytest.raises(GphotosError):
        fetch(db, Picker(slow_client, lambda link: None, lambda left: None))
    person.join()
    links = []
    return links, lambda: fetch(db, Picker(slow_client, links.append, lambda left: None))


def test_what_was_picked_is_not_lost_when_a_run_is_cut_short(picked, db, fake):
    links, again = picked
    assert (db["photos"].count, len(fake.world.sessions)) == (10, 1)
    assert again().added == 15
    assert (links, fake.world.sessions) == ([], {})


def test_after_a_round_that_was_saved_a_new_one_begins(picked, db, fake):
    links, again = picked
    again()
    assert db["google_state"].count == 1  # the count of pictures; no session
    assert [row["name"] for row in db["google_state"].rows] == ["picture_loads"]


def test_a_session_that_google_has_forgotten_is_followed_by_a_new_one(picked, db, fake):
    links, again = picked
    fake.world.sessions.clear()
    person = pick_when_asked(fake, [], len(fake.requests("GET", "/v1/sessions/")) + 2)
    again()
    person.join()
    assert len(links) == 1


def test_a_lost_answer_opens_no_second_session_and_ends_none_twice(db, fake, slow_client):
    fake.faults.add("reset_after", "POST /v1/sessions")
    fake.faults.add("reset_after", "DELETE /v1/sessions")
    person = pick_when_asked(fake, [fake.world.add_item("phone.jpg")])
    assert fetch(db, Picker(slow_client, lambda link: None, lambda left: None)).added == 1
    person.join()
    assert fake.world.sessions == {}


def test_a_picked_photo_that_a_takeout_brought_is_not_loaded_again(db, fake, slow_client):
    item = fake.world.add_item("up0.jpg")
    takeout_row(db)
    with db.atomic():
        db["fingerprints"].insert({"photo_id": photo_id(1), "phash": "0" * 64, "flatness": 0.1, "algorithm": "phash256/1"})
    person = pick_when_asked(fake, [item])
    fetch(db, Picker(slow_client, lambda link: None, lambda left: None))
    person.join()
    assert (db["photos"].count, fake.requests("GET", "/ppa/")) == (1, [])


def test_the_day_s_pictures_are_counted_over_all_runs(db, fake, client, monkeypatch, small_pages):
    monkeypatch.setattr("datasette_gphotos_dedupe.pipeline.fetching.PICTURES_PER_DAY", 15)
    upload(fake, 13)
    fetch(db, LibraryApi(client))
    for number in range(13, 40):
        fake.world.add_item(f"up{number}.jpg", created_by=CLIENT_ID)
    with pytest.raises(QuotaError) as error:
        fetch(db, LibraryApi(client))
    assert str(error.value) == (
        "Google lets a project load 15 pictures a day, and today's are used up; it starts anew at 2026-11-25T08:00:00Z. "
        "What was done until now is saved: run the same command again after that time."
    )
    assert len(fake.requests("GET", "/lr/")) <= 15 + 8  # the threads that had passed already


def test_after_the_reset_the_count_starts_anew(db, fake, client, watch, monkeypatch):
    monkeypatch.setattr("datasette_gphotos_dedupe.pipeline.fetching.PICTURES_PER_DAY", 3)
    upload(fake, 3)
    fetch(db, LibraryApi(client))
    upload(fake, 2)
    watch.seconds += 86_400
    assert fetch(db, LibraryApi(client)).pictures == 2


def test_what_was_edited_in_google_photos_is_taken_over(db, fake, client):
    (item,) = upload(fake, 1)
    fetch(db, LibraryApi(client))
    item.description = "On the beach"
    assert fetch(db, LibraryApi(client)).updated == 1
    assert next(db["photos"].rows)["description"] == "On the beach"


def test_pages_that_are_short_or_empty_are_not_the_end(db, fake, client, small_pages):
    fake.world.switches.short_pages = True
    upload(fake, 33)
    assert fetch(db, LibraryApi(client)).listed == 33


def test_an_item_that_google_cannot_show_just_now_does_not_count_as_deleted(db, fake, client, monkeypatch):
    items = upload(fake, 2)
    fetch(db, LibraryApi(client))
    items[0].archived = True  # left out of the listing, so asked for by its id
    row = {"status": {"code": 13, "message": "Internal error."}}
    monkeypatch.setattr(
        "tests.fake_google.routes.API",
        tuple(
            (verb, path, scopes, (lambda world, request: {"mediaItemResults": [row]}) if "batchGet" in path.pattern else handler)
            for verb, path, scopes, handler in routes.API
        ),
    )
    with pytest.raises(GphotosError):
        fetch(db, LibraryApi(client))
    assert db.execute("SELECT count(*) FROM photos WHERE trashed").fetchone() == (0,)


def test_an_archived_item_does_not_count_as_deleted(db, fake, client):
    items = upload(fake, 2)
    fetch(db, LibraryApi(client))
    items[0].archived = True
    assert fetch(db, LibraryApi(client)).gone == 0


def test_an_error_with_a_picture_for_a_body_is_an_error(db, fake, client):
    upload(fake, 1)
    fake.faults.add("image_404", "GET /lr/")
    assert fetch(db, LibraryApi(client)).pictures == 1


def test_a_sign_in_with_removed_scopes_gets_the_sentence_and_the_way_to_takeout(fake, tmp_path, watch, db):
    client = open_client(write_private(tmp_path / "old.json", fake.signed_in(REMOVED_SCOPES)), watch.clock())
    with pytest.raises(GphotosError) as error:
        fetch(db, LibraryApi(client))
    assert str(error.value) == (
        "Google refused: Request had insufficient authentication scopes (HTTP 403 PERMISSION_DENIED). The sign-in lacks the "
        "permission for this. Permissions to see a whole library ended on 31 March 2025; an app may add to the library, see what "
        "it added itself, and receive hand-picked photos. Sign in again and tick every box: gphotos-to-sqlite auth "
        "client_secret.json. To bring in the whole library, use a Takeout export: gphotos-to-sqlite takeout photos.db takeout-*.zip"
    )


def test_an_account_without_google_photos_is_told_what_to_do(db, fake, client):
    fake.world.switches.photos_off = True
    with pytest.raises(GphotosError) as error:
        fetch(db, LibraryApi(client))
    assert str(error.value).endswith(
        "Open photos.google.com with this account once and set Google Photos up, then run the same command again."
    )


def test_an_empty_listing_explains_itself(fake, auth_path, tmp_path):
    load_commands()
    result = CliRunner().invoke(cli, ["library", str(tmp_path / "photos.db"), "-a", str(auth_path)])
    assert result.output.splitlines() == [
        "Google listed 0 photos. Since 31 March 2025 an app sees only what it uploaded itself. "
        "To bring in the whole library, use a Takeout export: gphotos-to-sqlite takeout photos.db takeout-*.zip"
    ]


def test_the_command_says_what_came(fake, auth_path, tmp_path):
    load_commands()
    upload(fake, 2)
    command = ["library", str(tmp_path / "photos.db"), "-a", str(auth_path), "--no-match"]
    output = CliRunner().invoke(cli, command, catch_exceptions=False).output
    assert "2 photos listed: 2 new, 0 changed, 2 pictures fetched." in output
