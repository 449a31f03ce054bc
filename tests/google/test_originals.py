"""Copies of photos that only Google has are proved on the files that it hands out, which are on this machine no longer than that takes."""

from __future__ import annotations

import io
import tempfile

import pytest
from click.testing import CliRunner
from PIL import Image

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.core.groups.keeper import Policy
from datasette_gphotos_dedupe.pipeline.comparing_previews import Verifier
from datasette_gphotos_dedupe.pipeline.fetching import Originals, fetch_source
from datasette_gphotos_dedupe.pipeline.grouping import make_groups
from datasette_gphotos_dedupe.pipeline.matching import MatchOptions, match_library
from datasette_gphotos_dedupe.pipeline.progress import Progress
from datasette_gphotos_dedupe.sources.library_api import LibraryApi
from datasette_gphotos_dedupe.sources.picker import Picker
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.matching.unfinished import read_unfinished
from tests.broken_pictures import saved
from tests.fake_google import CLIENT_ID
from tests.google.fixtures import pick_when_asked
from tests.made_pictures import noisy, scene

PAIR = "SELECT relation, remade_px, wants_proof FROM pairs"


@pytest.fixture
def db(tmp_path):
    db = open_database(tmp_path / "photos.db")
    yield db
    db.conn.close()


@pytest.fixture
def pair():
    """A photo and a copy at 1,000 pixels, which no preview is large enough to prove, under names that say nothing."""
    original = saved(noisy(scene(7, (1600, 1200)), 3, 7), "JPEG", quality=93)
    copy = Image.open(io.BytesIO(original)).convert("RGB").resize((1000, 750), Image.Resampling.LANCZOS)
    return {"3f9a.jpg": original, "77c1.jpg": saved(copy, "JPEG", quality=80)}


def bring_in(db, source) -> list[tuple]:
    fetch_source(db, source, Progress(silent=True))
    match_library(db, options=MatchOptions(fetch=Originals(db, source).fetch, workers=1))
    return db.conn.execute(PAIR).fetchall()


def loads(fake, suffix: str) -> int:
    return sum(entry["path"].endswith(suffix) for entry in fake.requests("GET"))


