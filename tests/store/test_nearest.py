"""The nearest photos: exact, complete and never out of date."""

from __future__ import annotations

import json
import random
import sqlite3
import sys

import pytest

from datasette_gphotos_dedupe.sql_functions import register
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.matching.nearest import MAX_BITS, Packed, read_nearest, read_packed

COUNT = 300


def hashes() -> dict[str, str]:
    """Photo id to hash: random ones, close ones, three equal ones, and the opposite of the first."""
    dice = random.Random(7)
    found = {f"p{number:03d}": dice.getrandbits(256) for number in range(COUNT)}
    for number in range(40):
        found[f"near{number:02d}"] = found["p000"] ^ ((1 << number) - 1)
    found |= {"same1": found["p000"], "same2": found["p000"], "opposite": found["p000"] ^ (2**256 - 1)}
    return {photo_id: f"{number:064x}" for photo_id, number in found.items()}


@pytest.fixture(params=["as installed", "without hexhamming"])
def conn(tmp_path, request, monkeypatch):
    if request.param == "without hexhamming":
        monkeypatch.setitem(sys.modules, "hexhamming", None)
    with open_database(tmp_path / "photos.db") as db:
        add(db.conn, hashes())
    connection = sqlite3.connect(tmp_path / "photos.db")
    register(connection)
    yield connection
    connection.close()


def add(conn: sqlite3.Connection, rows: dict[str, str]) -> None:
    conn.executemany("INSERT INTO photos (photo_id, source) VALUES (?, 'test')", [(photo_id,) for photo_id in rows])
    conn.executemany(
        "INSERT INTO fingerprints (photo_id, phash, flatness, algorithm) VALUES (?, ?, 0, 'test')", list(rows.items())
    )
    conn.commit()


def by_hand(phash: str) -> list[tuple[int, str]]:
    """Every photo with its distance, compared digit by digit."""
    table = hashes()
    return sorted(
        (sum(bin(int(a, 16) ^ int(b, 16)).count("1") for a, b in zip(phash, other, strict=True)), photo_id)
        for photo_id, other in table.items()
    )


@pytest.mark.parametrize("count", [1, 3, 20, COUNT, 1000])
def test_the_nearest_are_those_that_a_comparison_by_hand_finds(conn, count):
    phash = hashes()["p000"]
    found = read_nearest(conn, int(phash, 16), count)
    assert [one["distance_bits"] for one in found] == [distance for distance, _ in by_hand(phash)[:count]]


@pytest.mark.parametrize("count", [0, 1, 7, 60, 1000])
@pytest.mark.parametrize("max_bits", [-1, 0, 16, 17, 112, 255, MAX_BITS, 300])
def test_both_ways_to_search_find_the_same_in_the_same_order(conn, count, max_bits):
    packed = read_packed(conn)
    for photo_id in ("p000", "p001", "opposite"):
        number = int(hashes()[photo_id], 16)
        if max_bits < 0 or count == 0:
            assert packed.nearest(number, count, max_bits) == []
        else:
            assert packed.nearest(number, count, max_bits) == packed._nearest_numbers(number, count, max_bits)


@pytest.mark.parametrize("max_bits", [0, 1, 17, 120, 255, MAX_BITS])
def test_no_photo_within_the_radius_is_missed_and_none_beyond_it_is_found(conn, max_bits):
    phash = hashes()["p000"]
    found = {one["photo_id"] for one in read_nearest(conn, int(phash, 16), 1000, max_bits)}
    assert found == {photo_id for distance, photo_id in by_hand(phash) if distance <= max_bits}


def test_photos_of_one_fingerprint_are_all_found(conn):
    found = json.loads(conn.execute("SELECT nearest_photos('p000', 3, 0)").fetchone()[0])
    assert [one["photo_id"] for one in found] == ["near00", "same1", "same2"]


def test_a_photo_is_not_its_own_neighbour_but_a_pasted_hash_finds_it(conn):
    of_photo = json.loads(conn.execute("SELECT nearest_photos('p001', 5, 0)").fetchone()[0])
    of_hash = json.loads(conn.execute("SELECT nearest_photos(?, 5, 0)", [hashes()["p001"].upper()]).fetchone()[0])
    assert of_photo == []
    assert of_hash == [{"photo_id": "p001", "distance_bits": 0}]


@pytest.mark.parametrize("asked", [None, "", "nobody", "ff", "z" * 64, 12, b"x"])
def test_what_is_neither_a_photo_nor_a_hash_gives_null(conn, asked):
    assert conn.execute("SELECT nearest_photos(?)", [asked]).fetchone()[0] is None


def test_a_photo_that_another_program_adds_is_found_at_once(conn, tmp_path):
    phash = hashes()["p002"]
    assert len(read_nearest(conn, int(phash, 16), 10, 0)) == 1
    other = sqlite3.connect(tmp_path / "photos.db")
    add(other, {"late": phash})
    other.close()
    assert [one["photo_id"] for one in read_nearest(conn, int(phash, 16), 10, 0)] == ["late", "p002"]


def test_changes_not_yet_committed_are_seen_by_their_own_connection(conn):
    phash = hashes()["p003"]
    conn.execute("BEGIN")
    conn.execute("DELETE FROM fingerprints WHERE photo_id = 'p003'")
    assert read_nearest(conn, int(phash, 16), 10, 0) == []
    conn.rollback()
    assert len(read_nearest(conn, int(phash, 16), 10, 0)) == 1


def test_a_database_without_fingerprints_has_no_nearest():
    assert Packed(b"").nearest(5, 10) == []
    conn = sqlite3.connect(":memory:")
    register(conn)
    assert conn.execute("SELECT nearest_photos('x')").fetchone()[0] is None
    conn.close()
