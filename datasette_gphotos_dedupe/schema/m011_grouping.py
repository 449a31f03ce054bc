"""The step that lets a match know that its groups are still those of the pairs, photos and decisions that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_TABLE = """CREATE TABLE last_grouping (
  grouper TEXT PRIMARY KEY,    -- what made the groups that there are, and by which keeper rules, or a word while it does
  groups INTEGER               -- how many. The row goes as soon as anything changes that they were made of
)"""

_MADE_OF = ("photos", "pairs", "different_pairs", "decisions", "albums", "album_photos", "judgements", "groups", "group_members")
_MADE_OF_PART = {"files": "photo_id, role", "match_state": "value"}  # of these, an update of other columns says nothing new


def m011_grouping(db: Database) -> None:
    """What groups were made by last, forgotten with the first change of anything that they are made of, or of themselves."""
    db.execute(_TABLE)
    for table in (*_MADE_OF, *_MADE_OF_PART):
        columns = f" OF {_MADE_OF_PART[table]}" if table in _MADE_OF_PART else ""
        # progress of a search is no rule
        ruled = " WHEN {}.name NOT IN ('compared', 'unhashed')" if table == "match_state" else ""
        for change, row in (("INSERT", "new"), (f"UPDATE{columns}", "new"), ("DELETE", "old")):
            name = f"{table}_{change.split()[0].lower()}_ungrouped"
            db.execute(f"CREATE TRIGGER {name} AFTER {change} ON {table}{ruled.format(row)} BEGIN DELETE FROM last_grouping; END")
