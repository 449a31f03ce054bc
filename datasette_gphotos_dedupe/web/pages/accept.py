"""`/<db>/-/duplicates/accept`: what is proved for every group that a filter matches, shown first, then done as one batch."""

from __future__ import annotations

import sqlite3
from typing import Any

from ... import words
from ...store.review.bulk_accept import BulkPlan, plan_bulk, save_bulk
from ...store.review.decisions import GroupState, read_groups
from ..site.access import Library
from ..site.forms import Body, read_body
from ..site.responses import json_answer, page_answer, redirect
from . import captions
from .group_json import group_json
from .queue_filters import Place, QueueFilter, where
from .queue_rows import read_neighbour
from .tabs import fetch_tabs, tab_of

REFUSALS_SHOWN = 100


async def accept(library: Library, wants_json: bool):
    """GET shows what accepting would do; POST with `expected`, the number of photos that was shown, does exactly that."""
    if library.request.method == "POST":
        return await _accept(library, wants_json)
    chosen = QueueFilter.from_args(library.request.args).but(state="open")
    plan, states = await library.read(_read, chosen, library.tables)
    if wants_json:
        return json_answer(_as_json(library, chosen, plan, states))
    first = None if plan.photos else await library.read(_read_first, chosen, library.tables)
    shown = {
        "chosen": chosen,
        "plan": plan,
        "fields": chosen.told(),
        "told": f"Of {chosen.words()}." if not chosen.is_plain else "",
        "explanation": "Each of these copies was compared with the photo that stays, pixel by pixel, and shows the same picture.",
        "button": f"Accept {words.count(plan.photos, 'copy', 'copies')}",
        "samples": [sample for state in states for sample in _samples(library, state)][:6],
        "least_sure": False,
        "limit": REFUSALS_SHOWN,
        "tabs": await fetch_tabs(library, tab_of(chosen), chosen),
        **_nothing(library, chosen, first),
    }
    return await page_answer(library, "gphotos_accept.html", shown)


def _read(conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str]):
    plan = plan_bulk(conn, *where(chosen, tables))
    return plan, read_groups(conn, plan.sample)


def _read_first(conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str]) -> tuple[str | None, int]:
    """The first group of the filter, and how many there are."""
    condition, params = where(chosen, tables)
    count = conn.execute(f"SELECT count(*) FROM groups WHERE {condition}", params).fetchone()[0]
    return read_neighbour(conn, chosen, tables, Place(2**62, ""), True), count


def _nothing(library: Library, chosen: QueueFilter, first: tuple[str | None, int] | None) -> dict[str, Any]:
    """What is said where nothing can be accepted, and the way on."""
    if first is None or first[0] is None:
        return {"nothing": "No open group matches." if first else "", "first_url": None}
    needs = f"{words.count(first[1], 'group')} {'needs' if first[1] == 1 else 'need'} your eyes."
    return {"nothing": needs, "first_url": library.group_url(first[0], chosen.query())}


def _samples(library: Library, state: GroupState) -> list[dict[str, Any]]:
    """The pairs of a group that would be accepted, as the page shows them: what stays beside what goes."""
    keeper = state.members[0]
    going = [member for member in state.members[1:] if member["suggested"] == "remove" and not member["decision"]]
    return [_sample(library, state, keeper, member) for member in going[:1]]


def _sample(library: Library, state: GroupState, keeper: dict[str, Any], copy: dict[str, Any]) -> dict[str, Any]:
    widths = keeper["width"], copy["width"]
    told = f"{widths[0]:,} px wide, its copy {widths[1]:,}" if all(widths) else captions.copy_caption(copy, keeper)
    return {
        "url": library.compare_url(state.group["group_id"], copy["photo_id"]),
        "stays": keeper,
        "goes": copy,
        "name": captions.short_name(keeper),
        "copy_name": captions.short_name(copy),
        "told": told,
    }


def _as_json(library: Library, chosen: QueueFilter, plan: BulkPlan, states: list) -> dict[str, Any]:
    return {
        "ok": True,
        "filter": {key: value for key, value in vars(chosen).items() if value},
        "photos": plan.photos,
        "groups": plan.groups,
        "bytes": plan.bytes,
        "refused": plan.refused,
        "reasons": dict(plan.reasons),
        "refusals": [vars(refusal) for refusal in plan.refusals],
        "sample": [group_json(library, state) for state in states],
        "post": {"expected": plan.photos},
    }


async def _accept(library: Library, wants_json: bool):
    body = await read_body(library.request)
    chosen = _chosen(library, body).but(state="open")
    condition, params = where(chosen, library.tables)
    expected, told = body.number("expected"), f"Accepted the suggestion for {chosen.words()}"
    done = await library.write(save_bulk, condition, params, expected, library.actor_id, told)
    if wants_json:
        return json_answer({"ok": True, "batch_id": done.batch_id, "photos": done.photos, "refused": done.refused}, 201)
    left_out = f" {done.refused:,} were left out and are still to look at." if done.refused else ""
    marked = words.count(done.photos, "copy is", "copies are")
    message = f"{marked} marked to be removed.{left_out} “Undo my last decision” takes all of it back."
    library.datasette.add_message(library.request, message)
    return redirect(library.queue_url(chosen.query()))


def _chosen(library: Library, body: Body) -> QueueFilter:
    """The filter from the body; from the address where the body does not say."""
    told = {name: body.text(name, library.request.args.get(name) or "") for name in vars(QueueFilter())}
    return QueueFilter.from_args({name: value for name, value in told.items() if value})
