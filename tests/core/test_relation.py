"""What numbers and metadata add up to. Only agreement of all is a relation that may be suggested for removal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datasette_gphotos_dedupe.core.pictures.variants import WHOLE, Box
from datasette_gphotos_dedupe.core.verdict.align import Overlay
from datasette_gphotos_dedupe.core.verdict.compare import Difference
from datasette_gphotos_dedupe.core.verdict.relation import Case, judge
from datasette_gphotos_dedupe.core.verdict.subject import Subject
from datasette_gphotos_dedupe.core.verdict.witness import hear_witness
from datasette_gphotos_dedupe.model import REMOVABLE_RELATIONS

EQUAL = Difference(
    pixel=0.0,
    worst_block=0.0,
    worst_shade=0.0,
    bad_share=0.0,
    spot=1.0,
    detail=0.0,
    worst_detail=0.0,
    structure=0.8,
    tone=0.0,
    contrast=1.0,
    colour=0.0,
    worst_colour=0.0,
    colour_spot=1.0,
    saturation=1.0,
    cast=0.0,
    side=320,
)
ORIGINAL = Subject("o", width=4000, height=3000, mime_type="image/jpeg", filename="DSC_1022.JPG")
COPY = replace(ORIGINAL, photo_id="c", bytes=9)
AT = "2019-06-28T18:38:04"
LATER = "2019-06-28T18:38:05"


def relation(a: Subject, b: Subject, box: Box = WHOLE, variant: str = "base", **numbers) -> str | None:
    found = judge(Case(a, b, replace(EQUAL, **numbers), Overlay(box, WHOLE, 0.99), hear_witness(a, b), 3, variant))
    return found and found.relation


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        ({}, "re_encode"),
        ({"width": 400, "height": 300}, "smaller_copy"),
        ({"width": 400, "height": 300, "filename": "DSC_1022_400.jpg"}, "smaller_copy"),
        ({"mime_type": "image/heic"}, "other_format"),
        ({"mime_type": "image/x-nikon-nef", "filename": "DSC_1022.NEF"}, "raw_and_jpeg"),
        ({"filename": "DSC_1022-edited.jpg"}, "edited"),
    ],
)
def test_a_name_in_common_says_which_kind_of_copy_an_equal_picture_is(copy, expected):
    assert relation(replace(COPY, **copy), ORIGINAL) == expected


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"filename": None}, {}),
        ({"filename": "a.jpg"}, {"filename": "b.jpg"}),
        ({"filename": "Scan_0001.jpg"}, {"filename": "Scan_0001.jpg"}),
        ({"filename": "image.jpg"}, {"filename": "image.jpg"}),
        ({"filename": "Slide3.JPG"}, {"filename": "Slide3.JPG"}),
    ],
)
def test_equal_pixels_alone_are_no_proof(a, b):
    assert relation(replace(COPY, **a), replace(ORIGINAL, **b)) == "look_alike"


@pytest.mark.parametrize(("fraction", "expected"), [(".120", "re_encode"), ("", "look_alike")])
def test_a_moment_in_common_is_proof_and_a_second_is_not(fraction, expected):
    at = AT + fraction
    assert relation(replace(COPY, filename="x.jpg", camera_taken_at=at), replace(ORIGINAL, camera_taken_at=at)) == expected


@pytest.mark.parametrize("changes", [{}, {"filename": None}])
def test_two_blank_pictures_are_told_by_their_name_alone(changes):
    box = Overlay(WHOLE, WHOLE, 0.02)
    blank = replace(EQUAL, structure=0.0, pixel=0.4)
    copy = replace(COPY, **changes)
    found = judge(Case(copy, ORIGINAL, blank, box, hear_witness(copy, ORIGINAL), 3, "base"))
    assert (found and found.relation) == (None if changes else "re_encode")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ({"camera_taken_at": AT}, {"camera_taken_at": LATER}, "series"),
        ({"camera_taken_at": AT + ".10"}, {"camera_taken_at": AT + ".40"}, "series"),
        ({"filename": "DSC_1023.JPG"}, {}, "series"),
        ({"camera_taken_at": AT}, {"camera_taken_at": "2020-06-28T18:38:04"}, "look_alike"),
        ({"camera_model": "NIKON D750"}, {"camera_model": "NIKON D3"}, "look_alike"),
    ],
)
def test_metadata_that_contradicts_outweighs_equal_pixels(a, b, expected):
    assert relation(replace(COPY, **a), replace(ORIGINAL, **b)) == expected


@pytest.mark.parametrize(
    "numbers",
    [
        {"worst_block": 2.2},
        {"worst_shade": 1.6},
        {"bad_share": 0.6},
        {"spot": 2.5},
        {"colour_spot": 2.0},
        {"detail": 0.4},
        {"worst_detail": 0.7},
        {"worst_colour": 30.0},
        {"saturation": 0.4},
        {"cast": 20.0},
        {"contrast": 1.9},
        {"tone": 45.0},
    ],
)
def test_one_number_beyond_its_limit_makes_it_an_edit_whatever_the_name_says(numbers):
    assert relation(COPY, ORIGINAL, **numbers) == "edited"


def test_a_watermark_all_over_a_picture_of_one_name_is_an_edit_and_no_series():
    assert relation(COPY, ORIGINAL, bad_share=0.6, worst_block=3.0, detail=0.3) == "edited"


def test_a_part_of_a_picture_is_a_crop():
    assert relation(COPY, ORIGINAL, box=(0.0, 0.0, 0.9, 1.0)) == "crop"


@pytest.mark.parametrize(("variant", "expected"), [("rot90", "turned"), ("mirror", "mirrored")])
def test_turns_and_mirrors_are_named(variant, expected):
    assert relation(COPY, ORIGINAL, variant=variant) == expected


def test_a_video_is_never_a_copy_of_a_photo():
    assert relation(replace(COPY, kind="video"), ORIGINAL) == "look_alike"


@pytest.mark.parametrize(("seconds", "expected"), [(12.0, "re_encode"), (13.0, "look_alike"), (None, "look_alike")])
def test_videos_are_copies_only_when_known_to_be_equally_long(seconds, expected):
    film = {"kind": "video", "mime_type": "video/mp4"}
    assert relation(replace(COPY, duration_s=seconds, **film), replace(ORIGINAL, duration_s=12.0, **film)) == expected


def test_the_verdict_does_not_depend_on_the_order_of_the_two():
    for numbers in ({}, {"worst_block": 2.2}, {"detail": 0.4}):
        found = {relation(a, b, **numbers) for a, b in ((COPY, ORIGINAL), (ORIGINAL, COPY))}
        assert len(found) == 1


def test_the_removable_relations_are_the_five_that_are_promised():
    assert {"same_bytes", "re_encode", "smaller_copy", "raw_and_jpeg", "other_format"} == REMOVABLE_RELATIONS


@pytest.mark.parametrize(
    ("detail", "worst_block", "expected"), [(0.01, 1.2, "re_encode"), (0.06, 1.9, "re_encode"), (0.01, 1.5, "edited")]
)
def test_one_place_that_stands_out_of_a_picture_equal_elsewhere_was_retouched(detail, worst_block, expected):
    assert relation(COPY, ORIGINAL, detail=detail, worst_block=worst_block, bad_share=0.01) == expected


@pytest.mark.parametrize(
    ("tone", "worst_shade", "expected"), [(0.0, 1.4, "re_encode"), (7.0, 2.0, "re_encode"), (1.0, 2.0, "edited")]
)
def test_brightness_may_differ_in_places_when_it_was_moved_all_over(tone, worst_shade, expected):
    assert relation(COPY, ORIGINAL, tone=tone, worst_shade=worst_shade, bad_share=0.01) == expected


def test_a_spot_is_told_in_words():
    case = Case(COPY, ORIGINAL, replace(EQUAL, spot=4.0), Overlay(WHOLE, WHOLE, 0.99), hear_witness(COPY, ORIGINAL), 3, "base")
    assert "a small place differs 4.0 times as much as nearly all others" in judge(case).evidence


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({}, "re_encode"),
        ({"worst_shade": 0.9}, "edited"),
        ({"worst_block": 0.9}, "edited"),
        ({"tone": 5.0}, "edited"),
        ({"cast": 2.0}, "edited"),
    ],
)
def test_two_gradients_of_one_name_are_one_only_when_their_tones_are(numbers, expected):
    assert relation(COPY, ORIGINAL, structure=0.0, **numbers) == expected
