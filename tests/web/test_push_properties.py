"""Random libraries, two people who decide, and pushes in between: at the moment of every push each photo has a copy that stays."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.store.database import open_database
from tests.fake_google import CLIENT_ID, FakeGoogle
from tests.google.fixtures import write_private
from tests.store.libraries import libraries
from tests.store.rules import Tables, check_rules

from .site import Site, make_datasette
from .test_safety_over_http import Person, acts, fill

PUSHED = ("push_items", "push_albums", "pushes")
decides = st.tuples(acts, st.integers(0, 1), st.sampled_from((True, True, False)))  # what, who, and whether they look again first
SLIPS = (  # what another program may write, past every rule of ours
    "INSERT OR REPLACE INTO decisions (subject, photo_id, decision, decided_at) VALUES (:a, :a, 'remove', '2026-01-01T00:00:00Z')",
    "INSERT OR REPLACE INTO decisions (subject, photo_id, decision, decided_at) VALUES (:a, :a, 'keep', '2026-01-01T00:00:00Z')",
    "DELETE FROM decisions WHERE subject = :a",
    "UPDATE photos SET trashed = 1 WHERE photo_id = :a",
    "UPDATE photos SET album_only = 1 WHERE photo_id = :a",
    "UPDATE photos SET dedup_key = 'X' WHERE photo_id = :a",
    "UPDATE pairs SET relation = 'series' WHERE photo_a = :a",
    "UPDATE pairs SET relation = 'look_alike' WHERE photo_b = :a",
    "DELETE FROM pairs WHERE photo_a = :a",
    "DELETE FROM groups WHERE keeper_id = :a",
)
slips = st.tuples(st.just("slip"), st.sampled_from(SLIPS), st.sampled_from("abcdef"))
# with a plan of now, or of before the last decision; something may be written while Google is being asked for the album
pushes = st.tuples(st.tuples(st.just("push"), st.none() | slips), st.just(0), st.sampled_from((True, True, False)))
steps = st.one_of(decides, decides, pushes, st.tuples(slips, st.just(0), st.just(True)))
ACCEPT_ALL, PUSH = (("bulk",), 0, True), (("push", None), 0, True)


class Google:
    """The fake, the photos that it knows of this library, and what it saw in the album that had no copy left."""

    def __init__(self, fake: FakeGoogle, path):
        self.fake, self.path = fake, path
        self.photo_of: dict[str, str] = {}
        self.troubles: list[str] = []
        self.slip: tuple | None = None
        fake.before_answer = self._look

    def begin(self) -> None:
        """An empty Google with an item for every photo of the library that is not just a file in a folder."""
        world = self.fake.world
        world.items.clear()
        world.albums.clear()
        self.fake.log.clear()
        self.photo_of.clear()
        self.troubles.clear()
        with closing(sqlite3.connect(self.path)) as conn, conn:
            for (photo_id,) in conn.execute("SELECT photo_id FROM photos WHERE source != 'folder'").fetchall():
                item_id = world.item_id(world.add_item(f"{photo_id}.jpg", created_by=CLIENT_ID))
                self.photo_of[item_id] = photo_id
                conn.execute("UPDATE photos SET library_id = ?, app_created = 1 WHERE photo_id = ?", [item_id, photo_id])

    def album(self) -> set[str]:
        """The photos in albums now."""
        world = self.fake.world
        keys = {key for album in world.albums.values() for key in album.item_keys}
        return {self.photo_of[world.item_id(world.items[key])] for key in keys}

    def check(self, photos: set[str], when: str) -> None:
        """Each of these was decided so, and a copy proven to be the same picture stays outside of the album."""
        album = self.album()
        with closing(sqlite3.connect(self.path)) as conn:
            tables = Tables(conn)
            for photo in photos:
                staying = [other for other in tables.photos if other != photo and tables.survives(other) and other not in album]
                if photo not in tables.removed:
                    self.troubles.append(f"{when}: nobody decided to remove {photo}")
                if not any(tables.is_proven_same(photo, other) for other in staying):
                    self.troubles.append(f"{when}: {photo} has no copy that stays")

    def write(self, slip: tuple) -> None:
        """What another program writes into the library."""
        with closing(sqlite3.connect(self.path)) as conn, conn:
            conn.execute(slip[1], {"a": slip[2]})

    def _look(self, entry: dict) -> None:
        if self.slip and entry["path"].endswith("/v1/albums"):
            self.write(self.slip)
            self.slip = None
        if entry["path"].endswith(":batchAddMediaItems"):
            added = {self.photo_of[item_id] for item_id in json.loads(entry["body"])["mediaItemIds"]}
            if added - self.album():
                return  # refused by Google: nothing went in
            self.check(added, "when it was put there")


@pytest.fixture(scope="module")
def pushing(tmp_path_factory):
    """One Datasette and one Google for all examples."""
    folder = tmp_path_factory.mktemp("pushing")
    path = folder / "photos.db"
    open_database(path).close()
    loop = asyncio.new_event_loop()
    with pytest.MonkeyPatch.context() as patch, FakeGoogle() as fake:
        patch.setenv("GPHOTOS_LIBRARY_API", fake.url)
        patch.setattr("datasette_gphotos_dedupe.google.http_transport.SECONDS_BETWEEN_WRITES", 0)
        auth = write_private(folder / "auth.json", fake.signed_in())
        ds = make_datasette([path], plugin={"auth": str(auth)})
        loop.run_until_complete(ds.invoke_startup())
        yield Google(fake, path), [Site(ds, "root"), Site(ds, "reviewer")], loop.run_until_complete
    loop.close()


async def push(site: Site, plan: dict) -> int:
    """The status of confirming this plan; 201 once the push has ended."""
    answer = await site.post_json("duplicates/push.json", {"album": "Duplicates", "digest": plan["digest"]})
    while answer.status_code == 201:
        told = (await site.get(f"duplicates/push/{answer.json()['push_id']}.json")).json()
        if not told["alive"] and told["push"]["state"] not in ("planned", "running"):
            assert told["push"]["state"] == "done", told["push"]
            break
        await asyncio.sleep(0.002)
    return answer.status_code


async def look_at_plan(site: Site) -> dict:
    return (await site.get("duplicates/push.json?album=Duplicates")).json()


@settings(deadline=None, max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "4")), suppress_health_check=list(HealthCheck))
@given(libraries(), st.booleans(), st.lists(steps, min_size=1, max_size=7))
def test_whenever_photos_are_pushed_each_has_a_copy_that_stays(pushing, drawn, accepts_all, todo):
    google, sites, run = pushing
    with closing(sqlite3.connect(google.path)) as conn, conn:
        for table in PUSHED:
            conn.execute(f"DELETE FROM {table}")
    fill(google.path, drawn)
    google.begin()
    people = [Person(site) for site in sites]
    for person in people:
        run(person.look())
    plan = run(look_at_plan(sites[0]))
    with closing(sqlite3.connect(google.path)) as conn:
        tables, slipped = Tables(conn), False
        for act, who, looks in [*[ACCEPT_ALL] * accepts_all, *todo, PUSH]:
            if act[0] == "push":
                slipped, google.slip = slipped or act[1] is not None, act[1]
                plan = run(look_at_plan(sites[0])) if looks else plan
                before = google.album()
                if run(push(sites[0], plan)) == 201:
                    google.check(google.album(), "when the push had ended")
                else:
                    assert google.album() == before
            elif act[0] == "slip":
                slipped = True
                google.write(act)
            else:
                if looks:
                    run(people[who].look())
                run(people[who].act(act))
                if not slipped:
                    check_rules(tables)
            assert google.troubles == []
