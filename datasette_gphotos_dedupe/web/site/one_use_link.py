"""`/-/gphotos-review`: the link that `gphotos-to-sqlite review` opens. It works once, signs in as root, and goes on to the queue."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Any

from datasette.utils.asgi import Forbidden, Response

PATTERN = r"^/-/gphotos-review$"
VARIABLE = "GPHOTOS_REVIEW_TOKEN"
_OWN = ("_internal", "_memory")


def routes() -> list[tuple[str, Callable]]:
    """The address, where Datasette was started by that command; nothing anywhere else."""
    return [(PATTERN, enter)] if os.environ.get(VARIABLE) else []


async def enter(datasette: Any, request: Any) -> Response:
    """Sign in whoever has the token, the first time only."""
    expected = os.environ.get(VARIABLE, "")
    if not expected or not secrets.compare_digest(expected.encode(), (request.args.get("token") or "").encode()):
        raise Forbidden("This link works once. Start gphotos-to-sqlite review again, or sign in with the link that it printed.")
    os.environ.pop(VARIABLE, None)
    name = next(name for name in datasette.databases if name not in _OWN)
    answer = Response.redirect(f"{datasette.urls.database(name)}/-/duplicates")
    answer.set_cookie("ds_actor", datasette.sign({"a": {"id": "root"}}, "actor"))
    return answer
