"""What must be remembered about Google between runs, a name and a JSON value each."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from ..writing import part_of_transaction

PICKING = "picking_session"  # the id of a session whose photos are not all saved yet
LOADS = "picture_loads"  # how many pictures were loaded, and until when they count


def read_state(conn: sqlite3.Connection, name: str) -> Any:
    """The value, or None."""
    row = conn.execute("SELECT value FROM google_state WHERE name = ?", [name]).fetchone()
    return json.loads(row[0]) if row else None


def save_state(conn: sqlite3.Connection, name: str, value: Any) -> None:
    """Remember a value; None forgets it. A transaction of its own, or a part of the one the caller holds."""
    with part_of_transaction(conn):
        if value is None:
            conn.execute("DELETE FROM google_state WHERE name = ?", [name])
        else:
            conn.execute("INSERT OR REPLACE INTO google_state (name, value) VALUES (?, ?)", [name, json.dumps(value)])
