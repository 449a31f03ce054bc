"""Uploads: what one program brought in on one day, under one pattern of names, at most so large.

A sync program that uploads its previews leaves such a mark. Who belongs to which upload is kept in `upload_photos`, and what is known
of each photo's picture elsewhere (its `standing`); the sums in `uploads` follow by triggers. Both are brought up to date when photos
are matched and, around what was decided, with every decision.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...core.verdict.machine_names import NAME_RULE, name_pattern
from ...errors import NotFoundError
from ..matching.last_match import read_match_state, save_match_state
from ..rows import read_rows
from .proof_sql import between, proved_sql, said_same_sql, same_exposure_sql, told_apart_sql

STANDINGS = ("proved", "elsewhere", "nowhere")
ROWS_AT_ONCE = 10_000
RULE_STATE = "name rule"  # its row in match_state: by which rule names were folded when photos were sorted


@dataclass(frozen=True)
class Batch:
    """A row of `upload_batches`, and what of it is decided: its photos are those of `open`, `asks`, `decided` and `nowhere` together."""

    batch_id: str
    origin: str | None
    uploaded_on: str | None
    name_pattern: str | None
    longest_side: int | None
    photos: int
    proved: int
    elsewhere: int
    nowhere: int
    bytes: int
    open: int  # proved and not decided
    asks: int  # elsewhere and not decided
    decided: int  # proved or elsewhere, and nothing is left to say of it
    removed: int  # decided to go, whatever it was


def upload_id_of(origin: str | None, uploaded_on: str | None, pattern: str | None, longest_side: int | None) -> str:
    """The id of the upload that a photo belongs to: the same in every library and after every match.

    Sizes count together up to the next power of two: a program's previews of cropped photos are smaller than its limit.
    """
    rung = 1 << (longest_side - 1).bit_length() if longest_side else 0
    told = "\n".join((origin or "", uploaded_on or "", pattern or "", str(rung)))
    return hashlib.sha256(told.encode("utf8", "surrogatepass")).hexdigest()[:12]


def is_stale(conn: sqlite3.Connection) -> bool:
    """Whether, since uploads were told apart, a photo came, or its name, origin, day, size or weight changed, or the rule for names."""
    if read_match_state(conn, RULE_STATE) != NAME_RULE:
        return True
    counts = "SELECT (SELECT count(*) FROM photos) = (SELECT count(*) FROM upload_photos)"  # of an index: no photo is read
    if conn.execute(counts).fetchone()[0]:
        return False
    sql = "SELECT EXISTS (SELECT 1 FROM photos WHERE NOT trashed AND photo_id NOT IN (SELECT photo_id FROM upload_photos))"
    return bool(conn.execute(sql).fetchone()[0])


def refresh_uploads(conn: sqlite3.Connection) -> None:
    """Sort photos that are in no upload yet into theirs, and look at the standing of all. The caller holds the transaction."""
    if read_match_state(conn, RULE_STATE) != NAME_RULE:
        _forget_sorted_otherwise(conn)
    sql = f"""SELECT photo_id, {_TELLING}, coalesce(bytes, 0) FROM photos
        WHERE NOT trashed AND photo_id NOT IN (SELECT photo_id FROM upload_photos)"""
    for rows in _in_batches(conn.execute(sql)):
        _save_new(conn, rows)
    _save_standings(conn, _MAY_STAND)
    save_match_state(conn, RULE_STATE, NAME_RULE)


_TELLING = "origin, substr(uploaded_at, 1, 10), filename, max(width, height)"


def _forget_sorted_otherwise(conn: sqlite3.Connection) -> None:
    """Take those photos out of their uploads that belong to another one by today's rule for names; most stay where they are."""
    sql = f"SELECT photo_id, upload_id, {_TELLING} FROM upload_photos JOIN photos USING (photo_id)"
    for rows in _in_batches(conn.execute(sql)):
        moved = [(row[0],) for row in rows if upload_id_of(row[2], row[3], name_pattern(row[4]), row[5]) != row[1]]
        conn.executemany("DELETE FROM upload_photos WHERE photo_id = ?", moved)


def _in_batches(cursor: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    # Read to the end first: rows that are written meanwhile must not change what the cursor still has to give.
    rows = cursor.fetchall()
    return (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))


