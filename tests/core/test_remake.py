"""What is left when a picture is made again, against what its encoder leaves: copies of every kind are, nothing else is."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from datasette_gphotos_dedupe.core.pictures.planes import Still, read_still
from datasette_gphotos_dedupe.core.verdict.measures import ON_PURPOSE, SAME_LEFT, STRUCTURE, all_allow, beyond
from datasette_gphotos_dedupe.core.verdict.remake import Remaking, remake

from ..broken_pictures import saved
from ..made_pictures import hand_held_frame, noisy, scene, somebody_moved, tripod_frame

SIZE = (800, 600)


@lru_cache(maxsize=8)
def camera_file(number: int) -> bytes:
    """A scene with sensor noise as a camera would save it."""
    return saved(noisy(scene(number, SIZE), 4, number), "JPEG", quality=93)


def taken(number: int) -> Image.Image:
    return Image.open(io.BytesIO(camera_file(number))).convert("RGB")


def still_of(image: Image.Image, name: str = "JPEG", **options) -> Still:
    return read_still(saved(image, name, **({"quality": 82} | options if name == "JPEG" else options)))


def made(image: Image.Image, number: int = 3, name: str = "JPEG", **options) -> Remaking:
    found = remake(still_of(image, name, **options), read_still(camera_file(number)))
    assert found is not None
    return found


def proved(found: Remaking | None) -> bool:
    return found is not None and all_allow((*SAME_LEFT, *ON_PURPOSE, STRUCTURE), found)


# Honest copies.


@pytest.mark.parametrize("resampler", [one.name for one in Image.Resampling if one.name != "NEAREST"])
@pytest.mark.parametrize("size", [(640, 480), (401, 301), (256, 192)])
def test_a_preview_is_proved_whatever_resampler_made_it(resampler, size):
    assert proved(made(taken(3).resize(size, Image.Resampling[resampler])))


@pytest.mark.parametrize("quality", [30, 70, 90])
def test_a_photo_saved_again_at_its_size_is_proved(quality):
    assert proved(made(taken(3), quality=quality))


@pytest.mark.parametrize(
    "name, options",
    [
        ("JPEG", {"quality": 60, "subsampling": 0}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {"quality": 70}),
        ("WEBP", {"lossless": True, "method": 0}),
        ("AVIF", {"quality": 60, "speed": 9}),
        ("PNG", {}),
        ("TIFF", {}),
        ("BMP", {}),
    ],
)
@pytest.mark.parametrize("size", [SIZE, (320, 240)])
def test_a_copy_in_any_format_is_proved_at_full_size_and_as_a_preview(name, options, size):
    copy = taken(4) if size == SIZE else taken(4).resize(size, Image.Resampling.LANCZOS)
    assert proved(made(copy, 4, name, **options))


def test_a_preview_saved_as_heic_is_proved():
    assert proved(made(taken(4).resize((320, 240), Image.Resampling.BICUBIC), 4, "HEIF", quality=60))


@pytest.mark.parametrize("generations", [2, 3])
def test_a_copy_of_a_copy_is_proved(generations):
    copy = taken(3)
    for generation in range(generations):
        copy = Image.open(io.BytesIO(saved(copy, "JPEG", quality=88 - 3 * generation))).convert("RGB")
    assert proved(made(copy.resize((400, 300), Image.Resampling.BICUBIC)))


def test_a_sharpened_preview_is_proved():
    preview = taken(3).resize((400, 300), Image.Resampling.LANCZOS).filter(ImageFilter.UnsharpMask(1, 60, 0))
    assert all_allow(SAME_LEFT, made(preview))


def test_a_preview_that_is_off_by_a_fraction_of_a_pixel_is_registered():
    assert proved(made(taken(3).resize((400, 300), Image.Resampling.BICUBIC, box=(0.6, 0.4, 800, 600))))


def test_a_grey_photo_and_its_copy_are_proved():
    grey = noisy(scene(6, SIZE).convert("L").convert("RGB"), 0, 1).convert("L")
    assert proved(remake(still_of(grey.resize((400, 300))), read_still(saved(grey, "JPEG", quality=93))))


# Other pictures.


@pytest.mark.parametrize("another", [tripod_frame, hand_held_frame, somebody_moved])
@pytest.mark.parametrize("number", [3, 4])
def test_another_exposure_of_the_scene_is_refuted_at_full_size(another, number):
    assert not proved(made(noisy(another(scene(number, SIZE), 1), 4, 77), number, quality=90))


def test_the_same_view_with_other_noise_alone_is_refuted_at_full_size():
    assert not proved(made(noisy(scene(3, SIZE), 4, 99), quality=93))


def test_another_scene_is_refuted():
    assert not proved(made(taken(4)))


# Small changes.


def shut_eye(image: Image.Image) -> None:
    ImageDraw.Draw(image).ellipse((400, 300, 412, 306), fill=tuple(value // 3 for value in image.getpixel((406, 303))))


def no_blemish(image: Image.Image) -> None:
    image.paste(image.crop((200, 150, 216, 166)).filter(ImageFilter.GaussianBlur(4)), (180, 150))


def one_digit(image: Image.Image) -> None:
    draw = ImageDraw.Draw(image)
    draw.rectangle((600, 60, 606, 70), fill=(250, 250, 250))
    draw.line((603, 61, 603, 69), fill=(20, 20, 20), width=2)


def busiest(image: Image.Image, width: int, height: int) -> tuple[int, int, int, int]:
    """The box of this size in which most is to be seen: a change of what is flat is none."""
    grey = np.asarray(image.convert("L"), float)
    places = [(left, top) for top in range(40, 520, 20) for left in range(40, 700, 20)]
    left, top = max(places, key=lambda place: grey[place[1] : place[1] + height, place[0] : place[0] + width].std())
    return left, top, left + width, top + height


def number_plate(image: Image.Image) -> None:
    box = busiest(image, 30, 12)
    image.paste(image.crop(box).resize((5, 2)).resize((30, 12), Image.Resampling.NEAREST), box[:2])


def tinted(image: Image.Image) -> None:
    box = (300, 420, 340, 460)
    part = np.asarray(image.crop(box), np.int16) + (24, -8, -24)
    image.paste(Image.fromarray(np.clip(part, 0, 255).astype(np.uint8)), box[:2])


def moved(image: Image.Image) -> None:
    left, top, right, bottom = busiest(image, 30, 30)
    image.paste(image.crop((left, top, right, bottom)), (left + 6, top + 3))


def stamp(image: Image.Image) -> None:
    ImageDraw.Draw(image).text((720, 580), "12.04.2022", fill=(255, 150, 30))


CHANGES = [shut_eye, no_blemish, one_digit, number_plate, tinted, moved, stamp]


@pytest.mark.parametrize("quality", [75, 92])
@pytest.mark.parametrize("change", CHANGES)
def test_a_small_change_is_refuted_at_full_size_in_both_directions(change, quality):
    image = taken(3)
    change(image)
    assert not proved(made(image, quality=quality))
    assert not proved(remake(read_still(saved(taken(3), "JPEG", quality=quality)), read_still(saved(image, "JPEG", quality=95))))


@pytest.mark.parametrize("change", [shut_eye, one_digit, number_plate, tinted, stamp])
def test_a_small_change_is_refuted_in_a_preview_that_still_shows_it(change):
    image = taken(3)
    change(image)
    assert not proved(made(image.resize((600, 450), Image.Resampling.LANCZOS), quality=88))


def test_a_change_of_one_place_is_worst_in_one_place():
    image = taken(3)
    stamp(image)
    found = made(image)
    assert found.luma < 1.6 < 4.5 < max(found.worst, found.worst_colour)


# What was changed on purpose is all still there, and still no copy.


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda image: image.filter(ImageFilter.GaussianBlur(2)), "softened or sharpened"),
        (lambda image: ImageEnhance.Color(image).enhance(1.35), "colours were made weaker or stronger"),
        (lambda image: ImageEnhance.Brightness(image).enhance(0.85), "brightness or contrast was moved"),
        (
            lambda image: Image.fromarray(np.clip(np.asarray(image) * (1.08, 1.0, 0.9), 0, 255).astype(np.uint8)),
            "white balance was moved",
        ),
    ],
)
def test_a_change_on_purpose_is_told(change, words):
    found = made(change(taken(3)).resize((400, 300), Image.Resampling.LANCZOS))
    assert not proved(found)
    assert any(words in said for said in beyond(ON_PURPOSE, found)) or not all_allow(SAME_LEFT, found)


@pytest.mark.parametrize("name, options", [("JPEG", {"quality": 25}), ("JPEG", {"quality": 90}), ("WEBP", {"quality": 60})])
def test_a_picture_that_is_brighter_all_over_by_a_level_or_two_is_no_copy_however_coarse_its_encoder(name, options):
    """As another exposure is; what a coarse encoder leaves would hide it."""
    brighter = made(taken(3).point(lambda level: min(255, level + 2)), 3, name, **options)
    assert brighter.own_tone > 0.5 and not proved(brighter)
    assert proved(made(taken(3), 3, name, **options))


def test_black_and_white_is_no_copy_though_its_luma_agrees():
    found = made(taken(3).convert("L").convert("RGB"))
    assert found.luma < 1.3 and found.saturation < 0.1 and not proved(found)


# What proves nothing.


@pytest.mark.parametrize("name, options", [("JPEG", {}), ("PNG", {}), ("WEBP", {"quality": 60})])
@pytest.mark.parametrize("level", [0, 120, 255])
def test_a_flat_picture_proves_nothing(name, options, level):
    flat = Image.new("RGB", SIZE, (level, level, level))
    found = remake(still_of(flat.resize((400, 300)), name, **options), read_still(saved(flat, "JPEG", quality=93)))
    assert found is not None and found.structure == 0 and not proved(found)


@pytest.mark.parametrize("size", [(1, 1), (1, 600), (800, 1), (23, 600), (20, 20)])
def test_too_few_pixels_tell_nothing(size):
    assert remake(still_of(Image.new("RGB", size), "PNG"), read_still(camera_file(3))) is None


# Crops.


@pytest.mark.parametrize("box", [(80, 60, 720, 540), (0, 0, 560, 420), (240, 150, 800, 600)])
def test_a_crop_is_made_again_from_its_part_and_says_how_much_of_it_there_is(box):
    part = taken(3).crop(box)
    shown = box[0] / 800, box[1] / 600, box[2] / 800, box[3] / 600
    found = remake(still_of(part), read_still(camera_file(3)), box_large=shown)
    assert all_allow(SAME_LEFT, found)
    assert found.kept == pytest.approx((box[2] - box[0]) / 800, abs=0.02)


def test_a_box_that_is_not_quite_right_is_registered():
    found = remake(
        still_of(taken(3).crop((80, 60, 720, 540))), read_still(camera_file(3)), box_large=(0.102, 0.098, 0.903, 0.898)
    )
    assert found is not None and found.luma < 1.6


def test_a_letterbox_or_a_frame_is_no_copy():
    framed = taken(3)
    ImageDraw.Draw(framed).rectangle((0, 0, 799, 599), outline=(255, 255, 255), width=16)
    assert not proved(made(framed))
