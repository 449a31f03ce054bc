"""The rules that keep the only copy: checked on what is stored, inside the transaction that changed it.

1. A group keeps at least one photo that is neither decided `remove`, nor in the bin, nor perhaps somebody else's.
2. For each photo decided `remove` the one that stays for it survives, and pixels or a person say that both show the same (`may_go`).
   Never a chain: that a third photo shows the same as a second one counts for nothing.
3. Photos with one content key of Google are deleted together, so one cannot be kept and the other removed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from ...errors import SafetyError
from .may_go import REASONS, LeavingVerdict, decided_sql, judge

_REMOVED = "EXISTS (SELECT 1 FROM decisions AS d WHERE d.subject = {0}.photo_id AND d.decision = 'remove')"
_SURVIVES = f"({{0}}.trashed = 0 AND {{0}}.album_only = 0 AND NOT {_REMOVED})"

_EMPTIED = f"""SELECT r.photo_id, r.filename FROM scope_groups AS g
    JOIN group_members AS m ON m.group_id = g.group_id JOIN photos AS r ON r.photo_id = m.photo_id
    WHERE {_REMOVED.format("r")} AND NOT EXISTS (
        SELECT 1 FROM group_members AS o JOIN photos AS s ON s.photo_id = o.photo_id
        WHERE o.group_id = g.group_id AND {_SURVIVES.format("s")})"""

# Photos decided `remove` around an act: in its groups, sharing a content key with one of its photos, or relying on one of them.
_AROUND = """SELECT m.photo_id FROM scope_groups JOIN group_members AS m USING (group_id) UNION SELECT photo_id FROM {0}
    UNION SELECT d.photo_id FROM {0} AS c JOIN decisions AS d ON d.stays_id = c.photo_id"""
_OTHERS = "SELECT photo_id FROM ({0}) WHERE photo_id NOT IN (SELECT photo_id FROM {1})"


def note_touched(conn: sqlite3.Connection, photo_ids: Sequence[str]) -> None:
    """Keep the photos that an act is about in the temporary table `touched`."""
    conn.execute("DROP TABLE IF EXISTS temp.touched")
    conn.execute("CREATE TEMP TABLE touched (photo_id TEXT)")
    conn.executemany("INSERT INTO touched VALUES (?)", [(photo_id,) for photo_id in photo_ids])


def do_watched(
    conn: sqlite3.Connection, act: Callable[[], None], table: str, judged: bool = False
) -> tuple[list[tuple[str, str]], frozenset[str]]:
    """Do `act`, which says something about the photos of this temporary table; returns what it breaks, and what was broken before.

    What it breaks is (photo id, sentence) as of `broken_photos`. An act answers for that alone: where a new Takeout says that a keeper
    is in the bin, mending one thing at a time must stay possible. `act` is done twice where anything is broken: to look for it
    beforehand would double the work of every act, and nearly none breaks anything. `judged`: see `broken_photos`.
    """
    conn.execute("SAVEPOINT watched")
    act()
    broken, known = broken_photos(conn, table, judged), frozenset[str]()
    if broken:
        conn.execute("ROLLBACK TO watched")
        known = frozenset(photo_id for photo_id, _ in broken_photos(conn, table))
        act()
    conn.execute("RELEASE watched")
    return [(photo_id, sentence) for photo_id, sentence in broken if photo_id not in known], known


def do_safely(conn: sqlite3.Connection, act: Callable[[], None], table: str = "touched") -> None:
    """The same. Raises SafetyError, with one sentence that names the photo, for what the act breaks; the caller rolls it back."""
    for _, sentence in do_watched(conn, act, table)[0]:
        raise SafetyError(f"Nothing was changed. {sentence}")


def broken_photos(conn: sqlite3.Connection, table: str, judged: bool = False) -> list[tuple[str, str]]:
    """(photo id, sentence) for each photo around those of `table` that breaks a rule.

    Around means: in a group with one of them, with one that shares Google's content key, or with one that holds a pair with it:
    the photo that was to survive another one may sit in a group of its own. `judged` says that those of `table` were asked about one
    by one just before, and rely on nothing that the act changes: thousands are not asked about a second time.
    """
    conn.execute("DROP TABLE IF EXISTS temp.scope_groups")
    # Not analysed, SQLite takes a table for a million rows and reads all photos to be ready for them, at every single decision.
    conn.execute(f"ANALYZE temp.{table}")
    conn.execute(
        f"""CREATE TEMP TABLE scope_groups AS SELECT group_id FROM group_members WHERE photo_id IN (SELECT photo_id FROM {table})
        UNION SELECT m.group_id FROM {table} AS c JOIN photos AS p USING (photo_id) JOIN photos AS t ON t.dedup_key = p.dedup_key
        JOIN group_members AS m ON m.photo_id = t.photo_id
        UNION SELECT m.group_id FROM {table} AS c JOIN pairs AS e ON e.photo_a = c.photo_id
        JOIN group_members AS m ON m.photo_id = e.photo_b
        UNION SELECT m.group_id FROM {table} AS c JOIN pairs AS e ON e.photo_b = c.photo_id
        JOIN group_members AS m ON m.photo_id = e.photo_a"""
    )
    conn.execute("ANALYZE temp.scope_groups")
    broken = [(row[0], _emptied_sentence(*row)) for row in conn.execute(_EMPTIED)]
    around = _AROUND.format(table)
    verdicts = judge(conn, decided_sql(_OTHERS.format(around, table) if judged else around), many=False)
    broken += [(verdict.photo_id, _sentence(verdict)) for verdict in verdicts if verdict.breaks]
    conn.execute("DROP TABLE temp.scope_groups")
    return broken


def _emptied_sentence(photo_id: str, filename: str | None) -> str:
    return f"{filename} ({photo_id}) cannot be removed: no photo of its group would be left. Keep at least one of them."


def _sentence(verdict: LeavingVerdict) -> str:
    """What is broken, and what to do about it."""
    if verdict.code == "stays_removed":
        return (
            f"{verdict.stays} ({verdict.stays_id}) cannot be removed: it is what stays for {verdict.name}, which is decided "
            "'remove'. Keep one of them, or say first what else stays for it."
        )
    advice = {
        "twin_stays": "Decide the same for both.",
        "larger": "Keep it.",
        "unproved": "Say that they show the same picture, or keep it.",
        "alone": "Keep it, or another photo of its group that shows the same.",
    }.get(verdict.code or "", "Keep it, or make another photo the keeper first.")
    reason = verdict.reason or REASONS["unproved"].format(stays=verdict.stays)
    return f"{verdict.name} ({verdict.photo_id}) cannot be removed: {reason}. {advice}"