def _save_new(conn: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    told: dict[str, tuple[Any, ...]] = {}
    members: list[tuple[str, str, int]] = []
    for photo_id, origin, day, filename, side, size in rows:
        pattern = name_pattern(filename)
        upload_id = upload_id_of(origin, day, pattern, side)
        known = told.get(upload_id)
        told[upload_id] = (origin, day, pattern, max(side or 0, known[3] if known else 0))
        members.append((photo_id, upload_id, size))
    conn.executemany(
        """INSERT INTO uploads (upload_id, origin, uploaded_on, name_pattern, longest_side) VALUES (?, ?, ?, ?, nullif(?, 0))
        ON CONFLICT (upload_id) DO UPDATE SET longest_side = max(coalesce(longest_side, 0), coalesce(excluded.longest_side, 0))
        WHERE coalesce(excluded.longest_side, 0) > coalesce(longest_side, 0)""",
        [(upload_id, *values) for upload_id, values in told.items()],
    )
    sql = "INSERT INTO upload_photos (photo_id, upload_id, standing, in_group, bytes) VALUES (?, ?, 'nowhere', 0, ?)"
    conn.executemany(sql, members)


def refresh_standings_of(conn: sqlite3.Connection, table: str) -> None:
    """Look again at the standing of every photo in a group with one of this temporary table."""
    # CROSS JOIN, here and below: with statistics at hand SQLite would rather walk all photos than look some up.
    around = f"""(SELECT DISTINCT o.photo_id FROM {table} AS c CROSS JOIN group_members AS m ON m.photo_id = c.photo_id
        CROSS JOIN group_members AS o ON o.group_id = m.group_id)"""
    _save_standings(conn, around)


_REMOVED = "EXISTS (SELECT 1 FROM decisions AS d WHERE d.subject = {0} AND d.decision = 'remove')"
_PROVED = f"""EXISTS (SELECT 1 FROM group_members AS m JOIN groups AS g ON g.group_id = m.group_id
    JOIN photos AS k ON k.photo_id = g.keeper_id
    JOIN pairs AS e ON {between("e", "p.photo_id", "k.photo_id")}
    WHERE m.photo_id = p.photo_id AND k.photo_id != p.photo_id AND {proved_sql("e", "p.photo_id")} AND NOT k.trashed AND NOT k.album_only
    AND NOT coalesce(k.dedup_key = p.dedup_key, 0) AND NOT {_REMOVED.format("k.photo_id")} AND NOT {told_apart_sql("p", "k")})"""


def _shown_by(mine: str, other: str) -> str:
    return f"""EXISTS (SELECT 1 FROM pairs AS e JOIN photos AS s ON s.photo_id = e.{other} WHERE e.{mine} = p.photo_id
    AND ({same_exposure_sql("e")} OR {said_same_sql("p", "s")}) AND NOT {told_apart_sql("p", "s")})"""


_STANDING = f"""CASE WHEN {_PROVED} THEN 'proved'
    WHEN {_shown_by("photo_a", "photo_b")} OR {_shown_by("photo_b", "photo_a")} THEN 'elsewhere' ELSE 'nowhere' END"""


# Who meets nobody and is in no group stands nowhere: that is most of a library, and need be asked of those only who were elsewhere.
_MAY_STAND = """(SELECT photo_id FROM upload_photos WHERE standing != 'nowhere' OR in_group
    UNION SELECT photo_id FROM group_members UNION SELECT photo_a FROM pairs UNION SELECT photo_b FROM pairs)"""


def _save_standings(conn: sqlite3.Connection, photos: str) -> None:
    conn.execute("DROP TABLE IF EXISTS temp.standings")
    conn.execute("CREATE TEMP TABLE standings (photo_id TEXT PRIMARY KEY, standing TEXT, in_group INTEGER)")
    conn.execute(
        f"""INSERT INTO standings SELECT p.photo_id, {_STANDING},
            EXISTS (SELECT 1 FROM group_members AS m WHERE m.photo_id = p.photo_id)
        FROM {photos} AS u CROSS JOIN photos AS p ON p.photo_id = u.photo_id"""
    )
    conn.execute(
        """UPDATE upload_photos SET (standing, in_group) = (
            SELECT standing, in_group FROM standings AS s WHERE s.photo_id = upload_photos.photo_id)
        WHERE photo_id IN (SELECT s.photo_id FROM standings AS s CROSS JOIN upload_photos AS u ON u.photo_id = s.photo_id
            WHERE s.standing != u.standing OR s.in_group != u.in_group)"""
    )
    conn.execute("DROP TABLE temp.standings")


_COLUMNS = (
    "batch_id",
    "origin",
    "uploaded_on",
    "name_pattern",
    "longest_side",
    "photos",
    "proved",
    "elsewhere",
    "nowhere",
    "bytes",
)
_SAID = "EXISTS (SELECT 1 FROM decisions AS d WHERE d.subject = u.photo_id{0})"
# A keeper is not asked about: it stays with what was decided of the others of its group.
_DECIDED = f"""({_SAID.format("")} OR u.in_group AND NOT EXISTS (SELECT 1 FROM group_members AS m
    JOIN groups AS g ON g.group_id = m.group_id WHERE m.photo_id = u.photo_id AND NOT g.decided))"""
_OF_BATCH = "(SELECT count(*) FROM upload_photos AS u WHERE u.upload_id = b.batch_id AND {0})"
_COUNTS = ", ".join(
    f"{_OF_BATCH.format(condition)} AS {name}"
    for name, condition in (
        ("open", f"u.standing = 'proved' AND NOT {_DECIDED}"),
        ("asks", f"u.standing = 'elsewhere' AND NOT {_DECIDED}"),
        ("removed", _SAID.format(" AND d.decision = 'remove'")),
    )
)


def _read_batches(conn: sqlite3.Connection, which: str, params: list[Any]) -> list[Batch]:
    sql = f"SELECT {', '.join(_COLUMNS)}, {_COUNTS} FROM (SELECT * FROM upload_batches WHERE {which}) AS b"
    return [
        Batch(**row, decided=row["proved"] + row["elsewhere"] - row["open"] - row["asks"]) for row in read_rows(conn, sql, params)
    ]


def list_batches(conn: sqlite3.Connection, limit: int = 50, least: int = 2) -> list[Batch]:
    """The batches of at least so many photos, those with most proved photos first."""
    return _read_batches(conn, "photos >= ? ORDER BY proved DESC, photos DESC, batch_id LIMIT ?", [least, limit])


def read_batch(conn: sqlite3.Connection, batch_id: str) -> Batch:
    """One batch. Raises NotFoundError."""
    found = _read_batches(conn, "batch_id = ?", [batch_id])
    if not found:
        raise NotFoundError(
            f"There is no upload {batch_id}. Uploads change when photos are matched again: look it up in the list."
        )
    return found[0]


def read_batch_photos(
    conn: sqlite3.Connection, batch_id: str, standing: str = "", after: str = "", limit: int = 100
) -> list[dict[str, Any]]:
    """Photos of a batch by ascending id, those after `after`: each with its standing, its group, who stays for it, and what was said.

    `standing` picks proved, elsewhere or nowhere; `group_id` and `keeper_id` are None for a photo in no group.
    """
    return read_rows(
        conn,
        """SELECT p.photo_id, p.filename, p.mime_type, p.width, p.height, p.bytes, p.taken_at, p.uploaded_at, p.origin,
            p.product_url, u.standing, m.group_id, g.keeper_id, k.filename AS keeper, k.width AS keeper_width,
            k.height AS keeper_height, m.role, m.relation, m.reason, m.suggested, d.decision
        FROM upload_photos AS u JOIN photos AS p ON p.photo_id = u.photo_id
        LEFT JOIN group_members AS m ON m.photo_id = u.photo_id AND m.group_id = (
            SELECT group_id FROM group_members WHERE photo_id = u.photo_id ORDER BY role = 'look_alike', group_id LIMIT 1)
        LEFT JOIN groups AS g ON g.group_id = m.group_id
        LEFT JOIN photos AS k ON k.photo_id = g.keeper_id
        LEFT JOIN decisions AS d ON d.subject = u.photo_id
        WHERE u.upload_id = :batch AND (:standing = '' OR u.standing = :standing) AND u.photo_id > :after
        ORDER BY u.photo_id LIMIT :limit""",
        {"batch": batch_id, "standing": standing, "after": after, "limit": limit},
    )


def count_batches(conn: sqlite3.Connection, least: int = 2) -> int:
    """How many batches of at least so many photos there are."""
    return int(conn.execute("SELECT count(*) FROM upload_batches WHERE photos >= ?", [least]).fetchone()[0])


def find_settling(conn: sqlite3.Connection, batch_id: str) -> tuple[int, str] | None:
    """The act that removed most photos of a batch: its number in the history, and when it was."""
    act: tuple[int, str] | None = conn.execute(
        """SELECT b.batch_id, b.made_at FROM upload_photos AS u JOIN decisions AS d ON d.subject = u.photo_id
        JOIN decision_batches AS b ON b.batch_id = d.batch_id
        WHERE u.upload_id = ? AND d.decision = 'remove'
        GROUP BY b.batch_id ORDER BY count(*) DESC LIMIT 1""",
        [batch_id],
    ).fetchone()
    return act
