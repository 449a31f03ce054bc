"""The status command: what it tells of every state a library can be in, and what it advises."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from datasette_gphotos_dedupe import schema
from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.review.decisions import Choice, read_group, save_choices
from tests.made_library import GROUP_KINDS, build_library, photo_id

load_commands()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "photos.db"


@pytest.fixture
def db(path):
    made = open_database(path)
    yield made
    made.close()


def run(path, *arguments) -> list[str]:
    result = CliRunner().invoke(cli, ["status", str(path), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output.splitlines()


def next_steps(path) -> list[str]:
    lines = run(path)
    return [line.strip() for line in lines[lines.index("Next:") + 1 :]]


def photo(db, photo_id: str, **columns) -> None:
    db["photos"].insert({"photo_id": photo_id, "source": "takeout", "filename": f"{photo_id}.jpg", **columns})


def fingerprint(db, photo_id: str, matched_by: str | None = "now") -> None:
    row = {"photo_id": photo_id, "phash": "0" * 64, "flatness": 0, "algorithm": "x"}
    db["fingerprints"].insert(row)
    db["comparisons"].update(photo_id, {"matched_by": matched_by})


def test_a_database_that_is_not_there_is_not_made(path):
    assert run(path) == [f"Error: {path} does not exist. Import something first: gphotos-to-sqlite takeout {path} takeout-*.zip"]
    assert not path.exists()


def test_an_empty_library_is_told_how_to_begin(db, path):
    assert run(path) == ["0 photos", "Next:", f"  Import a Takeout export: gphotos-to-sqlite takeout {path} takeout-*.zip"]


def test_every_number_of_a_library_is_told(db, path):
    photo(db, "a", taken_at="2001-02-03T00:00:00Z", trashed=1)
    photo(db, "b", taken_at="2019-06-28T00:00:00Z", album_only=1, kind="video", no_pixels="it is too dark")
    photo(db, "c", source="folder")
    fingerprint(db, "a")
    fingerprint(db, "c")
    db["files"].insert({"photo_id": "a", "role": "original", "container": "one.zip", "member": "a.jpg"})
    assert run(path)[:6] == [
        "3 photos (1 from folder, 2 from takeout)",
        "  taken from 2001-02-03 to 2019-06-28",
        "  1 video, 1 in the bin, 1 maybe somebody else's",
        "  1 file, 0 albums, 0 people",
        "  2 fingerprints",
        "  1 without: it is too dark",
    ]


def test_each_part_has_its_account_and_each_kind_of_skipped_file_an_example(db, path):
    photo(db, "a")
    fingerprint(db, "a")
    db["parts"].insert(
        {"container": "/x/one.zip", "state": "done", "files_seen": 6, "files_used": 1, "sidecars": 2, "files_skipped": 3}
    )
    db["parts"].insert({"container": "/x/two.zip", "state": "broken", "files_seen": 0, "message": "two.zip is cut short."})
    for number in range(3):
        code = "no_media" if number else "empty"
        row = {"container": "/x/one.zip", "member": f"{number}.jpg", "code": code, "reason": f"because of {code}"}
        db["skipped"].insert(row)
    lines = run(path)
    start = lines.index("Parts:")
    assert lines[start : start + 9] == [
        "Parts:",
        "  one.zip: 6 seen = 1 used + 2 sidecars + 1 empty + 2 no_media",
        "  two.zip: 0 seen = 0 used (broken)",
        "    two.zip is cut short.",
        "Left out (all of them with their reasons are in the table skipped):",
        "  2 no_media: because of no_media",
        "    for example /x/one.zip: 1.jpg",
        "  1 empty: because of empty",
        "    for example /x/one.zip: 0.jpg",
    ]
    assert next_steps(path) == [
        "Run the import of the parts that are broken or not finished again; what is saved is not read again.",
        "Sidecars without pictures mean that a part of an export is missing: import it together with the others.",
    ]


def test_a_run_that_was_killed_is_told_from_one_that_ended(db, path):
    photo(db, "a")
    run_row = {"command": "takeout", "started_at": "2026-01-02T03:04:05Z", "photos_added": 1, "files_skipped": 2}
    db["runs"].insert(run_row | {"state": "running"})
    db["runs"].insert(run_row | {"state": "failed", "message": "The disk is full."})
    lines = run(path)
    start = lines.index("Last runs:")
    assert lines[start + 1 : start + 4] == [
        "  2026-01-02 03:04:05 takeout: failed, 1 photo new, 0 with news, 2 files left out",
        "    The disk is full.",
        "  2026-01-02 03:04:05 takeout: not finished: still running, or killed, 1 photo new, 0 with news, 2 files left out",
    ]


def test_what_to_do_next_follows_the_state(db, path):
    photo(db, "new")
    photo(db, "seen")
    photo(db, "film", kind="video", no_pixels="needs an extra: pip install 'datasette-gphotos-dedupe[video]'")
    fingerprint(db, "seen", matched_by=None)
    db["groups"].insert(
        {
            "group_id": "seen",
            "keeper_id": "seen",
            "relation": "re_encode",
            "size": 2,
            "suggested_count": 1,
            "reclaimable_bytes": 2_000_000,
        }
    )
    decided = {"subject": "new", "photo_id": "new", "decision": "remove", "decided_at": "2026-01-02T03:04:05Z"}
    db["decisions"].insert(decided)
    assert next_steps(path) == [
        f"See more pictures: pip install 'datasette-gphotos-dedupe[video]', then gphotos-to-sqlite fingerprint {path}",
        f"Look at the pictures that have no fingerprint: gphotos-to-sqlite fingerprint {path}",
        f"Compare what is new: gphotos-to-sqlite match {path}",
        f"Review the groups: gphotos-to-sqlite review {path}",
    ]
    lines = run(path)
    start = lines.index("Decided: 1 Remove")
    assert lines[start - 1 : start + 3] == [
        "  No copy is proved. 1 group needs your eyes.",
        "Decided: 1 Remove",
        "  1 photo will not:",
        "    1: it has no keeper any more: no other photo is known to show the same picture",
    ]


def test_what_is_proved_and_what_will_go_is_told_with_the_space_it_gains(path):
    db = build_library(path, groups=8, size=3, thumbnails=False)
    assert "  8 copies are proved and can go: 320 kB. 4 groups need your eyes." in run(path)
    group = read_group(db.conn, photo_id(0))
    with db.atomic():
        save_choices(db.conn, photo_id(0), [Choice(photo_id(1), "remove"), Choice(photo_id(2), "remove")], "ada", group.seen)
        edited = photo_id(3 * GROUP_KINDS.index("edited"))
        copy = photo_id(3 * GROUP_KINDS.index("edited") + 1)
        save_choices(db.conn, edited, [Choice(copy, "remove")], "ada", read_group(db.conn, edited).seen)
    lines = run(path)
    assert "  6 copies are proved and can go: 240 kB. 4 groups need your eyes." in lines
    assert "  3 photos will go, 120 kB: 2 made again from what stays, 1 on your word" in lines
    db.close()


def chosen(path, ours: int) -> list[str]:
    """What is advised when two photos are chosen, of which this app has uploaded so many."""
    db = build_library(path, groups=1, size=3, thumbnails=False)
    group = read_group(db.conn, photo_id(0))
    with db.atomic():
        save_choices(db.conn, photo_id(0), [Choice(photo_id(1), "remove"), Choice(photo_id(2), "remove")], "ada", group.seen)
        for number in range(1, 3):
            is_ours = number <= ours
            uploaded = (is_ours, f"id{number}" if is_ours else None, photo_id(number))
            db.execute("UPDATE photos SET app_created = ?, library_id = ? WHERE photo_id = ?", uploaded)
    db.close()
    return [step for step in next_steps(path) if "review" not in step]


def planned(path, *route: str) -> str:
    """The first words of the plan of a push."""
    result = CliRunner().invoke(cli, ["push", str(path), "--album", "Duplicates", "--dry-run", *route])
    return result.output.splitlines()[0]


def test_what_came_from_takeout_is_not_sent_the_way_that_takes_only_uploads_of_this_app(path):
    assert chosen(path, ours=0) == [
        f"Write what you chose to remove (2) into a list of links: gphotos-to-sqlite handover {path} list.html",
        "Or send it into an album, with the same bytes uploaded again: "
        f'gphotos-to-sqlite push {path} --album "Duplicates" --route same-bytes',
    ]
    assert planned(path) == '0 photos will go into "Duplicates"; 2 photos will not.'
    assert CliRunner().invoke(cli, ["handover", str(path), str(path.parent / "list.html")]).output.startswith("2 photos")


def test_what_this_app_has_uploaded_is_sent_by_id(path):
    assert chosen(path, ours=2) == [
        "Send what you chose to remove and this app has uploaded (2) into an album: "
        f'gphotos-to-sqlite push {path} --album "Duplicates"'
    ]
    assert planned(path) == '2 photos will go into "Duplicates"; 0 photos will not.'


def test_of_both_each_is_sent_its_own_way(path):
    first, second, _ = chosen(path, ours=1)
    assert "(1) into an album: gphotos-to-sqlite push" in first
    assert second == f"Write the rest of it (1) into a list of links: gphotos-to-sqlite handover {path} list.html"
    assert planned(path) == '1 photo will go into "Duplicates"; 1 photo will not.'


def test_a_file_of_an_older_version_is_told_how_to_come_up_to_date(path):
    with closing(sqlite3.connect(path)) as conn:
        schema._migrations().apply(Database(conn), stop_before=list(schema.STEPS)[1])
    (line,) = run(path)
    assert line == (
        f"Error: {path} was made by an older version of this program. Nothing was changed. Bring it up to date, which loses nothing: "
        f"gphotos-to-sqlite match {path}"
    )
    assert CliRunner().invoke(cli, ["match", str(path), "--silent"]).exit_code == 0
    assert run(path)[0] == "0 photos"


def test_status_changes_nothing(db, path):
    photo(db, "a")
    before = db.conn.execute("PRAGMA data_version").fetchone()[0]
    run(path)
    assert db.conn.execute("PRAGMA data_version").fetchone()[0] == before


def test_the_age_of_the_newest_export_is_told_and_an_old_one_is_to_be_followed(db, path):
    made = datetime.now(timezone.utc) - timedelta(days=121, hours=1)
    photo(db, "a", exported_at="2020-01-01T00:00:00Z")
    fingerprint(db, "a")
    db["parts"].insert({"container": "/x/one.zip", "state": "done", "exported_at": made.strftime("%Y-%m-%dT%H:%M:%SZ")})
    assert f"  newest export: {made:%Y-%m-%d}, 121 days old" in run(path)
    assert next_steps(path) == [
        "Import a newer export, the newest is 121 days old: a scheduled Takeout brings what is new every two months."
    ]


def test_a_new_export_asks_for_no_other(db, path):
    made = datetime.now(timezone.utc) - timedelta(days=20)
    photo(db, "a", exported_at=made.strftime("%Y-%m-%dT%H:%M:%SZ"))
    fingerprint(db, "a")
    assert next_steps(path) == ["Nothing to do. Import again when you have a new export."]


def test_what_a_run_took_its_export_for_stands_below_it(db, path):
    photo(db, "a")
    db["runs"].insert({"command": "takeout", "started_at": "2026-01-02T03:04:05Z", "state": "done", "concluded": "It is whole."})
    lines = run(path)
    assert lines[lines.index("Last runs:") + 2] == "    It is whole."
