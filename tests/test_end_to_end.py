"""The main job, once, with nothing but real parts: commands in processes, Datasette over HTTP, a Google that is a server.

A Takeout export of two parts comes in, what this app uploaded comes in through the API, a person accepts what is suggested, pushes
it, reads the fates, hands the rest over, and publishes a copy.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest
import requests

from datasette_gphotos_dedupe.demo.copies import encode, scaled
from datasette_gphotos_dedupe.demo.library import DRIVE, SampleItem, camera, media_key
from datasette_gphotos_dedupe.demo.takeout import write_takeout
from tests.fake_google import CLIENT_ID, FakeGoogle
from tests.google.fixtures import write_private
from tests.pictures import picture

WAIT_S = 120.0
TAKEN = 1_463_242_800


def pictures() -> list[SampleItem]:
    """Three originals: one with a thumbnail that Drive uploaded, two with a smaller copy that this app uploaded. And a burst."""
    items = []
    for number in range(3):
        image, taken = picture(40 + number, (1200, 900)), TAKEN + 86_400 * number
        name = f"DSC_{1000 + number}.JPG"
        albums = ("Summer",) if number == 0 else ()
        items.append(
            SampleItem(name, encode(image, "JPEG", 93, camera(taken)), taken, media_key(f"original {number}"), albums=albums)
        )
        small = {"taken": taken, "key": media_key(f"copy {number}"), "origin": DRIVE, "by_app": number > 0}
        title = name.replace(".JPG", "_sync.JPG") if number else name
        items.append(SampleItem(title, encode(scaled(image, 480), "JPEG", 85, camera(taken) if number else None), **small))
    for shot in range(2):
        taken = TAKEN + 864_000 + shot
        content = encode(picture(50 + shot, (1200, 900)), "JPEG", 93, camera(taken))
        items.append(SampleItem(f"DSC_{2000 + shot}.JPG", content, taken, media_key(f"shot {shot}")))
    return items


@dataclass(frozen=True)
class Story:
    """Where the person works: a folder, the environment of the commands, and the pretend Google."""

    folder: Path
    environment: dict[str, str]
    google: FakeGoogle

    def run(self, *arguments: str) -> str:
        """What a command of ours prints; it must succeed."""
        command = [sys.executable, "-m", "datasette_gphotos_dedupe.cli", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def rows(self, sql: str) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "photos.db")) as conn:
            return conn.execute(sql).fetchall()


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Everything up to the review: both sources are in and matched."""
    folder = tmp_path_factory.mktemp("story")
    items = pictures()
    write_takeout(items, folder)
    with FakeGoogle() as google:
        for item in items:
            taken_at = datetime.fromtimestamp(item.taken, timezone.utc)
            google.world.add_item(item.title, item.content, taken_at=taken_at, created_by=CLIENT_ID if item.by_app else None)
        write_private(folder / "auth.json", google.signed_in())
        told = Story(folder, {**os.environ, "GPHOTOS_LIBRARY_API": google.url, "GPHOTOS_PICKER_API": google.url}, google)
        told.run("takeout", "photos.db", *sorted(path.name for path in folder.glob("takeout-*.zip")), "--silent")
        told.run("library", "photos.db", "--silent")
        yield told


