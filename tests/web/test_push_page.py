from __future__ import annotations

import asyncio
import sqlite3
import threading
import time

import pytest
import pytest_asyncio

from tests.fake_google import CLIENT_ID
from tests.made_library import build_library, photo_id, preview

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
                    "stays_id": photo_id(number - 1),
                    "on_word": int(number == 9),  # an edited version
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
    assert reasons == {photo_id(9): "Google lets a program file only what it uploaded"}
    page = (await pushing.get("duplicates/push?route=by_id")).text
    assert "Add 4 photos to this album" in page
    assert "Google lets a program file only what it uploaded" in page


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
    assert "4 added, 1 not added." in page
    assert page.count('<span class="gp-goes-word">added</span>') == 4


async def test_a_plan_that_changed_since_is_not_carried_out(pushing, fake, tmp_path):
    plan = (await pushing.get("duplicates/push.json")).json()
    conn = sqlite3.connect(tmp_path / "photos.db")
    with conn:
        conn.execute("UPDATE decisions SET decision = 'keep' WHERE subject = ?", [photo_id(1)])
    conn.close()
    answer = await pushing.post_json("duplicates/push.json", {"album": "Duplicates", "digest": plan["digest"]})
    assert answer.status_code == 409
    assert answer.json()["error"] == ("The list has changed: it is 3 photos now. Nothing went. Look at them and confirm again.")
    assert fake.world.albums == {}


async def test_without_a_sign_in_the_page_says_what_to_do_and_a_post_is_refused(tmp_path):
    build_library(tmp_path / "photos.db").close()
    site = Site(make_datasette([tmp_path / "photos.db"]), "root")
    assert "No sign-in to Google is configured" in (await site.get("duplicates/push?route=by_id")).text
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


HOSTILE = "<script>alert(1)</script>\"'.jpg"


def change(tmp_path, sql: str, *values) -> None:
    conn = sqlite3.connect(tmp_path / "photos.db")
    with conn:
        conn.execute(sql, values)
    conn.close()


def rows(tmp_path, sql: str) -> list[tuple]:
    conn = sqlite3.connect(tmp_path / "photos.db")
    found = conn.execute(sql).fetchall()
    conn.close()
    return found


async def test_the_page_offers_each_way_and_says_how_many_more_another_could_carry(pushing):
    page = (await pushing.get("duplicates/push")).text
    assert [page.count(f'name="route" value="{route}"') for route in ("same_bytes", "handover")] == [1, 1]
    assert "Make the file for 5 photos" in page and "all 5" in page and "4 of 5" in page  # the way that carries most
    plan = (await pushing.get("duplicates/push.json?route=handover")).json()
    assert (plan["route"], plan["planned"], plan["refused"]) == ("handover", 5, 0)
    answer = await pushing.get("duplicates/push.json?route=by_pigeon")
    assert answer.json()["error"] == "There is no route 'by_pigeon'. Choose one of: by_id, same_bytes, handover."


async def test_a_plan_for_one_way_does_not_confirm_another(pushing, fake):
    plan = (await pushing.get("duplicates/push.json")).json()
    answer = await pushing.post_json("duplicates/push.json", {"route": "handover", "digest": plan["digest"]})
    assert answer.status_code == 409


@pytest.mark.parametrize("ending,kind", [("json", "application/json"), ("csv", "text/csv"), ("html", "text/html")])
async def test_a_handover_file_is_a_download_that_needs_no_sign_in(tmp_path, ending, kind):
    db = build_library(tmp_path / "photos.db", groups=6, size=2)
    with db.atomic():
        row = {"subject": photo_id(1), "photo_id": photo_id(1), "decision": "remove", "decided_at": "2026-01-01T00:00:00Z"}
        db["decisions"].insert(row)
        db.execute("UPDATE photos SET filename = ?", [HOSTILE])
    db.close()
    site = Site(make_datasette([tmp_path / "photos.db"]), "pusher")
    plan = (await site.get("duplicates/push.json?route=handover")).json()
    answer = await site.post("duplicates/push", {"route": "handover", "format": ending, "digest": plan["digest"]})
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
    assert answer.headers["content-disposition"] == f'attachment; filename="handover.{ending}"'
    assert (photo_id(1) in answer.text) and (photo_id(3) not in answer.text)
    assert ending == "json" or "<script>alert" not in answer.text.replace(HOSTILE.replace('"', '""'), "")
    assert rows(tmp_path, "SELECT route, state, requested, refused FROM pushes") == [("handover", "done", 1, 0)]
    assert "1 handed over, 0 not." in (await site.get("duplicates/push/1")).text


