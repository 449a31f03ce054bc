"""The marks of edited versions: one list, told in any language, cut or whole, in time that grows with the name alone."""

from __future__ import annotations

import time
import unicodedata

import pytest

from datasette_gphotos_dedupe.core.edit_marks import EDITED_WORDS, MADE_WORDS, Mark, is_edited_word, split_any, split_mark


@pytest.mark.parametrize("word", sorted(EDITED_WORDS))
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_word_for_edited_is_a_mark_however_its_accents_are_written(word, form):
    mark = split_mark("IMG_1-" + unicodedata.normalize(form, word))
    assert mark is not None
    assert (mark.base, mark.kind, is_edited_word(word)) == ("IMG_1", "edited", True)


@pytest.mark.parametrize("word", sorted(MADE_WORDS))
def test_what_google_makes_is_a_mark_in_capitals_or_not(word):
    assert split_mark(f"IMG_1-{word.upper()}") == Mark("IMG_1", word.upper(), "made")
    assert split_mark(f"IMG_1-{word}") == Mark("IMG_1", word, "made")


MARKS = {
    "IMG_1-auto-effects": Mark("IMG_1", "auto-effects", "made"),
    "IMG_1~2": Mark("IMG_1", "2", "version"),
    "IMG_1-EFFECTS-edited": Mark("IMG_1-EFFECTS", "edited", "edited"),
    "a-b-edited": Mark("a-b", "edited", "edited"),
    "-edited": None,
    "edited": None,
    "IMG_1-edi": None,
    "IMG_1~x": None,
    "IMG_1-2": None,
    "": None,
}


@pytest.mark.parametrize("stem", MARKS)
def test_only_the_end_of_a_name_is_a_mark(stem):
    assert split_mark(stem) == MARKS[stem]


@pytest.mark.parametrize("left", ["-edite", "-edi", "-e", "-", "-COLLA"])
def test_a_cut_mark_is_told_where_names_are_cut(left):
    mark = split_mark("x" * 40 + left, may_be_cut=True)
    assert mark is not None and mark.base == "x" * 40


def test_any_word_is_a_mark_for_who_knows_that_the_rest_is_a_picture():
    assert split_any("IMG_1-retocada") == Mark("IMG_1", "retocada", "word")
    assert split_any("IMG_1-edi") == Mark("IMG_1", "edi", "edited")
    assert [split_any(stem) for stem in ("IMG_1-12", "IMG_1", "IMG_1-" + "x" * 30, "IMG-1a")] == [None] * 4


@pytest.mark.parametrize("piece", ["-", "~", "-edited", "a", " ", "-auto"])
def test_a_name_of_any_length_takes_time_in_proportion(piece):
    name = piece * (1_000_000 // len(piece))
    started = time.perf_counter()
    for look in (split_mark, split_any):
        look(name)
    split_mark(name, may_be_cut=True)
    assert time.perf_counter() - started < 1
