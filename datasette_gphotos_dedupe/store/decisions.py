"""What a person said: decisions, their history, undo."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

_OPEN_MEMBER = """
    SELECT 1 FROM group_members
    LEFT JOIN decisions ON decisions.subject = group_members.photo_id
    WHERE group_members.group_id = groups.group_id AND group_members.role != 'keeper' AND decisions.subject IS NULL
"""


def refresh_decided(conn: sqlite3.Connection, group_ids: Iterable[str] | None = None) -> None:
    """Set `groups.decided` from the decisions, for these groups or for all. The caller holds the transaction."""
    update = f"UPDATE groups SET decided = NOT EXISTS ({_OPEN_MEMBER})"
    if group_ids is None:
        conn.execute(update)
    else:
        conn.executemany(f"{update} WHERE group_id = ?", [(group_id,) for group_id in group_ids])
