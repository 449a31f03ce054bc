"""Which photos are worth comparing on their pixels.

Two photos are candidates when their plain hashes lie within the base radius, or a variant of one lies within that variant's
radius of the plain hash of the other. The plain search is exact (`flat_search`), the variant search exact up to 27 bits and
missing at most 1 pair in 20,000 beyond (`table_search`).

Two kinds of floods would make the number of candidates grow with the square, so they are cut to a few for each photo:

- *a class*: more than MAX_EQUAL photos with one and the same hash (black frames). Its first photo stands for all; every other
  one is compared with it, with the first of the same bytes and with the first of the same second, and with nobody else;
- *a crowd*: a photo with more neighbours than MAX_NEIGHBOURS (MAX_FLAT_NEIGHBOURS when it is flat). Two photos of a crowd are
  compared only when one is among the nearest of the other, and variants of a crowded photo are not searched.

Which pairs are candidates depends on the set of photos alone, not on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from .flat_search import HASH_BYTES, Hits, hits_within, pairs_within
from .table_search import hits_by_table

BASE = "base"
MAX_EQUAL = 16
MAX_NEIGHBOURS = 64
MAX_FLAT_NEIGHBOURS = 4
FLAT = 0.9  # flatter than this, a hash says little and a variant of it nothing
VARIANTS_AT_ONCE = 4_000_000  # the search holds about 150 bytes for each
FULL_SEARCH_SHARE = 0.4  # with more new photos than this, searching everything anew costs less than new against all

ALL, CROWD = "all", "crowd"
"""How a photo was compared: with every photo near it, as one of a crowd, or (`class:<hex>`) through the first of its class."""


@dataclass(frozen=True)
class Library:
    """What the search knows of each photo, in ascending order of photo id; a photo is its row number from here on.

    `hashes` is (n, 32) uint8, `flatness` (n,) float. Row i of `variant_hashes` is the variant `variant_names[variant_kinds[i]]`
    of photo `variant_owners[i]`, to be searched within `variant_radii[variant_kinds[i]]` bits.
    """

    photo_ids: Sequence[str]
    hashes: np.ndarray
    flatness: np.ndarray
    sha1s: Sequence[str | None]
    moments: Sequence[str | None]
    variant_names: Sequence[str] = ()
    variant_radii: Sequence[int] = ()
    variant_kinds: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    variant_owners: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    variant_hashes: np.ndarray = field(default_factory=lambda: np.empty((0, HASH_BYTES), np.uint8))


@dataclass(frozen=True)
class Candidates:
    """The pairs to compare now. `first` < `second` row by row; `kind` is -1 for a plain hash, else a row of `variant_names`.

    `roles` tells how each photo was searched and `fresh` which photos are compared from scratch: all their older pairs are void.
    `crowded` photos keep a pair with each other only when it is in `crowd_pairs` (row numbers, first < second).
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
    classes = _class_roles(library)
    active = np.array([role is None for role in classes], bool)
    known = np.array([old == role if role else old in (ALL, CROWD) for old, role in zip(known_roles, classes, strict=True)], bool)
    was_crowded = np.array([role == CROWD for role in known_roles], bool)
    search = _Neighbours(library, np.flatnonzero(active), radius_bits)
    fresh_rows = np.flatnonzero(active & ~known)
    if len(fresh_rows) > FULL_SEARCH_SHARE * active.sum():
        base, crowded = search.everything(), search.crowded
        fresh = ~known | (active & (crowded != was_crowded))
    else:
        base, crowded, fresh = search.around(fresh_rows, known, was_crowded)
    crowd_now, crowd_before = search.crowd_pairs(np.flatnonzero(crowded), known & ~fresh)
    base = base.where(~(crowded[base.first] & crowded[base.second]) & (fresh[base.first] | fresh[base.second]))
    # a photo that has left or changed made room in a crowd: what was near enough before is not known then
    crowd_is_unchanged &= not any(role and is_fresh for role, is_fresh in zip(known_roles, fresh, strict=True))
    todo_crowd = crowd_now[~_among(crowd_now, crowd_before)] if crowd_is_unchanged else crowd_now
    variants = _variant_pairs(library, active & ~crowded & (library.flatness < FLAT), fresh, base)
    stars = _star_pairs(library, classes, fresh)
    roles = [role or (CROWD if crowded[row] else ALL) for row, role in enumerate(classes)]
    parts = [_columns(base), todo_crowd, variants, stars]
    rows = np.unique(np.concatenate(parts), axis=0)
    return Candidates(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], roles, fresh, crowded, crowd_now[:, :2])


