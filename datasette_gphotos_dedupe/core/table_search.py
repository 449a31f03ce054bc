"""Pairs within a small radius, by tables, in time that grows with the number of hashes rather than with its square.

A *sample* is 20 of the 256 bits, drawn once and for ever. Two hashes meet when they agree in all bits of one of the first
`samples_needed(radius)` samples (bit sampling: Indyk and Motwani, "Approximate nearest neighbors", 1998). So many samples are taken
that of the pairs at exactly the radius 1 in 10,000 is missed, and of nearer ones far fewer. Which pairs are found depends on the
two hashes and the radius alone, never on the rest of the library, so adding photos in portions finds the pairs of one go.

There are three ways to find them, equal in result, and the cheapest for the sizes at hand is taken:

- a table for each sample, when both sides are large;
- tables of 16 chunks of 16 bits with up to two bits flipped, when one side is small. They miss nothing up to 47 bits (the
  pigeonhole of multi-index hashing: Norouzi, Punjani, Fleet, "Fast exact search in Hamming space", 2014);
- looking at all pairs, when there are few.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import combinations
from math import ceil, comb, log

import numpy as np

from .flat_search import Hits, bits_set, distances, hits_within, words

BITS = 256
SAMPLE_BITS = 20
MISSED_AT_MOST = 1e-4  # the share of pairs at exactly the radius
SEED = 20260311
LOW = 0xFFFFFFFF

CHUNK_BITS = 16
CHUNKS = BITS // CHUNK_BITS
MOST_FLIPS = 2

ROWS_AT_ONCE = 1 << 15  # keeps the arrays of one step in the processor's cache
CANDIDATES_AT_ONCE = 1 << 18
RAW_HITS_AT_ONCE = 4_000_000  # one pair meets in many tables: merged when so many have gathered
THREADS = min(os.cpu_count() or 1, 8)

# Measured costs, to choose by: of a stored and an asking row for each sample, of each pair for each key that a flip allows
STORED_NS, ASKING_NS, FLIPPED_NS = 40.0, 20.0, 0.003
FEW_PAIRS = 5_000_000


def met_share(distance_bits: int) -> float:
    """The chance that two hashes at this distance agree in one sample. Exact counting; true of any two hashes."""
    return comb(BITS - distance_bits, SAMPLE_BITS) / comb(BITS, SAMPLE_BITS)


@lru_cache(maxsize=256)
def samples_needed(radius_bits: int) -> int:
    """How many samples miss at most MISSED_AT_MOST of the pairs at exactly this radius."""
    met = met_share(radius_bits)
    return 1 if met == 1.0 else ceil(log(MISSED_AT_MOST) / log(1.0 - met))


@lru_cache(maxsize=4096)
def _sample(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A sample as masks of the four 64-bit words, and odd factors that spread its bits over the keys of a table."""
    rng = np.random.Generator(np.random.PCG64([SEED, number]))
    bits = np.zeros(BITS, np.uint8)
    bits[rng.permutation(BITS)[:SAMPLE_BITS]] = 1
    return np.packbits(bits).view(np.uint64), rng.integers(0, 1 << 63, 4).astype(np.uint64) << np.uint64(1) | np.uint64(1)


@lru_cache(maxsize=MOST_FLIPS + 1)
def _flips(most: int) -> np.ndarray:
    """Every number of 16 bits with at most so many set."""
    masks = [sum(1 << bit for bit in bits) for count in range(most + 1) for bits in combinations(range(CHUNK_BITS), count)]
    return np.array(masks, np.uint16)


def hits_by_table(queries: np.ndarray, radii: np.ndarray, hashes: np.ndarray, own: np.ndarray | None = None) -> Hits:
    """Rows of `queries` and rows of `hashes` that lie at most the query's own radius apart and meet: each once, in order.

    `queries` and `hashes` are (n, 32) uint8, `radii` holds the radius in bits of each query, `own` a row of `hashes` that each
    query leaves out (-1: none). A pair at exactly the radius is missed with a chance of MISSED_AT_MOST, a nearer one less often.
    """
    found = [Hits.joined([])]
    for radius in np.unique(radii).tolist() if len(hashes) else ():
        rows = np.flatnonzero(radii == radius)
        hits = _Search(queries[rows], hashes, radius, None if own is None else own[rows]).hits()
        found.append(Hits(rows[hits.first], hits.second, hits.distance))
    hits = Hits.joined(found)
    return hits.where(np.lexsort((hits.second, hits.first)))


