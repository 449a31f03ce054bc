"""Keeping everything that is open in several groups at once, as one batch that can be taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ...errors import GphotosError
from ..writing import utc_now
from .decisions import finish_batch, read_groups
from .history import open_batch, put_decision


def save_groups_kept(conn: sqlite3.Connection, group_ids: Sequence[str], actor: str | None, description: str) -> int:
    """Decide `keep` for every open photo of these groups; returns the batch. Raises GphotosError when none is open."""
    members = [member for state in read_groups(conn, group_ids) for member in state.members if not member["decision"]]
    if not members:
        raise GphotosError("Nothing was saved: every photo of these groups is decided already.")
    batch_id, now = open_batch(conn, actor, description), utc_now()

    def act() -> None:
        for member in members:
            row = {"decision": "keep", "photo_id": member["photo_id"], "content_a": member["sha1"]}
            put_decision(conn, batch_id, member["photo_id"], {**row, "actor": actor, "decided_at": now, "batch_id": batch_id})

    finish_batch(conn, batch_id, act, [member["photo_id"] for member in members])
    return batch_id
