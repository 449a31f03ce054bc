"""The database a request is about: which of our tables are there and may be seen, and what its actor may do."""

from __future__ import annotations

import os
import re
import sqlite3
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from datasette.utils import sqlite_timelimit, tilde_decode, tilde_encode
from datasette.utils.asgi import Forbidden, NotFound

from ...errors import GphotosError
from . import compat, inline_previews

REQUIRED = ("photos", "groups", "group_members")
OPTIONAL = (
    *("thumbnails", "pairs", "decisions", "decision_batches", "decision_history", "group_text", "group_counts"),
    *("uploads", "upload_photos"),
)
_WRITTEN = ("decisions", "decision_batches", "decision_history")  # where one is missing nothing can be decided
DETAILS = ("albums", "album_photos", "people", "photo_people", "files", "judgements", "pushes", "push_items")

# A library of 200,000 photos takes a tenth of this. A file that somebody made may hold views and triggers that never end.
READ_MS, WRITE_MS = 30_000, 60_000
_NO_FAULT_OF_OURS = ("interrupted", "malformed", "disk I/O error", "locked", "not a database")

Result = TypeVar("Result")
_PLAIN_KEY = re.compile("[A-Za-z0-9_-]+")  # what tilde encoding leaves alone, as nearly every key of Google is


@dataclass(frozen=True)
class Library:
    """A database of ours as one actor sees it. `tables` holds only what exists and what the actor may view."""

    datasette: Any
    request: Any
    db: Any
    tables: frozenset[str]
    can_review: bool
    can_push: bool
    read_only: bool

    @property
    def name(self) -> str:
        """The name that Datasette knows the database by."""
        return self.db.name

    @property
    def actor_id(self) -> str | None:
        """Who is asking, as it is written into the history."""
        actor = self.request.actor
        return str(actor["id"]) if actor and actor.get("id") is not None else None

    @property
    def auth_path(self) -> str | None:
        """The file that keeps the sign-in to Google with which this database may be pushed from; None when none is configured."""
        told = compat.plugin_config(self.datasette, self.name).get("auth")
        return told if isinstance(told, str) else None

    def url(self, *parts: str, **query: Any) -> str:
        """The path of one of our pages of this database, base_url included."""
        path = "/".join((self._base, *parts))
        asked = [(key, value) for key, value in query.items() if value not in (None, "")]
        return path + (f"?{urlencode(asked)}" if asked else "")

    @cached_property
    def _base(self) -> str:
        return f"{self.datasette.urls.database(self.name)}/-"

    def queue_url(self, query: str = "") -> str:
        """The path of the queue under a filter."""
        return self.url("duplicates") + (f"?{query}" if query else "")

    def group_url(self, group_id: str, query: str = "") -> str:
        """The path of the page of a group."""
        return self.url("duplicates", self.encode(group_id)) + (f"?{query}" if query else "")

    @staticmethod
    def encode(key: str) -> str:
        """A key as part of an address."""
        return key if _PLAIN_KEY.fullmatch(key) else tilde_encode(key)

    def group_json_url(self, group_id: str) -> str:
        """The path of its twin in JSON."""
        return self.url("duplicates", tilde_encode(group_id) + ".json")

    def compare_url(self, group_id: str, photo_id: str, query: str = "", **more: Any) -> str:
        """The page that compares this photo with the keeper of its group, or with the photo `a`; `query` is the filter of the queue."""
        return self.url("duplicates", tilde_encode(group_id), "compare", b=photo_id, **more) + (f"&{query}" if query else "")

    def row_url(self, table: str, key: str) -> str:
        """The path of Datasette's own page of a row."""
        return self.datasette.urls.row(self.name, table, tilde_encode(key))

    def thumbnail_url(self, photo_id: str) -> str:
        """Where the preview is: an address of ours, or the picture itself where nobody would answer that."""
        inlined = inline_previews.data_address(self.db, photo_id) if inline_previews.PICTURES_MUST_BE_INLINE else None
        return inlined or f"{self._base}/thumbnail/{self.encode(photo_id)}"

    async def read(self, function: Callable[..., Result], *args: Any) -> Result:
        """Call `function(connection, *args)` on a read connection, off the event loop."""

        def within_time(conn: Any) -> Result:
            with sqlite_timelimit(conn, READ_MS):
                return function(conn, *args)

        try:
            return await self.db.execute_fn(within_time)
        except sqlite3.DatabaseError as error:
            if not any(word in str(error) for word in _NO_FAULT_OF_OURS):
                raise
            raise GphotosError(_explain_read(self.name, error)) from error

    async def write(self, function: Callable[..., Result], *args: Any) -> Result:
        """Call `function(connection, *args)` in one transaction on the write connection."""
        if self.read_only:
            raise GphotosError(f"{self.name} is read-only here: nothing was changed.")

        def within_time(conn: Any) -> Result:
            with sqlite_timelimit(conn, WRITE_MS):
                return function(conn, *args)

        try:
            return await compat.write(self.db, within_time)
        except sqlite3.OperationalError as error:
            raise GphotosError(_explain(self.name, error)) from error


