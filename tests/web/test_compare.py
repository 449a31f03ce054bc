"""Two photos in one frame, and the originals behind them."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import sqlite3
import zipfile

import pytest
import pytest_asyncio
from PIL import Image

from datasette_gphotos_dedupe.pipeline.pictures_for_pages import NOT_SHOWN
from tests.made_library import build_library, photo_id
from tests.pictures import picture

from .site import GROUP, Site, make_datasette

pytestmark = pytest.mark.asyncio
HOSTILE = "<img src=x onerror=alert(1)>\"'.jpg"


def photograph() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    buffer = io.BytesIO()
    picture(1).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def change(path, sql: str, *values) -> None:
    conn = sqlite3.connect(path)
    with conn:
        conn.execute(sql, values)
    conn.close()


@pytest_asyncio.fixture
async def site(tmp_path):
    """Photo 0 lies in a zip, photo 1 in a folder, photo 2 in an archive that is gone."""
    path = tmp_path / "photos.db"
    build_library(path, groups=8, size=3).close()
    archive, folder = tmp_path / "takeout-001.zip", tmp_path / "pictures"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("Takeout/a.jpg", photograph())
    folder.mkdir()
    picture(2).save(folder / "b.png")
    (tmp_path / "outside.png").write_bytes((folder / "b.png").read_bytes())
    change(path, "UPDATE files SET container = ?, member = 'Takeout/a.jpg' WHERE photo_id = ?", str(archive), photo_id(0))
    change(path, "UPDATE files SET container = ?, member = 'b.png' WHERE photo_id = ?", str(folder), photo_id(1))
    for number, data in enumerate((photograph(), (folder / "b.png").read_bytes(), b"gone")):
        change(path, "UPDATE files SET sha1 = ? WHERE photo_id = ?", hashlib.sha1(data).hexdigest(), photo_id(number))
    ds = make_datasette([path])
    await ds.invoke_startup()
    return Site(ds, "reviewer")


async def test_the_originals_are_shown_where_they_can_be_reached_and_the_page_says_which(site):
    page = (await site.get(f"duplicates/{GROUP}/compare?b={photo_id(1)}")).text
    assert f'src="/photos/-/original/{photo_id(0)}"' in page
    assert "<dd>Takeout/a.jpg in takeout-001.zip</dd>" in page
    assert "<dd>b.png in pictures</dd>" in page


async def test_the_preview_stands_in_with_the_reason_where_an_archive_is_gone(site):
    page = (await site.get(f"duplicates/{GROUP}/compare?b={photo_id(2)}")).text
    assert f'src="/photos/-/thumbnail/{photo_id(2)}"' in page
    assert "Only its preview is shown:" in page
    assert NOT_SHOWN in page


async def test_the_page_says_the_same_in_json(site):
    told = (await site.get(f"duplicates/{GROUP}/compare.json?b={photo_id(2)}")).json()
    assert (told["a"]["photo_id"], told["b"]["photo_id"]) == (photo_id(0), photo_id(2))
    assert told["a"]["original_url"] == f"/photos/-/original/{photo_id(0)}"
    assert told["b"]["original_url"] is None
    assert told["b"]["why_preview"] == NOT_SHOWN
    assert told["evidence"]["relation"] == "smaller_copy"


async def test_an_original_is_a_jpeg_of_pixels_only_and_private(site):
    answer = await site.get(f"original/{photo_id(0)}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(answer.content)).size == (640, 480)
    assert b"SecretCamera" not in answer.content
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private")
    again = await site.get(f"original/{photo_id(0)}", **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_png_is_shown_as_jpeg(site):
    answer = await site.get(f"original/{photo_id(1)}")
    assert Image.open(io.BytesIO(answer.content)).format == "JPEG"


@pytest.mark.parametrize(
    "container, member",
    [
        ("gone.zip", "Takeout/a.jpg"),
        ("takeout-001.zip", "Takeout/none.jpg"),
        ("takeout-001.zip", "Takeout/other.jpg"),  # another file than was imported
        ("pictures", "none.png"),
        ("pictures", "other.png"),
        ("pictures", "../outside.png"),
        ("pictures/b.png", "b.png"),
        ("no/such/folder", "b.png"),
        ("", ""),
        ("\0", "\0"),
        ("gone.tgz", "a.jpg"),
        ("pictures/b.png", "x.tgz"),
    ],
)
async def test_of_every_original_that_is_not_served_the_same_is_said(site, tmp_path, container, member):
    """A database that somebody made must not tell who reviews it what lies on this machine."""
    with zipfile.ZipFile(tmp_path / "takeout-001.zip", "a") as archive:
        archive.writestr("Takeout/other.jpg", photograph())
    picture(3).save(tmp_path / "pictures" / "other.png")
    where = container if "\0" in container else str(tmp_path / container)
    change(tmp_path / "photos.db", "UPDATE files SET container = ?, member = ? WHERE photo_id = ?", where, member, photo_id(2))
    answer = await site.get(f"original/{photo_id(2)}", accept="application/json")
    assert (answer.status_code, answer.json()["error"]) == (404, f"The original cannot be shown: {NOT_SHOWN}.")
    told = (await site.get(f"duplicates/{GROUP}/compare.json?b={photo_id(2)}")).json()
    if not container.endswith(".tgz"):  # nobody looks into those for the page
        assert (told["b"]["original_url"], told["b"]["why_preview"]) == (None, NOT_SHOWN)


@pytest.mark.parametrize("member", ["../outside.png", "/etc/hostname", "link.png", "b.png/../../outside.png"])
async def test_nothing_outside_of_a_container_is_served(site, tmp_path, member):
    os.symlink(tmp_path / "outside.png", tmp_path / "pictures" / "link.png")
    change(tmp_path / "photos.db", "UPDATE files SET member = ? WHERE photo_id = ?", member, photo_id(1))
    assert (await site.get(f"original/{photo_id(1)}")).status_code == 404


@pytest.mark.parametrize("name", ["~2E~2E~2F~2E~2E~2Fetc~2Fhostname", "~2E~2E~2Foutside.png", "outside.png"])
async def test_an_address_names_a_photo_and_never_a_path(site, name):
    assert (await site.get(f"original/{name}")).status_code == 404


async def test_only_what_was_imported_is_served(site, tmp_path):
    """A database that somebody made may name any picture on this machine; what it does not hold is the picture's checksum."""
    (tmp_path / "private").mkdir()
    picture(3).save(tmp_path / "private" / "b.png")
    change(tmp_path / "photos.db", "UPDATE files SET container = ? WHERE photo_id = ?", str(tmp_path / "private"), photo_id(1))
    answer = await site.get(f"original/{photo_id(1)}")
    assert answer.status_code == 404
    assert NOT_SHOWN in answer.text


