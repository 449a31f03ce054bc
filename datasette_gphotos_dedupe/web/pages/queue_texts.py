"""How a group is put in the list of the queue: plain texts and addresses, made before the template runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ... import captions, formatting
from ...store.review.decisions import GroupState
from ..site.request_database import Library
from .queue_filters import QueueFilter

SHOWN_COPIES = 4
BOX = (320, 240)  # of a preview whose photo's size is not known


@dataclass(frozen=True)
class Box:
    """The picture of one member. `src` is None where previews may not be seen; width and height are of the photo, for its place."""

    src: str | None
    css: str
    word: str  # Stays, Goes, You decide
    caption: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Line:
    """One group of the list. `goes` and `asks` are what a selection counts: copies that wait, and names of what nothing proves."""

    group_id: str
    url: str
    compare_url: str
    keeper: Box
    copies: list[Box]
    css: str  # how the copies stand
    more: int  # members beyond the boxes
    name: str
    facts: str
    decided: bool
    goes: int
    bytes: int
    asks: str
    seen: str


def lines_of(library: Library, states: list[GroupState], chosen: QueueFilter) -> list[Line]:
    """The groups as the list shows them; their links keep the filter."""
    query = chosen.query()
    return [_line(library, state, query) for state in states]


def _line(library: Library, state: GroupState, query: str) -> Line:
    group, keeper, others = state.group, state.members[0], state.members[1:]
    waiting = [member for member in others if member["suggested"] == "remove" and not member["decision"]]
    asks = [captions.short_name(member) for member in others if captions.role_of(member) == captions.ASKS]
    first = next((member for member in others if captions.role_of(member) == captions.ASKS), (others or [keeper])[0])
    return Line(
        group_id=group["group_id"],
        url=library.group_url(group["group_id"], query),
        compare_url=library.compare_url(group["group_id"], first["photo_id"], query),
        keeper=_box(library, keeper, keeper),
        copies=[_box(library, member, keeper) for member in others[:SHOWN_COPIES]],
        css={1: "", 2: " gp-two"}.get(min(len(others), SHOWN_COPIES), " gp-many"),
        more=max(0, len(others) - SHOWN_COPIES),
        name=captions.short_name(keeper),
        facts=_facts(group),
        decided=bool(group["decided"]),
        goes=len(waiting),
        bytes=sum(member["bytes"] or 0 for member in waiting),
        asks="; ".join(asks[:3]),
        seen=state.seen,
    )


def _box(library: Library, member: dict[str, Any], keeper: dict[str, Any]) -> Box:
    role = captions.role_of(member)
    is_keeper = member is keeper
    told = captions.keeper_caption(keeper) if is_keeper else captions.copy_caption(member, keeper)
    name = captions.short_name(member)
    return Box(
        src=library.thumbnail_url(member["photo_id"]) if "thumbnails" in library.tables else None,
        css=f"gp-{role}",
        word=captions.ROLE_WORDS[role],
        caption=told,
        alt=f"{name}, the photo that stays" if is_keeper and role == captions.STAYS else name,
        width=member["width"] or BOX[0],
        height=member["height"] or BOX[1],
    )


def _facts(group: dict[str, Any]) -> str:
    """``3 photos, 1.2 MB to gain``."""
    gain = f"{formatting.size(group['waiting_bytes'])} to gain" if group["waiting_bytes"] and not group["decided"] else ""
    return ", ".join(fact for fact in (formatting.count(group["size"], "photo"), gain) if fact)
