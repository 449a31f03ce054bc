"""What a request may carry: nothing from a page of another site, and no value that nobody can have meant."""

from __future__ import annotations

import pytest
import pytest_asyncio

from datasette_gphotos_dedupe.web.pages.queue_filters import QueueFilter
from datasette_gphotos_dedupe.web.site.bounds import MAX_SQL, MAX_VALUE
from datasette_gphotos_dedupe.web.site.routes import ROUTES
from tests.made_library import build_library, photo_id

from .site import GROUP, Site, make_datasette
from .test_permissions import example

pytestmark = pytest.mark.asyncio
NAMES = (
    "text",
    "distance",
    "relation",
    "state",
    "year",
    "size",
    "space",
    "album",
    "camera",
    "origin",
    "_next",
    "a",
    "b",
    "route",
)
POSTS = [route for route in ROUTES if "POST" in route.methods]


@pytest_asyncio.fixture
async def everybody(tmp_path):
    """A Datasette on one's own machine in which everybody may review and push."""
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    ds = make_datasette([tmp_path / "photos.db"], everybody=True)
    await ds.invoke_startup()
    return ds


@pytest.mark.parametrize("route", POSTS, ids=lambda route: route.name)
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://evil.example:8001", "null", "http://localhost:1", "file://", "http://[", "x"]
)
async def test_a_page_of_another_site_posts_nothing_also_over_plain_http(everybody, route, origin):
    """Over http browsers send no Sec-Fetch-Site, and where everybody may review there is no cookie whose token could be missing."""
    before = await Site(everybody).seen()
    headers = {"origin": origin, "host": "localhost:8001", "content-type": "application/x-www-form-urlencoded"}
    answer = await everybody.client.post(
        f"/photos/-/{example(route).partition('/-/')[2]}", content=b"action=accept", headers=headers
    )
    assert answer.status_code == 403
    assert await Site(everybody).seen() == before


@pytest.mark.parametrize("host, origin", [("box:8001", "http://box:8001"), ("box", "http://box:80"), ("BOX", "http://box")])
async def test_our_own_page_and_a_program_may_post(everybody, host, origin):
    for headers in ({"origin": origin}, {}):
        body = f"seen={await Site(everybody).seen()}&action=keep_all".encode()
        sent = {**headers, "host": host, "content-type": "application/x-www-form-urlencoded"}
        answer = await everybody.client.post(f"/photos/-/duplicates/{GROUP}", content=body, headers=sent)
        assert answer.status_code in (303, 400) and "another site" not in answer.text


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_a_value_of_any_length_in_an_address_is_answered_in_words(everybody, route):
    site = Site(everybody, "root")
    for name, value in ((NAMES[0], "a" * (MAX_VALUE + 1)), *((name, "9" * 50_001) for name in NAMES)):
        answer = await site.get(f"{example(route)}?{name}={value}", accept="application/json")
        told = f"{name} is longer than {MAX_VALUE:,} characters, more than is looked up here."
        assert (answer.status_code, answer.json()["error"]) == (400, told)


async def test_a_query_to_push_may_be_long_and_not_endless(everybody):
    site = Site(everybody, "root")
    sql = "select photo_id from photos --" + "x" * (MAX_SQL - 40)
    assert (await site.get(f"duplicates/push?sql={sql}")).status_code == 200
    assert (await site.get(f"duplicates/push?sql={sql + 'x' * 50}")).status_code == 400


@pytest.mark.parametrize("name", QueueFilter().__dict__)
async def test_a_filter_of_any_length_in_a_body_is_answered_in_words(everybody, name):
    answer = await Site(everybody, "root").post_json("duplicates/accept.json", {name: "9" * 60_000, "expected": 0})
    assert answer.status_code == 400
    assert f"{name} is longer than" in answer.json()["error"]


@pytest.mark.parametrize("distance", ["257", "-1", "9" * 999, "²", "1e3"])
async def test_a_distance_that_is_none_is_answered_in_words(everybody, distance):
    answer = await Site(everybody).get(f"duplicates/calibration.json?distance={distance}")
    assert (answer.status_code, answer.json()["error"][:53]) == (400, "distance must be a whole number of bits up to 256, no")


async def test_a_photo_id_of_any_length_is_looked_up_and_not_found(everybody):
    for path in (f"thumbnail/{'9' * 60_000}", f"duplicates/photo/{photo_id(1) * 900}", f"duplicates/{'x' * 50_000}"):
        assert (await Site(everybody, "root").get(path)).status_code in (303, 404)


@pytest.mark.parametrize("route", [route for route in POSTS if route.name != "find"], ids=lambda route: route.name)
async def test_a_form_with_files_does_nothing_where_none_is_expected(everybody, route):
    """0.65 lets these through without its token."""
    before = await Site(everybody).seen()
    headers = {"content-type": "multipart/form-data; boundary=x"}
    body = b'--x\r\nContent-Disposition: form-data; name="action"\r\n\r\nkeep_all\r\n--x--\r\n'
    answer = await everybody.client.post(f"/photos/-/{example(route).partition('/-/')[2]}", content=body, headers=headers)
    assert answer.status_code == 400
    assert "takes a form or JSON, and no files" in answer.text
    assert await Site(everybody).seen() == before
