"""Variants as bytes: always those of the JSON beside them, whatever wrote it, and nothing of what is no hash."""

from __future__ import annotations

import json

import numpy as np
import pytest

from datasette_gphotos_dedupe.core.search.candidates import Library
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.matching.matches import read_variants
from datasette_gphotos_dedupe.store.packed_variants import pack_missing

NAMES = ("crop5", "trim", "rot90")


@pytest.fixture
def db(tmp_path):
    db = open_database(tmp_path / "photos.db")
    yield db
    db.conn.close()


def add(db, photo_id: str, variants: object, **changes) -> None:
    text = variants if isinstance(variants, str) else json.dumps(variants)
    row = {"photo_id": photo_id, "phash": "0" * 64, "variants": text, "flatness": 0, "algorithm": "x", **changes}
    with db.atomic():
        db["photos"].insert({"photo_id": photo_id, "source": "takeout"}, ignore=True)
        db["fingerprints"].insert(row, replace=True)


def found(db, names: tuple[str, ...] = NAMES) -> set[tuple[str, str, str]]:
    """(photo, variant, hash) of all that the search gets to see."""
    with db.atomic():
        pack_missing(db.conn)
    ids = [row[0] for row in db.execute("SELECT photo_id FROM photos ORDER BY 1")]
    nothing: list[str | None] = [None] * len(ids)
    library = Library(ids, np.empty((len(ids), 32), np.uint8), np.zeros(len(ids)), nothing, nothing, names, (44,) * len(names))
    return {
        (ids[owner], names[kind], row.tobytes().hex())
        for variants in read_variants(db.conn, library)
        for owner, kind, row in zip(*variants, strict=True)
    }


def test_photos_with_other_lists_of_variants_are_each_read_by_their_own(db):
    add(db, "a", {"crop5": "1" * 64, "trim": "2" * 64})
    add(db, "b", {"trim": "3" * 64, "crop5": "4" * 64, "unknown": "5" * 64})
    add(db, "c", {})
    add(db, "d", {"rot90": "6" * 64})
    assert found(db) == {
        ("a", "crop5", "1" * 64),
        ("a", "trim", "2" * 64),
        ("b", "trim", "3" * 64),
        ("b", "crop5", "4" * 64),
        ("d", "rot90", "6" * 64),
    }
    assert found(db, ("trim",)) == {("a", "trim", "2" * 64), ("b", "trim", "3" * 64)}
    assert db.execute("SELECT count(*) FROM variant_names").fetchone() == (4,)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE fingerprints SET variants = '{}'",
        "DELETE FROM fingerprints",
        "DELETE FROM photos",
        "INSERT OR REPLACE INTO fingerprints (photo_id, phash, flatness, algorithm) SELECT photo_id, phash, 0, 'x' FROM fingerprints",
    ],
)
def test_what_is_packed_goes_with_any_change_of_the_json(db, change):
    add(db, "a", {"trim": "2" * 64})
    assert found(db)
    with db.atomic():
        db.execute(change)
    assert not db.execute("SELECT * FROM packed_variants").fetchall()
    assert found(db) == set()


def test_what_is_packed_under_no_list_of_names_is_packed_again(db):
    add(db, "a", {"trim": "2" * 64})
    assert found(db)
    db.execute("PRAGMA foreign_keys = OFF")
    with db.atomic():
        db.execute("UPDATE variant_names SET names_id = names_id + 5")
    assert found(db) == {("a", "trim", "2" * 64)}


def test_a_photo_that_takes_another_id_takes_its_variants_along(db):
    add(db, "a", {"trim": "2" * 64})
    found(db)
    with db.atomic():
        db["photos"].insert({"photo_id": "b", "source": "takeout"})
        db.execute("UPDATE OR IGNORE fingerprints SET photo_id = 'b'")
    assert found(db) == {("b", "trim", "2" * 64)}
    assert db.execute("SELECT photo_id, matched_by FROM comparisons").fetchall() == [("b", None)]


@pytest.mark.parametrize(
    "variants", ["[]", "null", '"trim"', "not JSON", '{"trim": 5, "crop5": "12", "rot90": "' + "g" * 64 + '"}']
)
def test_what_is_no_hash_is_left_out(db, variants):
    add(db, "a", variants)
    add(db, "b", {"trim": "2" * 64})
    assert found(db) == {("b", "trim", "2" * 64)}


def test_a_photo_that_waits_or_does_not_is_noted_whatever_writes_its_fingerprint(db):
    def noted() -> list[tuple]:
        return db.execute("SELECT photo_id, matched_by FROM comparisons ORDER BY 1").fetchall()

    add(db, "a", {})
    add(db, "b", {})
    with db.atomic():
        db.execute("UPDATE comparisons SET matched_by = 'then'")
    assert noted() == [("a", "then"), ("b", "then")]
    add(db, "a", {}, phash="1" * 64)
    assert noted() == [("a", None), ("b", "then")]
    with db.atomic():
        db.execute("UPDATE fingerprints SET phash = ? WHERE photo_id = 'b'", ["2" * 64])
    assert noted() == [("a", None), ("b", None)]
    with db.atomic():
        db.execute("DELETE FROM fingerprints WHERE photo_id = 'a'")
    assert noted() == [("b", None)]
