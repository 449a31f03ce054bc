from __future__ import annotations

import sqlite3

import pytest

from datasette_gphotos_dedupe.sql_functions import register


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
