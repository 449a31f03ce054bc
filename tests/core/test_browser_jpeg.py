"""Picture files as the browser gets them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from datasette_gphotos_dedupe.core.pictures import browser_jpeg
from datasette_gphotos_dedupe.core.pictures.browser_jpeg import render_jpeg
from datasette_gphotos_dedupe.errors import PictureError
from tests.pictures import picture


def encoded(image: Image.Image, format_name: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def test_a_jpeg_keeps_its_resolution_and_loses_place_camera_and_comment():
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x0112] = 6
    data = encoded(picture(1), "JPEG", exif=exif, comment=b"secret comment")
    shown = render_jpeg(data, "a.jpg")
    image = Image.open(io.BytesIO(shown.content))
    assert (image.size, shown.full_width, shown.full_height) == ((480, 640), 480, 640)
    assert (dict(image.getexif()), image.info.get("comment")) == ({}, None)
    assert b"Secret" not in shown.content and b"secret" not in shown.content


@pytest.mark.parametrize("format_name", ["PNG", "TIFF", "WEBP", "HEIF"])
def test_other_formats_become_jpeg(format_name):
    import pillow_heif

    pillow_heif.register_heif_opener()
    shown = render_jpeg(encoded(picture(2), format_name), f"a.{format_name.lower()}")
    assert Image.open(io.BytesIO(shown.content)).format == "JPEG"
    assert (shown.width, shown.height) == (640, 480)


def test_what_is_compared_does_not_differ_by_this_encoding():
    import numpy as np

    image = picture(3)
    shown = Image.open(io.BytesIO(render_jpeg(encoded(image, "PNG"), "a.png").content))
    assert np.abs(np.asarray(shown, int) - np.asarray(image, int)).mean() < 2


def test_colours_keep_their_profile_and_cmyk_does_not_lend_its_own():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    shown = render_jpeg(encoded(picture(4), "PNG", icc_profile=profile), "a.png")
    assert Image.open(io.BytesIO(shown.content)).info["icc_profile"] == profile
    foreign = profile[:16] + b"CMYK" + profile[20:]
    shown = render_jpeg(encoded(picture(4).convert("CMYK"), "JPEG", icc_profile=foreign), "a.jpg")
    assert "icc_profile" not in Image.open(io.BytesIO(shown.content)).info


@pytest.mark.parametrize("format_name", ["JPEG", "PNG"])
def test_a_picture_beyond_the_bounds_is_reduced(monkeypatch, format_name):
    monkeypatch.setattr(browser_jpeg, "MAX_SHOWN_PIXELS", 50_000)
    shown = render_jpeg(encoded(picture(5), format_name), "a")
    assert shown.width * shown.height <= 50_000
    assert (shown.full_width, shown.full_height) == (640, 480)
    assert abs(shown.width / shown.height - 4 / 3) < 0.02


def test_a_picture_that_claims_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(browser_jpeg, "MAX_DECODED_PIXELS", 1000)
    with pytest.raises(PictureError, match="it claims 640 x 480 pixels"):
        render_jpeg(encoded(picture(5), "PNG"), "a.png")


@pytest.mark.parametrize(
    "data,name,code",
    [
        (b"<svg onload=alert(1)>", "a.jpg", "not_a_picture"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 90, "a.mp4", "video"),
        (b"\xff\xd8\xff\xe0 and no more", "a.jpg", "broken"),
    ],
)
def test_what_is_no_picture_is_refused(data, name, code):
    with pytest.raises(PictureError) as caught:
        render_jpeg(data, name)
    assert caught.value.code == code
