"""Distances of all pairs, what a person judged of samples, and the border drawn from it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from ...core.groups.building import Edge, edge
from ...core.groups.reasons import held_back
from ...core.verdict.personal_border import JUDGED_APART, Caution, Judgement
from ...errors import GphotosError, NotFoundError
from ...schema.m009_waiting import FILL_WAITING
from ..rows import read_rows
from ..writing import utc_now
from .last_match import read_match_state, save_match_state
from .nearest import MAX_BITS

STATE = "caution"  # its row in match_state
_PAIR_COLUMNS = "e.photo_a, e.photo_b, e.distance_bits, e.relation, e.confidence, e.evidence"


def read_histogram(conn: sqlite3.Connection) -> list[tuple[str, int, int]]:
    """(relation, distance in bits, pairs), from an index.

    A distance that no two fingerprints can have is left out: a page that draws one bar per bit would never be done with it.
    """
    return conn.execute(
        f"""SELECT relation, distance_bits, count(*) FROM pairs WHERE distance_bits BETWEEN 0 AND {MAX_BITS}
        GROUP BY relation, distance_bits ORDER BY relation, distance_bits"""
    ).fetchall()


def read_unjudged_pairs(
    conn: sqlite3.Connection, relation: str, distance_bits: int, limit: int, judged: bool
) -> list[dict[str, Any]]:
    """Pairs of this relation (of any when empty) at this distance that nobody has judged, the least sure first.

    `judged` tells whether the table of judgements may be asked.
    """
    conditions = ["e.distance_bits = :bits"]
    if relation:
        conditions.append("e.relation = :relation")
    if judged:
        conditions.append("NOT EXISTS (SELECT 1 FROM judgements AS j WHERE j.photo_a = e.photo_a AND j.photo_b = e.photo_b)")
    return read_rows(
        conn,
        f"""SELECT {_PAIR_COLUMNS}, a.filename AS name_a, b.filename AS name_b, a.width AS width_a, a.height AS height_a,
            b.width AS width_b, b.height AS height_b,
            (SELECT m.group_id FROM group_members AS m JOIN group_members AS n USING (group_id)
             WHERE m.photo_id = e.photo_a AND n.photo_id = e.photo_b LIMIT 1) AS group_id
        FROM pairs AS e JOIN photos AS a ON a.photo_id = e.photo_a JOIN photos AS b ON b.photo_id = e.photo_b
        WHERE {" AND ".join(conditions)} ORDER BY e.confidence, e.photo_a, e.photo_b LIMIT :limit""",
        {"bits": distance_bits, "relation": relation, "limit": limit},
    )


def read_nearest_distance(conn: sqlite3.Connection, relation: str, distance_bits: int) -> int | None:
    """The distance nearest to this one at which there is a pair; None when there is none of this relation."""
    row = conn.execute(
        f"""SELECT distance_bits FROM pairs {"WHERE relation = :relation" if relation else ""}
        GROUP BY distance_bits ORDER BY abs(distance_bits - :bits), distance_bits LIMIT 1""",
        {"bits": distance_bits, "relation": relation},
    ).fetchone()
    return row[0] if row else None


def read_judgements(conn: sqlite3.Connection) -> list[dict[str, Any]]:
    """Every judgement with what is measured on the pair now, newest first; `confidence` None for a pair that is no more."""
    return read_rows(
        conn,
        """SELECT j.photo_a, j.photo_b, j.same, j.relation, j.distance_bits, e.confidence, j.actor, j.judged_at,
            a.filename AS name_a, b.filename AS name_b
        FROM judgements AS j LEFT JOIN pairs AS e ON e.photo_a = j.photo_a AND e.photo_b = j.photo_b
        LEFT JOIN photos AS a ON a.photo_id = j.photo_a LEFT JOIN photos AS b ON b.photo_id = j.photo_b
        ORDER BY j.judged_at DESC, j.photo_a, j.photo_b""",
    )


def judgements_of(rows: Iterable[dict[str, Any]]) -> list[Judgement]:
    """The rows that a border can be drawn from."""
    return [
        Judgement(row["relation"], row["confidence"], row["distance_bits"], bool(row["same"]))
        for row in rows
        if row["confidence"] is not None
    ]


def save_judgement(conn: sqlite3.Connection, photo_a: str, photo_b: str, same: bool | None, actor: str | None) -> None:
    """Store what a person said of a pair, or with None forget it. A copy judged another picture is not suggested any more."""
    first, second = sorted((photo_a, photo_b))
    pair = conn.execute("SELECT distance_bits, relation FROM pairs WHERE photo_a = ? AND photo_b = ?", [first, second]).fetchone()
    if same is None:
        conn.execute("DELETE FROM judgements WHERE photo_a = ? AND photo_b = ?", [first, second])
    elif pair is None:
        raise NotFoundError("Nothing was saved: these two photos are no pair any more. Load the page again.")
    else:
        conn.execute(
            """INSERT OR REPLACE INTO judgements (photo_a, photo_b, same, distance_bits, relation, actor, judged_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
            [first, second, int(same), *pair, actor, utc_now()],
        )
        hold_back(conn)


