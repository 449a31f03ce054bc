"""What people run beside our plugin, or in its place on a published copy: three plugins that show pictures and maps."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest
from datasette.app import Datasette

from datasette_gphotos_dedupe.export import ExportOptions, export_database
from tests.made_library import build_library

pytestmark = pytest.mark.asyncio


@pytest.fixture
def copy(tmp_path):
    """A published copy with places."""
    build_library(tmp_path / "photos.db", groups=8).close()
    conn = sqlite3.connect(tmp_path / "photos.db")
    conn.execute("UPDATE photos SET latitude = 46.9481, longitude = 7.4474 WHERE rowid % 2")
    conn.commit()
    conn.close()
    export_database(tmp_path / "photos.db", tmp_path / "report.db", ExportOptions(with_location=True))
    return tmp_path / "report.db"


def serve(copy) -> Datasette:
    return Datasette([], immutables=[str(copy)])


async def test_a_map_is_shown_for_photos_and_places(copy, other_plugins):
    datasette = serve(copy)
    for name in ("photos", "places"):
        page = (await datasette.client.get(f"/report/{name}")).text
        assert 'DATASETTE_CLUSTER_MAP_LATITUDE_COLUMN = "latitude"' in page, name
        assert 'DATASETTE_CLUSTER_MAP_LONGITUDE_COLUMN = "longitude"' in page, name
    assert "CLUSTER_MAP" not in (await datasette.client.get("/report/groups")).text


async def test_the_map_is_sent_numbers_and_popups_with_a_picture(copy, other_plugins):
    rows = (await serve(copy).client.get("/report/places.json?_shape=array")).json()
    assert len(rows) == 8
    assert {(row["latitude"], row["longitude"]) for row in rows} == {(46.9481, 7.4474)}
    popup = json.loads(rows[0]["popup"])
    assert popup["title"] == rows[0]["filename"]
    assert popup["image"] == f"thumbnails/{rows[0]['photo_id']}.blob?_blob_column=content"


async def test_without_our_plugin_previews_are_pictures_that_load(copy, other_plugins, without_our_plugin):
    datasette = serve(copy)
    page = (await datasette.client.get("/report/previews")).text
    addresses = re.findall(r'<img src="(thumbnails/[^"]+)" alt="IMG_', page)
    assert len(addresses) == 16
    for address in addresses:
        answer = await datasette.client.get(f"/report/{address.replace('&amp;', '&')}")
        assert answer.status_code == 200
        assert answer.content.startswith(b"\xff\xd8\xff")


async def test_without_our_plugin_thumbnails_are_shown_inline(copy, other_plugins, without_our_plugin):
    page = (await serve(copy).client.get("/report/thumbnails")).text
    assert page.count('src="data:image/jpeg;base64,/9j/') == 16


async def test_with_our_plugin_our_previews_win_and_theirs_do_no_harm(copy, other_plugins):
    datasette = serve(copy)
    page = (await datasette.client.get("/report/thumbnails")).text
    (group,) = (await datasette.client.get("/report/groups.json?_shape=array&_size=1")).json()
    assert f"/report/-/thumbnail/{group['keeper_id']}" in page
    assert "data:image" not in page
    for path in ("/report/previews", "/report/photos", "/report/-/duplicates", f"/report/-/duplicates/{group['group_id']}"):
        assert (await datasette.client.get(path)).status_code == 200, path
