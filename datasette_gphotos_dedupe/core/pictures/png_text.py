"""PNGs whose notes are larger than their decoder takes: the prompts and workflows of image generators, XMP, profiles of megabytes."""

from __future__ import annotations

import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 100_000
MAX_BYTES = 1_000_000  # unpacked, of a note that is kept; Pillow refuses the whole picture for 1 MiB
_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_EXIF_NOTE = b"Raw profile type exif\0"  # how ImageMagick keeps EXIF in a PNG


def without_notes(data: bytes) -> bytes:
    """The same PNG without text, but for EXIF written as such, and without a colour profile beyond any size; others as they are."""
    if not data.startswith(SIGNATURE):
        return data
    kept, start, at = [], 0, len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            break
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if _is_ballast(data[at + 4 : at + 8], data, at + 8, end - 4):
            kept.append(data[start:at])
            start = end
        at = end
    return b"".join([*kept, data[start:]]) if kept else data


def _is_ballast(kind: bytes, data: bytes, start: int, end: int) -> bool:
    if kind == b"iCCP":
        name_end = data.find(b"\0", start, min(start + 80, end))
        return name_end >= 0 and not _unpacks(data[name_end + 2 : end])
    if kind not in _TEXTS:
        return False
    if kind == b"iTXt" or not data.startswith(_EXIF_NOTE, start) or end - start > MAX_BYTES:
        return True
    return kind == b"zTXt" and not _unpacks(data[start + len(_EXIF_NOTE) + 1 : end])


def _unpacks(packed: bytes) -> bool:
    """Whether it unpacks to no more than is kept; what is damaged is judged by the decoder."""
    unpacking = zlib.decompressobj()
    try:
        unpacking.decompress(packed, MAX_BYTES)
    except zlib.error:
        return True
    return not unpacking.unconsumed_tail
