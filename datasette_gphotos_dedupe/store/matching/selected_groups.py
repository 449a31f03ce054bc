"""Which groups a report, an export or a list is about."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from ...errors import GphotosError


@dataclass(frozen=True)
class GroupSelection:
    """All conditions hold together; None means no condition.

    `group_filter` is an SQL condition on the columns of `groups`. `since` is a day or a moment as ISO 8601 text: groups with a
    photo that an import brought since, or with a decision made since.
    """

    relations: tuple[str, ...] = ()
    group_filter: str | None = None
    since: str | None = None

    def __post_init__(self) -> None:
        """Raises GphotosError for a day that is none: compared as text, it would choose nothing without a word."""
        if self.since is None:
            return
        try:
            datetime.fromisoformat(self.since.replace("Z", "+00:00"))
        except ValueError:
            raise GphotosError(f"{self.since} is not a day. Write it like 2026-11-01.") from None


_SINCE = """group_id IN (SELECT group_id FROM group_members WHERE photo_id IN (
  SELECT photos.photo_id FROM photos JOIN runs ON runs.run_id = photos.run_id WHERE runs.started_at >= :since
  UNION SELECT photo_id FROM decisions WHERE decided_at >= :since))"""


def read_selected_groups(conn: sqlite3.Connection, selection: GroupSelection) -> list[str]:
    """The ids of the chosen groups, most space to gain first. Raises GphotosError for a filter that is not SQL."""
    conditions, values = ["1"], {"since": selection.since}
    for number, relation in enumerate(selection.relations):
        values[f"relation{number}"] = relation
    if selection.relations:
        conditions.append(f"relation IN ({', '.join(f':relation{number}' for number in range(len(selection.relations)))})")
    if selection.since:
        conditions.append(_SINCE)
    if selection.group_filter:
        conditions.append(f"({selection.group_filter}\n)")  # the line break ends a trailing comment
    sql = f"SELECT group_id FROM groups WHERE {' AND '.join(conditions)} ORDER BY reclaimable_bytes DESC, group_id"
    try:
        return [row[0] for row in conn.execute(sql, values)]
    except sqlite3.Error as error:
        if not selection.group_filter:
            raise
        raise GphotosError(_explain_filter(conn, selection.group_filter, error)) from error


def _explain_filter(conn: sqlite3.Connection, group_filter: str, error: sqlite3.Error) -> str:
    columns = ", ".join(row[1] for row in conn.execute("PRAGMA table_info(groups)"))
    return (
        f"The group filter {group_filter!r} is not a condition that SQLite understands: {error}. "
        f"It can use the columns {columns}, for example: \"relation = 'smaller_copy' and taken_year = 2019\"."
    )
