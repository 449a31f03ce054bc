"""The measured difference of two pictures, against a slow version and against what was done to them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from datasette_gphotos_dedupe.core.pictures.hash_variants import WHOLE
from datasette_gphotos_dedupe.core.verdict.align import Overlay, Preview, load_preview
from datasette_gphotos_dedupe.core.verdict.compare import Difference, measure_difference, tone_curve
from tests.made_pictures import night, page
from tests.pictures import jpeg, picture

WHOLE_OVERLAY = Overlay(WHOLE, WHOLE, 1.0)


def preview(image: Image.Image, quality: int = 90) -> Preview:
    small = image.copy()
    small.thumbnail((320, 320))
    return load_preview(jpeg(small, quality))


def difference(a: Image.Image, b: Image.Image, quality: int = 90) -> Difference:
    return measure_difference(preview(a), preview(b, quality), WHOLE_OVERLAY)


def slow_light(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float, float, float]:
    """Pixel, worst block, worst shade, bad share and detail of two grey canvases of one tone, pixel by pixel."""

    def fine(canvas, y, x):
        binomial = sum(canvas[y + dy][x + dx] * (2 - abs(dy)) * (2 - abs(dx)) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
        return binomial / 16 - (canvas[y - 2][x] + canvas[y + 2][x] + canvas[y][x - 2] + canvas[y][x + 2]) / 4

    height, width = a.shape
    inner = [(y, x) for y in range(2, height - 2) for x in range(2, width - 2)]
    rows, columns = max(1, (height - 4) // 16), max(1, (width - 4) // 16)
    blocks: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for y, x in inner:
        blocks.setdefault((min((y - 2) // 16, rows - 1), min((x - 2) // 16, columns - 1)), []).append((y, x))
    strokes, shades, products, squares_a, squares_b = [], [], 0.0, 0.0, 0.0
    for places in blocks.values():
        fine_a, fine_b = [fine(a, y, x) for y, x in places], [fine(b, y, x) for y, x in places]
        count = len(places)
        energy_a, energy_b = sum(v * v for v in fine_a) / count, sum(v * v for v in fine_b) / count
        apart = sum((v - w) ** 2 for v, w in zip(fine_a, fine_b, strict=True)) / count
        stronger = max(energy_a, energy_b)
        shade = abs(sum(a[y][x] - b[y][x] for y, x in places) / count) / (5.0 + 0.25 * stronger**0.5)
        strokes.append((apart / (2.5**2 + 0.35**2 * stronger)) ** 0.5)
        shades.append(shade)
        if stronger > 9.0:
            products += sum(v * w for v, w in zip(fine_a, fine_b, strict=True)) / count
            squares_a, squares_b = squares_a + energy_a, squares_b + energy_b
    detail = 1 - products / (squares_a * squares_b) ** 0.5
    bad = sum(max(both) > 1 for both in zip(strokes, shades, strict=True)) / len(shades)
    return float(np.abs(a - b).mean()), max(strokes), max(shades), bad, detail


def test_the_measures_of_light_are_what_their_definition_says():
    rng = np.random.default_rng(3)
    grey = np.asarray(picture(31).convert("L").resize((52, 41)))
    # noise of no mean, so that the tone curve is a straight line through the origin, near enough
    other = np.clip(grey.astype(int) + rng.integers(-12, 13, grey.shape), 0, 255).astype(np.uint8)
    neutral = Image.new("L", (13, 10), 128)
    a, b = (Preview(Image.fromarray(plane), neutral, neutral) for plane in (grey, other))
    found = measure_difference(a, b, WHOLE_OVERLAY)
    there = slow_light(grey.astype(float), tone_curve(grey, other)[other].astype(float))
    back = slow_light(tone_curve(other, grey)[grey].astype(float), other.astype(float))
    pixel, worst, shade, bad, detail = min(there, back, key=lambda values: (values[3], max(values[1:3]), values[0]))
    assert (found.pixel, found.worst_block, found.worst_shade, found.bad_share) == pytest.approx(
        (pixel, worst, shade, bad), rel=1e-3
    )
    assert found.detail == pytest.approx(detail, abs=1e-3)


@pytest.mark.parametrize("change", [lambda v: int(255 * (v / 255) ** 0.7), lambda v: 30 + v * 3 // 4, lambda v: min(255, v + 25)])
def test_a_change_of_tone_is_evened_out(change):
    image = picture(32).convert("L").convert("RGB")
    found = difference(image, image.point(change))
    assert found.pixel < 3.0 and found.worst_block < 1.0 and found.tone > 5.0


def test_the_tone_curve_never_falls():
    rng = np.random.default_rng(4)
    curve = tone_curve(rng.integers(0, 255, (60, 80), dtype=np.uint8), rng.integers(0, 255, (60, 80), dtype=np.uint8))
    assert (np.diff(curve) >= 0).all()


@pytest.mark.parametrize("quality", [85, 60, 30])
def test_encoding_again_stays_below_the_border_everywhere(quality):
    image = picture(33)
    assert difference(image, image, quality).worst_block < 1.0


def test_a_face_that_moved_is_above_the_border():
    image = picture(34)
    other = image.copy()
    ImageDraw.Draw(other).ellipse((300, 200, 350, 260), fill=(214, 170, 140))
    found = difference(image, other)
    assert max(found.worst_block, found.worst_shade) > 1.4 and 0 < found.bad_share < 0.1


def slow_spot(a: np.ndarray, b: np.ndarray) -> float:
    """The spot of two grey canvases of one tone, pixel by pixel."""
    height, width = a.shape

    def soft(y, x):
        near = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        return sum((a[y + dy][x + dx] - b[y + dy][x + dx]) * (2 - abs(dy)) * (2 - abs(dx)) for dy, dx in near) / 16

    def edge(canvas, y, x):
        places = [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        return max(np.hypot(canvas[v][u + 1] - canvas[v][u - 1], canvas[v + 1][u] - canvas[v - 1][u]) / 2 for v, u in places)

    away = [
        [abs(soft(y, x)) / (3.0 + 0.3 * min(edge(a, y, x), edge(b, y, x))) for x in range(2, width - 2)]
        for y in range(2, height - 2)
    ]
    usual = sorted(value for row in away[::2] for value in row[::2])
    return max(map(max, away)) / (0.4 + usual[int(len(usual) * 0.99)])


def test_the_spot_is_what_its_definition_says():
    rng = np.random.default_rng(5)
    grey = np.asarray(picture(31).convert("L").resize((52, 41)))
    other = np.clip(grey.astype(int) + rng.integers(-9, 10, grey.shape), 0, 255).astype(np.uint8)
    other[20:23, 30:33] = 255 - other[20:23, 30:33]
    neutral = Image.new("L", (26, 20), 128)
    a, b = (Preview(Image.fromarray(plane), neutral, neutral) for plane in (grey, other))
    found = measure_difference(a, b, WHOLE_OVERLAY)
    there = slow_spot(grey.astype(float), tone_curve(grey, other)[other].astype(float))
    back = slow_spot(tone_curve(other, grey)[grey].astype(float), other.astype(float))
    assert found.spot == pytest.approx(there, rel=1e-3) or found.spot == pytest.approx(back, rel=1e-3)


@pytest.mark.parametrize("quality", [85, 60, 25])
def test_nothing_stands_out_of_a_picture_that_was_encoded_again(quality):
    image = picture(33)
    for other in (image, image.resize((160, 107)), image.resize((1200, 800))):
        found = difference(image, other, quality)
        assert found.spot < 1.9 and found.colour_spot < 1.6


@pytest.mark.parametrize(("colour", "number"), [((20, 20, 20), "spot"), ((255, 140, 30), "colour_spot")])
def test_a_date_stamp_stands_out_which_a_block_forgives(colour, number):
    image = picture(38)
    stamped = image.copy()
    ImageDraw.Draw(stamped).text((image.width - 70, image.height - 20), "28.06.2019", fill=colour)
    found = difference(image, stamped)
    assert getattr(found, number) > 2.4


def test_two_pages_of_one_layout_differ_in_detail():
    assert difference(page(1), page(2)).detail > 0.4


def test_a_page_agrees_with_itself():
    assert difference(page(1), page(1), 60).detail < 0.1


def test_black_and_white_is_seen_by_its_saturation_alone():
    image = ImageEnhance.Color(picture(35)).enhance(1.0)
    found = difference(image, image.convert("L").convert("RGB"))
    assert found.saturation < 0.3 and found.worst_block < 1.0


def test_a_moved_white_balance_is_a_cast_and_no_difference_of_colour():
    image = picture(36)
    red, green, blue = image.split()
    warmer = Image.merge("RGB", (red.point(lambda v: min(255, v + 14)), green, blue.point(lambda v: max(0, v - 14))))
    found = difference(image, warmer)
    assert found.cast > 6.0 and found.colour < 4.0


def test_a_coat_of_another_colour_and_equal_brightness_is_the_worst_colour():
    image = picture(37)
    y, blue, red = image.convert("YCbCr").split()
    red.paste(220, (200, 150, 330, 300))
    found = difference(image, Image.merge("YCbCr", (y, blue, red)).convert("RGB"))
    assert found.worst_colour > 30.0


def test_a_sky_has_hardly_any_structure():
    sky = Image.linear_gradient("L").resize((640, 480)).convert("RGB")
    assert difference(sky, sky).structure < 0.05


def test_the_contrast_of_the_second_is_measured_against_the_first():
    image = picture(38)
    assert difference(image, ImageEnhance.Contrast(image).enhance(0.5)).contrast < 0.7


def test_it_is_the_same_both_ways_round_but_for_the_ratio_of_contrasts():
    a, b = picture(39), picture(39).filter(ImageFilter.GaussianBlur(1.5))
    one, other = difference(a, b), difference(b, a)
    assert (one.worst_block, one.detail, one.saturation) == pytest.approx(
        (other.worst_block, other.detail, other.saturation), rel=0.05
    )


def test_the_few_lamps_of_a_night_shot_keep_their_light():
    assert difference(night(1), night(1), 70).worst_block < 1.5
    assert difference(night(1), night(2)).worst_shade > 4.0


def test_a_cast_over_a_grey_picture_is_no_loss_of_colour():
    grey = picture(40).convert("L")
    warmer = Image.merge("RGB", (grey.point(lambda v: min(255, v + 6)), grey, grey.point(lambda v: max(0, v - 6))))
    assert difference(grey.convert("RGB"), warmer).saturation > 0.6


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 2), (4, 4)])
def test_a_spacer_of_a_pixel_or_two_is_measured_like_any_picture(size):
    assert difference(Image.new("RGB", size, "white"), Image.new("RGB", (300, 300), "white")).pixel == 0
