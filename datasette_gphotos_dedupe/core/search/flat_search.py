"""Every pair of hashes within a radius, exactly, by looking at all of them.

At radii near a quarter of the bits no index beats a scan: chunks of 16 bits would have to be probed with three flips, 11,152
lookups a hash, which costs as much as counting bits against 200,000 hashes. So the work is halved instead, each hash compared with
those after it only, and done in tiles that stay in the processor's cache. faiss counts the bits; without faiss numpy gives the same
rows, several times slower.

Nearly all pairs are far apart, and on processors that count bits in wide registers (AVX-512 VPOPCNTDQ) faiss says *how many* pairs of a
block are near in half the time that it takes to list them. So there it is asked how many first, and lists those blocks that have any.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import chain, islice, product
from typing import NamedTuple

import numpy as np

HASH_BYTES = 32
TILE = 4096  # hashes: 128 KB
MAX_BLOCK = 16_384
PART = 16 * MAX_BLOCK  # queries of which one core asks a tile before another one may have its turn
MANY_HITS = 1_000_000  # expected of a block: faiss holds all of them in memory, 12 bytes each, and we as many again
PROBES = 32
COUNTED_AT_ONCE = 1 << 17  # comparisons: some 30 microseconds, many beside a call, and few enough to have no near pair
COUNTED_SHARE = 0.75  # counting must take less than this share of the time of listing; what has near pairs is listed after it
CROWDED_SHARE = 0.3  # of blocks with near pairs: with more of them counting first saves nothing
THREADS = min(os.cpu_count() or 1, 8)


class Hits(NamedTuple):
    """Three arrays of equal length: the row of the first hash, the row of the second, the bits that differ."""

    first: np.ndarray
    second: np.ndarray
    distance: np.ndarray

    @classmethod
    def joined(cls, parts: list[Hits]) -> Hits:
        """All parts in one, in order."""
        if not parts:
            return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int32))
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def where(self, mask: np.ndarray) -> Hits:
        """The hits that a mask or an index array picks."""
        return Hits(self.first[mask], self.second[mask], self.distance[mask])


def words(hashes: np.ndarray) -> np.ndarray:
    """Hashes of 32 bytes as rows of four 64-bit words, without copying."""
    return np.ascontiguousarray(hashes).view(np.uint64)


def bits_set(values: np.ndarray) -> np.ndarray:
    """How many bits of each 64-bit word are set, as uint8."""
    if hasattr(np, "bitwise_count"):
        return np.asarray(np.bitwise_count(values))
    # numpy before 2.0: the sums of bits in parallel (Knuth, The Art of Computer Programming 4A, 7.1.3)
    values = values - ((values >> np.uint64(1)) & np.uint64(0x5555555555555555))
    values = (values & np.uint64(0x3333333333333333)) + ((values >> np.uint64(2)) & np.uint64(0x3333333333333333))
    values = (values + (values >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.asarray((values * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.uint8)


def distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The differing bits of each row of `first` against the same row of `second`, as int32."""
    return np.asarray(bits_set(words(first) ^ words(second)).sum(axis=1, dtype=np.int32))


def pairs_within(hashes: np.ndarray, radius_bits: int) -> Iterator[Hits]:
    """Every pair of rows at most `radius_bits` apart, once, with second < first; a block of pairs at a time, in no set order.

    `hashes` is an (n, 32) uint8 array. Exact. Time grows with the square of n, memory with n and the hits of some blocks.
    """
    tiles = (_pairs_of_tile(hashes, low, radius_bits) for low in range(0, len(hashes), TILE))
    return _side_by_side(tiles) if len(hashes) > TILE else chain.from_iterable(tiles)


def _side_by_side(searches: Iterator[Iterator[Hits]]) -> Iterator[Hits]:
    """What these searches find, as many of them at once as there are cores, and each no further ahead than it is asked."""
    # each core has a search of its own, so that none waits for the others at the end of each block
    with ThreadPoolExecutor(THREADS, initializer=_stay_on_one_core) as pool:
        working = deque((search, pool.submit(next, search, None)) for search in islice(searches, THREADS + 1))
        while working:
            search, found = working.popleft()
            hits = found.result()
            if hits is None:
                working.extend((search, pool.submit(next, search, None)) for search in islice(searches, 1))
            else:
                working.append((search, pool.submit(next, search, None)))
                yield hits


