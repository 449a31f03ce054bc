"""The worklist and the snippet in a real browser."""

from __future__ import annotations

import json
import shutil

import pytest

from datasette_gphotos_dedupe.album.handover import SNIPPET, plan_handover, write_handover
from tests.google.library import build_pushable, copy_id

# What the toolkit offers on Google's page: an album that counts, and a network that may fail.
TOOLKIT = """
window.calls = [];
window.gptkApi = {
  createAlbum: async name => { calls.push(['create', name]); return 'AF1QipAlbum'; },
  addItemsToAlbum: async (keys, album) => {
    if (window.broken) throw new Error('HTTP 504');
    calls.push(['add', keys.length, keys[0], album]);
  },
};
"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not program:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def handover(tmp_path, fake):
    db = build_pushable(tmp_path / "photos.db", fake, 260)
    plan = plan_handover(db.conn, "Duplicates")
    db.conn.close()
    return plan


def test_the_worklist_remembers_what_was_ticked(browser, handover, tmp_path):
    write_handover(handover, tmp_path / "list.html")
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((tmp_path / "list.html").as_uri())
        page.check(f"input[data-photo='{copy_id(3)}']")
        reload_until(page, "document.querySelectorAll('input:checked').length > 0")
        assert page.locator("input:checked").evaluate_all("boxes => boxes.map(box => box.dataset.photo)") == [copy_id(3)]
        assert page.inner_text("#left") == "259 left."


def test_the_snippet_adds_in_chunks_and_goes_on_where_it_was_cut_short(browser, handover, tmp_path, fake):
    write_handover(handover, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text())["snippet"] == SNIPPET
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{fake.url}/lr/photo/none")  # some page with a memory of its own
        page.evaluate(TOOLKIT)
        run(page, tmp_path / "out.json", until="calls.length === 3")
        added = [["add", 250, copy_id(0), "AF1QipAlbum"], ["add", 10, copy_id(250), "AF1QipAlbum"]]
        assert page.evaluate("calls") == [["create", "Duplicates"], *added]
        all_are_in = "localStorage.length === 1 && JSON.parse(localStorage.getItem(localStorage.key(0))).next === 2"
        page.wait_for_function(all_are_in, timeout=60_000)
        reload_until(page, all_are_in)
        page.evaluate(TOOLKIT)
        run(page, tmp_path / "out.json", until="!document.querySelector('input[type=file]')")
        assert page.evaluate("calls") == []


def test_the_snippet_makes_no_second_album_after_a_failure(browser, handover, tmp_path, fake):
    write_handover(handover, tmp_path / "out.json")
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{fake.url}/lr/photo/none")
        page.evaluate(TOOLKIT + "window.broken = true;")
        run(page, tmp_path / "out.json", until="calls.length === 1 && localStorage.length === 1")
        page.evaluate("window.broken = false")
        run(page, tmp_path / "out.json", until="calls.length === 3")
        assert [call[0] for call in page.evaluate("calls")] == ["create", "add", "add"]


def reload_until(page, condition: str) -> None:
    """Load the page anew until it sees what was stored: Chromium hands that over in its own time, not before the next page runs."""
    for _ in range(20):
        page.reload()
        if page.evaluate(condition):
            return


def run(page, path, until: str) -> None:
    page.evaluate(SNIPPET)
    page.set_input_files("input[type=file]", path)
    page.wait_for_function(until, timeout=60_000)
