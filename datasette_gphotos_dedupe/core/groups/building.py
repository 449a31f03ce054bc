"""Pairs in, groups out: stars around a keeper, every member verified against the keeper itself.

Chains are how other tools lose pictures: A is like B, B is like C, and C goes although it is not like A. Here photos linked by
pairs are only *proposed* to a keeper; each must hold a verified pair with it, asked for when the search had not brought the two
together, and whoever fails is grouped without that keeper. The result does not depend on the order of photos or pairs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...model import CHANGED_RELATIONS, RELATIONS, REMOVABLE_RELATIONS, Group, Link, Member
from .keeper import GroupPhoto, KeeperChoice, Policy, choose_keeper, rank_key
from .reasons import describe_member, held_back, why_not_suggested

COPY_RELATIONS = REMOVABLE_RELATIONS | CHANGED_RELATIONS
NEARER = 1.5  # times less is left: clearly nearer
_SURENESS = {relation: number for number, relation in enumerate(RELATIONS)}

Edge = tuple[str, str]
"""Two photo ids, the lower first."""

Verify = Callable[[list[Edge]], Mapping[Edge, Link | None]]
"""Asked for pairs that the search did not bring together; None = different pictures."""


def edge(a: str, b: str) -> Edge:
    """The two ids in order."""
    return (a, b) if a < b else (b, a)


@dataclass
class _Star:
    choice: KeeperChoice
    copies: dict[str, str] = field(default_factory=dict)  # photo id to relation
    look_alikes: dict[str, str] = field(default_factory=dict)

    @property
    def keeper_id(self) -> str:
        return self.choice.keeper.photo_id


def build_groups(
    items: Mapping[str, GroupPhoto],
    links: Mapping[Edge, Link],
    policy: Policy,
    verify: Verify,
    not_duplicates: Iterable[Edge] = (),
) -> list[Group]:
    """The groups of a library, by ascending group id.

    `items` holds every photo that occurs in `links`. Pairs in `not_duplicates` are never put together, whatever was measured.
    """
    graph = _Graph(items, links, policy, verify, frozenset(not_duplicates))
    stars = _copy_stars(graph)
    _add_edits(graph, stars)
    _add_look_alikes(graph, stars)
    groups = [_finish(graph, star) for star in stars.values() if star.copies or star.look_alikes]
    return sorted(_without_torn(graph, groups), key=lambda group: group.group_id)


class _Graph:
    """The relations, as neighbours of each photo; asks the verifier for what is not known."""

    def __init__(
        self,
        items: Mapping[str, GroupPhoto],
        links: Mapping[Edge, Link],
        policy: Policy,
        verify: Verify,
        not_duplicates: frozenset[Edge],
    ):
        self.items = items
        self.policy = policy
        self._verify = verify
        self._not_duplicates = not_duplicates
        self._known: dict[Edge, Link | None] = {}
        self._ranks: dict[tuple[str, bool], tuple[Any, ...]] = {}
        self.neighbours: dict[str, dict[str, str]] = defaultdict(dict)
        for pair, link in links.items():
            self._add(pair, link)
        for pair in _second_best(links):
            self._add(pair, Link("look_alike"))

    def _add(self, pair: Edge, link: Link | None) -> None:
        if pair in self._not_duplicates or not all(photo in self.items for photo in pair):
            link = None
        self._known[pair] = link
        if link:
            first, second = pair
            self.neighbours[first][second] = self.neighbours[second][first] = link.relation

    def holder(self, a: str, b: str) -> str | None:
        """The one of two that the other was made again from."""
        link = self._known.get(edge(a, b))
        return link.holder if link else None

    def held(self, photos: Iterable[str], relations: frozenset[str]) -> frozenset[str]:
        """Those that another one of these photos holds all of."""
        some = set(photos)
        return frozenset(
            photo
            for photo in some
            if any(
                other in some and relation in relations and self.holder(photo, other) == other
                for other, relation in self.neighbours[photo].items()
            )
        )

    def ask(self, pairs: Iterable[Edge]) -> None:
        """Make the relations of these pairs known."""
        open_pairs = sorted({pair for pair in pairs if pair not in self._known})
        if open_pairs:
            answers = self._verify(open_pairs)
            for pair in open_pairs:
                self._add(pair, answers.get(pair))

    def rank(self, photo: str, held: bool) -> tuple[Any, ...]:
        """The sort key of a photo by the policy; kept, as each is asked for several times."""
        key = photo, held
        if key not in self._ranks:
            self._ranks[key] = rank_key(self.items[photo], self.policy, held)
        return self._ranks[key]

    def left(self, a: str, b: str) -> float:
        """What is left when one is made again from the other, against what its encoder leaves; 1 where that was not tried."""
        link = self._known.get(edge(a, b))
        return link.left if link else 1.0

    def relation(self, a: str, b: str) -> str | None:
        link = self._known.get(edge(a, b))
        return link.relation if link else None

    def same_in_google(self, a: str, b: str) -> bool:
        """Equal dedup keys: Google trashes both together, so one can never stand in for the other."""
        key = self.items[a].dedup_key
        return key is not None and key == self.items[b].dedup_key

    def components(self, photos: Iterable[str], relations: frozenset[str]) -> list[list[str]]:
        """The photos as sets that hang together by these relations, singles left out."""
        left, found = set(photos), []
        for start in sorted(left):
            if start not in left:
                continue
            left.discard(start)
            component, open_photos = [start], [start]
            while open_photos:
                for other, relation in self.neighbours[open_photos.pop()].items():
                    if other in left and relation in relations:
                        left.discard(other)
                        component.append(other)
                        open_photos.append(other)
            if len(component) > 1:
                found.append(sorted(component))
        return found


def _second_best(links: Mapping[Edge, Link]) -> list[Edge]:
    """Pairs of a copy with a photo that it can be made again from, when another one, which is no copy of that, makes it better.

    A small preview can be made again from the neighbouring shot of a tripod series too; it goes with its own original.
    """
    holders: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for (a, b), link in links.items():
        if link.holder and link.relation in REMOVABLE_RELATIONS:
            holders[a if link.holder == b else b].append((link.left, link.holder))
    worse = []
    for copy, known in holders.items():
        best = min(known)[1]
        for _, other in known:
            between = links.get(edge(best, other)) if other != best else None
            if other != best and (between is None or between.relation not in REMOVABLE_RELATIONS):
                worse.append(edge(copy, other))
    return worse


def _copy_stars(graph: _Graph) -> dict[str, _Star]:
    """Keeper id to its star, from relations that may be removed. All rounds of asking go to the verifier at once."""
    stars: dict[str, _Star] = {}
    open_components = graph.components(list(graph.neighbours), REMOVABLE_RELATIONS)
    while open_components:
        proposed = [(component, _propose(graph, component)) for component in open_components]
        graph.ask(
            edge(choice.keeper.photo_id, photo)
            for component, choice in proposed
            for photo in component
            if photo != choice.keeper.photo_id
        )
        open_components = []
        for component, choice in proposed:
            star, rest = _fill_star(graph, component, choice)
            if star.copies:
                stars[star.keeper_id] = star
            open_components += graph.components(rest, REMOVABLE_RELATIONS)
    return stars


def _propose(graph: _Graph, component: list[str]) -> KeeperChoice:
    held = graph.held(component, REMOVABLE_RELATIONS)
    return choose_keeper([graph.items[photo] for photo in component], graph.policy, held)


def _fill_star(graph: _Graph, component: list[str], choice: KeeperChoice) -> tuple[_Star, list[str]]:
    """The star of a proposed keeper, and the photos that did not prove to be copies of it."""
    keeper_id, rest = choice.keeper.photo_id, []
    star = _Star(choice)
    for photo in component:
        relation = graph.relation(keeper_id, photo) if photo != keeper_id else None
        if relation in REMOVABLE_RELATIONS and not graph.same_in_google(keeper_id, photo):
            star.copies[photo] = relation
        elif photo != keeper_id:
            rest.append(photo)
    if star.copies and star.choice.reason:
        members = [choice.keeper, *(graph.items[photo] for photo in star.copies)]
        held = graph.held([member.photo_id for member in members], REMOVABLE_RELATIONS)
        star.choice = replace(choice, reason=choose_keeper(members, graph.policy, held).reason)
    return star, rest


def _add_edits(graph: _Graph, stars: dict[str, _Star]) -> None:
    """Edited, cropped and turned pictures join the star of their original; those with copies of their own are named there."""
    home = {photo: keeper for keeper, star in stars.items() for photo in (keeper, *star.copies)}
    # an edit that was only compared with a copy is compared with the keeper too
    graph.ask(
        edge(home[photo], other)
        for photo in sorted(home)
        if home[photo] != photo
        for other, relation in sorted(graph.neighbours[photo].items())
        if relation in CHANGED_RELATIONS and home.get(other, other) == other and other != home[photo]
    )
    for centre in _centres(graph, stars):
        if home.get(centre, centre) != centre:
            continue
        for other, relation in _ranked_neighbours(graph, centre, CHANGED_RELATIONS):
            if other not in home and not _has_nearer(graph, home, centre, other):
                star = stars.setdefault(centre, _Star(KeeperChoice(graph.items[centre], "the better of the two versions")))
                target = star.look_alikes if graph.same_in_google(centre, other) else star.copies
                target[other] = relation
                home[other] = home[centre] = centre
            elif home.get(other) == other and other in stars and _before(graph, centre, other):
                stars.setdefault(centre, _Star(KeeperChoice(graph.items[centre], "the better version"))).look_alikes[other] = (
                    relation
                )
                home[centre] = centre


def _has_nearer(graph: _Graph, home: Mapping[str, str], centre: str, other: str) -> bool:
    """Whether another picture than this one, and no version of it, is clearly nearer to what somebody changed: its own original."""
    left = graph.left(centre, other)
    return any(
        relation in CHANGED_RELATIONS
        and home.get(one, one) == one
        and NEARER * graph.left(one, other) < left
        and graph.relation(centre, one) not in COPY_RELATIONS
        for one, relation in graph.neighbours[other].items()
        if one != centre
    )


def _add_look_alikes(graph: _Graph, stars: dict[str, _Star]) -> None:
    """What only looks alike, and rows that Google holds to be one item, are shown with the best photo they resemble."""
    home = {photo: keeper for keeper, star in stars.items() for photo in (keeper, *star.copies)}
    shown = {photo for star in stars.values() for photo in star.look_alikes}
    for centre in _centres(graph, stars):
        if home.get(centre, centre) != centre or (centre in shown and centre not in stars):
            continue
        star = stars.get(centre) or _Star(KeeperChoice(graph.items[centre], "the best of those that look alike"))
        for other, relation in _ranked_neighbours(graph, centre, frozenset(RELATIONS)):
            if _belongs_with(graph, star, other, home, shown):
                star.look_alikes[other] = relation
                shown.add(other)
        if star.look_alikes:
            stars[centre] = star


def _belongs_with(graph: _Graph, star: _Star, other: str, home: dict[str, str], shown: set[str]) -> bool:
    centre = star.keeper_id
    keeper_of_other = home.get(other)
    if other in star.look_alikes or keeper_of_other == centre:
        return False
    if keeper_of_other is None:
        return other not in shown
    if keeper_of_other == other:
        return _before(graph, centre, other)
    # a copy is shown by its keeper when that one looks alike too
    return graph.relation(centre, keeper_of_other) is None and _before(graph, centre, keeper_of_other)


def _centres(graph: _Graph, stars: dict[str, _Star]) -> list[str]:
    """Keepers first, then all other photos that have a pair; the better first. A fixed list: stars may be added meanwhile."""
    return sorted(graph.neighbours, key=lambda photo: (photo not in stars, _rank(graph, photo)))


def _before(graph: _Graph, a: str, b: str) -> bool:
    return _rank(graph, a) < _rank(graph, b)


def _rank(graph: _Graph, photo: str) -> tuple[Any, ...]:
    """The photo that holds others comes before its edited, cropped and faded versions, however large those are."""
    held = any(
        relation in COPY_RELATIONS and graph.holder(photo, other) == other for other, relation in graph.neighbours[photo].items()
    )
    return graph.rank(photo, held)


def _ranked_neighbours(graph: _Graph, photo: str, relations: frozenset[str]) -> list[tuple[str, str]]:
    near = [(other, relation) for other, relation in graph.neighbours[photo].items() if relation in relations]
    return sorted(near, key=lambda found: (_SURENESS[found[1]], found[0]))


def _finish(graph: _Graph, star: _Star) -> Group:
    keeper = star.choice.keeper
    members = [Member(keeper.photo_id, "keeper", None, f"kept: {star.choice.reason}", "keep")]
    for photo, relation in sorted(star.copies.items()):
        members.append(_copy_member(graph, keeper, graph.items[photo], relation))
    for photo, relation in sorted(star.look_alikes.items()):
        item = graph.items[photo]
        members.append(Member(photo, "look_alike", relation, describe_member(item, keeper, relation), None))
    relations = list(star.copies.values()) or list(star.look_alikes.values())
    return Group(
        group_id=min((keeper.photo_id, *star.copies)),
        keeper_id=keeper.photo_id,
        relation=min(relations, key=_SURENESS.__getitem__),
        members=tuple(members),
    )


def _copy_member(graph: _Graph, keeper: GroupPhoto, item: GroupPhoto, relation: str) -> Member:
    reason = describe_member(item, keeper, relation)
    doubt = why_not_suggested(item, keeper, relation, graph.policy)
    if doubt is None and graph.holder(item.photo_id, keeper.photo_id) == item.photo_id:
        doubt = "the one kept was made from it, not it from the one kept"
    if doubt:
        return Member(item.photo_id, "copy", relation, held_back(reason, doubt), "keep" if item.decision == "keep" else None)
    return Member(item.photo_id, "copy", relation, reason, "remove")


def _without_torn(graph: _Graph, groups: list[Group]) -> list[Group]:
    """The groups without suggestions to remove what Google deletes together with a photo that stays."""
    keepers = {group.keeper_id for group in groups}
    staying: dict[str, GroupPhoto] = {}
    for photo, item in sorted(graph.items.items()):
        if item.dedup_key and (photo in keepers or item.decision == "keep" or graph.policy.protects(item)):
            staying.setdefault(item.dedup_key, item)

    def whole(member: Member) -> Member:
        twin = staying.get(graph.items[member.photo_id].dedup_key or "") if member.suggested == "remove" else None
        if twin is None:
            return member
        doubt = f"Google deletes it together with {twin.filename or twin.photo_id}, which stays"
        return replace(member, suggested=None, reason=held_back(member.reason, doubt))

    return [replace(group, members=tuple(map(whole, group.members))) for group in groups] if staying else groups
