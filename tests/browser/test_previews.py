"""A program uploaded ten thousand previews: from the end of the import to the written hand-over, and nothing wrong in it."""

from __future__ import annotations

import json
import re
import time

import pytest
from playwright.sync_api import expect

from tests.live_site import live_datasette
from tests.made_library import photo_id
from tests.previews_library import OTHERS, PHOTOS, build_previews_library, others, previews_of

MOST_ACTIONS = 12


class Actions:
    """Counts what a person does: each address typed and each thing pressed."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def go(self, address: str) -> None:
        self.count += 1
        self.page.goto(address)

    def press(self, locator) -> None:
        self.count += 1
        locator.click()


@pytest.fixture(scope="module")
def previews(tmp_path_factory, browser):
    path = tmp_path_factory.mktemp("previews") / "photos.db"
    build_previews_library(path)
    with live_datasette([path]) as site:
        yield site


def test_ten_thousand_previews_are_handed_over_in_twelve_actions_and_the_others_are_left(previews, browser, tmp_path):
    with browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        do = Actions(page)
        do.go(previews.login)
        do.go(previews.url)
        expect(page.get_by_text(f"{PHOTOS:,} groups to look at, 1.8 GB to gain.")).to_be_visible()
        do.press(page.get_by_role("link", name="Review duplicates"))
        do.press(page.get_by_role("link", name=re.compile("^By upload")))
        expect(page.get_by_role("heading", level=2).first).to_have_text(
            f"{PHOTOS + OTHERS:,} files uploaded by Drive for desktop on 12 April 2022"
        )
        expect(page.get_by_text("Names of 36 machine characters").first).to_be_visible()
        expect(page.get_by_text(f"{OTHERS:,} stay")).to_be_visible()
        began = time.monotonic()
        do.press(page.get_by_role("button", name=f"Accept {PHOTOS:,} copies"))
        expect(page.get_by_text("10,000 copies are marked to be removed.").first).to_be_visible()
        print(f"accepted and shown after {time.monotonic() - began:.1f} s")
        do.press(page.get_by_role("link", name=f"Into the album {PHOTOS:,}"))
        expect(page.get_by_text(f"{PHOTOS:,} photos will go into the album Duplicates: 1.8 GB.")).to_be_visible()
        with page.expect_download() as download:
            do.press(page.get_by_role("button", name=f"Make the file for {PHOTOS:,} photos"))
        download.value.save_as(tmp_path / "handover.json")
        page.goto(f"{previews.url}/photos/-/duplicates")
        expect(page.get_by_text(f"No copy is proved here. {OTHERS:,} groups need your eyes.")).to_be_visible()
    assert do.count <= MOST_ACTIONS
    keys = {key for chunk in json.loads((tmp_path / "handover.json").read_text())["media_key_chunks"] for key in chunk}
    assert keys == {photo_id(number) for number in previews_of()}
    assert keys.isdisjoint(photo_id(number) for number in others())
