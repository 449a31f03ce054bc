"""Answers in the shapes that all our pages share: a page, JSON, a redirect, an error."""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from datasette.utils.asgi import Forbidden, Response
from markupsafe import Markup

from ...errors import BusyError, ConflictError, GphotosError, NotFoundError, SafetyError
from . import compat

# Nobody may show our pages with their buttons inside a page of their own.
_PAGE_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "content-security-policy": "frame-ancestors 'self'",
    "referrer-policy": "same-origin",
}


def json_answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`data` as JSON."""
    body = json.dumps(data, ensure_ascii=False, default=str)
    return Response(
        body, status, {"x-content-type-options": "nosniff", **(headers or {})}, content_type="application/json; charset=utf-8"
    )


async def page_answer(library: Any, template: str, context: dict[str, Any], status: int = 200) -> Response:
    """A page of ours inside Datasette's own frame."""
    from ... import formatting

    shared = {
        "library": library,
        "database": library.name,
        "words": formatting,
        "own_static": partial(compat.read_plugin_static, library.datasette),
    }
    body = await library.datasette.render_template(template, {**shared, **context}, request=library.request)
    return Response.html(body, status=status, headers=dict(_PAGE_HEADERS))


def fill_part(library: Any, template: str, **context: Any) -> Markup:
    """A template with a long list in it, filled at one go.

    Datasette's own environment hands every piece of text through a chain of asynchronous generators, which for a list of 50 groups
    takes longer than everything else. `token` is the token for forms.
    """
    environment = compat.plain_environment(library.datasette, library.request)
    token = library.request.scope["csrftoken"]() if library.can_review and "csrftoken" in library.request.scope else ""
    return Markup(environment.get_template(template).render(token=token, can_review=library.can_review, **context))


def redirect(url: str) -> Response:
    """See other: what was posted is done, so that reloading does not post again."""
    return Response("", 303, {"location": url}, content_type="text/plain; charset=utf-8")


def method_answer(methods: tuple[str, ...], wants_json: bool) -> Response:
    """405 with the methods there are."""
    allow = {"allow": ", ".join(methods)}
    text = f"This address takes {' and '.join(methods)}."
    if wants_json:
        return json_answer(_error_json(text, 405), 405, allow)
    return Response(text, 405, allow, content_type="text/plain; charset=utf-8")


def _error_json(text: str, status: int) -> dict[str, Any]:
    """The error shape of Datasette 1.0, on both lines."""
    return {"ok": False, "error": text, "errors": [text], "status": status}


def status_of(error: Exception) -> int:
    """The HTTP status that fits an error."""
    if isinstance(error, Forbidden):
        return 403
    if isinstance(error, (ConflictError, SafetyError)):
        return 409
    if isinstance(error, NotFoundError):
        return 404
    if isinstance(error, BusyError):
        return 503
    return 400 if isinstance(error, GphotosError) else 404


async def error_answer(datasette: Any, request: Any, error: Exception, wants_json: bool) -> Response:
    """One sentence for the person, as a page or JSON; on pages, Datasette's own handling where it has one."""
    status = status_of(error)
    if wants_json:
        return json_answer(_error_json(str(error), status), status)
    if not isinstance(error, GphotosError):
        raise error
    context = {**_state_of(datasette, request, error), "own_static": partial(compat.read_plugin_static, datasette)}
    body = await datasette.render_template("gphotos_error.html", context, request=request)
    return Response.html(body, status=status, headers=dict(_PAGE_HEADERS))


_STATES = {
    409: ("question", "ask", "It has changed meanwhile"),
    404: ("search", "ask", "This is no longer there"),
    503: ("question", "ask", "Too much at once"),
    400: ("cross", "wrong", "That did not work"),
}


def _came_from(request: Any, database: str) -> str:
    """The page of ours that a form was on; where the browser does not tell, the address it went to."""
    told = urlsplit(request.headers.get("referer", ""))
    ours = told.path.startswith(f"{database}/-/duplicates")
    return told.path + (f"?{told.query}" if told.query else "") if ours else request.full_path


def _state_of(datasette: Any, request: Any, error: Exception) -> dict[str, Any]:
    """What went wrong as a state of the page: a drawing, a heading, the sentence, and where to go on."""
    mark, css, title = _STATES.get(status_of(error), _STATES[400])
    if isinstance(error, SafetyError):
        title = "Nothing was saved"
    database, found, _ = request.full_path.partition("/-/")
    ways = [("Show it as it is now", _came_from(request, database))] if status_of(error) == 409 else []
    if found:
        ways.append(("Back to the queue", f"{database}/-/duplicates"))
    return {"mark": mark, "css": css, "title": title, "sentence": str(error), "ways": ways}
