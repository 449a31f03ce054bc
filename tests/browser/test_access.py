"""Every page of ours for people who see little, use no mouse, hold a telephone or have asked for a dark screen."""

from __future__ import annotations

from importlib.resources import files

import pytest

from datasette_gphotos_dedupe.web.site.routes import ROUTES
from tests.live_site import actor_cookie
from tests.made_library import photo_id

from .chromium import press

pytest.importorskip("axe_playwright_python", reason="the test extra is not installed: pip install -e '.[test]'")

GROUP = photo_id(0)
PAGES = {
    "queue": "",
    "filtered": "?relation=smaller_copy&text=img&state=all",
    "empty": "?text=nothing+at+all",
    "group": f"/{GROUP}",
    "compare": f"/{GROUP}/compare?b={photo_id(1)}",
    "accept": "/accept",
    "history": "/history",
    "push": "/push",
    "calibration": "/calibration",
    "uploads": "/uploads",
    "find": "/find",
    "error": "?relation=bogus",
}
RUN_AXE = """() => axe.run(document, { selectors: false, resultTypes: ["violations"] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`))"""


NO_PAGES = {"photo", "original", "thumbnail"}  # two pictures, and an address that leads on to a page
ELSEWHERE = {"job"}  # needs a push: test_story looks at it


def test_every_page_is_looked_at_here():
    assert {route.name for route in ROUTES} - NO_PAGES - ELSEWHERE <= set(PAGES), (
        "a new page: add an example of its address to PAGES"
    )


@pytest.fixture(scope="package")
def reviewed(setting, browser) -> str:
    """A library for looking only, one group of it decided, so that no page is empty."""
    url = f"{setting.site.url}/{setting.unused.pop(0)}/-/duplicates"
    context = browser.new_context()
    context.add_cookies([{"name": "ds_actor", "value": actor_cookie("root"), "url": setting.site.url}])
    page = context.new_page()
    page.goto(f"{url}/{GROUP}")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_text("Saved. u takes it back.").wait_for()
    context.close()
    return url


@pytest.fixture(scope="package")
def axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(open_page, reviewed, axe, scheme):
    page = open_page(color_scheme=scheme, reduced_motion="reduce")
    found = {}
    for name, path in PAGES.items():
        page.goto(reviewed + path)
        page.evaluate(axe)
        found[name] = page.evaluate(RUN_AXE)
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_the_list_of_keys_passes_axe_too(open_page, reviewed, axe):
    page = open_page()
    page.goto(reviewed)
    press(page, "?")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.evaluate(axe)
    assert page.evaluate(RUN_AXE) == []


def test_no_page_scrolls_sideways_at_320_pixels(open_page, reviewed):
    page = open_page(viewport={"width": 320, "height": 640})
    wide = {}
    for name, path in PAGES.items():
        page.goto(reviewed + path)
        width = page.evaluate("document.scrollingElement.scrollWidth")
        if width > 320:
            wide[name] = (width, page.evaluate(WIDEST))
    assert wide == {}


WIDEST = """() => [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > 321)
  .slice(0, 4).map((e) => e.outerHTML.slice(0, 90))"""


def test_whoever_uses_the_tab_key_sees_where_they_are(open_page, reviewed):
    page = open_page()
    for path in (PAGES["queue"], PAGES["group"]):
        page.goto(reviewed + path)
        unseen = []
        for _ in range(40):
            press(page, "Tab")
            told = page.evaluate(FOCUSED)
            if told and not told["outline"]:
                unseen.append(told["html"])
        assert unseen == []


FOCUSED = """() => { const e = document.activeElement; if (!e || !e.closest("#gp-main")) return null;
  const style = getComputedStyle(e);
  return { html: e.outerHTML.slice(0, 100), outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 }; }"""


def test_nothing_moves_for_those_who_asked_for_stillness(open_page, reviewed):
    page = open_page(reduced_motion="reduce")
    for path in PAGES.values():
        page.goto(reviewed + path)
        moving = page.evaluate(
            """() => [...document.querySelectorAll("#gp-main, #gp-main *")].filter((e) => { const s = getComputedStyle(e);
              return s.animationName !== "none" || s.transitionDuration.split(",").some((d) => parseFloat(d) > 0.01); }).length"""
        )
        assert moving == 0, path


def test_nothing_jumps_while_previews_arrive(open_page, reviewed):
    page = open_page()
    page.route("**/-/thumbnail/**", lambda route: (page.wait_for_timeout(30), route.continue_()))
    page.add_init_script(
        """window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; })
        .observe({ type: "layout-shift", buffered: true });"""
    )
    for path in (PAGES["queue"], PAGES["group"]):
        page.goto(reviewed + path)
        page.wait_for_function(
            "[...document.images].filter((i) => i.getBoundingClientRect().top < innerHeight).every((i) => i.complete)"
        )
        assert page.evaluate("window.shift") < 0.01
    page.unroute_all(behavior="wait")  # a preview still on its way would otherwise fail in the next test
