"""A small camera RAW file: a DNG with a mosaic of 16-bit samples and the JPEG preview that cameras embed.

Written by the Digital Negative specification 1.4: the first directory holds the preview, its sub-directory the sensor's samples.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from .copies import encode

if TYPE_CHECKING:
    from PIL import Image

_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _SRATIONAL = 1, 2, 3, 4, 5, 10
_FORMATS = {_BYTE: "B", _SHORT: "H", _LONG: "I", _RATIONAL: "I", _SRATIONAL: "i"}
# sRGB primaries at D65, in ten-thousandths: the samples below are linear sRGB, so the camera "is" a display
_COLOUR_MATRIX = (32405, -15371, -4985, -9693, 18760, 416, 556, -2040, 10572)


def encode_dng(image: Image.Image, make: str, model: str, taken: str) -> bytes:
    """`image` as a DNG by the camera `make` `model`; `taken` is local time as ``2019:06:28 18:38:04``."""
    preview = encode(image, "JPEG", 85)
    width, height = image.width // 2 * 2, image.height // 2 * 2  # a Bayer mosaic comes in squares of four
    samples = _mosaic(image.crop((0, 0, width, height)))
    main = {
        254: (_LONG, (1,)),  # NewSubfileType: a reduced picture
        256: (_LONG, (image.width,)),
        257: (_LONG, (image.height,)),
        258: (_SHORT, (8, 8, 8)),
        259: (_SHORT, (7,)),  # Compression: JPEG
        262: (_SHORT, (6,)),
        271: (_ASCII, make.encode() + b"\0"),
        272: (_ASCII, model.encode() + b"\0"),
        274: (_SHORT, (1,)),
        277: (_SHORT, (3,)),
        278: (_LONG, (image.height,)),
        306: (_ASCII, taken.encode() + b"\0"),
        # DNGVersion, UniqueCameraModel, ColorMatrix1, AsShotNeutral, CalibrationIlluminant1 = D65
        50706: (_BYTE, (1, 4, 0, 0)),
        50708: (_ASCII, f"{make} {model}".encode() + b"\0"),
        50721: (_SRATIONAL, tuple(value for entry in _COLOUR_MATRIX for value in (entry, 10000))),
        50728: (_RATIONAL, (1, 1, 1, 1, 1, 1)),
        50778: (_SHORT, (21,)),
    }
    sensor = {
        254: (_LONG, (0,)),
        256: (_LONG, (width,)),
        257: (_LONG, (height,)),
        258: (_SHORT, (16,)),
        259: (_SHORT, (1,)),
        262: (_SHORT, (32803,)),  # PhotometricInterpretation: colour filter array
        277: (_SHORT, (1,)),
        278: (_LONG, (height,)),
        33421: (_SHORT, (2, 2)),
        33422: (_BYTE, (0, 1, 1, 2)),
        50717: (_LONG, (65535,)),
    }
    exif = {36867: (_ASCII, taken.encode() + b"\0")}
    return _assemble(main, sensor, exif, preview, samples)


def _mosaic(image: Image.Image) -> bytes:
    """Red, green / green, blue squares of linear 16-bit light."""
    import numpy as np

    light = (np.asarray(image.convert("RGB"), dtype=np.float32) / 255.0) ** 2.2 * 65535
    mosaic = np.empty(light.shape[:2], dtype="<u2")
    mosaic[0::2, 0::2] = light[0::2, 0::2, 0]
    mosaic[0::2, 1::2] = light[0::2, 1::2, 1]
    mosaic[1::2, 0::2] = light[1::2, 0::2, 1]
    mosaic[1::2, 1::2] = light[1::2, 1::2, 2]
    return mosaic.tobytes()


def _assemble(main: dict, sensor: dict, exif: dict, preview: bytes, samples: bytes) -> bytes:
    # Offsets have a fixed width, so a first pass with zeros gives the true lengths.
    offsets = dict.fromkeys(("preview", "samples", "sensor", "exif"), 0)
    for _ in range(2):
        main |= {273: (_LONG, (offsets["preview"],)), 279: (_LONG, (len(preview),))}
        main |= {330: (_LONG, (offsets["sensor"],)), 34665: (_LONG, (offsets["exif"],))}
        sensor |= {273: (_LONG, (offsets["samples"],)), 279: (_LONG, (len(samples),))}
        first = _directory(main, 8)
        offsets["sensor"] = 8 + len(first)
        second = _directory(sensor, offsets["sensor"])
        offsets["exif"] = offsets["sensor"] + len(second)
        third = _directory(exif, offsets["exif"])
        offsets["preview"] = offsets["exif"] + len(third)
        offsets["samples"] = offsets["preview"] + len(preview) + len(preview) % 2
    return struct.pack("<2sHI", b"II", 42, 8) + first + second + third + preview + b"\0" * (len(preview) % 2) + samples


def _directory(entries: dict, start: int) -> bytes:
    """A TIFF image file directory that begins at `start`, with the values that do not fit an entry behind it."""
    table = struct.pack("<H", len(entries))
    behind = b""
    values_at = start + 2 + 12 * len(entries) + 4
    for tag in sorted(entries):
        kind, values = entries[tag]
        data = values if kind == _ASCII else struct.pack(f"<{len(values)}{_FORMATS[kind]}", *values)
        count = len(values) // (2 if kind in (_RATIONAL, _SRATIONAL) else 1)
        if len(data) > 4:
            field = struct.pack("<I", values_at + len(behind))
            behind += data + b"\0" * (len(data) % 2)
        else:
            field = data.ljust(4, b"\0")
        table += struct.pack("<HHI", tag, kind, count) + field
    return table + struct.pack("<I", 0) + behind
