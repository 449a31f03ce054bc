"""What the queue page reads: a page of groups, counts by relation, facets.

A page costs the same for 3,000 groups and for 30,000: it is walked along an index, and its counts are sums that triggers keep.
What is counted is remembered until the database changes, which SQLite tells by its data version.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ...model import RELATIONS, REMOVABLE_RELATIONS
from ...store.review.decisions import GroupState, read_group_states
from .queue_filters import FEW, MOST, SOME, STATES, PageEnd, QueueFilter, where

PAGE_SIZE = 50
FACET_SIZE = 10

_remembered = threading.local()


def remembered(conn: sqlite3.Connection, key: tuple, compute: Callable[[], Any]) -> Any:
    """The result of `compute`, from memory as long as nobody else changed the database behind this connection."""
    version = conn.execute("PRAGMA data_version").fetchone()[0]
    slots = _remembered.__dict__.setdefault("slots", {})
    held, held_version, values = slots.get(id(conn), (None, None, {}))
    if held is not conn or held_version != version or len(values) > 500:
        values = {}
        slots[id(conn)] = (conn, version, values)
    if key not in values:
        values[key] = compute()
    return values[key]


def read_shares(conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str]) -> dict[str, str]:
    """What share of all groups the filters by text and album let through, for `where`."""
    shares = {}
    if chosen.text and "group_text" in tables:
        sql = "SELECT sum(text LIKE :text ESCAPE '\\'), count(*) FROM group_text"
        params = {"text": where(chosen, tables)[1]["text"]}
        shares["text"] = _share(*remembered(conn, ("text", chosen.text), lambda: conn.execute(sql, params).fetchone()))
    if chosen.album and {"albums", "album_photos"} <= tables:
        sql_album = """SELECT (SELECT count(*) FROM albums JOIN album_photos USING (album_id) WHERE title = ?),
            (SELECT count(*) FROM groups)"""
        found = remembered(conn, ("album", chosen.album), lambda: conn.execute(sql_album, [chosen.album]).fetchone())
        shares["album"] = FEW if _share(*found) == FEW else SOME
    if chosen.uploaded and {"uploads", "upload_photos"} <= tables:
        sql_day = "SELECT (SELECT coalesce(sum(in_groups), 0) FROM uploads WHERE uploaded_on = ?), (SELECT count(*) FROM groups)"
        found = remembered(conn, ("uploaded", chosen.uploaded), lambda: conn.execute(sql_day, [chosen.uploaded]).fetchone())
        shares["uploaded"] = FEW if _share(*found) == FEW else SOME
    return shares


def _share(matching: int | None, groups: int) -> str:
    few, most = (matching or 0) * 8 < groups, (matching or 0) * 2 > groups
    return FEW if few else MOST if most else SOME


def read_page(
    conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str], place: PageEnd | None, page_size: int = PAGE_SIZE
) -> tuple[list[GroupState], PageEnd | None]:
    """The groups of one page, most to gain first, and the place where the next one begins."""
    ids = _walk(conn, chosen, tables, place, page_size + 1)
    states = read_group_states(conn, ids[:page_size], "decisions" in tables)
    return states, PageEnd.of(states[-1].group) if len(ids) > page_size and states else None


def read_neighbour(
    conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str], place: PageEnd, forward: bool
) -> str | None:
    """The group after (or before) this place in the queue, decided groups skipped as the filter says."""
    return next(iter(_walk(conn, chosen, tables, place, 1, forward)), None)


def _walk(
    conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str], place: PageEnd | None, limit: int, forward: bool = True
) -> list[str]:
    """Group ids from a place on, in the order of the queue or against it.

    Open and decided groups are walked apart, each along an index that begins with `decided`, and merged: over both at once SQLite
    would have to sort all of them.
    """
    condition, params = where(chosen, tables, ("state",), read_shares(conn, chosen, tables))
    sign, order = ("<", "DESC") if forward else (">", "ASC")
    if place:
        condition += f" AND (reclaimable_bytes, group_id) {sign} (:place_bytes, :place_id)"
        params |= {"place_bytes": place.reclaimable_bytes, "place_id": place.group_id}
    sorting = f"ORDER BY reclaimable_bytes {order}, group_id {order} LIMIT {limit}"
    parts = [
        f"SELECT * FROM (SELECT group_id, reclaimable_bytes FROM groups WHERE decided = {decided} AND {condition} {sorting})"
        for decided in STATES[chosen.state]
    ]
    return [row[0] for row in conn.execute(f"{' UNION ALL '.join(parts)} {sorting}", params)]


_CELL = """relation, decided, coalesce(taken_year, 0) AS taken_year, coalesce(camera, '') AS camera, origins,
    size, waiting_count > 0 AS proved, count(*) AS groups, sum(waiting_count) AS waiting_count, sum(waiting_bytes) AS waiting_bytes"""
_ALIKE = "groups.relation, groups.decided, groups.taken_year, groups.camera, groups.origins, groups.size"  # as the index has them
DIMENSIONS = {"relation": "relation", "year": "taken_year", "camera": "camera", "origin": "origins", "size": "size"}
"""Filters that `group_counts` knows, and their columns in it."""


@dataclass(frozen=True)
class Tally:
    """How many groups a filter matches: by relation, state and proof, and by the values of each facet, each without its own filter."""

    relations: list[tuple[str, int, int, int, int, int]]  # relation, decided, proved, groups, copies that wait, their bytes
    facets: dict[str, list[tuple[str, int]]]  # most frequent first


def read_tally(conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str]) -> Tally:
    """Every count of the queue page, in one statement over the sums in `group_counts`.

    Filters that it does not know (text, album, space) are looked up among the groups themselves, once for all counts.
    """
    others, params = where(chosen, tables, (*DIMENSIONS, "state", "proof"), read_shares(conn, chosen, tables))
    cells, source = "", "group_counts"
    if params or "group_counts" not in tables:
        source = "cells"
        cells = f"WITH cells AS (SELECT {_CELL} FROM groups WHERE {others} GROUP BY {_ALIKE}, waiting_count > 0) "
    parts = []
    for name, column in DIMENSIONS.items():
        by_relation = name == "relation"
        left_out = ("relation", "state", "proof") if by_relation else (name,)
        condition, more = where(chosen, tables, leave_out=(*left_out, "text", "album", "space", "uploaded"))
        params |= more
        more_columns = "decided, proved" if by_relation else "0, 0"
        sums = "sum(groups), sum(waiting_count), sum(waiting_bytes)"
        parts.append(f"SELECT '{name}', {column}, {more_columns}, {sums} FROM {source} WHERE {condition} GROUP BY {column}, 3, 4")
    sql = cells + " UNION ALL ".join(parts)
    key = ("tally", sql, tuple(params.items()))
    return remembered(conn, key, lambda: _tally(conn.execute(sql, params)))


def _tally(rows: Iterable[tuple[str, Any, int, int, int, int, int]]) -> Tally:
    relations: list[tuple[str, int, int, int, int, int]] = []
    facets: dict[str, Counter[str]] = {name: Counter() for name in DIMENSIONS if name != "relation"}
    for name, value, decided, proved, groups, copies, to_gain in rows:
        if name == "relation":
            relations.append((value, decided, proved, groups, copies, to_gain))
        else:
            for one in str(value).split("|") if value else ():  # neither '' nor 0: unknown is no value to choose
                facets[name][one] += groups
    return Tally(relations, {name: _most_first(values) for name, values in facets.items()})


def _most_first(values: Counter[str]) -> list[tuple[str, int]]:
    return sorted(((value, count) for value, count in values.items() if value), key=lambda entry: (-entry[1], entry[0]))


def counts_of(tally: Tally) -> list[dict[str, Any]]:
    """For each relation there is: groups open and decided, open ones with proved copies that wait, how many copies, their bytes."""
    counts: dict[str, dict[str, Any]] = {}
    for relation, decided, proved, groups, copies, to_gain in tally.relations:
        entry = counts.setdefault(
            relation,
            {
                **{"relation": relation, "removable": relation in REMOVABLE_RELATIONS},
                **{"open": 0, "decided": 0, "suggested": 0, "copies": 0, "bytes": 0},
            },
        )
        entry["decided" if decided else "open"] += groups
        if not decided:
            entry["suggested"] += groups if proved else 0
            entry["copies"] += copies
            entry["bytes"] += to_gain
    return [counts[relation] for relation in RELATIONS if relation in counts]


def facets_of(tally: Tally, chosen: QueueFilter, limit: int = FACET_SIZE) -> list[dict[str, Any]]:
    """For each facet its values with counts, most frequent first, under all filters but its own."""
    return [
        {
            "name": name,
            "values": [{"value": value, "count": count} for value, count in values[:limit]],
            "more": len(values) > limit,
            "selected": getattr(chosen, name),
        }
        for name, values in tally.facets.items()
        if values
    ]


def read_upload_days(conn: sqlite3.Connection, chosen: QueueFilter, limit: int = FACET_SIZE) -> list[dict[str, Any]]:
    """As a facet, the days on which most photos came that are in groups, with how many."""

    def read() -> list[tuple[str, int]]:
        sql = """SELECT uploaded_on, sum(in_groups) AS photos FROM uploads WHERE uploaded_on IS NOT NULL AND in_groups > 0
            GROUP BY uploaded_on ORDER BY photos DESC, uploaded_on LIMIT ?"""
        return conn.execute(sql, [limit + 1]).fetchall()

    days = remembered(conn, ("upload days", limit), read)
    values = [{"value": day, "count": count} for day, count in days[:limit]]
    return [{"name": "uploaded", "values": values, "more": len(days) > limit, "selected": chosen.uploaded}] if values else []


def read_albums(conn: sqlite3.Connection, limit: int = 500) -> list[str]:
    """Titles to choose from."""

    def read() -> list[str]:
        rows = conn.execute("SELECT DISTINCT title FROM albums WHERE title IS NOT NULL ORDER BY title LIMIT ?", [limit])
        return [row[0] for row in rows]

    return remembered(conn, ("albums", limit), read)