def test_what_this_app_uploaded_is_proved_at_full_size(db, fake, client, pair, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spool"))
    (tmp_path / "spool").mkdir()
    for name, data in pair.items():
        fake.world.add_item(name, data, created_by=CLIENT_ID)
    assert bring_in(db, LibraryApi(client)) == [("smaller_copy", 1000, 0)]
    assert loads(fake, "=d") == 2
    assert list((tmp_path / "spool").glob("gphotos-*")) == []
    assert bring_in(db, LibraryApi(client)) == [("smaller_copy", 1000, 0)]
    assert loads(fake, "=d") == 2  # measured once


def test_what_was_picked_is_proved_while_its_addresses_live(db, fake, slow_client, pair):
    items = [fake.world.add_item(name, data) for name, data in pair.items()]
    person = pick_when_asked(fake, items)
    assert bring_in(db, Picker(slow_client, lambda link: None, lambda left: None)) == [("smaller_copy", 1000, 0)]
    person.join()
    assert {entry["token"] for entry in fake.requests("GET", "/ppa/")} == {True}


def test_without_a_source_at_google_it_is_decided_on_previews(db, fake, client, pair):
    for name, data in pair.items():
        fake.world.add_item(name, data, created_by=CLIENT_ID)
    fetch_source(db, LibraryApi(client), Progress(silent=True))
    match_library(db)
    assert db.conn.execute(PAIR).fetchall()[0][0] == "look_alike"
    assert loads(fake, "=d") == 0


def test_a_quota_that_is_used_up_leaves_the_pair_waiting_for_the_next_run(db, fake, client, pair, monkeypatch):
    for name, data in pair.items():
        fake.world.add_item(name, data, created_by=CLIENT_ID)
    monkeypatch.setattr("datasette_gphotos_dedupe.pipeline.fetching.PICTURES_PER_DAY", 3)
    assert bring_in(db, LibraryApi(client)) == [("look_alike", None, 1)]
    left = read_unfinished(db.conn)
    assert left.text == "1 pair waits for files that Google hands out no more of today." and left.waits_for_google
    monkeypatch.setattr("datasette_gphotos_dedupe.pipeline.fetching.PICTURES_PER_DAY", 100)
    assert bring_in(db, LibraryApi(client)) == [("smaller_copy", 1000, 0)]
    assert not read_unfinished(db.conn)


def test_the_command_goes_on_with_pairs_that_waited_also_when_nothing_is_new(
    db, fake, auth_path, client, pair, monkeypatch, tmp_path
):
    for name, data in pair.items():
        fake.world.add_item(name, data, created_by=CLIENT_ID)
    with monkeypatch.context() as day:
        day.setattr("datasette_gphotos_dedupe.pipeline.fetching.PICTURES_PER_DAY", 3)
        bring_in(db, LibraryApi(client))
    load_commands()
    result = CliRunner().invoke(cli, ["library", str(tmp_path / "photos.db"), "-a", str(auth_path), "-s"])
    assert (result.exit_code, db.conn.execute(PAIR).fetchall()) == (0, [("smaller_copy", 1000, 0)]), result.output


def test_a_file_that_google_does_not_hand_out_costs_its_own_pair(db, fake, client, pair):
    items = [fake.world.add_item(name, data, created_by=CLIENT_ID) for name, data in pair.items()]
    source = LibraryApi(client)
    fetch_source(db, source, Progress(silent=True))
    items[0].trashed = True
    match_library(db, options=MatchOptions(fetch=Originals(db, source).fetch, workers=1))
    ((relation, _, waits),) = db.conn.execute(PAIR).fetchall()
    assert (relation, waits) == ("look_alike", 0)


def third(pair: dict[str, bytes]) -> bytes:
    original = Image.open(io.BytesIO(pair["3f9a.jpg"])).convert("RGB")
    return saved(original.resize((800, 600), Image.Resampling.LANCZOS), "JPEG", quality=80)


def unasked(db, client, pair) -> LibraryApi:
    """A library of three in which what the largest and the smallest are to each other was not asked yet, as when no hash joins them."""
    source = LibraryApi(client)
    bring_in(db, source)
    smallest = "(SELECT photo_id FROM photos ORDER BY width LIMIT 1)"
    largest = "(SELECT photo_id FROM photos ORDER BY width DESC LIMIT 1)"
    with db.conn:
        db.conn.execute(f"DELETE FROM pairs WHERE {smallest} IN (photo_a, photo_b) AND {largest} IN (photo_a, photo_b)")
        db.conn.execute("DELETE FROM remakings")
    return source


def grouped(db, source) -> list[tuple]:
    with Verifier(1) as verifier:
        make_groups(db, Policy(), verifier, Originals(db, source).fetch)
    return db.conn.execute("SELECT relation, wants_proof FROM pairs WHERE found_by = 'group'").fetchall()


def test_what_a_keeper_asks_for_is_proved_on_what_google_hands_out_too(db, fake, client, pair):
    for name, data in (*pair.items(), ("0c55.jpg", third(pair))):
        fake.world.add_item(name, data, created_by=CLIENT_ID)
    source, before = unasked(db, client, pair), loads(fake, "=d")
    assert grouped(db, source) == [("smaller_copy", 0)]
    assert loads(fake, "=d") == before + 2


def test_what_a_keeper_asks_for_waits_when_the_quota_is_used_up(db, fake, client, pair, monkeypatch):
    for name, data in (*pair.items(), ("0c55.jpg", third(pair))):
        fake.world.add_item(name, data, created_by=CLIENT_ID)
    source = unasked(db, client, pair)
    monkeypatch.setattr("datasette_gphotos_dedupe.pipeline.fetching.PICTURES_PER_DAY", 1)
    assert grouped(db, source) == [("look_alike", 1)]  # neither lost nor called different
