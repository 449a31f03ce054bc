"""Pairs within a small radius, by tables, in time that grows with the number of hashes rather than with its square.

A *sample* is 22 of the 256 bits, drawn once and for ever. Two hashes meet when they agree in all bits of one of the first
`samples_needed(radius)` samples (bit sampling: Indyk and Motwani, "Approximate nearest neighbors", 1998). So many samples are taken
that of the pairs at exactly the radius 1 in 10,000 is missed, and of nearer ones far fewer. Which pairs are found depends on the
two hashes and the radius alone, never on the rest of the library, so adding photos in portions finds the pairs of one go.

There are three ways to find them, equal in result, and the cheapest for the sizes at hand is taken:

- a table for each sample, when both sides are large;
- tables of 12 chunks of 21 or 22 bits with up to three bits flipped, when one side is small. They miss nothing up to 47 bits
  (the pigeonhole of multi-index hashing: Norouzi, Punjani, Fleet, "Fast exact search in Hamming space", 2014; as Qin and Xiao,
  "Pigeonring", 2018, point out, it holds for chunks with limits of their own as well: hashes that differ in more bits than the
  limit in every chunk differ in as many bits as all limits and the number of chunks make together, which is beyond the radius);
- looking at all pairs, when there are few of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import combinations
from math import ceil, comb, inf, log

import numpy as np

from .flat_search import THREADS, Hits, bits_set, hits_within, words

BITS = 256
SAMPLE_BITS = 22  # of a million hashes a quarter meets a given one by chance
MISSED_AT_MOST = 1e-4  # the share of pairs at exactly the radius
SEED = 20260311
LOW = 0xFFFFFFFF

SPARSE_BITS = 4  # a table has 8 to 16 keys for each of its entries, as long as a sample has so many
SEVERAL = 2  # entries of one key, or more

CHUNKS = tuple((word, shift, width) for shift, width in ((42, 22), (0, 21), (21, 21)) for word in range(4))
MOST_FLIPS = 3

ROWS_AT_ONCE = 1 << 16  # keeps the arrays of one step in the processor's cache
CANDIDATES_AT_ONCE = 1 << 18
RAW_HITS_AT_ONCE = 4_000_000  # one pair meets in many tables: merged when so many have gathered

# Measured costs, to choose by: of a key that is stored, of one that is asked for, and of a row that such a key leads to; of a pair
# that faiss looks at
STORED_NS, ASKING_NS, CANDIDATE_NS, SCANNED_NS = 20.0, 10.0, 40.0, 1.0


def met_share(distance_bits: int) -> float:
    """The chance that two hashes at this distance agree in one sample. Exact counting; true of any two hashes."""
    return comb(BITS - distance_bits, SAMPLE_BITS) / comb(BITS, SAMPLE_BITS)


@lru_cache(maxsize=256)
def samples_needed(radius_bits: int) -> int:
    """How many samples miss at most MISSED_AT_MOST of the pairs at exactly this radius."""
    met = met_share(radius_bits)
    return 1 if met == 1.0 else ceil(log(MISSED_AT_MOST) / log(1.0 - met))


@lru_cache(maxsize=4096)
def _narrowest(number: int) -> int:
    """The smallest radius that needs a sample."""
    return next(radius for radius in range(BITS) if samples_needed(radius) > number)


@lru_cache(maxsize=4096)
def _sample(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A sample as masks of the four 64-bit words, and odd factors that spread its bits over the keys of a table."""
    rng = np.random.Generator(np.random.PCG64([SEED, number]))
    bits = np.zeros(BITS, np.uint8)
    bits[rng.permutation(BITS)[:SAMPLE_BITS]] = 1
    return np.packbits(bits).view(np.uint64), rng.integers(0, 1 << 63, 4).astype(np.uint64) << np.uint64(1) | np.uint64(1)


@lru_cache(maxsize=8)
def _flips(width: int, most: int) -> np.ndarray:
    """Every number of so many bits with at most `most` of them set."""
    masks = [sum(1 << bit for bit in bits) for count in range(most + 1) for bits in combinations(range(width), count)]
    return np.array(masks, np.int64)


