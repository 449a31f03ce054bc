"""Puts back what another program took out of a library beside its rows: triggers, indexes and views; `sqlite-utils transform` does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from .. import schema
from ..errors import DatabaseError
from ..schema.m009_waiting import FILL_COUNTS, FILL_ORIGINS, FILL_WAITING
from .database import explain_error, open_unchecked
from .schema_check import CRASHING, Mendable, explain_fault, find_fault, quoted, read_steps

_KINDS = ("view", "index", "trigger")
_RECOUNT = ("DELETE FROM group_counts", FILL_ORIGINS, FILL_WAITING, "DELETE FROM group_counts", FILL_COUNTS)
_REBUILD = ("INSERT INTO photos_fts(photos_fts) VALUES ('rebuild')", *_RECOUNT, "DELETE FROM last_import")


def repair_database(path: str | Path) -> list[str]:
    """What was put right, a clause each; an empty list when nothing was amiss.

    All of it or nothing. Raises DatabaseError when the file is no library, or lacks what holds rows: that cannot be made again.
    """
    path = Path(path)
    conn = open_unchecked(path)
    try:
        conn.execute("BEGIN IMMEDIATE")
        _refuse(conn, path)
        done = _repair(conn)
        _refuse(conn, path)
        conn.execute("COMMIT")
        if done:
            schema.apply_migrations(Database(conn))
            _renew(conn)
        return done
    except sqlite3.Error as error:
        raise DatabaseError(explain_error(path, error)) from error
    finally:
        conn.close()


def _refuse(conn: sqlite3.Connection, path: Path) -> None:
    fault = find_fault(conn)
    if fault and not isinstance(fault, Mendable):
        raise DatabaseError(explain_fault(str(path), fault))


def _repair(conn: sqlite3.Connection) -> list[str]:
    done = []
    for (name,) in conn.execute(CRASHING).fetchall():
        conn.execute(f"DROP TRIGGER {quoted(name)}")
        done.append(f"took away the trigger {name}, which crashes SQLite")
    found, expected = _read_objects(conn), _expected_objects(read_steps(conn))
    for kind in _KINDS:
        for (of, name), sql in expected.items():
            if of == kind and found.get((kind, name)) != sql:
                conn.execute(f"DROP {kind} IF EXISTS {quoted(name)}")
                conn.execute(sql)
                done.append(f"put back the {kind} {name}")
    return done


def _read_objects(conn: sqlite3.Connection) -> dict[tuple[str, str], str]:
    rows = conn.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type != 'table'")
    return {(kind, name): sql for kind, name, sql in rows.fetchall()}


def _expected_objects(steps: tuple[str, ...]) -> dict[tuple[str, str], str]:
    with closing(sqlite3.connect(":memory:")) as conn:
        for step in steps:
            schema.STEPS[step](conn)  # type: ignore[arg-type]
        return _read_objects(conn)


def _renew(conn: sqlite3.Connection) -> None:
    """What triggers keep in step may have been left behind while they were away."""
    with conn:
        conn.execute("BEGIN IMMEDIATE")
        for statement in _REBUILD:
            conn.execute(statement)