async def test_a_handover_of_a_filtered_table_holds_only_its_rows(pushing):
    query = f"route=handover&table=photos&filter=photo_id%3D{photo_id(3)}"
    plan = (await pushing.get(f"duplicates/push.json?{query}")).json()
    fields = {"route": "handover", "table": "photos", "filter": f"photo_id={photo_id(3)}", "digest": plan["digest"]}
    told = (await pushing.post_json("duplicates/push.json", fields)).json()
    assert [photo["photo_id"] for photo in told["photos"]] == [photo_id(3)]


async def test_same_bytes_asks_about_its_trial_photo_and_goes_on_when_confirmed(pushing, fake, tmp_path):
    import hashlib
    import zipfile

    with zipfile.ZipFile(tmp_path / "takeout-001.zip", "w") as archive:
        for number in (1, 3, 5):
            archive.writestr(f"{number}.jpg", preview(number))
            fake.world.add_item(f"IMG_{number}.jpg", preview(number))
            sha1 = hashlib.sha1(preview(number)).hexdigest()
            where = (str(tmp_path / "takeout-001.zip"), f"{number}.jpg", len(preview(number)), sha1, photo_id(number))
            change(tmp_path, "UPDATE files SET container = ?, member = ?, bytes = ?, sha1 = ? WHERE photo_id = ?", *where)
            change(tmp_path, "UPDATE photos SET sha1 = ?, dedup_key = NULL WHERE photo_id = ?", sha1, photo_id(number))
    plan = (await pushing.get("duplicates/push.json?route=same_bytes")).json()
    assert plan["planned"] == 3
    assert "Try it on one of 3 photos" in (await pushing.get("duplicates/push?route=same_bytes")).text
    answer = await pushing.post("duplicates/push", {"route": "same_bytes", "digest": plan["digest"]})
    url = answer.headers["location"]
    told = await _finished(pushing, url)
    assert (told["push"]["state"], told["asks_about_trial"], told["counts"]["added"]) == ("paused", True, 1)
    page = (await pushing.get(url)).text
    assert "It is in the album, and in my library only once: go on" in page
    assert 'value="resume"' not in page
    await pushing.post(url, {"action": "confirm"})
    told = await _finished(pushing, url)
    assert (told["push"]["state"], told["counts"]["added"]) == ("done", 3)
    assert (await pushing.post(url, {"action": "confirm"})).status_code == 409


async def test_the_page_finishes_what_an_earlier_push_left_and_sends_what_is_new_as_the_terminal_does(pushing, fake, tmp_path):
    from datasette_gphotos_dedupe.album import plan_push, read_candidates
    from datasette_gphotos_dedupe.store.pushes import create_push

    conn = sqlite3.connect(tmp_path / "photos.db")
    plan = plan_push([one for one in read_candidates(conn) if one.photo_id in (photo_id(1), photo_id(3))], "Duplicates")
    create_push(conn, plan, "root")
    conn.close()
    plan = (await pushing.get("duplicates/push.json")).json()
    answer = await pushing.post_json("duplicates/push.json", {"digest": plan["digest"]})
    assert (answer.status_code, answer.json()["push_ids"]) == (201, [1, 2])
    for number, added in ((1, 2), (2, 2)):
        told = await _finished(pushing, f"duplicates/push/{number}")
        assert (told["push"]["state"], told["push"]["added"]) == ("done", added)
    (album,) = fake.world.albums.values()
    assert len(album.item_keys) == 4