def _explain_read(name: str, error: Exception) -> str:
    text = str(error)
    if text == "interrupted":
        return f"Reading {name} took longer than {READ_MS // 1000} seconds and was broken off."
    return f"{name} could not be read: {text}."


def _explain(name: str, error: Exception) -> str:
    text = str(error)
    if text == "interrupted":
        return f"Changing {name} took longer than {WRITE_MS // 1000} seconds and was broken off. Nothing was changed."
    if "readonly" in text:
        return f"{name} is read-only here: nothing was changed."
    if "locked" in text or "busy" in text:
        return f"{name} is busy: another program is writing to it. Nothing was changed; try again in a moment."
    return f"{name} could not be changed: {text}."


REMEMBER_S = 1.0  # a page and its hundred previews ask the same
_tables: weakref.WeakKeyDictionary[Any, tuple[float, frozenset[str]]] = weakref.WeakKeyDictionary()
_faults: weakref.WeakKeyDictionary[Any, tuple[int, str | None]] = weakref.WeakKeyDictionary()


async def read_tables(db: Any) -> frozenset[str]:
    """The names of the tables in this database, as of at most a second ago; empty when it is not one of ours, or unusable."""
    until, known = _tables.get(db, (0.0, frozenset()))
    if time.monotonic() > until:
        try:
            known = await db.execute_fn(lambda conn: _read_tables(conn, db))
        except (sqlite3.DatabaseError, UnicodeDecodeError):  # a damaged file is Datasette's to report
            known = frozenset()
        _tables[db] = (time.monotonic() + (REMEMBER_S if known else 0.0), known)
    return known


def _read_tables(conn: sqlite3.Connection, db: Any) -> frozenset[str]:
    kinds = dict(conn.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')").fetchall())
    columns = {row[0] for row in conn.execute("SELECT name FROM pragma_table_info('groups')")}
    if not kinds.keys() >= set(REQUIRED) or not columns.issuperset({"group_id", "keeper_id", "reclaimable_bytes"}):
        return frozenset()
    tables = frozenset(name for name, kind in kinds.items() if kind == "table")
    return tables if _find_fault(conn, db) is None else frozenset()


def _find_fault(conn: sqlite3.Connection, db: Any) -> str | None:
    """What is wrong with the tables, views and triggers of a library, in sentences; looked for again when one of them has changed."""
    # with it comes the schema, which no start has to wait for
    from ...store.schema_check import explain_fault, explain_lag, find_fault, is_behind

    version = conn.execute("PRAGMA schema_version").fetchone()[0]
    if _faults.get(db, (None, None))[0] != version:
        fault = find_fault(conn, whole=False)
        told = explain_fault(db.name, fault) if fault else None
        _faults[db] = (version, explain_lag(f"{db.name}.db") if fault is None and is_behind(conn) else told)
    return _faults[db][1]


async def explain_values(datasette: Any, request: Any) -> str | None:
    """For an error that nobody foresaw: a sentence when the database of the address holds values of a wrong kind, None otherwise."""
    from ...store.value_check import explain_wrong_value, find_wrong_value

    db = datasette.get_database(route=tilde_decode(request.url_vars["database"]))

    def find(conn: sqlite3.Connection) -> str | None:
        with sqlite_timelimit(conn, READ_MS):
            return find_wrong_value(conn)

    clause = await db.execute_fn(find)
    return explain_wrong_value(db.name, clause) if clause else None


def is_read_only(db: Any) -> bool:
    """Whether a write would fail: opened immutable, or the file or its folder (for SQLite's journal) may not be written."""
    if not db.is_mutable:
        return True
    return bool(db.path) and not (os.access(db.path, os.W_OK) and os.access(Path(db.path).parent, os.W_OK))


async def open_library(
    datasette: Any, request: Any, required: tuple[str, ...], optional: tuple[str, ...], rights: bool
) -> Library:
    """The library that the address names. Raises NotFound, or Forbidden when a required table may not be viewed."""
    route = tilde_decode(request.url_vars["database"])
    try:
        db = datasette.get_database(route=route)
    except KeyError:
        raise NotFound(f"There is no database {route}.") from None
    present = await read_tables(db)
    fault = None if present else _faults.get(db, (0, None))[1]
    if fault:
        raise NotFound(fault)
    if not present or not present.issuperset(required):
        raise NotFound(f"{db.name} has no duplicates in it. Import first: gphotos-to-sqlite takeout {db.name}.db takeout-*.zip")
    viewable = await compat.allowed_tables(datasette, request.actor, db.name, present.intersection((*required, *optional)))
    for table in required:
        if table not in viewable:
            raise Forbidden(f"You may not view the table {table} of {db.name}.")
    return await _library(datasette, request, db, viewable, rights and present.issuperset(_WRITTEN))


async def _library(datasette: Any, request: Any, db: Any, tables: frozenset[str], rights: bool) -> Library:
    read_only = is_read_only(db)
    may = {}
    for action in compat.ACTIONS:
        may[action] = rights and not read_only and await compat.allowed(datasette, request.actor, action, db.name)
    review = may["gphotos-review"] and "decisions" in tables
    return Library(datasette, request, db, tables, review, may["gphotos-push"], read_only)