def hits_by_table(queries: np.ndarray, radii: np.ndarray, hashes: np.ndarray, own: np.ndarray | None = None) -> Hits:
    """Rows of `queries` and rows of `hashes` that lie at most the query's own radius apart and meet: each once, in order.

    `queries` and `hashes` are (n, 32) uint8, `radii` holds the radius in bits of each query, `own` a row of `hashes` that each
    query leaves out (-1: none). A pair at exactly the radius is missed with a chance of MISSED_AT_MOST, a nearer one less often.
    Holds about 60 bytes for each query and each hash.
    """
    if not len(queries) or not len(hashes):
        return Hits.joined([])
    # widest first: a sample that a radius does not need is one that the end of the queries does not take part in
    order = np.concatenate([np.flatnonzero(radii == radius) for radius in np.flatnonzero(np.bincount(radii))[::-1]])
    hits = _Search(queries, radii, hashes, own, order).hits()
    return hits.where(np.lexsort((hits.second, hits.first)))


def flips_needed(radius_bits: int, number: int) -> int:
    """How many bits of a chunk must be tried; -1: the others find all. Any two hashes within the radius agree in one chunk so."""
    least, more = divmod(radius_bits + 1, len(CHUNKS))
    return least - (number >= more)


def cheapest_way(queries_of: Mapping[int, int], hash_count: int) -> str:
    """`scan`, `flips` or `samples`, for so many queries of each radius."""
    query_count = sum(queries_of.values())
    few, many = sorted((query_count, hash_count))
    met_by_chance = 2 * few / (1 << SAMPLE_BITS)
    asked = STORED_NS * few + many * (ASKING_NS + CANDIDATE_NS * met_by_chance)
    costs_ns = {"scan": SCANNED_NS * few * many, "samples": 0.0, "flips": 0.0}
    for radius_bits, count in queries_of.items():
        if not count:
            continue
        share = count / query_count
        costs_ns["samples"] += samples_needed(radius_bits) * share * asked
        for number, (_, _, width) in enumerate(CHUNKS):
            flips = flips_needed(radius_bits, number)
            if flips > MOST_FLIPS:
                costs_ns["flips"] = inf
            keys = few * sum(comb(width, bits) for bits in range(flips + 1))
            met_by_chance = keys / (1 << width)
            costs_ns["flips"] += share * (STORED_NS * keys + many * (ASKING_NS + CANDIDATE_NS * met_by_chance))
    return min(costs_ns, key=costs_ns.__getitem__)


class _Side:
    """Hashes as four columns of words, in an order of their own."""

    def __init__(self, hashes: np.ndarray, order: np.ndarray | None = None):
        rows = words(hashes)
        self.columns = np.empty((4, len(rows)), np.uint64)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            self.columns[:, part] = (rows[part] if order is None else rows.take(order[part], axis=0)).T

    def __len__(self) -> int:
        return self.columns.shape[1]


