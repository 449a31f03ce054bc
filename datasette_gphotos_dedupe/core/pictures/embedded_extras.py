"""What a picture file holds beside the still that is seen first. Bytes in, words out.

A copy without these shows the same picture and is less than the file, so they are an objection to its removal. A mark in the metadata
alone is not believed: copies that lost the map, the second view or the film often keep it. What it speaks of must be there too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from .boxes import film_start, find_film, is_sequence
from .heif_items import read_items
from .jpeg import SOI, JpegStill, still_at

Order = Literal["little", "big"]
ORDERS: dict[bytes, Order] = {b"II*\0": "little", b"MM\0*": "big"}
"""How a TIFF begins, and the order of the bytes of its numbers."""

WORDS = ("gain_map", "depth_map", "second_view", "film", "pages", "frames", "sound", "alpha", "deep")
MOVING = frozenset(("film", "pages", "frames"))
"""Those that make a file more than one still to look at."""

MAX_PARTS = 10_000  # chunks or directories that are walked through
# Of Adobe and Google, of ISO 21496-1, and of Apple
_GAIN_MAP = (b"hdr-gain-map/1.0/", b"urn:iso:std:iso:ts:21496:-1", b"HDRGainMap", b"hdrgainmap", b"GainMap")
_DEPTH_IMAGE = (b'Semantic="Depth', b"Semantic>Depth", b"AuxiliaryDataTypeDepth", b"AuxiliaryDataTypeDisparity", b"auxid:2")
_DEPTH_INLINE = (b"GDepth:Data", b"depthmap/:Data")
_VIEW_INLINE = (b"GImage:Data",)  # the right eye of Cardboard Camera
_SOUND_INLINE = (b"GAudio:Data",)
_DEPTH_BEHIND, _SOUND_BEHIND = (b"DualShot_DepthMap",), (b"SoundShot_",)  # Samsung's names of what follows the picture
_VIEW_TYPES = frozenset((0x020001, 0x020002, 0x020003))  # panorama, disparity, multi-angle: CIPA DC-007, table 4
_PREVIEW_TYPES = frozenset((0x010001, 0x010002))


def list_extras(data: bytes, format: str, several: bool = False, transparent: bool = False) -> tuple[str, ...]:
    """The words of `WORDS` that are true of a picture file, in their order.

    `format`, `several` (it has more than one frame) and `transparent` (some of it really is) are what decoding it told.
    """
    found = _of_format(data, format, several)
    if transparent:
        found.add("alpha")
    return tuple(word for word in WORDS if word in found)


def _of_format(data: bytes, format: str, several: bool) -> set[str]:
    if format in ("JPEG", "MPO"):
        return _of_jpeg(data)
    if format in ("HEIF", "AVIF"):
        return _of_heif(data)
    if format == "TIFF":
        return _of_tiff(data)
    found = {"frames"} if several else set()
    return found | _of_png(data) if format == "PNG" else found


# -- JPEG ------------------------------------------------------------------------------------------------------------


def _of_jpeg(data: bytes) -> set[str]:
    first = still_at(data, 0)
    if first is None:
        return set()
    end = first.end(data)
    film = find_film(data, end)
    others = list(_stills(data, end, film))
    found = {word for word, is_true in _told_by_marks(first, others, data, end) if is_true}
    if film is not None:
        found.add("film")
    if first.bits > 8:
        found.add("deep")
    if _has_view(first, others, found):
        found.add("second_view")
    return found


def _told_by_marks(first: JpegStill, others: list[JpegStill], data: bytes, end: int) -> Iterator[tuple[str, bool]]:
    heads = (first.head, *(other.head for other in others))
    yield "gain_map", bool(others) and any(mark in head for head in heads for mark in _GAIN_MAP)
    yield "depth_map", bool(others) and any(mark in head for head in heads for mark in _DEPTH_IMAGE)
    yield "depth_map", any(mark in first.head for mark in _DEPTH_INLINE) or _is_behind(data, end, _DEPTH_BEHIND)
    yield "second_view", any(mark in first.head for mark in _VIEW_INLINE)
    yield "sound", any(mark in first.head for mark in _SOUND_INLINE) or _is_behind(data, end, _SOUND_BEHIND)


def _is_behind(data: bytes, start: int, marks: tuple[bytes, ...]) -> bool:
    return any(data.find(mark, start) >= 0 for mark in marks)


def _has_view(first: JpegStill, others: list[JpegStill], found: set[str]) -> bool:
    types = _picture_types(first.head)
    if others and not _VIEW_TYPES.isdisjoint(types):
        return True
    if not found.isdisjoint(("gain_map", "depth_map")):
        return False
    # cameras put the same still again behind the first, smaller; as large, and not called a preview, it is another picture
    return any(other.size == first.size for other in others) and _PREVIEW_TYPES.isdisjoint(types)


def _stills(data: bytes, start: int, end: int | None) -> Iterator[JpegStill]:
    """The JPEGs that follow the first one, before the film."""
    end = len(data) if end is None else end
    for _ in range(16):
        start = data.find(SOI, start, end)
        if start < 0:
            return
        still = still_at(data, start)
        if still is not None:
            yield still
        start = still.end(data) if still is not None else start + 2


def _picture_types(head: bytes) -> set[int]:
    """What the pictures behind the first are, as the index of a multi-picture file says."""
    at = head.find(b"MPF\0")
    if at < 0:
        return set()
    base = at + 4
    order = ORDERS.get(head[base : base + 4])
    if order is None:
        return set()
    types = set()
    for tag, _, number, value in _entries(head, base, int.from_bytes(head[base + 4 : base + 8], order), order):
        if tag == 0xB002:
            places = range(base + value + 16, min(base + value + number, len(head) - 3), 16)
            types = {int.from_bytes(head[place : place + 4], order) & 0xFFFFFF for place in places}
    return types


# -- the others ------------------------------------------------------------------------------------------------------


def _of_heif(data: bytes) -> set[str]:
    items = read_items(data)
    kinds = items.auxiliary_types()
    found = {"film"} if film_start(data) is not None else set()
    if any(kind.endswith((b"hdrgainmap", b":gainmap")) for kind in kinds) or b"tmap" in items.kinds.values():
        found.add("gain_map")
    if any(kind.endswith((b"auxid:2", b"auxiliary:depth", b":depth", b":disparity")) for kind in kinds):
        found.add("depth_map")
    if len(items.shown()) > 1:
        found.add("second_view" if items.groups[b"ster"] else "pages")
    if is_sequence(data) and data.find(b"moov") >= 0:
        found.add("frames")
    if items.depth_bits() > 8:
        found.add("deep")
    return found


def _of_png(data: bytes) -> set[str]:
    """PNG specification, section 5.3: chunks of length, type, content and checksum."""
    found = {"deep"} if data[24:25] == b"\x10" else set()
    at = 8
    for _ in range(MAX_PARTS):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND" or at >= len(data):
            break
        if kind == b"gmAP":
            found.add("gain_map")
    if find_film(data, min(at, len(data))) is not None:
        found.add("film")
    return found


def _of_tiff(data: bytes) -> set[str]:
    """TIFF 6.0: directories of the first picture and those behind it; those of smaller versions are no pages."""
    order = ORDERS.get(data[:4])
    if order is None:
        return set()
    found: set[str] = set()
    seen: set[int] = set()
    pages, at = 0, int.from_bytes(data[4:8], order)
    while at and at not in seen and at + 2 <= len(data) and len(seen) < MAX_PARTS:
        seen.add(at)
        tags = {tag: (kind, number, value) for tag, kind, number, value in _entries(data, 0, at, order)}
        pages += not tags.get(254, (0, 0, 0))[2] & 5  # a smaller version, or a mask
        if len(seen) == 1 and _bits(data, tags, order) > 8:
            found.add("deep")
        end = at + 2 + 12 * int.from_bytes(data[at : at + 2], order)
        at = int.from_bytes(data[end : end + 4], order)
    if pages > 1:
        found.add("pages")
    return found


def _bits(data: bytes, tags: dict[int, tuple[int, int, int]], order: Order) -> int:
    _, number, value = tags.get(258, (3, 1, 8))
    return int.from_bytes(data[value : value + 2], order) if number > 2 else value & 0xFFFF


def _entries(data: bytes, base: int, offset: int, order: Order) -> Iterator[tuple[int, int, int, int]]:
    """(tag, kind, number, value or its offset) of a TIFF directory; short values as numbers."""
    at = base + offset
    for _ in range(min(int.from_bytes(data[at : at + 2], order), 4096)):
        entry = data[at + 2 : at + 14]
        if len(entry) < 12:
            return
        tag, kind, number = (int.from_bytes(entry[a:b], order) for a, b in ((0, 2), (2, 4), (4, 8)))
        size = 2 if kind == 3 and number == 1 else 4
        yield tag, kind, number, int.from_bytes(entry[8 : 8 + size], order)
        at += 12
