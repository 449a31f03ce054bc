"""Every file of every part ends in exactly one place: used, a sidecar, or skipped for one reason."""

from __future__ import annotations

import pytest

from ..exports import ID, album, part, picture, sidecar, write_folder, write_tgz, write_zip, year

Y = "Photos from 2019"
EVERYTHING = {
    **year("a.jpg", picture(1), 1),
    f"{Y}/a-edited.jpg": picture(2),
    f"{Y}/a.MOV": b"\0\0\0\x14ftypqt  " + bytes(300),
    **year("b.png", picture(3, format="PNG"), 2),
    **year("empty.jpg", b"", 3),
    **year("text.jpg", b"hello", 4),
    f"{Y}/alone.jpg": picture(5),
    f"{Y}/gone.jpg.json": sidecar("gone.jpg", 6),
    f"{Y}/b.png.json": sidecar("b.png", 2),
    f"{Y}/broken.json": b"{",
    f"{Y}/metadata.json": b'{"title": null}',
    "Trip/metadata.json": album("Trip"),
    "Trip/a.jpg": picture(1),
    "Trip/a.jpg.json": sidecar("a.jpg", 1),
    "Trip/b.png.json": sidecar("b.png", 2),
    "print-subscriptions.json": b"{}",
    "archive_browser.html": b"<html>",
    "old.zip": b"PK\x03\x04",
}
SKIPPED = {"not_a_picture": 1, "no_media": 1, "bad_sidecar": 1, "not_a_sidecar": 1, "nested_archive": 1}


def write(kind: str, folder, members):
    if kind == "zip":
        return part(folder, 1, members)
    return write_tgz(folder / f"takeout-{ID}-001.tgz", members) if kind == "tgz" else write_folder(folder / "unpacked", members)


def check(library) -> None:
    """The tables agree with each other, part by part and run by run."""
    accounts = library.rows("SELECT container, files_seen, files_used, sidecars, files_skipped FROM parts WHERE state = 'done'")
    for container, seen, used, sidecars, skipped in accounts:
        assert seen == used + sidecars + skipped
        assert used == library.one("SELECT count(*) FROM files WHERE container = ?", container)
        assert skipped == library.one("SELECT count(*) FROM skipped WHERE container = ?", container)
    assert library.rows("SELECT container, member FROM files INTERSECT SELECT container, member FROM skipped") == []


@pytest.mark.parametrize("kind", ["zip", "tgz", "folder"])
def test_every_file_is_used_or_a_sidecar_or_skipped_for_a_reason(library, tmp_path, kind):
    (report,) = library.takeout(write(kind, tmp_path, EVERYTHING)).parts
    assert (report.seen, report.used, report.sidecars, dict(report.skipped)) == (
        len(EVERYTHING),
        8,
        len(EVERYTHING) - 13,
        SKIPPED,
    )
    check(library)
    assert library.rows("SELECT files_seen, files_used, files_skipped FROM runs") == [
        (report.seen, report.used, report.skipped.total())
    ]


def test_every_reason_is_a_sentence_that_a_person_understands(library, tmp_path):
    library.takeout(write("zip", tmp_path, EVERYTHING))
    assert dict(library.rows("SELECT code, reason FROM skipped")) == {
        "bad_sidecar": "it is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        "nested_archive": "it is an archive inside an archive; unpack it and give it to the command on its own",
        "no_media": "no part of the export holds the picture or video it describes",
        "not_a_picture": "its content is neither a picture nor a video in a format that is known",
        "not_a_sidecar": "it is JSON, but neither about a photo nor about an album",
    }


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_the_account_holds_when_the_run_is_repeated(library, tmp_path, kind):
    path = write(kind, tmp_path, EVERYTHING)
    first = library.takeout(path).parts
    before = library.tables()
    assert (library.takeout(path).parts, library.tables()) == (first, before)


def test_a_sidecar_is_no_longer_skipped_once_its_picture_came(library, tmp_path):
    one = part(tmp_path, 1, {**year("a.jpg", picture(1), 1), f"{Y}/b.jpg.json": sidecar("b.jpg", 2)})
    library.takeout(one)
    assert library.rows("SELECT code FROM skipped") == [("no_media",)]
    library.takeout(one, part(tmp_path, 2, {f"{Y}/b.jpg": picture(2)}))
    assert library.rows("SELECT code FROM skipped") == []
    check(library)


def test_files_that_are_gone_from_a_folder_leave_no_row(library, tmp_path):
    folder = write_folder(tmp_path / "unpacked", EVERYTHING)
    library.takeout(folder)
    for name in ("alone.jpg", "text.jpg", "a-edited.jpg"):
        (folder / "Takeout" / "Google Photos" / Y / name).unlink()
    library.takeout(folder)
    check(library)
    assert library.one("SELECT count(*) FROM files WHERE member LIKE '%alone.jpg' OR member LIKE '%a-edited.jpg'") == 0


def test_a_picture_deleted_from_a_plain_folder_is_no_photo_any_more(library, tmp_path):
    folder = write_folder(tmp_path / "pictures", {"a.jpg": picture(1), "b.jpg": picture(2)}, root="")
    library.folder(folder)
    (folder / "a.jpg").unlink()
    library.folder(folder)
    assert library.rows("SELECT filename FROM photos") == [("b.jpg",)]
    check(library)


def test_a_part_that_could_not_be_read_to_its_end_forgets_nothing(library, tmp_path):
    path = tmp_path / f"takeout-{ID}-001.tgz"
    write_tgz(path, {**year("a.jpg", picture(1), 1), **year("b.jpg", picture(2), 2)})
    library.takeout(path)
    path.write_bytes(path.read_bytes()[:900])
    library.takeout(path)
    assert library.one("SELECT count(*) FROM files") == 2


def test_several_folders_are_one_import_and_one_inside_another_counts_once(library, tmp_path):
    one = write_folder(tmp_path / "one", {"a.jpg": picture(1), "deep/b.jpg": picture(2)}, root="")
    two = write_folder(tmp_path / "two", {"c.jpg": picture(3)}, root="")
    report = library.folder(one, two, one / "deep")
    assert [(each.name, each.seen, each.used) for each in report.parts] == [("one", 2, 2), ("two", 1, 1)]
    assert library.one("SELECT count(*) FROM photos") == 3
    check(library)


def test_the_parts_of_two_exports_each_have_their_account(library, tmp_path):
    library.takeout(
        write_zip(tmp_path / "takeout-20240101T000000Z-001.zip", EVERYTHING),
        write_zip(tmp_path / "takeout-20250101T000000Z-001.zip", EVERYTHING),
    )
    check(library)
    assert library.one("SELECT count(*) FROM parts") == 2
