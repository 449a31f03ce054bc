from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.web.pages.queue_filters import PageEnd, QueueFilter
from tests.made_library import build_library, photo_id

from .site import GROUP, Site, make_datasette

pytestmark = pytest.mark.asyncio


async def test_the_queue_lists_every_open_group_with_a_link(anonymous):
    page = await anonymous.get("duplicates")
    assert page.status_code == 200
    assert page.text.count('class="gp-group"') == 24
    assert f"/photos/-/duplicates/{GROUP}" in page.text


async def test_the_json_twin_counts_groups_and_bytes_by_relation(anonymous):
    told = (await anonymous.get("duplicates.json")).json()
    assert told["total"] == {
        **{"groups": 24, "bytes": 12 * 2 * 40_000, "copies": 24, "suggested": 12},
        **{"asks": 12, "decided": 0},
    }
    smaller = next(entry for entry in told["relations"] if entry["relation"] == "smaller_copy")
    assert smaller == {
        "relation": "smaller_copy",
        "open": 3,
        "decided": 0,
        "suggested": 3,
        "copies": 6,
        "bytes": 3 * 80_000,
        "removable": True,
    }


@pytest.mark.parametrize(
    "query,groups",
    [
        ("relation=crop", 3),
        ("year=2017", 3),
        ("camera=Canon+PowerShot+G2", 24),
        ("origin=nowhere", 0),
        ("album=Summer", 24),
        ("album=Winter", 0),
        ("size=3", 24),
        ("space=80000", 12),
        ("text=img_0003", 1),
        ("text=100%25", 0),
        ("text=SUMMER", 24),
        ("uploaded=2020-01-01", 24),
        ("uploaded=2020-01-02", 0),
        ("uploaded=2020-01-01&relation=crop", 3),
        ("state=decided", 0),
        ("relation=crop&year=2020", 1),
    ],
)
async def test_filters_are_ordinary_query_strings(anonymous, query, groups):
    told = (await anonymous.get(f"duplicates.json?{query}")).json()
    assert (told["total"]["groups"], len(told["groups"])) == (groups, groups)


async def test_a_group_is_found_by_person_and_description(tmp_path):
    db = build_library(tmp_path / "photos.db", groups=3)
    db["people"].insert({"person_id": 1, "name": "Zoë O'Hara"})
    db["photo_people"].insert({"photo_id": photo_id(2), "person_id": 1})
    db["photos"].update(photo_id(5), {"description": "50% off_sale"})
    from datasette_gphotos_dedupe.store.review.decisions import refresh_decided

    with db.atomic():
        refresh_decided(db.conn)
    db.close()
    site = Site(make_datasette([tmp_path / "photos.db"]))
    for text, expected in (("zoë o'h", photo_id(2)), ("50%25 off_", photo_id(4))):
        told = (await site.get(f"duplicates.json?text={text}")).json()
        assert [group["group_id"] for group in told["groups"]] == [expected]


async def test_pages_of_50_hold_every_group_once(tmp_path):
    build_library(tmp_path / "photos.db", groups=130).close()
    site = Site(make_datasette([tmp_path / "photos.db"]))
    seen, url = [], "/photos/-/duplicates.json"
    while url:
        told = (await site.get(url)).json()
        seen.append([group["group_id"] for group in told["groups"]])
        url = told["next_url"]
    assert [len(page) for page in seen] == [50, 50, 30]
    assert len({group for page in seen for group in page}) == 130


