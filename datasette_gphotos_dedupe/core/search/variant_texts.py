"""The variant hashes of many photos at once, from the JSON texts in which a person reads them."""

from __future__ import annotations

import json
import re
from binascii import unhexlify
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .flat_search import HASH_BYTES


class VariantHashes(NamedTuple):
    """Of each variant the photo (or the position of the text) it is of, the number of its name, and its hash of 32 bytes.

    (m,) int32, (m,) int16 and (m, 32) uint8, in no set order.
    """

    owners: np.ndarray
    kinds: np.ndarray
    hashes: np.ndarray


_VALUE = re.compile(rb'"([^"\\]*)"\s*:\s*"([0-9a-f]{%d})"' % (2 * HASH_BYTES))
_FEW = 20  # texts of one length and more than one shape: not worth an array


def hashes_from_texts(texts: Sequence[bytes], numbers: Mapping[str, int]) -> VariantHashes:
    """The hashes in texts like ``{"crop5": "<64 hex digits>", ...}`` in UTF-8, of the names in `numbers`.

    Texts that differ in their hex digits only are cut by columns, many times faster than JSON is parsed: the photos of a
    library have a handful of shapes.
    """
    by_length: dict[int, list[int]] = {}
    for row, text in enumerate(texts):
        by_length.setdefault(len(text), []).append(row)
    parts = [part for rows in by_length.values() for part in _of_one_length(texts, rows, numbers)]
    if not parts:
        return VariantHashes(np.empty(0, np.int32), np.empty(0, np.int16), np.empty((0, HASH_BYTES), np.uint8))
    return parts[0] if len(parts) == 1 else VariantHashes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _of_one_length(texts: Sequence[bytes], rows: list[int], numbers: Mapping[str, int]) -> Iterable[VariantHashes]:
    left = np.array(rows, np.int32)
    while len(left) > _FEW:
        first, joined = texts[left[0]], b"".join([texts[row] for row in left.tolist()])
        values = list(_VALUE.finditer(first))
        if not joined.isascii() or {value[1].decode(): value[2].decode() for value in values} != json.loads(first):
            break
        table = np.frombuffer(joined, np.uint8).reshape(len(left), -1)
        fixed = np.ones(table.shape[1], bool)
        for value in values:
            fixed[value.start(2) : value.end(2)] = False
        alike = (table[:, fixed] == table[0, fixed]).all(axis=1)
        wanted = [(value.start(2), numbers[name]) for value in values if (name := value[1].decode()) in numbers]
        if wanted:
            yield _cut_out(table if alike.all() else table[alike], left[alike], wanted)
        left = left[~alike]
    yield from _one_by_one(texts, left.tolist(), numbers)


def _cut_out(table: np.ndarray, owners: np.ndarray, wanted: Sequence[tuple[int, int]]) -> VariantHashes:
    """The hashes that begin in these columns, given with the number of their name, of texts of one shape."""
    digits = np.empty((len(table), len(wanted), 2 * HASH_BYTES), np.uint8)
    for place, (column, _) in enumerate(wanted):
        digits[:, place] = table[:, column : column + 2 * HASH_BYTES]
    hashes = np.frombuffer(unhexlify(digits.data), np.uint8).reshape(-1, HASH_BYTES)
    kinds = np.array([number for _, number in wanted], np.int16)
    return VariantHashes(np.repeat(owners, len(wanted)), np.tile(kinds, len(table)), hashes)


def _one_by_one(texts: Sequence[bytes], rows: list[int], numbers: Mapping[str, int]) -> Iterable[VariantHashes]:
    found = [
        (row, numbers[name], bytes.fromhex(text))
        for row in rows
        for name, text in json.loads(texts[row]).items()
        if name in numbers
    ]
    if found:
        owners, kinds, hashes = zip(*found, strict=True)
        yield VariantHashes(
            np.array(owners, np.int32),
            np.array(kinds, np.int16),
            np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, HASH_BYTES),
        )
