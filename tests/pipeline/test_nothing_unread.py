"""Every file of random trees ends in exactly one table, and every photo that a person would count is there once."""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..exports import picture, sidecar, write_folder, year
from ..random_trees import find_faults, write_trees
from .conftest import Library

MOVING = b"\0\0\0\x14ftypqt  " + bytes(300)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 32))
def test_trees_of_any_kind_are_imported_once_and_whole(seed):
    folder = Path(tempfile.mkdtemp())
    library = Library(folder / "photos.db")
    try:
        assert find_faults(library, write_trees(folder / "trees", random.Random(seed))) == []
    finally:
        library.db.close()
        shutil.rmtree(folder)


def roles(library) -> list[tuple]:
    return library.rows("SELECT replace(container, rtrim(container, replace(container, '/', '')), ''), member, role FROM files")


def test_two_folders_with_one_name_in_each_give_both(library, tmp_path):
    for number, name in enumerate(("old", "new"), 1):
        write_folder(tmp_path / name, {"DCIM/IMG_0001.jpg": picture(number)}, "")
    report = library.folder(tmp_path / "old", tmp_path / "new")
    assert (library.one("SELECT count(*) FROM photos"), [part.unread for part in report.parts]) == (2, [0, 0])


def test_the_film_of_one_telephone_is_not_joined_with_the_picture_of_another(library, tmp_path):
    write_folder(tmp_path / "old", {"DCIM/IMG_0001.HEIC": picture(1, format="HEIF")}, "")
    write_folder(tmp_path / "new", {"DCIM/IMG_0001.MOV": MOVING}, "")
    library.folder(tmp_path / "old", tmp_path / "new")
    assert roles(library) == [("new", "DCIM/IMG_0001.MOV", "original"), ("old", "DCIM/IMG_0001.HEIC", "original")]


def test_a_jpeg_and_the_film_beside_it_are_a_live_photo(library, tmp_path):
    write_folder(tmp_path / "x", {"IMG_0001.JPG": picture(1), "IMG_0001.mov": MOVING}, "")
    library.folder(tmp_path / "x")
    assert library.rows("SELECT role FROM files ORDER BY 1") == [("live_video",), ("original",)]


def test_a_film_too_long_for_a_live_photo_is_an_item_of_its_own(library, tmp_path):
    write_folder(tmp_path / "x", {"IMG_0001.JPG": picture(1), "IMG_0001.mov": MOVING + bytes(30_000_000)}, "")
    library.folder(tmp_path / "x")
    assert library.rows("SELECT role FROM files ORDER BY 1") == [("original",), ("original",)]


def test_the_film_belongs_to_the_heic_where_a_jpeg_of_the_name_lies_there_too(library, tmp_path):
    members = {"a.HEIC": picture(1, format="HEIF"), "a.JPG": picture(2), "a.MOV": MOVING}
    library.folder(write_folder(tmp_path / "x", members, ""))
    rows = library.rows("SELECT filename, role FROM files JOIN photos USING (photo_id) ORDER BY role, filename")
    assert rows == [("a.HEIC", "live_video"), ("a.HEIC", "original"), ("a.JPG", "original")]


def test_two_unpacked_accounts_below_one_folder_never_share_a_sidecar(library, tmp_path):
    mine = {"Photos from 2019/IMG_0001.jpg": picture(1)}
    yours = year("IMG_0001.jpg", picture(2), 2)
    write_folder(tmp_path / "disk" / "ada", mine)
    write_folder(tmp_path / "disk" / "bob", yours)
    library.takeout(tmp_path / "disk")
    rows = library.rows("SELECT filename, media_key IS NULL, member FROM photos JOIN files USING (photo_id) ORDER BY 2")
    assert rows == [
        ("IMG_0001.jpg", 0, "bob/Takeout/Google Photos/Photos from 2019/IMG_0001.jpg"),
        ("IMG_0001.jpg", 1, "ada/Takeout/Google Photos/Photos from 2019/IMG_0001.jpg"),
    ]


def test_what_a_mac_unpacks_beside_the_first_part_belongs_to_it(library, tmp_path):
    name = "Photos from 2019/IMG_0001.jpg"
    write_folder(tmp_path / "Takeout", {name: picture(1)}, "Google Photos")
    write_folder(tmp_path / "Takeout 2", {f"{name}.json": sidecar("IMG_0001.jpg", 1)}, "Google Photos")
    library.takeout(tmp_path / "Takeout", tmp_path / "Takeout 2")
    assert library.rows("SELECT media_key IS NULL FROM photos") == [(0,)]


def test_a_folder_given_by_two_names_is_read_once(library, tmp_path):
    folder = write_folder(tmp_path / "x", {"a.jpg": picture(1)}, "")
    (tmp_path / "y").symlink_to(folder)
    report = library.folder(folder, tmp_path / "y")
    assert (len(report.parts), library.one("SELECT count(*) FROM files")) == (1, 1)


def test_a_file_that_no_step_takes_is_an_error_and_is_named(library, tmp_path, monkeypatch):
    """No input is known that leads to it; a source that forgets a photo stands in for the fault."""
    from datasette_gphotos_dedupe.sources.folder import Folder

    offers = Folder.offers
    forgetful = lambda self, skip: (offer for offer in offers(self, skip) if offer.photo.filename != "b.jpg")  # noqa: E731
    monkeypatch.setattr(Folder, "offers", forgetful)
    report = library.folder(write_folder(tmp_path / "x", {"a.jpg": picture(1), "b.jpg": picture(2)}, ""))
    assert report.forgotten == (
        f"1 file could not be accounted for, which is a fault of this program: {tmp_path / 'x'}: b.jpg. They are in the table skipped "
        "as forgotten; all others are saved. Please report it."
    )
    assert library.rows("SELECT member, code FROM skipped") == [("b.jpg", "forgotten")]
