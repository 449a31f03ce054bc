"""Values of a kind that no import writes: SQLite keeps any value in any column, and anybody may have made the file."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from functools import cache

from .. import schema
from .schema_check import quoted, read_view_sources

_KINDS = {"INTEGER": ("integer",), "REAL": ("real", "integer"), "TEXT": ("text",), "BLOB": ("blob",)}


_CHOICE = re.compile(r"CHECK \((\w{1,60}) IN \(([^()]{1,1000})\)\)")
# What the kind of a column does not say, and no constraint of the table.
_SPELT = {
    "fingerprints.phash": "length(phash) != 64 OR phash GLOB '*[^0-9a-f]*'",
    "fingerprints.variants": "NOT json_valid(variants)",
    "packed_variants.hashes": "length(hashes) != 32 * (SELECT json_array_length(names) FROM variant_names AS n "
    "WHERE n.names_id = packed_variants.names_id)",
    "variant_names.names": "NOT json_valid(names) OR json_type(names) != 'array'",
    "decision_history.before": "NOT json_valid(before)",
    "decision_history.after": "NOT json_valid(after)",
}


def find_wrong_value(conn: sqlite3.Connection) -> str | None:
    """The first value that does not belong where it is, as a clause; None when all do. Reads every row: for when something failed."""
    views = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
    for table in sorted(read_view_sources(conn).keys() - views):
        for _, column, kind, *_ in conn.execute(f"PRAGMA table_info({quoted(table)})").fetchall():
            found = None if table.startswith("photos_fts") else _find_in_column(conn, table, column, kind)
            if found:
                return found
    return None


def _find_in_column(conn: sqlite3.Connection, table: str, column: str, kind: str) -> str | None:
    name, place = quoted(column), f"the column {column} of {table}"
    try:
        if kind in _KINDS:
            allowed = ", ".join(f"'{each}'" for each in ("null", *_KINDS[kind]))
            sql = f"SELECT typeof({name}) FROM {quoted(table)} WHERE typeof({name}) NOT IN ({allowed}) LIMIT 1"
            if row := conn.execute(sql).fetchone():
                return f"{place} holds a value of the kind {row[0]}, where only {kind} belongs"
        spelt = _SPELT.get(f"{table}.{column}") or _read_choices().get(f"{table}.{column}")
        if spelt and conn.execute(f"SELECT 1 FROM {quoted(table)} WHERE {spelt} LIMIT 1").fetchone():
            return f"{place} holds a value that is not written as it should be"
    except sqlite3.Error:  # a table that another program has changed
        return None
    return None


@cache
def _read_choices() -> dict[str, str]:
    """For each column that takes certain words alone, the condition for another. A made file need not have the constraint."""
    with contextlib.closing(sqlite3.connect(":memory:")) as conn:
        for step in schema.STEPS.values():
            step(conn)  # type: ignore[arg-type]
        tables = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    found = ((name, choice) for name, sql in tables for choice in _CHOICE.finditer(sql))
    return {f"{name}.{choice[1]}": f"{choice[1]} NOT IN ({choice[2]})" for name, choice in found}


def explain_wrong_value(name: str, clause: str) -> str:
    """What a person is told of it."""
    return f"{name} cannot be used as it is: {clause}. No import writes that: another program has, or somebody made the file."
