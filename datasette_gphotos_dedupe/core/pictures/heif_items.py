"""The items of a HEIC or AVIF: which belong to the picture that is shown first, and how. ISO/IEC 23008-12, 14496-12 section 8.11."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from .boxes import boxes

MAX_ITEMS = 20_000  # a picture of 12 megapixels in tiles of 512 pixels has 48
_PICTURES = frozenset((b"hvc1", b"av01", b"grid", b"iden", b"iovl", b"jpeg", b"unci", b"vvc1", b"j2k1"))


@dataclass
class Items:
    """What the box `meta` lists: `kinds` of items by id, references (kind, from, to), and the properties of each item."""

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    references: list[tuple[bytes, int, int]] = field(default_factory=list)
    properties: dict[int, list[tuple[bytes, bytes]]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[bytes, list[set[int]]] = field(default_factory=lambda: defaultdict(list))

    def auxiliary_types(self) -> set[bytes]:
        """What the auxiliary pictures say they are, as URNs."""
        return {
            content[4:].split(b"\0")[0]
            for kind, item, _ in self.references
            if kind == b"auxl"
            for name, content in self.properties[item]
            if name == b"auxC"
        }

    def shown(self) -> set[int]:
        """Pictures that stand for themselves: no tile, thumbnail, alternative or auxiliary of another."""
        parts = {item for kind, item, _ in self.references if kind in (b"auxl", b"thmb")}
        parts |= {other for kind, _, other in self.references if kind == b"dimg"}
        for group in self.groups[b"altr"]:
            if self.primary in group:
                parts |= group - {self.primary}
        return {item for item, kind in self.kinds.items() if kind in _PICTURES} - parts - self.hidden

    def depth_bits(self) -> int:
        """Bits of a channel of the primary picture, as it or its first tile says; 8 when nothing is said."""
        tile = next((other for kind, item, other in self.references if kind == b"dimg" and item == self.primary), None)
        for item in (self.primary, tile):
            for name, content in self.properties[item] if item is not None else ():
                if name == b"pixi" and len(content) > 5:
                    return max(content[5 : 5 + content[4]], default=8)
                if name == b"hvcC" and len(content) > 17:
                    return 8 + (content[17] & 7)
                if name == b"av1C" and len(content) > 2 and content[2] & 0x40:
                    return 12 if content[2] & 0x20 else 10
        return 8


def read_items(data: bytes) -> Items:
    """The items of a HEIC or AVIF file; nothing where it is none or its lists are damaged."""
    items = Items()
    for kind, _, content, end in boxes(data):
        if kind == b"meta" and end <= len(data):
            for name, _, begin, stop in boxes(data, content + 4, end):
                read = _READERS.get(name)
                if read is not None and stop <= end:
                    read(items, data, begin, stop)
            break
    return items


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _read_primary(items: Items, data: bytes, begin: int, end: int) -> None:
    items.primary = _number(data, begin + 4, 4 if _number(data, begin, 1) else 2)


def _read_infos(items: Items, data: bytes, begin: int, end: int) -> None:
    for kind, _, at, _ in boxes(data, begin + (8 if _number(data, begin, 1) else 6), end):
        version = _number(data, at, 1)
        if kind == b"infe" and version in (2, 3) and len(items.kinds) < MAX_ITEMS:
            size = 4 if version == 3 else 2
            item = _number(data, at + 4, size)
            items.kinds[item] = data[at + 6 + size : at + 10 + size]
            if _number(data, at + 3, 1) & 1:
                items.hidden.add(item)


def _read_references(items: Items, data: bytes, begin: int, end: int) -> None:
    size = 4 if _number(data, begin, 1) else 2
    for kind, _, at, stop in boxes(data, begin + 4, end):
        number = _number(data, at + size, 2)
        first = at + size + 2
        for place in range(first, min(first + number * size, stop, end), size):
            if len(items.references) < MAX_ITEMS:
                items.references.append((kind, _number(data, at, size), _number(data, place, size)))


def _read_properties(items: Items, data: bytes, begin: int, end: int) -> None:
    listed: list[tuple[bytes, bytes]] = []
    for kind, _, at, stop in boxes(data, begin, end):
        if kind == b"ipco":
            listed = [(name, data[inner : min(last, inner + 256)]) for name, _, inner, last in boxes(data, at, stop)]
        elif kind == b"ipma":
            _associate(items, listed, data, at, min(stop, end))


def _associate(items: Items, listed: list[tuple[bytes, bytes]], data: bytes, at: int, end: int) -> None:
    id_size, index_size = (4 if _number(data, at, 1) else 2), (2 if _number(data, at + 3, 1) & 1 else 1)
    mask = 0x7FFF if index_size == 2 else 0x7F
    place = at + 8
    for _ in range(min(_number(data, at + 4, 4), MAX_ITEMS)):
        if place + id_size >= end:
            return
        item, number = _number(data, place, id_size), data[place + id_size]
        place += id_size + 1
        for index in (_number(data, place + step * index_size, index_size) & mask for step in range(number)):
            if 0 < index <= len(listed):
                items.properties[item].append(listed[index - 1])
        place += number * index_size


def _read_groups(items: Items, data: bytes, begin: int, end: int) -> None:
    for kind, _, at, stop in boxes(data, begin, end):
        number = min(_number(data, at + 8, 4), MAX_ITEMS)
        places = range(at + 12, min(at + 12 + 4 * number, stop, end), 4)
        items.groups[kind].append({_number(data, place, 4) for place in places})


_READERS = {
    b"pitm": _read_primary,
    b"iinf": _read_infos,
    b"iref": _read_references,
    b"iprp": _read_properties,
    b"grpl": _read_groups,
}
