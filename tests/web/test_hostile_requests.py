"""A share of the hostile requests of scripts/fuzz_requests.py: none ends in error 500."""

from __future__ import annotations

import itertools

import pytest

from tests.hostile_requests import ACTORS, SEEN, hostile_requests, through_ours, tracebacks_in
from tests.made_library import build_library

from .site import Site, make_datasette

REQUESTS = 400


@pytest.mark.asyncio
async def test_no_request_of_any_kind_ends_in_error_500(tmp_path, capfd):
    build_library(tmp_path / "photos.db", groups=4, size=3).close()
    ds = make_datasette([tmp_path / "photos.db"])
    await ds.invoke_startup()
    sites = {actor: Site(ds, actor) for actor in ACTORS}
    tokens = {actor: await site.token() for actor, site in sites.items()}
    failed, written = [], 0
    for number, request in enumerate(itertools.islice(hostile_requests(1), REQUESTS)):
        # The token always: without it 0.65 breaks off any form with files, before a view is asked.
        more = {"x-csrftoken": tokens[request.actor], **({"origin": "http://localhost"} if request.from_our_page else {})}
        headers = sites[request.actor]._headers({**request.headers, **more})
        sent = {name: value.encode("latin-1", "replace") for name, value in headers.items()}
        body = request.body
        if SEEN.encode() in body:
            body = body.replace(SEEN.encode(), (await sites["reviewer"].seen()).encode())
        answer = await ds.client.request(request.method, request.path, headers=sent, content=body)
        failed += [(number, request)] if answer.status_code >= 500 and "/-/duplicates" in request.path else []
        written += request.method == "POST" and answer.status_code in (200, 303)
    assert failed == []
    assert [place for place in map(through_ours, tracebacks_in(capfd.readouterr().err)) if place] == []
    assert written > 2, "nothing got behind the guard"


def test_an_error_is_ours_when_its_traceback_runs_through_the_package():
    begin = 'Traceback (most recent call last):\n  File "/x/datasette/app.py", line 1, in handle\n    await view()\n'
    ours = f'{begin}  File "/x/datasette_gphotos_dedupe/web/a.py", line 7, in b\n    1 / 0\nZeroDivisionError: division by zero\n'
    log = f"INFO: GET /\n{ours}INFO: GET /\n{begin}ValueError: x\nINFO: GET /\n"
    assert list(map(through_ours, tracebacks_in(log))) == ["web/a.py:7: ZeroDivisionError: division by zero", None]


@pytest.mark.asyncio
@pytest.mark.parametrize("page", ["photos", "duplicates", "rescue", "smaller_copies", "groups"])
@pytest.mark.parametrize(
    "headers, filtered",
    [
        ({"accept": b"\xff", "if-none-match": b"\xe2\x8b\x8c"}, ""),
        ({}, "(" * 30_000),
        ({"x": b"\x80" * 300, "range": b"bytes=9-"}, "%00"),
    ],
    ids=["bytes that are no text", "a long filter", "both"],
)
async def test_a_page_of_datasettes_own_that_asks_us_for_its_menu_answers_whoever_asks(tmp_path, page, headers, filtered):
    build_library(tmp_path / "photos.db", groups=2, size=2).close()
    site = Site(make_datasette([tmp_path / "photos.db"]), "root")
    answer = await site.get(f"/photos/{page}?note={filtered}", **headers)
    assert answer.status_code < 500, answer.text[-500:]
