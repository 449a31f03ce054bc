"""The match step: candidates, their pixels, pairs, proofs, groups, keepers.

May be killed at any moment. A photo is marked as compared in the transaction that saves its last pair; whatever is not marked is
compared again. Groups are made anew from all pairs when anything that they are made of has changed, and written in one transaction,
only where they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from itertools import compress, islice
from typing import TYPE_CHECKING

import numpy as np

from ..core.groups.keeper import GroupPhoto, Policy
from ..core.pictures.fingerprint import RADIUS_BITS, VARIANTS
from ..core.pictures.hash_variants import BASE
from ..core.search.candidates import Candidates, Library, find_candidates
from ..core.verdict.judge_pair import VERIFIER
from ..model import Group, Pair
from ..store.matching import last_match, matches, unfinished
from ..store.matching.groups import save_groups
from ..store.matching.last_match import COMPARISON, GROUPING
from ..store.packed_variants import pack_missing
from ..store.review import uploads
from ..store.review.decisions import refresh_decided
from .comparing_previews import Comparison, Verifier
from .garbage import set_apart
from .grouping import GROUPER, current_policy, make_groups
from .progress import Progress
from .proving_on_originals import Fetch, prove_waiting

if TYPE_CHECKING:
    from sqlite_utils import Database

MATCHER = f"match/3 {VERIFIER}"
ROWS_AT_ONCE = 10_000
PAIRS_AT_ONCE = 2_000  # saved in one transaction, their previews in memory: about 40 MB


@dataclass(frozen=True)
class MatchOptions:
    """`policy` None is the one last used; `workers` processes compare pixels (None: one for each core); `fetch` gets originals that are
    not on this machine (None: copies of those are decided on previews)."""

    policy: Policy | None = None
    radius_bits: int = RADIUS_BITS
    variant_radii: Mapping[str, int] = field(default_factory=lambda: dict(VARIANTS))
    workers: int | None = None
    fetch: Fetch | None = None

    @property
    def name(self) -> str:
        """What a photo was compared by, for `comparisons.matched_by`: other rules or radii compare it again."""
        radii = f"{self.radius_bits} {sorted(self.variant_radii.items())}"
        return f"{MATCHER} {blake2b(radii.encode(), digest_size=3).hexdigest()}"


@dataclass(frozen=True)
class MatchReport:
    """What a match step did: photos compared for the first time, pairs looked at and kept, groups there are and that changed."""

    photos: int
    photos_compared: int
    pairs_compared: int
    pairs_found: int
    groups: int
    groups_changed: int
    crowded: int
    pairs_proved: int = 0


def match_library(db: Database, progress: Progress | None = None, options: MatchOptions | None = None) -> MatchReport:
    """Compare what is new with everything, and bring pairs and groups up to date. Running it again writes nothing."""
    options, progress = options or MatchOptions(), progress or Progress(silent=True)
    _begin(db, options)
    with Verifier(options.workers) as verifier:
        compared = _compare(db, progress, options, verifier)
        proved = prove_waiting(db, progress, options.workers, options.fetch)
        policy = options.policy or current_policy(db)
        groups, changed = _group(
            db,
            progress,
            policy,
            partial(make_groups, verifier=verifier, fetch=options.fetch),
            bool(compared.photos_compared or proved.pairs),
        )
    _end(db)
    progress.finish()
    return MatchReport(
        compared.photos,
        compared.photos_compared,
        compared.pairs_compared,
        compared.pairs_found,
        groups,
        changed,
        compared.crowded,
        proved.pairs,
    )


def _begin(db: Database, options: MatchOptions) -> None:
    """Where there is something to compare or to prove, note that it is not done, for the one who looks after a Ctrl-C."""
    if COMPARISON.read(db.conn, options.name) is None or unfinished.has_waiting(db.conn):
        with db.atomic():
            unfinished.begin_match(db.conn)


def _end(db: Database) -> None:
    if last_match.read_match_state(db.conn, unfinished.STATE) is not None:
        with db.atomic():
            unfinished.end_match(db.conn)


MakeGroups = Callable[["Database", Policy], tuple[list[Group], dict[str, GroupPhoto]]]


def _group(db: Database, progress: Progress, policy: Policy, make: MakeGroups, news: bool) -> tuple[int, int]:
    """How many groups there are, and how many changed; with `news` what the queue derives from them is brought up to date anyway.

    Where nothing has changed that they are made of, nothing is read for them.
    """
    grouper = f"{GROUPER} {MATCHER} {policy.as_json()}"
    known = None if news or uploads.is_stale(db.conn) else GROUPING.read(db.conn, grouper)
    if known is not None:
        return known, 0
    progress.start("Making groups")
    with db.atomic():
        word = GROUPING.begin(db.conn)
    groups, items = make(db, policy)
    with db.atomic():
        with GROUPING.own_changes(db.conn):
            last_match.save_match_state(db.conn, "policy", policy.as_json())
            changed = save_groups(db.conn, groups, items)
            if changed or news or uploads.is_stale(db.conn):
                refresh_decided(db.conn)
        GROUPING.end(db.conn, word, grouper, len(groups))
    return len(groups), changed


@dataclass
class _Compared:
    photos: int = 0
    photos_compared: int = 0
    pairs_compared: int = 0
    pairs_found: int = 0
    crowded: int = 0


def _compare(db: Database, progress: Progress, options: MatchOptions, verifier: Verifier) -> _Compared:
    """Compare what is new or has changed. Where nothing has, no photo is read."""
    photos = COMPARISON.read(db.conn, options.name)
    if photos is not None:
        return _Compared(photos=photos)
    with db.atomic():
        matches.forget_trashed(db.conn)
        word = COMPARISON.begin(db.conn)
    with set_apart() as looks_again:
        report = _compare_new(db, progress, options, verifier, word, looks_again)
    with db.atomic():
        COMPARISON.end(db.conn, word, options.name, report.photos)
    return report


def _compare_new(
    db: Database, progress: Progress, options: MatchOptions, verifier: Verifier, word: str, looks_again: Callable[[], None]
) -> _Compared:
    """`looks_again` is called once all that is known of the photos is read."""
    progress.start("Looking for candidates")
    known = matches.read_fingerprints(db.conn, options.variant_radii)
    roles = _known_roles(known, options.name)
    seen = _digest_of_all(known, options)
    report = _Compared(photos=len(roles))
    complete = last_match.read_match_state(db.conn, "compared") == seen
    if not (complete and None not in roles):
        unchanged = last_match.read_match_state(db.conn, "compared") == _digest_of_all(
            known, options, [role is not None for role in roles]
        )
        with db.atomic():
            pack_missing(db.conn)
        library = replace(known.library, variants=matches.read_variants(db.conn, known.library))
        found = find_candidates(library, roles, options.radius_bits, unchanged)
        looks_again()
        report.photos_compared, report.crowded = int(found.fresh.sum()), int(found.crowded.sum())
        _forget(db, known.library, found, word)
        _compare_pixels(db, progress, options, verifier, known, found, report)
        with db.atomic():
            last_match.save_match_state(db.conn, "compared", seen)
    _compare_unhashed(db, verifier, report)
    return report


def _known_roles(known: matches.Fingerprints, name: str) -> list[str | None]:
    """How each photo was compared by this very matcher with the data it has now; None when it was not."""
    roles: list[str | None] = []
    for digest, stored in zip(known.digests, known.matched_by, strict=True):
        prefix = f"{name} {digest} "
        roles.append(stored[len(prefix) :] if stored and stored.startswith(prefix) else None)
    return roles


def _digest_of_all(known: matches.Fingerprints, options: MatchOptions, picked: Sequence[bool] | None = None) -> str:
    """Changes when a photo comes, goes or changes."""
    digest = blake2b(options.name.encode(), digest_size=8)
    seen = zip(known.library.photo_ids, known.digests, strict=True)
    words = map(" ".join, seen if picked is None else compress(seen, picked))
    while some := "\n".join(islice(words, ROWS_AT_ONCE)):
        digest.update(f"{some}\n".encode("utf8", "surrogatepass"))
    return digest.hexdigest()


def _forget(db: Database, library: Library, found: Candidates, word: str) -> None:
    """Void the older pairs of photos that are compared from scratch, and those that a growing crowd leaves out."""
    fresh = [library.photo_ids[row] for row in np.flatnonzero(found.fresh).tolist()]
    crowd = {library.photo_ids[row] for row in np.flatnonzero(found.crowded).tolist()}
    allowed = {(library.photo_ids[a], library.photo_ids[b]) for a, b in found.crowd_pairs.tolist()}
    with db.atomic():
        with COMPARISON.own_changes(db.conn) if COMPARISON.is_begun(db.conn, word) else nullcontext():
            matches.forget_photos(db.conn, fresh)
        if crowd:
            stored = matches.read_pairs(db.conn, "fingerprint")
            left_out = [pair for pair in stored if pair[0] in crowd and pair[1] in crowd and pair not in allowed]
            matches.delete_pairs(db.conn, "pairs", left_out)


def _compare_pixels(
    db: Database,
    progress: Progress,
    options: MatchOptions,
    verifier: Verifier,
    known: matches.Fingerprints,
    found: Candidates,
    report: _Compared,
) -> None:
    """Verify all candidates in batches. A photo counts as compared once its pairs with all older and lower photos are saved."""
    ids = known.library.photo_ids
    progress.start("Comparing pixels", len(found.first))
    name = options.name
    marked = [(f"{name} {known.digests[row]} {found.roles[row]}", ids[row]) for row in np.flatnonzero(found.fresh).tolist()]
    marked.sort(key=lambda pair: pair[1])
    position = 0
    for comparisons, complete_up_to, started in _started(db, verifier, _batches(known.library, found), progress):
        pairs = list(started)
        stop = position
        while stop < len(marked) and (complete_up_to is None or marked[stop][1] < complete_up_to):
            stop += 1
        with db.atomic():
            matches.save_pairs(db.conn, pairs)
            matches.mark_matched(db.conn, marked[position:stop])
        position = stop
        report.pairs_compared += len(comparisons)
        report.pairs_found += len(pairs)


Batch = tuple[list[Comparison], str | None]
"""Pairs to verify, and the id below which all fresh photos are complete afterwards (None: all there are)."""


def _started(
    db: Database, verifier: Verifier, batches: Iterator[Batch], progress: Progress
) -> Iterator[tuple[list[Comparison], str | None, Iterator[Pair]]]:
    """Each batch with its verification under way; that of the next begins before this one is handed out to be saved."""
    waiting = None
    for comparisons, complete_up_to in batches:
        started = verifier.start(comparisons, matches.read_subjects(db.conn, _photo_ids(comparisons)), progress)
        if waiting:
            yield waiting
        waiting = comparisons, complete_up_to, started
    if waiting:
        yield waiting


def _batches(library: Library, found: Candidates) -> Iterator[Batch]:
    """Candidates by the highest fresh photo in them."""
    ids, fresh = library.photo_ids, found.fresh
    last = np.where(fresh[found.second], found.second, np.where(fresh[found.first], found.first, -1))
    order = np.argsort(last, kind="stable")
    for start in range(0, max(len(order), 1), PAIRS_AT_ONCE):
        rows = order[start : start + PAIRS_AT_ONCE]
        rest = order[start + PAIRS_AT_ONCE : start + PAIRS_AT_ONCE + 1]
        upcoming = int(last[rest[0]]) if len(rest) else None
        comparisons = [
            Comparison(
                ids[found.first[row]], ids[found.second[row]], int(found.distance[row]), library.kind_name(int(found.kind[row]))
            )
            for row in rows.tolist()
        ]
        # -1: pairs among old photos of a crowd are still to come, so nobody is complete
        yield comparisons, None if upcoming is None else (ids[upcoming] if upcoming >= 0 else "")


def _photo_ids(comparisons: Sequence[Comparison]) -> set[str]:
    return {photo for pair in comparisons for photo in (pair.photo_a, pair.photo_b)}


def _compare_unhashed(db: Database, verifier: Verifier, report: _Compared) -> None:
    """Files that could not be decoded are still copies when their bytes are equal.

    They have no fingerprint to be marked on, so when anything about them changes all of them are looked at again: bytes are cheap.
    """
    seen = matches.unhashed_digest(db.conn)
    with db.atomic():
        if last_match.read_match_state(db.conn, "unhashed") != seen:
            matches.forget_unhashed(db.conn)
        twins = matches.read_unhashed_twins(db.conn)
        # another first of the same bytes may have come, by whom the others are paired from now on
        matches.delete_pairs(db.conn, "pairs", set(matches.read_unhashed_pairs(db.conn)) - set(twins))
        known = matches.read_pairs(db.conn, "fingerprint") if twins else {}
        comparisons = [Comparison(a, b, 0, BASE) for a, b in twins if (a, b) not in known]
        if comparisons:
            pairs = verifier.verify(comparisons, matches.read_subjects(db.conn, _photo_ids(comparisons)))
            matches.save_pairs(db.conn, pairs)
            report.pairs_compared += len(comparisons)
            report.pairs_found += len(pairs)
        last_match.save_match_state(db.conn, "unhashed", seen)
