"""What everything that writes takes: the moment and the transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timezone

from ..errors import DatabaseError


def utc_now() -> str:
    """The present moment as UTC ISO 8601 text ending in Z, to the second."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextlib.contextmanager
def transaction(conn: sqlite3.Connection) -> Iterator[None]:
    """One short write transaction. Raises DatabaseError when the disk is full or the file is gone; nothing is half written."""
    try:
        with conn:
            conn.execute("BEGIN IMMEDIATE")
            yield
    except sqlite3.OperationalError as error:
        if "full" in str(error):
            raise DatabaseError(
                "The disk is full, so the database cannot grow. What was saved until now is good. Make room and run the same "
                "command again; it goes on from there."
            ) from error
        if "locked" in str(error) or "busy" in str(error):
            raise DatabaseError(
                "Another program is writing to the database and did not finish in time. What was saved until now is good. Run "
                "the same command again; it goes on from there."
            ) from error
        raise DatabaseError(
            f"The database cannot be written: {error}. What was saved until now is good. See that the disk works and has room, and "
            "run the same command again; it goes on from there."
        ) from error


def part_of_transaction(conn: sqlite3.Connection) -> contextlib.AbstractContextManager[None]:
    """A transaction of its own, or a part of the one the caller holds."""
    return contextlib.nullcontext() if conn.in_transaction else transaction(conn)
