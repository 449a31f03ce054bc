"""What two camera names say: one number is one exposure only when nothing behind it tells the two apart."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.core.witness import same_name


@pytest.mark.parametrize(
    "a, b",
    [
        ("MVC-001F.JPG", "MVC-001S.JPG"),
        ("MVC-177F.JPG", "MVC-177E.JPG"),
        ("DSC_1000.JPG", "DSC_1000a.JPG"),
        ("Scan_0001.jpg",) * 2,
        ("Slide3.JPG",) * 2,
        ("20190628_183804.jpg", "20190628_183804(0).jpg"),
        ("20190628_183804(0).jpg", "20190628_183804(1).jpg"),
        ("IMG_20190628_183804.jpg", "IMG_20190628_183804(1).jpg"),
        ("IMG_0301.JPG", "IMG_0301_HDR.JPG"),
        ("IMG_0301.JPG", "IMG_0301_2.JPG"),
        ("PXL_20230518_103349822.jpg", "PXL_20230518_103349822.NIGHT.jpg"),
        ("PXL_20230518_103349822.MP.jpg", "PXL_20230518_103349822.MP~2.jpg"),
    ],
)
def test_a_number_in_common_is_no_proof_when_something_tells_the_files_apart(a, b):
    assert (same_name(a, b), same_name(b, a)) == (None, None)


@pytest.mark.parametrize(
    "a, b",
    [
        ("MVC-001F.JPG", "MVC-001F copy.jpg"),
        ("DSC_1000.JPG", "DSC_1000.JPG"),
        ("IMG_0301.HEIC", "IMG_0301(1).jpg"),
        ("IMG_0301.JPG", "IMG_0301.thumb.jpg"),
        ("DSC_8830.NEF", "DSC_8830_dev.jpg"),
        ("20190628_183804(0).jpg", "20190628_183804(0)_thumb.jpg"),
        ("20190628_183804.jpg", "20190628_183804_thumb.jpg"),
    ],
)
def test_a_copy_under_the_cameras_own_name_is_known(a, b):
    assert same_name(a, b) is True


@pytest.mark.parametrize("a, b", [("MVC-001F.JPG", "MVC-002F.JPG"), ("20190628_183804.jpg", "20190628_183805.jpg")])
def test_two_numbers_of_one_camera_are_two_exposures(a, b):
    assert same_name(a, b) is False