@pytest.mark.parametrize(
    "query,sentence",
    [
        ("relation=bogus", "bogus is not a relation. Known are same_bytes, "),
        ("state=bogus", "bogus is not a state. Known are open, decided, all."),
        ("uploaded=yesterday", "uploaded must be a day such as 2022-04-12, not yesterday."),
        ("year=20x", "year must be a whole number, not 20x."),
        ("size=²", "size must be a whole number, not ²."),
        ("_next=zzz", "_next is not a place in this queue. Go back to its first page."),
    ],
)
async def test_a_query_string_that_cannot_be_meant_gets_a_sentence(anonymous, query, sentence):
    answer = await anonymous.get(f"duplicates.json?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)


async def test_facets_count_under_all_filters_but_their_own(anonymous):
    told = (await anonymous.get("duplicates.json?relation=crop&year=2020")).json()
    years = next(facet for facet in told["facets"] if facet["name"] == "year")
    assert (
        years["values"] == [{"value": "2018", "count": 1}, {"value": "2020", "count": 1}, {"value": "2022", "count": 1}]
        or len(years["values"]) == 3
    )
    cameras = next(facet for facet in told["facets"] if facet["name"] == "camera")
    assert cameras["values"] == [{"value": "Canon PowerShot G2", "count": 1}]


async def test_counts_follow_a_decision_at_once(root):
    before = (await root.get("duplicates.json")).json()["total"]
    answer = await root.post_json(f"duplicates/{GROUP}.json", {"action": "accept", "seen": await root.seen()})
    assert answer.status_code == 200, answer.text
    for _ in range(4):  # each reading connection remembers counts of its own
        total = (await root.get("duplicates.json")).json()["total"]
        assert (total["groups"], total["decided"]) == (before["groups"] - 1, 1)


async def test_a_filter_survives_its_own_query_string():
    chosen = QueueFilter(relation="crop", state="all", text="a&b=c %", year="2019")
    from urllib.parse import parse_qsl

    assert QueueFilter.from_args(dict(parse_qsl(chosen.query()))) == chosen
    assert str(PageEnd.from_text("5,a,b")) == "5,a,b"


async def test_a_database_without_our_tables_is_not_found(tmp_path):
    import sqlite3

    other = tmp_path / "other.db"
    conn = sqlite3.connect(other)
    conn.execute("CREATE TABLE groups (id INTEGER)")
    conn.execute("CREATE VIEW photos AS SELECT 1 AS photo_id")
    conn.close()
    build_library(tmp_path / "photos.db").close()
    ds = make_datasette([tmp_path / "photos.db", other])
    answer = await Site(ds, database="other").get("duplicates.json")
    assert answer.status_code == 404
    assert (
        answer.json()["error"] == "other has no duplicates in it. Import first: gphotos-to-sqlite takeout other.db takeout-*.zip"
    )
    assert (await Site(ds, "root").get("/")).text.count("/-/duplicates") == 2  # in the menu and on the card
    assert (await Site(ds, database="nowhere").get("duplicates.json")).status_code == 404


async def test_names_with_spaces_and_dots_and_a_base_url_work_together(tmp_path):
    build_library(tmp_path / "my photos.v2.db", groups=2).close()
    ds = make_datasette([tmp_path / "my photos.v2.db"], settings={"base_url": "/prefix/"})
    site = Site(ds, "root", database="my+photos~2Ev2")
    page = await site.get("duplicates")
    assert page.status_code == 200
    hrefs = [part.split('"')[0] for part in page.text.split('href="')[1:] + page.text.split('src="')[1:]]
    local = [href for href in hrefs if not href.startswith(("http", "#"))]
    assert [href for href in local if not href.startswith("/prefix/")] == []
    assert f"/prefix/my+photos~2Ev2/-/thumbnail/{GROUP}" in local
    assert (await site.get(f"thumbnail/{GROUP}")).status_code == 200
    assert (await site.get(f"duplicates/{GROUP}")).status_code == 200


async def test_previews_below_the_first_rows_are_asked_for_when_they_come_near(anonymous):
    previews = [part.partition(">")[0] for part in (await anonymous.get("duplicates")).text.split("<img ")[1:]]
    assert len(previews) == 24 * 3
    assert ['loading="lazy"' in preview for preview in previews] == [False] * 6 * 3 + [True] * 18 * 3
    assert all('width="4032" height="3024"' in preview for preview in previews[::3])  # its box is there before it is
