"""Pictures of every kind of pixel look like their 8-bit RGB twin; damaged ones are told apart in words."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import PIL
import pytest
from PIL import Image, ImageCms

from datasette_gphotos_dedupe.core.pictures.decode import decode_picture
from datasette_gphotos_dedupe.core.pictures.exif import camera_facts
from datasette_gphotos_dedupe.core.pictures.fingerprint import compute_fingerprint
from datasette_gphotos_dedupe.errors import PictureError

from ..made_pictures import scene

SIZE = (400, 300)


def saved(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def phash(data: bytes) -> int:
    return int(compute_fingerprint(decode_picture(data).image).phash, 16)


def distance(one: bytes, other: bytes) -> int:
    return (phash(one) ^ phash(other)).bit_count()


def grey16(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"), dtype=np.uint16) * 257


def png16(pixels: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, in colour, which Pillow cannot write."""
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def lab(image: Image.Image) -> Image.Image:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.applyTransform(image, ImageCms.buildTransform(*profiles, "RGB", "LAB"))


def with_hole(image: Image.Image) -> Image.Image:
    """Its transparent quarter hides pixels that nobody sees."""
    made = image.convert("RGBA")
    made.paste((0, 0, 0, 0), (0, 0, 200, 150))
    return made


@pytest.fixture(scope="module")
def image() -> Image.Image:
    return scene(5, SIZE)


GREY = {
    "grey of 16 bits, PNG": lambda image: saved(Image.fromarray(grey16(image)), "PNG"),
    "grey of 16 bits, TIFF": lambda image: saved(Image.fromarray(grey16(image)), "TIFF"),
    "grey of 16 bits, big-endian": lambda image: saved(
        Image.frombytes("I;16B", SIZE, grey16(image).astype(">u2").tobytes()), "TIFF"
    ),
    "grey of 32 bits": lambda image: saved(Image.fromarray(grey16(image).astype(np.int32)), "TIFF"),
    "grey as fractions of one": lambda image: saved(Image.fromarray((grey16(image) / 65535).astype(np.float32)), "TIFF"),
    "grey as fractions of 255": lambda image: saved(Image.fromarray((grey16(image) / 257).astype(np.float32)), "TIFF"),
    "grey with alpha": lambda image: saved(image.convert("LA"), "PNG"),
    "grey JPEG": lambda image: saved(image.convert("L"), "JPEG", quality=95),
}
COLOUR = {
    "colour of 16 bits, PNG": lambda image: png16(np.asarray(image, dtype=np.uint16) * 257),
    "CMYK JPEG": lambda image: saved(image.convert("CMYK"), "JPEG", quality=95),
    "CMYK TIFF": lambda image: saved(image.convert("CMYK"), "TIFF"),
    "LAB TIFF": lambda image: saved(lab(image), "TIFF"),
    "YCbCr TIFF": lambda image: saved(image.convert("YCbCr"), "TIFF"),
    "WebP": lambda image: saved(image, "WEBP", quality=95),
    "HEIC": lambda image: saved(image, "HEIF", quality=95),
    "AVIF": lambda image: saved(image, "AVIF", quality=95),
    "a profile that lies": lambda image: saved(image, "JPEG", quality=95, icc_profile=b"not a profile" * 50),
    "a profile of grey in a colour picture": lambda image: saved(image, "PNG", icc_profile=bytes(16) + b"GRAY" + bytes(200)),
}


@pytest.mark.parametrize("kind", GREY)
def test_grey_pictures_of_every_depth_look_like_their_eight_bit_twin(image, kind):
    assert distance(GREY[kind](image), saved(image.convert("L").convert("RGB"), "PNG")) <= 6


@pytest.mark.parametrize("kind", COLOUR)
def test_colour_pictures_of_every_kind_look_like_their_rgb_twin(image, kind):
    data = COLOUR[kind](image)
    if kind == "YCbCr TIFF" and int(PIL.__version__.split(".")[0]) < 13:  # calls it damaged: no preview, and no wrong one
        with pytest.raises(PictureError):
            decode_picture(data)
        return
    assert distance(data, saved(image, "PNG")) <= 10


@pytest.mark.parametrize("format", ["PNG", "GIF", "BMP", "TIFF"])
def test_a_palette_picture_looks_like_the_same_pixels_in_rgb(image, format):
    few = image.convert("P", palette=Image.Palette.ADAPTIVE)
    assert distance(saved(few, format), saved(few.convert("RGB"), "PNG")) == 0


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_what_is_transparent_is_white(image, format):
    on_white = image.copy()
    on_white.paste("white", (0, 0, 200, 150))
    options = {"lossless": True} if format == "WEBP" else {}
    assert distance(saved(with_hole(image), format, **options), saved(on_white, "PNG")) == 0


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_counts(image, format):
    others = [scene(seed, SIZE) for seed in (6, 7)]
    options = {"lossless": True} if format == "WEBP" else {}
    data = saved(image, format, save_all=True, append_images=others, **options)
    assert distance(data, saved(image, format, **options)) == 0