class _Search:
    """All queries within their radii of all hashes. The longer side asks, the shorter one is stored in tables.

    Queries are known by their position in `order`, which must not let a wider radius follow a narrower one.
    """

    def __init__(self, queries: np.ndarray, radii: np.ndarray, hashes: np.ndarray, own: np.ndarray | None, order: np.ndarray):
        self._queries, self._hashes, self._order = queries, hashes, order
        self._radii = radii[order].astype(np.int16)
        self._own = None if own is None else own[order]
        self._widest = int(self._radii[0])
        self._below_widest = self._widest - self._radii  # ascending
        self._of_thread = threading.local()

    def hits(self) -> Hits:
        """Those that meet, by the cheapest way."""
        way = cheapest_way(dict(enumerate(np.bincount(self._radii).tolist())), len(self._hashes))
        if way == "scan":
            found = self._that_meet(self._by_scan())
        else:
            self._asking, self._stored = _Side(self._queries, self._order), _Side(self._hashes)
            self._swapped = len(self._stored) > len(self._asking)
            if self._swapped:
                self._asking, self._stored = self._stored, self._asking
            if way == "flips":
                found = self._that_meet(self._in_tables(self._flipped_chunk, len(CHUNKS)))
            else:
                found = self._in_tables(self._sampled, samples_needed(self._widest))
        return Hits(self._order[found.first], found.second, found.distance)

    def _by_scan(self) -> Hits:
        hits = Hits.joined(list(hits_within(self._queries[self._order], self._hashes, self._widest)))
        return hits.where(self._wanted(hits.first, hits.second, hits.distance))

    def _wanted(self, query: np.ndarray, hash_row: np.ndarray, distance: np.ndarray) -> np.ndarray:
        wanted: np.ndarray = distance <= self._radii[query]
        if self._own is not None:
            wanted &= self._own[query] != hash_row
        return wanted

    def _that_meet(self, hits: Hits) -> Hits:
        """Those hits that agree in a sample."""
        difference = words(self._queries[self._order[hits.first]] ^ self._hashes[hits.second]).T
        needed = np.array([samples_needed(radius) for radius in range(self._widest + 1)])[self._radii[hits.first]]
        open_rows, met = np.arange(len(hits.first)), np.zeros(len(hits.first), bool)
        for number in range(samples_needed(self._widest)):
            open_rows = open_rows[needed[open_rows] > number]
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
        distance = self._distances(asking, stored, range(4))
        return Hits(stored, asking, distance) if self._swapped else Hits(asking, stored, distance)

    def _memory(self) -> _Memory:
        if not hasattr(self._of_thread, "memory"):
            self._of_thread.memory = _Memory()
        memory: _Memory = self._of_thread.memory
        return memory

    def _sampled(self, number: int) -> np.ndarray:
        """Pairs within their radius that agree in one sample, as asking position << 32 | stored position."""
        taking_part = self._wider_than(_narrowest(number) - 1)
        asking = self._asking.columns[:, : len(self._asking) if self._swapped else taking_part]
        stored = self._stored.columns[:, : taking_part if self._swapped else len(self._stored)]
        bits = min(stored.shape[1].bit_length() + SPARSE_BITS, SAMPLE_BITS)
        table = _Table(_sample_keys(stored, number, bits), 1 << bits, self._memory())
        scratch = np.empty((2, ROWS_AT_ONCE), np.uint64)  # the same memory for each block stays in the cache
        pairs = self._ask(table, asking.shape[1], lambda rows: _sample_keys(asking[:, rows], number, bits, scratch))
        found: np.ndarray = pairs[_agree(asking[:, pairs >> 32] ^ stored[:, pairs & LOW], number)]
        return found

    def _flipped_chunk(self, number: int) -> np.ndarray:
        """The same for those that differ in few bits of one chunk."""
        word, shift, width = CHUNKS[number]
        found = [np.empty(0, np.int64)]
        for flips, queries in self._flips_of_queries(number):
            asked, kept = (slice(0, None), queries) if self._swapped else (queries, slice(0, None))
            stored, tried = _chunk(self._stored.columns[word, kept], shift, width), _flips(width, flips)
            table = _Table((stored[:, None] ^ tried).ravel(), 1 << width, self._memory())
            asking = self._asking.columns[word, asked]
            keys_of = partial(_chunk_of_rows, asking, shift, width)
            found.append(self._ask(table, len(asking), keys_of, len(tried), asked.start, kept.start))
        return np.concatenate(found)

    def _flips_of_queries(self, number: int) -> Iterator[tuple[int, slice]]:
        """How many bits of a chunk to flip, and for which queries: the wider their radius the more, so they stand in a row."""
        start = 0
        while start < len(self._radii):
            flips = flips_needed(int(self._radii[start]), number)
            narrower = next((radius for radius in range(self._widest, -1, -1) if flips_needed(radius, number) < flips), -1)
            stop = self._wider_than(narrower)
            if flips >= 0:
                yield flips, slice(start, stop)
            start = stop

    def _wider_than(self, radius: int) -> int:
        """How many queries have a wider radius."""
        # a number of another type would have numpy convert all radii first
        return int(np.searchsorted(self._below_widest, np.int16(self._widest - radius)))

    def _ask(
        self,
        table: _Table,
        count: int,
        keys_of: Callable[[slice], np.ndarray],
        keys_per_row: int = 1,
        first_asking: int = 0,
        first_stored: int = 0,
    ) -> np.ndarray:
        found = [np.empty(0, np.int64)]
        for start in range(0, count, ROWS_AT_ONCE):
            for asking, entries in table.pairs(keys_of(slice(start, min(start + ROWS_AT_ONCE, count)))):
                stored = entries if keys_per_row == 1 else entries // keys_per_row + first_stored
                found.append(self._check(asking + (start + first_asking), stored))
        return np.concatenate(found)

    def _check(self, asking: np.ndarray, stored: np.ndarray) -> np.ndarray:
        # two of the four words turn nearly every chance candidate away before all four are counted
        picked = np.flatnonzero(self._distances(asking, stored, range(2)) <= self._widest)
        asking, stored = asking[picked], stored[picked]
        query, hash_row = (stored, asking) if self._swapped else (asking, stored)
        wanted = self._wanted(query, hash_row, self._distances(asking, stored, range(4)))
        return np.asarray(asking[wanted] << 32 | stored[wanted].astype(np.int64))

    def _distances(self, asking: np.ndarray, stored: np.ndarray, some_words: range) -> np.ndarray:
        total = np.zeros(len(asking), np.int16)
        for word in some_words:
            difference = self._asking.columns[word].take(asking, mode="wrap")
            difference ^= self._stored.columns[word].take(stored, mode="wrap")
            total += bits_set(difference)
        return total.astype(np.int32) if len(some_words) == 4 else total


