from __future__ import annotations

import asyncio
import sqlite3

import pytest
import pytest_asyncio

from tests.fake_google import CLIENT_ID
from tests.made_library import build_library, photo_id

from .site import Site, make_datasette

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def pushing(tmp_path, fake, auth_path):
    """Root at a library of 6 groups whose copies this app uploaded, all but the last one decided `remove`."""
    db = build_library(tmp_path / "photos.db", groups=6, size=2)
    with db.atomic():
        for number in range(1, 12, 2):
            item = fake.world.add_item(f"{number}.jpg", created_by=CLIENT_ID)
            library_id = fake.world.item_id(item)
            db["photos"].update(photo_id(number), {"app_created": int(number != 9), "library_id": library_id})
            if number != 11:
                row = {
                    "subject": photo_id(number),
                    "photo_id": photo_id(number),
                    "decision": "remove",
                    "decided_at": "2026-01-01T00:00:00Z",
                }
                db["decisions"].insert(row)
    db.close()
    ds = make_datasette([tmp_path / "photos.db"], plugin={"auth": str(auth_path)})
    await ds.invoke_startup()
    return Site(ds, "root")


async def _finished(site: Site, url: str) -> dict:
    for _ in range(200):
        told = (await site.get(f"{url}.json")).json()
        if not told["alive"] and told["push"]["state"] != "planned":
            return told
        await asyncio.sleep(0.05)
    raise AssertionError(told)


async def test_the_plan_names_every_refusal(pushing):
    plan = (await pushing.get("duplicates/push.json")).json()
    assert (plan["planned"], plan["refused"]) == (4, 1)
    reasons = {item["photo_id"]: item["reason"] for item in plan["items"] if item["state"] == "refused"}
    assert reasons == {photo_id(9): "this app did not upload it, so Google will not let it file it"}
    page = (await pushing.get("duplicates/push")).text
    assert "Add 4 photos to this album" in page
    assert "this app did not upload it, so Google will not let it file it" in page


async def test_confirming_puts_the_photos_into_the_album_and_shows_each_fate(pushing, fake):
    plan = (await pushing.get("duplicates/push.json")).json()
    answer = await pushing.post("duplicates/push", {"album": "Duplicates 2026", "digest": plan["digest"]})
    assert answer.status_code == 303
    told = await _finished(pushing, answer.headers["location"])
    assert (told["push"]["state"], told["push"]["message"]) == ("done", None)
    assert told["counts"] == {"added": 4, "refused": 1}
    album = next(iter(fake.world.albums.values()))
    assert (album.title, len(album.item_keys)) == ("Duplicates 2026", 4)
    page = (await pushing.get(answer.headers["location"])).text
    assert "4 added, 1 not added, 0 waiting" in page


async def test_a_plan_that_changed_since_is_not_carried_out(pushing, fake, tmp_path):
    plan = (await pushing.get("duplicates/push.json")).json()
    conn = sqlite3.connect(tmp_path / "photos.db")
    with conn:
        conn.execute("UPDATE decisions SET decision = 'keep' WHERE subject = ?", [photo_id(1)])
    conn.close()
    answer = await pushing.post_json("duplicates/push.json", {"album": "Duplicates", "digest": plan["digest"]})
    assert answer.status_code == 409
    assert answer.json()["error"] == (
        "Nothing was sent: what would be pushed has changed since you looked. It is 3 photos now. Look at them and confirm again."
    )
    assert fake.world.albums == {}


async def test_without_a_sign_in_the_page_says_what_to_do_and_a_post_is_refused(tmp_path):
    build_library(tmp_path / "photos.db").close()
    site = Site(make_datasette([tmp_path / "photos.db"]), "root")
    assert "No sign-in to Google is configured" in (await site.get("duplicates/push")).text
    answer = await site.post_json("duplicates/push.json", {"digest": "x"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Nothing was sent: no sign-in to Google is configured.")


async def test_a_table_page_offers_to_push_its_rows(pushing):
    page = (await pushing.get("/photos/photos?width=320")).text
    assert "Push these 6 rows into an album" in page
    assert "Push these" not in (await pushing.get("/photos/albums")).text
    plan = (await pushing.get("duplicates/push.json?table=photos&filter=width%3D320")).json()
    assert (plan["planned"], plan["refused"]) == (4, 2)


async def test_a_query_can_be_pushed(pushing):
    sql = f"select photo_id from photos where photo_id = '{photo_id(1)}'"
    plan = (await pushing.get("duplicates/push.json?sql=" + sql.replace(" ", "+"))).json()
    assert [item["photo_id"] for item in plan["items"]] == [photo_id(1)]


async def test_a_table_without_photos_gets_a_sentence(pushing):
    answer = await pushing.get("duplicates/push.json?table=albums")
    assert answer.json()["error"] == "albums has no column photo_id, so it does not say which photos to push."


async def test_a_table_that_the_actor_may_not_see_cannot_be_pushed(tmp_path, fake, auth_path):
    build_library(tmp_path / "photos.db").close()
    config = {"databases": {"photos": {"tables": {"fingerprints": {"allow": {"id": "root"}}}}}}
    site = Site(make_datasette([tmp_path / "photos.db"], config=config), "pusher")
    answer = await site.get("duplicates/push.json?table=fingerprints")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("The page that was to be pushed answers 403")


async def test_a_push_that_was_cut_off_goes_on_where_it_was(pushing, fake, tmp_path):
    from datasette_gphotos_dedupe.album import plan_push, read_candidates
    from datasette_gphotos_dedupe.store.pushes import create_push

    conn = sqlite3.connect(tmp_path / "photos.db")
    push_id = create_push(conn, plan_push(read_candidates(conn), "Duplicates"), "root")
    with conn:
        conn.execute("UPDATE pushes SET state = 'running'")
    conn.close()
    url = f"/photos/-/duplicates/push/{push_id}"
    page = (await pushing.get(url)).text
    assert "Datasette was stopped while this ran. Nothing is lost." in page
    assert (await pushing.post(url, {"action": "resume"})).status_code == 303
    assert (await _finished(pushing, url))["counts"] == {"added": 4, "refused": 1}


async def test_a_push_can_be_cancelled_and_stays_so(pushing, fake, tmp_path):
    from datasette_gphotos_dedupe.album import plan_push, read_candidates
    from datasette_gphotos_dedupe.store.pushes import create_push

    conn = sqlite3.connect(tmp_path / "photos.db")
    push_id = create_push(conn, plan_push(read_candidates(conn), "Duplicates"), "root")
    conn.close()
    url = f"/photos/-/duplicates/push/{push_id}"
    assert (await pushing.post(url, {"action": "cancel"})).status_code == 303
    assert (await pushing.get(f"{url}.json")).json()["push"]["state"] == "cancelled"
    assert (await pushing.post(url, {"action": "cancel"})).status_code == 409
    assert fake.log == []


async def test_other_pages_answer_while_google_is_slow(pushing, fake):
    import threading

    go = threading.Event()
    fake.before_answer = lambda entry: go.wait(20)
    try:
        plan = (await pushing.get("duplicates/push.json")).json()
        answer = await pushing.post("duplicates/push", {"album": "Duplicates", "digest": plan["digest"]})
        told = await asyncio.wait_for(pushing.get(f"{answer.headers['location']}.json"), 5)
        assert told.json()["alive"]
        assert (await asyncio.wait_for(pushing.get("duplicates"), 5)).status_code == 200
    finally:
        go.set()
    assert (await _finished(pushing, answer.headers["location"]))["push"]["state"] == "done"
