"""Whether a file is a library as this version makes it: a table of our name may come from anybody, and so may a trigger on it."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .. import schema

# What decisions are made of. Somebody else's trigger that writes here could have a photo removed that a person kept.
_DECIDING = frozenset(
    ("decisions", "decision_batches", "decision_history", "pairs", "different_pairs", "groups", "group_members")
)
_DECIDING |= {"photos", "files", "pushes", "push_items"}
_WRITES = frozenset((sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE))


@dataclass(frozen=True)
class Shape:
    """Columns of the tables and views by name, and the SQL of views and triggers."""

    tables: dict[str, tuple[str, ...]]
    views: dict[str, tuple[str, ...]]
    triggers: dict[str, str]


class Mendable(str):
    """A fault that `repair` puts right: what is missing or in the way can be made again, or taken away, without any row."""


def find_fault(conn: sqlite3.Connection, whole: bool = True) -> str | None:
    """Why the file cannot be read and written as a library of this version, as a clause; None when it can.

    Tables, columns, views and triggers beyond ours are the person's own business, unless such a trigger writes what a decision is
    made of. Without `whole`, tables and triggers may be missing, and views are not looked at: pages use none.
    """
    found = read_shape(conn)
    expected = _expected(_steps_taken(conn, found))
    return (
        _missing_column("table", found.tables, expected.tables, found.views, whole)
        or (whole and _missing_column("view", found.views, expected.views, found.tables, whole))
        or (whole and _name_taken(found, expected))
        or _other_trigger(found, expected, whole)
        or _meddling_trigger(conn, found.triggers.keys() - expected.triggers.keys(), found)
        or None
    )


def read_view_sources(conn: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """The tables and views of this file that a library has, too, and for each view what it reads. SQLite itself tells."""
    ours = _expected(tuple(schema.STEPS))
    rows = conn.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
    kinds = {name: kind for name, kind in rows if name in ours.tables or name in ours.views}
    return {name: _read_sources(conn, name) if kind == "view" else frozenset() for name, kind in kinds.items()}


def _read_sources(conn: sqlite3.Connection, view: str) -> frozenset[str]:
    """The tables that this view reads, through other views, too; a view that cannot be read counts as reading photos."""
    read = {"photos"}

    def watch(action: int, table: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ and table:
            read.add(table)
        return sqlite3.SQLITE_OK

    conn.set_authorizer(watch)
    try:
        conn.execute(f"EXPLAIN SELECT * FROM {quoted(view)}").fetchall()
    except sqlite3.Error:
        return frozenset(("photos",))
    finally:
        _clear_authorizer(conn)
    return frozenset(read - {view, "json_each", "sqlite_master"})


def _clear_authorizer(conn: sqlite3.Connection) -> None:
    """Python 3.10 cannot take an authorizer away again."""
    conn.set_authorizer(None if sys.version_info >= (3, 11) else lambda *_: sqlite3.SQLITE_OK)


def find_crash(conn: sqlite3.Connection) -> Mendable | None:
    """A trigger on the tables in which SQLite keeps the search index, as a clause. Writing there from one crashes SQLite itself."""
    row = conn.execute(CRASHING).fetchone()
    return (
        Mendable(f"its trigger {row[0]}, which this program did not make, lies on the search index and crashes SQLite")
        if row
        else None
    )


CRASHING = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'photos\\_fts\\_%' ESCAPE '\\'"


def _name_taken(found: Shape, expected: Shape) -> str | None:
    """Somebody's table or view of the name of one that a later step of ours is going to make."""
    later = _expected(tuple(schema.STEPS))
    coming = (later.tables.keys() | later.views.keys()) - expected.tables.keys() - expected.views.keys()
    taken = sorted(coming & (found.tables.keys() | found.views.keys()))
    return f"its {taken[0]} is not ours, and this version makes one of that name. Rename yours" if taken else None


def explain_fault(name: str, fault: str) -> str:
    """What a person is told of a file with such a fault, and what to do about it."""
    if isinstance(fault, Mendable):
        file = name if name.endswith(".db") else f"{name}.db"
        return (
            f"{name} cannot be used: {fault}. Another program has changed it. Nothing was changed now, and nothing is lost. "
            f"Put it right: gphotos-to-sqlite repair {file}"
        )
    return (
        f"{name} cannot be used: {fault}. It was written by a version from before the first release, or changed by another "
        "program. Nothing was changed. Import again into a new file: gphotos-to-sqlite takeout NEW.db takeout-*.zip. What was "
        "decided is in the table decisions of the old one."
    )


