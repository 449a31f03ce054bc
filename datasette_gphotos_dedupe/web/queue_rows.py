"""What the queue page reads: a page of groups, counts by relation, facets.

A page costs the same for 3,000 groups and for 30,000: it is walked along an index. Counts do look at every group, so they are
remembered until the database changes, which SQLite tells by its data version.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from ..model import RELATIONS, REMOVABLE_RELATIONS
from ..store.decisions import GroupState, read_groups
from .filters import Place, QueueFilter, where

PAGE_SIZE = 50
FACET_SIZE = 10
FACETS = (("year", "taken_year"), ("camera", "camera"), ("origin", "origin"), ("size", "size"))

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


def read_page(
    conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str], place: Place | None, page_size: int = PAGE_SIZE
) -> tuple[list[GroupState], Place | None]:
    """The groups of one page, most to gain first, and the place where the next one begins."""
    condition, params = where(chosen, tables)
    if place:
        condition += " AND (reclaimable_bytes, group_id) < (:place_bytes, :place_id)"
        params |= {"place_bytes": place.reclaimable_bytes, "place_id": place.group_id}
    sql = f"SELECT group_id FROM groups WHERE {condition} ORDER BY reclaimable_bytes DESC, group_id DESC LIMIT {page_size + 1}"
    ids = [row[0] for row in conn.execute(sql, params)]
    states = read_groups(conn, ids[:page_size], "decisions" in tables)
    return states, Place.of(states[-1].group) if len(ids) > page_size and states else None


def read_neighbour(
    conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str], place: Place, forward: bool
) -> str | None:
    """The group after (or before) this place in the queue, decided groups skipped as the filter says."""
    condition, params = where(chosen, tables)
    sign, order = ("<", "DESC") if forward else (">", "ASC")
    sql = f"""SELECT group_id FROM groups WHERE {condition} AND (reclaimable_bytes, group_id) {sign} (:place_bytes, :place_id)
        ORDER BY reclaimable_bytes {order}, group_id {order} LIMIT 1"""
    row = conn.execute(sql, {**params, "place_bytes": place.reclaimable_bytes, "place_id": place.group_id}).fetchone()
    return row[0] if row else None


def read_counts(conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str]) -> list[dict[str, Any]]:
    """For each relation there is: groups open and decided, and the bytes that open ones would give."""
    condition, params = where(chosen, tables, leave_out=("relation", "state"))
    sql = f"SELECT relation, decided, count(*), sum(reclaimable_bytes) FROM groups WHERE {condition} GROUP BY relation, decided"
    key = ("counts", condition, tuple(params.items()))
    rows = remembered(conn, key, lambda: conn.execute(sql, params).fetchall())
    counts: dict[str, dict[str, Any]] = {}
    for relation, decided, groups, to_gain in rows:
        entry = counts.setdefault(
            relation,
            {"relation": relation, "open": 0, "decided": 0, "bytes": 0, "removable": relation in REMOVABLE_RELATIONS},
        )
        entry["decided" if decided else "open"] += groups
        entry["bytes"] += 0 if decided else to_gain or 0
    return [counts[relation] for relation in RELATIONS if relation in counts]


def read_facets(
    conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str], limit: int = FACET_SIZE
) -> list[dict[str, Any]]:
    """For each facet its values with counts, most frequent first, under all filters but its own."""
    facets = []
    for name, column in FACETS:
        condition, params = where(chosen, tables, leave_out=(name,))
        sql = f"""SELECT {column}, count(*) FROM groups WHERE {condition} AND {column} IS NOT NULL
            GROUP BY {column} ORDER BY 2 DESC, 1 LIMIT {limit + 1}"""
        key = ("facet", sql, tuple(params.items()))
        rows = remembered(conn, key, lambda sql=sql, params=params: conn.execute(sql, params).fetchall())
        values = [{"value": str(value), "count": count} for value, count in rows[:limit]]
        if values:
            facets.append({"name": name, "values": values, "more": len(rows) > limit, "selected": getattr(chosen, name)})
    return facets


def read_albums(conn: sqlite3.Connection, limit: int = 500) -> list[str]:
    """Titles to choose from."""

    def read() -> list[str]:
        rows = conn.execute("SELECT DISTINCT title FROM albums WHERE title IS NOT NULL ORDER BY title LIMIT ?", [limit])
        return [row[0] for row in rows]

    return remembered(conn, ("albums", limit), read)
