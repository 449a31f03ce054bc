"""`/<db>/-/duplicates`: groups to review, by relation, with filters."""

from __future__ import annotations

from typing import Any

from ...store.review.history import latest_batch
from ..site.access import Library
from ..site.responses import fill_part, json_answer, page_answer
from . import queue_rows
from .group_json import group_json
from .queue_filters import Place, QueueFilter
from .queue_lines import lines_of


async def queue(library: Library, wants_json: bool):
    """One page of groups that match the filter, as a page or JSON."""
    args = library.request.args
    chosen = QueueFilter.from_args(args)
    place = Place.from_text(args.get("_next") or "")
    wide = args.get("_facet_size") == "max"
    found = await library.read(_read, chosen, library.tables, place, wide, library.actor_id)
    if wants_json:
        return json_answer(_as_json(library, chosen, found))
    next_query = chosen.query(_next=found["next"]) if found["next"] else None
    rows = fill_part(library, "_gphotos_rows.html", lines=lines_of(library, found["states"], chosen))
    context = {**found, "rows": rows if found["states"] else None, "chosen": chosen, "place": place, "next_query": next_query}
    return await page_answer(library, "gphotos_queue.html", context)


def _read(
    conn, chosen: QueueFilter, tables: frozenset[str], place: Place | None, wide: bool, actor: str | None
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
        "facets": queue_rows.facets_of(tally, chosen, 200 if wide else queue_rows.FACET_SIZE),
        "albums": queue_rows.read_albums(conn) if {"albums", "album_photos"} <= tables else [],
        "last_batch": latest_batch(conn, actor) if "decision_batches" in tables else None,
    }


def _total(counts: list[dict[str, Any]], chosen: QueueFilter) -> dict[str, int]:
    """Groups and bytes of the whole filter, for the heading."""
    rows = [entry for entry in counts if chosen.relation in ("", entry["relation"])]
    keys = {"open": ("open",), "decided": ("decided",), "all": ("open", "decided")}[chosen.state]
    return {
        "groups": sum(entry[key] for entry in rows for key in keys),
        "bytes": sum(entry["bytes"] for entry in rows),
        "suggested": sum(entry["suggested"] for entry in rows),
        "decided": sum(entry["decided"] for entry in rows),
    }


def _as_json(library: Library, chosen: QueueFilter, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "ok": True,
        "filter": {key: value for key, value in vars(chosen).items() if value},
        "total": found["total"],
        "relations": found["counts"],
        "facets": found["facets"],
        "groups": [group_json(library, state) for state in found["states"]],
        "next": found["next"],
        "next_url": library.url("duplicates.json") + "?" + chosen.query(_next=found["next"]) if found["next"] else None,
    }