def is_behind(conn: sqlite3.Connection) -> bool:
    """Whether the file is a library of an older version, on which steps of the schema are still to be taken."""
    tables = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE name = '_sqlite_migrations'")}
    return bool(tables) and len(_steps_taken(conn, read_shape(conn))) < len(schema.STEPS)


def explain_lag(name: str) -> str:
    """What a person is told of a file that an older version made, and what to do about it."""
    return (
        f"{name} was made by an older version of this program. Nothing was changed. Bring it up to date, which loses nothing: "
        f"gphotos-to-sqlite match {name}"
    )


def read_shape(conn: sqlite3.Connection) -> Shape:
    """What the file says of itself."""
    columns: dict[str, dict[str, list[str]]] = {"table": {}, "view": {}}
    rows = conn.execute("SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
    for kind, name in rows:
        columns[kind][name] = _read_columns(conn, name)
    triggers = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    tables, views = ({name: tuple(cells) for name, cells in columns[kind].items()} for kind in ("table", "view"))
    return Shape(tables, views, dict(map(tuple, triggers)))


def _read_columns(conn: sqlite3.Connection, name: str) -> list[str]:
    """The columns that can be written; none for a view of a table that is gone."""
    try:
        return [row[0] for row in conn.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", [name])]
    except sqlite3.Error:
        return []


def _steps_taken(conn: sqlite3.Connection, found: Shape) -> tuple[str, ...]:
    """The steps of the schema that this file is on; all of them where it does not say."""
    if "migration_set" not in found.tables.get("_sqlite_migrations", ()):
        return tuple(schema.STEPS)
    rows = conn.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ?", [schema.MIGRATION_SET]).fetchall()
    taken = {row[0] for row in rows}
    return tuple(name for name in schema.STEPS if name in taken)


@lru_cache(maxsize=4)
def _expected(steps: tuple[str, ...]) -> Shape:
    with closing(sqlite3.connect(":memory:")) as conn:
        for step in steps:
            schema.STEPS[step](conn)  # type: ignore[arg-type]  # steps use `execute` alone, which both have
        return read_shape(conn)


def _missing_column(
    kind: str, found: dict[str, Any], expected: dict[str, Any], others: dict[str, Any], whole: bool
) -> str | None:
    for name, columns in expected.items():
        if name in others:
            return f"{name} is no {kind} there"
        if name not in found:
            if whole:
                return _fault_of(kind, f"it has no {kind} {name}")
            continue
        missing = [column for column in columns if column not in found[name]]
        if missing:
            return _fault_of(kind, f"its {kind} {name} has no column {missing[0]}")
    return None


def _fault_of(kind: str, fault: str) -> str:
    return Mendable(fault) if kind == "view" else fault  # a view holds no rows


def _other_trigger(found: Shape, expected: Shape, whole: bool) -> str | None:
    for name, sql in expected.triggers.items():
        if found.triggers.get(name, sql if not whole else None) != sql:
            return Mendable(f"its trigger {name} is another one" if name in found.triggers else f"it has no trigger {name}")
    return None


def _meddling_trigger(conn: sqlite3.Connection, names: Iterable[str], found: Shape) -> str | None:
    """A trigger of somebody else that writes what a decision is made of. SQLite itself tells what each would do."""
    meddling: set[str] = set()
    foreign = frozenset(names)
    if not foreign:
        return None

    def watch(action: int, table: str | None, _column: str | None, _database: str | None, trigger: str | None) -> int:
        if action in _WRITES and table in _DECIDING and trigger in foreign:
            meddling.add(trigger)
        return sqlite3.SQLITE_OK

    conn.set_authorizer(watch)
    try:
        for name, columns in (*found.tables.items(), *found.views.items()):
            _prepare_writes(conn, name, columns)
    finally:
        _clear_authorizer(conn)
    return f"its trigger {min(meddling)}, which this program did not make, writes into tables of decisions" if meddling else None


def _prepare_writes(conn: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> None:
    """Have SQLite work out, without doing any of it, what every kind of writing into this table would set off."""
    name = quoted(table)
    for statement in (
        f"INSERT INTO {name} DEFAULT VALUES",
        f"UPDATE {name} SET {', '.join(f'{quoted(column)} = NULL' for column in columns)}",
        f"DELETE FROM {name}",
    ):
        try:
            conn.execute(f"EXPLAIN {statement}").fetchall()
        except sqlite3.Error:  # not every table or view can be written, and one that cannot sets nothing off
            continue


def read_steps(conn: sqlite3.Connection) -> tuple[str, ...]:
    """The steps of the schema that this file is on."""
    return _steps_taken(conn, read_shape(conn))


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
