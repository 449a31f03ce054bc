"""The boxes of an ISO media file (HEIC, AVIF, MP4): whether all of it is there, and where a film begins. ISO/IEC 14496-12, 4.2.

libheif paints over what is missing of a file that was cut short and says nothing, so half a picture would pass for a whole one. It
takes a picture with the film of a motion photo behind it for a sequence, and does not read it at all.
"""

from __future__ import annotations

from collections.abc import Iterator

MAX_BOXES = 10_000  # of one level; a picture has some dozens
_PICTURE = frozenset((b"meta", b"mdat"))  # a picture rests on these
_SEQUENCES = frozenset((b"msf1", b"hevc", b"hevx", b"avis"))  # brands of files whose film is the picture itself
_FILM_BOX = b"mpvd"  # Samsung's and Google's box around the film of a HEIC
_FTYP_BYTES = range(16, 1025)


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int, int]]:
    """(kind, start, start of its content, end) of each box of one level, until one that is none or reaches beyond the end.

    That one is given too, when its header is there: its end tells how far it would have to reach.
    """
    end = len(data) if end is None else min(end, len(data))
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        length, kind, header = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if length == 1:
            length, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif length == 0:  # to the end of the file
            length = end - start
        if length < header:
            return
        yield kind, start, start + header, start + length
        if start + length > end:
            return
        start += length


def ends_early(data: bytes) -> bool:
    """Whether a box that a picture rests on reaches beyond the end of the bytes; False for what is no ISO media file."""
    if data[4:8] != b"ftyp":
        return False
    film = film_start(data)
    return any(end > len(data) and kind in _PICTURE for kind, start, _, end in boxes(data) if film is None or start < film)


def film_start(data: bytes) -> int | None:
    """Where the film of a motion photo begins behind a HEIC's own boxes; None without one."""
    if data[4:8] != b"ftyp":
        return None
    has_picture = False
    for kind, start, _, _ in boxes(data):
        if start and (kind in (b"ftyp", _FILM_BOX) or (kind == b"moov" and has_picture and not is_sequence(data))):
            return start
        has_picture = has_picture or kind == b"meta"
    return None


def without_film(data: bytes) -> bytes:
    """The picture of a HEIC alone; anything else as it is."""
    start = film_start(data)
    return data if start is None else data[:start]


def is_sequence(data: bytes) -> bool:
    """Whether an ISO media file says that it is a sequence of pictures."""
    end = min(int.from_bytes(data[:4], "big"), len(data), _FTYP_BYTES.stop)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
    return not brands.isdisjoint(_SEQUENCES)


def find_film(data: bytes, start: int) -> int | None:
    """Where an MP4 begins at `start` or behind it, by the box that every one begins with; None when there is none."""
    at = data.find(b"ftyp", start)
    for _ in range(MAX_BOXES):
        if at < 0:
            break
        length = int.from_bytes(data[at - 4 : at], "big") if at >= start + 4 else 0
        if length in _FTYP_BYTES and at - 4 + length <= len(data) and data[at + 4 : at + 8].isascii():
            return at - 4
        at = data.find(b"ftyp", at + 4)
    return None
