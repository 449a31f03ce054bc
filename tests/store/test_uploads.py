"""Uploads told apart, how much of each the library holds anyway, and that the sums follow whatever happens."""

from __future__ import annotations

import re
import sqlite3

import pytest

from datasette_gphotos_dedupe.album.handover_files import plan_handover
from datasette_gphotos_dedupe.errors import NotFoundError
from datasette_gphotos_dedupe.pipeline.matching import match_library
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.review import uploads
from datasette_gphotos_dedupe.store.review.bulk_decisions import Scope, plan_accept, save_accept
from datasette_gphotos_dedupe.store.review.decisions import Choice, read_group, refresh_decided, save_choices
from datasette_gphotos_dedupe.store.review.undo import undo_batch
from datasette_gphotos_dedupe.store.review.uploads import (
    _save_standings,
    is_stale,
    list_batches,
    read_batch,
    read_batch_photos,
    upload_id_of,
)
from tests.large_library import build_large_library
from tests.made_library import build_library, photo_id

PREVIEWS = 40


@pytest.fixture
def conn(tmp_path):
    """Fifty originals; for each of forty a preview that a sync program uploaded, ten of them beside another exposure only."""
    db = build_library(tmp_path / "photos.db", groups=50, size=2, thumbnails=False)
    with db.atomic():
        for number in range(PREVIEWS):
            name = f"{number:08x}-aaaa-4bbb-8ccc-0123456789ab.jpg"
            values = {"filename": name, "uploaded_at": "2022-04-12T20:00:00Z", "width": 1024 - number, "height": 700}
            db["photos"].update(photo_id(2 * number + 1), values)
            relation = "look_alike" if number >= 30 else "smaller_copy"
            ids = [photo_id(2 * number), photo_id(2 * number + 1)]
            db.execute(
                "UPDATE pairs SET relation = ?, remade_from = ? WHERE photo_a = ? AND photo_b = ?", [relation, ids[0], *ids]
            )
            role, suggested = ("look_alike", None) if number >= 30 else ("copy", "remove")
            sql = "UPDATE group_members SET role = ?, relation = ?, suggested = ? WHERE photo_id = ?"
            db.execute(sql, [role, relation, suggested, ids[1]])
        refresh_decided(db.conn)
    db.conn.isolation_level = None
    yield db.conn
    db.conn.close()


def previews(conn):
    return next(batch for batch in list_batches(conn) if batch.name_pattern == "36 machine characters")


def test_what_one_program_uploaded_on_one_day_is_one_batch(conn):
    batch = previews(conn)
    assert (batch.origin, batch.uploaded_on, batch.longest_side) == ("driveDesktopUploader", "2022-04-12", 1024)
    assert (batch.photos, batch.proved, batch.elsewhere, batch.nowhere) == (40, 30, 0, 10)
    assert (batch.bytes, batch.open) == (30 * 40_000, 30)
    assert read_batch(conn, batch.batch_id) == batch


def test_the_view_needs_no_function_of_ours_and_adds_up(conn):
    for origin, photos, proved, elsewhere, nowhere in conn.execute(
        "SELECT origin, photos, proved, elsewhere, nowhere FROM upload_batches"
    ):
        assert photos == proved + elsewhere + nowhere, origin


def test_the_others_of_a_batch_are_a_link_away(conn):
    batch = previews(conn)
    left = read_batch_photos(conn, batch.batch_id, "nowhere")
    assert [photo["photo_id"] for photo in left] == [photo_id(2 * number + 1) for number in range(30, 40)]
    assert {photo["standing"] for photo in left} == {"nowhere"} and left[0]["keeper"] == "IMG_0030.jpg"
    assert len(read_batch_photos(conn, batch.batch_id, after=left[0]["photo_id"])) == 9
    with pytest.raises(NotFoundError):
        read_batch(conn, "nothing")


def test_one_act_accepts_what_is_proved_of_a_batch_and_one_undo_takes_it_back(conn):
    batch = previews(conn)
    scope = Scope(batch_id=batch.batch_id)
    plan = plan_accept(conn, scope)
    assert (plan.photos, plan.groups, plan.refused, plan.bytes) == (30, 30, 0, 30 * 40_000)
    done = save_accept(conn, scope, plan.digest, "ada", "the previews")
    assert (done.photos, previews(conn).open, previews(conn).proved) == (30, 0, 30)
    undo_batch(conn, done.batch_id, "ada")
    assert previews(conn) == batch


def test_from_the_batch_to_the_hand_over_goes_what_is_proved_and_none_of_the_other_exposures(conn):
    scope = Scope(batch_id=previews(conn).batch_id)
    save_accept(conn, scope, plan_accept(conn, scope).digest, "ada", "the previews")
    handover = plan_handover(conn, "Duplicates")
    assert {photo.photo_id for photo in handover.photos} == {photo_id(2 * number + 1) for number in range(30)}
    assert {photo.word for photo in handover.photos} == {"remade"} and not handover.refused


def test_an_upload_that_was_imported_after_the_last_match_is_sorted_by_the_next(conn, tmp_path):
    conn.execute("INSERT INTO photos (photo_id, source, filename) VALUES ('new', 'takeout', 'IMG_0001.jpg')")
    assert is_stale(conn)
    match_library(open_database(tmp_path / "photos.db"))
    assert not is_stale(conn)


def test_a_keeper_that_is_removed_proves_nothing_until_that_is_taken_back(conn):
    before = previews(conn)
    group = read_group(conn, photo_id(0))
    batch_id = save_choices(conn, photo_id(0), [Choice(photo_id(0), "remove"), Choice(photo_id(1), "keep")], "ada", group.seen)
    assert (previews(conn).proved, previews(conn).elsewhere) == (29, 1)
    undo_batch(conn, batch_id, "ada")
    assert previews(conn) == before


