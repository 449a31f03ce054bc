"""Half a HEIC or AVIF must not pass for a whole one."""

from __future__ import annotations

import io

import pillow_heif
import pytest

from datasette_gphotos_dedupe.core.pictures.decode import decode_picture
from datasette_gphotos_dedupe.errors import PictureError
from tests.pictures import picture

pillow_heif.register_heif_opener()


def encoded(format: str) -> bytes:
    buffer = io.BytesIO()
    picture(3, (640, 480)).save(buffer, format)
    return buffer.getvalue()


@pytest.mark.parametrize("format", ["HEIF", "AVIF", "JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_picture_that_was_cut_short_is_refused(format, share):
    content = encoded(format)
    with pytest.raises(PictureError) as refused:
        decode_picture(content[: int(len(content) * share)])
    assert refused.value.code in ("truncated", "broken", "not_a_picture")


@pytest.mark.parametrize("format", ["HEIF", "AVIF"])
@pytest.mark.parametrize("behind", [b"", b"\x00" * 100, b"\x7f\xff\xff\xffjunk", b"\x00\x00\x00\x18ftypmp42isommp42"])
def test_what_a_phone_hangs_on_behind_a_whole_picture_does_no_harm(format, behind):
    assert decode_picture(encoded(format) + behind).image.size == (640, 480)


def test_a_cut_heic_says_so_in_a_sentence():
    with pytest.raises(PictureError, match="^the picture is damaged: the file ends before its pixels do$"):
        decode_picture(encoded("HEIF")[:-500])
