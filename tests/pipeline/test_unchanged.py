"""An import of what an earlier one has read whole looks at the indexes alone, and at everything again when anything is different."""

from __future__ import annotations

import os

import pytest

from datasette_gphotos_dedupe.pipeline import reading
from datasette_gphotos_dedupe.pipeline.importing import import_takeout
from datasette_gphotos_dedupe.pipeline.progress import Progress
from datasette_gphotos_dedupe.sources.takeout import source as takeout

from ..exports import ID, album, part, picture, sidecar, write_folder, write_tgz, year

Y = "Photos from 2019"


def export(folder):
    """A zip, a tgz and a folder, with one of everything that a summary tells."""
    first = {**year("a.jpg", picture(1), 1), f"{Y}/gone.jpg.json": sidecar("gone.jpg", 9), f"{Y}/text.jpg": b"hello"}
    return [
        part(folder, 1, first),
        write_tgz(folder / f"takeout-{ID}-002.tgz", year("b.jpg", picture(2), 2)),
        write_folder(folder / "unpacked", {**year("c.jpg", picture(3), 3), "Trip/metadata.json": album("Trip")}),
    ]


@pytest.fixture
def read_sidecars(monkeypatch):
    """The sidecars that are read from now on."""
    read, parse = [], takeout.parse_json_file

    def noting(data):
        read.append(data)
        return parse(data)

    monkeypatch.setattr(takeout, "parse_json_file", noting)
    return read


def test_what_is_unchanged_is_told_from_the_indexes_and_the_summary_is_the_same(library, tmp_path, read_sidecars):
    parts = export(tmp_path)
    first = library.takeout(*parts)
    read_sidecars.clear()
    before, tables = library.db.conn.total_changes, library.tables()
    again = library.takeout(*reversed(parts))
    assert (again.parts, again.photos, again.warnings) == (first.parts, first.photos, first.warnings)
    assert (again.added, again.updated, again.files_read, read_sidecars) == (0, 0, 0, [])
    assert (library.db.conn.total_changes - before, library.tables() == tables) == (0, True)


def touch_zip(parts):
    part(parts[0].parent, 1, {**year("a.jpg", picture(1), 1), **year("d.jpg", picture(4), 4)})


def touch_tgz(parts):
    os.utime(parts[1], (1_600_000_000, 1_600_000_000))


def touch_folder(parts):
    write_folder(parts[2], year("d.jpg", picture(4), 4))


def forget_part(parts):
    parts.pop()


@pytest.mark.parametrize("change", [touch_zip, touch_tgz, touch_folder, forget_part])
def test_when_any_part_is_another_everything_is_looked_at_again(library, tmp_path, read_sidecars, change):
    parts = export(tmp_path)
    library.takeout(*parts)
    change(parts)
    read_sidecars.clear()
    library.takeout(*parts)
    assert read_sidecars != []


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM photos WHERE filename = 'a.jpg'",
        "UPDATE photos SET description = NULL",
        "DELETE FROM files",
        "DELETE FROM skipped",
        "DELETE FROM album_photos",
        "UPDATE albums SET title = 'x'",
        "DELETE FROM photo_people",
        "UPDATE parts SET files_used = 0",
    ],
)
def test_when_anything_was_changed_in_the_database_the_import_brings_it_back(library, tmp_path, sql):
    members = {
        **year("a.jpg", picture(1), 1, description="a hill", people=[{"name": "Ada"}]),
        "Trip/metadata.json": album("Trip"),
        "Trip/a.jpg": picture(1),
        "Trip/a.jpg.json": sidecar("a.jpg", 1),
        "text.jpg": b"hello",
    }
    one = part(tmp_path, 1, members)
    library.takeout(one)
    tables = library.tables()
    with library.db.conn:
        library.db.execute(sql)
    library.takeout(one)
    assert library.tables() == tables


def test_known_photos_beside_a_new_part_take_a_few_statements_for_all_of_them(library, tmp_path):
    many = {}
    for number in range(60):
        many |= year(f"{number}.jpg", picture(number, (8, 8)), number, people=[{"name": "Ada"}])
    first = part(tmp_path, 1, {**many, "Trip/metadata.json": album("Trip"), "Trip/7.jpg": picture(7, (8, 8))})
    library.takeout(first)
    asked = []
    library.db.conn.set_trace_callback(asked.append)
    report = library.takeout(first, part(tmp_path, 2, year("new.jpg", picture(99), 99)))
    library.db.conn.set_trace_callback(None)
    assert (report.photos, report.added, report.updated) == (61, 1, 0)
    assert len(asked) < 150  # one by one, each photo takes seven


def test_a_row_of_the_same_bytes_is_taken_over_by_a_known_photo_beside_it(library, tmp_path):
    """Though nothing else is new about the known one: left alone, one picture would be two photos."""
    first = part(tmp_path, 1, year("a.jpg", picture(1), 1))
    library.takeout(first)
    before = library.rows("SELECT photo_id FROM photos")
    library.db.execute("INSERT INTO photos (photo_id, source, sha1) SELECT 'sha1:' || sha1, 'folder', sha1 FROM photos")
    library.db.conn.commit()
    library.takeout(first, part(tmp_path, 2, year("b.jpg", picture(2), 2)))
    assert library.rows("SELECT photo_id FROM photos WHERE filename = 'a.jpg' OR source = 'folder'") == before


def test_a_run_that_was_ended_or_met_a_broken_part_is_not_taken_for_whole(library, tmp_path, read_sidecars):
    good, bad = part(tmp_path, 1, year("a.jpg", picture(1), 1)), tmp_path / f"takeout-{ID}-002.zip"
    bad.write_bytes(good.read_bytes()[:200])
    library.takeout(good, bad)
    read_sidecars.clear()
    assert len(library.takeout(good, bad).broken) == 1
    assert read_sidecars != []


def test_what_could_not_be_read_for_want_of_a_library_is_tried_again(library, tmp_path, monkeypatch):
    members = year("a.dng", b"II*\0" + bytes(400), 1)
    monkeypatch.setattr(reading, "can_read", lambda code: False)
    one = part(tmp_path, 1, members)
    library.takeout(one)
    wanting = "it needs the extra datasette-gphotos-dedupe[raw]"
    with library.db.conn:
        library.db.execute("UPDATE photos SET no_pixels = ?", [wanting])
    library.takeout(one)
    assert library.one("SELECT no_pixels FROM photos") == wanting
    library.fingerprint()
    assert library.one("SELECT no_pixels FROM photos") == wanting
    monkeypatch.setattr(reading, "can_read", lambda code: code == "needs_raw")
    library.fingerprint()
    assert library.one("SELECT no_pixels FROM photos") != wanting


def test_a_second_look_shows_that_it_looks(library, tmp_path):
    one = part(tmp_path, 1, year("a.jpg", picture(1), 1))
    library.takeout(one)
    labels = []

    class Listening(Progress):
        def start(self, label, total=None):
            labels.append(label)

    import_takeout(library.db, [one], Listening(silent=True), workers=1)
    assert labels == ["Looking for what is new in the parts"]
