"""The fast searches against all pairs, on hashes meant to break them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.core import flat_search, table_search
from datasette_gphotos_dedupe.core.flat_search import Hits, hits_within, pairs_within
from datasette_gphotos_dedupe.core.table_search import EXACT_RADIUS_BITS, deals_needed, hits_by_table, missed_share


def flipped(hashes: np.ndarray, bits: int, rng: np.random.Generator) -> np.ndarray:
    """Each hash with this many bits changed at random places."""
    order = np.argsort(rng.random((len(hashes), 256)), axis=1)[:, :bits]
    unpacked = np.unpackbits(hashes, axis=1)
    np.put_along_axis(unpacked, order, 1 - np.take_along_axis(unpacked, order, axis=1), axis=1)
    return np.packbits(unpacked, axis=1)


def random_hashes(count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (count, 32), dtype=np.uint8)


def adversarial(radius: int, rng: np.random.Generator) -> np.ndarray:
    """Hashes exactly at the radius, one beyond, equal, empty, full, and differing in one run of bits."""
    seeds = random_hashes(40, rng)
    runs = np.zeros((40, 256), np.uint8)
    for row in range(40):
        runs[row, row * 5 : row * 5 + radius] = 1
    return np.concatenate(
        [
            seeds,
            flipped(seeds, radius, rng),
            flipped(seeds, radius + 1, rng),
            seeds[:5],
            np.zeros((3, 32), np.uint8),
            np.full((3, 32), 255, np.uint8),
            seeds ^ np.packbits(runs, axis=1),
        ]
    )


def as_set(hits: Hits) -> set[tuple[int, int, int]]:
    rows = list(zip(*(column.tolist() for column in hits), strict=True))
    assert len(rows) == len(set(rows)), "a pair was given twice"
    return set(rows)


def all_pairs(queries: np.ndarray, hashes: np.ndarray, radius: int) -> set[tuple[int, int, int]]:
    """The slow way: Python's own integers."""
    left = [int.from_bytes(row.tobytes(), "big") for row in queries]
    right = [int.from_bytes(row.tobytes(), "big") for row in hashes]
    found = ((i, j, (a ^ b).bit_count()) for i, a in enumerate(left) for j, b in enumerate(right))
    return {hit for hit in found if hit[2] <= radius}


@pytest.mark.parametrize("index", [flat_search.FaissIndex, flat_search.NumpyIndex])
@pytest.mark.parametrize("radius", [0, 1, 27, 56, 64, 255])
def test_flat_search_finds_exactly_the_pairs_within_the_radius(monkeypatch, index, radius):
    monkeypatch.setattr(flat_search, "open_index", index)
    hashes = adversarial(radius if radius < 56 else 56, np.random.default_rng(radius))
    expected = {hit for hit in all_pairs(hashes, hashes, radius) if hit[1] < hit[0]}
    assert as_set(Hits.joined(list(pairs_within(hashes, radius)))) == expected


def test_both_indexes_give_the_same_rows_in_the_same_order():
    hashes = adversarial(40, np.random.default_rng(1))
    answers = []
    for index in (flat_search.FaissIndex(), flat_search.NumpyIndex()):
        index.add(hashes[:100])
        index.add(hashes[100:])
        hits = index.search(hashes, 60)
        answers.append([column.tolist() for column in hits])
    assert answers[0] == answers[1]


@pytest.mark.parametrize("radius", [0, 1, 20, EXACT_RADIUS_BITS])
@pytest.mark.parametrize("few", [0, 1 << 40])
def test_tables_find_exactly_the_pairs_within_27_bits(monkeypatch, radius, few):
    monkeypatch.setattr(table_search, "FEW_PAIRS", few)
    rng = np.random.default_rng(radius)
    queries, hashes = adversarial(radius, rng), random_hashes(90, rng)
    hashes = np.concatenate([hashes, flipped(queries[:40], radius, rng), queries[:9], queries[200:]])
    hits = Hits.joined(list(hits_by_table(queries, np.full(len(queries), radius), hashes)))
    assert as_set(hits) == all_pairs(queries, hashes, radius)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), radius=st.integers(0, 60), swap=st.booleans())
def test_tables_and_scan_find_the_same_pairs_whichever_side_is_longer(seed, radius, swap):
    rng = np.random.default_rng(seed)
    few, many = random_hashes(20, rng), random_hashes(60, rng)
    many = np.concatenate([many, flipped(few, radius, rng), flipped(few, max(radius - 5, 0), rng)])
    queries, hashes = (many, few) if swap else (few, many)
    radii = np.full(len(queries), radius)
    radii[::2] = min(radius, 30)
    threshold, answers = table_search.FEW_PAIRS, []
    try:
        for table_search.FEW_PAIRS in (0, 1 << 40):
            answers.append(as_set(Hits.joined(list(hits_by_table(queries, radii, hashes)))))
    finally:
        table_search.FEW_PAIRS = threshold
    assert answers[0] == answers[1]


def test_one_deal_is_exact_up_to_27_bits_and_not_beyond():
    assert (missed_share(27), missed_share(28) > 0, deals_needed(27)) == (0.0, True, 1)


@pytest.mark.parametrize("radius", [30, 40, 44])
def test_beyond_27_bits_the_share_found_is_what_was_counted(radius):
    rng = np.random.default_rng(radius)
    hashes = random_hashes(20_000, rng)
    near = flipped(hashes, radius, rng)
    difference = np.unpackbits(hashes ^ near, axis=1)
    missed = ~table_search._meets(difference, table_search._deal(0))
    expected = missed_share(radius)
    assert missed.mean() == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 20_000) ** 0.5 + 1e-4)
    for deal in range(1, deals_needed(radius)):
        missed &= ~table_search._meets(difference, table_search._deal(deal))
    assert missed.mean() <= 2e-4


def test_a_search_in_nothing_finds_nothing():
    nothing, some = np.empty((0, 32), np.uint8), np.zeros((3, 32), np.uint8)
    assert list(pairs_within(nothing, 40)) == []
    assert sum(len(hits.first) for hits in hits_within(some, nothing, 40)) == 0
    assert list(hits_by_table(nothing, np.empty(0, np.int64), some)) == []


def test_counting_bits_without_numpy_2_gives_the_same(monkeypatch):
    values = np.random.default_rng(0).integers(0, 2**63, 1000).astype(np.uint64)
    expected = [value.bit_count() for value in values.tolist()]
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert flat_search.bits_set(values).tolist() == expected
