"""Previews in the cells of tables, views and queries. JSON and CSV never come by here.

Datasette passes a single-column primary key to plugins on row pages only, so a table of photos shows it in its `filename` cell.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from datasette.utils import tilde_encode
from markupsafe import Markup

from . import inline_previews
from .request_database import read_tables

PHOTO_COLUMNS = frozenset({"photo_id", "photo_a", "photo_b", "keeper_id"})
SENTENCES = frozenset({"reason", "evidence"})
SHORT_ID = 12
_LONGEST_ID = 512


def render(
    datasette: Any, database: str, table: str | None, column: str, value: Any, row: Any
) -> Awaitable[Markup | None] | None:
    """The cell with its preview, or None when it is no business of ours. No look-up: a page may have thousands of cells."""
    if table == "thumbnails" and column == "content":
        photo_id = _text(_from(row, "photo_id"))
        label: Any = Markup("")
    elif column in PHOTO_COLUMNS:
        photo_id = _text(value)
        label = _link(datasette, database, photo_id, value["label"] if isinstance(value, dict) else value) if photo_id else ""
    elif column == "filename" and table == "photos":
        photo_id, label = _text(_from(row, "photo_id")), value
    elif column == "group_id" and _text(value):
        return _group_if_ours(datasette, database, value)
    elif column in SENTENCES and value:
        return _sentence_if_ours(datasette, database, value)
    else:
        return None
    return _preview_if_ours(datasette, database, photo_id, label) if photo_id else None


async def _is_ours(datasette: Any, database: str) -> bool:
    """Whether the database has our previews."""
    db = datasette.databases.get(database)
    return db is not None and "thumbnails" in await read_tables(db)


async def _group_if_ours(datasette: Any, database: str, value: Any) -> Markup | None:
    """A link to the group, also in what a query shows; of a long id its beginning."""
    group_id = _text(value)
    if group_id is None or not await _is_ours(datasette, database):
        return None
    told = value["label"] if isinstance(value, dict) else group_id if len(group_id) <= SHORT_ID else f"{group_id[:SHORT_ID]}…"
    return Markup('<a href="{}/-/duplicates/{}">{}</a>').format(datasette.urls.database(database), tilde_encode(group_id), told)


async def _sentence_if_ours(datasette: Any, database: str, value: Any) -> Markup | None:
    """A column of long ids beside it would press a sentence into a word a line, and make every row a page high."""
    if not await _is_ours(datasette, database):
        return None
    return Markup('<div style="min-width:18em">{}</div>').format(value)


async def _preview_if_ours(datasette: Any, database: str, photo_id: str, label: Markup) -> Markup | None:
    if not await _is_ours(datasette, database):
        return None
    db = datasette.databases[database]
    inlined = inline_previews.data_address(db, photo_id) if inline_previews.PICTURES_MUST_BE_INLINE else None
    return _preview(datasette, database, photo_id, label, inlined)


def _link(datasette: Any, database: str, photo_id: str, label: Any) -> Markup:
    return Markup('<a href="{}">{}</a>').format(datasette.urls.row(database, "photos", tilde_encode(photo_id)), label)


def _from(row: Any, column: str) -> Any:
    try:
        return row[column]
    except LookupError:  # ?_nocol= really removes columns
        return None


def _text(value: Any) -> str | None:
    """A photo id: text, or the dict that Datasette makes of a foreign key with a label."""
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID else None


def _preview(datasette: Any, database: str, photo_id: str, label: Markup, inlined: str | None) -> Markup:
    base, key = datasette.urls.database(database), tilde_encode(photo_id)
    return Markup(
        '<a href="{0}/-/duplicates/photo/{1}"><img src="{3}" alt="Preview" width="96" height="72" loading="lazy" '
        'decoding="async" style="object-fit:contain;max-width:96px"></a><br>{2}'
    ).format(base, key, label, inlined or f"{base}/-/thumbnail/{key}")
