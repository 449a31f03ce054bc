"""One Datasette and one Chromium for all browser tests; every test gets a library of its own in it.

Both end with this folder: Playwright keeps an event loop running, beside which no asynchronous test of another folder can run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fake_google import CLIENT_ID, FakeGoogle
from tests.google.fixtures import write_private
from tests.live_site import LiveSite, actor_cookie, live_datasette
from tests.made_library import build_library, photo_id

from .chromium import chromium, find_chromium

LIBRARIES = 18
GROUPS = 16


@dataclass(frozen=True)
class Setting:
    """What all tests share."""

    site: LiveSite
    google: FakeGoogle
    unused: list[str]
    folder: Path


@pytest.fixture(scope="package")
def setting(tmp_path_factory) -> Iterator[Setting]:
    if not find_chromium():
        pytest.skip("no Chromium on this machine; to run the browser tests: sudo apt-get install chromium")
    folder = tmp_path_factory.mktemp("browser")
    names = [f"library{number}" for number in range(LIBRARIES)]
    with FakeGoogle() as google:
        auth = write_private(folder / "auth.json", google.signed_in())
        for name in names:
            _build(folder / f"{name}.db", google)
        environment = {"GPHOTOS_LIBRARY_API": google.url, "GPHOTOS_PICKER_API": google.url}
        files = [folder / f"{name}.db" for name in names]
        with live_datasette(files, plugin={"auth": os.fspath(auth)}, environment=environment) as site:
            yield Setting(site, google, names, folder)


def _build(path, google: FakeGoogle) -> None:
    """Sixteen groups of three, two of each relation; this app uploaded every copy, so that a push can be seen through."""
    db = build_library(path, groups=GROUPS, size=3)
    with db.atomic():
        for number in range(GROUPS * 3):
            if number % 3:
                key = google.world.add_item(f"{path.stem}-{number}.jpg", created_by=CLIENT_ID)
                db["photos"].update(photo_id(number), {"app_created": 1, "library_id": google.world.item_id(key)})
    db.close()


@pytest.fixture(scope="package")
def browser(setting) -> Iterator[Any]:
    from playwright.sync_api import expect

    expect.set_options(timeout=60_000)  # five seconds are too few for a machine that runs much else
    with chromium() as running:
        yield running


@pytest.fixture
def library(setting) -> str:
    """The address of the pages of a library that no other test touches."""
    return f"{setting.site.url}/{setting.unused.pop()}/-/duplicates"


@pytest.fixture
def open_page(browser, setting) -> Iterator[Any]:
    """A function that opens a page: `open_page(actor="reviewer", viewport=..., java_script_enabled=False)`. Nothing may go wrong in it."""
    contexts, faults = [], []

    def open_one(actor: str | None = "root", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        if actor:
            context.add_cookies([{"name": "ds_actor", "value": actor_cookie(actor), "url": setting.site.url}])
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(open_page) -> Any:
    """A page signed in as root."""
    return open_page()
