"""Broken pictures of every format that is read: small whole ones, what mutation makes of them, and ones crafted to hurt.

Deterministic: a number always gives the same bytes. `read_measured` stands in for the reader of the worker processes and tells
what each picture took.
"""

from __future__ import annotations

import io
import random
import resource
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache

import pillow_heif
from PIL import Image

from datasette_gphotos_dedupe.demo.raw import encode_dng
from datasette_gphotos_dedupe.pipeline.workers import read_limited

from .made_pictures import scene

pillow_heif.register_heif_opener()
SIZE = (256, 192)


def saved(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.copy().save(buffer, format, **options)  # a picture remembers the encoder it was saved with
    return buffer.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, interlaced: int = 0, *extra: bytes) -> bytes:
    """A PNG of any claim; `rows` are its packed bytes."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


def film(frames: int = 12) -> bytes:
    """A short MP4, or nothing without PyAV."""
    try:
        import av
    except ImportError:
        return b""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        track = container.add_stream("mpeg4", rate=12)
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        image = scene(3, SIZE)
        for _ in range(frames):
            container.mux(track.encode(av.VideoFrame.from_image(image)))
        container.mux(track.encode())
    return buffer.getvalue()


@lru_cache(maxsize=1)
def whole_pictures() -> dict[str, bytes]:
    """File name -> a small healthy file, of every format and of the kinds of pixels within it."""
    image, other = scene(3, SIZE), scene(4, SIZE)
    few = image.convert("P", palette=Image.Palette.ADAPTIVE)
    grey16 = Image.frombytes("I;16", SIZE, b"".join(struct.pack("<H", value * 257) for value in image.convert("L").tobytes()))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112], exif[0x0132] = "Maker", "Model", 6, "2019:06:28 18:38:04"
    made = {
        "plain.jpg": saved(image, "JPEG", quality=90, exif=exif),
        "progressive.jpg": saved(image, "JPEG", progressive=True),
        "cmyk.jpg": saved(image.convert("CMYK"), "JPEG"),
        "grey.jpg": saved(image.convert("L"), "JPEG"),
        "several.mpo.jpg": saved(image, "MPO", save_all=True, append_images=[other.copy()]),
        "plain.png": saved(image, "PNG", exif=exif),
        "palette.png": saved(few, "PNG"),
        "alpha.png": saved(image.convert("RGBA"), "PNG"),
        "grey16.png": saved(grey16, "PNG"),
        "animated.png": saved(image, "PNG", save_all=True, append_images=[other.copy()]),
        "lossy.webp": saved(image, "WEBP", exif=exif),
        "lossless.webp": saved(image, "WEBP", lossless=True),
        "animated.webp": saved(image, "WEBP", save_all=True, append_images=[other.copy()]),
        "plain.gif": saved(few, "GIF"),
        "animated.gif": saved(few, "GIF", save_all=True, append_images=[other.convert("P")]),
        "plain.bmp": saved(image, "BMP"),
        "raw.tif": saved(image, "TIFF", exif=exif),
        "lzw.tif": saved(image, "TIFF", compression="tiff_lzw"),
        "deflate.tif": saved(grey16, "TIFF", compression="tiff_adobe_deflate"),
        "jpeg.tif": saved(image, "TIFF", compression="jpeg"),
        "fax.tif": saved(image.convert("1"), "TIFF", compression="group4"),
        "pages.tif": saved(image, "TIFF", save_all=True, append_images=[other.copy()]),
        "plain.heic": saved(image, "HEIF", exif=exif.tobytes()),
        "plain.avif": saved(image, "AVIF"),
        "camera.dng": encode_dng(image.resize((640, 480)), "Maker", "Model", "2019:06:28 18:38:04"),
        "film.mp4": film(),
    }
    return {name: data for name, data in made.items() if data}


def _truncated(draw: random.Random, data: bytearray, other: bytes) -> bytearray:
    return data[: draw.randrange(1, len(data))]


def _flipped(draw: random.Random, data: bytearray, other: bytes) -> bytearray:
    for _ in range(draw.choice((1, 2, 8, 64))):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return data


def _flipped_in_header(draw: random.Random, data: bytearray, other: bytes) -> bytearray:
    for _ in range(draw.choice((1, 2, 4))):
        data[draw.randrange(min(len(data), 300))] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
    return data


def _extreme_number(draw: random.Random, data: bytearray, other: bytes) -> bytearray:
    at, width = draw.randrange(min(len(data), 600)), draw.choice((2, 4, 8))
    number = draw.choice((0, 1, 2 ** (8 * width - 1) - 1, 2 ** (8 * width) - 1, 2 ** (8 * width - 1), 20_000, 30_000))
    data[at : at + width] = (number % 2 ** (8 * width)).to_bytes(width, draw.choice(("big", "little")))
    return data


def _hole(draw: random.Random, data: bytearray, other: bytes) -> bytearray:
    at, length = draw.randrange(len(data)), draw.randrange(1, 2000)
    data[at : at + length] = bytes([draw.choice((0, 0xFF))]) * len(data[at : at + length])
    return data


def _cut_out(draw: random.Random, data: bytearray, other: bytes) -> bytearray:
    at = draw.randrange(len(data))
    del data[at : at + draw.randrange(1, 2000)]
    return data


def _doubled(draw: random.Random, data: bytearray, other: bytes) -> bytearray:
    at, length = draw.randrange(len(data)), draw.randrange(1, 4000)
    return data[:at] + data[at : at + length] * draw.randrange(2, 6) + data[at:]


def _swapped_header(draw: random.Random, data: bytearray, other: bytes) -> bytearray:
    length = draw.choice((12, 64, 300))
    return bytearray(other[:length]) + data[length:]


def _grafted(draw: random.Random, data: bytearray, other: bytes) -> bytearray:
    return data[: draw.randrange(len(data))] + bytearray(other[draw.randrange(len(other)) :])


Mutation = Callable[[random.Random, bytearray, bytes], bytearray]
MUTATIONS: tuple[Mutation, ...] = (
    _truncated,
    _flipped,
    _flipped_in_header,
    _extreme_number,
    _hole,
    _cut_out,
    _doubled,
    _swapped_header,
    _grafted,
)


def broken_picture(number: int) -> tuple[str, bytes]:
    """File name and bytes of broken picture `number`: one of the whole ones, changed once or twice."""
    draw, whole = random.Random(number), whole_pictures()
    names = list(whole)
    name = names[number % len(names)]
    data = bytearray(whole[name])
    for _ in range(draw.choice((1, 1, 1, 2))):
        data = draw.choice(MUTATIONS)(draw, data, whole[draw.choice(names)]) or bytearray(b"\0")
    return f"{number}-{name}", bytes(data)


def packed_zeros(count: int) -> bytes:
    """So many zero bytes, deflated a thousand to one."""
    deflate = zlib.compressobj(9)
    piece = bytes(1 << 20)
    pieces = [deflate.compress(piece) for _ in range(count >> 20)]
    return b"".join([*pieces, deflate.compress(piece[: count & 0xFFFFF]), deflate.flush()])


def crafted_pictures() -> Iterator[tuple[str, bytes]]:
    """Pictures made to crash, to hang or to eat memory."""
    yield "bomb of 484 megapixels.png", png(22_000, 22_000, 8, 2, packed_zeros(22_000 * 66_001))
    yield "interlaced bomb of 484 megapixels, 16 bits.png", png(22_000, 22_000, 16, 6, packed_zeros(1 << 30), 1)
    yield "claims 900 megapixels.png", png(30_000, 30_000, 8, 2, packed_zeros(1000))
    yield "no pixels.png", png(0, 0, 8, 2, packed_zeros(10))
    yield (
        "a profile of 200 MB.png",
        png(64, 64, 8, 0, zlib.compress(bytes(64 * 65)), 0, png_chunk(b"iCCP", b"x\0\0" + packed_zeros(200_000_000))),
    )
    yield (
        "100 MB of text.png",
        png(64, 64, 8, 0, zlib.compress(bytes(64 * 65)), 0, png_chunk(b"zTXt", b"x\0\0" + packed_zeros(100_000_000))),
    )
    jpeg = whole_pictures()["plain.jpg"]
    segment = b"\xff\xe1" + struct.pack(">H", 65_002) + b"Exif\0\0" + bytes(64_994)
    yield "100 MB of EXIF.jpg", jpeg[:2] + segment * 1540 + jpeg[2:]
    yield "ten thousand scans.jpg", _many_scans(10_000)
    yield "a million frames.gif", _gif(1_000_000)
    yield (
        "gif of 65,535 x 65,535.gif",
        b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b",\0\0\0\0\xff\xff\xff\xff\0\x08\xff" + b"\xff" * 4000,
    )
    tiff = whole_pictures()["raw.tif"]
    first = struct.unpack("<I", tiff[4:8])[0]
    entries = struct.unpack("<H", tiff[first : first + 2])[0]
    at = first + 2 + 12 * entries
    yield "a directory that is its own next.tif", tiff[:at] + tiff[4:8] + tiff[at + 4 :]
    yield (
        "bmp of minus two thousand million.bmp",
        b"BM" + bytes(8) + struct.pack("<IIiiHHI", 54, 40, 2**31 - 1, -(2**31), 1, 24, 0) + bytes(24),
    )


def _many_scans(count: int) -> bytes:
    """A progressive JPEG of 36 megapixels whose last scan is repeated."""
    data = saved(Image.new("L", (6000, 6000)), "JPEG", progressive=True)
    last, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    return data[:last] + data[last:end] * count + data[end:]


def _gif(frames: int) -> bytes:
    data = saved(Image.new("P", (8, 8)), "GIF")
    frame, end = data.index(b",", 13), len(data) - 1
    return data[:end] + data[frame:end] * frames + data[end:]


def read_measured(address, mode: str, cpu_s: float) -> tuple[object, float, int]:
    """(outcome, seconds, most memory of this process so far in MB) of one picture, read as an import does."""
    start = time.perf_counter()
    outcome = read_limited(address, mode, cpu_s)
    return outcome, time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
