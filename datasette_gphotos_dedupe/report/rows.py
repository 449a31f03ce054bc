"""What a report shows, read from a stripped copy: totals, numbers for the plots, and the groups of each page."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..model import RELATIONS

GROUPS_A_PAGE = 50
PHOTOS_A_PAGE = 200  # a page of large groups is cut earlier
MEMBERS_SHOWN = 100  # of one group; how many more there are is said
BITS_A_BIN = 4
YEARS = range(1826, 2200)  # the first photograph, and a future far enough for wrong clocks


@dataclass(frozen=True)
class Page:
    """Groups that are shown together. Pages begin anew with each relation; `number` and `of` count within it."""

    relation: str
    number: int
    of: int
    group_ids: tuple[str, ...]
    first: int  # place of its first group among all, from 1

    @property
    def anchor(self) -> str:
        """The page's id in the file."""
        return f"{self.relation}-{self.number}"


@dataclass(frozen=True)
class Totals:
    """What the summary says in numbers; `relations` are rows of (relation, groups, suggested, bytes, decided), surest first."""

    photos: int
    groups: int
    suggested: int
    reclaimable_bytes: int
    decided: int
    relations: tuple[tuple[str, int, int, int, int], ...]


def read_totals(conn: sqlite3.Connection) -> Totals:
    """The totals over all groups of the copy."""
    found = conn.execute(
        "SELECT relation, count(*), sum(suggested_count), sum(reclaimable_bytes), sum(decided) FROM groups GROUP BY relation"
    ).fetchall()
    relations: list[Any] = sorted((tuple(row) for row in found), key=lambda row: RELATIONS.index(row[0]))
    photos = conn.execute("SELECT count(*) FROM photos").fetchone()[0]
    groups, suggested, reclaimable, decided = (sum(row[place] for row in relations) for place in (1, 2, 3, 4))
    return Totals(photos, groups, suggested, reclaimable, decided, tuple(relations))


def read_space_by_year(conn: sqlite3.Connection) -> dict[str, dict[str, float]]:
    """Year to relation to bytes, the years since 1826 without a gap; ``no date`` for groups without a year, or with one that is none."""
    rows = conn.execute(
        "SELECT taken_year, relation, sum(reclaimable_bytes) FROM groups GROUP BY 1, 2 HAVING sum(reclaimable_bytes) > 0"
    ).fetchall()
    dated = [row for row in rows if row[0] in YEARS]
    years = range(min(row[0] for row in dated), max(row[0] for row in dated) + 1) if dated else ()
    space: dict[str, dict[str, float]] = {str(year): {} for year in years}
    for year, relation, total in rows:
        stack = space.setdefault(str(year) if year in YEARS else "no date", {})
        stack[relation] = stack.get(relation, 0) + total
    return space


def read_distances(conn: sqlite3.Connection) -> dict[str, dict[str, float]]:
    """Bin of differing bits (``0-3``, ``4-7`` ...) to relation to pairs, without a gap."""
    rows = conn.execute(
        f"SELECT distance_bits / {BITS_A_BIN}, relation, count(*) FROM pairs WHERE distance_bits BETWEEN 0 AND 256 GROUP BY 1, 2"
    ).fetchall()
    last = max((row[0] for row in rows), default=-1)
    bins: dict[int, dict[str, float]] = {number: {} for number in range(last + 1)}
    for number, relation, count in rows:
        bins[number][relation] = count
    return {f"{number * BITS_A_BIN}-{(number + 1) * BITS_A_BIN - 1}": counts for number, counts in bins.items()}


def plan_pages(conn: sqlite3.Connection) -> list[Page]:
    """All groups cut into pages: by relation, surest first, and within it those that free the most space first."""
    pages: list[Page] = []
    first = 1
    for relation in RELATIONS:
        rows = conn.execute(
            "SELECT group_id, size FROM groups WHERE relation = ? ORDER BY reclaimable_bytes DESC, group_id", [relation]
        ).fetchall()
        cuts = list(_cut(rows))
        for number, group_ids in enumerate(cuts, start=1):
            pages.append(Page(relation, number, len(cuts), group_ids, first))
            first += len(group_ids)
    return pages


def _cut(rows: list[tuple[str, int]]) -> Iterator[tuple[str, ...]]:
    page: list[str] = []
    photos = 0
    for group_id, size in rows:
        shown = min(size, MEMBERS_SHOWN)
        if page and (len(page) == GROUPS_A_PAGE or photos + shown > PHOTOS_A_PAGE):
            yield tuple(page)
            page, photos = [], 0
        page.append(group_id)
        photos += shown
    if page:
        yield tuple(page)


def read_groups(conn: sqlite3.Connection, page: Page) -> list[dict[str, Any]]:
    """The groups of a page with their members, keeper first; previews as base64."""
    return [_read_group(conn, group_id, page.first + place) for place, group_id in enumerate(page.group_ids)]


def _read_group(conn: sqlite3.Connection, group_id: str, number: int) -> dict[str, Any]:
    group = dict(conn.execute("SELECT * FROM groups WHERE group_id = ?", [group_id]).fetchone())
    rows = conn.execute(_MEMBERS, [group_id, MEMBERS_SHOWN]).fetchall()
    members = [_member(dict(row)) for row in rows]
    return {**group, "number": number, "members": members, "more": max(0, group["size"] - len(members))}


_MEMBERS = """SELECT photos.*, group_members.role, group_members.relation, group_members.reason, group_members.suggested,
  decisions.decision, thumbnails.content, thumbnails.width AS preview_width, thumbnails.height AS preview_height
FROM group_members
JOIN photos ON photos.photo_id = group_members.photo_id
LEFT JOIN decisions ON decisions.subject = group_members.photo_id
LEFT JOIN thumbnails ON thumbnails.photo_id = group_members.photo_id
WHERE group_members.group_id = ?
ORDER BY group_members.role != 'keeper', group_members.role, photos.bytes DESC, photos.photo_id LIMIT ?"""


def _member(row: dict[str, Any]) -> dict[str, Any]:
    content = row.pop("content")
    return {**row, "preview": base64.b64encode(content).decode() if content else None}
