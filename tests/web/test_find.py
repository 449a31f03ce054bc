"""The page that looks a picture up."""

from __future__ import annotations

import asyncio
import os
import resource
import time

import pytest
import pytest_asyncio

from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.web.pages import find as views_find
from datasette_gphotos_dedupe.web.site import uploaded_files as uploads
from datasette_gphotos_dedupe.web.site.picture_workers import run_on_picture
from tests.broken_pictures import crafted_pictures, png
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
    assert '<a href="/photos/-/duplicates/photo/IMG_1001">' in page
    assert 'src="data:image/jpeg;base64,' in page  # what was sent, beside what was found


async def test_a_broken_file_leaves_the_form_where_it_is(site):
    answer = await send(site, b"no picture", "holiday.jpg", "duplicates/find")
    assert answer.status_code == 400
    assert "This file could not be read" in answer.text and "holiday.jpg cannot be looked up" in answer.text
    assert 'type="file"' in answer.text


async def test_nothing_is_stored(site, tmp_path):
    before = (tmp_path / "photos.db").read_bytes()
    await send(site, jpeg(picture(77)), path="duplicates/find")
    assert (tmp_path / "photos.db").read_bytes() == before
    left = {path.name: path.stat().st_size for path in tmp_path.iterdir() if path.is_file()}
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


def claims(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be as large as this, in RGB."""
    return png(width, height, 8, 2, b"")


async def test_a_picture_that_takes_too_much_memory_is_refused_before_it_is_decoded(site):
    answer = await send(site, claims(20_000, 10_000), "big.png")
    assert answer.json()["error"] == (
        "big.png cannot be looked up: decoding it takes up to 1.8 GB of memory, and a page may take 1.5 GB."
    )


async def test_pictures_made_to_harm_harm_no_server(site):
    """Each is decoded in a process of its own: what this process holds does not grow, and it goes on answering."""
    for name, data in crafted_pictures():
        if "megapixels" not in name and "65,535" not in name:  # the others try one picture's limits: bench_bad_bytes.py
            continue
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sent = asyncio.ensure_future(send(site, data, name))
        longest = 0.0
        while not sent.done():
            begun = time.perf_counter()
            await asyncio.sleep(0.01)
            longest = max(longest, time.perf_counter() - begun)
        assert (await sent).status_code in (200, 400), name
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown * 1024 < 30_000_000 + 6 * len(data), name  # what was sent, and its copies
        assert longest < 2.0, name


async def test_a_picture_whose_codec_crashes_gets_a_sentence_and_the_next_one_an_answer(site):
    crashed = await run_on_picture(os.abort)
    assert (crashed.code, crashed.reason) == ("crashed", "the program that decodes it crashed; the file is most likely damaged")
    assert (await send(site, jpeg(picture(1)))).json()["answer"] == "copy"


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
