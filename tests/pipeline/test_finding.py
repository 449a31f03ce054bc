"""Looking a picture up: files as they come from a disk, against a library of real pictures."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import pytest

from datasette_gphotos_dedupe.errors import PictureError, SourceError
from datasette_gphotos_dedupe.pipeline.finding import find_picture, read_picture
from datasette_gphotos_dedupe.store.database import open_database
from tests.pictures import add_photos, jpeg, photo_rows, picture


@pytest.fixture(scope="module")
def conn(tmp_path_factory):
    db = open_database(tmp_path_factory.mktemp("finding") / "photos.db")
    rows = [photo_rows(f"IMG_10{seed:02d}", picture(seed), 95) for seed in range(12)]
    for made in rows:
        made["photos"]["filename"] = f"{made['photos']['photo_id']}.JPG"
    add_photos(db, rows)
    with db.atomic():
        db.execute("UPDATE photos SET trashed = 1 WHERE photo_id = 'IMG_1003'")
    yield db.conn
    db.conn.close()


def find(conn, name, image, quality=90):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(jpeg(image, quality))
        return find_picture(conn, name, read_picture(name, path=path), path)


def test_a_smaller_copy_under_its_cameras_name_is_found(conn):
    lookup = find(conn, "IMG_1004.jpg", picture(4).resize((320, 240)), 70)
    assert (lookup.answer, lookup.found[0].photo_id, lookup.found[0].relation) == ("copy", "IMG_1004", "smaller_copy")
    assert lookup.words() == "Yes: IMG_1004.JPG is the same picture."


def test_an_unknown_picture_is_not_found_and_the_nearest_are_shown_as_other_pictures(conn):
    lookup = find(conn, "new.jpg", picture(99))
    assert (lookup.answer, lookup.found) == ("none", ())
    assert [likeness.relation for likeness in lookup.nearest] == [None] * 3


def test_a_cut_out_of_a_picture_of_the_library_is_another_version(conn):
    image = picture(7)
    lookup = find(conn, "cut.jpg", image.crop((64, 48, 576, 432)))
    assert (lookup.answer, lookup.found[0].photo_id, lookup.found[0].relation) == ("version", "IMG_1007", "crop")


def test_a_picture_of_which_the_library_has_a_cut_out_is_another_version(tmp_path):
    db = open_database(tmp_path / "photos.db")
    add_photos(db, [photo_rows("cut", picture(7).crop((64, 48, 576, 432)), 90)])
    lookup = find(db.conn, "whole.jpg", picture(7))
    db.conn.close()
    assert (lookup.answer, lookup.found[0].relation) == ("version", "crop")


def test_a_picture_that_is_only_in_the_bin_is_not_called_safe(conn):
    lookup = find(conn, "IMG_1003.jpg", picture(3), 60)
    assert (lookup.answer, lookup.found[0].trashed) == ("trashed", True)


def test_equal_bytes_are_found_by_their_checksum_even_without_a_fingerprint(tmp_path):
    content = jpeg(picture(1))
    reading = read_picture("a.jpg", content)
    db = open_database(tmp_path / "photos.db")
    db["photos"].insert({"photo_id": "x", "source": "folder", "filename": "x.jpg", "sha1": reading.sha1})
    db["photos"].insert({"photo_id": "y", "source": "folder", "filename": "y.jpg"})
    db["files"].insert({"photo_id": "y", "role": "edited", "container": "a.zip", "member": "y-edited.jpg", "sha1": reading.sha1})
    lookup = find_picture(db.conn, "a.jpg", reading)
    db.conn.close()
    assert [(one.photo_id, one.relation) for one in lookup.found] == [("x", "same_bytes"), ("y", "same_bytes")]
    assert lookup.found[1].evidence == "The files are equal byte for byte. It is its edited version."


def test_looking_up_changes_nothing(conn):
    before = conn.total_changes
    find(conn, "new.jpg", picture(2))
    assert (conn.total_changes, conn.in_transaction) == (before, False)


@pytest.mark.parametrize(
    "content,code",
    [(b"", "empty"), (b"<html>no picture</html>", "not_a_picture"), (jpeg(picture(1))[:900], "truncated")],
    ids=["empty", "html", "cut short"],
)
def test_a_file_that_is_no_whole_picture_is_refused_with_its_name(content, code):
    with pytest.raises(PictureError, match="^holiday.jpg cannot be looked up: ") as caught:
        read_picture("holiday.jpg", content)
    assert caught.value.code == code


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"none.jpg cannot be read: No such file or directory\."):
        read_picture("none.jpg", path=tmp_path / "none.jpg")


def test_a_file_is_read_from_its_path(tmp_path, conn):
    path = tmp_path / "IMG_1002.png"
    buffer = io.BytesIO()
    picture(2).save(buffer, "PNG")
    path.write_bytes(buffer.getvalue())
    lookup = find_picture(conn, path.name, read_picture(path.name, path=path), path)
    assert (lookup.answer, lookup.found[0].relation) == ("copy", "other_format")


def test_a_larger_picture_than_the_copy_that_is_there_must_be_kept(conn):
    lookup = find(conn, "IMG_1005.jpg", picture(5).resize((1920, 1440)))
    assert lookup.answer == "smaller"
    assert (
        lookup.words() == "Only smaller: IMG_1005.JPG with 640 × 480 pixels is there, and this has 1920 × 1440 pixels. Keep it."
    )


def test_a_picture_that_was_sent_without_a_file_is_compared_on_previews_and_not_called_safe(conn):
    large = jpeg(picture(4).resize((600, 450)), 80)
    lookup = find_picture(conn, "x.jpg", read_picture("x.jpg", large))
    assert lookup.answer == "alike" and "of their previews, because the original of x.jpg" in lookup.found[0].evidence