async def test_a_file_that_is_no_picture_is_not_served(site, tmp_path):
    content = b"<html><script>alert(1)</script>"
    (tmp_path / "pictures" / "b.png").write_bytes(content)
    sha1 = hashlib.sha1(content).hexdigest()
    change(tmp_path / "photos.db", "UPDATE files SET sha1 = ? WHERE photo_id = ?", sha1, photo_id(1))
    answer = await site.get(f"original/{photo_id(1)}")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


async def test_an_edited_version_or_a_live_video_is_never_taken_for_the_original(site, tmp_path):
    change(tmp_path / "photos.db", "UPDATE files SET role = 'edited' WHERE photo_id = ?", photo_id(1))
    assert (await site.get(f"original/{photo_id(1)}")).status_code == 404


@pytest.mark.parametrize("actor", [None, "nobody-special", "pusher"])
async def test_without_the_right_to_review_there_are_previews_only(site, actor):
    other = Site(site.ds, actor)
    assert (await other.get(f"original/{photo_id(0)}")).status_code == 403
    page = (await other.get(f"duplicates/{GROUP}/compare?b={photo_id(1)}")).text
    assert "/-/original/" not in page
    assert "originals are shown to those who may review" in page
    assert "takeout-001.zip" not in page


async def test_a_published_copy_never_serves_originals(site, tmp_path):
    copy = Site(make_datasette([], immutables=[tmp_path / "photos.db"]), "root")
    assert (await copy.get(f"original/{photo_id(0)}")).status_code == 403
    assert "/-/original/" not in (await copy.get(f"duplicates/{GROUP}/compare?b={photo_id(1)}")).text


