from __future__ import annotations

import itertools
import sqlite3
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasette_gphotos_dedupe.sql_functions import fast_hamming, hamming, register, remembering_hamming


@pytest.fixture(params=["as installed", "without hexhamming"])
def conn(request, monkeypatch):
    if request.param == "without hexhamming":
        monkeypatch.setitem(sys.modules, "hexhamming", None)
    connection = sqlite3.connect(":memory:")
    register(connection)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("ff", "00", 8),
        ("ff" * 32, "00" * 32, 256),
        ("", "", None),
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


def slow_hamming(a: str, b: str) -> int | None:
    """Digit by digit."""
    if not a or len(a) != len(b) or not set(a + b) <= set("0123456789abcdefABCDEF"):
        return None
    return sum((int(one, 16) ^ int(other, 16)).bit_count() for one, other in zip(a, b, strict=True))


DIGITS = st.text("0123456789abcdefABCDEF", min_size=0, max_size=140)
TEXTS = st.one_of(DIGITS, st.text(max_size=80), DIGITS.flatmap(lambda text: st.sampled_from("gG:@`/\0 _xé").map(text.__add__)))


@given(TEXTS, TEXTS)
def test_each_way_to_count_gives_the_number_that_counting_digit_by_digit_gives(a, b):
    for one, other in ((a, b), (a, a), (a, b[: len(a)].ljust(len(a), "0"))):
        for way in (hamming, remembering_hamming(), fast_hamming()):
            assert way(one, other) == slow_hamming(one, other), (one, other)


@given(st.integers(0, 127), st.characters(exclude_characters="0123456789abcdefABCDEF"))
def test_a_character_that_is_no_digit_is_seen_wherever_it_stands(place, character):
    text = "0" * place + character + "0" * (127 - place)
    assert fast_hamming()(text, "0" * 128) is None and fast_hamming()("0" * 128, text) is None


def test_a_library_that_takes_any_character_for_a_digit_is_not_used(monkeypatch):
    careless = type(sys)("hexhamming")
    careless.hamming_distance_string = lambda a, b: 0
    monkeypatch.setitem(sys.modules, "hexhamming", careless)
    assert fast_hamming()("zz", "00") is None
