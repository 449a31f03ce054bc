"""A group as JSON. Only what the tables show that the actor may view."""

from __future__ import annotations

from typing import Any

from ...formatting import web_link
from ...store.review.decisions import GroupState
from ..site.request_database import Library

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
    members = [member_json(library, member) for member in state.members]
    return {**state.group, "url": library.group_url(state.group["group_id"]), "seen": state.seen, "members": members}


def member_json(library: Library, member: dict[str, Any]) -> dict[str, Any]:
    """One member of a group."""
    shown = {key: member.get(key) for key in MEMBER_KEYS}
    shown["product_url"] = web_link(member.get("product_url"))
    if "thumbnails" in library.tables:
        shown["thumbnail_url"] = library.thumbnail_url(member["photo_id"])
    return shown
