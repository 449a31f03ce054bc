"""The tabs of a library: what there is to do, in the same order and with the same numbers on every page."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from ...store.review.may_go import Leaving, read_leaving
from ...store.review.uploads import count_batches
from ..site.request_database import Library
from . import queue_rows
from .queue_filters import QueueFilter


@dataclass(frozen=True)
class Tab:
    """One tab; `count` is None where nothing is counted, `last` stands at the far end."""

    name: str
    label: str
    url: str
    count: int | None
    current: bool
    last: bool = False


async def fetch_tabs(library: Library, here: str = "", chosen: QueueFilter | None = None) -> list[Tab]:
    """The tabs as they are now, for this filter of the queue; `here` names the one that is shown. None where groups may not be seen."""
    if not {"groups", "group_members"} <= library.tables:
        return []
    return tabs_of(library, await library.read(read_numbers, library.tables, chosen or QueueFilter()), here, chosen)


def read_numbers(conn: sqlite3.Connection, tables: frozenset[str], chosen: QueueFilter) -> dict[str, int]:
    """How many groups are open, proved, left to a person, decided, and how many photos are to go into the album."""
    counts = queue_rows.counts_of(queue_rows.read_tally(conn, chosen, tables))
    if chosen.relation:
        counts = [entry for entry in counts if entry["relation"] == chosen.relation]
    open_groups, proved, decided = (sum(entry[key] for entry in counts) for key in ("open", "suggested", "decided"))
    leaving = (
        queue_rows.remembered(conn, ("leaving",), lambda: read_leaving(conn)) if {"decisions", "pairs"} <= tables else Leaving()
    )
    numbers = {"open": open_groups, "proved": proved, "asks": open_groups - proved, "decided": decided}
    if {"uploads", "upload_photos"} <= tables:
        numbers["uploads"] = queue_rows.remembered(conn, ("uploads",), lambda: count_batches(conn))
    return {**numbers, "album": leaving.photos, "album_bytes": leaving.bytes}


def tabs_of(library: Library, numbers: dict[str, int], here: str, chosen: QueueFilter | None = None) -> list[Tab]:
    """The tabs with these numbers."""
    kept = chosen or QueueFilter()

    def queue(name: str, label: str, count: str, **changes: Any) -> Tab:
        return Tab(
            name,
            label,
            library.queue_url(kept.but(**{"state": "open", "proof": "", **changes}).query()),
            numbers[count],
            here == name,
        )

    found = [
        queue("all", "All", "open"),
        queue("proved", "Proved", "proved", proof="proved"),
        queue("asks", "You decide", "asks", proof="asks"),
        queue("decided", "Decided", "decided", state="decided"),
    ]
    if "uploads" in numbers:
        found.insert(3, Tab("uploads", "By upload", library.url("duplicates", "uploads"), numbers["uploads"], here == "uploads"))
    if library.can_push:
        found.append(
            Tab("album", "Into the album", library.url("duplicates", "push"), numbers["album"], here == "album", last=True)
        )
    return found


def tab_of(chosen: QueueFilter) -> str:
    """Which tab a filter of the queue belongs to."""
    return chosen.proof or {"open": "all", "decided": "decided"}.get(chosen.state, "")
