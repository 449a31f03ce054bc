"""What a request may be before any view sees it: from no page of another site, and no longer than somebody would ask."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from datasette.utils.asgi import Forbidden

from ...errors import GphotosError

MAX_VALUE = 1_000  # characters of one value in an address: a title of Google's has 500
MAX_SQL = 20_000  # of a query, or of the filter of a table page, that is to be pushed
_SQL = ("sql", "filter")
_PORTS = {"http": 80, "https": 443}


def refuse_other_sites(request: Any) -> None:
    """0.65 asks for its token only where cookies come along. Where everybody may review, on one's own machine for instance, any page
    on the web could make the browser post here without one; but browsers say where a request comes from: as `Sec-Fetch-Site` where
    the connection is trusted, as `Origin` always. Raises Forbidden; who sends neither is no browser.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    inside = site in ("same-origin", "none") if site is not None else origin is None or _is_here(origin, request)
    if not inside:
        raise Forbidden("Nothing was done: the request comes from a page of another site.")


def refuse_files(request: Any) -> None:
    """0.65 answers a form with files by error 500 where it checks its token, so it does not check ours: nothing of one is done."""
    if "multipart/" in request.headers.get("content-type", "").lower():
        raise GphotosError("Nothing was done: this address takes a form or JSON, and no files.")


def _is_here(origin: str, request: Any) -> bool:
    """Whether this origin is the host that was asked. The scheme may differ: in front of this server there may be one for https."""
    try:
        told = urlsplit(origin)
        asked = urlsplit(f"{told.scheme}://{request.headers.get('host', '')}")
        default = _PORTS[told.scheme]
        return bool(told.hostname) and (told.hostname, told.port or default) == (asked.hostname, asked.port or default)
    except (ValueError, KeyError):  # "null", which a page without an origin sends, and what is no address at all
        return False


def refuse_long_values(request: Any) -> None:
    """Raises GphotosError for a value in the address that nobody can have meant; none of them reaches SQL or `int`."""
    for name, value in parse_qsl(request.query_string, keep_blank_values=True):
        most = MAX_SQL if name in _SQL or name.startswith("p.") else MAX_VALUE
        if len(value) > most or len(name) > MAX_VALUE:
            raise GphotosError(f"{name[:40]} is longer than {most:,} characters, more than is looked up here.")
