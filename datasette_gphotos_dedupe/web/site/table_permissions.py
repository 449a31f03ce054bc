"""What a table, view or query tells of, and that nobody reads in one what they may not see in another.

Who may not view `photos` sees no previews, hashes, groups, counts or decisions either, however these are reached: Datasette asks this
for every table, view and query page, and our pages ask Datasette. A new table counts as telling of photos until it is named here.
"""

from __future__ import annotations

import contextvars
import json
import sqlite3
import time
import weakref
from typing import Any

from ...store.schema_check import read_view_sources
from . import compat

OWN = frozenset(("photos", "albums", "people", "_sqlite_migrations"))
"""Tables that tell of nothing but themselves. Every other one of ours tells of photos."""

ALSO: dict[str, tuple[str, ...]] = {
    "album_photos": ("albums",),
    "photo_people": ("people",),
    **dict.fromkeys(("skipped", "parts", "staged_readings", "last_import"), ("files",)),  # where files lie
    **dict.fromkeys(("group_members", "group_counts", "group_text"), ("groups",)),
    **dict.fromkeys(("decision_batches", "decision_history"), ("decisions",)),
    **dict.fromkeys(("judgements", "different_pairs"), ("pairs",)),
    **dict.fromkeys(("comparisons", "variant_names"), ("fingerprints",)),
    "packed_variants": ("fingerprints", "variant_names"),
    **dict.fromkeys(("push_items", "push_albums"), ("pushes",)),
}
"""What tables tell of beside photos."""

DATABASE_ACTIONS = ("execute-sql", "view-database-download")
"""What shows every table of a file at once."""

_INDEX = "photos_fts_"
_REMEMBER_S = 1.0  # a page asks for each of its tables
_MOST_REMEMBERED = 1_000
_asking = contextvars.ContextVar("gphotos_asking", default=False)
_remembered: weakref.WeakKeyDictionary[Any, dict[str, tuple[float, frozenset[str]]]] = weakref.WeakKeyDictionary()
_told: weakref.WeakKeyDictionary[Any, tuple[int, dict[str, frozenset[str]]]] = weakref.WeakKeyDictionary()


def sources_of(table: str, views: dict[str, frozenset[str]]) -> frozenset[str]:
    """The tables that this one of ours tells of, however far away; `views` says what each view reads."""
    if table in OWN:
        return frozenset()
    near = views.get(table) or frozenset(("photos", *ALSO.get(table, ())))
    return near.union(*(sources_of(one, views) for one in near))


async def read_hidden(datasette: Any, actor: dict | None, database: str) -> frozenset[str]:
    """Our tables and views of this database that `actor` may not see: locked themselves, or telling of what is locked."""
    db = datasette.databases.get(database)
    if db is None or database == "_internal":
        return frozenset()
    told = await _read_told(datasette, db)
    if not told:
        return frozenset()
    known = _remembered.setdefault(db, {})
    key = json.dumps(actor, sort_keys=True, default=str)
    until, hidden = known.get(key, (0.0, frozenset()))
    if time.monotonic() > until:
        hidden = await _find_hidden(datasette, actor, database, told)
        if len(known) >= _MOST_REMEMBERED:
            known.clear()
        known[key] = (time.monotonic() + _REMEMBER_S, hidden)
    return hidden


async def _find_hidden(datasette: Any, actor: Any, database: str, told: dict[str, frozenset[str]]) -> frozenset[str]:
    """Asked of everybody else's rules: ours answer nothing meanwhile."""
    mark = _asking.set(True)
    try:
        seen = await compat.allowed_tables(datasette, actor, database, told, only_listed=True)
    finally:
        _asking.reset(mark)
    locked = {table for table in told.keys() - seen if not table.startswith(_INDEX)}  # 1.0 lists no parts of an index
    return frozenset(table for table, sources in told.items() if table in locked or sources & locked)


async def _read_told(datasette: Any, db: Any) -> dict[str, frozenset[str]]:
    """What each table and view of ours in this database tells of; empty when it is no library. Asked again when its schema changes."""
    try:
        version = await db.execute_fn(lambda conn: conn.execute("PRAGMA schema_version").fetchone()[0])
        if _told.get(db, (None, {}))[0] != version:
            views = await db.execute_fn(_read_views)
            await compat.refresh_catalogue(datasette)
            _told[db] = (version, {} if views is None else {name: sources_of(name, views) for name in views})
        return _told[db][1]
    except (sqlite3.Error, UnicodeDecodeError):  # a file that is gone or damaged shows nothing
        return {}


def _read_views(conn: sqlite3.Connection) -> dict[str, frozenset[str]] | None:
    """Each table (telling of nothing yet) and view (with what it reads) of ours that is there; None when this is no library."""
    found = read_view_sources(conn)
    return found if {"photos", "groups", "group_members"} <= found.keys() else None


async def refuse(datasette: Any, actor: dict | None, action: str, resource: Any) -> bool | None:
    """For the permission hook of 0.65: False for what shows something hidden, None for everything else."""
    if _asking.get() or action not in ("view-table", *DATABASE_ACTIONS) or not resource:
        return None
    if action == "view-table":
        return False if resource[1] in await read_hidden(datasette, actor, resource[0]) else None
    return False if await _shows_all(datasette, actor, resource) else None


async def _shows_all(datasette: Any, actor: dict | None, database: str) -> bool:
    """Whether something is hidden from this actor in what SQL on this database reaches."""
    everywhere = database == "_memory" and getattr(datasette, "crossdb", False)
    names = list(datasette.databases) if everywhere else [database]
    return any([await read_hidden(datasette, actor, name) for name in names])


async def refusals(datasette: Any, actor: dict | None, action: str) -> list[list[Any]]:
    """For the permission hook of 1.0: [database, table or None] of everything that shows something hidden."""
    if _asking.get() or action not in ("view-table", *DATABASE_ACTIONS):
        return []
    if action == "view-table":
        return [[name, table] for name in datasette.databases for table in await read_hidden(datasette, actor, name)]
    return [[name, None] for name in datasette.databases if await _shows_all(datasette, actor, name)]


async def refused_resources(datasette: Any, actor: dict | None, action: str) -> Any:
    """The same as rows for 1.0, which only refuse."""
    refused = await refusals(datasette, actor, action)
    if not refused:
        return None
    from datasette.permissions import PermissionSQL

    return PermissionSQL(
        sql="""SELECT json_extract(value, '$[0]') AS parent, json_extract(value, '$[1]') AS child, 0 AS allow,
  'tells of a table that may not be viewed' AS reason FROM json_each(:gphotos_hidden)""",
        params={"gphotos_hidden": json.dumps(refused)},
    )
