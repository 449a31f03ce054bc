"""The photos that a Datasette page shows: asked of Datasette itself, as the same actor, with the page's own filter.

So what somebody sees is what gets acted upon, and nobody reaches rows that Datasette would not show them.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette.utils import tilde_encode

from ...errors import GphotosError
from . import compat

# These change how a page looks, not which rows it is about.
_LOOKS = (
    "_facet",
    "_size",
    "_next",
    "_col",
    "_nocol",
    "_shape",
    "_labels",
    "_extra",
    "_stream",
    "_nofacet",
    "_nocount",
    "_ttl",
    "_trace",
)
_OWN_HEADERS = frozenset(
    {"host", "content-length", "content-type", "accept", "accept-encoding", "origin", "referer", "connection"}
)
_LONGEST_ADDRESS = 60_000  # httpx takes no more than 65,536 characters


@dataclass(frozen=True)
class PhotoSelection:
    """What a push page was asked to push: a table or view with its filter, a query, or (empty) every photo decided `remove`."""

    table: str = ""
    filter: str = ""
    sql: str = ""
    query: str = ""
    params: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    def from_pairs(cls, pairs: list[tuple[str, str]]) -> PhotoSelection:
        """From the fields of a query string or form."""
        told = dict(pairs)
        params = tuple((key[2:], value) for key, value in pairs if key.startswith("p."))
        return cls(told.get("table", ""), told.get("filter", ""), told.get("sql", ""), told.get("query", ""), params)

    def pairs(self) -> list[tuple[str, str]]:
        """As fields of a form or query string."""
        told = [("table", self.table), ("filter", self.filter), ("sql", self.sql), ("query", self.query)]
        return [(key, value) for key, value in told if value] + [(f"p.{key}", value) for key, value in self.params]

    def words(self) -> str:
        """Where the photos come from, for a person."""
        if self.table:
            return f"the rows of {self.table}" + (f" that match {self.filter}" if self.filter else "")
        if self.query or self.sql:
            return f"the query {self.query}" if self.query else "a query"
        return "all photos decided to be removed"


async def fetch_photo_ids(library: Any, selection: PhotoSelection) -> list[str] | None:
    """The photo ids of the selection, each once; None means every photo decided `remove`. Raises GphotosError."""
    if selection.table:
        ids = await _fetch_table(library, selection)
    elif selection.query or selection.sql:
        ids = await _fetch_query(library, selection)
    else:
        return None
    return list(dict.fromkeys(ids))


async def _fetch_table(library: Any, selection: PhotoSelection) -> list[str]:
    kept = [(key, value) for key, value in parse_qsl(selection.filter, keep_blank_values=True) if not key.startswith(_LOOKS)]
    base = f"/{tilde_encode(library.db.route)}/{tilde_encode(selection.table)}"
    if library.datasette.setting("allow_csv_stream"):
        answer = await _ask(library.datasette, library.request, f"{base}.csv?{urlencode([*kept, ('_stream', 'on')])}")
        return await asyncio.to_thread(_column_of_csv, answer.text, selection.table)
    ids: list[str] = []
    after = ""
    while after is not None:
        paging = [
            ("_shape", "objects"),
            ("_size", "max"),
            ("_nofacet", "1"),
            ("_nocount", "1"),
            *([("_next", after)] if after else []),
        ]
        answer = await _ask(library.datasette, library.request, f"{base}.json?{urlencode([*kept, *paging])}")
        told = answer.json()
        ids += _column_of_rows(told["rows"], selection.table)
        after = told.get("next")
    return ids


async def _fetch_query(library: Any, selection: PhotoSelection) -> list[str]:
    database = tilde_encode(library.db.route)
    if selection.query:
        path = f"/{database}/{tilde_encode(selection.query)}.json"
        params = list(selection.params)
    else:
        path = compat.query_path(library.datasette, database)
        params = [("sql", selection.sql), *selection.params]
    answer = await _ask(library.datasette, library.request, f"{path}?{urlencode([*params, ('_shape', 'objects')])}")
    told = answer.json()
    if told.get("truncated"):
        raise GphotosError(
            "The query gives more rows than Datasette returns at once, so some would be left out silently. "
            "Narrow it down, or save it as a view and push from the view's page."
        )
    return _column_of_rows(told["rows"], "the query")


def _column_of_csv(text: str, name: str) -> list[str]:
    reader = csv.DictReader(io.StringIO(text))
    if "photo_id" not in (reader.fieldnames or ()):
        raise GphotosError(f"{name} has no column photo_id, so it does not say which photos to push.")
    return [row["photo_id"] for row in reader if row["photo_id"]]


def _column_of_rows(rows: list[dict[str, Any]], name: str) -> list[str]:
    if rows and "photo_id" not in rows[0]:
        raise GphotosError(f"{name} has no column photo_id, so it does not say which photos to push.")
    values = [row["photo_id"]["value"] if isinstance(row["photo_id"], dict) else row["photo_id"] for row in rows]
    return [value for value in values if isinstance(value, str)]


async def _ask(datasette: Any, request: Any, path: str) -> Any:
    """Datasette's own answer, with whatever signs this request in passed along."""
    if len(path) > _LONGEST_ADDRESS:
        raise GphotosError("The address of the page that was to be pushed is too long. Narrow it down in fewer words.")
    # Datasette reads headers as latin-1; handed on as text they would have to be ASCII
    headers = {key: value.encode("latin-1") for key, value in request.headers.items() if key not in _OWN_HEADERS}
    answer = await datasette.client.get(path, headers=headers)
    if answer.status_code != 200:
        raise GphotosError(f"The page that was to be pushed answers {answer.status_code}: {_reason(answer)}")
    return answer


def _reason(answer: Any) -> str:
    try:
        told = json.loads(answer.text)
    except ValueError:
        return "it cannot be read by you, or is not there."
    return str(told.get("error") or "it cannot be read.") if isinstance(told, dict) else "it cannot be read."


async def fetch_count(datasette: Any, request: Any, database: str, table: str) -> int | None:
    """How many rows the table page of this request is about; None when Datasette does not say."""
    kept = [(key, value) for key, value in parse_qsl(request.query_string, keep_blank_values=True) if not key.startswith(_LOOKS)]
    route = tilde_encode(datasette.databases[database].route)
    query = urlencode([*kept, ("_size", "0"), ("_nofacet", "1"), ("_extra", "count"), ("_shape", "objects")])
    try:
        told = (await _ask(datasette, request, f"/{route}/{tilde_encode(table)}.json?{query}")).json()
    except GphotosError:
        return None
    return told.get("count", told.get("filtered_table_rows_count"))
