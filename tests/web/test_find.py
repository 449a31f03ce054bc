"""The page that looks a picture up."""

from __future__ import annotations

import pytest
import pytest_asyncio

from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.web.pages import find as views_find
from datasette_gphotos_dedupe.web.site import uploaded_files as uploads
from tests.pictures import add_photos, jpeg, photo_rows, picture

from .site import Site, make_datasette

pytestmark = pytest.mark.asyncio
HOSTILE = "<b onclick=alert(1)>.jpg"
BOUNDARY = "gphotos-test-boundary"


@pytest.fixture(scope="module")
def rows():
    made = [photo_rows(f"IMG_10{seed:02d}", picture(seed), 95) for seed in range(4)]
    made[2]["photos"]["filename"] = HOSTILE
    return made


@pytest_asyncio.fixture
async def site(tmp_path, rows):
    db = open_database(tmp_path / "photos.db")
    add_photos(db, rows)
    db.close()
    ds = make_datasette([tmp_path / "photos.db"])
    await ds.invoke_startup()
    return Site(ds, "reviewer")


async def send(
    site: Site, content: bytes, name: str = "IMG_1001.jpg", path: str = "duplicates/find.json", field: str = "picture"
):
    """A multipart form as a browser sends it, the token first."""
    token = await site.token()
    parts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="csrftoken"\r\n\r\n{token}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    body = parts.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
    headers = site._headers({"content-type": f"multipart/form-data; boundary={BOUNDARY}"})
    return await site.ds.client.post(f"{site.base}/{path}", content=body, headers=headers)


async def test_a_smaller_copy_is_found_with_relation_and_link(site):
    told = (await send(site, jpeg(picture(1).resize((320, 240)), 75))).json()
    assert (told["ok"], told["answer"], told["words"]) == (True, "copy", "Yes: IMG_1001.jpg is the same picture.")
    assert (told["found"][0]["photo_id"], told["found"][0]["relation"]) == ("IMG_1001", "smaller_copy")
    assert told["found"][0]["url"] == "/photos/-/duplicates/photo/IMG_1001"


async def test_the_page_answers_without_javascript(site):
    page = (await send(site, jpeg(picture(1)), path="duplicates/find")).text
    assert "Yes: IMG_1001.jpg is the same picture." in page
    assert '<a class="gp-picture" href="/photos/-/duplicates/photo/IMG_1001">' in page


async def test_nothing_is_stored(site, tmp_path):
    before = (tmp_path / "photos.db").read_bytes()
    await send(site, jpeg(picture(77)), path="duplicates/find")
    assert (tmp_path / "photos.db").read_bytes() == before
    left = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert left.keys() <= {"photos.db", "photos.db-wal", "photos.db-shm"}  # SQLite makes these to read, and writes nothing
    assert left.get("photos.db-wal", 0) == 0


async def test_a_file_that_is_no_picture_gets_a_sentence(site):
    answer = await send(site, b"<script>alert(1)</script>", "holiday.jpg")
    assert answer.status_code == 400
    assert answer.json()["error"] == (
        "holiday.jpg cannot be looked up: its content is neither a picture nor a video in a format that is known."
    )


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\pictures\\passwd"])
async def test_only_the_last_part_of_a_sent_name_is_used(site, name):
    assert (await send(site, b"x", name)).json()["error"].startswith("passwd cannot be looked up")


async def test_names_from_outside_are_shown_as_text(site):
    page = (await send(site, jpeg(picture(2)), HOSTILE, "duplicates/find")).text
    assert "<b onclick" not in page and "&lt;b onclick" in page


async def test_a_picture_that_is_too_large_is_refused(site, monkeypatch):
    monkeypatch.setattr(views_find, "MAX_BYTES", 1000)
    monkeypatch.setattr(uploads, "_FORM_BYTES", 1000)
    answer = await send(site, b"\xff\xd8\xff" + b"x" * 5000)
    assert answer.status_code == 400
    assert answer.json()["error"] == "The picture is larger than 1,000 bytes, more than is looked up here."


async def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(site, monkeypatch):
    monkeypatch.setattr(views_find, "MAX_PIXELS", 1000)
    answer = await send(site, jpeg(picture(1)), "big.jpg")
    assert answer.json()["error"] == "big.jpg claims 640 x 480 pixels, more than is looked up here."


async def test_a_form_without_a_picture_gets_a_sentence(site):
    assert (await send(site, b"x", field="other")).json()["error"] == "No picture was chosen."
    assert (await send(site, b"", name="")).json()["error"] == "No picture was chosen."
    answer = await site.post_json("duplicates/find.json", {})
    assert answer.json()["error"].startswith("Send the picture as the field picture of a multipart form")


async def test_a_picture_from_another_site_is_refused(site):
    """A signed-in browser, and a page elsewhere that makes it post: the cookies come along, the token cannot."""
    await site.token()
    headers = site._headers(
        {
            "content-type": f"multipart/form-data; boundary={BOUNDARY}",
            "sec-fetch-site": "cross-site",
            "origin": "https://elsewhere.example",
        }
    )
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\nx\r\n--{BOUNDARY}--\r\n'
    answer = await site.ds.client.post(f"{site.base}/duplicates/find", content=part.encode(), headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("actor", [None, "nobody-special", "pusher"])
async def test_without_the_right_to_review_nothing_is_decoded(site, actor):
    assert (await send(Site(site.ds, actor), jpeg(picture(1)))).status_code == 403
