"""The boxes of an ISO media file (HEIC, AVIF): whether all of it is there. ISO/IEC 14496-12, section 4.2.

libheif paints over what is missing of a file that was cut short and says nothing, so half a picture would pass for a whole one.
"""

from __future__ import annotations

_PICTURE = frozenset((b"meta", b"mdat"))  # a picture rests on these


def ends_early(data: bytes) -> bool:
    """Whether a box that a picture rests on reaches beyond the end of the bytes; False for what is no ISO media file."""
    if data[4:8] != b"ftyp":
        return False
    start = 0
    while start + 8 <= len(data):
        length, kind = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8]
        if length == 1:
            length = int.from_bytes(data[start + 8 : start + 16], "big")
        if start + length > len(data):
            return kind in _PICTURE
        # 0 means to the end of the file, less than a header is no box, and another ftyp begins the film of a motion photo
        if length < 8 or data[start + length + 4 : start + length + 8] == b"ftyp":
            return False
        start += length
    return False
