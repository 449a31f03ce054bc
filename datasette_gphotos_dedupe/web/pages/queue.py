"""`/<db>/-/duplicates`: groups to review, with filters."""

from __future__ import annotations

import sqlite3
from typing import Any

from ... import formatting
from ...store.matching.unfinished import read_unfinished
from ...store.review.history import latest_batch
from ..site.request_database import Library
from ..site.responses import fill_part, json_answer, page_answer
from . import queue_rows, tabs
from .group_json import group_json
from .queue_filters import PageEnd, QueueFilter
from .queue_texts import lines_of

FACET_LABELS = {
    "relation": "Kind",
    "year": "Year",
    "camera": "Camera",
    "origin": "Came from",
    "uploaded": "Upload day",
    "size": "Photos in it",
}


async def queue(library: Library, wants_json: bool):
    """One page of groups that match the filter, as a page or JSON."""
    args = library.request.args
    chosen = QueueFilter.from_args(args)
    place = PageEnd.from_text(args.get("_next") or "")
    wide = args.get("_facet_size") == "max"
    found = await library.read(_read, chosen, library.tables, place, wide, library.actor_id)
    if wants_json:
        return json_answer(_as_json(library, chosen, found))
    next_query = chosen.query(_next=found["next"]) if found["next"] else None
    rows = fill_part(library, "_gphotos_rows.html", lines=lines_of(library, found["states"], chosen)) if found["states"] else None
    shown = {
        **found,
        "facets": _kinds(found["counts"], chosen) + [_labelled(facet) for facet in found["facets"]],
        "rows": rows,
        "chosen": chosen,
        "on": _filters_on(chosen),
        "place": place,
        "next_query": next_query,
        "page_size": queue_rows.PAGE_SIZE,
        "tabs": tabs.tabs_of(library, found["numbers"], tabs.tab_of(chosen), chosen),
        "without": None if rows else await library.read(_count_without, chosen, library.tables),
    }
    return await page_answer(library, "gphotos_queue.html", shown)


def _read(
    conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str], place: PageEnd | None, wide: bool, actor: str | None
) -> dict[str, Any]:
    tally = queue_rows.read_tally(conn, chosen, tables)
    counts = queue_rows.counts_of(tally)
    total = _total(counts, chosen)
    states, after = queue_rows.read_page(conn, chosen, tables, place) if total["groups"] else ([], None)
    return {
        "states": states,
        "next": str(after) if after else None,
        "counts": counts,
        "total": total,
        "numbers": tabs.read_numbers(conn, tables, chosen),
        "facets": _facets(conn, tally, chosen, tables, 200 if wide else queue_rows.FACET_SIZE),
        "albums": queue_rows.read_albums(conn) if {"albums", "album_photos"} <= tables else [],
        "unfinished": read_unfinished(conn, tables),
        "last_batch": latest_batch(conn, actor) if "decision_batches" in tables else None,
    }


def _facets(
    conn: sqlite3.Connection, tally: queue_rows.Tally, chosen: QueueFilter, tables: frozenset[str], limit: int
) -> list[dict[str, Any]]:
    days = queue_rows.read_upload_days(conn, chosen, limit) if {"uploads", "upload_photos"} <= tables else []
    return queue_rows.facets_of(tally, chosen, limit) + days


def _total(counts: list[dict[str, Any]], chosen: QueueFilter) -> dict[str, int]:
    """Groups, copies and bytes of the whole filter, for the heading."""
    rows = [entry for entry in counts if chosen.relation in ("", entry["relation"])]
    open_groups, proved, decided = (sum(entry[key] for entry in rows) for key in ("open", "suggested", "decided"))
    asks = open_groups - proved
    if chosen.proof == "proved":
        open_groups, asks = proved, 0
    elif chosen.proof == "asks":
        open_groups, proved = asks, 0
    copies, to_gain = (0 if chosen.proof == "asks" else sum(entry[key] for entry in rows) for key in ("copies", "bytes"))
    return {
        "groups": {"open": open_groups, "decided": decided, "all": open_groups + decided}[chosen.state],
        "bytes": to_gain,
        "copies": copies,
        "suggested": proved,
        "asks": asks,
        "decided": decided,
    }


def _kinds(counts: list[dict[str, Any]], chosen: QueueFilter) -> list[dict[str, Any]]:
    """The relations as one more facet, under all filters but its own."""
    values = []
    for entry in counts:
        total = _total([entry], chosen.but(relation=""))
        values.append(
            {"value": entry["relation"], "count": total["groups"], "label": formatting.RELATION_LABELS[entry["relation"]]}
        )
    values = sorted((value for value in values if value["count"]), key=lambda value: -value["count"])
    return [{"name": "relation", "label": FACET_LABELS["relation"], "values": values, "selected": chosen.relation}]


def _labelled(facet: dict[str, Any]) -> dict[str, Any]:
    values = [{**entry, "label": _label(facet["name"], entry["value"])} for entry in facet["values"]]
    return {**facet, "label": FACET_LABELS[facet["name"]], "values": values}


def _label(name: str, value: str) -> str:
    """What a person calls a value of this filter."""
    if name == "relation":
        return formatting.RELATION_LABELS.get(value, value)
    if name == "origin":
        return formatting.origin(value)
    if name == "uploaded":
        return formatting.day(value)
    if name == "size" and value.isdigit():
        return formatting.count(int(value), "photo")
    return formatting.size(int(value)) if name == "space" else value


def _filters_on(chosen: QueueFilter) -> list[dict[str, str]]:
    """The filters beyond the tabs that are chosen, each to be taken away."""
    return [{"name": name, "label": _label(name, value)} for name, value in chosen.told() if name not in ("state", "proof")]


def _count_without(conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str]) -> list[dict[str, Any]]:
    """Where nothing matches: how many groups there would be without each of the filters."""
    found = []
    for entry in _filters_on(chosen):
        wider = chosen.but(**{entry["name"]: ""})
        counts = queue_rows.counts_of(queue_rows.read_tally(conn, wider, tables))
        found.append({**entry, "groups": _total(counts, wider)["groups"]})
    return found


def _as_json(library: Library, chosen: QueueFilter, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "ok": True,
        "filter": {key: value for key, value in vars(chosen).items() if value},
        "total": found["total"],
        "relations": found["counts"],
        "facets": found["facets"],
        "groups": [group_json(library, state) for state in found["states"]],
        "unfinished": found["unfinished"].text or None,
        "next": found["next"],
        "next_url": library.url("duplicates.json") + "?" + chosen.query(_next=found["next"]) if found["next"] else None,
    }
