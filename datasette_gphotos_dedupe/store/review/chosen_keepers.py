"""Making another photo the keeper of its group, and taking that back.

Members were verified against the old keeper. Against the new one only stored pairs speak; a member without one is shown as a
look-alike and nothing is suggested for it until photos are matched again. What is suggested obeys the rules of matching.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from ...core.groups.building import edge
from ...core.groups.keeper import GroupPhoto, Policy
from ...core.groups.reasons import held_back, why_not_suggested
from ...errors import GphotosError
from ...model import DIFFERENT_RELATIONS, RELATIONS
from ..matching.calibration import read_caution, read_doubts
from ..matching.groups import read_group_photos
from ..matching.last_match import read_match_state
from ..writing import utc_now
from .decisions import GroupState, check_seen, finish_batch, read_group
from .history import GROUP_PREFIX, add_history, open_batch, put_decision

_GROUP_COLUMNS = ("keeper_id", "relation", "suggested_count", "reclaimable_bytes")
_MEMBER_COLUMNS = ("photo_id", "role", "relation", "reason", "suggested")


def save_keeper(conn: sqlite3.Connection, group_id: str, photo_id: str, actor: str | None, seen: str) -> int:
    """Make this member the keeper of its group; returns the batch. Raises ConflictError, SafetyError."""
    state = read_group(conn, group_id)
    check_seen(state, seen)
    chosen = next((member for member in state.members if member["photo_id"] == photo_id), None)
    if chosen is None:
        raise GphotosError(f"Nothing was changed: {photo_id} is not a photo of this group.")
    if photo_id == state.keeper_id:
        raise GphotosError(f"Nothing was changed: {chosen['filename']} is the keeper already.")
    batch_id = open_batch(conn, actor, f"{chosen['filename']} made the keeper")

    def act() -> None:
        before = _snapshot(conn, group_id)
        _mark_decisions(conn, batch_id, state, chosen, actor)
        _turn_group(conn, state, chosen)
        add_history(conn, batch_id, GROUP_PREFIX + group_id, before, _snapshot(conn, group_id))

    finish_batch(conn, batch_id, act, [member["photo_id"] for member in state.members])
    return batch_id


def _mark_decisions(
    conn: sqlite3.Connection, batch_id: int, state: GroupState, chosen: dict[str, Any], actor: str | None
) -> None:
    common = {"actor": actor, "decided_at": utc_now(), "batch_id": batch_id}
    for member in state.members:
        if member["as_keeper"] and member is not chosen and member["decision"] == "keep":
            row = {
                **common,
                "decision": "keep",
                "photo_id": member["photo_id"],
                "content_a": member["sha1"],
                "note": member["note"],
            }
            put_decision(conn, batch_id, member["photo_id"], row)
    row = {**common, "decision": "keep", "photo_id": chosen["photo_id"], "content_a": chosen["sha1"], "as_keeper": 1}
    put_decision(conn, batch_id, chosen["photo_id"], row)


def _turn_group(conn: sqlite3.Connection, state: GroupState, chosen: dict[str, Any]) -> None:
    group_id = state.group["group_id"]
    items = read_group_photos(conn, [member["photo_id"] for member in state.members])
    policy = Policy.from_json(read_match_state(conn, "policy") or Policy().as_json())
    suggested: list[dict[str, Any]] = []
    relations = []
    for member in state.members:
        role, relation, reason, suggestion = _new_role(conn, items[member["photo_id"]], items[chosen["photo_id"]], policy)
        if suggestion == "remove":
            suggested.append(member)
        if relation:
            relations.append(relation)
        conn.execute(
            "UPDATE group_members SET role = ?, relation = ?, reason = ?, suggested = ? WHERE group_id = ? AND photo_id = ?",
            [role, relation, reason, suggestion, group_id, member["photo_id"]],
        )
    conn.execute(
        "UPDATE groups SET keeper_id = ?, relation = ?, suggested_count = ?, reclaimable_bytes = ? WHERE group_id = ?",
        [
            chosen["photo_id"],
            min(relations, key=RELATIONS.index),
            len(suggested),
            sum(member["bytes"] or 0 for member in suggested),
            group_id,
        ],
    )


def _new_role(
    conn: sqlite3.Connection, item: GroupPhoto, chosen: GroupPhoto, policy: Policy
) -> tuple[str, str | None, str, str | None]:
    if item.photo_id == chosen.photo_id:
        return "keeper", None, "you chose it as the keeper", "keep"
    ends = edge(item.photo_id, chosen.photo_id)
    pair = conn.execute("SELECT relation, evidence FROM pairs WHERE photo_a = ? AND photo_b = ?", ends).fetchone()
    if pair is None:
        return "look_alike", "look_alike", "not compared with the keeper you chose", None
    relation, evidence = pair
    if relation in DIFFERENT_RELATIONS or (item.dedup_key is not None and item.dedup_key == chosen.dedup_key):
        return "look_alike", relation, evidence, None
    doubt = why_not_suggested(item, chosen, relation, policy) or read_doubts(conn, read_caution(conn), ends).get(ends)
    return "copy", relation, held_back(evidence, doubt) if doubt else evidence, None if doubt else "remove"


def _snapshot(conn: sqlite3.Connection, group_id: str) -> str | None:
    group = conn.execute(f"SELECT {', '.join(_GROUP_COLUMNS)} FROM groups WHERE group_id = ?", [group_id]).fetchone()
    if group is None:
        return None
    members = conn.execute(
        f"SELECT {', '.join(_MEMBER_COLUMNS)} FROM group_members WHERE group_id = ? ORDER BY photo_id", [group_id]
    ).fetchall()
    return json.dumps({"group": list(group), "members": [list(member) for member in members]})


def restore_groups(conn: sqlite3.Connection, batch_id: int, new_batch: int) -> None:
    """Give groups of this batch their former keeper, where they still are as the batch left them."""
    sql = "SELECT subject, before, after FROM decision_history WHERE batch_id = ? AND subject LIKE ?"
    for subject, before, after in conn.execute(sql, [batch_id, f"{GROUP_PREFIX}%"]).fetchall():
        group_id = subject[len(GROUP_PREFIX) :]
        if _snapshot(conn, group_id) != after:
            continue  # matched again since: the decisions speak, the group is somebody else's work now
        kept = json.loads(before)
        assignments = ", ".join(f"{name} = ?" for name in _GROUP_COLUMNS)
        conn.execute(f"UPDATE groups SET {assignments} WHERE group_id = ?", [*kept["group"], group_id])
        for photo_id, *values in kept["members"]:
            sets = ", ".join(f"{name} = ?" for name in _MEMBER_COLUMNS[1:])
            conn.execute(f"UPDATE group_members SET {sets} WHERE group_id = ? AND photo_id = ?", [*values, group_id, photo_id])
        add_history(conn, new_batch, subject, after, before)
