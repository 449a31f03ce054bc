"""Candidates are a property of the set of photos: not of their order, nor of the portions they came in."""

from __future__ import annotations

import random

import numpy as np
import pytest

from datasette_gphotos_dedupe.core.search import candidates, namesakes
from datasette_gphotos_dedupe.core.search.candidates import HASHED, NAMED, Library, VariantHashes, find_candidates
from datasette_gphotos_dedupe.core.search.namesakes import Alias
from tests.core.test_search import flipped, random_hashes

RADIUS = 40
VARIANTS = (("crop10", 20), ("mirror", 10))


@pytest.fixture
def small_limits(monkeypatch):
    monkeypatch.setattr(candidates, "MAX_EQUAL", 4)
    monkeypatch.setattr(candidates, "MAX_NEIGHBOURS", 5)
    monkeypatch.setattr(candidates, "MAX_FLAT_NEIGHBOURS", 2)
    monkeypatch.setattr(namesakes, "MAX_NAMESAKES", 5)


def photos(seed: int) -> dict[str, dict]:
    """Singles, pairs, a class of equal hashes, a crowd of near ones, a flat crowd, variants that meet: 120 photos by id."""
    rng = np.random.default_rng(seed)
    singles = random_hashes(40, rng)
    crowd = flipped(np.repeat(random_hashes(1, rng), 20, axis=0), 12, rng)
    flats = flipped(np.repeat(random_hashes(1, rng), 15, axis=0), 6, rng)
    equal = np.repeat(random_hashes(1, rng), 15, axis=0)
    hashes = np.concatenate([singles, flipped(singles[:30], 25, rng), crowd, flats, equal])
    variants = flipped(hashes[rng.permutation(len(hashes))], 8, rng)
    made = {}
    for row, hash_ in enumerate(hashes):
        made[f"{rng.integers(10**9):09d}-{row}"] = {
            "hash": hash_,
            "flatness": 1.0 if 90 <= row < 105 else 0.1,
            "sha1": f"sha{row % 7}",
            "moment": f"second {row % 5}" if row % 2 else None,
            "variants": [variants[row], hash_],
            # a name for each three of them, one for some of every kind, and one that more share than may meet by it
            "alias": Alias(
                f"IMG {row % 40 if row % 3 else row % 4}",
                f"second {row % 2}" if row % 5 == 0 else None,
                f"{row % 11}" if row % 7 else None,
            ),
        }
    return made


def library(some: dict[str, dict]) -> Library:
    ids = sorted(some)
    rows = [some[name] for name in ids]
    return Library(
        ids,
        np.array([row["hash"] for row in rows], np.uint8).reshape(-1, 32),
        np.array([row["flatness"] for row in rows], float),
        [row["sha1"] for row in rows],
        [row["moment"] for row in rows],
        tuple(name for name, _ in VARIANTS),
        tuple(radius for _, radius in VARIANTS),
        [variants_of(number, row) for number, row in enumerate(rows)],
        [row["alias"] for row in rows],
    )


def variants_of(number: int, row: dict) -> VariantHashes:
    kinds = np.arange(len(VARIANTS), dtype=np.int16)
    return VariantHashes(np.full(len(kinds), number, np.int32), kinds, np.array(row["variants"], np.uint8).reshape(-1, 32))