async def test_who_may_not_see_the_table_of_files_sees_no_original(site, tmp_path):
    config = {"databases": {"photos": {"tables": {"files": {"allow": {"id": "root"}}}}}}
    reviewer = Site(make_datasette([tmp_path / "photos.db"], config=config), "reviewer")
    assert (await reviewer.get(f"original/{photo_id(0)}")).status_code == 403
    assert "takeout-001.zip" not in (await reviewer.get(f"duplicates/{GROUP}/compare?b={photo_id(1)}")).text


async def test_too_many_originals_at_once_are_refused_and_said_so(site, monkeypatch):
    import threading

    from datasette_gphotos_dedupe.web.site import picture_workers as workers

    monkeypatch.setattr(workers, "_places", threading.BoundedSemaphore(1))
    workers._places.acquire()
    answer = await site.get(f"original/{photo_id(0)}")
    assert answer.status_code == 503
    assert "Too many pictures are being read at the moment" in answer.text


async def test_photos_of_other_groups_cannot_be_mixed_in(site):
    answer = await site.get(f"duplicates/{GROUP}/compare.json?b={photo_id(9)}")
    assert (answer.status_code, answer.json()["ok"]) == (404, False)
    assert (await site.get(f"duplicates/{GROUP}/compare?a={photo_id(1)}&b={photo_id(1)}")).status_code == 404


async def test_the_decision_buttons_decide_about_b_alone(site):
    page = (await site.get(f"duplicates/{GROUP}/compare?b={photo_id(1)}")).text
    assert f'name="decision:{photo_id(1)}" value="remove"' in page
    fields = {"action": "save", "seen": await site.seen(), f"decision:{photo_id(1)}": "remove"}
    assert (await site.post(f"duplicates/{GROUP}", fields)).status_code == 303
    group = await site.group()
    assert [member["decision"] for member in group["members"]] == [None, "remove", None]


async def test_names_from_outside_are_shown_as_text(site, tmp_path):
    change(tmp_path / "photos.db", "UPDATE photos SET filename = ?", HOSTILE)
    change(tmp_path / "photos.db", "UPDATE pairs SET evidence = ?", HOSTILE)
    change(tmp_path / "photos.db", "UPDATE files SET member = ? || photo_id WHERE photo_id != ?", HOSTILE, photo_id(0))
    page = (await site.get(f"duplicates/{GROUP}/compare?b={photo_id(1)}")).text
    assert "<img src=x" not in page and "&lt;img src=x" in page


async def test_other_pages_answer_while_an_original_is_decoded(site, tmp_path):
    Image.new("RGB", (5000, 4000), "teal").save(tmp_path / "pictures" / "b.png", compress_level=1)
    sha1 = hashlib.sha1((tmp_path / "pictures" / "b.png").read_bytes()).hexdigest()
    change(tmp_path / "photos.db", "UPDATE files SET sha1 = ? WHERE photo_id = ?", sha1, photo_id(1))
    decoding = asyncio.ensure_future(site.get(f"original/{photo_id(1)}"))
    answered = 0
    while not decoding.done():
        assert (await site.get("duplicates")).status_code == 200
        answered += 1
        await asyncio.sleep(0)
    assert (await decoding).headers["content-type"] == "image/jpeg"
    assert answered >= 2
