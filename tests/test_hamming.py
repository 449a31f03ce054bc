from __future__ import annotations

import itertools
import sqlite3

import pytest

from datasette_gphotos_dedupe.sql_functions import hamming, register


@pytest.fixture
def conn():
    connection = sqlite3.connect(":memory:")
    register(connection)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("ff", "00", 8),
        ("ff" * 32, "00" * 32, 256),
        (5, 3, 2),
        (-1, 0, 64),
        ("ff", "0", None),
        (None, "ff", None),
        ("zz", "ff", None),
    ],
)
def test_hamming_counts_differing_bits_and_answers_null_for_what_cannot_be_compared(conn, a, b, expected):
    assert conn.execute("select hamming(?, ?)", [a, b]).fetchone()[0] == expected


ODD_INPUT = ("ff" * 32, "FF" * 32, "00" * 32, "ff", "0", "f", "", "0xff", "f_f", " ff ", "zz", "é9", b"ff", None, 0, 5, -1, 2.5)


def test_what_one_call_remembers_does_not_change_the_answer_of_the_next(conn):
    pairs = list(itertools.product(ODD_INPUT, repeat=2))
    for a, b in [*pairs, *reversed(pairs), *((one, other) for other, one in pairs)]:
        assert conn.execute("select hamming(?, ?)", [a, b]).fetchone()[0] == hamming(a, b), (a, b)
