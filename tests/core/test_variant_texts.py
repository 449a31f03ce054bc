"""Reading many texts at once gives what JSON gives, one text after the other."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.core.search import variant_texts
from datasette_gphotos_dedupe.core.search.variant_texts import hashes_from_texts

NUMBERS = {"crop5": 0, "trim": 1, "rot90": 2}
names = st.lists(st.sampled_from(["crop5", "trim", "rot90", "other", "größer", 'quo"te']), unique=True)


def slowly(texts: list[str]) -> list[tuple[int, int, str]]:
    return sorted(
        (row, NUMBERS[name], digits)
        for row, text in enumerate(texts)
        for name, digits in json.loads(text).items()
        if name in NUMBERS
    )


def as_rows(texts: list[str]) -> list[tuple[int, int, str]]:
    owners, kinds, hashes = hashes_from_texts([text.encode() for text in texts], NUMBERS)
    return sorted((int(owner), int(kind), bytes(row).hex()) for owner, kind, row in zip(owners, kinds, hashes, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.lists(names, min_size=1, max_size=4), st.integers(0, 120), st.integers(0, 1000), st.booleans())
def test_texts_of_any_shapes_give_what_json_gives(shapes, count, seed, escaped):
    draw = random.Random(seed)
    texts = [
        json.dumps({name: draw.randbytes(32).hex() for name in draw.choice(shapes)}, ensure_ascii=escaped) for _ in range(count)
    ]
    assert as_rows(texts) == slowly(texts)


def test_texts_written_with_other_spaces_are_read_too():
    texts = [json.dumps({"crop5": f"{n:064x}"}, separators=(",", ":") if n % 2 else (", ", " : ")) for n in range(60)]
    assert as_rows(texts) == slowly(texts)


def test_a_text_of_the_usual_shape_with_a_digit_that_is_none_is_an_error(monkeypatch):
    monkeypatch.setattr(variant_texts, "_FEW", 1)
    with pytest.raises(ValueError):
        hashes_from_texts([json.dumps({"crop5": digit * 64}).encode() for digit in "0g1"], NUMBERS)


def test_no_texts_give_no_hashes():
    assert as_rows([]) == []
