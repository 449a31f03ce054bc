"""Pairs to look at before many photos are decided at once: what stays, beside what goes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ... import captions, formatting
from ...store.rows import marks, read_rows
from ..site.request_database import Library


def read_samples(conn: sqlite3.Connection, library: Library, pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """For each (photo that goes, photo that stays): both rows, the name of the latter, a few words, and where they are compared."""
    ids = [photo_id for pair in pairs for photo_id in pair]
    photos = {row["photo_id"]: row for row in read_rows(conn, f"SELECT * FROM photos WHERE photo_id IN ({marks(ids)})", ids)}
    found = [_sample(conn, library, photos[goes], photos[stays]) for goes, stays in pairs if goes in photos and stays in photos]
    return found


def _sample(conn: sqlite3.Connection, library: Library, goes: dict[str, Any], stays: dict[str, Any]) -> dict[str, Any]:
    row = conn.execute(
        """SELECT group_id FROM group_members AS m WHERE photo_id = ? AND EXISTS (
            SELECT 1 FROM group_members AS k WHERE k.group_id = m.group_id AND k.photo_id = ?) ORDER BY group_id LIMIT 1""",
        [goes["photo_id"], stays["photo_id"]],
    ).fetchone()
    name = captions.short_name(stays)
    return {
        "url": library.compare_url(row[0], goes["photo_id"], a=stays["photo_id"])
        if row
        else library.row_url("photos", goes["photo_id"]),
        "stays": stays,
        "goes": goes,
        "name": name,
        "copy_name": f"the copy of {name}",
        "told": _told(goes, stays),
    }


def _told(goes: dict[str, Any], stays: dict[str, Any]) -> str:
    if goes["width"] and stays["width"] and goes["width"] != stays["width"]:
        return f"{stays['width']:,} px wide, its copy {goes['width']:,}"
    return f"{formatting.size(stays['bytes'])}, its copy {formatting.size(goes['bytes'])}"
