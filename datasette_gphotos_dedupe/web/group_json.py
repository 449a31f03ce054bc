"""A group as JSON. Only what the tables show that the actor may view."""

from __future__ import annotations

from typing import Any

from ..store.decisions import GroupState
from .library import Library

MEMBER_KEYS = (
    "photo_id",
    "role",
    "relation",
    "reason",
    "suggested",
    "decision",
    "note",
    "actor",
    "decided_at",
    "filename",
    "mime_type",
    "width",
    "height",
    "bytes",
    "taken_at",
    "camera_make",
    "camera_model",
    "origin",
    "product_url",
)


def group_json(library: Library, state: GroupState) -> dict[str, Any]:
    """The group's row, its members with their decisions, and `seen`, to be sent back with a decision."""
    members = []
    for member in state.members:
        shown = {key: member.get(key) for key in MEMBER_KEYS}
        if "thumbnails" in library.tables:
            shown["thumbnail_url"] = library.thumbnail_url(member["photo_id"])
        members.append(shown)
    return {**state.group, "url": library.group_url(state.group["group_id"]), "seen": state.seen, "members": members}