def test_a_photo_that_changes_or_goes_leaves_its_batch_and_is_sorted_anew(conn):
    batch = previews(conn)
    conn.execute("UPDATE photos SET filename = 'IMG_9999.jpg' WHERE photo_id = ?", [photo_id(1)])
    conn.execute("DELETE FROM photos WHERE photo_id = ?", [photo_id(3)])
    assert (previews(conn).photos, previews(conn).proved, is_stale(conn)) == (38, 28, True)
    refresh_decided(conn)
    assert not is_stale(conn)
    (row,) = conn.execute("SELECT upload_id FROM upload_photos WHERE photo_id = ?", [photo_id(1)]).fetchall()
    assert row[0] != batch.batch_id


def test_a_batch_keeps_its_id_in_every_library_and_its_last_photo_takes_it_along(conn):
    batch = previews(conn)
    assert batch.batch_id == upload_id_of("driveDesktopUploader", "2022-04-12", "36 machine characters", 1000)
    conn.execute(
        "DELETE FROM photos WHERE photo_id IN (SELECT photo_id FROM upload_photos WHERE upload_id = ?)", [batch.batch_id]
    )
    assert conn.execute("SELECT count(*) FROM uploads WHERE upload_id = ?", [batch.batch_id]).fetchone() == (0,)


def sums_by_hand(conn: sqlite3.Connection) -> dict[str, tuple]:
    """What the triggers keep, counted from the rows."""
    rows = conn.execute("SELECT upload_id, standing, in_group, bytes FROM upload_photos").fetchall()
    found: dict[str, list[int]] = {}
    for upload_id, standing, in_group, size in rows:
        sums = found.setdefault(upload_id, [0] * 6)
        sums[0] += 1
        sums[1] += in_group
        sums[2 + ("proved", "elsewhere", "nowhere").index(standing)] += 1
        sums[5] += size if standing == "proved" else 0
    return {upload_id: tuple(sums) for upload_id, sums in found.items()}


def test_the_sums_are_those_of_the_rows_whatever_was_decided_and_undone(tmp_path):
    build_large_library(tmp_path / "photos.db", photos=900, groups=120, thumbnails=False)
    conn = open_database(tmp_path / "photos.db").conn
    conn.isolation_level = None
    acts = [Scope("smaller_than_keeper", "relation = 're_encode'"), Scope()]
    done = [save_accept(conn, scope, plan_accept(conn, scope).digest, "ada", "some") for scope in acts]
    for batch in reversed(done):
        undo_batch(conn, batch.batch_id, "ada")
    conn.execute("DELETE FROM photos WHERE rowid % 7 = 0")
    stored = conn.execute("SELECT upload_id, photos, in_groups, proved, elsewhere, nowhere, proved_bytes FROM uploads").fetchall()
    assert {row[0]: row[1:] for row in stored} == sums_by_hand(conn)
    conn.close()


def standings(conn):
    return conn.execute("SELECT photo_id, standing, in_group FROM upload_photos ORDER BY photo_id").fetchall()


def test_those_who_meet_nobody_any_more_stand_nowhere_without_a_look_at_all_photos(conn):
    before = standings(conn)
    conn.execute("DELETE FROM pairs WHERE photo_a < ?", [photo_id(20)])
    conn.execute("DELETE FROM group_members WHERE photo_id BETWEEN ? AND ?", [photo_id(10), photo_id(29)])
    refresh_decided(conn)
    after = standings(conn)
    _save_standings(conn, "upload_photos")
    assert standings(conn) == after != before
    assert (photo_id(11), "nowhere", 0) in after


def test_short_machine_names_of_one_program_are_one_upload_also_where_an_earlier_rule_sorted_them(conn, monkeypatch):
    names = ["3f9a1c77", "77e1b0c4", "a04c9e13", "b2d8e6f1", "0c4f7a92", "5e81d3b6", "e7b40f2d", "9ac1d57e", "d18f6c03"]
    for number, name in enumerate(names):
        conn.execute("UPDATE photos SET filename = ? WHERE photo_id = ?", [f"{name}.jpg", photo_id(2 * number + 1)])
    with monkeypatch.context() as earlier:
        earlier.setattr(uploads, "name_pattern", lambda filename: re.sub(r"\d+", "#", filename.rpartition(".")[0]))
        earlier.setattr(uploads, "NAME_RULE", "names/1")
        refresh_decided(conn)
    assert {"#f#a#c#", "#e#b#c#"} <= {batch.name_pattern for batch in list_batches(conn, least=1)}
    assert is_stale(conn)
    refresh_decided(conn)
    assert not is_stale(conn)
    short = next(batch for batch in list_batches(conn) if batch.name_pattern == "8 machine characters")
    assert (short.photos, short.proved, previews(conn).photos) == (9, 9, PREVIEWS - 9)
    stored = conn.execute("SELECT upload_id, photos, in_groups, proved, elsewhere, nowhere, proved_bytes FROM uploads").fetchall()
    assert {row[0]: row[1:] for row in stored} == sums_by_hand(conn)


def test_a_match_with_nothing_new_sorts_names_by_the_rule_of_today(conn, tmp_path):
    db = open_database(tmp_path / "photos.db")
    match_library(db)
    assert not is_stale(conn)
    conn.execute("UPDATE match_state SET value = 'names/1' WHERE name = 'name rule'")
    match_library(db)
    assert not is_stale(conn)
