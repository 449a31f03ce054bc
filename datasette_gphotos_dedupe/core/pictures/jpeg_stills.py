"""Where a JPEG begins and ends within a file: its segments up to the pixels, and the marker behind them. ITU T.81, annex B."""

from __future__ import annotations

from dataclasses import dataclass

SOI, EOI = b"\xff\xd8\xff", b"\xff\xd9"
MAX_SEGMENTS = 10_000
_SOS = 0xDA
_SOF = frozenset((0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF))
_BARE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a length


@dataclass(frozen=True)
class Still:
    """One JPEG of a file: its header, the width, height and bits of its pixels, and where these begin."""

    head: bytes
    size: tuple[int, int]
    bits: int
    pixels: int

    def end(self, data: bytes) -> int:
        """Where it ends: behind the marker, or where there is none, with all that is left. Looks through all of its pixels."""
        at = data.find(EOI, self.pixels)  # stuffing keeps these two bytes out of the pixels
        return at + 2 if at >= 0 else len(data)


def still_at(data: bytes, start: int = 0) -> Still | None:
    """The JPEG that begins at `start`; None where none does, or its header is damaged."""
    if data[start : start + 3] != SOI:
        return None
    at, size, bits = start + 2, None, 8
    for _ in range(MAX_SEGMENTS):
        if at + 4 > len(data) or data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == _SOS:
            return Still(data[start:at], size, bits, at) if size else None
        if marker in _SOF and at + 9 <= len(data):
            bits = data[at + 4]
            size = int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 1 if marker == 0xFF else 2 + (0 if marker in _BARE else int.from_bytes(data[at + 2 : at + 4], "big"))
    return None