def _columns(hits: Hits, kind: int = -1) -> np.ndarray:
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
    """The search on plain hashes among the photos that nobody else stands for."""

    def __init__(self, library: Library, active: np.ndarray, radius_bits: int):
        self._active = active
        self._hashes = library.hashes
        self._active_hashes = library.hashes[active]
        self._radius_bits = radius_bits
        self._limits = np.where(library.flatness >= FLAT, MAX_FLAT_NEIGHBOURS, MAX_NEIGHBOURS)
        self.degrees = np.zeros(len(library.hashes), np.int64)

    @property
    def crowded(self) -> np.ndarray:
        return self.degrees > self._limits

    def everything(self) -> Hits:
        """All pairs but those between two crowded photos; afterwards `degrees` is complete."""
        parts = []
        for hits in pairs_within(self._active_hashes, self._radius_bits):
            hits = Hits(self._active[hits.first], self._active[hits.second], hits.distance)
            self.degrees += np.bincount(np.concatenate([hits.first, hits.second]), minlength=len(self.degrees))
            crowded = self.crowded
            parts.append(hits.where(~(crowded[hits.first] & crowded[hits.second])))
        return Hits.joined(parts)

    def around(self, rows: np.ndarray, known: np.ndarray, was_crowded: np.ndarray) -> tuple[Hits, np.ndarray, np.ndarray]:
        """The pairs of these photos with all, who is crowded now, and who is fresh: these and whose crowd changed."""
        fresh = ~known
        hits = Hits.joined(list(self._rows(rows)))
        is_old = known.copy()
        is_old[rows] = False
        touched = np.union1d(hits.second[is_old[hits.second]], np.flatnonzero(was_crowded & known))
        touched = touched[np.isin(touched, self._active)].astype(np.int64)
        around_old = Hits.joined(list(self._rows(touched)))
        for part in (hits, around_old):
            self.degrees += np.bincount(part.first, minlength=len(self.degrees))
        crowded = self.crowded
        changed = np.zeros(len(known), bool)
        changed[touched] = crowded[touched] != was_crowded[touched]
        both = Hits.joined([hits, around_old.where(changed[around_old.first])])
        return both, crowded, fresh | changed

    def crowd_pairs(self, crowded: np.ndarray, old: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows (lower, higher, distance, -1) of pairs in which one crowded photo is among the nearest of another crowded one.

        First those of all photos; then those that there were among the old photos alone.
        """
        is_crowded = np.zeros(len(self.degrees), bool)
        is_crowded[crowded] = True
        now, before = [], []
        for hits in self._rows(crowded):
            now.append(_columns(self._nearest(hits)))
            among_old = hits.where(old[hits.first] & old[hits.second])
            before.append(_columns(self._nearest(among_old)))
        return _crowd_rows(now, is_crowded), _crowd_rows(before, is_crowded)

    def _rows(self, rows: np.ndarray):
        for hits in hits_within(self._hashes[rows], self._active_hashes, self._radius_bits):
            hits = Hits(rows[hits.first], self._active[hits.second], hits.distance)
            yield hits.where(hits.first != hits.second)

    def _nearest(self, hits: Hits) -> Hits:
        """Of each photo's hits (in one run each) as many as its limit, nearest first, then lowest id."""
        ranks = hits.distance.astype(np.int64) << 32 | hits.second
        borders = np.flatnonzero(np.diff(hits.first)) + 1
        kept = []
        for start, stop in zip([0, *borders], [*borders, len(ranks)], strict=True) if len(ranks) else ():
            limit = int(self._limits[hits.first[start]])
            run = ranks[start:stop]
            kept.append(start + (np.argpartition(run, limit)[:limit] if len(run) > limit else np.arange(len(run))))
        return hits.where(np.concatenate(kept) if kept else np.empty(0, np.int64))


def _crowd_rows(parts: list[np.ndarray], is_crowded: np.ndarray) -> np.ndarray:
    rows = np.concatenate([np.empty((0, 4), np.int64), *parts])
    return np.unique(rows[is_crowded[rows[:, 0]] & is_crowded[rows[:, 1]]], axis=0)


# Variants


def _variant_pairs(library: Library, eligible: np.ndarray, fresh: np.ndarray, base: Hits) -> np.ndarray:
    """Rows (lower, higher, distance, kind) of pairs that only a variant brings together; of several the nearest."""
    owners, kinds = library.variant_owners, library.variant_kinds
    if not len(owners) or not (fresh & eligible).any():
        return np.empty((0, 4), np.int64)
    new_rows, all_rows = np.flatnonzero(eligible & fresh), np.flatnonzero(eligible)
    of_new, of_old = np.flatnonzero((eligible & fresh)[owners]), np.flatnonzero((eligible & ~fresh)[owners])
    radii = np.array(library.variant_radii, np.int64)[kinds]
    found = []
    searches = [
        (part[start : start + VARIANTS_AT_ONCE], rows)
        for part, rows in ((of_new, all_rows), (of_old, new_rows))
        for start in range(0, len(part), VARIANTS_AT_ONCE)
    ]
    for variants, rows in searches:
        for hits in hits_by_table(library.variant_hashes[variants], radii[variants], library.hashes[rows]):
            variant = variants[hits.first]
            columns = _columns(Hits(owners[variant], rows[hits.second], hits.distance))
            columns[:, 3] = kinds[variant]
            found.append(columns[columns[:, 0] != columns[:, 1]])
    rows = np.concatenate([np.empty((0, 4), np.int64), *found])
    rows = rows[~_among(rows, _columns(base))]
    rows = rows[np.lexsort((rows[:, 3], rows[:, 2], rows[:, 1], rows[:, 0]))]
    if not len(rows):
        return rows
    first = np.r_[True, (rows[1:, :2] != rows[:-1, :2]).any(axis=1)]
    return rows[first]
