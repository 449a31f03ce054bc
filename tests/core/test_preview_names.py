from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.core.verdict.compared_photo import Subject
from datasette_gphotos_dedupe.core.verdict.names_and_clocks import hear_witness, same_name


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("DSC_1022.JPG", "DSC_1022_1024.jpg", None),
        ("DSC_1022_256.jpg", "DSC_1022.JPG", None),
        ("DSC_1022.JPG", "DSC_1023.JPG", False),
        ("IMG_20190628_183804.jpg", "IMG_20190628_183805.jpg", False),
        ("DSC_1022.JPG", "DSC_1022_1024x768.jpg", True),
        ("DSC_1022.JPG", "thumb_DSC_1022_1024.jpg", True),
        ("MVC-002F.JPG", "thumb_MVC-002F_320.jpg", True),
        ("MVC-002F.JPG", "thumb_MVC-002S_320.jpg", None),
    ],
)
def test_a_size_behind_the_number_is_not_the_next_shot(a, b, expected):
    assert same_name(a, b) is expected


@pytest.mark.parametrize(("side", "expected"), [(120, True), (121, None)])
def test_a_number_that_is_the_pictures_own_size_is_a_mark_of_a_preview(side, expected):
    original = Subject("a", filename="DSC_1022.JPG", width=4000, height=3000)
    preview = Subject("b", filename="DSC_1022_120.jpg", width=side, height=90)
    assert hear_witness(original, preview).same_name is expected
