"""`/<db>/-/duplicates/<group_id>`: one group, its evidence, and what a person decides about it."""

from __future__ import annotations

import sqlite3
from typing import Any

from datasette.utils import tilde_decode, tilde_encode

from ... import captions
from ...errors import GphotosError
from ...store.review.chosen_keepers import save_keeper
from ...store.review.decisions import (
    Choice,
    GroupState,
    read_group,
    save_all_kept,
    save_choices,
    save_same_picture,
    save_suggestion,
)
from ...store.review.history import latest_batch
from ..site.forms import Body, read_body
from ..site.request_database import Library
from ..site.responses import json_answer, page_answer, redirect
from . import group_cards, group_rows
from .compare import first_to_compare
from .group_json import group_json
from .queue_filters import PageEnd, QueueFilter
from .queue_rows import read_neighbour

GOES_ON = ("accept", "keep_all", "save_on")
"""Actions that say something about every open photo, after which the next group is shown."""


async def group(library: Library, wants_json: bool):
    """GET shows a group; POST decides about it."""
    group_id = tilde_decode(library.request.url_vars["group"])
    chosen = QueueFilter.from_args(library.request.args)
    if library.request.method == "POST":
        return await _decide(library, group_id, chosen, wants_json)
    found = await library.read(group_rows.read_details, group_id, library.tables, chosen)
    if wants_json:
        return json_answer(_as_json(library, chosen, found))
    last = await library.read(latest_batch, library.actor_id) if library.can_review else None
    return await page_answer(library, "gphotos_group.html", {**found, **_shown(library, found, chosen), "last_batch": last})


def _shown(library: Library, found: dict[str, Any], chosen: QueueFilter) -> dict[str, Any]:
    """What the page says of the group, made ready before the template runs."""
    state, query = found["state"], chosen.query()
    cards = group_cards.cards_of(library, state, found["evidence"], found["unproved"])
    others = [member for member in state.members if member["photo_id"] != state.keeper_id]
    return {
        "cards": cards,
        "names": [card.name for card in cards],
        "lead": group_cards.lead_of(cards, state.group),
        "sum": group_cards.sum_of(cards),
        "next_compare": library.compare_url(state.group["group_id"], others[0]["photo_id"], query) if others else None,
        "query": query,
        "short": lambda name: captions.short_name({"filename": name}),
    }


def _as_json(library: Library, chosen: QueueFilter, found: dict[str, Any]) -> dict[str, Any]:
    def url(group_id: str | None) -> str | None:
        return library.group_url(group_id, chosen.query()) if group_id else None

    return {
        "ok": True,
        "group": group_json(library, found["state"]),
        "evidence": list(found["evidence"].values()),
        "left_out": found["left_out"],
        "differences": found["table"],
        "next_url": url(found["next_id"]),
        "previous_url": url(found["previous_id"]),
    }


async def _decide(library: Library, group_id: str, chosen: QueueFilter, wants_json: bool):
    body = await read_body(library.request)
    action, seen, then = body.text("action", "save"), body.text("seen"), body.text("then")
    if body.text("accept"):  # a button of the queue, which sends what it saw as its value
        action, seen, then = "accept", body.text("accept"), "queue"
    batch_id = await library.write(_save, group_id, action, body, library.actor_id, seen)
    if wants_json:
        return json_answer(await library.read(_answer, library, group_id, batch_id, chosen, then))
    target = await library.read(_next_page, library, group_id, action, chosen, then)
    if then == "compare":
        library.datasette.add_message(library.request, await library.read(_told, batch_id))
    return redirect(target)


def _save(conn: sqlite3.Connection, group_id: str, action: str, body: Body, actor: str | None, seen: str) -> int | None:
    if action == "accept":
        return save_suggestion(conn, group_id, actor, seen)
    if action == "keep_all":
        return save_all_kept(conn, group_id, actor, seen)
    if action == "keeper":
        return save_keeper(conn, group_id, body.text("photo_id"), actor, seen)
    if action.startswith("keeper:"):  # the name of a plain button
        return save_keeper(conn, group_id, action.partition(":")[2], actor, seen)
    if action.startswith("apart:"):
        return save_choices(conn, group_id, [Choice(action.partition(":")[2], "not_duplicate")], actor, seen)
    if action.startswith(("same:", "unsame:")):
        word, _, photo_id = action.partition(":")
        return save_same_picture(conn, group_id, photo_id, actor, seen, said=word == "same")
    if action not in ("save", "save_on"):
        raise GphotosError(f"{action} is not an action. Known are save, save_on, accept, keep_all, keeper, apart, same.")
    return save_choices(conn, group_id, _choices(body), actor, seen)