class Ledger:
    """Keeps pairs over several rounds by the promises of `Candidates`, as the match step does in its tables."""

    def __init__(self):
        self.pairs: dict[tuple[str, str], tuple[int, int]] = {}
        self.roles: dict[str, str] = {}
        self.seen: set[str] = set()

    def match(self, some: dict[str, dict]) -> None:
        known = library(some)
        ids = known.photo_ids
        unchanged = self.seen <= set(self.roles) & set(some)
        self.seen = set(some)
        self.roles = {name: role for name, role in self.roles.items() if name in some}
        found = find_candidates(known, [self.roles.get(name) for name in ids], RADIUS, unchanged)
        fresh = {ids[row] for row in np.flatnonzero(found.fresh)}
        crowd = {ids[row] for row in np.flatnonzero(found.crowded)}
        allowed = {(ids[a], ids[b]) for a, b in found.crowd_pairs.tolist()}
        for pair in list(self.pairs):
            left_out = pair[0] in crowd and pair[1] in crowd and pair not in allowed
            if not set(pair) <= set(some) or fresh & set(pair) or left_out:
                del self.pairs[pair]
        for a, b, distance, kind in zip(found.first, found.second, found.distance, found.kind, strict=True):
            self.pairs[ids[a], ids[b]] = (int(distance), int(kind))
        self.roles = dict(zip(ids, found.roles, strict=True))

    def change(self, names: list[str]) -> None:
        """What the match step does with photos whose bytes or metadata changed."""
        for name in names:
            del self.roles[name]


def in_one_go(some: dict[str, dict]) -> Ledger:
    ledger = Ledger()
    ledger.match(some)
    return ledger


@pytest.mark.parametrize("seed", range(15))
def test_portions_in_any_order_give_what_one_go_gives(small_limits, seed):
    everything, draw, ledger = photos(seed), random.Random(seed), Ledger()
    names = list(everything)
    draw.shuffle(names)
    for stop in [*sorted(draw.sample(range(1, len(names)), 9)), len(names)]:
        ledger.match({name: everything[name] for name in names[:stop]})
    expected = in_one_go(everything)
    assert (ledger.pairs, ledger.roles) == (expected.pairs, expected.roles)


@pytest.mark.parametrize("seed", range(15))
def test_photos_that_leave_are_as_if_they_had_never_been(small_limits, seed):
    everything, draw, ledger = photos(seed), random.Random(seed), Ledger()
    names = sorted(everything)
    ledger.match(everything)
    left = {name: everything[name] for name in draw.sample(names, 100)}
    ledger.match(left)
    expected = in_one_go(left)
    assert (ledger.pairs, ledger.roles) == (expected.pairs, expected.roles)


@pytest.mark.parametrize("seed", range(15))
def test_photos_that_change_are_as_if_they_had_always_been_so(small_limits, seed):
    everything, draw, ledger = photos(seed), random.Random(seed), Ledger()
    ledger.match(everything)
    changed = draw.sample(sorted(everything), 15)
    for name in changed:
        model = everything[draw.choice(sorted(everything))]
        everything[name] = {**everything[name], "hash": model["hash"], "alias": draw.choice([None, model["alias"]])}
    ledger.change(changed)
    ledger.match(everything)
    expected = in_one_go(everything)
    assert (ledger.pairs, ledger.roles) == (expected.pairs, expected.roles)


@pytest.mark.parametrize("seed", range(3))
def test_without_floods_every_pair_within_the_radius_is_a_candidate(seed):
    some = {name: row for number, (name, row) in enumerate(photos(seed).items()) if number < 70}
    found = in_one_go(some)
    slow = {
        (a, b): distance
        for a in some
        for b in some
        if a < b and (distance := int(np.unpackbits(some[a]["hash"] ^ some[b]["hash"]).sum())) <= RADIUS
    }
    assert {pair: distance for pair, (distance, kind) in found.pairs.items() if kind == HASHED} == slow


@pytest.mark.parametrize("near", [0, 6])
def test_a_flood_of_flat_photos_gives_a_number_of_pairs_that_grows_with_the_photos(near):
    rng = np.random.default_rng(0)
    hashes = flipped(np.repeat(random_hashes(1, rng), 1000, axis=0), near, rng)
    rows = {
        f"{n:04d}": {"hash": h, "flatness": 1.0, "sha1": None, "moment": None, "variants": [h, h], "alias": Alias("IMG 1", None)}
        for n, h in enumerate(hashes)
    }
    assert 999 <= len(in_one_go(rows).pairs) <= 4 * 1000


