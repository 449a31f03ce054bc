"""What is said of a photo in a few words."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.captions import _SHOT, because, copy_caption, sentence, short_name
from datasette_gphotos_dedupe.core.groups.reasons import SAME_AS
from datasette_gphotos_dedupe.formatting import RELATION_LABELS
from datasette_gphotos_dedupe.model import RELATIONS, REMOVABLE_RELATIONS


def test_every_relation_has_its_words_wherever_it_is_said():
    assert list(RELATION_LABELS) == list(SAME_AS) == list(RELATIONS)
    assert set(_SHOT) == set(RELATIONS) - REMOVABLE_RELATIONS


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            "what you get when A.JPG is scaled down and saved as JPEG, 1024 x 768 against 1280 x 960, uploaded by a phone",
            "This is what you get when A.JPG is scaled down and saved as JPEG.",
        ),
        ("another shot: taken 2 seconds later", "Another shot: taken 2 seconds later."),
        ("like 1f452645-8068-7b15-8a57-4b9113151e33.jpg", "Like 1f452645….jpg."),
        (None, ""),
    ],
)
def test_a_reason_becomes_one_sentence(reason, told):
    assert sentence(reason) == told


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("kept: a favourite", "because it is a favourite."),
        ("kept: most pixels (4032 x 3024); has camera and place", "because it has the most pixels and has camera and place."),
        ("kept: the others can be made again from it", "because the others can be made again from it."),
        ("kept: preferred format (JPEG); first of equals", "because it is a JPEG."),
    ],
)
def test_why_a_photo_stays_reads_as_a_clause(reason, told):
    assert because(reason) == told


def test_machine_names_are_cut_short_and_others_are_not():
    assert short_name({"filename": "1f452645-8068-7b15-8a57-4b9113151e33.jpg"}) == "1f452645….jpg"
    assert short_name({"filename": "DSC_2207 (2).jpg"}) == "DSC_2207 (2).jpg"


def test_what_is_surplus_about_a_copy_is_said_in_a_few_words():
    keeper = {"width": 4032, "height": 3024, "taken_at": "2021-06-06T14:02:11Z"}
    small = {"relation": "smaller_copy", "width": 256, "height": 192}
    assert copy_caption(small, keeper) == "A 256 px thumbnail"
    assert copy_caption({**small, "width": 1600}, keeper) == "1,600 px"
    shot = {"relation": "series", "width": 4032, "height": 3024, "taken_at": "2021-06-06T14:02:13Z"}
    assert copy_caption(shot, keeper) == "Another shot, 2 seconds later"
