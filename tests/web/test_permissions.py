"""Every route x actor x method. The routes come from the route table: a new one is tested by being there."""

from __future__ import annotations

import pytest
import pytest_asyncio

from datasette_gphotos_dedupe.web.routes import ROUTES
from tests.made_library import build_library, photo_id

from .site import GROUP, Site, make_datasette

pytestmark = pytest.mark.asyncio
ACTORS = (None, "nobody-special", "reviewer", "pusher", "root")
RIGHTS = {"reviewer": {"gphotos-review"}, "pusher": {"gphotos-push"}, "root": {"gphotos-review", "gphotos-push"}}
EXAMPLES = {"group": GROUP, "photo": photo_id(1), "push": "7", "original": photo_id(1), "json": ""}


def example(route) -> str:
    """An address that the route's pattern matches."""
    import re

    path = re.sub(
        r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)\??", lambda m: "photos" if m[1] == "database" else EXAMPLES[m[1]], route.pattern
    )
    path = path.strip("^$")
    assert re.match(route.pattern, path), path
    return path


@pytest_asyncio.fixture
async def shared(tmp_path):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    ds = make_datasette([tmp_path / "photos.db"])
    await ds.invoke_startup()
    return ds


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_reading_is_for_those_the_table_of_routes_names(shared, route):
    for actor in ACTORS:
        answer = await Site(shared, actor).get(example(route))
        allowed = route.reads is None or route.reads in RIGHTS.get(actor, ())
        assert (answer.status_code != 403) == allowed, (actor, answer.status_code)
        assert answer.status_code < 500


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_writing_is_for_those_the_table_of_routes_names(shared, route):
    for actor in ACTORS:
        answer = await Site(shared, actor).post(example(route), {})
        if "POST" not in route.methods:
            assert answer.status_code == 405
        else:
            assert route.writes
            allowed = route.writes in RIGHTS.get(actor, ())
            assert (answer.status_code != 403) == allowed, (actor, answer.status_code)
            assert 400 <= answer.status_code < 500 or (allowed and answer.status_code == 303)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_on_an_immutable_file_nothing_writes_and_no_page_offers_it(tmp_path, route):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    site = Site(make_datasette([], immutables=[tmp_path / "photos.db"]), "root")
    page = await site.get(example(route))
    assert 'method="post"' not in page.text.partition("<main")[2]
    assert page.status_code < 500
    if "POST" in route.methods:
        answer = await site.post(example(route), {"action": "accept", "seen": "x"})
        assert answer.status_code == 403


@pytest.mark.parametrize("table", ["photos", "groups", "group_members", "thumbnails"])
async def test_what_a_reader_may_not_see_in_a_table_is_on_no_page_of_ours(tmp_path, table):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    config = {"databases": {"photos": {"tables": {table: {"allow": {"id": "root"}}}}}}
    anonymous = Site(make_datasette([tmp_path / "photos.db"], config=config))
    root = Site(anonymous.ds, "root")
    for route in ROUTES:
        if table in route.tables and route.reads is None:
            assert (await anonymous.get(example(route))).status_code == 403, route.name
            assert (await root.get(example(route))).status_code < 500
    if table == "thumbnails":
        assert "/-/thumbnail/" not in (await anonymous.get("duplicates")).text


@pytest.mark.parametrize("table,marker", [("albums", "Summer"), ("pairs", "worst block 2.1"), ("files", "takeout-001.zip")])
async def test_details_from_a_table_that_may_not_be_seen_are_left_out(tmp_path, table, marker):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    config = {"databases": {"photos": {"tables": {table: {"allow": {"id": "root"}}}}}}
    anonymous = Site(make_datasette([tmp_path / "photos.db"], config=config))
    root = Site(anonymous.ds, "root")
    for path in (f"duplicates/{GROUP}", f"duplicates/{GROUP}.json"):
        assert marker in (await root.get(path)).text
        assert marker not in (await anonymous.get(path)).text


async def test_a_locked_instance_shows_nothing(tmp_path):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    site = Site(make_datasette([tmp_path / "photos.db"], config={"allow": {"id": "root"}}))
    for route in ROUTES:
        assert (await site.get(example(route))).status_code == 403, route.name


async def test_pages_work_with_sql_switched_off(tmp_path):
    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    site = Site(make_datasette([tmp_path / "photos.db"], settings={"default_allow_sql": False}))
    for path in ("duplicates", f"duplicates/{GROUP}", f"thumbnail/{GROUP}"):
        assert (await site.get(path)).status_code == 200


async def test_posts_from_another_site_are_refused(shared):
    site = Site(shared, "root")
    seen = await site.seen()
    cookie = f"ds_actor={site.cookies['ds_actor']}"  # what a browser sends along; the token it cannot know
    answer = await shared.client.post(
        f"/photos/-/duplicates/{GROUP}",
        content=f"seen={seen}&action=accept".encode(),
        headers={
            "cookie": cookie,
            "content-type": "application/x-www-form-urlencoded",
            "origin": "https://evil.example",
            "sec-fetch-site": "cross-site",
        },
    )
    assert answer.status_code == 403
    assert (await site.seen()) == seen


async def test_pages_refuse_to_be_framed_elsewhere(shared):
    headers = (await Site(shared).get("duplicates")).headers
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["content-security-policy"] == "frame-ancestors 'self'"
