"""What the smaller picture shows of the larger one, and the parts that are tried before the whole."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from datasette_gphotos_dedupe.core.pictures.encoders import EXACT, Planes
from datasette_gphotos_dedupe.core.pictures.hash_variants import WHOLE
from datasette_gphotos_dedupe.core.pictures.planes import Still
from datasette_gphotos_dedupe.core.verdict import remake
from datasette_gphotos_dedupe.core.verdict.measures import LUMA, SAME_LEFT, all_allow
from datasette_gphotos_dedupe.core.verdict.target import SPREAD, SPREAD_TILE, TILE, Target, spread_tiles, tiles_to_try

from ..made_pictures import noisy, scene
from .test_remake import still_of

LARGE = (1600, 1216)


def still(size: tuple[int, int]) -> Still:
    rng = np.random.default_rng(0)
    return Still(Planes.of_rgb(rng.integers(0, 256, (*size[::-1], 3), np.uint8)), EXACT, None, size)


def whole(picture: Still) -> Target:
    return Target(picture.planes, (0, 0, *picture.size), WHOLE)


def test_a_part_shows_what_the_whole_shows_there():
    picture = still((640, 480))
    part = whole(picture).part(160, 96, 416, 352)
    assert part.size == (256, 256) and part.rectangle == (160, 96, 416, 352)
    assert part.box == pytest.approx((160 / 640, 96 / 480, 416 / 640, 352 / 480))
    again = part.part(32, 64, 96, 128)
    assert again.rectangle == (192, 160, 256, 224)
    assert np.array_equal(again.same_pixels(picture).luma, picture.planes.luma[160:224, 192:256])
    assert np.array_equal(again.same_pixels(picture).blue, picture.planes.blue[80:112, 96:128])


def test_pixels_are_the_same_only_at_one_scale_and_on_one_grid():
    picture, target = still((640, 480)), whole(still((320, 240)))
    assert whole(picture).same_pixels(picture) is not None
    assert target.same_pixels(picture) is None
    halfway = Target(still((256, 256)).planes, (0, 0, 256, 256), (0.5 / 640, 0, 256.5 / 640, 256 / 480))
    assert halfway.same_pixels(picture) is None


@pytest.mark.parametrize("size", [(24, 24), (600, 500), (1536, 255)])
def test_a_small_picture_is_not_taken_apart(size):
    assert tiles_to_try(whole(still(size))) == []


def test_the_parts_that_are_tried_lie_where_there_is_something_to_see():
    picture = still(LARGE)
    picture.planes.luma[: 2 * TILE] = 90  # two of four rows of tiles are flat
    tiles = tiles_to_try(whole(picture))
    assert len(tiles) == 2 and all(tile.size == (TILE, TILE) for tile in tiles)
    assert tiles[0].rectangle[1] >= 2 * TILE


@pytest.mark.parametrize("size, parts", [(LARGE, SPREAD), ((600, 300), 1), ((4000, 100), 1)])
def test_parts_from_all_over_stand_for_the_whole(size, parts):
    rows = spread_tiles(whole(still(size)))
    assert [len(row) for row in rows] == [parts] * parts
    if parts > 1:
        assert {tile.size for row in rows for tile in row} == {(SPREAD_TILE, SPREAD_TILE)}
        assert rows[0][0].rectangle[:2] == (0, 0)
        assert size[0] - rows[-1][-1].rectangle[2] < 16 and size[1] - rows[-1][-1].rectangle[3] < 16


# What the parts may and may not decide.


@pytest.fixture
def tried(monkeypatch):
    """The sizes of what was encoded again."""
    sizes: list[tuple[int, int]] = []
    held_against = remake._held_against
    monkeypatch.setattr(
        remake, "_held_against", lambda small, target, *rest: sizes.append(target.size) or held_against(small, target, *rest)
    )
    return sizes


PICTURE = noisy(scene(11, LARGE), 4, 1)
ORIGINAL = still_of(PICTURE, quality=94)


def test_another_exposure_of_a_large_picture_is_refuted_by_two_parts_alone(tried):
    another = still_of(noisy(scene(12, LARGE), 4, 2), quality=90)
    found = remake.remake(another, ORIGINAL)
    assert found is not None and found.luma > 2 * LUMA
    assert set(tried) == {(TILE, TILE)}


@pytest.mark.parametrize("size", [LARGE, (1500, 1140)])
def test_a_copy_of_a_large_picture_is_measured_as_a_whole(tried, size):
    found = remake.remake(still_of(PICTURE.resize(size, Image.Resampling.LANCZOS), quality=80), ORIGINAL)
    assert found is not None and all_allow(SAME_LEFT, found) and found.px == size[0]
    assert size in tried


@pytest.mark.parametrize("place", [(0, 0), (900, 700), (1590, 1206)])
def test_a_change_of_one_place_is_found_though_both_parts_agree(place):
    changed = PICTURE.copy()
    changed.paste(Image.effect_noise((10, 10), 120).convert("RGB"), place)
    found = remake.remake(still_of(changed, quality=90), ORIGINAL)
    assert found is not None and not all_allow(SAME_LEFT, found)


def test_the_quality_of_a_heic_is_found_on_parts_and_still_proves_its_copy():
    picture = noisy(scene(11, LARGE), 2, 1)
    copy = still_of(picture, "HEIF", quality=60)
    assert copy.encoder.unsettled and copy.encoder.quality is None
    found = remake.remake(copy, still_of(picture, quality=94))
    assert found is not None and all_allow(SAME_LEFT, found)


def test_parts_find_the_quality_that_the_whole_does():
    copy, uneven = still_of(PICTURE, "HEIF", quality=60), PICTURE.copy()
    uneven.paste((80, 120, 200), (0, 0, 1600, 700))
    for still in (copy, still_of(uneven, "HEIF", quality=60)):
        found = remake._settled(still, whole(still), still)
        assert abs(found.encoder.quality - still.encoder.settled(still.planes).quality) <= 12  # two steps of the search
