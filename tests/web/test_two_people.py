"""Two people at one library over HTTP, in any order: whoever comes second is told, and the last copy stays."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.made_library import build_library, photo_id

from .site import GROUP, Site, make_datasette

MEMBERS = [photo_id(number) for number in range(3)]
requests = st.tuples(
    st.integers(0, 1),  # who
    st.booleans(),  # looks at the group first, or decides on what was seen long ago
    st.one_of(
        st.tuples(st.just("choose"), st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from(("keep", "remove")), min_size=1)),
        st.tuples(st.just("accept")),
        st.tuples(st.just("keeper"), st.sampled_from(MEMBERS)),
        st.tuples(st.just("undo")),
    ),
)


@pytest.fixture(scope="module")
def two_people(tmp_path_factory):
    path = tmp_path_factory.mktemp("two") / "photos.db"
    build_library(path, groups=1, size=3).close()
    loop = asyncio.new_event_loop()
    ds = make_datasette([path])
    loop.run_until_complete(ds.invoke_startup())
    people = [Site(ds, "root"), Site(ds, "reviewer")]
    yield path, people, lambda coroutine: loop.run_until_complete(coroutine)
    loop.close()


def start_afresh(path) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        for table in ("decisions", "decision_history", "decision_batches"):
            conn.execute(f"DELETE FROM {table}")
        conn.execute("UPDATE groups SET keeper_id = ?, decided = 0", [MEMBERS[0]])
        conn.execute("UPDATE group_members SET role = 'copy', relation = 'smaller_copy', suggested = 'remove'")
        conn.execute(
            "UPDATE group_members SET role = 'keeper', relation = NULL, suggested = 'keep' WHERE photo_id = ?", [MEMBERS[0]]
        )


def read(path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(sql).fetchall()


def removed(path) -> set[str]:
    return {row[0] for row in read(path, "SELECT photo_id FROM decisions WHERE decision = 'remove'")}


async def ask(site: Site, act: tuple, seen: str):
    kind, *rest = act
    if kind == "choose":
        return await site.decide(rest[0], seen=seen)
    if kind == "undo":
        batches = (await site.get("duplicates/history.json")).json()["batches"]
        return await site.post_json("duplicates/history.json", {"batch_id": batches[0]["batch_id"] if batches else 1})
    more = {"photo_id": rest[0]} if rest else {}
    return await site.post_json(f"duplicates/{GROUP}.json", {"action": kind, "seen": seen, **more})


@settings(deadline=None, max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "15")), suppress_health_check=list(HealthCheck))
@given(st.lists(requests, min_size=1, max_size=6))
def test_in_any_order_of_requests_the_last_copy_stays(two_people, todo):
    path, people, run = two_people
    start_afresh(path)
    seen = [run(site.seen()) for site in people]
    for who, looks, act in todo:
        if looks:
            seen[who] = run(people[who].seen())
        before = read(path, "SELECT * FROM decisions ORDER BY subject")
        now = run(people[who].seen())
        answer = run(ask(people[who], act, seen[who]))
        assert answer.status_code in (200, 400, 404, 409), answer.text
        if answer.status_code != 200 or (act[0] != "undo" and seen[who] != now):
            assert answer.status_code != 200
            assert read(path, "SELECT * FROM decisions ORDER BY subject") == before
        assert not removed(path).issuperset(MEMBERS)


def test_two_people_who_remove_the_last_two_copies_at_once(two_people):
    path, (ada, ben), run = two_people
    start_afresh(path)
    run(ada.decide({MEMBERS[2]: "remove"}))
    seen = run(ada.seen())

    async def both():
        return await asyncio.gather(ada.decide({MEMBERS[0]: "remove"}, seen=seen), ben.decide({MEMBERS[1]: "remove"}, seen=seen))

    answers = run(both())
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(removed(path)) == 2


def test_who_comes_second_is_told_who_came_first(two_people):
    path, (ada, ben), run = two_people
    start_afresh(path)
    seen = run(ben.seen())
    run(ada.decide({MEMBERS[1]: "remove"}))
    answer = run(ben.decide({MEMBERS[1]: "keep"}, seen=seen))
    assert answer.status_code == 409
    assert "Nothing was changed: this group was decided elsewhere since you opened it (last by root at " in answer.json()["error"]
