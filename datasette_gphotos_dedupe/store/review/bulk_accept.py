"""Accepting what is suggested for every group that a filter matches, as one batch that can be taken back.

Everything is done in SQL, so 30,000 groups take seconds. Only removable relations, and only where nothing can go wrong;
whatever is less than clear is refused by name and left for the person.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import ConflictError, GphotosError
from ...model import REMOVABLE_RELATIONS, Refusal
from ..rows import AT_ONCE, marks
from ..writing import utc_now
from .history import COLUMNS, ROW_JSON, close_batch, open_batch
from .only_copy import broken_photos, do_watched, told_apart_sql

_RELATIONS = ", ".join(repr(relation) for relation in sorted(REMOVABLE_RELATIONS))
_GONE = "EXISTS (SELECT 1 FROM decisions AS g WHERE g.subject = {0} AND g.decision = 'remove')"
_TWIN_KEPT = """EXISTS (SELECT 1 FROM photos AS t WHERE t.dedup_key = p.dedup_key AND t.photo_id != p.photo_id AND (
    EXISTS (SELECT 1 FROM groups AS tg WHERE tg.keeper_id = t.photo_id)
    OR EXISTS (SELECT 1 FROM decisions AS td WHERE td.subject = t.photo_id AND td.decision = 'keep')))"""
_PAIR = f"""EXISTS (SELECT 1 FROM pairs AS e WHERE e.photo_a = min(p.photo_id, k.photo_id)
    AND e.photo_b = max(p.photo_id, k.photo_id) AND e.relation IN ({_RELATIONS}))"""

# First reason that fits. A keeper that is itself about to go (a chain of groups) is left to the person.
_REASON = f"""CASE
    WHEN p.album_only THEN 'seen only in an album, so it may be somebody else''s'
    WHEN k.trashed OR k.album_only THEN 'its keeper is in the bin or may be somebody else''s'
    WHEN {_GONE.format("k.photo_id")} THEN 'its keeper is decided to be removed'
    WHEN p.dedup_key = k.dedup_key OR {_TWIN_KEPT} THEN 'Google would delete a kept photo with it: both have one content key'
    WHEN NOT {_PAIR} THEN 'it was not verified against its keeper'
    WHEN k.photo_id IN (SELECT photo_id FROM open_members) THEN 'its keeper is itself suggested for removal in another group'
    WHEN EXISTS (SELECT 1 FROM groups AS h WHERE h.keeper_id = p.photo_id) THEN 'it is the keeper of another group'
    WHEN EXISTS (SELECT 1 FROM group_members AS x JOIN groups AS h USING (group_id) WHERE x.photo_id = p.photo_id AND (
        {_GONE.format("h.keeper_id")} OR h.keeper_id IN (SELECT photo_id FROM open_members)))
        THEN 'the keeper of another of its groups is removed'
    END"""


def _candidates(where: str) -> str:
    """Each open photo suggested for removal in a matching group, once, with `reason` NULL when it may be accepted."""
    return f"""WITH open_members AS (
        SELECT m.photo_id, min(m.group_id) AS group_id FROM groups JOIN group_members AS m ON m.group_id = groups.group_id
        LEFT JOIN decisions AS d ON d.subject = m.photo_id
        WHERE groups.group_id IN (SELECT group_id FROM groups WHERE {where})
          AND m.suggested = 'remove' AND m.role = 'copy' AND m.relation IN ({_RELATIONS}) AND d.subject IS NULL
        GROUP BY m.photo_id)
    SELECT c.group_id, p.photo_id, p.filename, p.sha1, p.product_url, coalesce(p.bytes, 0) AS bytes, {_REASON} AS reason
    FROM open_members AS c JOIN photos AS p USING (photo_id)
    JOIN groups AS own ON own.group_id = c.group_id JOIN photos AS k ON k.photo_id = own.keeper_id
    WHERE NOT {told_apart_sql("p", "k")}
    ORDER BY own.reclaimable_bytes DESC, c.group_id DESC, p.photo_id"""


@dataclass(frozen=True)
class BulkPlan:
    """What accepting would do: how many photos of how many groups, the bytes they take, the first ids, and the refusals.

    `reasons` counts all `refused` photos by their reason; `refusals` names the first of them.
    """

    photos: int
    groups: int
    bytes: int
    sample: tuple[str, ...]  # group ids
    refusals: tuple[Refusal, ...]
    refused: int
    reasons: tuple[tuple[str, int], ...] = ()


def plan_bulk(conn: sqlite3.Connection, where: str, params: Mapping[str, Any], refusals: int = 500) -> BulkPlan:
    """What accepting the suggestion for all groups that match would do. Reads only; `where` speaks of `groups`."""
    rows = conn.execute(_candidates(where), params).fetchall()
    accepted = [row for row in rows if row[6] is None]
    groups = list(dict.fromkeys(row[0] for row in accepted))
    refused = [row for row in rows if row[6] is not None]
    return BulkPlan(
        photos=len(accepted),
        groups=len(groups),
        bytes=sum(row[5] for row in accepted),
        sample=tuple(groups[:6]),
        refusals=tuple(Refusal(row[1], f"{row[2] or row[1]}: {row[6]}", row[4]) for row in refused[:refusals]),
        refused=len(refused),
        reasons=tuple(Counter(row[6] for row in refused).most_common()),
    )


@dataclass(frozen=True)
class BulkDone:
    """The batch that was saved, the photos in it, and how many were refused."""

    batch_id: int
    photos: int
    refused: int


def save_bulk(
    conn: sqlite3.Connection, where: str, params: Mapping[str, Any], expected: int, actor: str | None, description: str
) -> BulkDone:
    """Decide `remove` for every photo that `plan_bulk` accepts.

    `expected` is the number of photos the person was shown; when it is another one now, ConflictError and nothing is changed.
    """
    conn.execute("DROP TABLE IF EXISTS temp.chosen")
    conn.execute(f"CREATE TEMP TABLE chosen AS {_candidates(where)}", params)
    refused = conn.execute("DELETE FROM chosen WHERE reason IS NOT NULL").rowcount
    count = conn.execute("SELECT count(*) FROM chosen").fetchone()[0]
    if count != expected:
        raise ConflictError(
            f"Nothing was changed: {expected:,} photos were shown to you, {count:,} match now. "
            "Look at the new number and confirm again."
        )
    if not count:
        raise GphotosError("Nothing was changed: no open photo that matches this filter is suggested for removal.")
    conn.execute("CREATE UNIQUE INDEX temp.chosen_photo ON chosen(photo_id)")
    batch_id = open_batch(conn, actor, description)
    broken, known = do_watched(conn, lambda: _insert(conn, batch_id, actor), "chosen")
    left_out = _take_back(conn, batch_id, [photo_id for photo_id, _ in broken], known)
    _finish(conn, batch_id)
    return BulkDone(batch_id, count - left_out, refused + left_out)


def _insert(conn: sqlite3.Connection, batch_id: int, actor: str | None) -> None:
    conn.execute(
        f"""INSERT INTO decisions ({", ".join(COLUMNS)})
        SELECT photo_id, 'remove', photo_id, NULL, sha1, NULL, 0, NULL, ?, ?, ? FROM chosen ORDER BY photo_id""",
        [actor, utc_now(), batch_id],
    )


def _take_back(conn: sqlite3.Connection, batch_id: int, broken: list[str], known: frozenset[str]) -> int:
    """Leave out the photos of this batch around whatever breaks a safety rule with it; returns how many."""
    left_out = 0
    while broken:
        some = broken[:AT_ONCE]
        removed = conn.execute(
            f"""DELETE FROM decisions WHERE batch_id = ? AND photo_id IN (SELECT photo_id FROM group_members WHERE group_id IN (
                SELECT group_id FROM group_members WHERE photo_id IN ({marks(some)})))""",
            [batch_id, *some],
        ).rowcount
        if not removed:
            raise GphotosError("Nothing was changed: these suggestions contradict each other. Decide the groups one by one.")
        left_out += removed
        broken = [photo_id for photo_id, _ in broken_photos(conn, "chosen") if photo_id not in known]
    return left_out


def _finish(conn: sqlite3.Connection, batch_id: int) -> None:
    from .decisions import refresh_decided_of

    conn.execute(
        f"""INSERT INTO decision_history (batch_id, subject, before, after)
        SELECT batch_id, subject, NULL, {ROW_JSON.format("decisions")} FROM decisions WHERE batch_id = ?""",
        [batch_id],
    )
    refresh_decided_of(conn, "chosen")
    close_batch(conn, batch_id)
    conn.execute("DROP TABLE temp.chosen")
