"""The step for what the queue counts: copies that still wait for a decision, and how many of the groups have some.

A suggestion that was accepted is no longer offered, counted or weighed, also where the rest of its group is still open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_KEYS = "relation, decided, taken_year, camera, origins, size, proved"


def _key(row: str) -> str:
    return f"""{row}.relation, {row}.decided, coalesce({row}.taken_year, 0), coalesce({row}.camera, ''), {row}.origins,
    {row}.size, {row}.waiting_count > 0"""


def _alike(row: str) -> str:
    """The groups that are like this row, as a condition about `group_counts`."""
    return f"""relation = {row}.relation AND decided = {row}.decided AND taken_year = coalesce({row}.taken_year, 0)
    AND camera = coalesce({row}.camera, '') AND origins = {row}.origins AND size = {row}.size
    AND proved = ({row}.waiting_count > 0)"""


_COUNT_NEW = f"""INSERT INTO group_counts VALUES ({_key("new")}, 1, new.waiting_count, new.waiting_bytes)
  ON CONFLICT ({_KEYS})
  DO UPDATE SET groups = groups + 1, waiting_count = waiting_count + excluded.waiting_count,
    waiting_bytes = waiting_bytes + excluded.waiting_bytes;"""
_COUNT_OLD = f"""UPDATE group_counts SET groups = groups - 1, waiting_count = waiting_count - old.waiting_count,
    waiting_bytes = waiting_bytes - old.waiting_bytes WHERE {_alike("old")};
  DELETE FROM group_counts WHERE {_alike("old")} AND groups = 0;"""

_WAITING = """FROM group_members AS m JOIN photos AS p ON p.photo_id = m.photo_id
    LEFT JOIN decisions AS d ON d.subject = m.photo_id
    WHERE m.group_id = groups.group_id AND m.role != 'keeper' AND +m.suggested = 'remove' AND d.subject IS NULL"""

FILL_WAITING = f"UPDATE groups SET (waiting_count, waiting_bytes) = (SELECT count(*), coalesce(sum(p.bytes), 0) {_WAITING})"

# Of all its photos, not only of those suggested: who looks for what a program uploaded wants the groups with any of them.
FILL_ORIGINS = """UPDATE groups SET origins = coalesce((SELECT '|' || group_concat(origin, '|') || '|' FROM (
    SELECT DISTINCT p.origin FROM group_members AS m JOIN photos AS p ON p.photo_id = m.photo_id
    WHERE m.group_id = groups.group_id AND p.origin != '' ORDER BY p.origin)), '')"""

FILL_COUNTS = f"""INSERT INTO group_counts SELECT {_key("groups")}, count(*), sum(waiting_count), sum(waiting_bytes)
  FROM groups GROUP BY 1, 2, 3, 4, 5, 6, 7"""

# The sums of m001 counted what was ever suggested; the names of its triggers are kept, so that no file has two sets of them.
_WAITING_STEPS = (
    *(f"DROP TRIGGER groups_counted_{action}" for action in ("insert", "delete", "update")),
    "DROP TABLE group_counts",
    "DROP INDEX groups_space",
    "DROP INDEX groups_alike",
    "ALTER TABLE groups ADD COLUMN waiting_count INTEGER NOT NULL DEFAULT 0",  # suggested members that nobody has decided
    "ALTER TABLE groups ADD COLUMN waiting_bytes INTEGER NOT NULL DEFAULT 0",  # bytes of those members
    "ALTER TABLE groups ADD COLUMN origins TEXT NOT NULL DEFAULT ''",  # how any of its photos came into Google Photos, between bars
    FILL_ORIGINS,
    f"{FILL_WAITING} WHERE suggested_count > 0",
    """CREATE INDEX groups_space
  ON groups(decided, reclaimable_bytes, group_id, relation, taken_year, camera, origins, size, waiting_count)""",
    """CREATE INDEX groups_alike
  ON groups(relation, decided, taken_year, camera, origins, size, waiting_count, waiting_bytes, reclaimable_bytes, group_id)""",
    f"""CREATE TABLE group_counts (
  relation TEXT NOT NULL,
  decided INTEGER NOT NULL,
  taken_year INTEGER NOT NULL, -- 0 when unknown
  camera TEXT NOT NULL,        -- empty when unknown
  origins TEXT NOT NULL,       -- between bars; empty when unknown
  size INTEGER NOT NULL,
  proved INTEGER NOT NULL,     -- 1 when a suggested copy waits in each of them
  groups INTEGER NOT NULL,     -- how many groups are like this: kept up to date by triggers
  waiting_count INTEGER NOT NULL,  -- how many suggested copies wait in them
  waiting_bytes INTEGER NOT NULL,  -- what these weigh
  PRIMARY KEY ({_KEYS})
)""",
    FILL_COUNTS,
    f"CREATE TRIGGER groups_counted_insert AFTER INSERT ON groups BEGIN {_COUNT_NEW} END",
    f"CREATE TRIGGER groups_counted_delete AFTER DELETE ON groups BEGIN {_COUNT_OLD} END",
    f"""CREATE TRIGGER groups_counted_update
AFTER UPDATE OF relation, decided, taken_year, camera, origins, size, waiting_count, waiting_bytes ON groups
WHEN (old.relation, old.decided, old.size, old.waiting_count, old.waiting_bytes)
  != (new.relation, new.decided, new.size, new.waiting_count, new.waiting_bytes)
  OR old.taken_year IS NOT new.taken_year OR old.camera IS NOT new.camera OR old.origins != new.origins
BEGIN {_COUNT_OLD} {_COUNT_NEW} END""",
)


def m009_waiting(db: Database) -> None:
    """What the queue counts follows the decisions: only copies that still wait are offered, counted and weighed."""
    for statement in _WAITING_STEPS:
        db.execute(statement)
