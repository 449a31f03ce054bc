"""Pushes, the fate of each photo in them, and the albums they filled.

Each function is one transaction of its own, or a part of the one that the caller holds (Datasette's).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import NotFoundError
from .rows import columns_of, marks, shape_of
from .writing import part_of_transaction, utc_now

UNFINISHED = ("planned", "running", "paused", "failed")


@dataclass(frozen=True)
class Push:
    """A row of `pushes`."""

    push_id: int
    album_title: str
    album_id: str | None
    album_url: str | None
    route: str
    state: str
    requested: int
    added: int
    refused: int
    actor: str | None
    created_at: str
    message: str | None
    trial: str | None


class PlannedFate(Protocol):
    """What `create_push` needs to know of one photo."""

    @property
    def photo_id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def product_url(self) -> str | None: ...
    @property
    def keeper_id(self) -> str | None: ...
    @property
    def word(self) -> str | None: ...


class Plan(Protocol):
    """What `create_push` needs to know of a plan (see `album.plan.PushPlan`)."""

    @property
    def album_title(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def items(self) -> Sequence[PlannedFate]: ...
    @property
    def refused(self) -> Sequence[PlannedFate]: ...


def create_push(conn: sqlite3.Connection, plan: Plan, actor: str | None) -> int:
    """Save a plan as a push with its items; returns its id. Nothing is sent."""
    now = utc_now()
    with part_of_transaction(conn):
        push_id = conn.execute(
            "INSERT INTO pushes (album_title, route, state, requested, refused, actor, created_at, updated_at)"
            " VALUES (?, ?, 'planned', ?, ?, ?, ?, ?)",
            (plan.album_title, plan.route, len(plan.items), len(plan.refused), actor, now, now),
        ).lastrowid
        conn.executemany(
            "INSERT INTO push_items (push_id, photo_id, position, state, reason, product_url, updated_at, word, stays_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (push_id, item.photo_id, position, item.state, item.reason, item.product_url, now, item.word, item.keeper_id)
                for position, item in enumerate(plan.items)
            ),
        )
    return int(push_id or 0)


def save_handover(conn: sqlite3.Connection, album_title: str, count: int, refused: int) -> int:
    """Record that photos were written into a hand-over file for an album of this title; returns the id of the push."""
    now = utc_now()
    sql = """
        INSERT INTO pushes (album_title, route, state, requested, refused, created_at, updated_at, message)
        VALUES (?, 'handover', 'done', ?, ?, ?, ?, 'Written to a file. What became of the photos is not known here.')
    """
    with part_of_transaction(conn):
        return conn.execute(sql, (album_title, count + refused, refused, now, now)).lastrowid  # type: ignore[return-value]


def read_push(conn: sqlite3.Connection, push_id: int) -> Push:
    """The push. Raises NotFoundError when there is none of this number."""
    names = columns_of(Push)
    row = conn.execute(f"SELECT {', '.join(names)} FROM pushes WHERE push_id = ?", (push_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no push {push_id}.")
    return shape_of(Push, names, row)


def find_unfinished(conn: sqlite3.Connection, album_title: str, route: str) -> list[int]:
    """The pushes into this album by this route that were begun and not ended, oldest first."""
    sql = f"SELECT push_id FROM pushes WHERE album_title = ? AND route = ? AND state IN ({marks(UNFINISHED)}) ORDER BY push_id"
    return [row[0] for row in conn.execute(sql, (album_title, route, *UNFINISHED)).fetchall()]


def is_recorded(conn: sqlite3.Connection, plan: Plan) -> bool:
    """True when every refusal of the plan stands in an earlier push into this album by this route already."""
    sql = """
        SELECT i.photo_id, i.reason FROM push_items i JOIN pushes p USING (push_id)
        WHERE p.album_title = ? AND p.route = ? AND i.state = 'refused'
    """
    known = set(conn.execute(sql, (plan.album_title, plan.route)).fetchall())
    return all((item.photo_id, item.reason) in known for item in plan.refused)


def count_reasons(conn: sqlite3.Connection, push_id: int) -> list[tuple[str, int]]:
    """Each reason for which photos of a push were left out, the most frequent first."""
    sql = """
        SELECT reason, count(*) FROM push_items WHERE push_id = ? AND state IN ('refused', 'failed')
        GROUP BY reason ORDER BY count(*) DESC, reason
    """
    return conn.execute(sql, (push_id,)).fetchall()


def read_item_ids(conn: sqlite3.Connection, push_id: int, *states: str) -> list[str]:
    """The photos of a push in one of these states, in their order."""
    sql = f"SELECT photo_id FROM push_items WHERE push_id = ? AND state IN ({marks(states)}) ORDER BY position"
    return [row[0] for row in conn.execute(sql, (push_id, *states)).fetchall()]


def save_items(
    conn: sqlite3.Connection,
    push_id: int,
    photo_ids: Iterable[str],
    state: str,
    reason: str | None = None,
    album_id: str | None = None,
) -> None:
    """Give these photos of a push a state, and bring its counts up to date, in one transaction."""
    now = utc_now()
    with part_of_transaction(conn):
        conn.executemany(
            "UPDATE push_items SET state = ?, reason = ?, album_id = coalesce(?, album_id), updated_at = ?"
            " WHERE push_id = ? AND photo_id = ?",
            [(state, reason, album_id, now, push_id, photo_id) for photo_id in photo_ids],
        )
        conn.execute(
            "UPDATE pushes SET updated_at = ?,"
            " added = (SELECT count(*) FROM push_items WHERE push_id = pushes.push_id AND state = 'added'),"
            " refused = (SELECT count(*) FROM push_items WHERE push_id = pushes.push_id AND state IN ('refused', 'failed'))"
            " WHERE push_id = ?",
            (now, push_id),
        )


def save_push(conn: sqlite3.Connection, push_id: int, **values: Any) -> None:
    """Set columns of a push (state, message, album_id, album_url, trial)."""
    assignments = ", ".join(f"{name} = ?" for name in values)
    with part_of_transaction(conn):
        conn.execute(
            f"UPDATE pushes SET {assignments}, updated_at = ? WHERE push_id = ?",
            (*values.values(), utc_now(), push_id),
        )


def confirm_trial(conn: sqlite3.Connection, push_id: int) -> None:
    """The person saw the trial photo of a same-bytes push in the album and only once in the library: go on.

    Without a trial photo that was sent there is nothing to confirm, and nothing changes.
    """
    with part_of_transaction(conn):
        sql = "UPDATE pushes SET trial = 'confirmed', updated_at = ? WHERE push_id = ? AND trial = 'sent'"
        conn.execute(sql, (utc_now(), push_id))


def save_album(conn: sqlite3.Connection, push_id: int, album_id: str, title: str, url: str | None) -> None:
    """Record the album that a push fills from now on."""
    with part_of_transaction(conn):
        sql = "INSERT OR IGNORE INTO push_albums (album_id, title, url, push_id) VALUES (?, ?, ?, ?)"
        conn.execute(sql, (album_id, title, url, push_id))
        sql = "UPDATE pushes SET album_id = ?, album_url = ?, updated_at = ? WHERE push_id = ?"
        conn.execute(sql, (album_id, url, utc_now(), push_id))


def read_unexplained(conn: sqlite3.Connection, push_id: int) -> list[str]:
    """The albums that this push has put photos into and that were never given the text that explains them."""
    sql = """
        SELECT album_id FROM push_albums WHERE noted_at IS NULL AND album_id IN (
            SELECT album_id FROM push_items WHERE push_id = ? AND state = 'added') ORDER BY push_id, album_id
    """
    return [row[0] for row in conn.execute(sql, (push_id,)).fetchall()]


def note_album(conn: sqlite3.Connection, album_id: str) -> None:
    """Record that the text explaining an album is about to be sent."""
    with part_of_transaction(conn):
        conn.execute("UPDATE push_albums SET noted_at = ? WHERE album_id = ?", (utc_now(), album_id))


def read_album_urls(conn: sqlite3.Connection, push_id: int) -> list[tuple[str, str | None]]:
    """(title, address) of each album that this push has put photos into, in the order of filling."""
    sql = """
        SELECT a.title, a.url FROM push_albums a JOIN (
            SELECT album_id, min(position) AS first FROM push_items WHERE push_id = ? AND state = 'added' GROUP BY album_id
        ) USING (album_id) ORDER BY first
    """
    return conn.execute(sql, (push_id,)).fetchall()


def read_push_albums(conn: sqlite3.Connection) -> set[str]:
    """Google's ids of the albums that pushes fill."""
    return {row[0] for row in conn.execute("SELECT album_id FROM push_albums").fetchall()}


def count_added(conn: sqlite3.Connection, album_id: str) -> int:
    """How many photos all pushes together have put into this album."""
    sql = "SELECT count(DISTINCT photo_id) FROM push_items WHERE album_id = ? AND state = 'added'"
    return int(conn.execute(sql, (album_id,)).fetchone()[0])


def read_added(conn: sqlite3.Connection, album_title: str) -> list[tuple[int, str, str]]:
    """(push id, photo id, album id) of each photo that pushes have put into the albums of this title."""
    sql = """
        SELECT i.push_id, i.photo_id, i.album_id FROM push_items i JOIN pushes p USING (push_id)
        WHERE p.album_title = ? AND i.state = 'added' AND i.album_id IS NOT NULL ORDER BY i.push_id, i.position
    """
    return conn.execute(sql, (album_title,)).fetchall()
