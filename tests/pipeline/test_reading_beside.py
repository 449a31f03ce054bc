"""What other processes do while an import goes through what it knows: they read sidecars of zips, and pictures before their turn."""

from __future__ import annotations

import os

import pytest

from datasette_gphotos_dedupe.model import File
from datasette_gphotos_dedupe.pipeline import importing, read_ahead
from datasette_gphotos_dedupe.pipeline.progress import Progress
from datasette_gphotos_dedupe.pipeline.read_ahead import ReadAhead
from datasette_gphotos_dedupe.sources.archives import parts, small_members
from datasette_gphotos_dedupe.sources.takeout.sidecar_json import Sidecar
from datasette_gphotos_dedupe.sources.takeout.source import look_at_json

from ..exports import album, part, picture, sidecar, write_zip, year
from .conftest import Library

Y = "Photos from 2019"
NEW = ".supplemental-metadata.json"


def members_of(first: int, last: int) -> dict[str, bytes]:
    """Pictures of a year, some of them in an album too, edited or alive, with sidecars of every kind."""
    made = {"Trip/metadata.json": album("Trip"), "Trip/print-subscriptions.json": b'{"x": 1}'}
    for number in range(first, last):
        data = picture(number, (24, 16))
        made |= year(f"{number}.jpg", data, number, people=[{"name": "Ada"}])
        if number % 3 == 0:
            made |= {f"Trip/{number}.jpg": data, f"Trip/{number}.jpg{NEW}": sidecar(f"{number}.jpg", number)}
        if number % 4 == 0:
            made |= {f"{Y}/{number}-edited.jpg": picture(1000 + number, (24, 16)), f"{Y}/{number}.mp4": b"\0\0\0\x14ftypqt  "}
    return made | {f"{Y}/broken{first}.jpg.json": b'{"title', f"{Y}/gone{first}.jpg.json": sidecar("gone.jpg", 900 + first)}


@pytest.fixture
def export(tmp_path):
    """Three parts, the last of them damaged in a sidecar."""
    made = [part(tmp_path, number, members_of(20 * number, 20 * number + 20)) for number in (1, 2, 3)]
    content = bytearray(made[2].read_bytes())
    at = content.find(b"65.jpg.supplemental-metadata.json") + len("65.jpg.supplemental-metadata.json")
    content[at + 40] ^= 0xFF
    made[2].write_bytes(content)
    return made


def imported(tmp_path, export) -> list:
    """What an import of two parts, the same again, and one of all three leave and report."""
    library = Library(tmp_path / "photos.db")
    found = []
    for parts_given in (export[:2], export[:2], export):
        report = library.takeout(*parts_given)
        found.append((report, library.tables(), library.rows("SELECT file_id, member FROM files")))
    library.db.close()
    os.unlink(tmp_path / "photos.db")
    return found


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_sidecars_read_by_other_processes_give_the_same_library(tmp_path, export, monkeypatch, at_once):
    expected = imported(tmp_path, export)
    monkeypatch.setattr(parts, "MANY_LOOKS", 1)
    monkeypatch.setattr(small_members, "AT_ONCE", at_once)
    asked = []
    run = importing.WorkerPool.run
    monkeypatch.setattr(importing.WorkerPool, "run", lambda *args, **limits: asked.append(args[1]) or run(*args, **limits))
    assert imported(tmp_path, export) == expected
    assert asked != [] and set(asked) == {small_members.look_at_members}


def test_sidecars_that_other_processes_come_to_nothing_with_are_read_here(tmp_path, export, monkeypatch):
    expected = imported(tmp_path, export)
    monkeypatch.setattr(parts, "MANY_LOOKS", 1)

    class Ended:
        def result(self):
            raise OSError("gone")

    monkeypatch.setattr(importing._Import, "_aside", lambda *args: Ended())
    assert imported(tmp_path, export) == expected


