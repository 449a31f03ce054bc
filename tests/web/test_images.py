from __future__ import annotations

import sqlite3

import pytest

from tests.made_library import photo_id, preview

from .site import GROUP, make_datasette

pytestmark = pytest.mark.asyncio


async def test_a_thumbnail_carries_type_nosniff_and_a_private_cache_rule(anonymous):
    answer = await anonymous.get(f"thumbnail/{GROUP}")
    assert answer.status_code == 200
    assert answer.content == preview(0)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, max-age=86400"
    again = await anonymous.get(f"thumbnail/{GROUP}", **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_photo_without_preview_is_a_grey_box_and_404(anonymous):
    answer = await anonymous.get("thumbnail/nope")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "image/svg+xml")


async def test_content_that_is_no_picture_is_never_served(anonymous, library):
    conn = sqlite3.connect(library)
    with conn:
        conn.execute("UPDATE thumbnails SET content = ? WHERE photo_id = ?", [b"<html><script>alert(1)</script>", GROUP])
    conn.close()
    assert (await anonymous.get(f"thumbnail/{GROUP}")).status_code == 404


@pytest.mark.parametrize(
    "path,count",
    [
        ("/photos/photos", 72),
        ("/photos/photos?_nocol=filename", 0),
        ("/photos/pairs", 96),
        ("/photos/groups", 24),
        ("/photos/group_members", 72),
        ("/photos/thumbnails", 72),
        ("/photos/albums", 0),
        ("/photos?sql=select+photo_id+from+photos+limit+3", 3),
        ("/photos?sql=select+filename+from+photos+limit+3", 0),
        ("/photos?sql=select+photo_id,+filename+from+photos+limit+3", 3),
    ],
)
async def test_cells_with_a_photo_show_its_preview(anonymous, path, count):
    page = await anonymous.get(path)
    if page.status_code == 302:  # Datasette 1.0 has moved the page
        page = await anonymous.get(page.headers["location"])
    assert page.status_code == 200
    assert page.text.count('src="/photos/-/thumbnail/') == count


async def test_a_reason_is_given_room_beside_long_ids(anonymous):
    page = (await anonymous.get("/photos/group_members?_size=10")).text
    assert page.count('<div style="min-width:18em">') == 10


async def test_json_and_csv_stay_untouched(anonymous):
    for path in ("/photos/photos.json?_shape=array", "/photos/photos.csv", "/photos/pairs.csv"):
        text = (await anonymous.get(path)).text
        assert "<img" not in text and photo_id(0) in text


async def test_a_database_of_somebody_else_keeps_its_cells(tmp_path, library):
    from .site import Site, make_datasette

    conn = sqlite3.connect(tmp_path / "other.db")
    with conn:
        conn.execute("CREATE TABLE t (photo_id TEXT, photo_a TEXT)")
        conn.execute("INSERT INTO t VALUES ('x', 'y')")
    conn.close()
    site = Site(make_datasette([library, tmp_path / "other.db"]))
    assert "<img" not in (await site.get("/other/t")).text


async def test_in_a_browser_without_a_server_previews_are_in_the_page(library, monkeypatch):
    from datasette_gphotos_dedupe.web.site import inline_previews

    monkeypatch.setattr(inline_previews, "PICTURES_MUST_BE_INLINE", True)
    datasette = make_datasette([library])
    for path in ("/photos/-/duplicates", f"/photos/-/duplicates/{photo_id(0)}", "/photos/photos", "/photos/thumbnails"):
        page = (await datasette.client.get(path)).text
        assert "/-/thumbnail/" not in page, path
        assert 'src="data:image/jpeg;base64,/9j/' in page, path


async def test_elsewhere_previews_are_addresses(ds):
    assert "data:image" not in (await ds.client.get("/photos/-/duplicates")).text
