"""Exports as people really have them: folders in their language, litter of disks, copies in albums, what no sidecar describes."""

from __future__ import annotations

import json

import pytest

from ..exports import album, key, part, picture, sidecar, write_folder, write_tgz, year

Y = "Photos from 2013"
LITTER = (
    *("@eaDir/a.jpg/SYNOFILE_THUMB_XL.jpg", f"{Y}/@eaDir/a.jpg", f"{Y}/.thumbnails/1.jpg", "__MACOSX/a.jpg", f"{Y}/._a.jpg"),
    *("$RECYCLE.BIN/a.jpg", f"{Y}/Thumbs.db", f"{Y}/.trashed-1700000000-a.jpg", f"{Y}/desktop.ini"),
)


@pytest.mark.parametrize("command", ["takeout", "folder"])
def test_what_disks_and_desktops_put_between_the_photos_is_no_photo(library, tmp_path, command):
    members = {**year("a.jpg", picture(1), 1), **{name: picture(2) for name in LITTER}}
    getattr(library, command)(write_folder(tmp_path / "disk", members))
    assert library.rows("SELECT filename FROM photos") == [("a.jpg",)]
    codes = dict(library.rows("SELECT code, count(*) FROM skipped GROUP BY 1"))
    assert codes["litter"] + codes.get("side_file", 0) >= len(LITTER)


def test_litter_in_a_tgz_is_no_photo_either(library, tmp_path):
    library.takeout(write_tgz(tmp_path / "x.tgz", {**year("a.jpg", picture(1), 1), **{name: picture(2) for name in LITTER}}))
    assert library.rows("SELECT filename FROM photos") == [("a.jpg",)]


@pytest.mark.parametrize("write", [write_folder, lambda path, members: write_tgz(path.with_suffix(".tgz"), members)])
@pytest.mark.parametrize("album_name", ["A trip", "Zoo"])  # comes before the year, or after it
def test_an_own_photo_without_a_link_is_own_in_whatever_order_its_copies_come(library, tmp_path, write, album_name):
    told = sidecar("a.jpg", taken=1_383_732_375)
    members = {f"{Y}/a.jpg": picture(1), f"{Y}/a.jpg.json": told, f"{album_name}/metadata.json": album(album_name)}
    members |= {f"{album_name}/a.jpg": picture(1), f"{album_name}/a.jpg.json": told}
    report = library.takeout(write(tmp_path / "x", members))
    assert library.rows("SELECT filename, album_only, album_titles FROM photos") == [("a.jpg", 0, album_name)]
    assert (report.photos, report.added, report.updated) == (1, 1, 0)


def test_a_copy_in_an_album_without_a_sidecar_is_no_second_photo(library, tmp_path):
    members = {**year("a.jpg", picture(1), 1), "Trip/metadata.json": album("Trip"), "Trip/a.jpg": picture(1)}
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT photo_id, album_only, album_titles FROM photos") == [(key(1), 0, "Trip")]


def test_the_archive_in_any_language_holds_the_persons_own_in_no_album(library, tmp_path):
    members = {**year("a.jpg", picture(1), 1)}
    for number, folder in enumerate(("归档文件", "Carpeta bloqueada", "Dossier verrouillé"), 2):
        members |= {f"{folder}/{number}.jpg": picture(number), f"{folder}/{number}.jpg.json": sidecar(f"{number}.jpg", number)}
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT count(*), sum(album_only), count(album_titles) FROM photos") == [(4, 0, 0)]


def test_a_folder_for_each_day_is_no_album(library, tmp_path):
    members = {}
    for number, day in enumerate(("2016-06-12", "2016-06-12 #2"), 1):
        members |= {f"{day}/{number}.jpg": picture(number), f"{day}/{number}.jpg.json": sidecar(f"{number}.jpg", number)}
        members |= {f"{day}/metadata.json": json.dumps({"albumData": {"title": "2016-06-12", "access": "private"}}).encode()}
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT album_only, album_titles FROM photos") == [(0, None)] * 2


def test_only_what_was_imported_is_said_to_have_been(library, tmp_path):
    members = {"Failed Videos/broken.mp4": b"no video", f"{Y}/a.jpg": picture(1)}
    report = library.takeout(write_folder(tmp_path / "x", members))
    assert [warning.split(" has no sidecar")[0] for warning in report.warnings] == ["1 picture or video"]
    nothing = library.takeout(write_folder(tmp_path / "y", {"Failed Videos/broken.mp4": b"no video"}))
    assert nothing.warnings == []


def test_a_title_with_escapes_is_shown_as_the_person_wrote_it(library, tmp_path):
    members = {f"{Y}/Dad_s car.jpg": picture(1), f"{Y}/Dad_s car.jpg.json": sidecar("Dad&#39;s car.jpg", 1)}
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT filename, media_key FROM photos") == [("Dad's car.jpg", key(1))]


def test_what_google_made_of_a_picture_is_a_file_of_it_unless_it_has_a_sidecar(library, tmp_path):
    members = {**year("a.jpg", picture(1), 1), "Photos from 2019/a-smile.jpg": picture(2), **year("a-MIX.jpg", picture(3), 3)}
    library.takeout(part(tmp_path, 1, members))
    rows = library.rows("SELECT filename, role FROM photos JOIN files USING (photo_id) ORDER BY 1, 2")
    assert rows == [("a-MIX.jpg", "original"), ("a.jpg", "edited"), ("a.jpg", "original")]


def test_the_word_for_partner_sharing_is_kept(library, tmp_path):
    library.takeout(part(tmp_path, 1, year("a.jpg", picture(1), 1, googlePhotosOrigin={"fromPartnerSharing": {}})))
    assert library.rows("SELECT origin FROM photos") == [("fromPartnerSharing",)]