def _agree(difference: np.ndarray, number: int) -> np.ndarray:
    """Whether no bit of a sample is set in the columns of `difference`, (4, n)."""
    differs = np.zeros(difference.shape[1], np.uint64)
    for word, mask in zip(difference, _sample(number)[0], strict=True):
        differs |= word & mask
    return np.asarray(differs == 0)


def _sample_keys(columns: np.ndarray, number: int, bits: int, scratch: np.ndarray | None = None) -> np.ndarray:
    """Numbers below 2**bits: equal for hashes that agree in a sample, seldom equal for others.

    `columns` is (4, n). What is returned lies in `scratch`, (2, n or more) uint64, when that is given.
    """
    masks, factors = _sample(number)
    keys, part = np.empty((2, columns.shape[1]), np.uint64) if scratch is None else scratch[:, : columns.shape[1]]
    keys[:] = 0
    for column, mask, factor in zip(columns, masks, factors, strict=True):
        np.bitwise_and(column, mask, out=part)
        np.multiply(part, factor, out=part)
        np.add(keys, part, out=keys)
    np.right_shift(keys, np.uint64(64 - bits), out=keys)
    return keys.view(np.int64)


def _chunk(column: np.ndarray, shift: int, width: int) -> np.ndarray:
    return np.asarray(column >> np.uint64(shift) & np.uint64((1 << width) - 1)).view(np.int64)


def _chunk_of_rows(column: np.ndarray, shift: int, width: int, rows: slice) -> np.ndarray:
    return _chunk(column[rows], shift, width)


class _Memory:
    """What tables are made in, one after the other: each thread has its own."""

    def __init__(self) -> None:
        self._one, self._entries = np.empty(0, np.int32), np.empty(0, np.uint8)

    def arrays(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Two arrays of a number for each key: entries, which hold anything, and how many there are, which is none."""
        if size > len(self._one):
            self._one, self._entries = np.empty(size, np.int32), np.empty(size, np.uint8)
        entries = self._entries[:size]
        entries.fill(0)
        return self._one[:size], entries


class _Table:
    """Entries by key, for keys below `size` of which most have no entry and nearly all others one.

    So what is asked first is one byte for each key, which stays in the cache; all but one entry of a key stand apart. It is made in
    the `memory` of a table that is no longer asked: taking so much from the kernel would take longer than filling it.
    """

    def __init__(self, keys: np.ndarray, size: int, memory: _Memory | None = None):
        entries = np.arange(len(keys), dtype=np.int32)
        self._one, self._entries = (memory or _Memory()).arrays(size)
        self._one[keys] = entries
        apart = np.flatnonzero(self._one.take(keys) != entries)
        # numpy sorts numbers several times faster than it finds their order
        packed = np.sort(keys[apart] << 32 | apart)
        self._apart, keys_apart = packed & LOW, packed >> 32
        starts = np.flatnonzero(np.r_[True, keys_apart[1:] != keys_apart[:-1]][: len(keys_apart)])
        several = keys_apart[starts]
        self._entries[keys] = 1
        self._entries[several] = SEVERAL
        self._low, self._more = np.zeros(len(entries), np.int32), np.zeros(len(entries), np.int32)
        one = self._one.take(several)
        self._low[one], self._more[one] = starts, np.diff(starts, append=len(keys_apart))

    def pairs(self, keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(positions in `keys`, entries with that key), a bounded number at a time."""
        entries = self._entries.take(keys, mode="wrap")  # looks after no bounds, so it is faster
        asking = np.flatnonzero(entries != 0)  # numpy finds what is True many times faster than what is not 0
        one = self._one.take(keys.take(asking))
        yield asking, one
        with_more = np.flatnonzero(entries.take(asking) == SEVERAL)
        asking, one = asking.take(with_more), one.take(with_more)
        low, counts = self._low.take(one), self._more.take(one)
        ends = np.cumsum(counts)
        start = 0
        while start < len(asking):
            reach = (ends[start - 1] if start else 0) + CANDIDATES_AT_ONCE
            stop = max(int(np.searchsorted(ends, reach, side="right")), start + 1)
            some = counts[start:stop]
            steps = np.repeat(low[start:stop] - (ends[start:stop] - some), some)
            steps += np.arange(ends[start - 1] if start else 0, ends[stop - 1])
            yield np.repeat(asking[start:stop], some), self._apart.take(steps)
            start = stop