def cheapest_way(query_count: int, hash_count: int, radius_bits: int) -> str:
    """`scan`, `flips` or `samples`."""
    few, many = sorted((query_count, hash_count))
    if few * many < FEW_PAIRS:
        return "scan"
    flips = radius_bits // CHUNKS
    by_samples_ns = samples_needed(radius_bits) * (ASKING_NS * many + STORED_NS * few)
    if flips <= MOST_FLIPS and few * many * FLIPPED_NS * len(_flips(flips)) < by_samples_ns:
        return "flips"
    return "samples"


class _Search:
    """All queries within one radius of all hashes. The longer side asks, the shorter one is stored in tables."""

    def __init__(self, queries: np.ndarray, hashes: np.ndarray, radius: int, own: np.ndarray | None):
        self._queries, self._hashes, self._radius, self._own = queries, hashes, radius, own
        self._swapped = len(hashes) > len(queries)
        self._stored, self._asking = (queries, hashes) if self._swapped else (hashes, queries)

    def hits(self) -> Hits:
        """Those that meet, by the cheapest way."""
        way = cheapest_way(len(self._queries), len(self._hashes), self._radius)
        if way == "scan":
            return self._that_meet(self._by_scan())
        self._stored_words = np.ascontiguousarray(words(self._stored).T)
        self._asking_words = np.ascontiguousarray(words(self._asking).T)
        if way == "flips":
            return self._that_meet(self._in_tables(self._flipped_chunk, CHUNKS))
        return self._in_tables(self._sampled, samples_needed(self._radius))

    def _by_scan(self) -> Hits:
        hits = Hits.joined(list(hits_within(self._queries, self._hashes, self._radius)))
        return hits if self._own is None else hits.where(self._own[hits.first] != hits.second)

    def _that_meet(self, hits: Hits) -> Hits:
        """Those hits that agree in a sample."""
        difference = words(self._queries[hits.first] ^ self._hashes[hits.second]).T
        open_rows, met = np.arange(len(hits.first)), np.zeros(len(hits.first), bool)
        for number in range(samples_needed(self._radius)):
            if not len(open_rows):
                break
            agree = _agree(difference[:, open_rows], number)
            met[open_rows[agree]] = True
            open_rows = open_rows[~agree]
        return hits.where(met)

    def _in_tables(self, look_up: Callable[[int], np.ndarray], tables: int) -> Hits:
        """What these tables bring together, each pair once."""
        gathered, fresh = [np.empty(0, np.int64)], 0
        with ThreadPoolExecutor(THREADS) as pool:
            for pairs in pool.map(look_up, range(tables)):
                gathered.append(pairs)
                fresh += len(pairs)
                if fresh > RAW_HITS_AT_ONCE:
                    gathered, fresh = [np.unique(np.concatenate(gathered))], 0
        pairs = np.unique(np.concatenate(gathered))
        asking, stored = pairs >> 32, pairs & LOW
        distance = distances(self._asking[asking], self._stored[stored])
        return Hits(stored, asking, distance) if self._swapped else Hits(asking, stored, distance)

    def _sampled(self, number: int) -> np.ndarray:
        """Pairs within the radius that agree in one sample, as asking row << 32 | stored row."""
        bits = min(len(self._stored).bit_length() + 2, SAMPLE_BITS)  # four times as many keys as rows: few chance meetings
        table = _Table(_sample_keys(self._stored_words, number, bits), 1 << bits)
        pairs = self._ask(table, lambda rows: _sample_keys(self._asking_words[:, rows], number, bits))
        return pairs[_agree(self._asking_words[:, pairs >> 32] ^ self._stored_words[:, pairs & LOW], number)]

    def _flipped_chunk(self, number: int) -> np.ndarray:
        """The same for those that differ in few bits of one chunk."""
        flips = _flips(self._radius // CHUNKS)
        stored, asking = (hashes.view(np.uint16)[:, number] for hashes in (self._stored, self._asking))
        table = _Table((stored[:, None] ^ flips).ravel(), 1 << CHUNK_BITS, len(flips))
        return self._ask(table, lambda rows: asking[rows])

    def _ask(self, table: _Table, keys_of: Callable[[slice], np.ndarray]) -> np.ndarray:
        found = [np.empty(0, np.int64)]
        for start in range(0, len(self._asking), ROWS_AT_ONCE):
            for asking, stored in table.pairs(keys_of(slice(start, start + ROWS_AT_ONCE))):
                found.append(self._check(asking + start, stored))
        return np.concatenate(found)

    def _check(self, asking: np.ndarray, stored: np.ndarray) -> np.ndarray:
        # two of the four words turn nearly every chance candidate away before all four are counted
        near = self._word(0, asking, stored) + self._word(1, asking, stored)
        picked = np.flatnonzero(near <= self._radius)
        asking, stored = asking[picked], stored[picked]
        within = distances(self._asking[asking], self._stored[stored]) <= self._radius
        if self._own is not None:
            query, hash_row = (stored, asking) if self._swapped else (asking, stored)
            within &= self._own[query] != hash_row
        return asking[within] << 32 | stored[within].astype(np.int64)

    def _word(self, word: int, asking: np.ndarray, stored: np.ndarray) -> np.ndarray:
        return bits_set(self._asking_words[word].take(asking) ^ self._stored_words[word].take(stored))


def _agree(difference: np.ndarray, number: int) -> np.ndarray:
    """Whether no bit of a sample is set in the columns of `difference`, (4, n)."""
    differs = np.zeros(difference.shape[1], np.uint64)
    for word, mask in zip(difference, _sample(number)[0], strict=True):
        differs |= word & mask
    return differs == 0


def _sample_keys(columns: np.ndarray, number: int, bits: int) -> np.ndarray:
    """Numbers below 2**bits: equal for hashes that agree in a sample, seldom equal for others. `columns` is (4, n)."""
    keys = np.zeros(columns.shape[1], np.uint64)
    term = np.empty_like(keys)
    for column, mask, factor in zip(columns, *_sample(number), strict=True):
        np.bitwise_and(column, mask, out=term)
        np.multiply(term, factor, out=term)
        np.add(keys, term, out=keys)
    np.right_shift(keys, np.uint64(64 - bits), out=keys)
    return keys.view(np.int64)


class _Table:
    """Rows by key. `keys` holds `keys_per_row` keys of each row, one row after the other."""

    def __init__(self, keys: np.ndarray, size: int, keys_per_row: int = 1):
        # numpy sorts numbers several times faster than it finds their order
        packed = np.sort(keys.astype(np.int64) << 32 | np.arange(len(keys)) // keys_per_row)
        self._owners = (packed & LOW).astype(np.int32)
        self._starts = np.zeros(size + 1, np.int32)
        np.cumsum(np.bincount(keys, minlength=size), out=self._starts[1:])

    def pairs(self, keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(positions in `keys`, rows with that key), a bounded number at a time."""
        keys = keys.astype(np.int64)
        low = self._starts.take(keys)
        keys += 1
        counts = self._starts.take(keys) - low
        asking = np.flatnonzero(counts)
        low, counts = low[asking], counts[asking]
        ends = np.cumsum(counts)
        start = 0
        while start < len(asking):
            reach = (ends[start - 1] if start else 0) + CANDIDATES_AT_ONCE
            stop = max(int(np.searchsorted(ends, reach, side="right")), start + 1)
            some = counts[start:stop]
            steps = np.repeat(low[start:stop] - (ends[start:stop] - some), some)
            steps += np.arange(ends[start - 1] if start else 0, ends[stop - 1])
            yield np.repeat(asking[start:stop], some), self._owners.take(steps)
            start = stop
