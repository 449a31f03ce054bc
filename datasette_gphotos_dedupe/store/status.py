"""The state of a library in numbers. Reads only."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from .matching.unfinished import Unfinished, read_unfinished
from .review.may_go import Leaving, read_leaving

RUNS_SHOWN = 5


@dataclass(frozen=True)
class Part:
    """The account of one archive or folder: `seen` is `used` + `sidecars` + `skipped`, unless it is broken or being read."""

    container: str
    state: str
    seen: int
    used: int
    sidecars: int
    skipped: dict[str, int]
    message: str | None


@dataclass(frozen=True)
class Status:
    """Everything `status` tells, by name. `skipped` has (code, files, a reason, the place of one) for each kind."""

    counts: dict[str, int]
    sources: dict[str, int]
    dates: tuple[str | None, str | None]
    parts: tuple[Part, ...]
    skipped: tuple[tuple[str, int, str, str], ...]
    unseen: tuple[tuple[str, int], ...]  # why photos have no fingerprint, how many
    runs: tuple[sqlite3.Row, ...]
    relations: dict[str, int]  # groups that are not decided
    decisions: dict[str, int]
    newest_export: str | None  # its date
    unfinished: Unfinished
    waiting: Undecided
    leaving: Leaving  # of what was decided, what will really go


_COUNTS = {
    "photos": "SELECT count(*) FROM photos",
    "videos": "SELECT count(*) FROM photos WHERE kind = 'video'",
    "files": "SELECT count(*) FROM files",
    "albums": "SELECT count(*) FROM albums",
    "people": "SELECT count(*) FROM people",
    "trashed": "SELECT count(*) FROM photos WHERE trashed",
    "album_only": "SELECT count(*) FROM photos WHERE album_only",
    "fingerprints": "SELECT count(*) FROM fingerprints",
    "unlooked": """SELECT count(*) FROM photos AS p LEFT JOIN fingerprints AS f USING (photo_id)
        WHERE f.photo_id IS NULL AND p.no_pixels IS NULL""",
    "pairs": "SELECT count(*) FROM pairs",
    "groups": "SELECT count(*) FROM groups",
    "open_groups": "SELECT count(*) FROM groups WHERE NOT decided",
}


def read_status(conn: sqlite3.Connection) -> Status:
    """The numbers of a library."""
    return Status(
        counts={name: conn.execute(sql).fetchone()[0] for name, sql in _COUNTS.items()},
        sources=_grouped(conn, "SELECT source, count(*) FROM photos GROUP BY source ORDER BY source"),
        dates=tuple(conn.execute("SELECT min(taken_at), max(taken_at) FROM photos").fetchone()),
        parts=_read_parts(conn),
        skipped=tuple(
            tuple(row)
            for row in conn.execute(
                """SELECT code, count(*), min(reason), container || ': ' || min(member) FROM skipped
                GROUP BY code ORDER BY count(*) DESC, code"""
            ).fetchall()
        ),
        unseen=tuple(
            tuple(row)
            for row in conn.execute(
                """SELECT no_pixels, count(*) FROM photos WHERE no_pixels IS NOT NULL
                GROUP BY no_pixels ORDER BY count(*) DESC, no_pixels"""
            ).fetchall()
        ),
        runs=_read_runs(conn),
        relations=_grouped(conn, "SELECT relation, count(*) FROM groups WHERE NOT decided GROUP BY relation"),
        newest_export=conn.execute(
            "SELECT max(exported_at) FROM (SELECT exported_at FROM parts UNION ALL SELECT exported_at FROM photos)"
        ).fetchone()[0],
        decisions=_grouped(conn, "SELECT decision, count(*) FROM decisions GROUP BY decision ORDER BY decision"),
        unfinished=read_unfinished(conn),
        waiting=read_undecided(conn),
        leaving=read_leaving(conn),
    )


def _grouped(conn: sqlite3.Connection, sql: str) -> dict[str, int]:
    return {row[0]: row[1] for row in conn.execute(sql).fetchall()}


def _read_parts(conn: sqlite3.Connection) -> tuple[Part, ...]:
    skipped: dict[str, dict[str, int]] = {}
    sql = "SELECT container, code, count(*) FROM skipped GROUP BY container, code ORDER BY container, code"
    for container, code, count in conn.execute(sql).fetchall():
        skipped.setdefault(container, {})[code] = count
    rows = conn.execute(
        "SELECT container, state, files_seen, files_used, sidecars, message FROM parts ORDER BY coalesce(exported_at, ''), container"
    ).fetchall()
    return tuple(
        Part(container, state, seen, used, sidecars, skipped.get(container, {}), message)
        for container, state, seen, used, sidecars, message in rows
    )


def _read_runs(conn: sqlite3.Connection) -> tuple[sqlite3.Row, ...]:
    cursor = conn.cursor()
    cursor.row_factory = sqlite3.Row
    return tuple(cursor.execute(f"SELECT * FROM runs ORDER BY run_id DESC LIMIT {RUNS_SHOWN}").fetchall())


@dataclass(frozen=True)
class Undecided:
    """What is still to be decided: open groups, copies that are proved and their bytes, groups that only a person can judge."""

    groups: int
    copies: int
    bytes: int
    asks: int


def read_undecided(conn: sqlite3.Connection) -> Undecided:
    """From the sums that the queue shows."""
    sums = "coalesce(sum(groups), 0), coalesce(sum(waiting_count), 0), coalesce(sum(waiting_bytes), 0)"
    row = conn.execute(f"SELECT {sums}, coalesce(sum(groups * (proved = 0)), 0) FROM group_counts WHERE decided = 0").fetchone()
    return Undecided(*row)
