"""The table `staged_readings`: what was read of a tgz before its sidecars were known."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from ...model import File, Fingerprint, Reading, Thumbnail, Trouble


def save_staged(conn: sqlite3.Connection, results: Iterable[tuple[File, Reading | Trouble]]) -> None:
    """Save readings. The caller holds the transaction."""
    rows = []
    for file, outcome in results:
        thumbnail = outcome.thumbnail if isinstance(outcome, Reading) else None
        plain = replace(outcome, thumbnail=None) if isinstance(outcome, Reading) else outcome
        value = {"thumbnail_size": (thumbnail.width, thumbnail.height) if thumbnail else None, **asdict(plain)}
        content = thumbnail.content if thumbnail else None
        rows.append((file.container, file.member, file.bytes, file.modified_at, json.dumps(value), content))
    conn.executemany(
        "INSERT OR REPLACE INTO staged_readings (container, member, bytes, modified_at, outcome, thumbnail) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )


def read_staged(conn: sqlite3.Connection, file: File) -> Reading | Trouble | None:
    """The reading of exactly this file, or None."""
    row = conn.execute(
        "SELECT outcome, thumbnail FROM staged_readings WHERE container = ? AND member = ? AND bytes IS ? AND modified_at IS ?",
        [file.container, file.member, file.bytes, file.modified_at],
    ).fetchone()
    if row is None:
        return None
    value = json.loads(row[0])
    size = value.pop("thumbnail_size")
    if "sha1" not in value:
        return Trouble(**value)
    if value["fingerprint"]:
        value["fingerprint"] = Fingerprint(**value["fingerprint"])
    value["extras"] = tuple(value.get("extras", ()))
    value["thumbnail"] = Thumbnail(row[1], *size) if size else None
    return Reading(**value)


def read_staged_keys(conn: sqlite3.Connection, container: str) -> set[tuple[Any, ...]]:
    """(member, bytes, modified_at) of what is staged of a container."""
    rows = conn.execute("SELECT member, bytes, modified_at FROM staged_readings WHERE container = ?", [container])
    return {tuple(row) for row in rows}


def delete_staged(conn: sqlite3.Connection, containers: Iterable[str]) -> None:
    """Drop the readings of these containers. The caller holds the transaction."""
    conn.executemany("DELETE FROM staged_readings WHERE container = ?", [(container,) for container in containers])
