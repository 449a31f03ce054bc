"""What an export becomes in the tables: the edge cases of real exports, one by one."""

from __future__ import annotations

import hashlib
import unicodedata

import pytest

from ..exports import ID, album, key, part, picture, sidecar, write_folder, write_tgz, write_zip, year

Y = "Photos from 2019"
NEW = ".supplemental-metadata.json"


def test_a_picture_and_its_sidecar_in_another_part_become_one_photo(library, tmp_path):
    data = picture(1)
    parts = [part(tmp_path, 1, {f"{Y}/a.jpg": data}), part(tmp_path, 2, {f"{Y}/a.jpg{NEW}": sidecar("a.jpg", 1)})]
    report = library.takeout(*parts)
    assert library.rows("SELECT photo_id, filename, taken_at, taken_at_source, sidecar_rule, origin FROM photos") == [
        (key(1), "a.jpg", "2019-06-28T16:38:04Z", "sidecar", "exact", "mobileUpload")
    ]
    assert report.warnings == []


def test_a_photo_row_holds_what_bytes_and_sidecar_say(library, tmp_path):
    data = picture(1)
    more = {"description": "a hill", "favorited": True, "archived": True, "geoData": {"latitude": 48.2, "longitude": 16.4}}
    library.takeout(part(tmp_path, 1, year("a.jpg", data, 1, **more)))
    columns = (
        "mime_type, kind, width, height, bytes, description, favorite, archived, trashed, latitude, longitude, sha1, media_key"
    )
    assert library.rows(f"SELECT {columns} FROM photos") == [
        ("image/jpeg", "photo", 96, 64, len(data), "a hill", 1, 1, 0, 48.2, 16.4, hashlib.sha1(data).hexdigest(), key(1))
    ]


def test_the_dedup_key_is_googles_form_of_the_checksum(library, tmp_path):
    library.takeout(part(tmp_path, 1, year("a.jpg", b"\xff\xd8\xff" + picture(1)[3:], 1)))
    dedup_key = library.one("SELECT dedup_key FROM photos")
    assert len(dedup_key) == 27 and "=" not in dedup_key


def test_every_photo_gets_a_fingerprint_and_a_preview(library, tmp_path):
    library.takeout(part(tmp_path, 1, year("a.jpg", picture(1), 1)))
    assert library.rows("SELECT length(phash), matched_by FROM fingerprints JOIN comparisons USING (photo_id)") == [(64, None)]
    assert library.rows("SELECT width, height FROM thumbnails") == [(96, 64)]


def test_a_missing_part_is_named(library, tmp_path):
    parts = [
        part(
            tmp_path,
            1,
            {f"{Y}/a.jpg": picture(1), f"{Y}/a.jpg{NEW}": sidecar("a.jpg", 1), f"{Y}/b.jpg{NEW}": sidecar("b.jpg", 2)},
        ),
        part(tmp_path, 3, year("c.jpg", picture(3), 3)),
    ]
    report = library.takeout(*parts)
    assert report.warnings == [
        "Part 002 of this export is missing: 1 sidecar describes a picture that no given part holds. Download what is missing and "
        "run the same command with all parts; photos already read are not read again."
    ]
    assert library.rows("SELECT member, code FROM skipped") == [(f"Takeout/Google Photos/{Y}/b.jpg{NEW}", "no_media")]


def test_a_part_that_comes_later_gives_the_photo_its_sidecar(library, tmp_path):
    first = part(tmp_path, 1, {f"{Y}/a.jpg": picture(1)})
    library.takeout(first)
    before = library.rows("SELECT substr(photo_id, 1, 5) FROM photos")
    second = part(tmp_path, 2, {f"{Y}/a.jpg{NEW}": sidecar("a.jpg", 1)})
    report = library.takeout(first, second)
    assert (before, library.rows("SELECT photo_id FROM photos"), report.files_read) == ([("sha1:",)], [(key(1),)], 0)


def test_copies_in_albums_are_files_of_one_photo(library, tmp_path):
    data = picture(1)
    members = {
        **year("a.jpg", data, 1),
        "Trip/a.jpg": data,
        f"Trip/a.jpg{NEW}": sidecar("a.jpg", 1),
        "Trip/metadata.json": album("Trip: 2019"),
        "Best/a.jpg": data,
        f"Best/a.jpg{NEW}": sidecar("a.jpg", 1),
        "Best/metadata.json": album("Best"),
    }
    report = library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT photo_id, album_only FROM photos") == [(key(1), 0)]
    assert library.rows("SELECT role, count(*) FROM files GROUP BY role") == [("album_copy", 2), ("original", 1)]
    assert library.rows("SELECT title FROM albums JOIN album_photos USING (album_id) ORDER BY title") == [
        ("Best",),
        ("Trip: 2019",),
    ]
    assert report.files_read == 1


