"""Copies that are verified and still left to the person, because something besides the picture could be lost with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datasette_gphotos_dedupe.core.groups.keeper import GroupPhoto, Policy, choose_keeper
from datasette_gphotos_dedupe.core.groups.reasons import why_not_suggested

KEEPER = GroupPhoto("AF1QipK", "a.jpg", "image/jpeg", width=4000, height=3000, bytes=9, source="takeout", media_key="AF1QipK")
COPY = GroupPhoto("AF1QipC", "a-small.jpg", "image/jpeg", width=400, height=300, bytes=3, source="takeout", media_key="AF1QipC")


def test_a_plain_smaller_copy_is_suggested():
    assert why_not_suggested(COPY, KEEPER, "smaller_copy", Policy()) is None


@pytest.mark.parametrize(
    "copy, keeper, why",
    [
        ({"moves": True}, {}, "it moves or has several pages, and the one kept is a still"),
        ({"has_edit": True}, {}, "it has an edited version, and the one kept has none"),
        ({}, {"source": "folder", "media_key": None}, "one of the two lies only in a folder on this disk"),
        ({"source": "folder", "media_key": None}, {}, "one of the two lies only in a folder on this disk"),
        (
            {"source": "library", "media_key": None, "width": 4000, "height": 3000},
            {},
            "it may be the very photo that is kept, seen through two sources",
        ),
        ({"library_id": "APx1"}, {"library_id": "APx1"}, "it may be the very photo that is kept, seen through two sources"),
        ({"favorite": True}, {}, "it is a favourite"),
        ({"album_only": True}, {}, "it was seen only in an album, so it may be somebody else's"),
    ],
)
def test_a_copy_that_could_take_something_with_it_is_left_to_the_person(copy, keeper, why):
    assert why_not_suggested(replace(COPY, **copy), replace(KEEPER, **keeper), "smaller_copy", Policy()) == why


def test_a_live_photo_is_suggested_when_the_one_kept_moves_too():
    assert why_not_suggested(replace(COPY, moves=True), replace(KEEPER, moves=True), "smaller_copy", Policy()) is None


def test_what_moves_stays_when_a_still_has_as_many_pixels():
    still = replace(KEEPER, photo_id="AF1QipA", bytes=90, favorite=True)
    choice = choose_keeper([still, replace(KEEPER, moves=True)], Policy())
    assert (choice.keeper.photo_id, choice.reason.split(";")[0]) == ("AF1QipK", "it moves or has several pages")


def test_a_tiny_animation_does_not_outrank_the_full_picture():
    assert choose_keeper([KEEPER, replace(COPY, moves=True)], Policy()).keeper == KEEPER
