"""`push` and `handover` as a person runs them."""

from __future__ import annotations

import base64
import contextlib
import csv
import json
import sqlite3

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from tests.google.library import build_pushable, copy_id, keeper_id


@pytest.fixture
def run(tmp_path, auth_path, monkeypatch):
    load_commands()
    # One write a second is for Google; the commands have no clock to inject.
    monkeypatch.setattr("datasette_gphotos_dedupe.google.http_transport.SECONDS_BETWEEN_WRITES", 0)

    def invoke(*arguments):
        return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)

    return invoke


@pytest.fixture
def path(tmp_path, fake):
    build_pushable(tmp_path / "photos.db", fake, 41, foreign=3).conn.close()
    return tmp_path / "photos.db"


def test_push_says_what_went_and_what_did_not(run, path, auth_path, fake):
    result = run("push", path, "--album", "Duplicates 2026", "-a", auth_path)
    assert result.exit_code == 0
    assert '38 of 41 photos are in "Duplicates 2026": ' + fake.url in result.output
    assert (
        '3 of 41 photos were not added to "Duplicates 2026": this app did not upload them, so Google will not let it file them. '
        "The push_items table has a link to open each one."
    ) in result.output
    assert len(fake.album_filenames("Duplicates 2026")) == 38


def test_push_again_sends_nothing(run, path, auth_path, fake):
    run("push", path, "--album", "D", "-a", auth_path)
    sent = len(fake.log)
    result = run("push", path, "--album", "D", "-a", auth_path)
    assert result.output == (
        '0 photos will go into "D"; 3 photos will not.\n38 photos went into it earlier. To send those again, choose another title.\n'
    )
    assert len(fake.log) == sent


def test_a_dry_run_sends_nothing_and_names_each_fate(run, path, fake):
    result = run("push", path, "--album", "D", "--dry-run")
    lines = result.output.splitlines()
    assert lines[0] == '38 photos will go into "D"; 3 photos will not.'
    assert "  copy00000.jpg: will be added, by its id" in lines
    assert (
        "  IMG_0040_thumb.jpg: not added: Google lets a program file only what it uploaded "
        f"(but by a hand-over file (handover command)) https://photos.google.com/photo/{copy_id(40)}"
    ) in lines
    assert fake.log == []


def test_push_without_a_sign_in_says_how_to_get_one(run, path, tmp_path):
    result = run("push", path, "--album", "D", "-a", tmp_path / "none.json")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == (
        f"Error: {tmp_path / 'none.json'} does not exist: you are not signed in to Google yet. "
        "Sign in again: gphotos-to-sqlite auth client_secret.json"
    )


def test_push_with_a_revoked_sign_in_says_why(run, path, auth_path, fake):
    fake.world.refresh_tokens.clear()
    result = run("push", path, "--album", "D", "-a", auth_path)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == (
        "Error: Google no longer accepts the kept sign-in: access was revoked in your Google account, or newer sign-ins of the "
        "same client pushed it out (Google keeps 100). Sign in again: gphotos-to-sqlite auth client_secret.json"
    )


def test_the_hand_over_file_has_media_keys_in_chunks_of_250(run, tmp_path, fake):
    build_pushable(tmp_path / "big.db", fake, 260).conn.close()
    result = run("handover", tmp_path / "big.db", tmp_path / "out.json", "--album", "D")
    assert result.output == f"260 photos are in {tmp_path / 'out.json'}.\n"
    content = json.loads((tmp_path / "out.json").read_text())
    assert [len(chunk) for chunk in content["media_key_chunks"]] == [250, 10]
    assert content["media_key_chunks"][0][0] == copy_id(0)
    assert content["album"] == "D"


def test_the_snippet_can_be_had_alone_and_counts_for_no_hand_over(run, path, tmp_path):
    result = run("handover", path, tmp_path / "snippet.js")
    assert result.output == (
        f"The snippet is in {tmp_path / 'snippet.js'}. Paste it into the console of photos.google.com, and choose the .json file there.\n"
    )
    run("handover", path, tmp_path / "out.json")
    assert (tmp_path / "snippet.js").read_text() == json.loads((tmp_path / "out.json").read_text())["snippet"]
    with contextlib.closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM pushes").fetchone() == (1,)


def test_no_keeper_is_in_the_chunks(run, path, tmp_path):
    run("handover", path, tmp_path / "out.json")
    content = json.loads((tmp_path / "out.json").read_text())
    keys = {key for name in ("media_key_chunks", "dedup_key_chunks") for chunk in content[name] for key in chunk}
    assert keys == {f"{prefix}{2 * n + 1:0{width}d}" for n in range(41) for prefix, width in (("AF1Qip", 38), ("dedup", 22))}


