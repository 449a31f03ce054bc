"""Pairs within a small radius, by tables, in time that grows with the hits rather than with the square.

The 256 bits are dealt, in an order shuffled once and for ever, into 14 chunks of 18 bits (4 bits are left over). Two hashes that
differ in at most 27 bits differ in at most one bit of some chunk (the pigeonhole of multi-index hashing: Norouzi, Punjani, Fleet,
"Fast exact search in Hamming space with multi-index hashing", 2014), so looking up each chunk with every one of its bits flipped
finds all of them. Beyond 27 bits one deal misses some pairs; then several deals are used, as many as `deals_needed` counts. Which
pairs are found depends on the two hashes alone and never on the rest of the library, so adding photos in portions gives the
same pairs as adding them at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from math import comb

import numpy as np

from .flat_search import Hits, bits_set, distances, hits_within, words

BITS = 256
CHUNK_BITS = 18
CHUNKS = BITS // CHUNK_BITS
EXACT_RADIUS_BITS = 2 * CHUNKS - 1
MISSED_AT_MOST = 5e-5  # the share of pairs at exactly the radius; nearer ones are missed far more rarely
FLIPS = np.array([0, *(1 << bit for bit in range(CHUNK_BITS))], dtype=np.int64)
CANDIDATES_AT_ONCE = 1 << 17  # keeps the arrays of one step in the processor's second cache
THREADS = 2
FEW_PAIRS = 50_000_000
SEED = 20260311


def missed_share(distance_bits: int) -> float:
    """The chance that one deal misses a pair at this distance: that every chunk has two or more of the differing bits.

    Exact counting; it holds for any two hashes, because the deal is random and the pictures had no say in it.
    """
    ways = [comb(BITS - CHUNKS * CHUNK_BITS, bits) for bits in range(BITS - CHUNKS * CHUNK_BITS + 1)]
    chunk = [comb(CHUNK_BITS, bits) if bits >= 2 else 0 for bits in range(CHUNK_BITS + 1)]
    for _ in range(CHUNKS):
        ways = _multiply(ways, chunk, distance_bits)
    return ways[distance_bits] / comb(BITS, distance_bits)


def _multiply(a: list[int], b: list[int], degree: int) -> list[int]:
    product = [0] * (degree + 1)
    for i, left in enumerate(a[: degree + 1]):
        for j, right in enumerate(b[: degree + 1 - i]):
            product[i + j] += left * right
    return product


@lru_cache(maxsize=64)
def deals_needed(radius_bits: int) -> int:
    """How many deals miss at most MISSED_AT_MOST of the pairs at exactly this radius. 1 is exact up to 27 bits."""
    missed, deals = missed_share(radius_bits), 1
    while missed**deals > MISSED_AT_MOST:
        deals += 1
    return deals


@lru_cache(maxsize=16)
def _deal(number: int) -> np.ndarray:
    """The bit positions of each chunk of a deal, shape (14, 18)."""
    order = np.random.Generator(np.random.PCG64([SEED, number])).permutation(BITS)
    return order[: CHUNKS * CHUNK_BITS].reshape(CHUNKS, CHUNK_BITS)


def hits_by_table(queries: np.ndarray, radii: np.ndarray, hashes: np.ndarray) -> Iterator[Hits]:
    """Rows of `queries` and rows of `hashes` at most the query's own radius apart, each once, in parts of no set order.

    `queries` and `hashes` are (n, 32) uint8, `radii` holds the radius in bits of each query. Exact up to 27 bits; beyond that
    each pair is missed with a chance of MISSED_AT_MOST or less.
    """
    if not len(queries) or not len(hashes):
        return
    if len(queries) * len(hashes) < FEW_PAIRS:
        yield _by_scan(queries, radii, hashes)
        return
    # the side looked up in is stored 19 times, once for each flip: let it be the shorter one
    swapped = len(hashes) > len(queries)
    kinds, which = np.unique(radii, return_inverse=True)
    deals = np.array([deals_needed(int(radius)) for radius in kinds])[which]
    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(int(deals.max())):
            rows = np.flatnonzero(deals > number)
            search = _Search(queries[rows], radii[rows], hashes, _deal(number), swapped)
            parts = list(pool.map(search.chunk, range(CHUNKS)))
            yield _fresh(search.in_order(Hits.joined(parts)), rows, queries, hashes, number)


def _by_scan(queries: np.ndarray, radii: np.ndarray, hashes: np.ndarray) -> Hits:
    """What the tables would find, by looking at all pairs: building tables takes longer when there are few."""
    hits = Hits.joined(list(hits_within(queries, hashes, int(radii.max()))))
    hits = hits.where(hits.distance <= radii[hits.first])
    difference = np.unpackbits(queries[hits.first] ^ hashes[hits.second], axis=1)
    deals = np.array([deals_needed(int(radius)) for radius in radii[hits.first]], np.int64)
    found = np.zeros(len(deals), bool)
    for number in range(int(deals.max(initial=0))):
        found |= (number < deals) & _meets(difference, _deal(number))
    return hits.where(found)


def _meets(difference: np.ndarray, deal: np.ndarray) -> np.ndarray:
    """Whether hashes that differ in these bits (rows of 256) share a chunk of a deal but for one bit."""
    return (difference[:, deal].sum(axis=2, dtype=np.int64) <= 1).any(axis=1)


def _fresh(hits: Hits, rows: np.ndarray, queries: np.ndarray, hashes: np.ndarray, deal: int) -> Hits:
    """The hits once each, in rows of the whole `queries`, without those that an earlier deal has found already."""
    width = np.int64(len(hashes))
    _, once = np.unique(rows[hits.first] * width + hits.second, return_index=True)
    hits = Hits(rows[hits.first[once]], hits.second[once].astype(np.int64), hits.distance[once])
    if deal == 0 or not len(hits.first):
        return hits
    difference = np.unpackbits(queries[hits.first] ^ hashes[hits.second], axis=1)
    found_before = np.zeros(len(difference), bool)
    for earlier in range(deal):
        found_before |= _meets(difference, _deal(earlier))
    return hits.where(~found_before)


class _Search:
    """One deal's worth of looking up; `chunk` runs in several threads."""

    def __init__(self, queries: np.ndarray, radii: np.ndarray, hashes: np.ndarray, deal: np.ndarray, swapped: bool):
        self._swapped = swapped
        self._stored, self._asking = (queries, hashes) if swapped else (hashes, queries)
        self._stored_words = np.ascontiguousarray(words(self._stored).T)
        self._asking_words = np.ascontiguousarray(words(self._asking).T)
        self._radii = radii
        self._limit = int(radii.max())
        self._deal = deal

    def in_order(self, hits: Hits) -> Hits:
        """The hits as (query, hash)."""
        return Hits(hits.second, hits.first, hits.distance) if self._swapped else hits

    def chunk(self, number: int) -> Hits:
        """Asking rows and stored rows that differ in at most one bit of this chunk and lie within the radius."""
        owners, starts = _flipped_table(_keys(self._stored, self._deal[number]))
        keys = _keys(self._asking, self._deal[number])
        low, counts = starts[keys], starts[keys + 1] - starts[keys]
        ends = np.cumsum(counts)
        parts, row = [], 0
        while row < len(keys):
            reach = (ends[row - 1] if row else 0) + CANDIDATES_AT_ONCE
            stop = max(int(np.searchsorted(ends, reach, side="right")), row + 1)
            parts.append(self._check(row, low[row:stop], counts[row:stop], owners, number % 4))
            row = stop
        return Hits.joined(parts)

    def _check(self, row: int, low: np.ndarray, counts: np.ndarray, owners: np.ndarray, word: int) -> Hits:
        steps = np.repeat(low - (np.cumsum(counts) - counts), counts)
        steps += np.arange(len(steps))
        stored = np.take(owners, steps)
        asking = np.repeat(np.arange(row, row + len(counts)), counts)
        # two of the four words turn nearly every chance candidate away before all four are counted
        near = self._word(word, asking, stored) + self._word((word + 1) % 4, asking, stored)
        picked = np.flatnonzero(near <= self._limit)
        asking, stored = asking[picked], stored[picked]
        distance = distances(self._asking[asking], self._stored[stored])
        within = distance <= self._radii[stored if self._swapped else asking]
        return Hits(asking[within], stored[within], distance[within])

    def _word(self, word: int, asking: np.ndarray, stored: np.ndarray) -> np.ndarray:
        return bits_set(np.take(self._asking_words[word], asking) ^ np.take(self._stored_words[word], stored))


def _keys(hashes: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The bits of each hash at these positions as one number."""
    keys = np.zeros(len(hashes), np.int64)
    for weight, position in enumerate(positions.tolist()):
        keys |= ((hashes[:, position >> 3] >> (7 - (position & 7))) & 1).astype(np.int64) << weight
    return keys


def _flipped_table(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For every key the rows whose own key is equal or one bit away: `owners[starts[key]:starts[key + 1]]`."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    counts = np.bincount(keys, minlength=1 << CHUNK_BITS)
    all_keys = np.arange(1 << CHUNK_BITS)
    starts = np.zeros((1 << CHUNK_BITS) + 1, np.int64)
    np.cumsum(sum(counts[all_keys ^ flip] for flip in FLIPS), out=starts[1:])
    rank = np.arange(len(keys)) - (np.cumsum(counts) - counts)[ordered]
    filled = starts[:-1].copy()
    owners = np.empty(starts[-1], np.int32)
    for flip in FLIPS:
        owners[filled[ordered ^ flip] + rank] = order
        filled += counts[all_keys ^ flip]
    return owners, starts
