"""A file as the planes that re-making works on: upright, no larger than needed, all that shows through, 16 bits, profiles, frames."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from datasette_gphotos_dedupe.core.pictures import planes
from datasette_gphotos_dedupe.core.pictures.planes import BLACK, GREY, SRGB, WHITE, Wanted, read_outline, read_profile, read_still
from datasette_gphotos_dedupe.errors import PictureError

from ..broken_pictures import saved, whole_pictures
from ..made_pictures import noisy, scene

PICTURE = noisy(scene(5, (800, 600)), 3, 1)


def grey_of(data: bytes, **wanted) -> np.ndarray:
    return read_still(data, "", Wanted(**wanted)).planes.luma.astype(float)


def p3_profile() -> bytes:
    """A profile of wide colours, made of the sRGB one by exchanging its primaries for those of Display P3."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
    }
    count = int.from_bytes(profile[128:132], "big")
    for number in range(count):
        entry = profile[132 + 12 * number : 144 + 12 * number]
        if bytes(entry[:4]) in primaries:
            offset = int.from_bytes(entry[4:8], "big") + 8
            for place, value in enumerate(primaries[bytes(entry[:4])]):
                profile[offset + 4 * place : offset + 4 * place + 4] = round(value * 65536).to_bytes(4, "big", signed=True)
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "P3 D".encode("utf-16-be")).replace(b"sRGB", b"P3 D")


