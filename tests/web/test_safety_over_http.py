"""Random libraries, and two people who act on them over HTTP in any order, on what they saw just now or long ago."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.store.database import open_database
from tests.store.libraries import Drawn, libraries, save_library
from tests.store.rules import Tables, check_push, check_rules, check_suggestions

from .site import Site, make_datasette

FILLED = ("decisions", "decision_history", "decision_batches", "group_members", "groups", "pairs", "different_pairs", "photos")
decisions = st.sampled_from(("keep", "remove", "remove", "remove", "not_duplicate", None))
acts = st.one_of(
    st.tuples(st.just("choose"), st.integers(0, 5), st.lists(st.tuples(st.integers(0, 5), decisions), min_size=1, max_size=4)),
    st.tuples(st.just("accept"), st.integers(0, 5)),
    st.tuples(st.just("bulk")),
    st.tuples(st.just("keeper"), st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.just("undo"), st.integers(0, 3)),
)
steps = st.tuples(acts, st.integers(0, 1), st.sampled_from((True, True, False)))  # what, who, and whether they look again first


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One Datasette for all examples; each fills its file anew."""
    path = tmp_path_factory.mktemp("http") / "photos.db"
    open_database(path).close()
    loop = asyncio.new_event_loop()
    ds = make_datasette([path])
    loop.run_until_complete(ds.invoke_startup())
    yield path, [Site(ds, "root"), Site(ds, "reviewer")], loop.run_until_complete
    loop.close()


def fill(path, drawn: Drawn) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("PRAGMA defer_foreign_keys = ON")
        for table in FILLED:
            conn.execute(f"DELETE FROM {table}")
        save_library(conn, drawn)


class Person:
    """What one of the two last saw, and what they do about it."""

    def __init__(self, site: Site):
        self.site, self.groups = site, []

    async def look(self) -> None:
        self.groups = (await self.site.get("duplicates.json?state=all")).json()["groups"]
        self.groups.sort(key=lambda group: group["group_id"])

    async def act(self, act: tuple):
        kind, *rest = act
        if kind == "bulk":
            shown = (await self.site.get("duplicates/accept.json")).json()
            return await self.site.post_json("duplicates/accept.json", shown["post"])
        if kind == "undo":
            batches = (await self.site.get("duplicates/history.json")).json()["batches"]
            batch_id = batches[rest[0] % len(batches)]["batch_id"] if batches else 1
            return await self.site.post_json("duplicates/history.json", {"batch_id": batch_id})
        if not self.groups:
            return None
        group = self.groups[rest[0] % len(self.groups)]
        ids = [member["photo_id"] for member in group["members"]]
        if kind == "choose":
            return await self.site.decide(
                {ids[number % len(ids)]: decision for number, decision in rest[1]}, group["group_id"], seen=group["seen"]
            )
        more = {"photo_id": ids[rest[1] % len(ids)]} if kind == "keeper" else {}
        body = {"action": kind, "seen": group["seen"], **more}
        return await self.site.post_json(f"duplicates/{group['group_id']}.json", body)


async def planned(site: Site) -> list[tuple[str, str]]:
    plan = (await site.get("duplicates/push.json?route=handover")).json()
    return [(item["photo_id"], item["keeper_id"]) for item in plan["items"] if item["state"] == "planned"]


@settings(deadline=None, max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "5")), suppress_health_check=list(HealthCheck))
@given(libraries(), st.lists(steps, max_size=6))
def test_no_order_of_requests_by_two_people_breaks_a_rule(site, drawn, todo):
    path, sites, run = site
    fill(path, drawn)
    people = [Person(one) for one in sites]
    for person in people:
        run(person.look())
    with closing(sqlite3.connect(path)) as conn:
        tables = Tables(conn)
        for act, who, looks in todo:
            if looks:
                run(people[who].look())
            before = tables.state()
            answer = run(people[who].act(act))
            assert answer is None or answer.status_code in (200, 201, 400, 404, 409), answer.text
            if answer is not None and answer.status_code >= 400:
                assert tables.state() == before
            check_rules(tables)
        check_suggestions(tables)
        check_push(tables, run(planned(sites[0])))


@settings(deadline=None, max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "3")), suppress_health_check=list(HealthCheck))
@given(libraries(), st.lists(steps, max_size=3), acts.filter(lambda act: act[0] != "undo"))
def test_whatever_is_undone_over_http_is_as_before(site, drawn, todo, last):
    path, sites, run = site
    fill(path, drawn)
    ada, ben = (Person(one) for one in sites)
    with closing(sqlite3.connect(path)) as conn:
        tables = Tables(conn)
        for act, _, _ in todo:
            run(ben.look())
            run(ben.act(act))
        before, newest = tables.state(), tables.rows("SELECT max(batch_id) FROM decision_batches")
        run(ada.look())
        answer = run(ada.act(last))
        if (
            answer is not None
            and answer.status_code < 300
            and tables.rows("SELECT max(batch_id) FROM decision_batches") != newest
        ):
            assert run(ben.act(("undo", 0))).status_code == 200
            assert tables.state() == before
