"""`/<db>/-/duplicates/<group_id>/compare`: two members in one frame, at the resolution of their originals where these can be reached."""

from __future__ import annotations

import sqlite3
from typing import Any

from datasette.utils import tilde_decode

from ...errors import NotFoundError
from ...store.review.decisions import GroupState, read_group
from ...store.review.history import latest_batch
from ..site.request_database import Library
from ..site.responses import json_answer, page_answer
from . import group_cards, group_rows
from .group_json import member_json
from .originals import find_reach
from .queue_filters import PageEnd, QueueFilter
from .queue_rows import read_neighbour


async def compare(library: Library, wants_json: bool):
    """The photos `a` (the keeper unless told) and `b` (the first other one unless told) of a group."""
    group_id = tilde_decode(library.request.url_vars["group"])
    asked = library.request.args.get("a") or "", library.request.args.get("b") or ""
    chosen = QueueFilter.from_args(library.request.args)
    found = await library.read(_read, group_id, asked, library.tables, chosen)
    reach = await find_reach(library, [found["a"], found["b"]])
    if wants_json:
        return json_answer(_as_json(library, found, reach, chosen.query()))
    last = await library.read(latest_batch, library.actor_id) if library.can_review else None
    more = {"reach": reach, "query": chosen.query(), "last_batch": last, **_shown(library, found)}
    return await page_answer(library, "gphotos_compare.html", {**found, **more})


def _shown(library: Library, found: dict[str, Any]) -> dict[str, Any]:
    """The two as cards, and why B may go, in one sentence."""
    state, pair = found["state"], found["pair"]
    pairs = {found["b"]["photo_id"]: pair} if pair else {}
    cards = {
        member["photo_id"]: card
        for member, card in zip(state.members, group_cards.cards_of(library, state, pairs, found["unproved"]), strict=True)
    }
    card_a, card_b = cards[found["a"]["photo_id"]], cards[found["b"]["photo_id"]]
    return {"card_a": card_a, "card_b": card_b, "beside_keeper": found["a"]["photo_id"] == state.keeper_id}


def _read(
    conn: sqlite3.Connection, group_id: str, asked: tuple[str, str], tables: frozenset[str], chosen: QueueFilter
) -> dict[str, Any]:
    state = read_group(conn, group_id, "decisions" in tables)
    a = _member(state, asked[0] or state.keeper_id)
    others = [member for member in state.members if member is not a]
    b = _member(state, asked[1]) if asked[1] else others[0] if others else a
    if a is b:
        raise NotFoundError("Choose two different photos of the group to compare.")
    at = others.index(b)

    def step(members: list[dict[str, Any]], forward: bool) -> tuple[str, str] | None:
        """The photo beside this one, behind the last of the group one of the next group, as (group id, photo id)."""
        if members:
            return group_id, members[0]["photo_id"]
        neighbour = read_neighbour(conn, chosen, tables, PageEnd.of(state.group), forward)
        return (neighbour, first_to_compare(conn, neighbour, tables)) if neighbour else None

    pairs = group_rows.read_pairs_of_members(conn, state) if "pairs" in tables else []
    return {
        "state": state,
        "a": a,
        "b": b,
        "pair": next((pair for pair in pairs if {pair["photo_a"], pair["photo_b"]} == {a["photo_id"], b["photo_id"]}), None),
        "others": others,
        "unproved": group_rows.read_unproved(conn, state, tables),
        "previous": step(others[max(0, at - 1) : at], forward=False),
        "next": step(others[at + 1 : at + 2], forward=True),
    }


def first_to_compare(conn: sqlite3.Connection, group_id: str, tables: frozenset[str]) -> str:
    """The first photo of a group that is not its keeper, one that is still open before the others."""
    state = read_group(conn, group_id, "decisions" in tables)
    others = [member for member in state.members if member["photo_id"] != state.keeper_id]
    return next((member for member in others if not member["decision"]), (others or state.members)[0])["photo_id"]


def _member(state: GroupState, photo_id: str) -> dict[str, Any]:
    found = next((member for member in state.members if member["photo_id"] == photo_id), None)
    if found is None:
        raise NotFoundError(f"{photo_id} is not a photo of this group. Open the group again: it may have changed.")
    return found


def _as_json(library: Library, found: dict[str, Any], reach: dict[str, Any], query: str) -> dict[str, Any]:
    def url(step: tuple[str, str] | None) -> str | None:
        return library.compare_url(*step, query) if step else None

    def side(member: dict[str, Any]) -> dict[str, Any]:
        told = reach[member["photo_id"]]
        return {**member_json(library, member), "original_url": told.url, "original": told.where, "why_preview": told.why}

    return {
        "ok": True,
        "group_id": found["state"].group["group_id"],
        "group_url": library.group_url(found["state"].group["group_id"]),
        "a": side(found["a"]),
        "b": side(found["b"]),
        "evidence": found["pair"],
        "next_url": url(found["next"]),
        "previous_url": url(found["previous"]),
    }
