"""Which facets Datasette offers on the pages of our tables: those that we know to be of use, without trying every column.

Datasette 0.65 tries each column three times on all rows, 50 ms at most each: five seconds for 41 columns of 200,000 photos, on
every page. Which columns hold few values is no secret to us. Tables of anybody else are tried as before.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import cache
from typing import Any

from ...descriptions import TABLES
from .request_database import read_tables


def calm() -> Generator[None, Any, None]:
    """Around the hook: each facet class of Datasette and its plugins, with our suggestions for our tables."""
    outcome = yield
    outcome.force_result([[_calmed(kind) for kind in kinds] for kinds in outcome.get_result()])


@cache
def _calmed(kind: Any) -> Any:
    async def suggest(self: Any) -> list[dict]:
        if self.table in TABLES and await read_tables(self.ds.databases[self.database]):
            return _known(self) if kind.type == "column" else []
        return await kind.suggest(self)

    calmed = type(kind.__name__, (kind,), {"suggest": suggest, "__doc__": kind.__doc__})
    return calmed


def _known(facet: Any) -> list[dict]:
    """Datasette's shape of a suggestion, for the described columns that are not shown as facets yet."""
    from datasette.utils import path_with_added_args

    shown = {one["config"].get("column") or one["config"]["simple"] for one in facet.get_configs()}
    columns = [column for column in TABLES[facet.table].more_facets if column not in shown]
    paths = {column: path_with_added_args(facet.request, {"_facet": column}) for column in columns}
    urls = {column: facet.ds.absolute_url(facet.request, facet.ds.urls.path(path)) for column, path in paths.items()}
    return [{"name": column, "toggle_url": url} for column, url in urls.items()]
