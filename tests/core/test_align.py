"""Two previews laid over each other: known crops, shifts, turns and tilts must be found again."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from datasette_gphotos_dedupe.core.pictures.hash_variants import TURNS, WHOLE
from datasette_gphotos_dedupe.core.verdict.align import (
    Overlay,
    Preview,
    _slopes,
    _small_cut,
    common_size,
    correlation,
    cut,
    load_preview,
    register,
    register_tilted,
    softened,
    solve_step,
    turn_preview,
)
from tests.pictures import jpeg, picture

START = Overlay(WHOLE, WHOLE, -1.0)


def preview(image: Image.Image) -> Preview:
    small = image.copy()
    small.thumbnail((320, 320))
    return load_preview(jpeg(small))


def cropped(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    width, height = image.size
    return image.crop(tuple(round(share * side) for share, side in zip(box, (width, height, width, height), strict=True)))


@pytest.mark.parametrize(
    "box", [(0.0, 0.0, 0.94, 0.94), (0.03, 0.02, 0.97, 0.98), (0.05, 0.0, 1.0, 1.0), (0.02, 0.02, 0.98, 0.98)]
)
def test_a_small_crop_is_found_from_the_whole_picture(box):
    whole = picture(21)
    found = register(preview(whole), preview(cropped(whole, box)), START)
    assert found.box_a == pytest.approx(box, abs=0.01)
    assert found.box_b == pytest.approx(WHOLE, abs=0.01)


def test_a_large_crop_is_found_from_the_framing_that_a_variant_suggests():
    whole, box = picture(22), (0.17, 0.14, 1.0, 1.0)
    start = Overlay((0.16, 0.16, 1.0, 1.0), WHOLE, -1.0)
    found = register(preview(whole), preview(cropped(whole, box)), start)
    assert found.box_a == pytest.approx(box, abs=0.012)


def test_registered_copies_correlate_almost_fully():
    whole = picture(23)
    assert register(preview(whole), preview(whole.resize((200, 150))), START).score > 0.99


def test_strangers_do_not_correlate():
    assert register(preview(picture(24)), preview(picture(25)), START).score < 0.5


def test_registration_does_not_depend_on_brightness():
    whole = picture(26)
    dark = whole.point(lambda value: 20 + value // 2)
    assert register(preview(whole), preview(dark), START).score > 0.99


def test_nothing_smaller_than_a_third_of_a_side_is_laid_over_a_picture():
    whole = picture(27)
    found = register(preview(whole), preview(cropped(whole, (0.4, 0.4, 0.6, 0.6))), START)
    assert min(box[side + 2] - box[side] for box in (found.box_a, found.box_b) for side in (0, 1)) >= 0.3


@pytest.mark.parametrize("degrees", [-2.0, 1.5, 3.0])
def test_a_tilt_is_measured_to_half_a_degree(degrees):
    whole = picture(28)
    tilted = whole.rotate(degrees, Image.Resampling.BICUBIC)
    a, b = preview(whole), preview(tilted)
    start = register(a, b, START)
    _, found, turned = register_tilted(a, b, start)
    assert turned == pytest.approx(-degrees, abs=0.5)
    assert found.score > start.score


@pytest.mark.parametrize("turn", TURNS)
def test_turning_a_preview_is_turning_its_pixels(turn):
    names = {"mirror": "FLIP_LEFT_RIGHT", "flip": "FLIP_TOP_BOTTOM"}
    names |= {f"rot{angle}": f"ROTATE_{angle}" for angle in (90, 180, 270)}
    made = preview(picture(29))
    expected = made.luma.transpose(Image.Transpose[names.get(turn, turn.upper())])
    assert turn_preview(made, turn).luma.tobytes() == expected.tobytes()


def test_neither_picture_is_enlarged_on_the_common_canvas():
    a, b = preview(picture(30)), preview(picture(30, (120, 90)))
    assert common_size(a, b, START, 320) == (120, 90)


def test_the_part_inside_a_box_is_cut_out():
    plane = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    assert cut(plane, (0.5, 0.5, 1.0, 1.0), (4, 4)).tolist() == np.asarray(plane)[4:, 4:].tolist()


@pytest.mark.parametrize("size", [(320, 240), (319, 213), (213, 317)])
@pytest.mark.parametrize("box", [WHOLE, (0.0, 0.0, 0.7, 0.8), (0.31, 0.27, 1.0, 1.0)])
@pytest.mark.parametrize("longer_side", [48, 128])
def test_a_small_canvas_from_a_reduction_lies_where_it_does_in_the_whole_picture(size, box, longer_side):
    whole = load_preview(jpeg(picture(3).resize(size)))
    canvas = common_size(whole, whole, Overlay(box, box, 0.0), longer_side)
    from_whole, from_reduction = softened(cut(whole.luma, box, canvas)), softened(_small_cut(whole, box, canvas))
    assert correlation(from_whole, from_reduction) > 0.999
    # a reduction of 54 pixels is one of 213 and a bit: who takes it for a quarter of all is beside it by a hundredth of the side
    assert max(map(abs, solve_step(from_whole, from_reduction))) < 0.0015


def test_a_copy_that_lies_right_from_the_start_is_left_there():
    image = picture(3)
    found = register(preview(image), load_preview(jpeg(image.resize((160, 120)), quality=60)), START)
    assert (found.box_a, found.box_b) == (WHOLE, WHOLE) and found.score > 0.97


def test_one_colour_correlates_with_nothing():
    flat, busy = np.full((9, 9), 3.0), np.arange(81.0).reshape(9, 9)
    assert (correlation(flat, busy), correlation(busy, busy)) == (0.0, pytest.approx(1.0))


def test_the_faster_filter_gives_whole_numbers_what_the_sums_give():
    canvas = np.random.default_rng(5).integers(0, 256, (37, 51), dtype=np.uint8)
    sums = canvas.astype(np.float32)
    for _ in range(2):
        sums = sums[:-1] + sums[1:]
        sums = sums[:, :-1] + sums[:, 1:]
    assert (softened(canvas) == sums / 16).all()


def test_a_step_is_solved_with_the_gradients_of_numpy():
    rows = np.random.default_rng(6).random((12, 17), dtype=np.float32)
    down, across = np.empty_like(rows), np.empty_like(rows)
    _slopes(rows, down)
    _slopes(rows.T, across.T)
    assert all((mine == theirs).all() for mine, theirs in zip((down, across), np.gradient(rows), strict=True))
