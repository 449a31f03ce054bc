"""Groups from the pairs in the database, and what another keeper policy would change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..core.groups.building import Edge, build_groups, edge
from ..core.groups.keeper import GroupPhoto, Policy
from ..core.groups.reasons import held_back
from ..errors import DatabaseError
from ..model import Group, Link, Member
from ..store.matching import calibration, last_match, matches
from ..store.matching import groups as groups_store
from .comparing_previews import Comparison, Verifier
from .proving_on_originals import Fetch, link_of, prove_pairs

if TYPE_CHECKING:
    from sqlite_utils import Database

PAIRS_AT_ONCE = 2_000  # verified and saved in one transaction
GROUPER = "group/2"
"""Name and version of the rules that make groups of pairs (`core.groups`): new rules make them anew where nothing else has changed."""


@dataclass(frozen=True)
class KeeperChange:
    """A group that another policy would let keep another photo: file names, and why the new one."""

    group_id: str
    keeper: str
    new_keeper: str
    reason: str


@dataclass(frozen=True)
class PolicyChange:
    """What another policy would change: keepers, and photos and bytes suggested for removal before and after."""

    groups: int
    keepers: tuple[KeeperChange, ...]
    suggested: tuple[int, int]
    suggested_bytes: tuple[int, int]


def current_policy(db: Database) -> Policy:
    """The policy that the groups in the database were made by. Raises DatabaseError when it cannot be read."""
    stored = last_match.read_match_state(db.conn, "policy")
    try:
        return Policy.from_json(stored) if stored else Policy()
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DatabaseError(
            "The keeper rules that the database remembers (policy in its table match_state) cannot be read. No group was changed. "
            "Give the rules once more: gphotos-to-sqlite match DATABASE --keeper-rules default"
        ) from None


@dataclass(frozen=True)
class Answering:
    """How the pairs that keepers ask for are answered: who compares, whether what is found is saved, what gets originals from Google."""

    verifier: Verifier
    save: bool
    fetch: Fetch | None = None


def make_groups(
    db: Database, policy: Policy, verifier: Verifier, fetch: Fetch | None = None
) -> tuple[list[Group], dict[str, GroupPhoto]]:
    """The groups of all pairs there are, and their photos. Saves the pairs that keepers had to ask for, but no groups.

    `fetch` gets the originals that are not on this machine.
    """
    asked: set[Edge] = set()
    groups, items = _build(db, policy, Answering(verifier, True, fetch), asked)
    _forget_unasked(db, asked)
    return groups, items


def plan_change(db: Database, policy: Policy, workers: int | None = None) -> PolicyChange:
    """What a policy would change in the groups as they are stored. Saves nothing."""
    with Verifier(workers) as verifier:
        groups, items = _build(db, policy, Answering(verifier, save=False), set())
    before = groups_store.read_groups_brief(db.conn)
    keeper_of = groups_store.read_keepers(db.conn)
    changes = []
    for group in groups:
        old = keeper_of.get(group.keeper_id)
        if old and old != group.keeper_id:
            reason = next(member.reason for member in group.members if member.role == "keeper")
            changes.append(KeeperChange(group.group_id, _name(items[old]), _name(items[group.keeper_id]), reason))
    removed = [items[member.photo_id] for group in groups for member in group.members if member.suggested == "remove"]
    return PolicyChange(
        len(groups),
        tuple(changes),
        (sum(count for count, _ in before), len(removed)),
        (sum(size for _, size in before), sum(item.bytes or 0 for item in removed)),
    )


def _name(item: GroupPhoto) -> str:
    return f"{item.filename or item.photo_id} ({item.size})"


def _build(db: Database, policy: Policy, answering: Answering, asked: set[Edge]) -> tuple[list[Group], dict[str, GroupPhoto]]:
    relations = matches.read_links(db.conn, "fingerprint")
    items = groups_store.read_group_photos(db.conn, {photo for pair in relations for photo in pair})
    said = groups_store.read_not_duplicates(db.conn)
    refused = [(a, b) for a, b in relations if said and groups_store.told_apart(items[a], items[b], said)]
    ask = _asker(db, answering, items, said, asked)
    return _held_back(db, build_groups(items, relations, policy, ask, refused)), items


def _held_back(db: Database, groups: list[Group]) -> list[Group]:
    """The groups without the suggestions that lie beyond the border a person drew (see `core.verdict.personal_border`)."""
    doubts = calibration.read_doubts(db.conn, calibration.read_caution(db.conn))
    if not doubts:
        return groups

    def careful(member: Member, keeper_id: str) -> Member:
        doubt = doubts.get(edge(member.photo_id, keeper_id)) if member.suggested == "remove" else None
        return replace(member, reason=held_back(member.reason, doubt), suggested=None) if doubt else member

    return [replace(group, members=tuple(careful(member, group.keeper_id) for member in group.members)) for group in groups]


def _asker(
    db: Database, answering: Answering, items: dict[str, GroupPhoto], said: set[str], asked: set[Edge]
) -> Callable[[list[Edge]], dict[Edge, Link | None]]:
    """Answers for the keepers: from the tables where it was asked before, from the pixels otherwise."""
    stored: dict[Edge, Link | None] = dict.fromkeys(matches.read_different(db.conn))
    stored.update(matches.read_links(db.conn, "group"))

    def ask(pairs: list[Edge]) -> dict[Edge, Link | None]:
        asked.update(pairs)
        for start in range(0, len(pairs), PAIRS_AT_ONCE):
            unknown = [pair for pair in pairs[start : start + PAIRS_AT_ONCE] if pair not in stored]
            if unknown:
                stored.update(_verify_for_keepers(db, answering, unknown))
        return {(a, b): stored[a, b] for a, b in pairs if not groups_store.told_apart(items[a], items[b], said)}

    return ask


def _verify_for_keepers(db: Database, answering: Answering, pairs: list[Edge]) -> dict[Edge, Link | None]:
    """What these pairs are, proved where the previews allow a copy."""
    subjects = matches.read_subjects(db.conn, {photo for pair in pairs for photo in pair}, with_variants=True)
    comparisons = [Comparison.of(subjects[a], subjects[b]) for a, b in pairs]
    found = prove_pairs(db, answering.verifier.verify(comparisons, subjects), subjects, answering.save, answering.fetch)
    links: dict[Edge, Link | None] = dict.fromkeys(pairs)
    links.update({(pair.photo_a, pair.photo_b): link_of(pair) for pair in found})
    if answering.save:
        with db.atomic(), last_match.GROUPING.own_changes(db.conn):
            matches.save_pairs(db.conn, found, found_by="group")
            matches.save_different(db.conn, [pair for pair, link in links.items() if link is None])
    return links


def _forget_unasked(db: Database, asked: set[Edge]) -> None:
    """Answers that no keeper needs any more would make the tables depend on how they came about."""
    stale = [pair for pair in matches.read_pairs(db.conn, "group") if pair not in asked]
    different = [pair for pair in matches.read_different(db.conn) if pair not in asked]
    if stale or different:
        with db.atomic(), last_match.GROUPING.own_changes(db.conn):
            matches.delete_pairs(db.conn, "pairs", stale)
            matches.delete_pairs(db.conn, "different_pairs", different)