def _pairs_of_tile(hashes: np.ndarray, low: int, radius_bits: int) -> Iterator[Hits]:
    """The pairs of the hashes of one tile with those after them."""
    for hits in _hits_of_tile(hashes[low:], hashes, low, radius_bits):
        hits = hits._replace(first=hits.first + low)
        yield hits.where(hits.second < hits.first)


def _hits_of_tile(queries: np.ndarray, hashes: np.ndarray, low: int, radius_bits: int) -> Iterator[Hits]:
    """The hits of queries among the hashes of one tile."""
    index = open_index()
    index.add(hashes[low : low + TILE])
    for start, hits in _searched(index, queries, radius_bits):
        yield Hits(hits.first + start, hits.second + low, hits.distance)


def _stay_on_one_core() -> None:
    """What faiss does in this thread it does by itself."""
    with contextlib.suppress(ImportError):
        import faiss

        faiss.omp_set_num_threads(1)


def hits_within(queries: np.ndarray, hashes: np.ndarray, radius_bits: int) -> Iterator[Hits]:
    """Every (row of `queries`, row of `hashes`) at most `radius_bits` apart; a block of pairs at a time, in no set order. Exact."""
    if len(queries) <= MAX_BLOCK:
        index = open_index()
        index.add(hashes)
        return (Hits(hits.first + start, hits.second, hits.distance) for start, hits in _searched(index, queries, radius_bits))
    places = product(range(0, len(hashes), TILE), range(0, len(queries), PART))
    return _side_by_side(_hits_of_part(queries, start, hashes, low, radius_bits) for low, start in places)


def _hits_of_part(queries: np.ndarray, start: int, hashes: np.ndarray, low: int, radius_bits: int) -> Iterator[Hits]:
    for hits in _hits_of_tile(queries[start : start + PART], hashes, low, radius_bits):
        yield hits._replace(first=hits.first + start)


