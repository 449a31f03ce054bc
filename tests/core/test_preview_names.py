from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.core.witness import same_name


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("DSC_1022.JPG", "DSC_1022_1024.jpg", None),
        ("DSC_1022_256.jpg", "DSC_1022.JPG", None),
        ("DSC_1022.JPG", "DSC_1023.JPG", False),
        ("IMG_20190628_183804.jpg", "IMG_20190628_183805.jpg", False),
        ("DSC_1022.JPG", "DSC_1022_1024x768.jpg", True),
    ],
)
def test_a_size_behind_the_number_is_not_the_next_shot(a, b, expected):
    assert same_name(a, b) is expected