def test_equal_bytes_meet_in_a_flood(small_limits):
    rows = photos(0)
    flood = {name: row for name, row in rows.items() if (row["hash"] == list(rows.values())[-1]["hash"]).all()}
    pairs = in_one_go(flood).pairs
    for sha1 in {row["sha1"] for row in flood.values()}:
        first, *others = sorted(name for name, row in flood.items() if row["sha1"] == sha1)
        assert all((first, other) in pairs for other in others)


def smooth(count: int, alias: Alias | None) -> dict[str, dict]:
    """Photos whose hashes have nothing to do with each other."""
    hashes = random_hashes(count, np.random.default_rng(5))
    facts = {"flatness": 0.6, "sha1": None, "moment": None, "alias": alias}
    return {f"{number:05d}": {**facts, "hash": hash_, "variants": [hash_, hash_]} for number, hash_ in enumerate(hashes)}


def test_smooth_photos_of_one_name_meet_at_the_true_distance_of_their_hashes():
    some = smooth(3, Alias("IMG 1", None))
    pairs = in_one_go(some).pairs
    assert pairs == {
        (a, b): (int(np.unpackbits(some[a]["hash"] ^ some[b]["hash"]).sum()), NAMED) for a in some for b in some if a < b
    }


@pytest.mark.parametrize("alias", [None, Alias("IMG 1", "2020-01-01T10:00:00")])
def test_without_a_name_or_with_clocks_that_differ_smooth_photos_do_not_meet(alias):
    some = smooth(2, alias)
    some["00001"]["alias"] = alias and alias._replace(second="2020-01-01T10:00:01")
    assert in_one_go(some).pairs == {}


def test_a_name_that_twenty_thousand_smooth_photos_share_brings_nobody_together():
    found = namesakes.find_namesakes([Alias("IMG 1", None)] * 20_000)
    assert (len(found.pairs), found.flooded.all()) == (0, True)


def test_a_name_that_becomes_too_frequent_and_rare_again_is_as_if_it_had_always_been_so(small_limits):
    some, ledger = smooth(9, Alias("IMG 1", None)), Ledger()
    few = dict(list(some.items())[4:])
    for step, count in ((few, 10), (some, 0), (few, 10)):
        ledger.match(step)
        assert (len(ledger.pairs), ledger.roles) == (count, in_one_go(step).roles)


@pytest.mark.parametrize("at_once", [7, 50])
def test_variants_searched_few_at_a_time_find_what_all_at_once_find(monkeypatch, at_once):
    everything, ledger = photos(3), Ledger()
    expected = in_one_go(everything).pairs
    monkeypatch.setattr(candidates, "VARIANTS_AT_ONCE", at_once)
    ledger.match(dict(list(everything.items())[:90]))
    ledger.match(everything)
    assert ledger.pairs == expected
    assert any(kind >= 0 for _, kind in expected.values())


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_that_tells_who_is_crowded_changes_no_candidates(small_limits, monkeypatch, seed):
    everything = photos(seed)
    slow = in_one_go(everything)
    monkeypatch.setattr(candidates, "FLOOD_SAMPLE", 24)
    fast = in_one_go(everything)
    assert (fast.pairs, fast.roles) == (slow.pairs, slow.roles)


def test_a_sample_marks_only_photos_that_all_together_crowd(small_limits, monkeypatch):
    monkeypatch.setattr(candidates, "FLOOD_SAMPLE", 24)
    some = library(photos(0))
    rows = np.arange(len(some.photo_ids))
    marked = candidates._Neighbours(some, rows, RADIUS)._mark_flood(rows).tolist()
    near = (np.unpackbits(some.hashes[:, None] ^ some.hashes[None], axis=2).sum(axis=2) <= RADIUS).sum(axis=1) - 1
    crowded = np.flatnonzero(near > np.where(some.flatness >= candidates.FLAT, 2, 5)).tolist()
    assert marked and set(marked) <= set(crowded)
