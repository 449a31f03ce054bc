"""The fast searches against all pairs, on hashes meant to break them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.core.search import flat_search, table_search
from datasette_gphotos_dedupe.core.search.flat_search import Hits, hits_within, pairs_within
from datasette_gphotos_dedupe.core.search.table_search import (
    CHUNKS,
    MOST_FLIPS,
    cheapest_way,
    flips_needed,
    hits_by_table,
    samples_needed,
)


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


@pytest.mark.parametrize("index", [flat_search.FaissIndex, flat_search.NumpyIndex])
def test_tiles_that_are_searched_side_by_side_find_every_pair_once(monkeypatch, index):
    monkeypatch.setattr(flat_search, "open_index", index)
    monkeypatch.setattr(flat_search, "TILE", 16)
    monkeypatch.setattr(flat_search, "MAX_BLOCK", 50)
    hashes = adversarial(40, np.random.default_rng(7))
    expected = {hit for hit in all_pairs(hashes, hashes, 40) if hit[1] < hit[0]}
    assert as_set(Hits.joined(list(pairs_within(hashes, 40)))) == expected


@pytest.mark.parametrize("radius", [0, 1, 56])
@pytest.mark.parametrize("at_once", [1, 300, 1 << 17])
def test_counting_before_listing_misses_no_pair(monkeypatch, radius, at_once):
    monkeypatch.setattr(flat_search, "counting_is_faster", lambda: True)
    monkeypatch.setattr(flat_search, "COUNTED_AT_ONCE", at_once)
    rng = np.random.default_rng(radius)
    few = random_hashes(300, rng)
    queries = random_hashes(2_000, rng)
    queries[[0, 999, 1_999]] = flipped(few[[0, 150, 299]], radius, rng)  # at the ends and exactly at the radius
    queries[[1, 1_000]] = flipped(few[[0, 150]], radius + 1, rng)
    listed: list[int] = []
    original = flat_search.FaissIndex._listed
    monkeypatch.setattr(
        flat_search.FaissIndex, "_listed", lambda self, some, bits: listed.append(len(some)) or original(self, some, bits)
    )
    found = as_set(Hits.joined(list(hits_within(queries, few, radius))))
    assert found == all_pairs(queries, few, radius) and len(found) == 3
    if at_once < 1 << 17:
        assert sum(listed) < 500, "what has no hit was listed all the same"


def test_where_all_have_near_pairs_they_are_not_counted_first(monkeypatch):
    monkeypatch.setattr(flat_search, "counting_is_faster", lambda: True)
    monkeypatch.setattr(flat_search, "MAX_BLOCK", 100)
    counted: list[int] = []
    count = flat_search._near_pairs
    monkeypatch.setattr(flat_search, "_near_pairs", lambda *given: counted.append(1) or count(*given))
    flood = np.zeros((400, 32), np.uint8)
    assert len(Hits.joined(list(hits_within(flood, flood[:50], 0))).first) == 400 * 50
    assert len(counted) == 1  # of the first block alone


@pytest.mark.parametrize("index", [flat_search.FaissIndex, flat_search.NumpyIndex])
def test_many_queries_and_hashes_are_shared_out_and_every_pair_is_found_once(monkeypatch, index):
    monkeypatch.setattr(flat_search, "open_index", index)
    monkeypatch.setattr(flat_search, "MAX_BLOCK", 64)
    monkeypatch.setattr(flat_search, "PART", 150)
    monkeypatch.setattr(flat_search, "TILE", 16)
    rng = np.random.default_rng(4)
    few = random_hashes(40, rng)
    queries = flipped(few[rng.integers(0, 40, 1_000)], 30, rng)
    assert as_set(Hits.joined(list(hits_within(queries, few, 30)))) == all_pairs(queries, few, 30)


def test_a_flood_of_hits_is_not_gathered_before_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(flat_search, "MAX_BLOCK", 64)
    monkeypatch.setattr(flat_search, "MANY_HITS", 640)
    found = []
    original = flat_search.FaissIndex._listed

    def listed(*given):
        hits = original(*given)
        found.append(len(hits.first))
        return hits

    monkeypatch.setattr(flat_search.FaissIndex, "_listed", listed)
    blocks = hits_within(np.zeros((5_000, 32), np.uint8), np.zeros((100, 32), np.uint8), 0)
    next(blocks)
    blocks.close()
    assert sum(found) < 50_000 < 5_000 * 100


def test_a_search_that_is_left_early_ends_with_what_was_begun(monkeypatch):
    searched = []

    class Counting(flat_search.NumpyIndex):
        def search(self, queries, radius_bits):
            searched.append(len(queries))
            return super().search(queries, radius_bits)

    monkeypatch.setattr(flat_search, "open_index", Counting)
    monkeypatch.setattr(flat_search, "TILE", 16)
    monkeypatch.setattr(flat_search, "MAX_BLOCK", 16)
    hits = pairs_within(random_hashes(4000, np.random.default_rng(0)), 40)
    next(hits)
    hits.close()
    assert len(searched) <= 2 * (flat_search.THREADS + 2)


def test_both_indexes_give_the_same_rows_in_the_same_order():
    hashes = adversarial(40, np.random.default_rng(1))
    answers = []
    for index in (flat_search.FaissIndex(), flat_search.NumpyIndex()):
        index.add(hashes[:100])
        index.add(hashes[100:])
        hits = index.search(hashes, 60)
        answers.append([column.tolist() for column in hits])
    assert answers[0] == answers[1]


WAYS = ("scan", "flips", "samples")


def meet(a: np.ndarray, b: np.ndarray, radius: int) -> bool:
    """The definition, one pair and one bit at a time."""
    for number in range(samples_needed(radius)):
        sample = np.unpackbits(table_search._sample(number)[0].view(np.uint8))
        if not any(sample & (np.unpackbits(a) ^ np.unpackbits(b))):
            return True
    return False


def by_way(monkeypatch, way: str, *arguments) -> set[tuple[int, int, int]]:
    monkeypatch.setattr(table_search, "cheapest_way", lambda *sizes: way)
    return as_set(hits_by_table(*arguments))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("radius", [0, 1, 16, 24, 32, 44])
def test_every_way_finds_exactly_the_pairs_that_meet_within_the_radius(monkeypatch, way, radius):
    rng = np.random.default_rng(radius)
    queries, hashes = adversarial(radius, rng), random_hashes(30, rng)
    hashes = np.concatenate([hashes, flipped(queries[:40], radius, rng), queries[:9], queries[100:]])
    near = all_pairs(queries, hashes, radius)
    expected = {hit for hit in near if meet(queries[hit[0]], hashes[hit[1]], radius)}
    assert by_way(monkeypatch, way, queries, np.full(len(queries), radius), hashes) == expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), radius=st.integers(0, 47), swap=st.booleans())
def test_all_ways_find_the_same_pairs_whichever_side_is_longer(monkeypatch, seed, radius, swap):
    rng = np.random.default_rng(seed)
    few, many = random_hashes(20, rng), random_hashes(60, rng)
    many = np.concatenate([many, flipped(few, radius, rng), flipped(few, max(radius - 5, 0), rng)])
    queries, hashes = (many, few) if swap else (few, many)
    radii, own = np.full(len(queries), radius), rng.integers(-1, len(hashes), len(queries))
    radii[::2] = min(radius, 30)
    answers = [by_way(monkeypatch, way, queries, radii, hashes, own) for way in WAYS]
    assert answers[0] == answers[1] == answers[2]


def test_queries_of_many_radii_are_each_searched_within_their_own(monkeypatch):
    rng = np.random.default_rng(8)
    hashes = random_hashes(60, rng)
    queries = np.concatenate([flipped(hashes, bits, rng) for bits in (5, 15, 25, 35)])
    radii = rng.choice([0, 10, 24, 36, 44], len(queries))
    one_by_one = set()
    for radius in np.unique(radii).tolist():
        rows = np.flatnonzero(radii == radius)
        found = by_way(monkeypatch, "scan", queries[rows], radii[rows], hashes)
        one_by_one |= {(int(rows[query]), row, distance) for query, row, distance in found}
    assert len(one_by_one) > 50
    assert all(by_way(monkeypatch, way, queries, radii, hashes) == one_by_one for way in WAYS)


def test_a_key_of_many_hashes_is_expanded_in_portions(monkeypatch):
    monkeypatch.setattr(table_search, "CANDIDATES_AT_ONCE", 7)
    table = table_search._Table(np.array([5, 3, 5, 5, 1, 5, 3]), 8)
    parts = list(table.pairs(np.array([3, 0, 5, 5, 2])))
    found = sorted((int(asking), int(entry)) for part in parts for asking, entry in zip(*part, strict=True))
    assert found == [(0, 1), (0, 6), *((asking, entry) for asking in (2, 3) for entry in (0, 2, 3, 5))]
    assert max(len(asking) for asking, _ in parts) <= 7


def test_hashes_that_agree_in_a_sample_have_one_key_and_others_seldom():
    hashes = random_hashes(20_000, np.random.default_rng(3))
    columns = np.ascontiguousarray(flat_search.words(hashes).T)
    masked = columns & table_search._sample(7)[0][:, None]
    keys = table_search._sample_keys(columns, 7, 30)
    assert (table_search._sample_keys(masked, 7, 30) == keys).all()
    assert len(np.unique(keys)) >= len(np.unique(masked.T, axis=0)) - 5


def test_a_query_leaves_out_its_own_row():
    hashes = np.zeros((3, 32), np.uint8)
    hits = hits_by_table(hashes, np.full(3, 24), hashes, np.array([0, 1, -1]))
    assert as_set(hits) == {(0, 1, 0), (0, 2, 0), (1, 0, 0), (1, 2, 0), (2, 0, 0), (2, 1, 0), (2, 2, 0)}


def test_a_pair_that_meets_in_many_tables_is_merged_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(table_search, "RAW_HITS_AT_ONCE", 10)
    hashes = flipped(np.repeat(random_hashes(1, np.random.default_rng(0)), 30, axis=0), 3, np.random.default_rng(1))
    found = by_way(monkeypatch, "samples", hashes, np.full(30, 24), hashes)
    assert len(found) == 30 * 30


@pytest.mark.parametrize("radius", [24, 40, 44])
def test_of_the_pairs_at_exactly_the_radius_one_in_ten_thousand_is_missed_at_most(radius):
    rng = np.random.default_rng(radius)
    hashes = random_hashes(60_000, rng)
    near = flipped(hashes, radius, rng)
    search = table_search._Search(hashes, np.full(60_000, radius), near, None, np.arange(60_000))
    met = search._that_meet(Hits(np.arange(60_000), np.arange(60_000), np.full(60_000, radius)))
    # 6 expected; more than 20 would come by chance once in a million runs
    assert 60_000 - len(met.first) <= 20


@pytest.mark.parametrize("sizes, way", [((10, 10), "scan"), ((500, 5_600_000), "flips"), ((3_000_000, 200_000), "samples")])
def test_the_cheapest_way_is_taken(sizes, way):
    assert [cheapest_way({44: queries}, hashes) for queries, hashes in (sizes, sizes[::-1])] == [way, way]


def test_queries_of_many_radii_cost_what_each_of_them_costs():
    assert (cheapest_way({44: 28_000}, 5_600_000), cheapest_way({24: 27_999, 44: 1}, 5_600_000)) == ("samples", "flips")


@pytest.mark.parametrize("radius", range(48))
def test_limits_of_chunks_are_passed_nowhere_only_beyond_the_radius(radius):
    limits = [flips_needed(radius, number) for number in range(len(CHUNKS))]
    assert (sum(limit + 1 for limit in limits), max(limits) <= MOST_FLIPS) == (radius + 1, True)


def test_a_search_in_nothing_finds_nothing():
    nothing, some = np.empty((0, 32), np.uint8), np.zeros((3, 32), np.uint8)
    assert list(pairs_within(nothing, 40)) == []
    assert sum(len(hits.first) for hits in hits_within(some, nothing, 40)) == 0
    assert len(hits_by_table(nothing, np.empty(0, np.int64), some).first) == 0
    assert len(hits_by_table(some, np.zeros(3, np.int64), nothing).first) == 0


def test_counting_bits_without_numpy_2_gives_the_same(monkeypatch):
    values = np.random.default_rng(0).integers(0, 2**63, 1000).astype(np.uint64)
    expected = [value.bit_count() for value in values.tolist()]
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert flat_search.bits_set(values).tolist() == expected


def test_a_faiss_that_counts_otherwise_is_not_asked_to_count(monkeypatch):
    assert flat_search._counts_what_lies_on_the_radius()
    count = flat_search._near_pairs
    monkeypatch.setattr(flat_search, "_near_pairs", lambda one, other, radius: count(one, other, radius - 1))
    flat_search.counting_is_faster.cache_clear()
    try:
        assert not flat_search.counting_is_faster()
    finally:
        flat_search.counting_is_faster.cache_clear()
