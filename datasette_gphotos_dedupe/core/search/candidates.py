"""Which photos are worth comparing on their pixels.

Two photos are candidates when their plain hashes lie within the base radius, or a variant of one lies within that variant's
radius of the plain hash of the other, or their hashes say little and they share a name (`namesakes`). The plain search is exact
(`flat_search`), the variant search misses at most 1 in 10,000 of the pairs at exactly the radius (`table_search`).

Two kinds of floods would make the number of candidates grow with the square, so they are cut to a few for each photo:

- *a class*: more than MAX_EQUAL photos with one and the same hash (black frames). Its first photo stands for all; every other
  one is compared with it, with the first of the same bytes and with the first of the same second, and with nobody else;
- *a crowd*: the photos with more neighbours than MAX_NEIGHBOURS (MAX_FLAT_NEIGHBOURS when flat). Two of them are compared only
  when one is among as many nearest of the other, counted within the crowd; their variants are not searched.

Which pairs are candidates depends on the set of photos alone, not on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from ..pictures.hash_variants import BASE, BY_NAME
from .flat_search import HASH_BYTES, THREADS, Hits, distance_block, hits_within, pairs_within, words
from .namesakes import Alias, find_namesakes
from .table_search import hits_by_table

HASHED, NAMED = -1, -2
"""Kinds of pairs beside the variants: their plain hashes met, or their file names did."""
MAX_EQUAL = 16
MAX_NEIGHBOURS = 64
MAX_FLAT_NEIGHBOURS = 4
FLAT = 0.9  # flatter than this, a hash says little and a variant of it nothing
VARIANTS_AT_ONCE = 8_000_000  # the search holds about 60 bytes for each, and builds its tables anew for each portion
FLOOD_SAMPLE = 1024  # photos: who has more neighbours among them than its limit is in a crowd, and nobody need count the rest
FLOOD_PART = 8
CROWD_BLOCK = 32
CROWDED = 1 << 40  # a number of neighbours beyond counting
FULL_SEARCH_SHARE = 0.4  # with more new photos than this, searching everything anew costs less than new against all

ALL, CROWD = "all", "crowd"
"""How a photo was compared: with every photo near it, as one of a crowd, or (`class:<hex>`) through the first of its class."""
FLOODED = ("", " noname", " nomoment", " noname nomoment")
"""Behind one of these: too many share its name, so that it was compared with nobody for that."""


class VariantHashes(NamedTuple):
    """Of each variant the photo it is of, the number of its name, and its hash of 32 bytes.

    (m,) int32, (m,) int16 and (m, 32) uint8, in no set order.
    """

    owners: np.ndarray
    kinds: np.ndarray
    hashes: np.ndarray


@dataclass(frozen=True)
class Library:
    """What the search knows of each photo, in ascending order of photo id; a photo is its row number from here on.

    `hashes` is (n, 32) uint8, `flatness` (n,) float. `variants` come in portions and are walked through once; the kind of each is a
    row of `variant_names`, to be searched within that row of `variant_radii` bits.
    """

    photo_ids: Sequence[str]
    hashes: np.ndarray
    flatness: np.ndarray
    sha1s: Sequence[str | None]
    moments: Sequence[str | None]
    variant_names: Sequence[str] = ()
    variant_radii: Sequence[int] = ()
    variants: Iterable[VariantHashes] = ()
    aliases: Sequence[Alias | None] = ()

    def kind_name(self, kind: int) -> str:
        """What `pairs.variant` says of a kind of candidates."""
        return {HASHED: BASE, NAMED: BY_NAME}.get(kind) or self.variant_names[kind]


@dataclass(frozen=True)
class Candidates:
    """The pairs to compare now. `first` < `second` row by row; `kind` is HASHED, NAMED or a row of `variant_names`.

    `roles` tells how each photo was searched and `fresh` which photos are compared from scratch: all their older pairs are void.
    `crowded` photos keep a pair with each other only when it is in `crowd_pairs` (row numbers, first < second), which has those
    that met by name as well.
    """

    first: np.ndarray
    second: np.ndarray
    distance: np.ndarray
    kind: np.ndarray
    roles: list[str]
    fresh: np.ndarray
    crowded: np.ndarray
    crowd_pairs: np.ndarray


def hashes_from_hex(texts: Sequence[str]) -> np.ndarray:
    """An (n, 32) uint8 array from texts of 64 hex digits."""
    return np.frombuffer(bytes.fromhex("".join(texts)), np.uint8).reshape(-1, HASH_BYTES)


def find_candidates(
    library: Library, known_roles: Sequence[str | None], radius_bits: int, crowd_is_unchanged: bool = True
) -> Candidates:
    """The pairs to compare, given how each photo was compared before (None = never, or it has changed since).

    With all roles None these are all candidates of the library. `crowd_is_unchanged` says that no photo has gone since, so
    that pairs within a crowd that were candidates among the old photos need no second look.
    """
    names = find_namesakes(library.aliases or [None] * len(library.photo_ids))
    known_roles, names_stayed = _roles_but_for_names(known_roles, names.flooded)
    crowd_is_unchanged = crowd_is_unchanged and names_stayed
    classes = _class_roles(library)
    active = np.array([role is None for role in classes], bool)
    known = np.array([old == role if role else old in (ALL, CROWD) for old, role in zip(known_roles, classes, strict=True)], bool)
    was_crowded = np.array([role == CROWD for role in known_roles], bool)
    search = _Neighbours(library, np.flatnonzero(active), radius_bits)
    fresh_rows = np.flatnonzero(active & ~known)
    # a photo that has left or changed made room in a crowd: what was near enough before is not known then
    none_left = crowd_is_unchanged and not any(role and not is_known for role, is_known in zip(known_roles, known, strict=True))
    if len(fresh_rows) > FULL_SEARCH_SHARE * active.sum():
        base, crowded = search.everything(), search.crowded
        fresh = ~known | (active & (crowded != was_crowded))
    else:
        base, crowded, fresh = search.around(fresh_rows, known, was_crowded, none_left)
    base = base.where(~(crowded[base.first] & crowded[base.second]) & (fresh[base.first] | fresh[base.second]))
    crowd_now = search.crowd_pairs(np.flatnonzero(crowded))
    todo_crowd = crowd_now
    if none_left and not any(role and is_fresh for role, is_fresh in zip(known_roles, fresh, strict=True)):
        crowd_before = search.crowd_pairs(np.flatnonzero(crowded & known & ~fresh))
        todo_crowd = crowd_now[~_among(crowd_now, crowd_before)]
    variants = _variant_pairs(library, active & ~crowded & (library.flatness < FLAT), fresh, base)
    stars = _star_pairs(library, classes, fresh)
    named = _named_pairs(library, names.pairs, radius_bits)
    met_now = named[(fresh[named[:, 0]] | fresh[named[:, 1]]) & ~_among(named, variants)]
    roles = [role or (CROWD if crowded[row] else ALL) for row, role in enumerate(classes)]
    roles = [role + FLOODED[bits] for role, bits in zip(roles, names.flooded.tolist(), strict=True)]
    rows = np.unique(np.concatenate([_columns(base), todo_crowd, variants, stars, met_now]), axis=0)
    kept_in_crowd = np.concatenate([crowd_now[:, :2], named[crowded[named[:, 0]] & crowded[named[:, 1]], :2]])
    return Candidates(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], roles, fresh, crowded, kept_in_crowd)


def _roles_but_for_names(known_roles: Sequence[str | None], flooded: np.ndarray) -> tuple[list[str | None], bool]:
    """The roles without the marks of FLOODED, None for photos whose name or moment became too frequent or no longer is; and whether
    there are none of those."""
    before = [_flooded_before(role) for role in known_roles]
    changed = [bool(role) and was != now for role, was, now in zip(known_roles, before, flooded.tolist(), strict=True)]
    kept = [
        None if moved or not role else role.removesuffix(FLOODED[was])
        for role, moved, was in zip(known_roles, changed, before, strict=True)
    ]
    return kept, not any(changed)


def _flooded_before(role: str | None) -> int:
    return next((bits for bits in (3, 2, 1) if role and role.endswith(FLOODED[bits])), 0)


def _named_pairs(library: Library, pairs: np.ndarray, radius_bits: int) -> np.ndarray:
    """Rows (lower, higher, distance, kind) of pairs of one name: HASHED when their hashes are near as well."""
    distance = np.unpackbits(library.hashes[pairs[:, 0]] ^ library.hashes[pairs[:, 1]], axis=1).sum(axis=1, dtype=np.int64)
    return np.column_stack([pairs, distance, np.where(distance > radius_bits, NAMED, HASHED)])


def _columns(hits: Hits, kind: int = HASHED) -> np.ndarray:
    """Hits as rows of (lower photo, higher photo, distance, kind)."""
    low, high = np.minimum(hits.first, hits.second), np.maximum(hits.first, hits.second)
    return np.stack([low, high, hits.distance, np.full(len(low), kind)], axis=1).astype(np.int64)


def _among(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    return np.isin(rows[:, 0] << 32 | rows[:, 1], others[:, 0] << 32 | others[:, 1])


# Classes: equal hashes


def _class_members(library: Library) -> list[np.ndarray]:
    """The rows of each class of more than MAX_EQUAL equal hashes, ascending."""
    if not len(library.hashes):
        return []
    rows = np.ascontiguousarray(library.hashes).view(f"V{HASH_BYTES}").ravel()
    _, which, counts = np.unique(rows, return_inverse=True, return_counts=True)
    which = which.ravel()
    order = np.argsort(which, kind="stable")
    starts = np.cumsum(counts) - counts
    return [order[starts[number] : starts[number] + counts[number]] for number in np.flatnonzero(counts > MAX_EQUAL)]


def _anchors(library: Library, members: np.ndarray) -> dict[int, tuple[int, ...]]:
    """For each member but the first: the photos of the class that it is compared with."""
    first_of: dict[tuple[str, str], int] = {}
    anchors = {}
    for row in members.tolist():
        keys = [("sha1", library.sha1s[row]), ("moment", library.moments[row])]
        found = {first_of.setdefault(key, row) for key in keys if key[1]}
        anchors[row] = tuple(sorted((found | {int(members[0])}) - {row}))
    return anchors


def _class_roles(library: Library) -> list[str | None]:
    """None for photos that are searched; for those that another one stands for, a word that changes with whom they meet."""
    roles: list[str | None] = [None] * len(library.photo_ids)
    for members in _class_members(library):
        for row, anchors in _anchors(library, members).items():
            if row != members[0]:
                names = " ".join(library.photo_ids[anchor] for anchor in anchors)
                roles[row] = "class:" + blake2b(names.encode(), digest_size=6).hexdigest()
    return roles


def _star_pairs(library: Library, classes: list[str | None], fresh: np.ndarray) -> np.ndarray:
    rows = [
        (anchor, row, 0, -1)
        for members in _class_members(library)
        for row, anchors in _anchors(library, members).items()
        if classes[row]
        for anchor in anchors
        if fresh[row] or fresh[anchor]
    ]
    return np.array(rows, np.int64).reshape(-1, 4)


# Neighbours: plain hashes within the radius


class _Neighbours:
    """The search on plain hashes among the photos that nobody else stands for. `crowded` is complete after a search."""

    def __init__(self, library: Library, active: np.ndarray, radius_bits: int):
        self._active = active
        self._hashes = library.hashes
        self._radius_bits = radius_bits
        self._limits = np.where(library.flatness >= FLAT, MAX_FLAT_NEIGHBOURS, MAX_NEIGHBOURS)
        self._degrees = np.zeros(len(library.hashes), np.int64)

    @property
    def crowded(self) -> np.ndarray:
        return self._degrees > self._limits

    def everything(self) -> Hits:
        """All pairs but those between two crowded photos."""
        flood = self._mark_flood(self._active)
        rows = np.setdiff1d(self._active, flood, assume_unique=True)
        parts = []
        for hits in pairs_within(self._hashes[rows], self._radius_bits):
            parts.append(self._counted(Hits(rows[hits.first], rows[hits.second], hits.distance)))
        for hits in self._between(rows, flood):
            parts.append(self._counted(hits))
        return Hits.joined(parts)

    def around(
        self, rows: np.ndarray, known: np.ndarray, was_crowded: np.ndarray, none_left: bool
    ) -> tuple[Hits, np.ndarray, np.ndarray]:
        """The pairs of these photos with all, who is crowded now, and who is fresh: these and whose crowd changed."""
        hits = Hits.joined(list(self._between(rows, self._active)))
        self._count(hits.first)
        is_old = known.copy()
        is_old[rows] = False
        in_crowd = self._active[(was_crowded & known)[self._active]]
        if none_left:
            self._degrees[in_crowd] = CROWDED
        else:
            self._mark_flood(in_crowd)
        touched = np.union1d(hits.second[is_old[hits.second]], in_crowd)
        touched = touched[self._degrees[touched] < CROWDED].astype(np.int64)
        around_old = Hits.joined(list(self._between(touched, self._active)))
        self._count(around_old.first)
        crowded = self.crowded
        changed = np.zeros(len(known), bool)
        changed[touched] = crowded[touched] != was_crowded[touched]
        both = Hits.joined([hits, around_old.where(changed[around_old.first])])
        return both, crowded, ~known | changed

    def crowd_pairs(self, rows: np.ndarray) -> np.ndarray:
        """Rows (lower, higher, distance, -1) of pairs of these photos in which one is among the nearest of the other."""
        columns = np.ascontiguousarray(words(self._hashes[rows]).T)
        with ThreadPoolExecutor(THREADS) as pool:
            blocks = range(0, len(rows), CROWD_BLOCK)
            parts = list(pool.map(lambda start: self._nearest(columns, rows, start), blocks))
        found = Hits.joined([part for block in parts for part in block])
        return np.unique(_columns(found), axis=0)

    def _nearest(self, columns: np.ndarray, rows: np.ndarray, start: int) -> list[Hits]:
        """Of each photo of a block as many others as its limit, nearest first, then lowest id."""
        distance = distance_block(columns[:, start : start + CROWD_BLOCK], columns)
        own = np.arange(len(distance))
        distance[own, own + start] = np.iinfo(distance.dtype).max
        parts = []
        for row, away in zip(rows[start : start + CROWD_BLOCK], distance, strict=True):
            limit = int(self._limits[row])
            farthest = min(
                np.partition(away, limit - 1)[limit - 1] if len(away) > limit else self._radius_bits, self._radius_bits
            )
            nearer = np.flatnonzero(away < farthest)
            picked = np.concatenate([nearer, np.flatnonzero(away == farthest)[: limit - len(nearer)]])
            parts.append(Hits(np.full(len(picked), row), rows[picked], away[picked].astype(np.int32)))
        return parts

    def _mark_flood(self, rows: np.ndarray) -> np.ndarray:
        """Those of these rows that are certainly crowded, because a sample of all photos crowds them already."""
        if len(self._active) < FLOOD_SAMPLE * 4:
            return np.empty(0, np.int64)
        sample = self._active[:: len(self._active) // FLOOD_SAMPLE]
        # flat photos, of which floods are made mostly, are crowded by few: a part of the sample finds them with a part of the hits
        for some in (sample[::FLOOD_PART], sample):
            counts = np.zeros(len(self._hashes), np.int64)
            for hits in self._between(rows[self._degrees[rows] < CROWDED], some):
                counts += np.bincount(hits.first, minlength=len(counts))
            self._degrees[counts > self._limits] = CROWDED
        return np.asarray(rows[self._degrees[rows] >= CROWDED])

    def _between(self, rows: np.ndarray, others: np.ndarray) -> Iterator[Hits]:
        for hits in hits_within(self._hashes[rows], self._hashes[others], self._radius_bits) if len(others) else ():
            hits = Hits(rows[hits.first], others[hits.second], hits.distance)
            yield hits.where(hits.first != hits.second)

    def _count(self, rows: np.ndarray) -> None:
        np.add.at(self._degrees, rows, 1)  # blocks are many and hits few: what takes time for each photo would add up

    def _counted(self, hits: Hits) -> Hits:
        """Hits, both ends counted, without those between two crowded photos."""
        self._count(np.concatenate([hits.first, hits.second]))
        both = self._is_crowded(hits.first) & self._is_crowded(hits.second)
        return hits.where(~both)

    def _is_crowded(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(self._degrees[rows] > self._limits[rows])


# Variants


def _variant_pairs(library: Library, eligible: np.ndarray, fresh: np.ndarray, base: Hits) -> np.ndarray:
    """Rows (lower, higher, distance, kind) of pairs that only a variant brings together; of several the nearest."""
    if not (fresh & eligible).any():
        return np.empty((0, 4), np.int64)
    searches = [
        _VariantSearch(library, eligible & fresh, np.flatnonzero(eligible)),
        _VariantSearch(library, eligible & ~fresh, np.flatnonzero(eligible & fresh)),
    ]
    for variants in library.variants:
        for search in searches:
            search.add(variants)
    rows: np.ndarray = np.concatenate([search.found() for search in searches])
    rows = rows[~_among(rows, _columns(base))]
    rows = rows[np.lexsort((rows[:, 3], rows[:, 2], rows[:, 1], rows[:, 0]))]
    if not len(rows):
        return rows
    first = np.r_[True, (rows[1:, :2] != rows[:-1, :2]).any(axis=1)]
    return np.asarray(rows[first])


class _VariantSearch:
    """Variants of some photos, a mask, against the plain hashes of `others`, rows. They are gathered and searched many at a time."""

    def __init__(self, library: Library, owned: np.ndarray, others: np.ndarray):
        self._owned, self._others = owned, others
        self._hashes = library.hashes[others]
        self._radii = np.array(library.variant_radii, np.int16)
        self._places = np.full(len(owned), -1)
        self._places[others] = np.arange(len(others))
        self._at_once = min(VARIANTS_AT_ONCE, int(owned.sum()) * len(library.variant_names))
        self._owners, self._kinds = np.empty(self._at_once, np.int32), np.empty(self._at_once, np.int16)
        self._gathered = np.empty((self._at_once, HASH_BYTES), np.uint8)
        self._count = 0
        self._found = [np.empty((0, 4), np.int64)]

    def add(self, variants: VariantHashes) -> None:
        picked = np.flatnonzero(self._owned[variants.owners])
        while len(picked):
            now, picked = np.split(picked, [self._at_once - self._count])
            part = slice(self._count, self._count + len(now))
            gathered: tuple[np.ndarray, ...] = (self._owners, self._kinds, self._gathered)
            for kept, given in zip(gathered, variants, strict=True):
                np.take(given, now, axis=0, out=kept[part], mode="clip")
            self._count = part.stop
            if self._count == self._at_once:
                self._search()

    def found(self) -> np.ndarray:
        """Rows (lower, higher, distance, kind) of all hits; a pair that met in several ways has as many rows."""
        self._search()
        return np.concatenate(self._found)

    def _search(self) -> None:
        owners, kinds = self._owners[: self._count], self._kinds[: self._count]
        hits = hits_by_table(self._gathered[: self._count], self._radii[kinds], self._hashes, self._places[owners])
        columns = _columns(Hits(owners[hits.first], self._others[hits.second], hits.distance))
        columns[:, 3] = kinds[hits.first]
        self._found.append(columns)
        self._count = 0
