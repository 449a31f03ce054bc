"""Our canned queries in Datasette: by hook on 0.65, as stored queries on 1.0.

A person's own query, table or view of the same name is never replaced. A query is offered only where its SQL can run, so an
older or foreign database gets none; and only to those who may view the tables it reads, because running it asks nobody.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import Any
from weakref import WeakKeyDictionary

from ...queries import QUERIES, Query
from . import compat, table_permissions

SOURCE = compat.PLUGIN
BY_NAME = {query.name: query for query in QUERIES}

_usable: WeakKeyDictionary[Any, tuple[int, tuple[Query, ...]]] = WeakKeyDictionary()
_registered: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


async def canned_queries(datasette: Any, database: str) -> dict[str, dict]:
    """The hook of 0.65: name to definition. 1.0 no longer calls it."""
    if database == "_internal":
        return {}
    # 0.65 hands out the dict of the configuration itself and adds the answer of this hook to it, so ours may be in there.
    configured = datasette.metadata("queries", database=database, fallback=False) or {}
    theirs = {name for name, query in configured.items() if not (isinstance(query, dict) and query.get("source") == SOURCE)}
    queries = await read_usable(datasette.get_database(database))
    return {query.name: _definition(query) for query in queries if query.name not in theirs}


def _definition(query: Query) -> dict:
    return {
        "sql": query.sql,
        "title": query.title,
        "description": query.description,
        "params": list(query.params),
        "source": SOURCE,
    }


async def read_usable(db: Any) -> tuple[Query, ...]:
    """The queries whose SQL can run on this database, looked up again only when its schema has changed."""
    version = await db.execute_fn(_schema_version)
    known = _usable.get(db)
    if known is None or known[0] != version:
        known = _usable[db] = await db.execute_fn(_find_usable)
    return known[1]


def _schema_version(conn: sqlite3.Connection) -> int:
    return conn.execute("PRAGMA schema_version").fetchone()[0]


def _find_usable(conn: sqlite3.Connection) -> tuple[int, tuple[Query, ...]]:
    version = _schema_version(conn)
    names = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
    if "groups" not in names or "photos" not in names:
        return version, ()
    return version, tuple(query for query in QUERIES if query.name not in names and _can_run(conn, query))


def _can_run(conn: sqlite3.Connection, query: Query) -> bool:
    try:
        conn.execute(f"EXPLAIN {query.sql}", dict.fromkeys(query.params, "")).fetchone()
    except sqlite3.Error:
        return False
    return True


def stores_queries(datasette: Any) -> bool:
    """Whether this Datasette keeps queries in its internal database (1.0) instead of asking the hook (0.65)."""
    return hasattr(datasette, "add_query")


async def register_all(datasette: Any) -> None:
    """Bring the stored queries of every database in step with its tables. Cheap when no schema has changed."""
    if not stores_queries(datasette):
        return
    for name, db in list(datasette.databases.items()):
        if name not in ("_internal", "_memory"):
            await _register(datasette, name, db)


async def _register(datasette: Any, name: str, db: Any) -> None:
    try:
        version = await db.execute_fn(_schema_version)
        if _registered.get(db) == version:
            return
        usable = await read_usable(db)
    except sqlite3.Error:  # a file that is gone or damaged is Datasette's to report, not a reason not to start
        return
    _registered[db] = version
    # Read from the table itself, once: list_queries() asks for an actor's permission, which comes back to us.
    result = await datasette.get_internal_database().execute(
        "SELECT name, source, sql FROM queries WHERE database_name = ?", [name]
    )
    existing = {row["name"]: (row["source"], row["sql"]) for row in result.rows}
    wanted = {query.name for query in usable}
    for stale in [other for other, (source, _) in existing.items() if source == SOURCE and other not in wanted]:
        await datasette.remove_query(name, stale, source=SOURCE)
    known = {query: existing.get(query.name, (SOURCE, None)) for query in usable}
    missing = [query for query, (source, sql) in known.items() if source == SOURCE and sql != query.sql]
    # all are handed to the thread that writes before the first is waited for
    await asyncio.gather(*(_add(datasette, name, query) for query in missing))


async def _add(datasette: Any, database: str, query: Query) -> None:
    await datasette.add_query(
        database,
        query.name,
        query.sql,
        title=query.title,
        description=query.description,
        parameters=list(query.params),
        is_trusted=True,
        source=SOURCE,
    )


async def refuse(datasette: Any, actor: dict | None, action: str, resource: Any) -> bool | None:
    """For the permission hook of 0.65: False for a table or view that tells of what this actor may not view, and for a query of ours
    that reads one.
    """
    if action != "view-query" or not isinstance(resource, tuple):
        return await table_permissions.refuse(datasette, actor, action, resource)
    database, name = resource
    query = BY_NAME.get(name)
    if query is None or name not in await canned_queries(datasette, database):
        return None
    return False if (await table_permissions.read_hidden(datasette, actor, database)).intersection(query.tables) else None


async def refused_resources(datasette: Any, actor: dict | None, action: str) -> Any:
    """For the permission hook of 1.0: rows that refuse the same, never ones that allow.

    Asked for whenever queries are listed or opened, so a database that has got our tables since the start is noticed here.
    """
    if action != "view-query":
        return await table_permissions.refused_resources(datasette, actor, action)
    from datasette.permissions import PermissionSQL

    await register_all(datasette)
    refused = []
    for database in [name for name, db in datasette.databases.items() if _registered.get(db) is not None]:
        hidden = await table_permissions.read_hidden(datasette, actor, database)
        refused += [[database, query.name] for query in QUERIES if hidden.intersection(query.tables)]
    if not refused:
        return None
    return PermissionSQL(
        sql="""SELECT json_extract(value, '$[0]') AS parent, json_extract(value, '$[1]') AS child, 0 AS allow,
  'reads a table that may not be viewed' AS reason
FROM json_each(:gphotos_refused)
JOIN queries ON queries.database_name = json_extract(value, '$[0]') AND queries.name = json_extract(value, '$[1]')
WHERE queries.source = :gphotos_source""",
        params={"gphotos_refused": json.dumps(refused), "gphotos_source": SOURCE},
    )
