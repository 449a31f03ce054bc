"""A PNG is seen whatever is written beside its pixels, and its EXIF is read."""

from __future__ import annotations

import io
import time
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from datasette_gphotos_dedupe.core.pictures.decode import decode_picture
from datasette_gphotos_dedupe.core.pictures.exif import camera_facts
from datasette_gphotos_dedupe.core.pictures.png_text import without_notes
from tests.broken_pictures import png_chunk
from tests.pictures import picture


def png(image: Image.Image | None = None, *chunks: bytes, **options) -> bytes:
    """A PNG with these chunks right behind its header."""
    buffer = io.BytesIO()
    (image or picture(1, (64, 48))).save(buffer, "PNG", **options)
    data = buffer.getvalue()
    return data[:33] + b"".join(chunks) + data[33:]


def packed(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


LARGE = {
    "text": png_chunk(b"tEXt", b"workflow\0" + b"x" * 3_000_000),
    "packed text": png_chunk(b"zTXt", b"workflow\0\0" + packed(200_000_000)),
    "XMP": png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed(20_000_000)),
    "a profile": png_chunk(b"iCCP", b"wide\0\0" + packed(20_000_000)),
    "EXIF without end": png_chunk(b"zTXt", b"Raw profile type exif\0\0" + packed(200_000_000)),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_notes_are_passed_over(name):
    assert decode_picture(png(None, LARGE[name])).image.tobytes() == decode_picture(png()).image.tobytes()


def test_a_thousand_notes_are_passed_over():
    info = PngInfo()
    for number in range(1000):
        info.add_text(f"note {number}", "x" * 100_000)
    assert decode_picture(png(pnginfo=info)).width == 64


def test_exif_is_read_in_either_form():
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    lines = exif.tobytes().hex()
    note = f"\nexif\n{len(lines) // 2:8}\n{lines}\n".encode()
    raw = png(None, png_chunk(b"tEXt", b"Raw profile type exif\0" + note))
    assert [camera_facts(each).make for each in (png(exif=exif), raw)] == ["Maker", "Maker"]


def test_a_picture_without_notes_is_not_copied():
    data = png()
    assert without_notes(data) is data


def test_a_chain_of_empty_chunks_ends():
    started = time.perf_counter()
    without_notes(png()[:33] + (bytes(4) + b"tEXt" + bytes(4)) * 1_000_000)
    assert time.perf_counter() - started < 2
