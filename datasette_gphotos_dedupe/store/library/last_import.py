"""What the last import that read all its parts to the end saw, and what it told; forgotten as soon as a row it wrote changes."""

from __future__ import annotations

import sqlite3


def read_last_import(conn: sqlite3.Connection) -> tuple[str, str] | None:
    """(inventory, report) of it; None when there was none, or when anything that it wrote has changed since."""
    row = conn.execute("SELECT inventory, report FROM last_import").fetchone()
    return tuple(row) if row else None


def save_last_import(conn: sqlite3.Connection, inventory: str, report: str) -> None:
    """Keep this one and no other. The caller holds the transaction."""
    conn.execute("DELETE FROM last_import")
    conn.execute("INSERT INTO last_import (inventory, report) VALUES (?, ?)", [inventory, report])
