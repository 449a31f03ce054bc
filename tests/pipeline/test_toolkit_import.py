"""What the toolkit's list does to a library: it joins what is certain, adds what is new, and leaves the rest out by name."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing

import pytest
from sqlite_utils import Database

from datasette_gphotos_dedupe import schema
from datasette_gphotos_dedupe.errors import SourceError
from datasette_gphotos_dedupe.pipeline.toolkit_import import listing_lines
from datasette_gphotos_dedupe.store.library.identity import take_over
from datasette_gphotos_dedupe.store.review.decisions import Choice, read_group_states, save_choices

from ..exports import album, key, part, picture, sidecar, year
from ..toolkit import album_item, content_key, item, trash_item, write_csv

RUNS = "SELECT count(*) FROM runs"
SECOND = "2019-06-28T16:38:04Z"


@pytest.fixture
def csv(tmp_path):
    """Writes lines to the file and gives its path."""
    return lambda *items: write_csv(tmp_path / "metadata.csv", *items)


def add(library, photo_id, data: bytes | None = None, **columns):
    """A photo as an import left it."""
    told = {"source": "takeout", "filename": "a.jpg", "taken_at": SECOND, "taken_at_source": "sidecar", **columns}
    if data is not None:
        told |= {"sha1": hashlib.sha1(data).hexdigest(), "bytes": len(data), "dedup_key": content_key(data)}
    library.db["photos"].insert({"photo_id": photo_id, **told})
    return told


def sha1_id(data: bytes) -> str:
    return f"sha1:{hashlib.sha1(data).hexdigest()}"


def test_a_photo_known_by_its_media_key_learns_space_quality_and_owner(library, csv):
    add(library, key(1), b"abc", media_key=key(1))
    report = library.toolkit(csv(item(1, "other.jpg", b"abc", takesUpSpace="true", spaceTakenBytes=3, isOriginalQuality="false")))
    assert library.rows("SELECT photo_id, filename, space_bytes, original_quality, owned, source FROM photos") == [
        (key(1), "a.jpg", 3, 0, 1, "takeout")
    ]
    assert (report.rules["media_key"], report.updated, report.added) == (1, 1, 0)


def test_a_photo_known_by_its_content_gets_its_media_key_for_an_id(library, csv):
    add(library, sha1_id(b"abc"), b"abc", filename="mine.jpg", taken_at=None)
    report = library.toolkit(csv(item(1, "a.jpg", b"abc")))
    assert library.rows("SELECT photo_id, media_key, product_url, filename, taken_at, taken_at_source FROM photos") == [
        (key(1), key(1), f"https://photos.google.com/photo/{key(1)}", "mine.jpg", SECOND, "csv")
    ]
    assert report.rules["content"] == 1


def test_without_a_content_key_name_second_and_size_together_find_the_photo(library, csv):
    add(library, sha1_id(b"abc"), b"abc")
    report = library.toolkit(csv(item(1, "a.jpg", sizeBytes=3)))
    assert (library.one("SELECT photo_id FROM photos"), report.rules["name"]) == (key(1), 1)


@pytest.mark.parametrize("change", [{"fileName": "b.jpg"}, {"takenAt": "2019-06-28T16:38:05Z"}, {"sizeBytes": 4}])
def test_two_of_name_second_and_size_are_not_enough(library, csv, change):
    add(library, sha1_id(b"abc"), b"abc")
    report = library.toolkit(csv(item(1, "a.jpg", sizeBytes=3) | change))
    assert (report.matched, report.added) == (0, 1)


def test_an_original_of_other_content_is_another_photo_whatever_its_name(library, csv):
    add(library, sha1_id(b"abc"), b"abc")
    report = library.toolkit(csv(item(1, "a.jpg", b"xyz", isOriginalQuality="true")))
    assert (report.matched, report.added) == (0, 1)


def test_a_storage_saver_item_keeps_googles_content_key_and_not_the_one_of_its_bytes(library, csv):
    add(library, sha1_id(b"abc"), b"abc")
    library.toolkit(csv(item(1, "a.jpg", b"xyz", isOriginalQuality="false")))
    assert library.rows("SELECT photo_id, dedup_key FROM photos") == [(key(1), content_key(b"xyz"))]


def test_an_item_of_the_api_is_found_by_name_second_and_pixels_and_keeps_its_id(library, csv):
    add(library, "api-id", source="library", library_id="api-id", app_created=1, width=40, height=30)
    library.toolkit(csv(item(1, "a.jpg", b"abc", width=40, height=30)))
    assert library.rows("SELECT photo_id, media_key, library_id, bytes FROM photos") == [("api-id", key(1), "api-id", 3)]


def test_of_two_photos_that_could_be_it_neither_is_taken(library, csv):
    add(library, sha1_id(b"abc"), b"abc")
    add(library, sha1_id(b"abc") + ":12345678", b"abc", filename="b.jpg")
    report = library.toolkit(csv(item(1, "c.jpg", b"abc")))
    assert library.one("SELECT count(*) FROM photos WHERE media_key IS NOT NULL OR source != 'takeout'") == 0
    assert (report.rules["ambiguous"], report.added) == (1, 0)
    assert library.rows("SELECT member, code, reason FROM skipped") == [
        ("line 2", "ambiguous", "several photos could be this item, and nothing tells which; a new Takeout export names them")
    ]


def test_of_two_items_that_could_be_one_photo_neither_is_taken(library, csv):
    add(library, sha1_id(b"abc"), b"abc")
    report = library.toolkit(csv(item(1, "x.jpg", b"abc"), item(2, "y.jpg", b"abc")))
    assert (report.matched, report.rules["ambiguous"]) == (0, 2)


def test_equal_contents_are_told_apart_by_name_and_second(library, csv):
    add(library, sha1_id(b"abc"), b"abc")
    add(library, sha1_id(b"abc") + ":12345678", b"abc", filename="b.jpg")
    library.toolkit(csv(item(1, "b.jpg", b"abc"), item(2, "a.jpg", b"abc")))
    assert library.rows("SELECT photo_id, filename FROM photos ORDER BY filename") == [(key(2), "a.jpg"), (key(1), "b.jpg")]


def test_another_item_of_the_same_content_does_not_take_a_photo_that_has_its_own_key(library, csv):
    add(library, key(1), b"abc", media_key=key(1))
    report = library.toolkit(csv(item(1, "a.jpg", b"abc"), item(2, "a.jpg", b"abc")))
    assert library.rows("SELECT photo_id FROM photos ORDER BY 1") == [(key(1),), (key(2),)]
    assert (report.rules["media_key"], report.rules["new"]) == (1, 1)


def test_an_item_nobody_knew_becomes_a_photo_without_pixels(library, csv):
    line = item(1, "a.mp4", durationMs=2500, isFavorite="true", isArchived="true", isOwned="false", takesUpSpace="false")
    library.toolkit(csv(line))
    columns = "photo_id, source, kind, duration_s, favorite, archived, album_only, space_bytes, taken_at, taken_at_source"
    assert library.rows(f"SELECT {columns} FROM photos") == [(key(1), "toolkit-csv", "video", 2.5, 1, 1, 1, 0, SECOND, "csv")]
    assert library.one("SELECT no_pixels FROM photos") == (
        "the toolkit's CSV holds no pictures; a Takeout export brings the picture in"
    )


def test_googles_word_on_who_owns_it_counts_more_than_the_folder(library, csv):
    add(library, key(1), media_key=key(1), album_only=1)
    add(library, key(2), media_key=key(2), album_only=0)
    library.toolkit(csv(item(1, isOwned="true"), item(2, isOwned="false")))
    assert library.rows("SELECT photo_id, album_only FROM photos ORDER BY 1") == [(key(1), 0), (key(2), 1)]


def test_running_again_writes_no_row(library, csv):
    add(library, key(1), b"abc", media_key=key(1))
    path = csv(item(1, "a.jpg", b"abc", spaceTakenBytes=3), item(2), album_item(3, "x.jpg", b"x"), item(4, mediaKey="no"))
    library.toolkit(path)
    before = library.db.conn.total_changes, library.tables(), library.one(RUNS)
    library.toolkit(path)
    temp_rows = library.db.conn.total_changes - before[0]
    assert (library.tables(), library.one(RUNS)) == before[1:]
    assert temp_rows < 20  # the temporary tables of the comparison


def test_a_line_that_was_mended_is_no_longer_skipped(library, csv):
    library.toolkit(csv(item(1), item(2, mediaKey="short")))
    library.toolkit(csv(item(1), item(2)))
    assert (library.rows("SELECT * FROM skipped"), library.one("SELECT count(*) FROM photos")) == ([], 2)


def test_lines_used_and_skipped_add_up_in_runs_and_parts(library, csv):
    library.toolkit(csv(item(1), item(1), item(2), item(3, mediaKey="?")))
    assert library.rows("SELECT command, state, files_seen, files_used, files_skipped, photos_added FROM runs") == [
        ("toolkit-csv", "done", 4, 3, 1, 2)
    ]
    assert library.rows("SELECT state, files_seen, files_used, sidecars, files_skipped FROM parts") == [("done", 4, 3, 0, 1)]


def test_the_summary_says_how_each_item_was_found(library, csv):
    add(library, key(1), media_key=key(1))
    add(library, sha1_id(b"abc"), b"abc")
    lines = list(
        listing_lines(library.toolkit(csv(item(1), item(2, "z", b"abc"), item(3), item(4, mediaKey="?"), item(5, width="wide"))))
    )
    assert lines == [
        "metadata.csv: 5 lines, 4 items of the library.",
        "2 items matched a photo already known (1 by media key, 1 by content, 0 by name, time and size), 2 of them with news.",
        "2 items new, without pictures until a Takeout export brings them.",
        "1 line could not be used; the table skipped says why.",
        "1 field could not be read and left out, the rest of the line used: line 6: its width is 'wide', not a number.",
    ]


def test_an_album_of_a_title_that_only_one_album_has_is_the_one_of_the_export(library, tmp_path, csv):
    members = {"Trip_/a.jpg": picture(1), "Trip_/a.jpg.json": sidecar("a.jpg", 1), "Trip_/metadata.json": album("Trip?")}
    library.takeout(part(tmp_path, 1, {**members, **year("b.jpg", picture(2), 2)}))
    library.toolkit(csv(album_item(900, data=picture(2), sourceAlbumTitle="Trip?")))
    assert library.rows("SELECT album_id, photo_id FROM album_photos ORDER BY 2") == [
        ("album:Trip_", key(1)),
        ("album:Trip_", key(2)),
    ]


def test_two_albums_of_one_title_stay_two(library, csv):
    library.toolkit(csv(*(album_item(n, data=b"abc", sourceAlbumMediaKey=key(50 + n)) for n in (1, 2))))
    assert library.rows("SELECT album_id, title FROM albums ORDER BY 1") == [(key(51), "Trip"), (key(52), "Trip")]


def test_an_item_of_an_album_is_the_photo_of_its_content_key_and_its_own_media_key_is_kept_nowhere(library, csv):
    marked = f"{content_key(b'x')}:1971ddc90ed"
    library.toolkit(csv(item(1, "a.jpg", b"abc", isFavorite="true"), item(2, "b.jpg", dedupKey=marked)))
    report = library.toolkit(csv(album_item(801, "a.jpg", b"abc"), album_item(802, "b.jpg", dedupKey=marked)))
    assert library.rows("SELECT photo_id, media_key, favorite, album_only FROM photos ORDER BY 1") == [
        (key(1), key(1), 1, 0),
        (key(2), key(2), 0, 0),
    ]
    assert library.rows("SELECT album_id, photo_id FROM album_photos ORDER BY 2") == [(key(50), key(1)), (key(50), key(2))]
    assert (report.rules["content"], report.added, report.skipped) == (2, 0, 0)


def test_the_same_content_with_and_without_a_mark_are_two_items(library, csv):
    marked = f"{content_key(b'abc')}:1971ddc90ed"
    library.toolkit(csv(item(1, "a.jpg", b"abc"), item(2, "a.jpg", b"abc", dedupKey=marked)))
    library.toolkit(csv(album_item(800, "a.jpg", b"abc", dedupKey=marked)))
    assert library.rows("SELECT photo_id FROM album_photos") == [(key(2),)]


@pytest.mark.parametrize("dedup_key", [content_key(b"abc"), f"{content_key(b'abc')}:1971ddc90ed", "no_checksum_at_all"])
def test_an_album_listed_before_the_library_waits_for_the_media_keys(library, csv, dedup_key):
    library.toolkit(csv(album_item(801, "a.jpg", dedupKey=dedup_key)))
    assert library.rows("SELECT media_key, product_url, album_only, trashed FROM photos") == [(None, None, 1, 0)]
    library.toolkit(csv(item(1, "a.jpg", dedupKey=dedup_key)))
    assert library.rows("SELECT photo_id, media_key, dedup_key, album_only FROM photos") == [(key(1), key(1), dedup_key, 0)]
    assert library.rows("SELECT album_id, photo_id FROM album_photos") == [(key(50), key(1))]


@pytest.mark.parametrize("number", [1, None])
@pytest.mark.parametrize("mark", ["", ":1971ddc90ed"])
def test_an_album_listed_before_the_export_is_joined_by_its_pictures(library, tmp_path, csv, number, mark):
    library.toolkit(csv(album_item(801, "a.jpg", picture(1), dedupKey=content_key(picture(1)) + mark)))
    library.takeout(part(tmp_path, 1, year("a.jpg", picture(1), number)))
    ((photo_id, media_key, dedup_key, album_only),) = library.rows(
        "SELECT photo_id, media_key, dedup_key, album_only FROM photos"
    )
    assert (media_key, album_only) == (number and key(number), 0)
    assert dedup_key == content_key(picture(1)) + mark
    assert library.rows("SELECT photo_id FROM album_photos") == [(photo_id,)]


def test_a_list_of_albums_and_library_in_one_file_makes_no_photo_twice(library, csv):
    library.toolkit(csv(album_item(801, "a.jpg", b"abc"), item(1, "a.jpg", b"abc"), album_item(802, "b.jpg", b"b")))
    assert library.one("SELECT count(*) FROM photos") == 2
    assert library.rows("SELECT photo_id FROM album_photos WHERE photo_id = ?", key(1)) == [(key(1),)]


def test_of_two_photos_of_an_items_content_the_one_of_its_name_and_second_is_in_the_album(library, csv):
    add(library, key(1), b"abc", media_key=key(1))
    add(library, key(2), b"abc", media_key=key(2), filename="b.jpg")
    library.toolkit(csv(album_item(800, "b.jpg", b"abc")))
    assert library.rows("SELECT photo_id FROM album_photos") == [(key(2),)]


def test_a_list_of_the_trash_imports_nothing_and_says_how_to_use_it(library, csv):
    add(library, key(1), b"abc", media_key=key(1))
    report = library.toolkit(csv(trash_item(1, "a.jpg", b"abc"), trash_item(2, "b.jpg", b"b")))
    assert library.rows("SELECT photo_id, trashed FROM photos") == [(key(1), 0)]
    assert library.rows("SELECT member, code FROM skipped ORDER BY 1") == [
        ("line 2", "not_in_library"),
        ("line 3", "not_in_library"),
    ]
    assert listing_lines(report)[-1] == (
        "2 lines left out: from the trash, the locked folder or a shared link. If you exported the trash, add --trash to mark its "
        "photos."
    )
    assert library.rows("SELECT files_seen, files_used, files_skipped FROM parts") == [(2, 0, 2)]


def test_a_list_given_as_one_of_the_trash_marks_what_is_known(library, csv):
    add(library, key(1), b"abc", media_key=key(1), exported_at="2020-01-01T00:00:00Z")
    add(library, key(3), b"c", media_key=key(3))
    path = csv(trash_item(1, "a.jpg", b"abc"), trash_item(2, "b.jpg", b"b"))
    os.utime(path, (3_000_000_000, 3_000_000_000))
    report = library.toolkit(path, trash=True)
    assert library.rows("SELECT photo_id, trashed FROM photos ORDER BY 1") == [(key(1), 1), (key(3), 0)]
    assert listing_lines(report) == [
        "metadata.csv: 2 items of the trash, 1 photo of them known here.",
        "1 photo newly marked as trashed: never a keeper, never suggested, never pushed.",
    ]
    assert library.rows("SELECT member, code FROM skipped") == [("line 3", "unknown_item")]
    library.toolkit(csv(item(1, "a.jpg", b"abc")))
    assert library.one("SELECT trashed FROM photos WHERE photo_id = ?", key(1)) == 1  # this list is not the newer one
    path = csv(item(1, "a.jpg", b"abc"))
    os.utime(path, (4_000_000_000, 4_000_000_000))
    library.toolkit(path)
    assert library.one("SELECT trashed FROM photos WHERE photo_id = ?", key(1)) == 0


@pytest.mark.parametrize("line", [item(2), album_item(2, data=b"b")])
def test_a_list_of_anything_else_is_not_taken_for_the_trash(library, csv, line):
    add(library, key(1), b"abc", media_key=key(1))
    with pytest.raises(SourceError) as caught:
        library.toolkit(csv(trash_item(1, "a.jpg", b"abc"), line), trash=True)
    assert str(caught.value) == (
        "metadata.csv is no list of the trash: line 3 has what the toolkit knows of items of the library or of an album alone. "
        "Nothing was changed. Leave --trash out to import it."
    )
    assert library.one("SELECT trashed FROM photos") == 0


def test_photos_that_an_older_version_made_of_the_items_of_albums_become_those_of_the_library(tmp_path):
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as conn:
        db = Database(conn)
        for name in list(schema.STEPS)[: list(schema.STEPS).index("m006_items_of_albums")]:
            schema.STEPS[name](db)
        common = {"source": "toolkit-csv", "filename": "a.jpg"}
        db["photos"].insert_all(
            [
                {"photo_id": key(1), "media_key": key(1), "dedup_key": "K1", "owned": 1, "album_only": 0} | common,
                {"photo_id": key(801), "media_key": key(801), "dedup_key": "K1", "owned": None, "album_only": 0} | common,
                {"photo_id": key(802), "media_key": key(802), "dedup_key": "K2", "owned": None, "album_only": 0} | common,
                {"photo_id": key(3), "media_key": key(3), "dedup_key": "K3", "owned": None, "album_only": 0} | common,
            ]
        )
        db["albums"].insert({"album_id": key(50), "title": "Trip"})
        db["album_photos"].insert_all({"album_id": key(50), "photo_id": key(n)} for n in (801, 802))
        conn.execute("PRAGMA foreign_keys = ON")
        conn.commit()
        schema.STEPS["m006_items_of_albums"](db)
        assert conn.execute("SELECT photo_id, media_key, album_only FROM photos ORDER BY 1").fetchall() == [
            (key(1), key(1), 0),
            (key(3), key(3), 0),
            (key(802), None, 1),
        ]
        assert conn.execute("SELECT photo_id FROM album_photos ORDER BY 1").fetchall() == [(key(1),), (key(802),)]


def test_the_picture_that_an_export_brings_later_joins_the_line(library, tmp_path, csv):
    library.toolkit(csv(item(1, "a.jpg", picture(1)), item(2, "b.jpg", picture(2))))
    library.takeout(part(tmp_path, 1, {**year("a.jpg", picture(1), 1), **year("renamed.jpg", picture(2))}))
    assert library.rows("SELECT photo_id, source, no_pixels, owned, width FROM photos ORDER BY 1") == [
        (key(1), "takeout", None, 1, 96),
        (key(2), "takeout", None, 1, 96),
    ]
    assert library.one("SELECT count(*) FROM fingerprints") == 2


def test_an_export_imported_again_leaves_what_the_list_said(library, tmp_path, csv):
    export = part(tmp_path, 1, year("a.jpg", picture(1)))
    library.takeout(export)
    library.toolkit(csv(item(1, "a.jpg", b"before compression", isOriginalQuality="false", sizeBytes=len(picture(1)))))
    before = library.tables()
    report = library.takeout(export)
    assert (library.tables(), report.files_read) == (before, 0)


def decided(library, photo_id: str) -> list[tuple]:
    return library.rows("SELECT subject, decision, photo_id FROM decisions WHERE photo_id = ?", photo_id)


def test_a_decision_goes_along_when_a_photo_gets_its_media_key(library, tmp_path, csv):
    large = picture(1, (960, 640))
    library.takeout(part(tmp_path, 1, {**year("a.jpg", large, taken=1), **year("b.jpg", large + b"\0", taken=1)}))
    library.match()
    (group,) = read_group_states(library.db.conn, [row[0] for row in library.rows("SELECT group_id FROM groups")])
    copy = next(member["photo_id"] for member in group.members if member["photo_id"] != group.keeper_id)
    with library.db.conn:
        save_choices(library.db.conn, group.group["group_id"], [Choice(copy, "keep")], "ada", group.seen)
    data = large if copy == sha1_id(large) else large + b"\0"
    library.toolkit(csv(item(7, "x.jpg", data)))
    library.match()
    assert decided(library, key(7)) == [(key(7), "keep", key(7))]
    assert library.rows("SELECT subject FROM decision_history") == [(key(7),)]
    assert library.one("SELECT count(*) FROM group_members WHERE photo_id = ?", key(7)) == 1


@pytest.mark.parametrize("first, second", [("keep", "remove"), ("remove", "keep")])
def test_when_two_ids_are_one_photo_keep_wins_over_remove(library, csv, first, second):
    add(library, sha1_id(b"abc"), b"abc", source="folder")
    add(library, key(1), source="toolkit-csv", media_key=None)
    times = {"decided_at": "2026-01-01T00:00:00Z"}
    library.db["decisions"].insert_all(
        [
            {"subject": sha1_id(b"abc"), "photo_id": sha1_id(b"abc"), "decision": first, **times},
            {"subject": key(1), "photo_id": key(1), "decision": second, **times},
        ]
    )
    with library.db.conn:
        take_over(library.db.conn, sha1_id(b"abc"), key(1))
    assert library.rows("SELECT subject, photo_id, decision FROM decisions") == [(key(1), key(1), "keep")]


def test_a_file_that_is_no_list_changes_nothing(library, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError):
        library.toolkit(path)
    assert (library.one(RUNS), library.one("SELECT count(*) FROM parts")) == (0, 0)


def test_a_file_damaged_all_over_is_given_up_with_nothing_saved(library, csv, monkeypatch):
    monkeypatch.setattr("datasette_gphotos_dedupe.pipeline.toolkit_import.MAX_SKIPPED", 3)
    with pytest.raises(SourceError) as caught:
        library.toolkit(csv(item(1), *(item(n, mediaKey="?") for n in range(2, 9))))
    assert str(caught.value) == (
        "metadata.csv has more than 3 lines that cannot be used, the last at line 6: '?' is not a media key. "
        "Nothing was saved. Download it again."
    )
    assert library.one("SELECT count(*) FROM photos") == 0
