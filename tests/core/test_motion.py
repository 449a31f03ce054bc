"""What holds more than the still that is seen first."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from datasette_gphotos_dedupe.core.pictures.decode import decode_picture
from datasette_gphotos_dedupe.core.pictures.motion import holds_film
from tests.pictures import jpeg, picture

XMP = b'<rdf:Description GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"/>'
FILM = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42"


def with_xmp(content: bytes, xmp: bytes = XMP) -> bytes:
    """A JPEG with an XMP segment right behind its start, as cameras write it."""
    body = b"http://ns.adobe.com/xap/1.0/\x00" + xmp
    return content[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + content[2:]


def frames(format: str, count: int) -> bytes:
    buffer = io.BytesIO()
    first, *rest = (picture(seed, (64, 48)) for seed in range(count))
    first.save(buffer, format, **({"save_all": True, "append_images": rest} if rest else {}))
    return buffer.getvalue()


def test_a_motion_photo_holds_a_film():
    assert holds_film(with_xmp(jpeg(picture(1))) + FILM)


def test_a_motion_photo_of_the_older_kind_holds_a_film():
    assert holds_film(with_xmp(jpeg(picture(1)), b"<x><GCamera:MicroVideo>1</GCamera:MicroVideo></x>") + FILM)


def test_a_motion_photo_of_samsung_holds_a_film():
    assert holds_film(jpeg(picture(1)) + b"\x00\x00\x30\x0aMotionPhoto_Data" + FILM)


def test_a_copy_that_lost_the_film_and_kept_the_mark_holds_none():
    assert not holds_film(with_xmp(jpeg(picture(1))))


def test_a_mark_that_says_no_is_believed():
    assert not holds_film(with_xmp(jpeg(picture(1)), b'<x GCamera:MotionPhoto="0"/>') + FILM)


def test_a_plain_picture_holds_no_film():
    assert not holds_film(jpeg(picture(1)))


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_an_animation_or_a_file_of_several_pages_moves(format):
    assert decode_picture(frames(format, 3)).moves


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF", "AVIF", "JPEG"])
def test_a_file_of_one_frame_does_not_move(format):
    assert not decode_picture(frames(format, 1)).moves


def test_the_second_still_that_a_camera_writes_behind_the_first_does_not_move():
    content = frames("MPO", 2)
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.n_frames) == ("MPO", 2)
    assert not decode_picture(content).moves
