"""What the page of one group reads beside its members: evidence, edges left out, albums, people, files, neighbours."""

from __future__ import annotations

import sqlite3
from typing import Any

from ... import formatting
from ...store.review.decisions import GroupState, read_group
from ...store.review.may_go import unproved
from ...store.rows import marks, read_rows
from .queue_filters import PageEnd, QueueFilter
from .queue_rows import read_neighbour


def read_details(conn: sqlite3.Connection, group_id: str, tables: frozenset[str], chosen: QueueFilter) -> dict[str, Any]:
    """Everything the page of a group shows, from the tables that may be seen. Raises NotFoundError."""
    state = read_group(conn, group_id, "decisions" in tables)
    place = PageEnd.of(state.group)
    pairs = read_pairs_of_members(conn, state) if "pairs" in tables else []
    ids = [member["photo_id"] for member in state.members]
    details = {photo_id: _details(conn, photo_id, tables) for photo_id in ids}
    return {
        "state": state,
        "evidence": {
            _other(pair, state.keeper_id): pair for pair in pairs if state.keeper_id in _ends(pair) and _inside(pair, ids)
        },
        "left_out": [pair for pair in pairs if not (state.keeper_id in _ends(pair) and _inside(pair, ids))],
        "table": differences(state, details),
        "details": details,
        "unproved": read_unproved(conn, state, tables),
        "next_id": read_neighbour(conn, chosen, tables, place, True),
        "previous_id": read_neighbour(conn, chosen, tables, place, False),
    }


def read_unproved(conn: sqlite3.Connection, state: GroupState, tables: frozenset[str]) -> dict[str, str]:
    """For each member whose removal nothing proves the sentence that is said when it is chosen."""
    if not {"decisions", "pairs"} <= tables:
        return {}
    return unproved(conn, [member["photo_id"] for member in state.members if member["photo_id"] != state.keeper_id])


def _ends(pair: dict[str, Any]) -> tuple[str, str]:
    return pair["photo_a"], pair["photo_b"]


def _inside(pair: dict[str, Any], ids: list[str]) -> bool:
    return pair["photo_a"] in ids and pair["photo_b"] in ids


def _other(pair: dict[str, Any], photo_id: str) -> str:
    return pair["photo_b"] if pair["photo_a"] == photo_id else pair["photo_a"]


def read_pairs_of_members(conn: sqlite3.Connection, state: GroupState, limit: int = 200) -> list[dict[str, Any]]:
    """The `limit` closest stored pairs that touch one of the first 400 members, with names and the other photo's group."""
    ids = [member["photo_id"] for member in state.members][:400]
    mark = marks(ids)
    return read_rows(
        conn,
        f"""SELECT e.*, a.filename AS name_a, b.filename AS name_b,
            (SELECT min(group_id) FROM group_members WHERE photo_id = e.photo_a AND group_id != ?) AS group_a,
            (SELECT min(group_id) FROM group_members WHERE photo_id = e.photo_b AND group_id != ?) AS group_b
        FROM (SELECT * FROM pairs WHERE photo_a IN ({mark}) UNION SELECT * FROM pairs WHERE photo_b IN ({mark})) AS e
        JOIN photos AS a ON a.photo_id = e.photo_a JOIN photos AS b ON b.photo_id = e.photo_b
        ORDER BY e.distance_bits, e.photo_a, e.photo_b LIMIT {limit}""",
        [state.group["group_id"]] * 2 + ids * 2,
    )


def _details(conn: sqlite3.Connection, photo_id: str, tables: frozenset[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"albums": None, "people": None, "files": None}
    if {"albums", "album_photos"} <= tables:
        sql = "SELECT title FROM album_photos JOIN albums USING (album_id) WHERE photo_id = ? ORDER BY title LIMIT 50"
        found["albums"] = [row[0] or "untitled" for row in conn.execute(sql, [photo_id])]
    if {"people", "photo_people"} <= tables:
        sql = "SELECT name FROM photo_people JOIN people USING (person_id) WHERE photo_id = ? ORDER BY name LIMIT 50"
        found["people"] = [row[0] for row in conn.execute(sql, [photo_id])]
    if "files" in tables:
        sql = "SELECT role, container, member FROM files WHERE photo_id = ? ORDER BY role, member LIMIT 20"
        found["files"] = [
            f"{row[2]} in {row[1].replace(chr(92), '/').rpartition('/')[2]}" for row in conn.execute(sql, [photo_id])
        ]
    return found


def differences(state: GroupState, details: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each property: its name, the value of each member as text, and whether they differ.

    `cells` says of each value how it stands to the keeper's, the first: same, differs, or only (a copy has what the keeper lacks).
    """
    rows = []
    for name, value_of in _PROPERTIES:
        values = [value_of({**member, **details[member["photo_id"]]}) or "" for member in state.members]
        if any(values):
            cells = [("", values[0]), *((_stands(name, value, values[0]), value) for value in values[1:])]
            rows.append({"name": name, "values": values, "differs": len(set(values)) > 1, "cells": cells})
    return rows


_LOST_WITH_A_COPY = ("Albums", "Description", "People", "Place")


def _stands(name: str, value: str, kept: str) -> str:
    if value == kept or value in ("", "none"):
        return "same"
    if name in _LOST_WITH_A_COPY and not set(value.split(", ")) <= set(kept.split(", ")):
        return "only"
    return "differs"


def _yes(name: str):
    return lambda photo: {0: "no", 1: "yes"}.get(photo.get(name))


def _listed(name: str):
    return lambda photo: None if photo.get(name) is None else ", ".join(photo[name]) or "none"


_PROPERTIES = (
    ("Pixels", formatting.dimensions),
    ("Size", lambda photo: formatting.size(photo.get("bytes"))),
    ("Format", formatting.format_name),
    ("Taken", lambda photo: formatting.moment(photo.get("taken_at"))),
    ("Time known from", lambda photo: photo.get("taken_at_source")),
    ("Camera clock", lambda photo: formatting.moment(photo.get("camera_taken_at"))),
    ("Camera", formatting.camera),
    ("Uploaded", lambda photo: formatting.moment(photo.get("uploaded_at"))),
    ("Uploaded by", lambda photo: formatting.origin(photo["origin"]) if photo.get("origin") else None),
    ("Albums", _listed("albums")),
    ("Favourite", _yes("favorite")),
    ("Archived", _yes("archived")),
    ("In the bin", _yes("trashed")),
    ("Only in an album", _yes("album_only")),
    ("Original quality", _yes("original_quality")),
    ("Description", lambda photo: photo.get("description")),
    ("People", _listed("people")),
    ("Length", lambda photo: f"{photo['duration_s']:.1f} s" if photo.get("duration_s") else None),
    ("Place", lambda photo: f"{photo['latitude']:.5f}, {photo['longitude']:.5f}" if photo.get("latitude") is not None else None),
    ("Files", _listed("files")),
)
