"""Links into our pages from Datasette's own menus. Each appears only where it leads somewhere for this actor."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from datasette.utils import tilde_encode

from . import compat
from .request_database import REQUIRED, is_read_only, read_tables


async def viewable_tables(datasette: Any, actor: dict | None, database: str) -> frozenset[str]:
    """Our tables of this database when the actor may view those that the queue needs."""
    db = datasette.databases.get(database)
    if db is None or database == "_internal":
        return frozenset()
    tables = await read_tables(db)
    seen = await compat.allowed_tables(datasette, actor, database, REQUIRED) if tables else ()
    return tables if len(seen) == len(REQUIRED) else frozenset()


def queue_url(datasette: Any, database: str) -> str:
    """Where the queue of this database is."""
    return f"{datasette.urls.database(database)}/-/duplicates"


def menu_links(datasette: Any, actor: dict | None, request: Any):
    """Duplicates, once for each database that has them."""

    async def links() -> list[dict[str, str]]:
        names = [name for name in datasette.databases if await viewable_tables(datasette, actor, name)]
        label = "Duplicates" if len(names) == 1 else "Duplicates in {}"
        return [{"href": queue_url(datasette, name), "label": label.format(name)} for name in names]

    return links


def database_links(datasette: Any, actor: dict | None, database: str):
    """The review pages, in the menu of the database."""

    async def links() -> list[dict[str, str]]:
        tables = await viewable_tables(datasette, actor, database)
        if not tables:
            return []
        found = [{"href": queue_url(datasette, database), "label": "Review duplicates"}]
        if "fingerprints" in tables and await compat.allowed(datasette, actor, "gphotos-review", database):
            found.append({"href": f"{queue_url(datasette, database)}/find", "label": "Find a picture"})
        if "decision_batches" in tables:
            found.append({"href": f"{queue_url(datasette, database)}/history", "label": "What was decided"})
        if await _may_push(datasette, actor, database, tables):
            found.append({"href": f"{queue_url(datasette, database)}/push", "label": "Into the album"})
        return found

    return links


async def _may_push(datasette: Any, actor: dict | None, database: str, tables: frozenset[str]) -> bool:
    if "pushes" not in tables or is_read_only(datasette.databases[database]):
        return False
    return await compat.allowed(datasette, actor, "gphotos-push", database)


async def _rights(datasette: Any, actor: dict | None, database: str, tables: frozenset[str]) -> set[str]:
    """What the actor may do with photos of this database: review, push."""
    rights = {"push"} if await _may_push(datasette, actor, database, tables) else set()
    if is_read_only(datasette.databases[database]) or "decisions" not in tables:
        return rights
    return rights | ({"review"} if await compat.allowed(datasette, actor, "gphotos-review", database) else set())


def _acts(base: str, query: str, rows: str, rights: set[str]) -> list[dict[str, str]]:
    """What can be done with the rows that a page shows."""
    acts = [
        ("review", f"{base}/accept?{query}", f"Accept what is proved of {rows}"),
        ("push", f"{base}/push?{query}", f"Push {rows} into an album"),
    ]
    return [{"href": href, "label": label} for right, href, label in acts if right in rights]


def table_links(datasette: Any, actor: dict | None, database: str, table: str, request: Any):
    """Pushing what this table or view shows, when it shows photos."""

    async def links() -> list[dict[str, str]]:
        tables = await viewable_tables(datasette, actor, database)
        rights = await _rights(datasette, actor, database, tables) if tables else set()
        columns = await datasette.databases[database].table_columns(table) if rights else ()
        if "photo_id" not in columns:
            return []
        count = await _count(datasette, request, database, table)
        rows = "these rows" if count is None else f"these {count:,} rows"
        query = urlencode({"table": table, "filter": request.query_string if request else ""})
        return _acts(queue_url(datasette, database), query, rows, rights)

    return links


async def _count(datasette: Any, request: Any, database: str, table: str) -> int | None:
    """How many rows the page's own filter matches, as Datasette itself counts them for this actor."""
    from .shown_photos import fetch_count

    return await fetch_count(datasette, request, database, table) if request else None


def query_links(datasette: Any, actor: dict | None, database: str, query_name: str | None, sql: str | None, params: dict | None):
    """Pushing what a query shows."""

    async def links() -> list[dict[str, str]]:
        tables = await viewable_tables(datasette, actor, database)
        rights = await _rights(datasette, actor, database, tables) if tables and sql and "photo_id" in sql else set()
        told = {"sql": sql} if not query_name else {"query": query_name}
        query = urlencode({**told, **{f"p.{key}": value for key, value in (params or {}).items()}})
        return _acts(queue_url(datasette, database), query, "the photos of this query", rights)

    return links


def row_links(datasette: Any, actor: dict | None, database: str, table: str, row: Any):
    """From a row about a photo to its group."""

    async def links() -> list[dict[str, str]]:
        try:
            photo_id = row["photo_id"]
        except LookupError:
            return []
        if not isinstance(photo_id, str) or not await viewable_tables(datasette, actor, database):
            return []
        href = f"{queue_url(datasette, database)}/photo/{tilde_encode(photo_id)}"
        return [{"href": href, "label": "Show its group of duplicates"}]

    return links