def test_a_worker_that_ends_with_the_sidecars_leaves_them_to_the_import(tmp_path, export, monkeypatch):
    expected = imported(tmp_path, export)
    monkeypatch.setattr(parts, "MANY_LOOKS", 1)
    aside = importing._Import._aside
    monkeypatch.setattr(importing._Import, "_aside", lambda self, function, *args: aside(self, os._exit, 3))
    assert imported(tmp_path, export) == expected


def test_a_part_cut_short_is_named_as_ever(tmp_path, export, monkeypatch):
    export[1].write_bytes(export[1].read_bytes()[:500])
    expected = imported(tmp_path, export)
    monkeypatch.setattr(parts, "MANY_LOOKS", 1)
    assert imported(tmp_path, export) == expected
    assert expected[0][0].broken


def test_looks_of_many_members_come_one_by_one_in_their_order(tmp_path, monkeypatch):
    names = [f"{number}.json" for number in range(5)]
    path = write_zip(tmp_path / "a.zip", {name: sidecar(name, number) for number, name in enumerate(names)}, root="")
    entries = parts.read_zip_index(path, 0)
    found = small_members.look_at_members(str(path), entries, look_at_json)
    assert [each.title for each in found if isinstance(each, Sidecar)] == names


# -- pictures before their turn -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 3, 2000])
def test_pictures_read_before_their_turn_give_the_same_library(tmp_path, export, monkeypatch, most):
    monkeypatch.setattr(importing.ReadAhead, "fill", lambda self: None)
    expected = imported(tmp_path, export)
    monkeypatch.undo()
    monkeypatch.setattr(read_ahead, "MAX_FILES", most)
    assert imported(tmp_path, export) == expected


def test_new_pictures_are_begun_before_known_photos_are_gone_through(library, tmp_path, export, monkeypatch):
    library.takeout(*export[:2])
    order = []
    take, read = importing._Import._take, importing.WorkerPool.read
    monkeypatch.setattr(importing._Import, "_take", lambda self, job: order.append("taken") or take(self, job))
    monkeypatch.setattr(importing.WorkerPool, "read", lambda *args, **how: order.append("begun") or read(*args, **how))
    report = library.takeout(*export)
    assert order.index("begun") < order.index("taken")
    assert order.count("begun") == report.files_read


class Started:
    """A file as `ReadAhead` starts it."""

    def __init__(self, file: File):
        self.file = file


def test_no_more_is_read_ahead_than_may_wait(monkeypatch):
    monkeypatch.setattr(read_ahead, "MAX_FILES", 3)
    monkeypatch.setattr(read_ahead, "MAX_BYTES", 100)
    files = [File("a.zip", str(number), bytes=30 + 100 * (number == 4)) for number in range(8)]
    left, begun = iter(files), []
    ahead = ReadAhead(lambda: left, lambda file: begun.append(file) or Started(file))
    ahead.fill()
    ahead.fill()
    assert begun == files[:3]
    assert ahead.take(files[1]).file is files[1] and ahead.take(files[1]) is None and ahead.take(files[7]) is None
    ahead.fill()
    assert begun == files[:4]
    assert [ahead.take(file).file for file in files[:4] if file is not files[1]] == [files[0], *files[2:4]]
    ahead.fill()
    assert begun == files[:5]  # one of more bytes than may wait is read alone
    assert ahead.take(files[4]).file is files[4]
    ahead.fill()
    assert begun == files


def test_the_files_of_a_part_are_counted_once_while_the_index_is_read(library, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "ENTRIES_AT_ONCE", 7)
    counts = []

    class Counting(Progress):
        def start(self, label, total=None):
            counts.append(0)
            super().start(label, total)

        def advance(self, count=1):
            counts[-1] += count
            super().advance(count)

    given = [part(tmp_path, number, members_of(20 * number, 20 * number + 20)) for number in (1, 2)]
    report = importing.import_takeout(library.db, given, Counting(silent=True), workers=1)
    assert counts[0] == sum(each.seen for each in report.parts) > 0
