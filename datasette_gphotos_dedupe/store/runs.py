"""Runs and parts: what an import did, and what it already knows. A run that changes nothing leaves no row."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..errors import DatabaseError
from .rows import marks, shape_of
from .writing import transaction, utc_now


@dataclass(frozen=True)
class Known:
    """A file of an earlier run: used for `photo_id`, or skipped with `code`."""

    bytes: int | None
    crc32: int | None
    modified_at: str | None
    photo_id: str | None
    sha1: str | None
    code: str | None = None
    reason: str | None = None


def read_known(conn: sqlite3.Connection, container: str, member: str | None = None) -> dict[str, Known]:
    """The files of a part that earlier runs dealt with, by member; or that one."""
    where, values = "WHERE container = ?", [container]
    if member is not None:
        where, values = f"{where} AND member = ?", [container, member]
    names = ("bytes", "crc32", "modified_at", "photo_id", "sha1")
    used = conn.execute(f"SELECT {', '.join(names)}, member FROM files {where}", values)
    known = {row[-1]: shape_of(Known, names, row[:-1]) for row in used}
    names = ("bytes", "crc32", "modified_at", "code", "reason")
    skipped = conn.execute(f"SELECT {', '.join(names)}, member FROM skipped {where}", values)
    known.update({row[-1]: shape_of(Known, names, row[:-1], photo_id=None, sha1=None) for row in skipped})
    return known


def is_known(conn: sqlite3.Connection, container: str) -> bool:
    """Whether earlier runs dealt with any file of a part."""
    tables = ("files", "skipped")
    return any(conn.execute(f"SELECT 1 FROM {table} WHERE container = ? LIMIT 1", [container]).fetchone() for table in tables)


def read_parts_of(conn: sqlite3.Connection, export_ids: Collection[str]) -> list[tuple[str, int | None, str | None]]:
    """(container, bytes, time) of each part of these exports that was read to its end."""
    rows = conn.execute(
        f"SELECT container, bytes, modified_at FROM parts WHERE state = 'done' AND export_id IN ({marks(export_ids)})",
        list(export_ids),
    )
    return [tuple(row) for row in rows.fetchall()]


def was_broken_as_another_file(conn: sqlite3.Connection, container: str, size: int | None, modified_at: str | None) -> bool:
    """Whether the part was broken when it was read last, and has been replaced since."""
    row = conn.execute("SELECT state, bytes, modified_at FROM parts WHERE container = ?", [container]).fetchone()
    return row is not None and row[0] == "broken" and tuple(row)[1:] != (size, modified_at)


class Run:
    """A row of `runs`, written with the first batch and not before."""

    def __init__(self, conn: sqlite3.Connection, command: str):
        self._conn = conn
        self._command = command
        self._started_at = utc_now()
        self.run_id: int | None = None
        self.counts: Counter[str] = Counter()

    def id(self) -> int:
        """Its number. The caller holds a transaction."""
        if self.run_id is None:
            cursor = self._conn.execute("INSERT INTO runs (command, started_at) VALUES (?, ?)", [self._command, self._started_at])
            self.run_id = cursor.lastrowid
        return self.run_id  # type: ignore[return-value]

    def save_counts(self) -> None:
        """Bring the row up to date. The caller holds a transaction."""
        if self.run_id is not None:
            names = ("files_seen", "files_used", "files_skipped", "photos_added", "photos_updated")
            self._conn.execute(
                f"UPDATE runs SET {', '.join(f'{name} = ?' for name in names)} WHERE run_id = ?",
                [*(self.counts[name] for name in names), self.run_id],
            )

    def abandon(self) -> None:
        """Mark the run as failed if the database still takes it; the error that ended it is told anyway."""
        with contextlib.suppress(DatabaseError, sqlite3.Error):
            self.finish("failed")

    def finish(self, state: str, message: str | None = None, concluded: str | None = None) -> None:
        """End the run, if it wrote anything."""
        if self.run_id is None:
            return
        with transaction(self._conn):
            self.save_counts()
            self._conn.execute(
                "UPDATE runs SET state = ?, finished_at = ?, message = ?, concluded = ? WHERE run_id = ?",
                [state, utc_now(), message, concluded, self.run_id],
            )


def save_part(conn: sqlite3.Connection, row: dict[str, Any], run: Run) -> bool:
    """Save the account of a part when it differs from the one saved. Returns whether anything was written."""
    old = conn.execute(f"SELECT {', '.join(row)} FROM parts WHERE container = ?", [row["container"]]).fetchone()
    if old is not None and tuple(old) == tuple(row.values()):
        return False
    with transaction(conn):
        names = [*row, "run_id"]
        conn.execute(f"INSERT OR REPLACE INTO parts ({', '.join(names)}) VALUES ({marks(names)})", [*row.values(), run.id()])
    return True


def read_last_import(conn: sqlite3.Connection) -> tuple[str, str] | None:
    """(inventory, report) of it; None when there was none, or when anything that it wrote has changed since."""
    row = conn.execute("SELECT inventory, report FROM last_import").fetchone()
    return tuple(row) if row else None


def save_last_import(conn: sqlite3.Connection, inventory: str, report: str) -> None:
    """Keep this one and no other. The caller holds the transaction."""
    conn.execute("DELETE FROM last_import")
    conn.execute("INSERT INTO last_import (inventory, report) VALUES (?, ?)", [inventory, report])
