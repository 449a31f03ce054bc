"""The way in: a card above Datasette's own lists, and the style sheet of its pages of our databases."""

from __future__ import annotations

import sqlite3
from typing import Any

from markupsafe import Markup

from ... import formatting
from . import compat
from .menus import queue_url, viewable_tables
from .request_database import read_tables

_FOLD = """(() => { const list = document.querySelector("dl.column-descriptions"); if (!list) return;
const box = document.createElement("details"); box.className = "gp-columns"; box.innerHTML = "<summary>What the columns mean</summary>";
list.before(box); box.append(list); })();"""
_DOOR = Markup('<div class="gp-door"><p>{}</p><a class="gp-button" href="{}">Review duplicates{}</a></div>')


async def doors(datasette: Any, actor: dict | None, database: str | None = None) -> Markup:
    """A card for each database of ours, or for this one: what there is to do, and the button that leads there."""
    names = [database] if database else list(datasette.databases)
    ours = {name: tables for name in names if (tables := await viewable_tables(datasette, actor, name))}
    cards = []
    for name, tables in ours.items():
        told = await datasette.databases[name].execute_fn(lambda conn, tables=tables: _read_open(conn, tables))
        cards.append(_DOOR.format(_words(*told), queue_url(datasette, name), f" in {name}" if len(ours) > 1 else ""))
    return Markup("").join(cards)


def _read_open(conn: sqlite3.Connection, tables: frozenset[str]) -> tuple[int, int, int]:
    """Open groups, copies in them that are proved and wait, their bytes."""
    sums = "count(*), coalesce(sum(waiting_count), 0), coalesce(sum(waiting_bytes), 0) FROM groups"
    if "group_counts" in tables:
        sums = "coalesce(sum(groups), 0), coalesce(sum(waiting_count), 0), coalesce(sum(waiting_bytes), 0) FROM group_counts"
    return conn.execute(f"SELECT {sums} WHERE decided = 0").fetchone()


def _words(groups: int, copies: int, to_gain: int) -> Markup:
    if not groups:
        return Markup("Every group of duplicates is decided.")
    if not copies:
        return Markup("<b>{}</b> to look at; no copy is proved yet.").format(formatting.count(groups, "group"))
    return Markup("<b>{}</b> to look at, <b>{}</b> to gain.").format(formatting.count(groups, "group"), formatting.size(to_gain))


def template_vars(datasette: Any, request: Any) -> dict[str, Any]:
    """For the templates of 0.65, whose plugins have no other way above its lists."""
    if compat.has_tops(datasette):
        return {}

    async def show(database: str | None = None) -> Markup:
        return await doors(datasette, request.actor if request else None, database)

    return {"gphotos_doors": show}


async def _is_ours(datasette: Any, database: str | None) -> bool:
    names = [database] if database else list(datasette.databases)
    known = [datasette.databases[name] for name in names if name in datasette.databases and name not in ("_internal", "_memory")]
    return any([bool(await read_tables(db)) for db in known])


def css_urls(datasette: Any, database: str | None, view_name: str | None):
    """Our style sheet for Datasette's own pages, where a database of ours is on them."""

    async def urls() -> list[str]:
        ours = view_name is not None and await _is_ours(datasette, database)
        return [compat.read_plugin_static(datasette, "datasette.css")] if ours else []

    return urls


def body_script(datasette: Any, database: str | None, table: str | None):
    """Folds the descriptions of columns away on the page of a table of ours."""

    async def script() -> str:
        return _FOLD if table and await _is_ours(datasette, database) else ""

    return script