async def test_a_push_that_is_at_work_is_not_begun_a_second_time(pushing, tmp_path, monkeypatch):
    from datasette_gphotos_dedupe.album import plan_push, read_candidates
    from datasette_gphotos_dedupe.store.pushes import create_push
    from datasette_gphotos_dedupe.web.site import background_pushes

    conn = sqlite3.connect(tmp_path / "photos.db")
    create_push(conn, plan_push(read_candidates(conn), "Duplicates"), "root")
    conn.close()
    at_work = threading.Thread(target=time.sleep, args=(30,), daemon=True)
    at_work.start()
    monkeypatch.setitem(background_pushes._jobs, (str(tmp_path / "photos.db"), 1), background_pushes.PushJob(thread=at_work))
    plan = (await pushing.get("duplicates/push.json")).json()
    answer = await pushing.post_json("duplicates/push.json", {"digest": plan["digest"]})
    assert (answer.status_code, answer.json()["error"]) == (
        409,
        'Nothing was sent: push 1 into "Duplicates" is at work now. Let it end, or cancel it, first.',
    )
    assert rows(tmp_path, "SELECT count(*) FROM pushes") == [(1,)]


async def test_a_photo_decided_keep_after_a_push_is_taken_out_of_the_album_again(pushing, fake, tmp_path):
    plan = (await pushing.get("duplicates/push.json")).json()
    answer = await pushing.post("duplicates/push", {"digest": plan["digest"]})
    await _finished(pushing, answer.headers["location"])
    change(tmp_path, "UPDATE decisions SET decision = 'keep' WHERE subject = ?", photo_id(1))
    plan = (await pushing.get("duplicates/push.json")).json()
    assert [item["photo_id"] for item in plan["withdraw"]] == [photo_id(1)]
    page = (await pushing.get("duplicates/push")).text
    assert "Must come out of the album again" in page and "Take 1 photo out of this album" in page
    answer = await pushing.post("duplicates/push", {"digest": plan["digest"]})
    assert (await _finished(pushing, answer.headers["location"]))["push"]["state"] == "done"
    album = next(iter(fake.world.albums.values()))
    assert len(album.item_keys) == 3


async def test_fates_can_be_filtered_and_what_was_never_sent_says_so(pushing, tmp_path):
    from datasette_gphotos_dedupe.album import plan_push, read_candidates
    from datasette_gphotos_dedupe.store.pushes import create_push

    conn = sqlite3.connect(tmp_path / "photos.db")
    push_id = create_push(conn, plan_push(read_candidates(conn), "Duplicates"), "root")
    conn.close()
    url = f"duplicates/push/{push_id}"
    await pushing.post(url, {"action": "cancel"})
    page = (await pushing.get(url)).text
    assert page.count("the push was cancelled before") == 4 and "4 not sent" in page
    refused = (await pushing.get(f"{url}.json?state=refused")).json()
    assert [item["photo_id"] for item in refused["items"]] == [photo_id(9)]
    assert refused["reasons"] == [{"reason": "Google lets a program file only what it uploaded", "count": 1}]
    assert (await pushing.get(f"{url}.json?state=lost")).status_code == 400


async def test_names_from_outside_are_shown_as_text(pushing, tmp_path):
    change(tmp_path, "UPDATE photos SET filename = ?, product_url = 'javascript:alert(1)'", HOSTILE)
    for path in ("duplicates/push", "duplicates/push?route=handover"):
        page = (await pushing.get(path)).text
        assert "<script>alert" not in page and "&lt;script&gt;alert" in page
        assert "javascript:" not in page


async def test_the_page_says_of_each_thing_to_save_who_carries_it_over(pushing, tmp_path):
    change(tmp_path, "UPDATE photos SET favorite = 1, latitude = 1, longitude = 2 WHERE photo_id = ?", photo_id(1))
    by_file = (await pushing.get("duplicates/push?route=handover")).text
    assert (
        "favourite: the file for the toolkit carries this over where it can, each shown to you first; the rest you add."
        in by_file
    )
    assert "by the toolkit, or by hand, to" in by_file
    for page in (by_file, (await pushing.get("duplicates/push?route=by_id")).text):
        assert "place: only you can add this in Google Photos." in page
    assert "favourite: only you can add this in Google Photos." in page
