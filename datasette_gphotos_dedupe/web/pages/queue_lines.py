"""How a group is put in the list of the queue: plain texts and addresses, made before the template runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ... import words
from ...store.review.decisions import GroupState
from ..site.access import Library
from .queue_filters import QueueFilter

SHOWN_MEMBERS = 4


@dataclass(frozen=True)
class Box:
    """The preview of one member. `src` is None where previews may not be seen."""

    src: str | None
    css: str


@dataclass(frozen=True)
class Line:
    """One group of the list."""

    group_id: str
    url: str
    boxes: list[Box]
    more: int  # members beyond the boxes
    name: str
    facts: str
    reason: str  # of the first photo that something is said about, in words
    gain: str
    decided: bool
    acceptable: bool
    seen: str


def lines_of(library: Library, states: list[GroupState], chosen: QueueFilter) -> list[Line]:
    """The groups as the list shows them; their links keep the filter."""
    query = chosen.query()
    return [_line(library, state, query) for state in states]


def _line(library: Library, state: GroupState, query: str) -> Line:
    group, keeper = state.group, state.members[0]
    return Line(
        group_id=group["group_id"],
        url=library.group_url(group["group_id"], query),
        boxes=[_box(library, member) for member in state.members[:SHOWN_MEMBERS]],
        more=max(0, len(state.members) - SHOWN_MEMBERS),
        name=keeper["filename"] or keeper["photo_id"],
        facts=_facts(group),
        reason=_reason(state),
        gain=_gain(group, keeper),
        decided=bool(group["decided"]),
        acceptable=bool(group["suggested_count"]) and not group["decided"],
        seen=state.seen,
    )


def _box(library: Library, member: dict[str, Any]) -> Box:
    leaves = member["decision"] == "remove" or (not member["decision"] and member["suggested"] == "remove")
    css = "gp-box" + (" gp-is-keeper" if member["role"] == "keeper" else "") + (" gp-is-remove" if leaves else "")
    src = library.thumbnail_url(member["photo_id"]) if "thumbnails" in library.tables else None
    return Box(src, css)


def _facts(group: dict[str, Any]) -> str:
    known = (words.RELATION_LABELS[group["relation"]], words.count(group["size"], "photo"), group["taken_year"], group["camera"])
    return " · ".join(str(fact) for fact in known if fact)


def _reason(state: GroupState) -> str:
    others = [member for member in state.members if member["role"] != "keeper"]
    told = [member for member in others if member["suggested"] == "remove"] or others
    more = f" (and {len(told) - 1:,} more)" if len(told) > 1 else ""
    return f"{told[0]['filename'] or told[0]['photo_id']}: {told[0]['reason']}{more}" if told else ""


def _gain(group: dict[str, Any], keeper: dict[str, Any]) -> str:
    if not group["suggested_count"]:
        return "nothing is suggested: you decide"
    copies = words.count(group["suggested_count"], "copy", "copies")
    return f"keeps {words.dimensions(keeper)}; {copies} suggested, {words.size(group['reclaimable_bytes'])} to gain"
