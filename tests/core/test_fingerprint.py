"""Fingerprints against a version written out from the definition, and against values that must never change."""

from __future__ import annotations

import io
import math

import imagehash
import numpy as np
import pytest
from PIL import Image

from datasette_gphotos_dedupe.core.pictures.fingerprint import (
    ALGORITHM,
    THUMBNAIL_MAX_BYTES,
    VARIANTS,
    compute_fingerprint,
    make_thumbnail,
    measure_flatness,
    reduced_to,
)
from datasette_gphotos_dedupe.core.pictures.hash_variants import OFF_CENTRE, TURNS, centre_box
from tests.pictures import picture

TRANSPOSES = {
    "rot90": Image.Transpose.ROTATE_90,
    "rot180": Image.Transpose.ROTATE_180,
    "rot270": Image.Transpose.ROTATE_270,
    "mirror": Image.Transpose.FLIP_LEFT_RIGHT,
    "flip": Image.Transpose.FLIP_TOP_BOTTOM,
    "transpose": Image.Transpose.TRANSPOSE,
    "transverse": Image.Transpose.TRANSVERSE,
}
GOLDEN = {
    "plain": "800010030000d3bf7edd64c99a6dc30dd25f9ed2bc765af593ccaaeed3651df7",
    "mirror": "d55545545555d46a4b8c319ccf389759870ac387c9374fa0c61dffbb863049a7",
    "crop10": "edb09f706da091026dbf6dd99249e30bd28aadd26e7359b106dde6c89249d243",
    "top_left84": "820f0000001fb7fd4924b4b784b9952ab9cabcdeb5a6e5b6b6944b5a7b5ae3d5",
}


def slow_hash(grey: np.ndarray) -> str:
    """The 256-bit pHash of 64 x 64 grey levels, summed term by term as the DCT-II is defined."""
    cosines = [[math.cos(math.pi * k * (2 * n + 1) / 128) for n in range(64)] for k in range(16)]
    rows = [[sum(float(value) * c for value, c in zip(line, wave, strict=True)) for wave in cosines] for line in grey]
    coefficients = [[sum(rows[y][across] * cosines[down][y] for y in range(64)) for across in range(16)] for down in range(16)]
    flat = sorted(value for row in coefficients for value in row)
    median = (flat[127] + flat[128]) / 2
    bits = "".join("1" if value > median else "0" for row in coefficients for value in row)
    return f"{int(bits, 2):064x}"


def formula_picture() -> Image.Image:
    """64 x 64 grey levels from whole numbers alone, so that no resampling and no random generator has a say."""
    y, x = np.mgrid[0:64, 0:64]
    return Image.fromarray(((x * x * 3 + y * 5 + (x * y) // 3 + (x // 9) * (y // 13) * 40) % 256).astype(np.uint8))


def bits_apart(a: str, b: str) -> int:
    return (int(a, 16) ^ int(b, 16)).bit_count()


@pytest.mark.parametrize("seed", range(4))
def test_the_plain_hash_is_the_median_hash_of_the_lowest_frequencies(seed):
    image = picture(seed)
    grey = np.asarray(image.convert("L").resize((64, 64), Image.Resampling.LANCZOS))
    assert compute_fingerprint(image).phash == slow_hash(grey)


def test_the_plain_hash_is_what_imagehash_calls_phash():
    image = picture(7)
    assert compute_fingerprint(image).phash == str(imagehash.phash(image, hash_size=16))


def test_golden_values_stay_as_long_as_the_algorithm_keeps_its_name():
    print_ = compute_fingerprint(formula_picture().convert("RGB"))
    found = {name: print_.phash if name == "plain" else print_.variants[name] for name in GOLDEN}
    assert (ALGORITHM, found) == ("phash256/4", GOLDEN)


@pytest.mark.parametrize("name", TURNS)
def test_a_turned_variant_is_the_hash_of_the_turned_picture(name):
    square = picture(3).resize((64, 64))
    turned = compute_fingerprint(square.transpose(TRANSPOSES[name])).phash
    assert bits_apart(compute_fingerprint(square).variants[name], turned) <= 2


@pytest.mark.parametrize("name", ["crop5", "crop15", "crop25", *OFF_CENTRE])
def test_a_crop_variant_is_near_the_hash_of_the_cropped_picture(name):
    image = picture(5)
    box = OFF_CENTRE.get(name) or centre_box(1 - int(name[4:]) / 100)
    width, height = image.size
    cropped = image.crop(tuple(round(share * side) for share, side in zip(box, (width, height, width, height), strict=True)))
    found = bits_apart(compute_fingerprint(image).variants[name], compute_fingerprint(cropped).phash)
    assert found <= 16 < VARIANTS[name]


def test_every_variant_that_is_computed_has_a_radius():
    names = {name for seed in range(3) for name in compute_fingerprint(picture(seed)).variants}
    assert names <= VARIANTS.keys()


def test_fingerprints_store_fewer_than_thirty_variants():
    assert len(VARIANTS) < 30


def test_a_re_encoded_half_stays_within_a_tenth_of_the_radius_of_strangers():
    image = picture(11)
    buffer = io.BytesIO()
    image.resize((320, 240)).save(buffer, "JPEG", quality=60)
    assert bits_apart(compute_fingerprint(image).phash, compute_fingerprint(Image.open(buffer)).phash) <= 12


def test_strangers_are_about_half_of_the_bits_apart():
    hashes = [compute_fingerprint(picture(seed)).phash for seed in range(8)]
    distances = [bits_apart(a, b) for a in hashes for b in hashes if a < b]
    assert min(distances) > 90 and max(distances) < 166


def test_one_colour_is_wholly_flat():
    assert measure_flatness(Image.new("RGB", (400, 300), (20, 20, 22))) == 1.0


def test_a_busy_picture_is_not_flat():
    assert measure_flatness(picture(2)) < 0.3


def test_a_preview_is_at_most_320_pixels_and_under_100_kilobytes():
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (900, 1200, 3), dtype=np.uint8))
    made = make_thumbnail(noise)
    assert (made.width, made.height, len(made.content) < THUMBNAIL_MAX_BYTES) == (320, 240, True)


def test_a_preview_is_never_enlarged():
    made = make_thumbnail(picture(1, (100, 80)))
    assert (made.width, made.height) == (100, 80)


@pytest.mark.parametrize(
    "size", [(504, 378), (378, 504), (640, 640), (321, 320), (1, 900), (900, 2), (333, 1999), (320, 320), (7, 5)]
)
@pytest.mark.parametrize("side", [192, 320])
def test_a_picture_is_reduced_as_pillow_makes_its_thumbnails(size, side):
    image = picture(6, size)
    expected = image.copy()
    expected.thumbnail((side, side))
    found = reduced_to(image, side)
    assert (found.size, found.tobytes()) == (expected.size, expected.tobytes())
