"""The fingerprint step on its own: what it opens, where it looks, and what it says when an original is gone."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.pipeline.fingerprinting import fingerprint_lines

from ..exports import ID, album, key, part, picture, sidecar, write_folder, write_tgz, year

NOTHING = ["Every photo that can be looked at has its fingerprint. Nothing was opened."]
Y = "Photos from 2019"


def export(kind: str, folder, members):
    """The same members as a zip, a tgz or a folder."""
    if kind == "zip":
        return part(folder, 1, members)
    return write_tgz(folder / f"takeout-{ID}-001.tgz", members) if kind == "tgz" else write_folder(folder / "unpacked", members)


def forget(library, where: str = "1"):
    with library.db.conn:
        library.db.execute(f"DELETE FROM fingerprints WHERE {where}")
        library.db.execute("DELETE FROM thumbnails")


def test_nothing_is_opened_when_nothing_is_new(library, tmp_path):
    library.takeout(part(tmp_path, 1, {**year("a.jpg", picture(1), 1), **year("film.mp4", b"\0\0\0\x14ftypisom" + bytes(99), 2)}))
    before = library.tables()
    report = library.fingerprint()
    assert (report.opened, list(fingerprint_lines(report)), library.tables()) == (0, NOTHING, before)


@pytest.mark.parametrize("kind", ["zip", "tgz", "folder"])
def test_a_missing_fingerprint_is_made_from_where_the_original_lies(library, tmp_path, kind):
    library.takeout(export(kind, tmp_path, {**year("a.jpg", picture(1), 1), **year("b.jpg", picture(2), 2)}))
    before = library.tables()
    forget(library)
    report = library.fingerprint()
    assert (report.made, report.opened) == (2, 2)
    assert library.tables() == before


def test_a_fingerprint_of_an_older_version_is_made_again_and_matched_again(library, tmp_path):
    library.takeout(part(tmp_path, 1, {**year("a.jpg", picture(1), 1), **year("b.jpg", picture(2), 2)}))
    with library.db.conn:
        library.db.execute("UPDATE fingerprints SET algorithm = 'phash256/1' WHERE photo_id = ?", [key(1)])
        library.db.execute("UPDATE comparisons SET matched_by = 'then'")
    report = library.fingerprint()
    assert report.opened == 1
    assert library.rows("SELECT count(DISTINCT algorithm) FROM fingerprints") == [(1,)]
    assert library.rows("SELECT photo_id, matched_by FROM comparisons ORDER BY 1") == [(key(1), None), (key(2), "then")]


def test_an_original_that_is_gone_is_counted_and_named(library, tmp_path):
    archive = part(tmp_path, 1, {**year("a.jpg", picture(1), 1), **year("b.jpg", picture(2), 2)})
    library.takeout(archive)
    forget(library)
    archive.rename(tmp_path / "elsewhere.zip")
    report = library.fingerprint()
    assert list(fingerprint_lines(report)) == [
        "0 fingerprints made, 0 files opened.",
        "2 originals no longer where the import found them:",
        f"  {archive}: 2 photos",
        f"  {archive}: Takeout/Google Photos/{Y}/a.jpg",
        f"  {archive}: Takeout/Google Photos/{Y}/b.jpg",
        "Put the archives or folders back there, or import them again from where they are now.",
    ]


def test_a_copy_in_another_part_serves_when_the_first_is_gone(library, tmp_path):
    first = part(tmp_path, 1, year("a.jpg", picture(1), 1))
    copies = {"Trip/a.jpg": picture(1), "Trip/a.jpg.json": sidecar("a.jpg", 1), "Trip/metadata.json": album("Trip")}
    library.takeout(first, part(tmp_path, 2, copies))
    forget(library)
    first.unlink()
    report = library.fingerprint()
    assert (report.made, report.gone) == (1, [])


def test_an_edited_version_never_stands_in_for_the_original(library, tmp_path):
    folder = write_folder(tmp_path / "unpacked", {**year("a.jpg", picture(1), 1), f"{Y}/a-edited.jpg": picture(2)})
    library.takeout(folder)
    forget(library)
    (folder / "Takeout" / "Google Photos" / Y / "a.jpg").unlink()
    report = library.fingerprint()
    assert (report.made, len(report.gone)) == (0, 1)


def test_a_file_that_was_changed_meanwhile_is_not_taken_for_the_photo(library, tmp_path):
    folder = write_folder(tmp_path / "pictures", {"a.jpg": picture(1)}, root="")
    library.folder(folder)
    forget(library)
    (folder / "a.jpg").write_bytes(picture(2))
    report = library.fingerprint()
    assert (report.made, library.one("SELECT count(*) FROM fingerprints")) == (0, 0)
    assert list(fingerprint_lines(report))[1] == "1 file changed since the import; import again to take the new ones:"


def test_a_photo_known_by_a_list_alone_is_left_alone(library):
    library.db["photos"].insert({"photo_id": "x", "source": "library", "library_id": "x"})
    assert list(fingerprint_lines(library.fingerprint()))[-1] == (
        "1 photo with no file on this machine; run library or picker again for it."
    )
