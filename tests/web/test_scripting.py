"""What docs/scripting.md tells scripts is true, and a token may do what it was made for and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from datasette.app import Datasette

from datasette_gphotos_dedupe.web.site.routes import ROUTES
from tests.made_library import build_library, photo_id

from .site import GROUP, make_datasette, rows

pytestmark = pytest.mark.asyncio
GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "scripting.md").read_text(encoding="utf8")
SECTIONS = {part.partition(":")[0]: part for part in re.split(r"^## ", GUIDE, flags=re.MULTILINE)[1:]}
ADDRESSES = {
    "queue": "duplicates.json",
    "group": f"duplicates/{GROUP}.json",
    "compare": f"duplicates/{GROUP}/compare.json",
    **{name: f"duplicates/{name}.json" for name in ("accept", "uploads", "history", "calibration", "find", "push")},
    "job": "duplicates/push/1.json",
}
with_tokens = pytest.mark.skipif(not hasattr(Datasette, "create_token"), reason="this line of Datasette has no tokens of its own")


async def test_every_page_with_a_twin_in_json_has_its_section():
    twins = {route.name for route in ROUTES if "json" in route.pattern}
    assert set(SECTIONS) == twins, "docs/scripting.md has a section `## name: ...` with a table of the fields for each"
    assert set(ADDRESSES) == twins, "ADDRESSES above has an example of each"


@pytest.mark.parametrize("name", SECTIONS)
async def test_the_fields_are_those_that_are_told(root, library, name):
    if name == "job":
        plan = (await root.get("duplicates/push.json?route=handover")).json()
        await root.post_json("duplicates/push.json", {"route": "handover", "album": plan["album"], "digest": plan["digest"]})
    answer = await root.get(ADDRESSES[name])
    assert answer.status_code == 200
    assert list(answer.json()) and set(answer.json()) == set(re.findall(r"^\| `(\w+)` \|", SECTIONS[name], re.MULTILINE))


async def test_each_body_of_the_guide_decides_about_a_group(root, library):
    bodies = re.findall(r"^\| `(\{.*\})` \|", SECTIONS["group"], re.MULTILINE)
    assert len(bodies) == 4
    for body in bodies:
        told = json.loads(re.sub(r": (s|p)([,}])", r': "\1"\2', body))
        told["seen"] = await root.seen()
        for place in [told, *told.get("choices", [])]:
            if "photo_id" in place:
                place["photo_id"] = photo_id(1)
        answer = await root.post_json(ADDRESSES["group"], told)
        assert answer.json()["ok"], (body, answer.text)
        assert set(answer.json()) == {"ok", "batch_id", "group", "next_url"}
        await root.post_json(ADDRESSES["history"], {"batch_id": answer.json()["batch_id"]})
    assert rows(library, "SELECT count(*) FROM decisions") == [(0,)]


async def ask(ds, token: str, path: str, body: dict | None = None):
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    if body is None:
        return await ds.client.get(f"/photos/-/{path}", headers=headers)
    return await ds.client.post(f"/photos/-/{path}", content=json.dumps(body).encode(), headers=headers)


@with_tokens
async def test_a_token_for_reviewing_reviews_and_cannot_push(tmp_path):
    from datasette.tokens import TokenRestrictions

    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    ds = make_datasette([tmp_path / "photos.db"])
    await ds.invoke_startup()
    reading = TokenRestrictions().allow_all("view-instance").allow_all("view-database").allow_all("view-table")
    token = await ds.create_token("root", restrictions=reading.allow_database("photos", "gphotos-review"))
    seen = (await ask(ds, token, ADDRESSES["group"])).json()["group"]["seen"]
    assert (await ask(ds, token, ADDRESSES["group"], {"action": "accept", "seen": seen})).status_code == 200
    assert (await ask(ds, token, ADDRESSES["push"])).status_code == 403
    assert rows(tmp_path / "photos.db", "SELECT DISTINCT actor FROM decisions") == [("root",)]


@with_tokens
async def test_a_token_for_reading_reads_and_decides_nothing(tmp_path):
    from datasette.tokens import TokenRestrictions

    build_library(tmp_path / "photos.db", groups=8, size=3).close()
    ds = make_datasette([tmp_path / "photos.db"])
    await ds.invoke_startup()
    reading = TokenRestrictions().allow_all("view-instance").allow_all("view-database").allow_all("view-table")
    token = await ds.create_token("root", restrictions=reading)
    page = await ask(ds, token, "duplicates")
    assert page.status_code == 200 and 'method="post"' not in page.text.partition("<main")[2]
    for name in ("group", "accept", "history", "calibration", "find", "push", "job"):
        assert (await ask(ds, token, ADDRESSES[name], {"action": "accept", "seen": "x"})).status_code == 403, name
    narrow = TokenRestrictions().allow_all("view-instance").allow_all("view-database")
    token = await ds.create_token("root", restrictions=narrow.allow_resource("photos", "albums", "view-table"))
    assert (await ask(ds, token, ADDRESSES["queue"])).status_code == 403
