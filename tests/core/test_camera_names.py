"""What two camera names say: one number is one exposure only when nothing behind it tells the two apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasette_gphotos_dedupe.core.search.namesakes import MAX_NAMESAKES, SMOOTH, Alias, alias_of, find_namesakes
from datasette_gphotos_dedupe.core.verdict.names_and_clocks import CAMERAS_OWN, is_camera_name, name_key, name_rank, same_name

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


@pytest.mark.parametrize("flatness, name", [(1.0, "image.jpg"), (SMOOTH - 0.01, "sky.jpg"), (1.0, None), (1.0, "")])
def test_a_photo_of_no_telling_name_and_no_clock_goes_by_none(flatness, name):
    assert alias_of(flatness, name, 4000, 3000, None) is None
    assert alias_of(flatness, name, 4000, 3000, None, "NIKON D750") is None


@pytest.mark.parametrize("name", ["DSC_1022.JPG", "DSC_1022(1).JPG", "DSC_1022_256.jpg", "thumb_DSC_1022_1024.jpg"])
def test_a_cameras_number_nominates_however_rich_in_detail_the_photo_is(name):
    assert alias_of(0.0, name, 256, 171, None).key == name_key("DSC_1022.JPG")


def test_a_smooth_photo_goes_by_any_name_that_tells_and_a_rich_one_by_a_cameras_alone():
    assert (alias_of(SMOOTH, "holiday.jpg", 9, 9, None).key, alias_of(0.1, "holiday.jpg", 9, 9, None)) == ("holiday/", None)


def test_a_clock_nominates_with_its_camera_and_not_alone():
    named = alias_of(0.1, "3f9a.jpg", 4000, 3000, "2019-06-28T18:38:04.120", "NIKON D750")
    assert named == Alias(None, "2019-06-28T18:38:04", "2019-06-28T18:38:04 NIKON D750")
    assert alias_of(0.1, "3f9a.jpg", 4000, 3000, "2019-06-28T18:38:04.120") is None


def met(*aliases: Alias | None) -> list[tuple[int, int]]:
    return [tuple(pair) for pair in find_namesakes(aliases).pairs.tolist()]


def test_one_number_or_one_second_of_one_camera_brings_two_together():
    number = Alias("dsc 1022  ", None), Alias("dsc 1022  ", "2019-06-28T18:38:04", "2019-06-28T18:38:04 NIKON D750")
    clock = Alias(None, "2019-06-28T18:38:04", "2019-06-28T18:38:04 NIKON D750")
    assert met(number[0], None, number[1], clock) == [(0, 2), (2, 3)]


@pytest.mark.parametrize("second", ["2019-06-28T18:38:05", "2021-01-01T00:00:00"])
def test_a_counter_that_came_round_brings_nobody_together_when_the_clocks_differ(second):
    assert met(Alias("dsc 1022  ", "2019-06-28T18:38:04"), Alias("dsc 1022  ", second)) == []


def test_a_number_or_a_clock_that_many_share_nominates_nobody_and_the_other_still_does():
    many = [Alias(f"dsc {row}  ", "2000-01-01T00:00:00", "2000-01-01T00:00:00 Clone") for row in range(MAX_NAMESAKES + 1)]
    found = find_namesakes([*many, Alias("dsc 3  ", None), None])
    assert (found.pairs.tolist(), found.flooded.tolist()) == ([[3, MAX_NAMESAKES + 1]], [2] * (MAX_NAMESAKES + 1) + [0, 0])
    assert len(met(*many[:MAX_NAMESAKES])) == MAX_NAMESAKES * (MAX_NAMESAKES - 1) // 2
    assert find_namesakes([Alias("dsc 1  ", *many[0][1:])] * (MAX_NAMESAKES + 1)).flooded.tolist() == [3] * (MAX_NAMESAKES + 1)


@given(
    st.lists(
        st.sampled_from(["IMG_", "DSC", "scan", "1234", "20190628_183804", "_256", "copy of ", " copy", "~2", "-edited", ".JPG"])
    )
)
def test_a_name_as_a_camera_gives_it_has_a_cameras_number_in_it(parts):
    name = "".join(parts)
    assert is_camera_name(name) or name_rank(name) < CAMERAS_OWN