def _searched(index: FaissIndex | NumpyIndex, queries: np.ndarray, radius_bits: int) -> Iterator[tuple[int, Hits]]:
    """(row of the first query, hits) of one block of queries after another, smaller ones where hits are many."""
    start = 0
    while start < len(queries):
        block = queries[start : start + MAX_BLOCK]
        if len(block) > PROBES:
            probed = index.search(block[:: len(block) // PROBES], radius_bits).first
            block = block[: max(MANY_HITS // max(int(np.bincount(probed, minlength=1).max()), 1), 1)]
        yield start, index.search(block, radius_bits)
        start += len(block)


def open_index() -> FaissIndex | NumpyIndex:
    """An empty index: faiss where it is installed."""
    try:
        return FaissIndex()
    except ImportError:
        return NumpyIndex()


class FaissIndex:
    """faiss.IndexBinaryFlat: all cores, one popcount for each 64 bits."""

    def __init__(self) -> None:
        import faiss

        self._index = faiss.IndexBinaryFlat(HASH_BYTES * 8)
        self._hashes = np.empty((0, HASH_BYTES), np.uint8)
        self._counts_first = True

    def add(self, hashes: np.ndarray) -> None:
        """Take these hashes in, rows of 32 bytes."""
        self._index.add(np.ascontiguousarray(hashes))
        self._hashes = np.concatenate([self._hashes, hashes]) if len(self._hashes) else np.ascontiguousarray(hashes)

    def search(self, queries: np.ndarray, radius_bits: int) -> Hits:
        """The hits of these hashes within `radius_bits`."""
        queries = np.ascontiguousarray(queries)
        if self._counts_first and len(queries) > PROBES and len(self._hashes) <= TILE and counting_is_faster():
            rows = self._near_something(queries, radius_bits)
            # who has near pairs everywhere here will have them everywhere in the next block, too
            self._counts_first = len(rows) <= CROWDED_SHARE * len(queries)
            hits = self._listed(queries[rows], radius_bits)
            return hits._replace(first=rows[hits.first])
        return self._listed(queries, radius_bits)

    def _near_something(self, queries: np.ndarray, radius_bits: int) -> np.ndarray:
        """The rows of those strips of queries of which one at least has a hit."""
        strip = max(1, COUNTED_AT_ONCE // max(len(self._hashes), 1))
        starts = range(0, len(queries), strip)
        near = [_near_pairs(queries[start : start + strip], self._hashes, radius_bits) > 0 for start in starts]
        return np.flatnonzero(np.repeat(near, strip)[: len(queries)])

    def _listed(self, queries: np.ndarray, radius_bits: int) -> Hits:
        # faiss returns what is nearer than its radius, not what lies on it
        limits, distance, found = self._index.range_search(queries, radius_bits + 1)
        first = np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64)))
        return Hits(first, found, distance.astype(np.int32))


def _near_pairs(queries: np.ndarray, hashes: np.ndarray, radius_bits: int) -> int:
    """How many pairs of the rows of two contiguous arrays are at most `radius_bits` apart."""
    import faiss

    count = np.zeros(1, np.uint64)
    faiss.hamming_count_thres(  # type: ignore[attr-defined]
        faiss.swig_ptr(queries),
        faiss.swig_ptr(hashes),
        len(queries),
        len(hashes),
        radius_bits,
        HASH_BYTES,
        faiss.swig_ptr(count),
    )
    return int(count[0])


@lru_cache(maxsize=1)
def counting_is_faster() -> bool:
    """Whether this processor and this faiss count near pairs so much faster than they list them that counting first pays.

    Measured once, on a million comparisons each way. Both ways give the same hits, so it does not matter when a busy machine misleads it.
    """
    import faiss

    if not hasattr(faiss, "hamming_count_thres") or not _counts_what_lies_on_the_radius():
        return False
    with ThreadPoolExecutor(1, initializer=_stay_on_one_core) as pool:
        counting, listing = pool.submit(_counting_and_listing_s).result()
    return counting < COUNTED_SHARE * listing


def _counts_what_lies_on_the_radius() -> bool:
    """Whether this faiss counts as it is documented: one that did not would have pairs missed."""
    zeros = np.zeros((1, HASH_BYTES), np.uint8)
    ones = zeros.copy()
    ones[0, :7] = 0xFF
    return [_near_pairs(zeros, ones, radius) for radius in (55, 56, 57)] == [0, 1, 1]


def _counting_and_listing_s() -> tuple[float, float]:
    import faiss

    hashes = np.random.default_rng(1).integers(0, 256, (TILE, HASH_BYTES), dtype=np.uint8)
    queries, index = hashes[: TILE // 16], faiss.IndexBinaryFlat(HASH_BYTES * 8)
    index.add(hashes)
    ways = (lambda: _near_pairs(queries, hashes, 0)), (lambda: index.range_search(queries, 1))
    counting, listing = (min(_thread_seconds(way) for _ in range(5)) for way in ways)
    return counting, listing


def _thread_seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def distance_block(queries: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """All distances, (queries, hashes) uint16, of hashes given as (4, n) columns of words."""
    total = np.empty((queries.shape[1], columns.shape[1]), np.uint16)
    for start in range(0, columns.shape[1], NumpyIndex.TILE):
        part = slice(start, start + NumpyIndex.TILE)
        total[:, part] = 0
        for query, known in zip(queries, columns[:, part], strict=True):
            total[:, part] += bits_set(query[:, None] ^ known[None, :])
    return total


class NumpyIndex:
    """The same by numpy, in tiles that stay in the processor's cache."""

    ROWS, TILE = 32, 4096

    def __init__(self) -> None:
        self._columns = np.empty((4, 0), np.uint64)

    def add(self, hashes: np.ndarray) -> None:
        """Take these hashes in, rows of 32 bytes."""
        self._columns = np.concatenate([self._columns, words(hashes).T], axis=1)

    def search(self, queries: np.ndarray, radius_bits: int) -> Hits:
        """The hits of these hashes within `radius_bits`."""
        columns = words(queries).T
        parts = []
        for start in range(0, len(queries), self.ROWS):
            for tile in range(0, self._columns.shape[1], self.TILE):
                total = distance_block(columns[:, start : start + self.ROWS], self._columns[:, tile : tile + self.TILE])
                first, second = np.nonzero(total <= radius_bits)
                parts.append(Hits(first + start, second + tile, total[first, second].astype(np.int32)))
        hits = Hits.joined(parts)
        return hits.where(np.lexsort((hits.second, hits.first)))