def _told(conn: sqlite3.Connection, batch_id: int | None) -> str:
    """What was just saved, for the page that is shown next."""
    row = conn.execute("SELECT description FROM decision_batches WHERE batch_id = ?", [batch_id]).fetchone()
    return f"Saved: {row[0]}." if row else "Nothing changed: it was decided so already."


def _choices(body: Body) -> list[Choice]:
    """From the form's radio buttons and notes, or from JSON: `{"choices": [{"photo_id": ..., "decision": ..., "note": ...}]}`."""
    if not body.is_json:
        notes, untold = body.starting_with("note:"), body.text("untold")
        # The keeper is shown as what stays; only who says more about it than that has decided about it.
        return [
            Choice(photo_id, decision or None, notes.get(photo_id, "").strip() or None)
            for photo_id, decision in body.starting_with("decision:").items()
            if (photo_id, decision) != (untold, "keep") or notes.get(photo_id, "").strip()
        ]
    choices = []
    for entry in body.list("choices"):
        if not isinstance(entry, dict) or "photo_id" not in entry or "decision" not in entry:
            raise GphotosError("Each choice needs a photo_id and a decision (keep, remove, not_duplicate or null).")
        one = Body(entry, True)
        choices.append(Choice(one.text("photo_id"), one.text("decision") or None, one.text("note").strip() or None))
    return choices


def _answer(
    conn: sqlite3.Connection, library: Library, group_id: str, batch_id: int | None, chosen: QueueFilter, then: str
) -> dict[str, Any]:
    state = read_group(conn, group_id)
    return {
        "ok": True,
        "batch_id": batch_id,
        "group": group_json(library, state),
        "next_url": _following(conn, library, state, chosen, comparing=then == "compare"),
    }


def _following(conn: sqlite3.Connection, library: Library, state: GroupState, chosen: QueueFilter, comparing: bool) -> str | None:
    """The next group of the filter. Who compares goes on comparing: first the photos of this group that are still open."""
    group_id, query = state.group["group_id"], chosen.query()
    still_open = any(m["role"] != "keeper" and not m["decision"] for m in state.members)
    if not (comparing and still_open):
        following = read_neighbour(conn, chosen, library.tables, PageEnd.of(state.group), True)
        if following is None:
            return None
        group_id = following
    if comparing:
        return library.compare_url(group_id, first_to_compare(conn, group_id, library.tables), query)
    return library.group_url(group_id, query)


def _next_page(conn: sqlite3.Connection, library: Library, group_id: str, action: str, chosen: QueueFilter, then: str) -> str:
    """Where a form goes on: the next one once all of this group is said, the queue when asked or at its end, else the group itself."""
    queue = library.queue_url(chosen.query())
    if then == "queue":
        return queue
    comparing = then == "compare"
    if not comparing and action not in GOES_ON:
        return library.group_url(group_id, chosen.query())
    return _following(conn, library, read_group(conn, group_id), chosen, comparing) or queue


async def photo(library: Library, wants_json: bool):
    """From a photo to its group, or to its row when it is in none."""
    photo_id = tilde_decode(library.request.url_vars["photo"])

    def read(conn: sqlite3.Connection) -> str | None:
        sql = "SELECT group_id FROM group_members WHERE photo_id = ? ORDER BY role = 'look_alike', group_id LIMIT 1"
        row = conn.execute(sql, [photo_id]).fetchone()
        return row[0] if row else None

    group_id = await library.read(read)
    if group_id:
        return redirect(library.group_url(group_id, "state=all"))
    return redirect(library.datasette.urls.row(library.name, "photos", tilde_encode(photo_id)))
