"""Accepting the suggestion for everything that a filter matches."""

from __future__ import annotations

import asyncio
import html
import re

import pytest

from tests.made_library import build_library, photo_id

from .site import GROUP, Site, change, make_datasette, rows

pytestmark = pytest.mark.asyncio
HOSTILE = "<script>alert(1)</script>\"'.jpg"


async def test_the_page_shows_count_space_and_a_sample_before_anything_is_done(root, library):
    page = (await root.get("duplicates/accept?relation=smaller_copy")).text
    assert "<b>6 copies</b> in 3 groups go: <b>240 kB</b>." in page
    assert page.count('class="gp-sample"') == 6
    assert "Accept 6 copies" in page
    assert rows(library, "SELECT count(*) FROM decisions") == [(0,)]


async def test_accepting_decides_exactly_what_was_shown_as_one_batch(root, library):
    answer = await root.post("duplicates/accept", {"relation": "smaller_copy", "expected": "6"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/photos/-/duplicates?relation=smaller_copy")
    assert rows(library, "SELECT decision, actor, count(*), count(DISTINCT batch_id) FROM decisions") == [
        ("remove", "root", 6, 1)
    ]
    told = rows(library, "SELECT description, decision_count FROM decision_batches")
    assert told == [("Accepted what is proved in relation smaller_copy", 6)]
    queue = (await root.get("duplicates.json?relation=smaller_copy")).json()
    assert queue["total"]["groups"] == 0


async def test_one_undo_takes_all_of_it_back(root, library):
    done = (await root.post_json("duplicates/accept.json", {"expected": 24})).json()
    assert (done["photos"], done["refused"]) == (24, 0)
    undone = (await root.post_json("duplicates/history.json", {"batch_id": done["batch_id"]})).json()
    assert undone["restored"] == 24
    assert rows(library, "SELECT count(*), (SELECT sum(decided) FROM groups) FROM decisions") == [(0, 0)]


async def test_another_number_than_was_shown_changes_nothing(root, library):
    answer = await root.post_json("duplicates/accept.json", {"expected": 5, "relation": "smaller_copy"})
    assert answer.status_code == 409
    assert answer.json()["error"] == (
        "Nothing was changed: 5 photos were shown to you, 6 match now. Look at them and confirm again."
    )
    assert rows(library, "SELECT count(*) FROM decision_batches") == [(0,)]


@pytest.mark.parametrize("relation", ["series", "edited", "crop", "look_alike"])
async def test_relations_that_are_never_suggested_offer_nothing(root, relation):
    page = (await root.get(f"duplicates/accept?relation={relation}")).text
    assert "Nothing to accept here" in page and "3 groups need your eyes." in page and "Look at the first" in page
    assert 'method="post" action="/photos/-/duplicates/accept"' not in page
    assert (await root.post("duplicates/accept", {"relation": relation, "expected": "0"})).status_code == 400


async def test_refusals_are_named_with_their_reason(root, library):
    change(library, "UPDATE photos SET album_only = 1 WHERE photo_id = ?", photo_id(1))
    change(library, "DELETE FROM pairs WHERE photo_b = ?", photo_id(2))
    plan = (await root.get("duplicates/accept.json?relation=smaller_copy")).json()
    assert (plan["photos"], plan["refused"]) == (4, 2)
    assert plan["reasons"] == {
        "it was seen only in an album folder and may be somebody else's photo": 1,
        "nothing proves that it shows the same picture as its keeper, so it may be the only one": 1,
    }
    page = html.unescape((await root.get("duplicates/accept?relation=smaller_copy")).text)
    assert "IMG_0000_thumb.jpg: it was seen only in an album folder and may be somebody else's photo" in page


async def test_names_from_outside_are_shown_as_text(root, library):
    change(library, "UPDATE photos SET filename = ?, album_only = (photo_id = ?)", HOSTILE, photo_id(1))
    change(library, "UPDATE group_members SET reason = ?", HOSTILE)
    page = (await root.get("duplicates/accept")).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


async def test_every_filter_of_the_queue_can_be_accepted(root):
    for query in (
        "year=2015",
        "camera=Canon+PowerShot+G2",
        "origin=driveDesktopUploader",
        "album=Summer",
        "size=3",
        "space=80000",
    ):
        plan = (await root.get(f"duplicates/accept.json?{query}")).json()
        assert plan["photos"] > 0, query
    assert (await root.get("duplicates/accept.json?text=IMG_0000")).json()["photos"] == 2


async def test_groups_decided_meanwhile_are_left_as_they_are(root, library):
    await root.decide({photo_id(1): "keep", photo_id(2): "keep"}, GROUP)
    await root.post_json("duplicates/accept.json", {"expected": 22})
    assert rows(library, f"SELECT DISTINCT decision FROM decisions WHERE photo_id IN ('{photo_id(1)}', '{photo_id(2)}')") == [
        ("keep",)
    ]


async def test_other_pages_answer_while_many_groups_are_decided(tmp_path):
    build_library(tmp_path / "photos.db", groups=1600, size=3, thumbnails=False).close()
    root = Site(make_datasette([tmp_path / "photos.db"]), "root")
    plan = (await root.get("duplicates/accept.json")).json()
    bulk = asyncio.ensure_future(root.post_json("duplicates/accept.json", {"expected": plan["photos"]}))
    answered = 0
    while not bulk.done():
        assert (await root.get("duplicates?_size=1")).status_code == 200
        answered += 1
        await asyncio.sleep(0)
    assert (await bulk).json()["photos"] == 1600
    assert answered >= 2


async def test_the_pages_leave_datasettes_own_names_in_templates_alone(root):
    """On 1.0 its base template asks `static()` for its own files; a page of ours once had another function of that name."""
    for path in ("duplicates", "duplicates/accept", "duplicates/find"):
        page = (await root.get(path)).text
        for address in re.findall(r'(?:href|src)="(/-/static[^"]+)"', page):
            assert (await root.get(address)).status_code == 200, address
