"""Every address of ours: pattern, view, permission, methods, tables. A request is let through to its view only by this table."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from datasette.utils.asgi import Forbidden, NotFound

from ...errors import GphotosError
from . import request_database as libraries
from .bounds import refuse_files, refuse_long_values, refuse_other_sites
from .responses import error_answer, method_answer

DB = r"^/(?P<database>[^/]+)/-/"
JSON = r"(?P<json>\.json)?$"
_GROUP_TABLES = ("photos", "groups", "group_members")


@dataclass(frozen=True)
class Route:
    """One address. `writes` is the permission that a POST needs; `reads` one that a GET needs beyond view-table of `tables`."""

    name: str
    pattern: str
    view: str  # module.function below web
    tables: tuple[str, ...] = _GROUP_TABLES
    optional: tuple[str, ...] = libraries.OPTIONAL
    reads: str | None = None
    writes: str | None = None
    methods: tuple[str, ...] = ("GET",)
    rights: bool = True  # whether the view asks what the actor may do; pictures are many and do not


_ALL = (*libraries.OPTIONAL, *libraries.DETAILS)
_QUEUE = (*libraries.OPTIONAL, "albums", "album_photos")
_MATCHED = ("comparisons", "files", "match_state")  # whether a match has ended
_DECIDED = (*_GROUP_TABLES, "decisions", "decision_batches", "pairs")
_LOOKUP = ("photos", "fingerprints", "files")
# what a photo that goes would take with it, albums among it, is named before it goes
_PUSH_TABLES = (*_GROUP_TABLES, "decisions", "pairs", "pushes", "push_items", "albums", "album_photos")
_REVIEW: dict[str, Any] = {"writes": "gphotos-review", "methods": ("GET", "POST")}
_REVIEWERS: dict[str, Any] = {"reads": "gphotos-review", **_REVIEW}
_PUSH: dict[str, Any] = {"reads": "gphotos-push", "writes": "gphotos-push", "methods": ("GET", "POST")}

ROUTES = (
    Route("queue", f"{DB}duplicates{JSON}", "pages.queue.queue", optional=(*_QUEUE, *_MATCHED)),
    Route(
        "history",
        f"{DB}duplicates/history{JSON}",
        "pages.history.history",
        ("decision_batches", "decision_history"),
        (*libraries.OPTIONAL, *_GROUP_TABLES),
        **_REVIEW,
    ),
    Route("uploads", f"{DB}duplicates/uploads{JSON}", "pages.uploads.uploads", (*_DECIDED, "uploads", "upload_photos"), _QUEUE),
    Route("accept", f"{DB}duplicates/accept{JSON}", "pages.accept.accept", _DECIDED, _QUEUE, **_REVIEWERS),
    Route(
        "calibration",
        f"{DB}duplicates/calibration{JSON}",
        "pages.calibration.calibration",
        (*_GROUP_TABLES, "pairs"),
        (*_ALL, "match_state"),
        **_REVIEW,
    ),
    Route("find", f"{DB}duplicates/find{JSON}", "pages.find.find", _LOOKUP, (*_ALL, *_GROUP_TABLES), **_REVIEWERS),
    Route("push", f"{DB}duplicates/push{JSON}", "pages.push.push", _PUSH_TABLES, _ALL, **_PUSH),
    Route("job", f"{DB}duplicates/push/(?P<push>[0-9]{{1,15}}){JSON}", "pages.push_progress.job", _PUSH_TABLES, _ALL, **_PUSH),
    Route("compare", f"{DB}duplicates/(?P<group>[^/.]+)/compare{JSON}", "pages.compare.compare", optional=_ALL),
    Route("photo", f"{DB}duplicates/photo/(?P<photo>[^/]+)$", "pages.group.photo", optional=(), rights=False),
    Route("group", f"{DB}duplicates/(?P<group>[^/.]+){JSON}", "pages.group.group", optional=_ALL, **_REVIEW),
    Route(
        "original",
        f"{DB}original/(?P<photo>[^/]+)$",
        "pages.originals.original",
        ("photos", "files"),
        ("decisions",),
        reads="gphotos-review",
    ),
    Route("thumbnail", f"{DB}thumbnail/(?P<photo>[^/]+)$", "site.images.thumbnail", ("thumbnails",), (), rights=False),
)


def routes() -> list[tuple[str, Callable]]:
    """The table as Datasette wants it."""
    return [(route.pattern, _handler(route)) for route in ROUTES]


def _handler(route: Route) -> Callable:
    async def handle(datasette: Any, request: Any):
        wants_json = _wants_json(request)
        try:
            method = "GET" if request.method == "HEAD" else request.method
            if method not in route.methods:
                return method_answer(route.methods, wants_json)
            library = await _open(route, datasette, request, method)
            return await _view(route)(library, wants_json)
        except (GphotosError, Forbidden, NotFound) as error:
            return await error_answer(datasette, request, error, wants_json)
        except Exception:
            explained = await libraries.explain_values(datasette, request)
            if explained is None:
                raise
            return await error_answer(datasette, request, GphotosError(explained), wants_json)

    handle.__name__ = f"gphotos_{route.name}"
    return handle


def _view(route: Route) -> Callable:
    module, _, function = route.view.rpartition(".")
    return getattr(importlib.import_module(f"..{module}", __package__), function)


async def _open(route: Route, datasette: Any, request: Any, method: str) -> libraries.Library:
    if method == "POST":
        refuse_other_sites(request)
        if route.name != "find":
            refuse_files(request)
    refuse_long_values(request)
    library = await libraries.open_library(datasette, request, route.tables, route.optional, route.rights)
    needed = route.writes if method == "POST" else route.reads
    may = {"gphotos-review": library.can_review, "gphotos-push": library.can_push, None: True}
    if not may[needed]:
        why = f"{library.name} is read-only here" if library.read_only else f"this needs the permission {needed}"
        raise Forbidden(f"Nothing was done: {why}.")
    return library


def _wants_json(request: Any) -> bool:
    """The address ends in .json, or a script says so in its headers."""
    if request.url_vars.get("json"):
        return True
    accept, sent = request.headers.get("accept", ""), request.headers.get("content-type", "")
    return "application/json" in accept or (request.method == "POST" and "application/json" in sent)
