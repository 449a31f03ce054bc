"""Our pages wherever they lie: names that need encoding, below a base_url, beside other databases, in files that cannot be written."""

from __future__ import annotations

import os
import shutil
import sqlite3
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.live_site import actor_cookie, live_datasette
from tests.made_library import build_library, photo_id

from .site import GROUP, Site, change, make_datasette

NAME = "my photos.v2 50%"
ROUTE = "my+photos~2Ev2+50~25"


class Links(HTMLParser):
    """Every address that a page names, by what names it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.followed: set[str] = set()
        self.posted: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag == "form":
            (self.posted if told.get("method") == "post" else self.followed).add(told.get("action") or "")
        elif tag in ("a", "img", "script", "link"):
            self.followed.add(told.get("href") or told.get("src") or "")


def kind_of(link: str) -> tuple[str, tuple[str, ...]]:
    """Links that differ only in what a filter is set to: one of them is followed, all are looked at."""
    parts = urlsplit(link)
    return parts.path, tuple(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))


@pytest.mark.asyncio
async def test_every_link_of_every_page_leads_somewhere_below_base_url(tmp_path):
    build_library(tmp_path / f"{NAME}.db", groups=3).close()
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (photo_id TEXT)").connection.close()
    ds = make_datasette([tmp_path / f"{NAME}.db", tmp_path / "other.db"], settings={"base_url": "/prefix/"})
    await ds.invoke_startup()
    root = Site(ds, "root", database=ROUTE)
    await root.decide({photo_id(1): "remove"})
    base, table = f"/prefix/{ROUTE}/-/duplicates", f"/prefix/{ROUTE}/group_members"
    waiting, seen, kinds = [base, f"{base}?state=all", table, "/prefix/other/t", "/prefix/"], set(), set()
    while waiting:
        address = waiting.pop()
        answer = await root.get(address.removeprefix("/prefix"))  # Datasette's client puts it there itself
        assert answer.status_code in (200, 302, 303) or "/-/original/" in address, address
        if answer.headers.get("location"):
            assert answer.headers["location"].startswith("/prefix/"), address
        if "/-/duplicates" not in address and address != table:
            continue
        links = Links(answer.text if "html" in answer.headers["content-type"] else "")
        assert {action for action in links.posted if not action.startswith("/prefix/")} <= {""}, address
        for link in {link.partition("#")[0] for link in links.followed} - {""}:
            if address == table and "/-/duplicates" not in link:
                continue  # Datasette's own, which 0.65 prefixes twice in places
            if not link.startswith(("http:", "https:")):
                assert link.startswith("/prefix/"), (address, link)
                if link not in seen and kind_of(link) not in kinds and "logout" not in link:
                    waiting.append(link)
                    kinds.add(kind_of(link))
                seen.add(link)
    for page in ("history", "accept", "push", "calibration", GROUP, f"{GROUP}.json"):
        assert any(link.startswith(f"{base}/{page}") for link in seen), page
    assert f"/prefix/{ROUTE}/-/thumbnail/{GROUP}" in seen


@pytest.mark.asyncio
async def test_a_decision_and_its_undo_work_below_base_url_without_javascript(tmp_path):
    build_library(tmp_path / f"{NAME}.db", groups=3).close()
    root = Site(make_datasette([tmp_path / f"{NAME}.db"], settings={"base_url": "/prefix/"}), "root", database=ROUTE)
    first = (await root.get("duplicates.json")).json()["groups"][0]
    answer = await root.post(f"duplicates/{first['group_id']}", {"action": "accept", "seen": first["seen"]})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/prefix/{ROUTE}/-/duplicates/AF1Q")
    batch = (await root.get("duplicates/history.json")).json()["batches"][0]["batch_id"]
    then = f"/prefix/{ROUTE}/-/duplicates?year=2015"
    answer = await root.post("duplicates/history", {"batch_id": str(batch), "then": then})
    assert (answer.status_code, answer.headers["location"]) == (303, then)


@pytest.mark.asyncio
async def test_a_persons_own_views_named_like_tables_of_ours_make_no_library(tmp_path):
    conn = sqlite3.connect(tmp_path / "views.db", isolation_level=None)
    conn.execute("CREATE TABLE t (photo_id TEXT, group_id TEXT, keeper_id TEXT, reclaimable_bytes INTEGER)")
    conn.execute("INSERT INTO t VALUES ('p', 'g', 'p', 1)")
    for name in ("photos", "groups", "group_members", "thumbnails", "duplicates"):
        conn.execute(f"CREATE VIEW {name} AS SELECT * FROM t")
    conn.close()
    build_library(tmp_path / "photos.db", groups=2).close()
    ds = make_datasette([tmp_path / "photos.db", tmp_path / "views.db"])
    await ds.invoke_startup()
    site = Site(ds, "root", database="views")
    assert (await site.get("duplicates")).status_code == 404
    for page in ("/views", "/views/duplicates", "/views/photos"):
        answer = await site.get(page)
        assert answer.status_code == 200
        assert "/views/-/duplicates" not in answer.text and "/views/-/thumbnail" not in answer.text, page
    assert (await Site(ds, "root").get("duplicates")).status_code == 200


@pytest.mark.asyncio
async def test_a_persons_own_view_over_ours_gets_previews_and_can_be_pushed(tmp_path):
    build_library(tmp_path / "photos.db", groups=2).close()
    change(tmp_path / "photos.db", "CREATE VIEW 'my views.1' AS SELECT photo_id, filename FROM photos")
    ds = make_datasette([tmp_path / "photos.db"])
    await ds.invoke_startup()
    root = Site(ds, "root")
    page = (await root.get("/photos/my+views~2E1")).text
    assert page.count("/-/thumbnail/") == 4
    assert "Push these 4 rows into an album" in page
    plan = (await root.get("duplicates/push.json?table=my+views.1&route=handover")).json()
    assert plan["ok"]


@pytest.fixture
def unwritable(tmp_path):
    """A library of mode 0444 in a folder of mode 0555, and what keeps the superuser, whom modes do not stop, from writing it."""
    folder = tmp_path / "kept"
    folder.mkdir()
    db = build_library(folder / "photos.db", groups=2)
    db.disable_wal()  # one that is in WAL mode, Datasette itself can only open with -i: SQLite would have to write beside it
    db.close()
    os.chmod(folder / "photos.db", 0o444)
    os.chmod(folder, 0o555)
    stopped: tuple[str, ...] = ()
    if os.access(folder / "photos.db", os.W_OK):
        if not shutil.which("setpriv"):
            pytest.skip("run by the superuser, and setpriv of util-linux is not there to make him obey file modes")
        stopped = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")
    yield folder / "photos.db", stopped
    os.chmod(folder, 0o755)


def test_a_file_that_cannot_be_written_is_shown_without_buttons_and_a_post_is_refused(unwritable):
    path, stopped = unwritable
    with live_datasette([path], through=stopped) as site:
        web = requests.Session()
        web.cookies.set("ds_actor", actor_cookie("root"))
        base = f"{site.url}/photos/-/duplicates"
        for page in ("", f"/{GROUP}", "/history", "/calibration"):
            answer = web.get(base + page, timeout=60)
            assert answer.status_code == 200
            assert 'method="post"' not in answer.text.partition("<main")[2], page
        assert "This database cannot be written, so nothing can be decided here." in web.get(base, timeout=60).text
        for page in (f"/{GROUP}.json", "/accept.json", "/history.json", "/push.json"):
            answer = web.post(base + page, json={"action": "accept", "expected": 1, "seen": "x"}, timeout=60)
            assert answer.status_code == 403, page
    assert Path(path).stat().st_mode & 0o222 == 0