def read_caution(conn: sqlite3.Connection) -> Caution:
    """The border in force."""
    return Caution.from_json(read_match_state(conn, STATE))


def save_caution(conn: sqlite3.Connection, caution: Caution) -> int:
    """Set the border; returns how many suggestions it took back at once. Suggestions it would give again come with a match."""
    save_match_state(conn, STATE, caution.as_json())
    return hold_back(conn)


def read_doubts(conn: sqlite3.Connection, caution: Caution, only: Edge | None = None) -> dict[Edge, str]:
    """Pairs whose copy must not be suggested, with the reason in words; of all of them, or of one."""
    doubts = {}
    this, ends = (" AND photo_a = ? AND photo_b = ?", only) if only else ("", ())
    for photo_a, photo_b, relation, confidence, bits in conn.execute(
        f"""SELECT photo_a, photo_b, relation, confidence, distance_bits FROM pairs
        WHERE (confidence < ? OR distance_bits > ?){this}""",
        [caution.min_confidence, caution.max_bits, *ends],
    ):
        if words := caution.doubt(relation, confidence, bits):
            doubts[(photo_a, photo_b)] = words
    judged = conn.execute(f"SELECT photo_a, photo_b FROM judgements WHERE same = 0 AND relation != 'same_bytes'{this}", ends)
    return doubts | dict.fromkeys(map(tuple, judged), JUDGED_APART)


def count_held(conn: sqlite3.Connection, caution: Caution) -> tuple[int, int]:
    """(copies that this border would keep from being suggested, copies suggested now)."""
    doubts = read_doubts(conn, caution)
    suggested = _read_suggested(conn)
    return sum(edge(keeper, photo) in doubts for _, photo, keeper, _ in suggested), len(suggested)


def hold_back(conn: sqlite3.Connection) -> int:
    """Take back every suggestion beyond the border, in the words that the match step would use; returns how many."""
    doubts = read_doubts(conn, read_caution(conn))
    held = [row for row in _read_suggested(conn) if edge(row[1], row[2]) in doubts]
    for group_id, photo_id, keeper_id, reason in held:
        conn.execute(
            "UPDATE group_members SET suggested = NULL, reason = ? WHERE group_id = ? AND photo_id = ?",
            [held_back(reason, doubts[edge(photo_id, keeper_id)]), group_id, photo_id],
        )
    suggested = (
        "FROM group_members AS m JOIN photos AS p USING (photo_id) WHERE m.group_id = groups.group_id AND suggested = 'remove'"
    )
    group_ids = list(dict.fromkeys(row[0] for row in held))
    conn.executemany(
        f"""UPDATE groups SET suggested_count = (SELECT count(*) {suggested}),
            reclaimable_bytes = (SELECT coalesce(sum(p.bytes), 0) {suggested}),
            origin = (SELECT p.origin {suggested} ORDER BY p.photo_id LIMIT 1) WHERE group_id = ?""",
        [(group_id,) for group_id in group_ids],
    )
    conn.executemany(f"{FILL_WAITING} WHERE group_id = ?", [(group_id,) for group_id in group_ids])
    return len(held)


def _read_suggested(conn: sqlite3.Connection) -> list[tuple[str, str, str, str]]:
    sql = """SELECT m.group_id, m.photo_id, g.keeper_id, m.reason FROM group_members AS m JOIN groups AS g USING (group_id)
        WHERE m.suggested = 'remove'"""
    return conn.execute(sql).fetchall()


def caution_from(min_confidence: str, max_bits: str) -> Caution:
    """From what a person typed; empty fields hold nothing back. Raises GphotosError."""
    try:
        return Caution(float(min_confidence or 0), int(max_bits or Caution.max_bits))
    except ValueError:
        raise GphotosError(f"Nothing was saved: {min_confidence!r} and {max_bits!r} are not two numbers.") from None
