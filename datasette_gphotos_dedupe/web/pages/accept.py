"""`/<db>/-/duplicates/accept`: the suggestion for every group that a filter matches, shown first, then done as one batch."""

from __future__ import annotations

import sqlite3
from typing import Any

from ...model import REMOVABLE_RELATIONS
from ...store.review.bulk_accept import AcceptPlan, Scope, plan_accept, save_accept
from ...store.review.decisions import read_groups
from ..site.access import Library
from ..site.forms import Body, read_body
from ..site.responses import json_answer, page_answer, redirect
from .group_json import group_json
from .queue_filters import QueueFilter, where

REFUSALS_SHOWN = 100


async def accept(library: Library, wants_json: bool):
    """GET shows what accepting would do; POST with `expected`, the number of photos that was shown, does exactly that."""
    if library.request.method == "POST":
        return await _accept(library, wants_json)
    chosen = QueueFilter.from_args(library.request.args).but(state="open")
    plan, states = await library.read(_read, chosen, library.tables)
    if wants_json:
        return json_answer(_as_json(library, chosen, plan, states))
    shown = {"chosen": chosen, "plan": plan, "states": states, "limit": REFUSALS_SHOWN, "removable": REMOVABLE_RELATIONS}
    return await page_answer(library, "gphotos_accept.html", shown)


def _read(conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str]):
    plan = plan_accept(conn, Scope("proved", *where(chosen, tables)))
    return plan, read_groups(conn, plan.sample)


def _as_json(library: Library, chosen: QueueFilter, plan: AcceptPlan, states: list) -> dict[str, Any]:
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
    expected, words = body.number("expected"), f"Accepted the suggestion for {chosen.words()}"
    done = await library.write(save_accept, Scope("proved", condition, params), expected, library.actor_id, words)
    if wants_json:
        return json_answer({"ok": True, "batch_id": done.batch_id, "photos": done.photos, "refused": done.refused}, 201)
    left_out = f" {done.refused:,} were left out and are still to look at." if done.refused else ""
    message = f"{done.photos:,} photos are decided to be removed.{left_out} “Undo my last decision” takes all of it back."
    library.datasette.add_message(library.request, message)
    return redirect(library.queue_url(chosen.query()))


def _chosen(library: Library, body: Body) -> QueueFilter:
    """The filter from the body; from the address where the body does not say."""
    told = {name: body.text(name, library.request.args.get(name) or "") for name in vars(QueueFilter())}
    return QueueFilter.from_args({name: value for name, value in told.items() if value})
