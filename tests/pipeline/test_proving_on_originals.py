"""Copies are proved from the originals where they lie: measured once, stopped anywhere and gone on with, each trouble its own pair's."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal

import pytest
from PIL import Image

from datasette_gphotos_dedupe.core.verdict import file_proof as proofs_of
from datasette_gphotos_dedupe.pipeline import proving_on_originals
from datasette_gphotos_dedupe.pipeline.progress import Progress
from datasette_gphotos_dedupe.pipeline.proving_on_originals import prove_waiting
from datasette_gphotos_dedupe.sources.archives import tgz_stream
from tests import exports
from tests.broken_pictures import saved
from tests.made_pictures import noisy, scene
from tests.pictures import add_photos, photo_rows
from tests.pipeline.conftest import Library

SIZE = (640, 480)
PAIRS = "SELECT photo_a, photo_b, relation, remade, remade_from, evidence, wants_proof FROM pairs ORDER BY 1, 2"


def shot(number: int) -> bytes:
    """An original as a camera saves it: structure at all scales, and noise."""
    return saved(noisy(scene(number, SIZE), 3, number), "JPEG", quality=93)


def copies(number: int) -> dict[str, bytes]:
    """One original, a preview of 400 pixels and one saved again at full size, under names that say nothing."""
    image = Image.open(io.BytesIO(shot(number))).convert("RGB")
    preview = image.resize((400, 300), Image.Resampling.LANCZOS)
    return {
        f"{number}a7-original.jpg": shot(number),
        f"{number}b9-preview.jpg": saved(preview, "JPEG", quality=80),
        f"{number}cc-again.jpg": saved(image, "JPEG", quality=60),
    }


def members(*numbers: int) -> dict[str, bytes]:
    made: dict[str, bytes] = {}
    for number in numbers:
        for name, data in copies(number).items():
            made |= exports.year(name, data)
    return made


def relations(library: Library) -> dict[str, int]:
    """How many pairs there are of each relation."""
    return dict(library.rows("SELECT relation, count(*) FROM pairs GROUP BY relation"))


PROVED = {"re_encode": 1, "smaller_copy": 1, "look_alike": 1}
"""Of one picture: the preview cannot be made of the copy at quality 60, which has lost what it still shows."""


def test_copies_in_a_zip_are_proved_whatever_they_are_called(library, tmp_path):
    library.takeout(exports.write_zip(tmp_path / "takeout-1.zip", members(1, 2)))
    library.match()
    assert relations(library) == {relation: 2 * count for relation, count in PROVED.items()}
    suggested = library.rows(
        "SELECT filename FROM group_members JOIN photos USING (photo_id) WHERE suggested = 'remove' ORDER BY 1"
    )
    assert suggested == [(f"{number}{rest}.jpg",) for number in (1, 2) for rest in ("b9-preview", "cc-again")]
    assert library.one("SELECT count(*) FROM pairs WHERE wants_proof") == 0


def test_copies_in_a_folder_are_proved_in_place(library, tmp_path):
    for name, data in copies(3).items():
        (tmp_path / "pictures").mkdir(exist_ok=True)
        (tmp_path / "pictures" / name).write_bytes(data)
    library.folder(tmp_path / "pictures")
    library.match()
    assert relations(library) == PROVED


# Measured once, by content.


def refuse_to_measure(monkeypatch) -> None:
    def measure(*arguments):
        raise AssertionError("measured again")

    monkeypatch.setattr(proving_on_originals, "prove", measure)


def test_what_was_measured_on_two_contents_is_never_measured_again(library, tmp_path, monkeypatch):
    library.takeout(exports.write_zip(tmp_path / "takeout-1.zip", members(1)))
    library.match()
    told = library.rows(PAIRS)
    assert library.one("SELECT count(*) FROM remakings") == 3
    refuse_to_measure(monkeypatch)
    with library.db.atomic():
        library.db.execute("UPDATE comparisons SET matched_by = NULL")
    library.match()
    assert library.rows(PAIRS) == told


def test_another_library_with_the_same_contents_takes_over_what_was_measured(library, tmp_path, monkeypatch):
    library.takeout(exports.write_zip(tmp_path / "takeout-1.zip", members(1)))
    library.match()
    kept = library.rows("SELECT * FROM remakings")
    other = Library(tmp_path / "other.db")
    # the photos are other rows: no sidecar gives them their ids
    other.folder(unpacked(tmp_path, members(1)))
    with other.db.atomic():
        other.db.conn.executemany("INSERT INTO remakings VALUES (?, ?, ?, ?)", kept)
    refuse_to_measure(monkeypatch)
    other.match()
    assert relations(other) == PROVED
    holders = other.rows("SELECT DISTINCT filename FROM pairs JOIN photos ON photo_id = remade_from")
    assert {name for (name,) in holders} <= {"1a7-original.jpg", "1cc-again.jpg"}
    other.db.close()


def unpacked(tmp_path, files: dict[str, bytes]):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for name, data in files.items():
        if name.endswith(".jpg"):
            (folder / name.rpartition("/")[2]).write_bytes(data)
    return folder


def test_what_another_method_measured_is_not_believed(library, tmp_path):
    library.takeout(exports.write_zip(tmp_path / "takeout-1.zip", members(1)))
    library.match()
    with library.db.atomic():
        wrong = json.dumps({"remaking": None, "holder": None, "objection": "It is a lie.", "trouble": None, "previews": False})
        library.db.execute("UPDATE remakings SET measured_by = 'remake/0', proof = ?", [wrong])
        library.db.execute("UPDATE comparisons SET matched_by = NULL")
    library.match()
    assert relations(library) == PROVED
    assert library.one("SELECT count(*) FROM remakings WHERE proof LIKE '%lie%'") == 0


# Originals that are not what they were.


def test_an_original_that_vanished_is_decided_on_previews_and_the_sentence_says_so(library, tmp_path):
    part = exports.write_zip(tmp_path / "takeout-1.zip", members(1))
    library.takeout(part)
    part.unlink()
    library.match()
    assert relations(library) == {"look_alike": 3}
    said = library.one("SELECT group_concat(evidence, ' ') FROM pairs")
    assert said.count("made again at 320 pixels of their previews, because ") == 3 == said.count("cannot be read any more: ")
    assert library.one("SELECT count(*) FROM remakings") == 0  # it may be better next time


def test_a_copy_no_larger_than_a_preview_is_proved_without_its_original(library, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    image = Image.open(io.BytesIO(shot(4))).convert("RGB")
    (folder / "q1.jpg").write_bytes(shot(4))
    (folder / "q2.jpg").write_bytes(saved(image.resize((240, 180), Image.Resampling.LANCZOS), "JPEG", quality=82))
    library.folder(folder)
    (folder / "q1.jpg").unlink()
    library.match()
    assert relations(library) == {"smaller_copy": 1}


def test_an_original_that_changed_since_its_import_is_not_believed(library, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, data in copies(5).items():
        (folder / name).write_bytes(data)
    library.folder(folder)
    (folder / "5a7-original.jpg").write_bytes(shot(6))
    library.match()
    changed = library.rows("SELECT relation FROM pairs WHERE evidence LIKE '%has changed since it was imported%'")
    assert changed == [("look_alike",)] * 2  # and not the preview against the one saved again: both are as they were


def test_an_archive_that_comes_back_is_measured_then(library, tmp_path):
    part = exports.write_zip(tmp_path / "takeout-1.zip", members(1))
    library.takeout(part)
    away = part.rename(tmp_path / "away")
    library.match()
    assert relations(library) == {"look_alike": 3}
    away.rename(part)
    with library.db.atomic():
        library.db.execute("UPDATE comparisons SET matched_by = NULL")
    library.match()
    assert relations(library) == PROVED


# A tgz is read once.


def test_each_tgz_is_read_once_for_all_that_is_needed_of_it(library, tmp_path, monkeypatch):
    parts = [exports.write_tgz(tmp_path / f"takeout-{number}.tgz", members(number, number + 10)) for number in (1, 2)]
    library.takeout(*parts)
    opened: list[str] = []
    read = tgz_stream.read_tgz

    def count(path, *arguments):
        opened.append(path.name)
        return read(path, *arguments)

    monkeypatch.setattr(proving_on_originals, "read_tgz", count)
    library.match()
    assert relations(library) == {relation: 4 * number for relation, number in PROVED.items()}
    # once for what the search brought together; what keepers ask for beside that is a second pass
    assert sorted(opened)[:2] == ["takeout-1.tgz", "takeout-2.tgz"] and len(opened) == 2


def test_a_tgz_that_is_cut_off_costs_what_lies_behind_the_cut(library, tmp_path):
    part = exports.write_tgz(tmp_path / "takeout-1.tgz", members(1, 2))
    library.takeout(part)
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) * 6 // 10])
    library.match()
    found = relations(library)
    assert sum(found.values()) == 6 and found.get("look_alike", 0) >= 1
    assert library.one("SELECT count(*) FROM pairs WHERE wants_proof") == 0


def test_a_disk_without_room_takes_what_is_needed_a_few_at_a_time(library, tmp_path, monkeypatch):
    library.takeout(exports.write_tgz(tmp_path / "takeout-1.tgz", members(1, 2, 3)))
    monkeypatch.setattr(proving_on_originals, "SPOOLED_BYTES", 1)
    library.match()
    assert relations(library) == {relation: 3 * number for relation, number in PROVED.items()}


def test_nothing_of_a_tgz_is_left_on_disk(library, tmp_path, monkeypatch):
    monkeypatch.setattr(proving_on_originals.tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    library.takeout(exports.write_tgz(tmp_path / "takeout-1.tgz", members(1)))
    library.match()
    assert relations(library) == PROVED and list((tmp_path / "scratch").iterdir()) == []


# Stopped anywhere.


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """A library whose pairs have been found and wait for their proof, and the tables that an undisturbed run leaves."""
    folder = tmp_path_factory.mktemp("waiting")
    library = Library(folder / "photos.db")
    library.takeout(exports.write_zip(folder / "takeout-1.zip", members(1, 2)))
    proved = proving_on_originals.prove_waiting
    from datasette_gphotos_dedupe.pipeline import matching

    matching.prove_waiting = lambda *arguments, **options: proving_on_originals.ProveReport()
    try:
        library.match()
    finally:
        matching.prove_waiting = proved
    assert library.one("SELECT count(*) FROM pairs WHERE wants_proof") == 6
    library.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    library.db.conn.close()
    return folder / "photos.db"


def proved_tables(path) -> tuple[list, list]:
    library = Library(path)
    told = library.rows(PAIRS), library.rows("SELECT * FROM remakings ORDER BY 1, 2")
    library.db.conn.close()
    return told


def prove_in_child(path, stop_at: int) -> int:
    """Prove all in a child that is killed at a statement; its exit code."""
    child = os.fork()
    if child == 0:
        try:
            library, count = Library(path), 0

            def trace(sql: str) -> None:
                nonlocal count
                count += 1
                if count == stop_at:
                    os.kill(os.getpid(), signal.SIGKILL)

            library.db.conn.set_trace_callback(trace)
            prove_waiting(library.db, Progress(silent=True), 1)
        except BaseException:
            os._exit(99)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked, and end by signals")
def test_killed_at_any_moment_and_gone_on_with_it_ends_in_the_same_tables(waiting, tmp_path, monkeypatch):
    monkeypatch.setattr(proving_on_originals, "SAVED_EVERY_S", 0.0)  # so that there are moments between any two pairs
    whole = shutil.copy(waiting, tmp_path / "whole.db")
    assert prove_in_child(whole, 0) == 0
    expected, draw = proved_tables(whole), random.Random(5)
    assert len(expected[1]) == 6
    ends = set()
    for number in range(5):
        path = shutil.copy(waiting, tmp_path / f"{number}.db")
        ends.add(prove_in_child(path, draw.randrange(20, 150)))
        assert prove_in_child(path, 0) == 0
        assert proved_tables(path) == expected
    assert -signal.SIGKILL in ends


# A trouble costs its own pair.


def test_a_decoder_that_crashes_costs_its_own_pair(library, tmp_path, monkeypatch):
    library.takeout(exports.write_zip(tmp_path / "takeout-1.zip", members(1, 2)))
    monkeypatch.setattr(proving_on_originals, "FEW_PAIRS", 0)
    monkeypatch.setattr(proving_on_originals, "prove_task", crash_on_one)
    library.match()
    assert relations(library) == {"look_alike": 3, "re_encode": 1, "smaller_copy": 2}
    told = library.rows("SELECT relation FROM pairs WHERE evidence LIKE '%the program that decodes one of them crashed%'")
    assert told == [("look_alike",)]


MEASURE = proving_on_originals.prove_task


def crash_on_one(task):
    """As `prove_task`, in a process that dies over one pair as a decoder does on a file made for it."""
    if task.known is None and {task.a.filename, task.b.filename} == {"1a7-original.jpg", "1cc-again.jpg"}:
        os.kill(os.getpid(), signal.SIGKILL)
    return MEASURE(task)


def test_a_picture_that_cannot_be_opened_any_more_costs_its_own_pairs(library, tmp_path, monkeypatch):
    library.takeout(exports.write_zip(tmp_path / "takeout-1.zip", members(1)))
    read = proofs_of.read_outline

    def fail(data, name=""):
        if name == "1b9-preview.jpg":
            raise MemoryError
        return read(data, name)

    monkeypatch.setattr(proofs_of, "read_outline", fail)
    library.match()
    assert relations(library) == {"re_encode": 1, "look_alike": 2}
    assert library.one("SELECT count(*) FROM pairs WHERE evidence LIKE '%too large for the memory of this machine%'") == 2


def test_a_library_of_photos_without_files_is_decided_on_previews(library):
    image = Image.open(io.BytesIO(shot(8))).convert("RGB")
    add_photos(library.db, [photo_rows("full", image, 93), photo_rows("tiny", image.resize((160, 120)), 85)])
    with library.db.atomic():
        library.db.execute("DELETE FROM files")
    library.match()
    assert library.rows("SELECT relation, remade_px FROM pairs") == [("smaller_copy", 160)]


def test_the_pairs_that_names_alone_brought_together_are_proved_or_dropped(library, tmp_path):
    """A crop by hand keeps the camera's number: no framing of the hash finds it."""
    image = Image.open(io.BytesIO(shot(9))).convert("RGB")
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "DSC_4711.JPG").write_bytes(shot(9))
    (folder / "DSC_4711 (1).JPG").write_bytes(saved(image.crop((60, 40, 560, 420)), "JPEG", quality=88))
    (folder / "x").mkdir()
    (folder / "x" / "DSC_4711.JPG").write_bytes(shot(21))
    library.folder(folder)
    library.match()
    assert relations(library) == {"crop": 1}


def test_what_the_search_found_and_no_keeper_asked_for_is_shown_with_its_progress(library, tmp_path, capsys):
    from datasette_gphotos_dedupe.pipeline.matching import MatchOptions, match_library

    library.takeout(exports.write_zip(tmp_path / "takeout-1.zip", members(1)))
    match_library(library.db, Progress(), MatchOptions(workers=1))
    assert "Making copies again" in capsys.readouterr().err
