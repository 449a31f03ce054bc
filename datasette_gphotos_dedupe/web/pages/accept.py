"""`/<db>/-/duplicates/accept`: many photos decided at once: shown first, with count, space, samples and refusals, then done as one batch.

What it is about comes from a filter of the queue, from groups that were ticked, or from an upload; `rule` says which photos go.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from ... import formatting
from ...errors import GphotosError
from ...store.review.bulk_decisions import AcceptPlan, Scope, plan_accept, save_accept, save_groups_kept
from ...store.review.decisions import read_group_states
from ..site.forms import Body, read_body
from ..site.request_database import Library
from ..site.responses import json_answer, page_answer, redirect
from ..site.shown_photos import PhotoSelection, fetch_photo_ids
from .group_json import group_json
from .queue_filters import PageEnd, QueueFilter, where
from .queue_rows import read_neighbour
from .sample_pairs import read_samples
from .tabs import fetch_tabs, tab_of

REFUSALS_SHOWN = 100
RULES = {"accept": "proved", "largest": "all_but_largest", "smaller": "smaller_than_keeper"}
"""Name of a rule in an address to its name in the store; `keep` is the one that removes nothing."""

EXPLANATIONS = {
    "accept": "Each of these is proved: it can be made again from the photo that stays, or is the same file.",
    "largest": "Of each group only the largest photo stays. What nothing proves is left for you.",
    "smaller": "Everything smaller than the photo that stays goes. What nothing proves is left for you.",
}
_TITLES = {"accept": "what is proved", "largest": "all but the largest of each", "smaller": "everything smaller than the keeper"}


@dataclass(frozen=True)
class Asked:
    """What an address or a form asks for. `groups` None: all that the filter matches."""

    chosen: QueueFilter
    rule: str = "accept"
    groups: tuple[str, ...] | None = None
    upload: str = ""
    selection: PhotoSelection = PhotoSelection()  # rows of a table or query of Datasette
    photo_ids: tuple[str, ...] | None = None  # those in them

    def scope(self, tables: frozenset[str]) -> Scope:
        """The same for the store."""
        condition, params = where(self.chosen, tables)
        if self.groups is not None or self.upload or self.photo_ids is not None:
            condition, params = "1", {}
        return Scope(RULES[self.rule], condition, params, self.upload, self.groups, self.photo_ids)

    def fields(self) -> list[tuple[str, str]]:
        """As fields of a form."""
        told = [("rule", self.rule), ("upload", self.upload)] + [("group", group) for group in self.groups or ()]
        return [(name, value) for name, value in told if value] + self.selection.pairs() + self.chosen.told()

    def words(self) -> str:
        """For the history: what was accepted."""
        if self.upload:
            return f"{_TITLES[self.rule]} of an upload"
        if self.selection.pairs():
            return f"{_TITLES[self.rule]} of {self.selection.words()}"
        if self.groups is not None:
            return f"{_TITLES[self.rule]} in {formatting.count(len(self.groups), 'chosen group')}"
        return f"{_TITLES[self.rule]} in {self.chosen.words()}"


async def accept(library: Library, wants_json: bool):
    """GET shows what accepting would do; POST with `expected`, the number or digest that was shown, does exactly that."""
    if library.request.method == "POST":
        return await _post(library, wants_json)
    args = library.request.args
    selection = PhotoSelection.from_pairs(parse_qsl(library.request.query_string, keep_blank_values=True))
    chosen = QueueFilter() if selection.pairs() else QueueFilter.from_args(args).but(state="open")
    asked = Asked(chosen, _rule(args.get("rule")), upload=args.get("upload") or "", selection=selection)
    return await _show(library, await _with_photos(library, asked), wants_json)


async def _with_photos(library: Library, asked: Asked) -> Asked:
    """The same with the photos of its rows, asked of Datasette itself."""
    photo_ids = await fetch_photo_ids(library, asked.selection)
    return asked if photo_ids is None else replace(asked, photo_ids=tuple(photo_ids))


def _rule(told: str | None) -> str:
    rule = told or "accept"
    if rule not in (*RULES, "keep"):
        raise GphotosError(f"{rule} is no rule to choose by. Known are {', '.join((*RULES, 'keep'))}.")
    return rule


async def _show(library: Library, asked: Asked, wants_json: bool):
    if asked.rule == "keep":
        raise GphotosError("Keeping all is done for groups that were ticked, or group by group.")
    plan, shown = await library.read(_read, library, asked)
    if wants_json:
        return json_answer(_as_json(asked, plan, shown["states"], library))
    first = None if plan.photos else await library.read(_read_first, asked.chosen, library.tables)
    more = {
        "chosen": asked.chosen,
        "plan": plan,
        "fields": asked.fields(),
        "rule": asked.rule,
        "ticked": asked.groups is not None or bool(asked.selection.pairs()),
        "told": ""
        if asked.chosen.is_plain and asked.groups is None and not asked.selection.pairs()
        else f"This is {asked.words()}.",
        "explanation": EXPLANATIONS[asked.rule],
        "button": f"Accept {formatting.count(plan.photos, 'copy', 'copies')}",
        "samples": shown["samples"],
        "limit": REFUSALS_SHOWN,
        "tabs": await fetch_tabs(library, tab_of(asked.chosen), asked.chosen),
        **_nothing(library, asked.chosen, first),
    }
    return await page_answer(library, "gphotos_accept.html", more)


def _read(conn: sqlite3.Connection, library: Library, asked: Asked) -> tuple[AcceptPlan, dict[str, Any]]:
    plan = plan_accept(conn, asked.scope(library.tables))
    return plan, {"states": read_group_states(conn, plan.sample), "samples": read_samples(conn, library, plan.sample_photos)}


def _read_first(conn: sqlite3.Connection, chosen: QueueFilter, tables: frozenset[str]) -> tuple[str | None, int]:
    """The first group of the filter, and how many there are."""
    condition, params = where(chosen, tables)
    count = conn.execute(f"SELECT count(*) FROM groups WHERE {condition}", params).fetchone()[0]
    return read_neighbour(conn, chosen, tables, PageEnd(2**62, ""), True), count


def _nothing(library: Library, chosen: QueueFilter, first: tuple[str | None, int] | None) -> dict[str, Any]:
    """What is said where nothing can be accepted, and the way on."""
    if first is None or first[0] is None:
        return {"nothing": "No open group matches." if first else "", "first_url": None}
    needs = f"{formatting.count(first[1], 'group')} {'needs' if first[1] == 1 else 'need'} your eyes."
    return {"nothing": needs, "first_url": library.group_url(first[0], chosen.query())}


def _as_json(asked: Asked, plan: AcceptPlan, states: list, library: Library) -> dict[str, Any]:
    return {
        "ok": True,
        "filter": {key: value for key, value in vars(asked.chosen).items() if value},
        "rule": asked.rule,
        "photos": plan.photos,
        "groups": plan.groups,
        "bytes": plan.bytes,
        "words": dict(plan.words),
        "refused": plan.refused,
        "reasons": dict(plan.reasons),
        "refusals": [vars(refusal) for refusal in plan.refusals],
        "sample": [group_json(library, state) for state in states],
        "post": {"expected": plan.photos, "digest": plan.digest},
    }


async def _post(library: Library, wants_json: bool):
    body = await read_body(library.request)
    asked = await _with_photos(library, _asked(library, body))
    if asked.rule == "keep":
        return await _keep(library, asked, wants_json)
    told = body.text("expected")
    if not told and (asked.groups is not None or body.text("plan")):
        return await _show(library, asked, wants_json)
    expected = body.number("expected") if told.isascii() and told.isdigit() and len(told) < 16 else told
    if not expected and expected != 0:
        body.number("expected")  # says what is missing
    done = await library.write(save_accept, asked.scope(library.tables), expected, library.actor_id, f"Accepted {asked.words()}")
    if wants_json:
        return json_answer({"ok": True, "batch_id": done.batch_id, "photos": done.photos, "refused": done.refused}, 201)
    left_out = f" {done.refused:,} were left out and are still to look at." if done.refused else ""
    marked = formatting.count(done.photos, "copy is", "copies are")
    _say(library, f"{marked} marked to be removed.{left_out} “Undo my last decision” takes all of it back.")
    return redirect(_back(library, asked))


async def _keep(library: Library, asked: Asked, wants_json: bool):
    if not asked.groups:
        raise GphotosError("Nothing was saved: tick the groups whose photos are all to be kept.")
    told = f"Kept all of {formatting.count(len(asked.groups), 'chosen group')}"
    batch_id = await library.write(save_groups_kept, asked.groups, library.actor_id, told)
    if wants_json:
        return json_answer({"ok": True, "batch_id": batch_id}, 201)
    _say(library, f"{told}. “Undo my last decision” takes it back.")
    return redirect(_back(library, asked))


def _say(library: Library, sentence: str) -> None:
    library.datasette.add_message(library.request, sentence)


def _back(library: Library, asked: Asked) -> str:
    return library.url("duplicates", "uploads") if asked.upload else library.queue_url(asked.chosen.query())


def _asked(library: Library, body: Body) -> Asked:
    """From the body; filter and rule from the address where the body does not say."""
    args = library.request.args
    told = {name: body.text(name, args.get(name) or "") for name in vars(QueueFilter())}
    selection = PhotoSelection.from_pairs(body.pairs())
    told = {} if selection.pairs() else told
    chosen = QueueFilter.from_args({name: value for name, value in told.items() if value}).but(state="open")
    groups = tuple(dict.fromkeys(str(group) for group in body.list("group"))) or None
    rule, upload = _rule(body.text("rule", args.get("rule") or "")), body.text("upload", args.get("upload") or "")
    return Asked(chosen, rule, groups, upload, selection)
