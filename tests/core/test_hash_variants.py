"""Where a picture's border ends, and which part of it a variant is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from datasette_gphotos_dedupe.core.pictures.hash_variants import (
    BORDER_TOLERANCE,
    OFF_CENTRE,
    frame_box,
    screen_box,
    trim_box,
    variant_boxes,
)
from tests.made_pictures import page
from tests.pictures import picture


def grey(image: Image.Image) -> np.ndarray:
    small = image.convert("L")
    small.thumbnail((192, 192))
    return np.asarray(small)


def letterboxed(colour: int = 0) -> Image.Image:
    boxed = Image.new("RGB", (640, 600), (colour,) * 3)
    boxed.paste(picture(4), (0, 60))
    return boxed


def screenshot(height: int = 540) -> Image.Image:
    """A photo on a telephone: a clock and icons above it, a row of buttons below."""
    screen = Image.new("RGB", (720, 1280), (10, 10, 10))
    screen.paste(picture(4).resize((720, height)), (0, (1280 - height) // 2))
    draw = ImageDraw.Draw(screen)
    draw.rectangle((20, 16, 110, 44), fill="white")
    for x in (90, 260, 430, 600):
        draw.ellipse((x, 1180, x + 50, 1230), fill="white")
    return screen


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_letterbox_of_any_grey_is_trimmed(colour):
    box = trim_box(grey(letterboxed(colour)))
    assert box == pytest.approx((0.0, 0.1, 1.0, 0.9), abs=0.012)


def test_a_photo_without_border_is_not_trimmed():
    assert trim_box(grey(picture(4))) is None


def test_one_colour_is_not_trimmed_to_nothing():
    assert trim_box(np.full((120, 160), 9, np.uint8)) is None


@pytest.mark.parametrize("height", [540, 405, 320])
def test_the_photo_on_a_screen_is_found_between_its_bars(height):
    bar = (1 - height / 1280) / 2
    assert screen_box(grey(screenshot(height))) == pytest.approx((0.0, bar, 1.0, 1 - bar), abs=0.012)


def test_a_tall_photo_is_found_between_wide_bars_at_its_sides():
    lying = grey(screenshot(405)).T
    assert screen_box(lying) == pytest.approx((0.5 - 405 / 2560, 0.0, 0.5 + 405 / 2560, 1.0), abs=0.012)


def test_a_clean_letterbox_is_no_screen_besides():
    assert screen_box(grey(letterboxed())) is None


def test_a_page_of_text_has_a_box_of_its_text_at_most():
    box = trim_box(grey(page(1)))
    assert box is None or (box[0] < 0.25 and box[2] > 0.6)


@pytest.mark.parametrize(
    ("size", "aspect", "expected"),
    [
        ((400, 300), 1.0, (0.125, 0.0, 0.875, 1.0)),
        ((300, 400), 1.0, (0.0, 0.125, 1.0, 0.875)),
        ((400, 300), 16 / 9, (0.0, 0.125, 1.0, 0.875)),
        ((300, 400), 16 / 9, (0.125, 0.0, 0.875, 1.0)),
        ((1600, 900), 16 / 9, None),
    ],
)
def test_a_frame_is_the_largest_central_box_of_its_aspect(size, aspect, expected):
    found = frame_box(*size, aspect)
    assert found == (expected if expected is None else pytest.approx(expected))


def test_each_corner_and_each_edge_has_its_boxes():
    corners = {(box[0] == 0, box[1] == 0) for name, box in OFF_CENTRE.items() if name.endswith("84")}
    edges = [box for name, box in OFF_CENTRE.items() if name.endswith("82")]
    assert len(corners) == 4 and len({tuple(share in (0.0, 1.0) for share in box) for box in edges}) == 4


def test_all_boxes_of_a_picture_lie_inside_it():
    for box in variant_boxes(screenshot().convert("L")).values():
        assert 0.0 <= box[0] < box[2] <= 1.0 and 0.0 <= box[1] < box[3] <= 1.0


def covered_lines(lines: np.ndarray, share: float) -> int:
    """How many lines from the start are in the first one's colour, as it is defined."""
    near = np.abs(lines - np.median(lines[0])) <= BORDER_TOLERANCE
    return next((at for at, line in enumerate(near) if line.mean() < share), len(lines))


@pytest.mark.parametrize("seed", range(30))
def test_a_border_of_any_width_ends_where_the_first_other_line_begins(seed):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (100, 80)).astype(np.uint8)
    top, bottom = (int(number) for number in rng.integers(0, 40, 2))
    pixels[:top] = rng.integers(90, 110, (top, 80))
    pixels[100 - bottom :] = rng.integers(90, 110, (bottom, 80))
    found = covered_lines(pixels, 0.9), covered_lines(pixels[::-1], 0.9)
    assert max(found) >= max(top, bottom)
    wanted = None if max(found) < 2 else (0.0, found[0] / 100, 1.0, 1 - found[1] / 100)
    assert trim_box(pixels) == wanted
