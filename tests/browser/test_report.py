"""The report in a browser: from a file, without a network and without JavaScript."""

from __future__ import annotations

import io
import time
from importlib.resources import files

import pytest
from PIL import Image
from playwright.sync_api import expect

from datasette_gphotos_dedupe.report import save_report
from datasette_gphotos_dedupe.report.rows import GROUPS_A_PAGE
from tests.made_library import GROUP_KINDS, build_library

from .test_access import RUN_AXE

GROUPS = len(GROUP_KINDS) * (GROUPS_A_PAGE + 1)  # two pages of each kind; both photos of a group have one preview
SHOWN = "pages => pages.filter(page => page.checkVisibility()).map(page => page.id)"


@pytest.fixture(scope="module")
def report(tmp_path_factory, browser) -> str:
    folder = tmp_path_factory.mktemp("report")
    build_library(folder / "photos.db", groups=GROUPS).close()
    save_report(folder / "photos.db", folder / "report.html")
    return (folder / "report.html").as_uri()


@pytest.mark.parametrize(
    ("anchor", "shown"),
    [
        ("", ["re_encode-1"]),
        ("#kinds", ["re_encode-1"]),
        ("#crop-2", ["crop-2"]),
        (f"#group-{GROUPS_A_PAGE + 1}", ["re_encode-2"]),
        (f"#group-{GROUPS_A_PAGE + 2}", ["smaller_copy-1"]),
    ],
)
def test_the_first_page_or_that_of_a_link_is_shown(open_page, report, anchor, shown):
    page = open_page(None)
    page.goto(report + anchor)
    assert page.locator(".gp-page").evaluate_all(SHOWN) == shown


def test_all_pages_are_shown_below_each_other(open_page, report):
    page = open_page(None)
    page.goto(report)
    page.get_by_role("link", name="Show all pages below each other").click()
    assert len(page.locator(".gp-page").evaluate_all(SHOWN)) == 2 * len(GROUP_KINDS)
    page.locator("#look_alike-2").scroll_into_view_if_needed()
    expect(page.locator("#look_alike-2 article")).to_be_in_viewport()


def test_of_all_pages_a_browser_keeps_only_the_near_ones_drawn(open_page, report):
    page = open_page(None)
    page.goto(report + "#all")
    drawn = "groups => groups.filter(group => group.checkVisibility({ contentVisibilityAuto: true })).length"
    assert 0 < page.locator("article").evaluate_all(drawn) < GROUPS / 2


@pytest.mark.parametrize("anchor", ["", "#look_alike-1", "#all"])
def test_a_picture_is_read_when_it_comes_into_view_and_not_before(open_page, report, anchor):
    page, read = open_page(None), []
    network = page.context.new_cdp_session(page)
    network.on("Network.requestWillBeSent", lambda told: read.append(told["request"]["url"][:11]))
    network.send("Network.enable")
    page.goto(report + anchor)
    page.evaluate("() => document.querySelector('.gp-page').scrollIntoView()")
    deadline = time.monotonic() + 60
    while "data:image/" not in read and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    page.wait_for_timeout(200)
    assert 0 < read.count("data:image/") <= 2 * GROUPS_A_PAGE


def test_a_picture_is_shown_in_its_colours_and_shape(open_page, report):
    page = open_page(None, java_script_enabled=False)
    page.goto(report)
    picture = page.locator("#re_encode-1 img").first
    shown = Image.open(io.BytesIO(picture.screenshot()))
    assert shown.width / shown.height == pytest.approx(160 / 120, rel=0.02)
    assert len(shown.convert("RGB").getcolors(maxcolors=1 << 20)) > 500


@pytest.mark.parametrize(("anchor", "groups"), [("#crop-1", GROUPS_A_PAGE), ("#all", GROUPS)])
def test_every_picture_is_printed_though_it_was_not_scrolled_to(open_page, report, anchor, groups):
    page = open_page(None)
    page.goto(report + anchor)
    assert page.pdf().count(b"/Subtype /Image") == groups


def test_one_switch_shows_dates_and_reasons_on_every_page_without_javascript(open_page, report):
    page = open_page(None, java_script_enabled=False)
    page.goto(report)
    reason = "Same picture, 320 x 240 against 4032 x 3024."
    expect(page.get_by_text(reason).first).to_be_hidden()
    page.get_by_label("Show sizes, dates and reasons under every photo").check()
    expect(page.locator("#re_encode-1").get_by_text(reason).first).to_be_visible()
    page.get_by_role("link", name="Next").first.click()
    expect(page.locator("#re_encode-2").get_by_text(reason).first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#re_encode-2").get_by_text(reason).first).to_be_visible()
    expect(page.get_by_label("Show sizes, dates and reasons under every photo")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_report(open_page, report, scheme):
    page = open_page(None, color_scheme=scheme)
    page.goto(report)
    page.get_by_label("Show sizes, dates and reasons under every photo").check()
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf8"))
    assert page.evaluate(RUN_AXE) == []
