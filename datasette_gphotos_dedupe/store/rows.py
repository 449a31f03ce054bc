"""Reading rows: as dicts, as our own shapes, and for more values than SQLite takes parameters in one statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, cast

Shape = TypeVar("Shape")
AT_ONCE = 500  # SQLite before 3.32 takes 999


def in_parts(values: Sequence[Any], size: int = AT_ONCE) -> Iterator[Sequence[Any]]:
    """The values in parts of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


def marks(values: Collection[Any]) -> str:
    """A question mark for each value, to stand in SQL."""
    return ",".join("?" * len(values))


def select(conn: sqlite3.Connection, sql: str, values: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of `sql`, whose `{}` stands for the values, some hundred at a time."""
    for part in in_parts(values):
        yield from conn.execute(sql.format(marks(part)), list(part)).fetchall()


def read_rows(conn: sqlite3.Connection, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
    """The rows of a query, each as column name -> value."""
    cursor = conn.execute(sql, params)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


@cache
def columns_of(shape: type, *without: str) -> tuple[str, ...]:
    """The fields of a dataclass that are columns of the same name, but for those that come from elsewhere."""
    return tuple(field.name for field in fields(shape) if field.name not in without)


@cache
def _flags_of(shape: type) -> frozenset[str]:
    return frozenset(field.name for field in fields(shape) if str(field.type).split(" ")[0] == "bool")


def shape_of(shape: type[Shape], names: Sequence[str], row: Sequence[Any], **more: Any) -> Shape:
    """An object of a dataclass from the columns `names` of a row, by their names; flags become booleans, unknown ones stay None."""
    values = dict(zip(names, row, strict=True))
    for name in _flags_of(cast(Any, shape)):
        if values.get(name) is not None:
            values[name] = bool(values[name])
    return shape(**values, **more)