def test_copies_without_a_url_collapse_by_content_title_and_time(library, tmp_path):
    data = picture(1)
    members = {
        **year("a.jpg", data),
        "Trip/a.jpg": data,
        f"Trip/a.jpg{NEW}": sidecar("a.jpg"),
        "Trip/metadata.json": album("Trip"),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT photo_id FROM photos") == [("sha1:" + hashlib.sha1(data).hexdigest(),)]
    assert library.one("SELECT count(*) FROM album_photos") == 1


def test_equal_bytes_under_another_title_stay_two_photos_with_one_dedup_key(library, tmp_path):
    data = picture(1)
    library.takeout(part(tmp_path, 1, {**year("a.jpg", data), **year("b.jpg", data)}))
    assert library.rows("SELECT count(*), count(DISTINCT dedup_key) FROM photos") == [(2, 1)]


def test_a_photo_only_in_a_shared_album_may_be_somebody_elses(library, tmp_path):
    members = {
        **year("a.jpg", picture(1), 1),
        "Shared/b.jpg": picture(2),
        f"Shared/b.jpg{NEW}": sidecar("b.jpg", 2),
        "Shared/metadata.json": album("Shared"),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT filename, album_only FROM photos ORDER BY filename") == [("a.jpg", 0), ("b.jpg", 1)]


def test_in_an_export_of_single_albums_the_way_of_upload_shows_the_owner(library, tmp_path):
    foreign = sidecar("b.jpg", 2, googlePhotosOrigin={"fromSharedAlbum": {}})
    members = {
        "Shared/a.jpg": picture(1),
        f"Shared/a.jpg{NEW}": sidecar("a.jpg", 1),
        "Shared/b.jpg": picture(2),
        f"Shared/b.jpg{NEW}": foreign,
        "Shared/metadata.json": album("Shared"),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT filename, album_only FROM photos ORDER BY filename") == [("a.jpg", 0), ("b.jpg", 1)]


def test_the_way_of_upload_proves_nothing_while_the_year_folders_may_lie_in_a_missing_part(library, tmp_path):
    shared = {"Shared/b.jpg": picture(2), f"Shared/b.jpg{NEW}": sidecar("b.jpg", 2), "Shared/metadata.json": album("Shared")}
    library.takeout(part(tmp_path, 2, shared))
    assert library.rows("SELECT album_only FROM photos") == [(1,)]


@pytest.mark.parametrize("last", [(1,), (2,), (1, 2)])
def test_somebody_elses_photo_stays_so_whichever_parts_come_later(library, tmp_path, last):
    shared = {"Shared/b.jpg": picture(2), f"Shared/b.jpg{NEW}": sidecar("b.jpg", 2), "Shared/metadata.json": album("Shared")}
    parts = {1: part(tmp_path, 1, shared), 2: part(tmp_path, 2, year("a.jpg", picture(1), 1))}
    library.takeout(parts[1])
    library.takeout(*parts.values())
    library.takeout(*(parts[number] for number in last))
    assert library.rows("SELECT filename, album_only FROM photos ORDER BY 1") == [("a.jpg", 0), ("b.jpg", 1)]


def test_a_photo_seen_in_its_year_folder_stays_the_persons_own_when_only_its_album_comes_again(library, tmp_path):
    copy = {"Trip/a.jpg": picture(1), "Trip/metadata.json": album("Trip")}
    copy |= {f"Trip/a.jpg{NEW}": sidecar("a.jpg", 1, googlePhotosOrigin={})}
    parts = [part(tmp_path, 1, year("a.jpg", picture(1), 1)), part(tmp_path, 2, copy)]
    library.takeout(*parts)
    library.takeout(parts[1])
    assert library.rows("SELECT album_only FROM photos") == [(0,)]


def test_somebody_elses_photo_on_the_persons_own_disk_stays_somebody_elses(library, tmp_path):
    shared = {"Shared/b.jpg": picture(2), f"Shared/b.jpg{NEW}": sidecar("b.jpg", 2), "Shared/metadata.json": album("Shared")}
    library.takeout(part(tmp_path, 1, {**year("a.jpg", picture(1), 1), **shared}))
    library.folder(write_folder(tmp_path / "disk", {"b.jpg": picture(2)}))
    assert library.rows("SELECT filename, album_only FROM photos ORDER BY 1") == [("a.jpg", 0), ("b.jpg", 1)]


def test_pictures_of_the_library_that_no_sidecar_describes_are_told(library, tmp_path):
    members = {**year("a.jpg", picture(1), 1), f"{Y}/b.jpg": picture(2), f"{Y}/notes.txt": b"x"}
    report = library.takeout(part(tmp_path, 1, members))
    assert report.warnings == [
        "1 picture or video has no sidecar in the given parts, so its date comes from the file itself, and place and link may be "
        "unknown. It is imported all the same."
    ]
    assert library.rows("SELECT filename, sidecar_rule FROM photos ORDER BY 1") == [("a.jpg", "exact"), ("b.jpg", None)]


def test_a_sidecar_without_a_picture_in_an_export_without_gaps_may_be_googles_fault(library, tmp_path):
    report = library.takeout(part(tmp_path, 1, {**year("a.jpg", picture(1), 1), f"{Y}/b.jpg{NEW}": sidecar("b.jpg", 2)}))
    assert report.warnings == [
        "A part of this export seems to be missing: 1 sidecar describes a picture that no given part holds. Download what is missing "
        "and run the same command with all parts; photos already read are not read again. If you gave all parts, Google left "
        "something out, as it may in a scheduled export of what is new."
    ]


def test_an_album_folder_with_sidecars_only_still_gives_its_members(library, tmp_path):
    members = {**year("a.jpg", picture(1), 1), f"Trip/a.jpg{NEW}": sidecar("a.jpg", 1), "Trip/metadata.json": album("Trip")}
    report = library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT title, photo_id FROM albums JOIN album_photos USING (album_id)") == [("Trip", key(1))]
    assert sum(report.parts[0].skipped.values()) == 0


def test_an_edited_version_is_a_file_of_its_original(library, tmp_path):
    members = {**year("a.jpg", picture(1), 1), f"{Y}/a-edited.jpg": picture(2)}
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT photo_id, sha1 FROM photos") == [(key(1), hashlib.sha1(picture(1)).hexdigest())]
    assert library.rows("SELECT role, sha1 FROM files ORDER BY role") == [
        ("edited", hashlib.sha1(picture(2)).hexdigest()),
        ("original", hashlib.sha1(picture(1)).hexdigest()),
    ]


def test_a_live_photo_is_one_photo(library, tmp_path):
    moving = b"\x00\x00\x00\x14ftypqt  " + bytes(300)
    members = {**year("IMG_1.JPG", picture(1), 1), f"{Y}/IMG_1.MOV": moving}
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT photo_id, role FROM files ORDER BY role") == [(key(1), "live_video"), (key(1), "original")]


def test_a_numbered_pair_of_equal_titles_stays_two_photos(library, tmp_path):
    members = {
        **year("a.jpg", picture(1), 1),
        f"{Y}/a(1).jpg": picture(2),
        f"{Y}/a.jpg.supplemental-metadata(1).json": sidecar("a.jpg", 2),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT photo_id, filename FROM photos ORDER BY photo_id") == [(key(1), "a.jpg"), (key(2), "a.jpg")]


def test_a_sidecar_with_a_number_never_serves_the_picture_without(library, tmp_path):
    members = {f"{Y}/a.jpg": picture(1), f"{Y}/a.jpg.supplemental-metadata(1).json": sidecar("a.jpg", 2)}
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT media_key FROM photos") == [(None,)]
    assert library.one("SELECT code FROM skipped") == "no_media"


def test_odd_times_and_places_are_unknown_and_old_ones_kept(library, tmp_path):
    members = {
        **year("zero.jpg", picture(1), 1, taken=0),
        **year("absent.jpg", picture(2), 2, taken=None),
        **year("old.jpg", picture(3), 3, taken=-1_000_000_000),
        **year("far.jpg", picture(4), 4, taken=3_093_527_980_799),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT filename, taken_at, latitude FROM photos ORDER BY filename") == [
        ("absent.jpg", None, None),
        ("far.jpg", None, None),
        ("old.jpg", "1938-04-24T22:13:20Z", None),
        ("zero.jpg", None, None),
    ]


def test_trash_is_told_by_the_sidecar_and_by_localised_folders(library, tmp_path):
    members = {
        **year("a.jpg", picture(1), 1, trashed=True),
        "Papierkorb/b.jpg": picture(2),
        f"Papierkorb/b.jpg{NEW}": sidecar("b.jpg", 2),
        **year("c.jpg", picture(3), 3),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT filename, trashed FROM photos ORDER BY filename") == [("a.jpg", 1), ("b.jpg", 1), ("c.jpg", 0)]


def test_an_album_called_like_a_year_folder_is_an_album(library, tmp_path):
    members = {
        **year("a.jpg", picture(1), 1),
        f"{Y}/metadata.json": album(Y),
        "Photos from 2018/b.jpg": picture(2),
        f"Photos from 2018/b.jpg{NEW}": sidecar("b.jpg", 2),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT title FROM albums") == [(Y,)]
    assert library.rows("SELECT filename, album_only FROM photos ORDER BY filename") == [("a.jpg", 1), ("b.jpg", 0)]


def test_metadata_of_every_odd_kind_is_survived_and_counted(library, tmp_path):
    members = {
        **year("a.jpg", picture(1), 1),
        f"{Y}/metadata.json": b'{"title": null}',
        "user-generated-memory-titles.json": b'{"title": ["a", "b"]}',
        "print-subscriptions.json": b"{}",
        "Trip/metadata.json": b'{"title": "broken',
        "Trip/other.json": b"\x93\xff not any encoding \xff\xfe\xfd",
    }
    report = library.takeout(part(tmp_path, 1, members))
    assert dict(report.parts[0].skipped) == {"not_a_sidecar": 2, "bad_sidecar": 2}


def test_titles_with_slashes_and_without_extension_find_their_pictures(library, tmp_path):
    members = {
        f"{Y}/a_b.jpg": picture(1),
        f"{Y}/a_b.jpg{NEW}": sidecar("a/b.jpg", 1),
        f"{Y}/20030616.jpg": picture(2),
        f"{Y}/20030616.json": sidecar("20030616", 2),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT photo_id, filename FROM photos ORDER BY photo_id") == [(key(1), "a/b.jpg"), (key(2), "20030616")]


def test_decomposed_names_find_composed_sidecars(library, tmp_path):
    decomposed = unicodedata.normalize("NFD", "Ähre.jpg")
    members = {f"{Y}/{decomposed}": picture(1), f"{Y}/Ähre.jpg{NEW}": sidecar("Ähre.jpg", 1)}
    library.takeout(write_folder(tmp_path / "unpacked", members))
    assert library.rows("SELECT photo_id FROM photos") == [(key(1),)]


def test_both_sidecar_styles_side_by_side_give_one_photo_with_the_newer(library, tmp_path):
    members = {**year("a.jpg", picture(1), 1), f"{Y}/a.jpg.json": sidecar("a.jpg", 1, taken=1_000_000_000)}
    report = library.takeout(write_folder(tmp_path / "unpacked", members))
    assert library.rows("SELECT taken_at, sidecar_rule FROM photos") == [("2019-06-28T16:38:04Z", "exact")]
    assert (report.parts[0].used, report.parts[0].sidecars, sum(report.parts[0].skipped.values())) == (1, 2, 0)


def test_what_cannot_be_seen_is_an_item_of_the_library_all_the_same(library, tmp_path):
    members = {
        **year("empty.jpg", b"", 1),
        **year("cut.jpg", picture(2, (900, 700))[:2000], 2),
        **year("good.jpg", picture(3), 3),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT filename, photo_id, kind, no_pixels FROM photos ORDER BY 1") == [
        ("cut.jpg", key(2), "photo", "the picture is damaged: the file ends before its pixels do"),
        ("empty.jpg", key(1), "photo", "it is empty: 0 bytes"),
        ("good.jpg", key(3), "photo", None),
    ]
    assert library.rows("SELECT * FROM skipped") == []
    before = library.tables()
    again = library.takeout(tmp_path / "takeout-20240516T230250Z-001.zip", part(tmp_path, 2, year("new.jpg", picture(4), 4)))
    assert (again.added, again.updated, again.files_read) == (1, 0, 1)
    assert [row for row in before["photos"] if row not in library.tables()["photos"]] == []


def test_a_picture_that_is_damaged_is_an_item_without_a_sidecar_and_what_is_none_is_not(library, tmp_path):
    members = {f"{Y}/cut.jpg": picture(2, (900, 700))[:2000], f"{Y}/text.jpg": b"hello", f"{Y}/empty.jpg": b""}
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT filename FROM photos") == [("cut.jpg",)]
    assert library.rows("SELECT code FROM skipped ORDER BY 1") == [("empty",), ("not_a_picture",)]


def test_a_damaged_picture_that_comes_whole_in_a_newer_export_is_seen(library, tmp_path):
    good = picture(2, (900, 700))
    library.takeout(part(tmp_path, 1, year("a.jpg", good[:2000], 2)))
    library.takeout(part(tmp_path, 1, year("a.jpg", good, 2), "20250601T000000Z"))
    assert library.rows("SELECT width, no_pixels, sha1 FROM photos") == [(900, None, hashlib.sha1(good).hexdigest())]


def test_a_picture_on_a_disk_that_cannot_be_seen_is_left_out(library, tmp_path):
    library.folder(write_folder(tmp_path / "x", {"cut.jpg": picture(2, (900, 700))[:2000]}))
    assert library.rows("SELECT code FROM skipped") == [("truncated",)]


def test_content_and_not_the_extension_says_what_a_file_is(library, tmp_path):
    members = {
        **year("heic.jpg", picture(1, format="HEIF"), 1),
        **year("png.jpg", picture(2, format="PNG"), 2),
        **year("text.jpg", b"hello", 3),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT filename, mime_type FROM photos ORDER BY filename") == [
        ("heic.jpg", "image/heic"),
        ("png.jpg", "image/png"),
        ("text.jpg", None),
    ]
    assert library.rows("SELECT no_pixels FROM photos WHERE filename = 'text.jpg'") == [
        ("its content is neither a picture nor a video in a format that is known",)
    ]


def test_when_the_library_copy_is_damaged_the_album_copy_is_used(library, tmp_path):
    good = picture(1, (900, 700))
    members = {
        **year("a.jpg", good[:2000], 1),
        "Trip/a.jpg": good,
        f"Trip/a.jpg{NEW}": sidecar("a.jpg", 1),
        "Trip/metadata.json": album("Trip"),
    }
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT photo_id, sha1 FROM photos") == [(key(1), hashlib.sha1(good).hexdigest())]
    assert library.rows("SELECT role, member FROM files") == [("original", "Takeout/Google Photos/Trip/a.jpg")]


def test_zip_tgz_and_folder_of_one_export_mix(library, tmp_path):
    paths = [
        part(tmp_path, 1, {f"{Y}/a.jpg": picture(1), f"{Y}/b.jpg{NEW}": sidecar("b.jpg", 2)}),
        write_tgz(tmp_path / f"takeout-{ID}-002.tgz", {f"{Y}/b.jpg": picture(2), f"{Y}/c.jpg{NEW}": sidecar("c.jpg", 3)}),
        write_folder(tmp_path / "unpacked", {f"{Y}/c.jpg": picture(3), f"{Y}/a.jpg{NEW}": sidecar("a.jpg", 1)}),
    ]
    library.takeout(*paths)
    assert library.rows("SELECT photo_id, filename FROM photos ORDER BY 1") == [
        (key(1), "a.jpg"),
        (key(2), "b.jpg"),
        (key(3), "c.jpg"),
    ]


def test_a_tree_may_start_anywhere(library, tmp_path):
    bare = {f"a.jpg{NEW}": sidecar("a.jpg", 1), "a.jpg": picture(1)}
    library.takeout(write_folder(tmp_path / Y, bare, root=""))
    assert library.rows("SELECT photo_id, album_only FROM photos") == [(key(1), 0)]


def test_the_old_and_the_new_part_names_and_a_browsers_number_are_known(library, tmp_path):
    paths = [
        write_zip(tmp_path / "takeout-20250921T199440Z-3-001.zip", {f"{Y}/a.jpg": picture(1)}),
        write_zip(tmp_path / "takeout-20250921T199440Z-3-002 (1).zip", {f"{Y}/a.jpg{NEW}": sidecar("a.jpg", 1)}),
    ]
    library.takeout(*paths)
    assert library.rows("SELECT photo_id FROM photos") == [(key(1),)]


def test_the_summary_of_every_part_adds_up(library, tmp_path):
    members = {
        **year("a.jpg", picture(1), 1),
        **year("bad.jpg", b"x", 2),
        f"{Y}/gone.jpg{NEW}": sidecar("gone.jpg", 9),
        "archive_browser.html": b"<html>",
        "inner.zip": b"PK\x03\x04",
        "Trip/metadata.json": album("Trip"),
    }
    (report,) = library.takeout(part(tmp_path, 1, members)).parts
    assert (report.seen, report.used, report.sidecars, dict(report.skipped)) == (
        8,
        2,
        3,
        {"not_a_picture": 1, "no_media": 1, "nested_archive": 1},
    )
    assert report.seen == report.used + report.sidecars + sum(report.skipped.values())
