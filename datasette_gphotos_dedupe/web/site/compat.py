"""All that differs between Datasette 0.65 and 1.0. Every branch asks for an ability, never for a version."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from datasette.utils import actor_matches_allow

PLUGIN = "datasette-gphotos-dedupe"
ACTIONS = {
    "gphotos-review": "Decide about duplicates",
    "gphotos-push": "Push photos into a Google Photos album",
}

Result = TypeVar("Result")


def actions() -> list[Any]:
    """Our permissions as 1.0 wants them declared; an empty list where the class does not exist."""
    try:
        from datasette.permissions import Action
        from datasette.resources import DatabaseResource
    except ImportError:
        return []
    return [Action(name=name, description=text, resource_class=DatabaseResource) for name, text in ACTIONS.items()]


def grant(datasette: Any, actor: dict | None, action: str, resource: Any) -> bool | None:
    """0.65 has no permissions block in its configuration: root, and whom the plugin's own `permissions` name, are allowed."""
    if action not in ACTIONS:
        return None
    if actor and actor.get("id") == "root":
        return True
    rights = plugin_config(datasette, resource).get("permissions")
    allow = rights.get(action) if isinstance(rights, dict) else None
    return _matches(actor, allow) if allow is not None else None


def _matches(actor: dict | None, allow: Any) -> bool:
    """Whether an allow block lets this actor in; one that cannot be understood lets nobody in."""
    if not isinstance(allow, (dict, bool)):
        return False
    try:
        return actor_matches_allow(actor, allow)
    except (TypeError, AttributeError):
        return False


async def allowed(datasette: Any, actor: dict | None, action: str, database: str, table: str | None = None) -> bool:
    """Whether `actor` may do `action` on this database or table, with everything above it taken into account."""
    if hasattr(datasette, "allowed"):
        from datasette.resources import DatabaseResource, TableResource

        resource = TableResource(database, table) if table else DatabaseResource(database)
        return await datasette.allowed(action=action, resource=resource, actor=actor)
    if action in ACTIONS:
        return await datasette.permission_allowed(actor, action, database, default=False)
    from datasette.utils.asgi import Forbidden

    # The first of these with an opinion wins, as on Datasette's own table pages.
    try:
        await datasette.ensure_permissions(actor, [(action, (database, table)), ("view-database", database), "view-instance"])
    except Forbidden:
        return False
    return True


async def allowed_tables(
    datasette: Any, actor: dict | None, database: str, tables: Iterable[str], only_listed: bool = False
) -> frozenset[str]:
    """Those of these tables that `actor` may view. `only_listed` asks 1.0 for all at once, which remembers no answer."""
    wanted, allowed_ones = set(tables), set()
    if (only_listed or len(wanted) > 2) and hasattr(datasette, "allowed_resources"):  # as fast as asking for two
        page = await datasette.allowed_resources("view-table", actor, parent=database, limit=1000)
        allowed_ones = {resource.child for resource in page.resources} & wanted
        if only_listed:
            return frozenset(allowed_ones)
    # What is missing there may only be newer than the catalogue that 1.0 asks.
    for table in wanted - allowed_ones:
        if await allowed(datasette, actor, "view-table", database, table):
            allowed_ones.add(table)
    return frozenset(allowed_ones)


async def refresh_catalogue(datasette: Any) -> None:
    """Have 1.0 notice new tables now: what it allows is told from a catalogue that may be a second old."""
    if hasattr(datasette, "allowed_resources"):
        await datasette.refresh_schemas(force=True)


def plugin_config(datasette: Any, database: str | None = None) -> dict[str, Any]:
    """Our configuration, the database's over the top level's: neither version falls back by itself reliably."""
    told = [datasette.plugin_config(PLUGIN)]
    if database:
        told.append(datasette.plugin_config(PLUGIN, database=database))
    return {key: value for config in told if isinstance(config, dict) for key, value in config.items()}


async def write(db: Any, function: Callable[[sqlite3.Connection], Result]) -> Result:
    """Run `function` on the write connection in one transaction that an exception rolls back."""

    def in_transaction(conn: sqlite3.Connection) -> Result:
        if conn.in_transaction:  # 1.0 has opened one
            return function(conn)
        conn.execute("BEGIN IMMEDIATE")
        try:
            result = function(conn)
        except BaseException:
            conn.rollback()
            raise
        conn.commit()
        return result

    return await db.execute_write_fn(in_transaction)


_plain: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def plain_environment(datasette: Any, request: Any) -> Any:
    """Datasette's template environment, a person's own templates included, without async."""
    own = datasette.get_jinja_environment(request) if hasattr(datasette, "get_jinja_environment") else datasette.jinja_env
    if own not in _plain:
        _plain[own] = own.overlay(enable_async=False)
    return _plain[own]


def has_tops(datasette: Any) -> bool:
    """Whether plugins may write above Datasette's own lists: from 1.0 on."""
    from datasette import hookspecs

    return hasattr(hookspecs, "top_homepage")


def read_plugin_static(datasette: Any, name: str) -> str:
    """The address of one of our static files."""
    return datasette.urls.static_plugins("datasette_gphotos_dedupe", name)


def query_path(datasette: Any, database: str) -> str:
    """Where SQL is asked as JSON, below base_url. `database` is encoded already."""
    return f"/{database}/-/query.json" if hasattr(datasette.urls, "database_query") else f"/{database}.json"