def test_a_dedup_key_that_a_surviving_photo_shares_is_left_out(run, tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 2)
    with db.atomic():
        db["photos"].insert({"photo_id": "other", "source": "takeout", "dedup_key": f"dedup{1:022d}"})
    db.conn.close()
    run("handover", tmp_path / "photos.db", tmp_path / "out.json")
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["dedup_key_chunks"] == [[f"dedup{3:022d}"]]
    assert content["photos"][0]["dedup_key"] is None


def test_a_dedup_key_that_a_surviving_photo_shares_by_its_bytes_is_left_out(run, tmp_path, fake):
    sha1 = "ab" * 20
    key = base64.urlsafe_b64encode(bytes.fromhex(sha1)).decode().rstrip("=")
    db = build_pushable(tmp_path / "photos.db", fake, 2)
    with db.atomic():
        db["photos"].update(copy_id(0), {"dedup_key": key})
        db["photos"].insert_all([{"photo_id": "other", "source": "takeout", "sha1": sha1}, ODD], pk="photo_id")
    db.conn.close()
    run("handover", tmp_path / "photos.db", tmp_path / "out.json")
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["dedup_key_chunks"] == [[f"dedup{3:022d}"]]


ODD = {"photo_id": "odd", "source": "takeout", "sha1": "not hexadecimal"}


def test_a_dedup_key_that_was_only_computed_from_a_takeout_is_left_out(run, tmp_path, fake):
    sha1 = "ab" * 20
    key = base64.urlsafe_b64encode(bytes.fromhex(sha1)).decode().rstrip("=")
    db = build_pushable(tmp_path / "photos.db", fake, 1)
    with db.atomic():
        db["photos"].update(copy_id(0), {"dedup_key": key, "sha1": sha1})
    run("handover", tmp_path / "photos.db", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text())["dedup_key_chunks"] == []
    with db.atomic():
        db["photos"].update(copy_id(0), {"original_quality": 1})
    db.conn.close()
    run("handover", tmp_path / "photos.db", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text())["dedup_key_chunks"] == [[key]]


def test_a_photo_without_a_surviving_keeper_is_not_handed_over(run, tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 2)
    with db.atomic():
        db.execute("UPDATE photos SET trashed = 1 WHERE photo_id = ?", [keeper_id(0)])
    db.conn.close()
    result = run("handover", tmp_path / "photos.db", tmp_path / "out.csv")
    assert result.output == (
        f"1 photo is in {tmp_path / 'out.csv'}. "
        "1 decided 'remove' is not; for example copy00000.jpg: its keeper IMG_0000.jpg is in the trash.\n"
    )
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [row["photo_id"] for row in rows] == [copy_id(1)]


def test_a_name_that_looks_like_a_formula_is_defused_in_the_csv(run, tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 1)
    with db.atomic():
        db["photos"].update(copy_id(0), {"filename": '=HYPERLINK("x")'})
    db.conn.close()
    run("handover", tmp_path / "photos.db", tmp_path / "out.csv")
    assert next(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))["filename"] == '\'=HYPERLINK("x")'


def test_the_worklist_shows_names_as_text(run, tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 1)
    with db.atomic():
        db["photos"].update(copy_id(0), {"filename": "<script>alert(1)</script>", "product_url": "javascript:alert(2)"})
    db.conn.close()
    run("handover", tmp_path / "photos.db", tmp_path / "out.html", "--album", "{{ rows }}")
    page = (tmp_path / "out.html").read_text()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "javascript:alert" not in page
    assert "<h1>{{ rows }}</h1>" in page and "<b>1 photo</b> to remove." in page


def test_another_ending_is_refused(run, path, tmp_path):
    result = run("handover", path, tmp_path / "out.txt")
    assert result.exit_code == 1
    assert result.output == (
        f"Error: {tmp_path / 'out.txt'} must end in .json (browser toolkit), .js (the snippet that reads it), .csv (spreadsheet) or "
        ".html (worklist of links).\n"
    )


def test_a_push_of_which_every_photo_is_refused_says_why_and_asks_google_nothing(run, tmp_path, auth_path, fake):
    build_pushable(tmp_path / "photos.db", fake, 2, foreign=2).conn.close()
    result = run("push", tmp_path / "photos.db", "--album", "D", "-a", auth_path)
    assert result.exit_code == 0
    assert '2 of 2 photos were not added to "D": this app did not upload them' in result.output
    assert fake.log == []