def exif_with(orientation: object, **tags) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


UPRIGHT = {
    1: lambda image: image,
    2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
    4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
    6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
    7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_every_orientation_is_turned_upright(image, orientation):
    data = saved(UPRIGHT[orientation](image), "PNG", exif=exif_with(orientation))
    decoded = decode_picture(data)
    assert (decoded.width, decoded.height, distance(data, saved(image, "PNG"))) == (*SIZE, 0)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_means_nothing_turns_nothing(image, orientation):
    assert distance(saved(image, "PNG", exif=exif_with(orientation)), saved(image, "PNG")) == 0


def jpeg_with_segments(image: Image.Image, *segments: tuple[int, bytes]) -> bytes:
    data = saved(image, "JPEG", quality=95)
    made = b"".join(bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in segments)
    return data[:2] + made + data[2:]


BROKEN_EXIF = {
    "not TIFF at all": b"Exif\0\0rubbish",
    "directory beyond the end": b"Exif\0\0II*\0\xff\xff\xff\x7f",
    "a directory that is its own next": b"Exif\0\0II*\0\x08\0\0\0\x00\0\x08\0\0\0",
    "a tag of a type that does not exist": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x63\0\x01\0\0\0\x06\0\0\0\0\0\0\0",
    "a count of four thousand million": b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\xff\xff\xff\xff\x08\0\0\0\0\0\0\0",
    "65,535 tags announced": b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(60),
}


@pytest.mark.parametrize("kind", BROKEN_EXIF)
def test_broken_exif_says_nothing_about_the_pixels(image, kind):
    data = jpeg_with_segments(image, (0xE1, BROKEN_EXIF[kind]))
    assert distance(data, saved(image, "PNG")) <= 6
    assert camera_facts(data).make is None


def test_a_tag_that_cannot_be_written_again_does_not_spoil_a_turned_picture(image):
    odd = (
        b"Exif\0\0II*\0\x08\0\0\0\x02\0"
        b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"  # orientation 6
        b"\x0f\x01\x02\0\x04\0\0\0\xff\xfe\xfd\xfc"  # a maker in no encoding
        b"\0\0\0\0"
    )
    data = jpeg_with_segments(image.transpose(Image.Transpose.ROTATE_90), (0xE1, odd))
    assert distance(data, saved(image, "PNG")) <= 6


def test_a_hundred_megabytes_of_exif_are_passed_over_in_seconds(image):
    data = jpeg_with_segments(image, *[(0xE1, b"Exif\0\0" + bytes(65_000))] * 1600)
    assert distance(data, saved(image, "PNG")) <= 6


def test_a_picture_of_one_pixel_has_a_fingerprint():
    assert len(compute_fingerprint(decode_picture(saved(Image.new("RGB", (1, 1)), "PNG")).image).phash) == 64


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (2, 2), (3, 700)])
def test_very_narrow_pictures_have_fingerprints(size):
    assert len(compute_fingerprint(decode_picture(saved(Image.new("RGB", size, "red"), "PNG")).image).phash) == 64


def claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(saved(Image.new("RGB", (16, 16)), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


REFUSED = {
    "30,000 x 30,000": (claiming(30_000, 30_000), "too_large", "it claims 30000 x 30000 pixels, more than can be read safely"),
    "a JPEG of 65,500 x 65,500": (
        jpeg_claiming(65_500, 65_500),
        "too_large",
        "it claims 65500 x 65500 pixels, more than can be read safely",
    ),
    "half a header": (claiming(100, 100)[:33], "not_a_picture", "its content is not a picture in a format that can be read"),
    "text": (b"hello", "not_a_picture", "its content is not a picture in a format that can be read"),
    "0 x 0": (claiming(0, 0), "not_a_picture", "its content is not a picture in a format that can be read"),
    "PostScript, which would start Ghostscript": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
        "not_a_picture",
        "its content is not a picture in a format that can be read",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_decoded_is_refused_in_words(kind):
    data, code, text = REFUSED[kind]
    with pytest.raises(PictureError) as raised:
        decode_picture(data)
    assert (raised.value.code, str(raised.value)) == (code, text)


def test_a_truncated_jpeg_says_how_much_is_missing(image):
    data = saved(image, "JPEG", quality=95)
    with pytest.raises(PictureError) as raised:
        decode_picture(data[: len(data) // 2])
    assert raised.value.code == "truncated"
