"""The groups made of pairs, and what they are made from. Writes only what differs from what is there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from ...core.groups.keeper import GroupPhoto
from ...model import Group
from ..rows import in_parts, marks

ITEM_COLUMNS = (
    "photo_id",
    "filename",
    "mime_type",
    "kind",
    "width",
    "height",
    "bytes",
    "taken_at",
    "camera_taken_at",
    "uploaded_at",
    "camera_make",
    "camera_model",
    "latitude",
    "description",
    "favorite",
    "origin",
    "dedup_key",
    "album_only",
    "original_quality",
    "sha1",
    "source",
    "media_key",
    "library_id",
)
# A moving half or an edited rendering is a file of the photo; a film or further pages inside its own file are told by `moves`.
_MORE = """moves OR EXISTS (SELECT 1 FROM files WHERE files.photo_id = photos.photo_id AND role = 'live_video'),
    EXISTS (SELECT 1 FROM files WHERE files.photo_id = photos.photo_id AND role = 'edited')"""
GROUP_COLUMNS = (
    "group_id",
    "keeper_id",
    "relation",
    "size",
    "suggested_count",
    "reclaimable_bytes",
    "taken_year",
    "camera",
    "origin",
)


def read_group_photos(conn: sqlite3.Connection, photo_ids: Iterable[str]) -> dict[str, GroupPhoto]:
    """These photos as the keeper rules see them, with their albums and what was decided."""
    items = {}
    for part in in_parts(sorted(set(photo_ids))):
        mark = marks(part)
        albums: dict[str, list[str]] = {}
        for photo_id, title in conn.execute(
            f"SELECT photo_id, title FROM album_photos JOIN albums USING (album_id) WHERE photo_id IN ({mark}) ORDER BY title",
            part,
        ):
            albums.setdefault(photo_id, []).append(title or "")
        for row in conn.execute(
            f"""SELECT {", ".join("photos." + c for c in ITEM_COLUMNS)}, decision, as_keeper, {_MORE} FROM photos
            LEFT JOIN decisions ON decisions.subject = photos.photo_id WHERE photos.photo_id IN ({mark})""",
            part,
        ):
            values = dict(zip([*ITEM_COLUMNS, "decision", "as_keeper", "moves", "has_edit"], row, strict=True))
            for flag in ("favorite", "album_only", "as_keeper", "moves", "has_edit"):
                values[flag] = bool(values[flag])
            if values["original_quality"] is not None:
                values["original_quality"] = bool(values["original_quality"])
            items[values["photo_id"]] = GroupPhoto(albums=tuple(albums.get(values["photo_id"], ())), **values)
    return items


def read_not_duplicates(conn: sqlite3.Connection) -> set[str]:
    """What a person said is not the same picture, for `told_apart`: by the bytes as they were then, and by the ids as they are."""
    said = set()
    for subject, photo_a, photo_b in conn.execute(
        "SELECT subject, photo_id, photo_b FROM decisions WHERE decision = 'not_duplicate'"
    ):
        said |= {subject, "|".join(sorted((photo_a, photo_b or photo_a)))}
    return said


def told_apart(a: GroupPhoto, b: GroupPhoto, said: set[str]) -> bool:
    """Whether a person said that these are not the same picture.

    Bytes outlive a changed id. Ids outlive bytes that were not known yet, or that Google has compressed since.
    """
    keys = [[key for key in (item.sha1, item.photo_id) if key] for item in (a, b)]
    return any("|".join(sorted((x, y))) in said for x in keys[0] for y in keys[1])


def read_keepers(conn: sqlite3.Connection) -> dict[str, str]:
    """Photo id of each keeper and copy to the keeper of its group."""
    sql = "SELECT photo_id, keeper_id FROM group_members JOIN groups USING (group_id) WHERE role != 'look_alike'"
    return dict(conn.execute(sql))


def read_groups_brief(conn: sqlite3.Connection) -> list[tuple[int, int]]:
    """Of each group: photos suggested for removal, and their bytes."""
    return conn.execute("SELECT suggested_count, reclaimable_bytes FROM groups").fetchall()


def save_groups(conn: sqlite3.Connection, groups: Sequence[Group], items: dict[str, GroupPhoto]) -> int:
    """Make the tables hold exactly these groups, touching only those that differ; how many were written or removed."""
    stored = {row[0]: row for row in conn.execute(f"SELECT {', '.join(GROUP_COLUMNS)} FROM groups")}
    members: dict[str, list[tuple[Any, ...]]] = {}
    for row in conn.execute(
        "SELECT group_id, photo_id, role, relation, reason, suggested FROM group_members ORDER BY group_id, photo_id"
    ):
        members.setdefault(row[0], []).append(row)
    wanted = {group.group_id: (_group_row(group, items), _member_rows(group)) for group in groups}
    changed = [key for key, (row, rows) in wanted.items() if stored.get(key) != row or members.get(key) != rows]
    gone = [key for key in stored if key not in wanted]
    for part in in_parts([*gone, *(key for key in changed if key in stored)]):
        conn.execute(f"DELETE FROM group_members WHERE group_id IN ({marks(part)})", part)
        conn.execute(f"DELETE FROM groups WHERE group_id IN ({marks(part)})", part)
    conn.executemany(
        f"INSERT INTO groups ({', '.join(GROUP_COLUMNS)}) VALUES ({marks(GROUP_COLUMNS)})", [wanted[key][0] for key in changed]
    )
    conn.executemany(
        "INSERT INTO group_members (group_id, photo_id, role, relation, reason, suggested) VALUES (?, ?, ?, ?, ?, ?)",
        [row for key in changed for row in wanted[key][1]],
    )
    return len(changed) + len(gone)


def _group_row(group: Group, items: dict[str, GroupPhoto]) -> tuple[Any, ...]:
    suggested = [items[member.photo_id] for member in group.members if member.suggested == "remove"]
    keeper = items[group.keeper_id]
    year = (keeper.taken_at or "")[:4]
    return (
        group.group_id,
        group.keeper_id,
        group.relation,
        len(group.members),
        len(suggested),
        sum(item.bytes or 0 for item in suggested),
        int(year) if year.isdigit() else None,
        " ".join(name for name in (keeper.camera_make, keeper.camera_model) if name) or None,
        suggested[0].origin if suggested else None,
    )


def _member_rows(group: Group) -> list[tuple[Any, ...]]:
    rows = [(group.group_id, m.photo_id, m.role, m.relation, m.reason, m.suggested) for m in group.members]
    return sorted(rows, key=lambda row: row[1])
