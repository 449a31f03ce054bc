"""The system's Chromium, driven by Playwright, signed in where wanted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.live_site import LiveSite

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    *(
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ),
    *("--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-domain-reliability"),
)

# Resolved in the frame after every picture in the window is there: what a person calls "it has loaded".
PAINTED = """new Promise((done) => {
  const inside = (box) => box.bottom > 0 && box.top < innerHeight && box.width > 0;
  const waiting = () => document.readyState !== "complete"
    || [...document.querySelectorAll("img[src]")].some(
      (image) => inside(image.getBoundingClientRect()) && !(image.complete && image.naturalWidth));
  const look = () => waiting() ? requestAnimationFrame(look) : requestAnimationFrame(() => setTimeout(done, 0));
  look();
})"""


def find_chromium() -> str | None:
    """Where the system's Chromium is; Playwright's own comes from a host that a build machine may not reach."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def press(page: Any, keys: str) -> None:
    """Press keys as a person does who waits for the page: before it has loaded, its script does not listen yet."""
    page.wait_for_load_state()
    page.keyboard.press(keys)


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def browser_page(site: LiveSite) -> Iterator[Any]:
    """A page signed in as root through the link that Datasette prints."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(site.login)
        yield page
