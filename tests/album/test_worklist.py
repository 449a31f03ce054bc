"""The worklist and the snippet in a real browser."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from datasette_gphotos_dedupe.album.handover_files import SNIPPET, plan_handover, write_handover
from tests.google.library import build_pushable, copy_id, keeper_id

STAND_IN = (Path(__file__).resolve().parent.parent / "toolkit_page.js").read_text(encoding="utf8")


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
    with db.atomic():
        db["photos"].update(copy_id(0), {"favorite": 1})
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


def test_the_snippet_shows_what_it_will_do_and_then_fills_the_album(browser, handover, tmp_path, fake):
    write_handover(handover, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text())["snippet"] == SNIPPET
    with browser.new_context() as context:
        page = open_toolkit(context, fake)
        page.evaluate(SNIPPET)
        page.set_input_files("input[type=file]", tmp_path / "out.json")
        page.wait_for_selector("button", timeout=60_000)
        assert "- make " in page.inner_text("body")
        assert 'Then 260 photos go into the album "Duplicates". Nothing is deleted.' in page.inner_text("body")
        assert page.evaluate("toolkit.state().calls") == []
        assert finish(page) == {"in the album": 260}
        assert page.evaluate("toolkit.state().calls.map(call => call[0])") == [
            *RESCUED,
            "zy0IHe",
            "OXvT9d",
            "E1Cajb",
            "E1Cajb",
            "snAcKc",
        ]
        with page.expect_download() as download:
            page.click("a[download]")
        report = json.loads(Path(download.value.path()).read_text())
        assert {one["fate"] for one in report["photos"]} == {"in the album"} and len(report["photos"]) == 260


def test_the_snippet_makes_no_second_album_after_a_failure_and_remembers_in_the_browser(browser, handover, tmp_path, fake):
    write_handover(handover, tmp_path / "out.json")
    with browser.new_context() as context:
        page = open_toolkit(context, fake, {"silent": ["E1Cajb"]})
        page.evaluate(SNIPPET)
        page.set_input_files("input[type=file]", tmp_path / "out.json")
        page.wait_for_selector("button", timeout=60_000)
        assert finish(page) == {"not in the album": 260}
        page.evaluate("faults.silent = []; delete window.gphotosHandover; document.body.replaceChildren()")
        page.evaluate(SNIPPET)
        page.set_input_files("input[type=file]", tmp_path / "out.json")
        assert finish(page) == {"in the album": 260}
        assert page.evaluate("toolkit.state().calls.filter(call => call[0] === 'OXvT9d').length") == 1


RESCUED = ["VrseUb", "Ftfh0", "VrseUb"]


def open_toolkit(context, fake, faults: dict | None = None):
    """A page with a memory of its own and the toolkit in it; Google has the 260 copies."""
    page = context.new_page()
    page.goto(f"{fake.url}/lr/photo/none")
    library = [{"mediaKey": copy_id(number), "dedupKey": f"dedup{2 * number + 1:022d}"} for number in range(260)]
    library.append({"mediaKey": keeper_id(0), "dedupKey": f"dedup{0:022d}"})
    setup = (
        f"window.faults = {json.dumps(faults or {})}; window.toolkit = makeToolkit({{library: {json.dumps(library)}, faults}});"
    )
    page.evaluate(f"{STAND_IN} {setup} window.gptkApi = toolkit.api;")
    return page


def finish(page) -> dict[str, int]:
    page.wait_for_function("window.gphotosHandover || document.querySelector('button')", timeout=60_000)
    if page.locator("button").count():
        page.click("button")
    page.wait_for_function("window.gphotosHandover && document.querySelector('a[download]')", timeout=60_000)
    return page.evaluate("gphotosHandover.counts")


def reload_until(page, condition: str) -> None:
    """Load the page anew until it sees what was stored: Chromium hands that over in its own time, not before the next page runs."""
    for _ in range(20):
        page.reload()
        if page.evaluate(condition):
            return
