"""What two camera names say: one number is one exposure only when nothing behind it tells the two apart."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.core.search.namesakes import SMOOTH, alias_of
from datasette_gphotos_dedupe.core.verdict.witness import name_key, same_name

NAMES = (
    *("DSC_1022.JPG", "_DSC1022.ARW.jpg", "DSC_1022 copy.jpg", "thumb_DSC_1022_1024.jpg", "DSC_1023.JPG", "dsc_1022a.jpg"),
    *("MVC-001F.JPG", "MVC-001S.JPG", "Scan_0001.jpg", "Slide3.JPG", "image.jpg", "scan 1.png", "IMG_E0301.JPG", "IMG_0301.HEIC"),
    *("20190628_183804.jpg", "20190628_183804(0).jpg", "20190628_183804_320x240.jpg", "IMG_20190628_183804(0)(1).jpg"),
    *("holiday.jpg", "Holiday (2).png", "sky.jpg", "IMG-20190628-WA0003.jpg", "IMG-20190628-WA0003_thumb.jpg", "", ".jpg"),
)


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


@pytest.mark.parametrize("a", NAMES)
def test_two_names_have_one_key_exactly_when_they_are_one_name(a):
    for b in NAMES:
        assert (name_key(a) is not None and name_key(a) == name_key(b)) == (same_name(a, b) is True), (a, b)


def test_a_smooth_photo_goes_by_its_name_without_its_own_size_and_by_its_cameras_second():
    copy = alias_of(SMOOTH, "DSC_1022_256.jpg", 256, 171, None)
    original = alias_of(1.0, "DSC_1022.JPG", 4000, 3000, "2019-06-28T18:38:04.120")
    assert (copy.key, copy.second, original.second) == (original.key, None, "2019-06-28T18:38:04")


@pytest.mark.parametrize("flatness, name", [(SMOOTH - 0.01, "DSC_1022.JPG"), (1.0, "image.jpg"), (1.0, None), (1.0, "")])
def test_a_photo_rich_in_detail_or_of_no_telling_name_goes_by_none(flatness, name):
    assert alias_of(flatness, name, 4000, 3000, None) is None
