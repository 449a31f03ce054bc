"""What decoding takes is known before it begins: the figure of each format is measured, and a new format needs one."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from PIL import Image

from datasette_gphotos_dedupe.core.pictures.decode import FORMATS
from datasette_gphotos_dedupe.core.pictures.decode_memory import BYTES_PER_PIXEL, WITH_ALPHA, decoding_bytes, refuse_footprint
from datasette_gphotos_dedupe.errors import PictureError

MEASURE = """
import io, json, os, sys
import numpy as np
import pillow_heif
from PIL import Image
from datasette_gphotos_dedupe.core.pictures.decode import decode_picture
from datasette_gphotos_dedupe.core.pictures.browser_jpeg import render_jpeg
from datasette_gphotos_dedupe.pipeline import worker_preload
from datasette_gphotos_dedupe.pipeline.reading import read_media
from datasette_gphotos_dedupe.sources.archives.members import Address

pillow_heif.register_heif_opener()
SIZE, FIXED_BYTES = (2400, 1600), 15_000_000
rgb = Image.fromarray(np.random.default_rng(1).integers(0, 255, (30, 40, 3), dtype=np.uint8)).resize(SIZE)
made = {
    "JPEG": [(rgb, {}), (rgb, {"progressive": True}), (rgb.convert("CMYK"), {})],
    "MPO": [(rgb, {"save_all": True, "append_images": [rgb.resize((40, 30))]})],
    "PNG": [
        (rgb, {"compress_level": 1}),
        (rgb.convert("RGBA"), {"compress_level": 1}),
        (Image.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 256), {"compress_level": 1}),
    ],
    "WEBP": [(rgb, {"method": 0}), (rgb.convert("RGBA"), {"method": 0})],
    "GIF": [(rgb.convert("P"), {})],
    "HEIF": [(rgb, {"quality": 30})],
    "AVIF": [(rgb, {"speed": 10})],
    "TIFF": [(rgb, {}), (rgb.convert("CMYK"), {}), (rgb.convert("F"), {}), (rgb, {"compression": "tiff_lzw"})],
    "BMP": [(rgb, {})],
}


def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) * 1024


def measure(data, decode):
    reader, writer = os.pipe()
    if os.fork() == 0:
        before = peak()
        decode(data)
        os.write(writer, str((peak() - before - FIXED_BYTES) / (SIZE[0] * SIZE[1])).encode())
        os._exit(0)
    os.close(writer)
    os.wait()
    return float(os.read(reader, 100))


found = []
for name, pictures in made.items():
    for picture, options in pictures:
        buffer = io.BytesIO()
        picture.save(buffer, name, **options)
        data = buffer.getvalue()
        ways = (lambda data: read_media(Address("", "a", len(data), data=data)), lambda data: render_jpeg(data, "a.jpg"))
        found.append([name, "A" in picture.getbands(), max(measure(data, way) for way in ways)])
print(json.dumps(found))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the most memory that a process had")
def test_no_format_takes_more_memory_than_is_said_of_it():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", MEASURE], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {name for name, _, _ in found} == BYTES_PER_PIXEL.keys()
    for name, see_through, taken in found:
        assert taken <= (WITH_ALPHA if see_through else BYTES_PER_PIXEL[name]), (name, see_through, taken)


def test_every_format_that_is_decoded_has_a_figure():
    assert BYTES_PER_PIXEL.keys() == {*FORMATS, "MPO"}


def test_a_picture_is_refused_by_what_its_header_claims():
    buffer = io.BytesIO()
    Image.new("RGBA", (100, 50)).save(buffer, "PNG")
    assert decoding_bytes(buffer.getvalue()) == 100 * 50 * WITH_ALPHA
    refuse_footprint(buffer.getvalue(), 100 * 50 * WITH_ALPHA)
    with pytest.raises(PictureError, match="decoding it takes up to 0.0 GB of memory"):
        refuse_footprint(buffer.getvalue(), 1000)


def test_what_has_no_header_is_left_to_the_decoder():
    assert decoding_bytes(b"no picture") is None
    refuse_footprint(b"no picture", 1)
