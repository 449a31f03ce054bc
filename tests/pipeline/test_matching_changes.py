"""A library that grows, shrinks and changes between runs of the match step has, at any moment, the tables of one go."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

import pytest

from datasette_gphotos_dedupe.pipeline.matching import MatchOptions, match_library
from datasette_gphotos_dedupe.store.database import open_database
from tests.pictures import photo_rows, picture

from .test_matching import clear_sky, tables

ALONE = MatchOptions(workers=1)
Rows = dict[str, dict]
"""What the library holds of one photo: a row of `photos`, and of `fingerprints` and `thumbnails` when it could be read."""


# every column that a change below may touch: an update that leaves one out would keep its old value
UNTOUCHED = {
    "taken_at": None,
    "taken_at_source": None,
    "kind": "photo",
    "duration_s": None,
    "origin": None,
    "dedup_key": None,
    "favorite": 0,
    "album_only": 0,
    "trashed": 0,
}


@pytest.fixture(scope="module")
def rows() -> list[Rows]:
    """Five pictures; each has a thumbnail, a re-encode, and a mirrored or cropped version, and there are five broken files."""
    made = []
    for seed in range(5):
        image, when = picture(seed), {"taken_at": f"2020-01-0{seed + 1}T10:00:00Z", "taken_at_source": "sidecar"}
        changed = image.transpose(0) if seed % 2 else image.crop((64, 48, 576, 432))
        made.append(photo_rows(f"{seed}-full", image, 95, sha1=f"sha{seed}", **when))
        made.append(photo_rows(f"{seed}-small", image.resize((320, 240)), 80, sha1=f"small{seed}", **when))
        made.append(photo_rows(f"{seed}-again", image, 60, sha1=f"again{seed}", **when))
        made.append(photo_rows(f"{seed}-other", changed, 90, sha1=f"other{seed}"))
        made.append({"photos": {**made[-1]["photos"], "photo_id": f"{seed}-broken", "sha1": f"broken{seed % 2}"}})
    made += [clear_sky(number, shot, sha1=f"{shot}{number}") for number in range(2) for shot in ("full", "small")]
    return [{**row, "photos": {**UNTOUCHED, **row["photos"]}} for row in made]


def delete(draw: random.Random, library: dict[str, Rows], name: str) -> None:
    del library[name]


def correct_time(draw: random.Random, library: dict[str, Rows], name: str) -> None:
    library[name]["photos"]["taken_at"] = draw.choice([None, "2020-01-01T10:00:00Z", "2020-01-01T10:00:05Z"])
    library[name]["photos"]["taken_at_source"] = draw.choice(["sidecar", "exif"])


def rename(draw: random.Random, library: dict[str, Rows], name: str) -> None:
    library[name]["photos"]["filename"] = draw.choice(["IMG_0001.jpg", "IMG_0001(1).jpg", "scan.png"])


def change_facts_of_google(draw: random.Random, library: dict[str, Rows], name: str) -> None:
    facts = {"origin": "driveDesktopUploader", "dedup_key": "one item", "favorite": 1, "source": "takeout", "album_only": 1}
    column = draw.choice(sorted(facts))
    library[name]["photos"][column] = facts[column]


def throw_away_or_take_back(draw: random.Random, library: dict[str, Rows], name: str) -> None:
    library[name]["photos"]["trashed"] = 1 - library[name]["photos"]["trashed"]


def become_video(draw: random.Random, library: dict[str, Rows], name: str) -> None:
    library[name]["photos"] |= {"kind": "video", "duration_s": draw.choice([1.5, 30.0])}


def become_another(draw: random.Random, library: dict[str, Rows], name: str) -> None:
    """Another file in its place: its bytes, and its pixels or the lack of them."""
    model = library[draw.choice(sorted(library))]
    kept = {column: library[name]["photos"][column] for column in ("photo_id", "filename", "source")}
    library[name] = {table: {**row, "photo_id": name} if isinstance(row, dict) else row for table, row in model.items()}
    library[name]["photos"] |= kept


def become_unreadable(draw: random.Random, library: dict[str, Rows], name: str) -> None:
    library[name] = {"photos": {**library[name]["photos"], "sha1": draw.choice(["broken0", "broken1"])}}


CHANGES: list[Callable[[random.Random, dict[str, Rows], str], None]] = [
    delete,
    correct_time,
    rename,
    change_facts_of_google,
    throw_away_or_take_back,
    become_video,
    become_another,
    become_unreadable,
]


def save(db, before: dict[str, Rows], after: dict[str, Rows]) -> None:
    """Write the difference as an import does: rows of `photos` are updated in place, and new pixels are to be matched again."""
    with db.atomic():
        for name in before.keys() - after.keys():
            db.execute("DELETE FROM photos WHERE photo_id = ?", [name])
        for name, rows in after.items():
            old = before.get(name, {})
            for table in ("photos", "fingerprints", "thumbnails"):
                if table in rows and rows[table] != old.get(table):
                    db[table].upsert(rows[table], pk="photo_id")
                elif table in old and table not in rows:
                    db.execute(f"DELETE FROM {table} WHERE photo_id = ?", [name])


def one_go(path, library: dict[str, Rows]) -> dict[str, list[tuple]]:
    db = open_database(path)
    save(db, {}, library)
    match_library(db, options=ALONE)
    found = tables(db)
    db.conn.close()
    return found


@pytest.mark.parametrize("seed", range(6))
def test_portions_and_changes_of_any_kind_leave_the_tables_of_one_go(tmp_path, rows, seed):
    draw, library = random.Random(seed), {}
    waiting = draw.sample(rows, len(rows))
    db = open_database(tmp_path / "portions.db")
    told = []
    for _ in range(10):
        before = copy.deepcopy(library)
        for row in [waiting.pop() for _ in range(min(draw.randint(1, 6), len(waiting)))]:
            library[row["photos"]["photo_id"]] = copy.deepcopy(row)
        for _ in range(draw.randint(0, 3)):
            change, name = draw.choice(CHANGES), draw.choice(sorted(library))
            told.append((change.__name__, name))
            change(draw, library, name)
            if not library:
                break
        save(db, before, library)
        match_library(db, options=ALONE)
    assert tables(db) == one_go(tmp_path / "one.db", library), told
    db.conn.close()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_of_many_photos_leaves_the_tables_of_one_go(tmp_path, rows, change):
    draw, library = random.Random(1), {row["photos"]["photo_id"]: copy.deepcopy(row) for row in rows}
    db = open_database(tmp_path / "changed.db")
    save(db, {}, library)
    match_library(db, options=ALONE)
    before = copy.deepcopy(library)
    for name in draw.sample(sorted(library), 8):
        change(draw, library, name)
    save(db, before, library)
    match_library(db, options=ALONE)
    assert tables(db) == one_go(tmp_path / "one.db", library)
    db.conn.close()


def test_broken_files_of_equal_bytes_that_come_one_by_one_are_paired_as_in_one_go(tmp_path, rows):
    broken = sorted((row for row in rows if "fingerprints" not in row), key=lambda row: row["photos"]["photo_id"])
    library: dict[str, Rows] = {}
    db = open_database(tmp_path / "portions.db")
    for row in reversed(broken):
        save(db, {}, {row["photos"]["photo_id"]: row})
        library[row["photos"]["photo_id"]] = row
        match_library(db, options=ALONE)
    assert len(tables(db)["pairs"]) == 3
    assert tables(db) == one_go(tmp_path / "one.db", library)
    db.conn.close()