@pytest.mark.parametrize("name", sorted(set(whole_pictures()) - {"film.mp4"}))
def test_every_kind_of_picture_opens_and_says_beforehand_how_large_it_is(name):
    data = whole_pictures()[name]
    outline, still = read_outline(data, name), read_still(data, name)
    assert (outline.shape, outline.frames) == (still.shape, still.frames)
    assert outline.shows_through == (still.alpha is not None)
    assert still.planes.blue.shape == tuple((side + 1) // 2 for side in still.planes.luma.shape)


def test_a_film_is_no_picture():
    for read in (read_still, read_outline):
        with pytest.raises(PictureError, match="not a picture"):
            read(whole_pictures().get("film.mp4", b"no film"), "film.mp4")


@pytest.mark.parametrize("side", [90, 100, 200, 399, 400])
def test_a_jpeg_is_decoded_no_larger_than_needed_and_never_smaller(side):
    still = read_still(saved(PICTURE, "JPEG", quality=90), "", Wanted(side=side))
    assert side <= max(still.size) <= 2 * side and still.shape == (800, 600)


@pytest.mark.parametrize("name", ["PNG", "WEBP", "TIFF", "BMP"])
def test_other_formats_are_reduced_to_no_less_than_twice_what_is_needed(name):
    still = read_still(saved(PICTURE, name), "", Wanted(side=100))
    assert 200 <= max(still.size) < 400


def test_what_is_too_large_to_measure_whole_is_measured_at_a_fraction(monkeypatch):
    monkeypatch.setattr(planes, "MEASURED_PIXELS", 800 * 600 // 3)
    for name in ("JPEG", "PNG"):
        still = read_still(saved(PICTURE, name))
        assert still.size[0] in (400, 200) and still.shape == (800, 600)


def test_transparent_places_take_the_ground_that_is_asked_for():
    rgba = PICTURE.convert("RGBA")
    rgba.putalpha(Image.linear_gradient("L").resize(rgba.size))
    data = saved(rgba, "PNG")
    assert read_outline(data).shows_through
    on = [grey_of(data, ground=ground)[:50].mean() for ground in (BLACK, GREY, WHITE)]
    assert on[0] < 20 and 115 < on[1] < 141 and on[2] > 235
    assert read_still(data).alpha.shape == (600, 800)


def test_an_alpha_channel_through_which_nothing_shows_is_none():
    data = saved(PICTURE.convert("RGBA"), "PNG")
    assert not read_outline(data).shows_through and read_still(data).alpha is None
    assert np.array_equal(grey_of(data), grey_of(saved(PICTURE, "PNG")))


def test_all_16_bits_of_a_grey_picture_are_seen():
    deep = np.asarray(PICTURE.convert("L"), np.uint16) * 257
    darker = Image.fromarray((deep // 2).astype(np.uint16))
    assert abs(grey_of(saved(Image.fromarray(deep), "PNG")).mean() - grey_of(saved(PICTURE.convert("L"), "PNG")).mean()) < 1
    assert abs(grey_of(saved(darker, "TIFF")).mean() / grey_of(saved(Image.fromarray(deep), "TIFF")).mean() - 0.5) < 0.02


def test_cmyk_becomes_what_a_person_sees():
    cmyk = grey_of(saved(PICTURE.convert("CMYK"), "JPEG", quality=95))
    assert np.abs(cmyk - grey_of(saved(PICTURE, "JPEG", quality=95))).mean() < 3


def test_wide_colours_and_their_srgb_preview_are_one_picture_through_the_profile_alone():
    to_p3 = ImageCms.profileToProfile(PICTURE, ImageCms.createProfile("sRGB"), io.BytesIO(p3_profile()))
    wide, narrow = (
        saved(to_p3, "JPEG", quality=97, subsampling=0, icc_profile=p3_profile()),
        saved(PICTURE, "JPEG", quality=97, subsampling=0),
    )
    assert read_profile(wide) and read_profile(narrow) == SRGB

    def apart(space: bytes | None) -> float:
        a, b = read_still(wide, "", Wanted(space=space)), read_still(narrow)
        return float(np.abs(a.planes.red.astype(float) - b.planes.red).mean())

    assert apart(SRGB) < 0.8 < 2 * apart(SRGB) < apart(None)
    back = read_still(narrow, "", Wanted(space=read_profile(wide))).planes.red.astype(float)
    assert np.abs(back - read_still(wide).planes.red).mean() < 0.8


def test_the_time_when_a_profile_was_made_makes_it_no_other_one():
    later = bytearray(p3_profile())
    later[24:36], later[84:100] = bytes(range(12)), bytes(range(16))
    data = [saved(PICTURE.resize((80, 60)), "JPEG", icc_profile=profile) for profile in (p3_profile(), bytes(later))]
    assert read_profile(data[0]) == read_profile(data[1]) != SRGB


@pytest.mark.parametrize("profile", [b"", b"no profile", ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()])
def test_no_profile_a_broken_one_and_srgb_itself_change_nothing(profile):
    data = saved(PICTURE, "JPEG", **({"icc_profile": profile} if profile else {}))
    assert read_profile(data) == SRGB
    assert np.abs(grey_of(data, space=SRGB) - grey_of(data)).mean() < 0.3


@pytest.mark.parametrize("name, options", [("GIF", {}), ("TIFF", {}), ("WEBP", {}), ("PNG", {})])
def test_each_frame_can_be_asked_for(name, options):
    frames = [scene(number, (96, 64)) for number in (1, 2, 3)]
    data = saved(frames[0], name, save_all=True, append_images=frames[1:], **options)
    shades = [grey_of(data, frame=number) for number in range(3)]
    assert read_outline(data).frames == 3
    for number, frame in enumerate(frames):
        nearest = min(range(3), key=lambda other: np.abs(shades[other] - np.asarray(frame.convert("L"), float)).mean())
        assert nearest == number


def test_the_second_view_of_an_mpo_is_no_frame_of_it():
    assert read_outline(whole_pictures()["several.mpo.jpg"]).frames == 1


@pytest.mark.parametrize("share", [0.3, 0.7])
@pytest.mark.parametrize("name", ["plain.jpg", "plain.png", "lossy.webp", "raw.tif", "plain.bmp"])
def test_a_file_that_ends_early_is_said_to_be_damaged(name, share):
    data = whole_pictures()[name]
    with pytest.raises(PictureError, match="damaged|cannot|not a picture"):
        read_still(data[: int(len(data) * share)], name)


def test_a_picture_that_claims_too_much_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(planes, "MAX_PIXELS", 1000)
    with pytest.raises(PictureError, match="claims 800 x 600 pixels"):
        read_still(saved(PICTURE, "JPEG"))
