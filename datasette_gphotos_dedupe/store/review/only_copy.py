"""The rules that keep the only copy: checked on what is stored, inside the transaction that changed it.

1. A group keeps at least one photo that is neither decided `remove`, nor in the bin, nor perhaps somebody else's.
2. A keeper or copy decided `remove` has a surviving photo that was verified against it as the same picture. Never a chain: that a
   third photo was verified against a second one counts for nothing.
3. Photos with one content key of Google are deleted together, so one cannot be kept and the other removed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from ...errors import SafetyError

_REMOVED = "EXISTS (SELECT 1 FROM decisions AS d WHERE d.subject = {0}.photo_id AND d.decision = 'remove')"
_SURVIVES = f"({{0}}.trashed = 0 AND {{0}}.album_only = 0 AND NOT {_REMOVED})"
_DIFFERENT = "('series', 'look_alike')"  # different shots: seeing them together proves nothing about the picture


def pair_subject_sql(a: str, b: str) -> str:
    """`decisions.pair_subject` of two rows of `photos` under these names.

    A pair is remembered by the bytes of its photos where they are known: ids change with a new Takeout, bytes do not.
    """
    first, second = (f"coalesce({name}.sha1, {name}.photo_id)" for name in (a, b))
    return f"min({first}, {second}) || '|' || max({first}, {second})"


def told_apart_sql(a: str, b: str) -> str:
    """Whether a person said of two rows of `photos` that they are not the same picture; in Python: `groups.told_apart`.

    By the bytes as they were then, or by the ids as they are: bytes may have become known or been compressed since.
    """
    said = "EXISTS (SELECT 1 FROM decisions AS n WHERE n.decision = 'not_duplicate' AND"
    return f"""({said} n.subject = {pair_subject_sql(a, b)})
        OR {said} n.photo_id = {a}.photo_id AND n.photo_b = {b}.photo_id)
        OR {said} n.photo_id = {b}.photo_id AND n.photo_b = {a}.photo_id))"""


def _partner(mine: str, other: str) -> str:
    return f"""EXISTS (SELECT 1 FROM pairs AS e JOIN photos AS s ON s.photo_id = e.{other}
        WHERE e.{mine} = r.photo_id AND e.relation NOT IN {_DIFFERENT} AND {_SURVIVES.format("s")}
        AND (r.dedup_key IS NULL OR s.dedup_key IS NOT r.dedup_key) AND NOT {told_apart_sql("r", "s")})"""


_EMPTIED = f"""SELECT r.photo_id, r.filename FROM scope_groups AS g
    JOIN group_members AS m ON m.group_id = g.group_id JOIN photos AS r ON r.photo_id = m.photo_id
    WHERE {_REMOVED.format("r")} AND NOT EXISTS (
        SELECT 1 FROM group_members AS o JOIN photos AS s ON s.photo_id = o.photo_id
        WHERE o.group_id = g.group_id AND {_SURVIVES.format("s")})"""

_ALONE = f"""SELECT DISTINCT r.photo_id, r.filename FROM scope_groups AS g
    JOIN group_members AS m ON m.group_id = g.group_id AND m.role != 'look_alike' JOIN photos AS r ON r.photo_id = m.photo_id
    WHERE {_REMOVED.format("r")} AND NOT {_partner("photo_a", "photo_b")} AND NOT {_partner("photo_b", "photo_a")}"""

_TORN = f"""SELECT r.photo_id, r.filename, t.photo_id, t.filename, r.dedup_key FROM scope_groups AS g
    JOIN group_members AS m ON m.group_id = g.group_id JOIN photos AS r ON r.photo_id = m.photo_id
    JOIN photos AS t ON t.dedup_key = r.dedup_key AND t.photo_id != r.photo_id
    WHERE {_REMOVED.format("r")} AND NOT {_REMOVED.format("t")} AND (
        EXISTS (SELECT 1 FROM decisions AS d WHERE d.subject = t.photo_id AND d.decision = 'keep')
        OR EXISTS (SELECT 1 FROM groups AS k WHERE k.keeper_id = t.photo_id))"""


def note_touched(conn: sqlite3.Connection, photo_ids: Sequence[str]) -> None:
    """Keep the photos that an act is about in the temporary table `touched`."""
    conn.execute("DROP TABLE IF EXISTS temp.touched")
    conn.execute("CREATE TEMP TABLE touched (photo_id TEXT)")
    conn.executemany("INSERT INTO touched VALUES (?)", [(photo_id,) for photo_id in photo_ids])


def do_watched(conn: sqlite3.Connection, act: Callable[[], None], table: str) -> tuple[list[tuple[str, str]], frozenset[str]]:
    """Do `act`, which says something about the photos of this temporary table; returns what it breaks, and what was broken before.

    What it breaks is (photo id, sentence) as of `broken_photos`. An act answers for that alone: where a new Takeout says that a keeper
    is in the bin, mending one thing at a time must stay possible. `act` is done twice where anything is broken: to look for it
    beforehand would double the work of every act, and nearly none breaks anything.
    """
    conn.execute("SAVEPOINT watched")
    act()
    broken, known = broken_photos(conn, table), frozenset[str]()
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


def broken_photos(conn: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
    """(photo id, sentence) for each photo around those of `table` that breaks a rule.

    Around means: in a group with one of them, with one that shares Google's content key, or with one that holds a pair with it:
    the photo that was to survive another one may sit in a group of its own.
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
    broken += [(row[0], _torn_sentence(*row)) for row in conn.execute(_TORN)]
    broken += [(row[0], _alone_sentence(*row)) for row in conn.execute(_ALONE)]
    conn.execute("DROP TABLE temp.scope_groups")
    return broken


def _emptied_sentence(photo_id: str, filename: str | None) -> str:
    return f"{filename} ({photo_id}) cannot be removed: no photo of its group would be left. Keep at least one of them."


def _alone_sentence(photo_id: str, filename: str | None) -> str:
    return (
        f"{filename} ({photo_id}) cannot be removed: no photo that was verified as the same picture would be left. "
        "Keep one that was, or make another one the keeper first."
    )


def _torn_sentence(photo_id: str, filename: str | None, twin_id: str, twin_name: str | None, dedup_key: str) -> str:
    return (
        f"{filename} ({photo_id}) cannot be removed while {twin_name} ({twin_id}) is kept: both have Google's content key "
        f"{dedup_key}, and Google deletes them together. Decide the same for both."
    )
