"""Whether a picture file holds more than the still that is seen first: an animation, several pages, the film of a motion photo.

A still copy of such a file shows the same picture and is less than it, so the file itself is never suggested for removal.
"""

from __future__ import annotations

XMP_BYTES = 262_144  # XMP stands before the pixels; four segments of 64 KB are more than any phone writes there
OWN_BOX_BYTES = 12  # a HEIC begins with a box of that name itself
# GCamera's own words, since 2020 and before; Samsung writes its mark at the end, right before the film
_IN_XMP = tuple(
    prefix + name + quote + b"1"
    for prefix in (b"GCamera:", b"Camera:")
    for name in (b"MotionPhoto", b"MicroVideo")
    for quote in (b'="', b"='", b">")
)
_SAMSUNG = b"MotionPhoto_Data"
_FILM = b"ftyp"  # every MP4 begins with such a box, four bytes in


def holds_film(data: bytes) -> bool:
    """Whether the bytes of a JPEG or HEIC carry the film of a motion photo.

    A mark alone is not believed: copies that lost the film often keep the XMP. The box of the film must be there too.
    """
    head = data[:XMP_BYTES]
    # twelve searches of a head without any such word would take as long as its checksum
    if (b"MotionPhoto" in head or b"MicroVideo" in head) and any(mark in head for mark in _IN_XMP):
        return data.find(_FILM, OWN_BOX_BYTES) >= 0
    mark = data.rfind(_SAMSUNG)
    return mark >= 0 and data.find(_FILM, mark, mark + 64) >= 0