@dataclass(frozen=True)
class Browser:
    """A signed-in person at a real Datasette. Forms are posted with what their page holds, as a browser does."""

    base: str
    session: requests.Session

    def get(self, path: str, **query: str) -> requests.Response:
        answer = self.session.get(self.base + path, params=query, timeout=60)
        assert answer.status_code == 200, answer.text[:2000]
        return answer

    def post(self, page: str, path: str, **fields: str) -> requests.Response:
        """Post a form of `page` to `path`: its hidden fields, and `fields`."""
        text = self.get(page).text
        hidden = dict(re.findall(r'<input type="hidden" name="(csrftoken|seen|digest)" value="([^"]*)"', text))
        headers = {"Origin": self.base, "Sec-Fetch-Site": "same-origin"}
        return self.session.post(self.base + path, data={**hidden, **fields}, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def browser(story):
    settings = story.folder / "settings.json"
    settings.write_text(json.dumps({"plugins": {"datasette-gphotos-dedupe": {"auth": str(story.folder / "auth.json")}}}))
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "datasette", "photos.db", "--root", "--port", str(port), "-m", str(settings)]
    with subprocess.Popen(command, cwd=story.folder, env=story.environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            link = next(re.search(r"http\S+token=\w+", line) for line in process.stdout if "auth-token" in line)
            session = requests.Session()
            base = f"http://127.0.0.1:{port}"
            wait_for(lambda: answers(session, base))
            session.get(base + link.group()[len(base) :], timeout=60)
            yield Browser(base, session)
        finally:
            process.terminate()


def answers(session: requests.Session, base: str) -> bool:
    try:
        return session.get(f"{base}/-/versions.json", timeout=60).status_code == 200
    except requests.ConnectionError:
        return False


def wait_for(condition, why: str = "Datasette did not start"):
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(why)


@pytest.fixture(scope="module")
def accepted(story, browser) -> list[str]:
    """The person accepts what is proved; returns the ids of the groups."""
    groups = [group["group_id"] for group in browser.get("/photos/-/duplicates.json").json()["groups"]]
    for group_id in groups:
        page = f"/photos/-/duplicates/{group_id}"
        assert browser.post(page, page, action="accept").status_code == 200
    return groups


@pytest.fixture(scope="module")
def pushed(story, browser, accepted) -> dict:
    """The push of everything decided, at its end, as the page of fates tells it in JSON."""
    page = "/photos/-/duplicates/push"
    # What is carried out is what the page has shown: this way, and this album.
    answer = browser.post(f"{page}?route=by_id&album=Duplicates+2026", page, album="Duplicates 2026", route="by_id")
    job = answer.url.removeprefix(browser.base)
    assert re.fullmatch(r"/photos/-/duplicates/push/\d+", job), answer.text[:2000]

    def ended():
        told = browser.get(f"{job}.json").json()
        return told if not told["alive"] and told["push"]["state"] == "done" else None

    return wait_for(ended, "the push did not end")


def test_an_album_copy_is_no_second_photo(story):
    assert story.rows("SELECT count(*) FROM photos") == [(8,)]
    assert story.rows("SELECT role FROM files WHERE member LIKE '%Summer%'") == [("album_copy",)]


def test_every_copy_is_found_and_nothing_else_is_suggested(story):
    suggested = story.rows(
        "SELECT p.filename, m.relation FROM group_members m JOIN photos p USING (photo_id) WHERE suggested = 'remove' ORDER BY 1"
    )
    assert suggested == [
        ("DSC_1000.JPG", "smaller_copy"),
        ("DSC_1001_sync.JPG", "smaller_copy"),
        ("DSC_1002_sync.JPG", "smaller_copy"),
    ]


def test_what_only_the_app_has_was_proved_on_the_file_that_google_handed_out(story):
    proved = story.rows(
        "SELECT remade_px FROM pairs JOIN photos ON photo_id IN (photo_a, photo_b) WHERE filename LIKE '%_sync.JPG' ORDER BY 1"
    )
    assert proved == [(480,), (480,)]
    assert len([entry for entry in story.google.requests("GET", "/lr/") if entry["path"].endswith("=d")]) == 2


def test_the_reason_is_stored_in_words(story):
    reasons = [row[0] for row in story.rows("SELECT reason FROM group_members WHERE suggested = 'remove' ORDER BY reason")]
    what = "what you get when DSC_{}.JPG is scaled down and saved as JPEG, 480 x 360 against 1200 x 900"
    assert reasons == [what.format(1000) + ", uploaded by Drive for desktop", what.format(1001), what.format(1002)]


def test_running_the_import_again_writes_no_row(story):
    def everything():
        with closing(sqlite3.connect(story.folder / "photos.db")) as conn:
            # What the last import saw was forgotten when the app's own uploads were listed after it, and is noted again.
            return [line for line in conn.iterdump() if not line.startswith('INSERT INTO "last_import"')]

    before = everything()
    story.run("takeout", "photos.db", *sorted(path.name for path in story.folder.glob("takeout-*.zip")), "--silent")
    story.run("library", "photos.db", "--silent")
    assert everything() == before


def test_accepting_in_the_browser_decides_the_copies_and_nothing_else(story, accepted):
    decided = story.rows("SELECT decision, actor, count(*) FROM decisions GROUP BY 1, 2")
    assert decided == [("remove", "root", 3)]


def test_a_push_puts_what_the_app_uploaded_into_an_album_of_the_app(story, pushed):
    (album,) = story.google.world.albums.values()
    names = {story.google.world.items[key].filename for key in album.item_keys}
    assert (album.title, names) == ("Duplicates 2026", {"DSC_1001_sync.JPG", "DSC_1002_sync.JPG"})


def test_every_photo_of_a_push_has_its_fate_and_the_refused_one_its_link(story, pushed):
    assert pushed["counts"] == {"added": 2, "refused": 1}
    (refused,) = [item for item in pushed["items"] if item["state"] == "refused"]
    assert refused["reason"] == "Google lets a program file only what it uploaded"
    assert refused["product_url"] == f"https://photos.google.com/photo/{media_key('copy 0')}"


def test_the_hand_over_file_names_the_photo_that_google_would_not_take(story, pushed):
    story.run("handover", "photos.db", "handover.json")
    told = json.loads((story.folder / "handover.json").read_text(encoding="utf8"))
    assert [media_key("copy 0")] in told["media_key_chunks"]


def test_the_published_copy_opens_in_datasette_and_shows_its_groups(story, pushed):
    story.run("export", "photos.db", "report.db")
    command = [sys.executable, "-m", "datasette", "-i", "report.db", "--get", "/report/-/duplicates?state=all"]
    page = subprocess.run(command, cwd=story.folder, capture_output=True, text=True, timeout=120)
    assert (page.returncode, page.stdout.count('class="gp-group"')) == (0, 3)
