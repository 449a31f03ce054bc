"""Clients that nobody here wrote talk to the fake unmodified: what they can do, the real Google would have let them do.

They run where they are installed (google-photos-library-api, google-api-python-client and q2google from PyPI; rclone and openssl
from the system) and say so where not.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from tests.fake_google import CLIENT_ID, CLIENT_SECRET, pick
from tests.google.connect_proxy import ConnectProxy, make_certificates

ROOT = Path(__file__).resolve().parents[2]


def picture(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def find_python(module: str) -> str:
    """A Python that has this module: the environment that scripts/test makes for it, or the one at work. Skips without one."""
    for python in (str(ROOT / ".venvs" / "foreign" / "bin" / "python"), sys.executable):
        with contextlib.suppress(OSError):
            if subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0:
                return python
    pytest.skip(f"{module} is not installed")


@pytest.fixture
def foreign(fake):
    """`foreign(module, script)` gives a function that runs the script with this client against the fake and returns what it prints."""
    token = fake.world.issue()["access_token"]

    def client(module: str, script: str):
        python = find_python(module)

        def run(*arguments: str):
            command = [python, str(Path(__file__).with_name(script)), fake.url, token, *arguments]
            result = subprocess.run(command, capture_output=True, text=True, timeout=120)
            assert result.returncode == 0, result.stderr
            return json.loads(result.stdout)

        return run

    return client


@pytest.fixture
def library_api(foreign):
    return foreign("google_photos_library_api", "foreign_python_client.py")


@pytest.fixture
def discovered(foreign):
    return foreign("googleapiclient", "foreign_discovery_client.py")


def test_the_python_client_lists_items_over_several_pages(library_api, fake):
    fake.world.switches.page_overlap = False  # this client keeps an item that Google repeats at a page seam
    for number in range(5):
        fake.world.add_item(f"{number}.jpg", created_by=CLIENT_ID)
    assert sorted(library_api("list")) == [f"{number}.jpg" for number in range(5)]


def test_the_python_client_gets_an_item(library_api, fake):
    item = fake.world.add_item("a.jpg", created_by=CLIENT_ID)
    assert library_api("get", fake.world.item_id(item)) == "a.jpg"


def test_the_python_client_makes_an_album_and_uploads_into_it(library_api, fake, tmp_path):
    (tmp_path / "red.jpg").write_bytes(picture("red"))
    assert library_api("upload", "Theirs", str(tmp_path / "red.jpg")) == ["Theirs"]
    assert fake.album_filenames("Theirs") == ["red.jpg"]


def own_items(fake, count: int) -> list[str]:
    items = [fake.world.add_item(f"{number}.jpg", created_by=CLIENT_ID) for number in range(count)]
    return [fake.world.item_id(item) for item in items]


def test_googles_own_client_is_built_from_the_descriptions_and_lists_over_several_pages(discovered, fake):
    fake.world.switches.page_overlap = False  # it keeps an item that Google repeats at a page seam
    own_items(fake, 7)
    assert sorted(discovered("list")) == [f"{number}.jpg" for number in range(7)]
    tokens = {entry["query"].get("pageToken", [""])[0] for entry in fake.requests("GET", "/v1/mediaItems")}
    assert len(tokens) == 4 and all({"+", "/", "="} <= set(token) for token in tokens if token)


def test_googles_own_client_fills_an_album(discovered, fake):
    told = discovered("album", "Theirs", *own_items(fake, 3))
    assert told == ["Theirs", "2", [["0.jpg", "words"], ["1.jpg", None]]]


def test_googles_own_client_gets_several_items_at_once(discovered, fake):
    first, second = own_items(fake, 2)
    assert discovered("several", first, "APxNobody", second) == ["0.jpg", 3, "1.jpg"]


def test_googles_own_client_picks(discovered, fake):
    assert discovered("pick") == [{"maxItemCount": "5"}, {}]


def test_googles_own_client_lists_what_was_picked_over_several_pages(discovered, fake):
    fake.world.switches.page_overlap = False
    own_items(fake, 5)
    fake.world.sessions["S"] = {
        "client_id": CLIENT_ID,
        "maximum": 10,
        "ends": fake.world.now() + timedelta(days=1),
        "picked": None,
    }
    pick(fake.world, "S")
    assert sorted(discovered("picked", "S")) == [f"{number}.jpg" for number in range(5)]


def test_googles_own_client_finds_the_field_of_a_refusal(discovered):
    status, details = discovered("refused")
    assert status == 400
    assert details[0]["fieldViolations"][0]["field"] == "filters.mediaTypeFilter.mediaTypes[0]"


@pytest.mark.parametrize("granules", [0, 1, 2])
def test_a_resumable_uploader_uploads_in_chunks(foreign, fake, tmp_path, granules):
    content = picture("red") + bytes(262_144 * granules)
    (tmp_path / "red.jpg").write_bytes(content)
    chunks, made = foreign("q2google", "foreign_resumable_uploader.py")(str(tmp_path / "red.jpg"))
    sent = [["upload", 262_144 * number, "active", "active"] for number in range(granules)]
    assert chunks == [*sent, ["upload, finalize", 262_144 * granules, "final", "final"]]
    assert made == ["Success"]
    assert [item.data for item in fake.world.items.values()] == [content]


@pytest.fixture
def rclone(fake, tmp_path):
    """`rclone(*arguments)` runs it through a CONNECT proxy that answers for Google's hosts with a certificate of its own."""
    program = shutil.which("rclone")
    if not program or not shutil.which("openssl"):
        pytest.skip("rclone and openssl are not both installed")
    authority, certificate = make_certificates(tmp_path)
    tokens = fake.world.issue()
    token = {name: tokens[name] for name in ("access_token", "token_type", "refresh_token")}
    token["expiry"] = "2099-01-01T00:00:00Z"
    (tmp_path / "rclone.conf").write_text(
        f"[gp]\ntype = google photos\nclient_id = {CLIENT_ID}\nclient_secret = {CLIENT_SECRET}\ntoken = {json.dumps(token)}\n"
    )
    with ConnectProxy(fake.port, certificate) as proxy:
        proxied = {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": str(authority), "NO_PROXY": "127.0.0.1"}
        environment = {**os.environ, **proxied, "RCLONE_CONFIG": str(tmp_path / "rclone.conf")}

        def run(*arguments: str) -> str:
            command = [program, *arguments, "--retries", "1", "--low-level-retries", "2"]
            result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
            assert result.returncode == 0, result.stderr
            return result.stdout

        yield run


def test_rclone_uploads_into_an_album_lists_it_and_downloads_from_it(rclone, fake, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "red.jpg").write_bytes(picture("red"))
    (tmp_path / "in" / "blue.jpg").write_bytes(picture("blue"))
    rclone("copy", str(tmp_path / "in"), "gp:album/Rclone")
    assert sorted(fake.album_filenames("Rclone")) == ["blue.jpg", "red.jpg"]
    assert sorted(rclone("lsf", "gp:album/Rclone").split()) == ["blue.jpg", "red.jpg"]
    rclone("copy", "gp:album/Rclone", str(tmp_path / "out"))
    assert (tmp_path / "out" / "red.jpg").read_bytes() == picture("red")
    assert {entry["host"] for entry in fake.requests("POST", "/v1/uploads")} == {"photoslibrary.googleapis.com"}
    assert {entry["status"] for entry in fake.log} == {200}


def test_rclone_uploads_and_lists_albums(rclone, fake, tmp_path):
    (tmp_path / "green.jpg").write_bytes(picture("green"))
    rclone("copy", str(tmp_path / "green.jpg"), "gp:upload")
    rclone("mkdir", "gp:album/Empty")
    assert [item.filename for item in fake.world.items.values()] == ["green.jpg"]
    assert rclone("lsf", "gp:album").split() == ["Empty/"]
