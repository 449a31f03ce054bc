"""What was once seen wrong on the pages. Several things are looked at on each page that is loaded."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from playwright.sync_api import expect

from tests.made_library import photo_id

from .chromium import press

DESK = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}


def change(setting, library: str, sql: str, *values) -> None:
    """Change the library of these pages behind the site's back."""
    name = library.partition("/-/")[0].rpartition("/")[2]
    with closing(sqlite3.connect(setting.folder / f"{name}.db", timeout=60)) as conn, conn:
        conn.execute(sql, values)


def make_mixed(setting, library: str) -> None:
    """Every group gets one photo that nothing proves beside its copies."""
    unproved = "role = 'look_alike', relation = 'look_alike', suggested = NULL"
    change(setting, library, f"UPDATE group_members SET {unproved} WHERE CAST(substr(photo_id, 7) AS INTEGER) % 3 = 2")
    change(setting, library, "UPDATE groups SET waiting_count = waiting_count / 2, waiting_bytes = waiting_bytes / 2")


def test_counts_follow_an_accept_at_once_and_the_list_stays_where_it_is(open_page, library, setting):
    make_mixed(setting, library)
    page = open_page(viewport=DESK)
    page.goto(library)
    expect(page.get_by_text("8 copies are proved and can go: 320 kB. 8 groups need your eyes.")).to_be_visible()
    second = page.locator(".gp-group").nth(1)
    before = second.bounding_box()
    press(page, "n")
    press(page, "a")
    expect(page.locator("#gp-live")).to_have_text("Accepted. u takes it back.")
    expect(page.get_by_text("7 copies are proved and can go: 280 kB. 9 groups need your eyes.")).to_be_visible()
    expect(page.get_by_role("link", name="Proved 7")).to_be_visible()
    expect(page.get_by_role("link", name="You decide 9")).to_be_visible()
    expect(page.locator(".gp-group").first.get_by_text("Accepted")).to_be_visible()
    assert second.bounding_box() == before
    page.get_by_role("link", name="Accept all that is proved…").click()
    page.get_by_role("button", name="Accept 7 copies").click()
    expect(page.get_by_text("No copy is proved here. 16 groups need your eyes.")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Accept"))).to_have_count(0)
    press(page, "A")
    expect(page.locator("#gp-live")).to_have_text("Nothing to accept here: 16 groups need your eyes.")


def test_ticked_groups_are_counted_before_anything_is_done_and_shift_ticks_a_row(open_page, library):
    page = open_page(viewport=DESK)
    page.goto(library)
    bar = page.get_by_role("group", name="With the selected groups")
    expect(bar).to_be_hidden()
    boxes = page.locator(".gp-pick input")
    boxes.nth(0).check()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 groups selected. 6 copies go, 240 kB.")
    page.get_by_text("Other ways").click()
    bar.get_by_role("button", name="Keep only the largest of each…").click()
    expect(page.get_by_role("button", name="Accept 6 copies")).to_be_visible()
    page.get_by_role("link", name="Not now").click()
    for number in (0, 1):
        boxes.nth(number).check()
    accept = bar.get_by_role("button", name="Accept 4 copies")
    expect(accept).to_have_attribute("data-expected", re.compile("^[0-9a-f]{16}$"))  # the server has said what it would refuse
    accept.click()
    expect(page.get_by_text("4 copies are marked to be removed.")).to_be_visible()
    expect(page.get_by_role("link", name="Decided 2")).to_be_visible()


def test_what_nothing_proves_says_so_when_it_is_chosen_and_same_picture_is_asked_for_there(open_page, library):
    page = open_page(viewport=DESK)
    page.goto(f"{library}?relation=look_alike")
    page.locator(".gp-groups .gp-name").first.click()
    member = page.locator(".gp-member").nth(1)
    warning = member.get_by_text("Nothing proves it: this may be the only one.")
    expect(warning).to_be_hidden()
    expect(page.get_by_role("button", name="Keep all")).to_have_class(re.compile("gp-quiet"))
    member.get_by_role("radio", name="Remove").check()
    expect(warning).to_be_visible()
    expect(page.locator(".gp-sum")).to_contain_text("Nothing proves 1 of them.")
    member.get_by_role("button", name="Same picture").click()
    expect(page.locator(".gp-member").nth(1)).to_contain_text("It is the same picture, as you said.")
    expect(page.locator(".gp-member").nth(1).locator(".gp-warning")).to_have_count(0)
    page.locator(".gp-member").nth(1).focus()
    press(page, "e")
    expect(page.locator(".gp-member").nth(1).get_by_role("button", name="Same picture")).to_be_visible()
    page.locator(".gp-member").first.focus()
    press(page, "c")  # also on the photo that stays
    expect(page.locator("#gp-main[data-page=compare]")).to_be_visible()


def test_compare_fills_the_window_and_covers_nothing(open_page, library):
    page = open_page(viewport=DESK)
    page.goto(f"{library}/{photo_id(0)}/compare")
    stage, bar = page.locator(".gp-stage").bounding_box(), page.locator(".gp-verdict").bounding_box()
    assert bar["y"] >= stage["y"] + stage["height"] and bar["y"] + bar["height"] <= DESK["height"]
    assert stage["width"] == DESK["width"] and stage["height"] > 600
    press(page, "f")
    which = page.locator("[data-side=b] .gp-which")
    expect(which).to_be_visible()
    assert which.bounding_box()["y"] + which.bounding_box()["height"] < bar["y"]
    press(page, "d")
    gain = page.get_by_label("Strengthen")
    expect(gain).to_be_visible()
    gain.fill("8")
    assert page.locator(".gp-stage").evaluate("e => getComputedStyle(e).filter") == "brightness(8)"
    press(page, "s")
    expect(gain).to_be_hidden()
    page.set_viewport_size(PHONE)
    assert page.locator(".gp-verdict").bounding_box()["y"] >= stage["y"]
    assert page.evaluate("document.scrollingElement.scrollWidth") == PHONE["width"]


def test_find_is_in_the_menus_and_keeps_its_page_for_a_broken_file(open_page, library):
    page = open_page(viewport=DESK)
    database = library.partition("/-/")[0]
    page.goto(database)
    expect(page.locator('a[href$="/duplicates/find"]').first).to_be_attached()
    expect(page.get_by_text("16 groups to look at, 640 kB to gain.")).to_be_visible()
    page.get_by_role("link", name="Review duplicates").last.click()
    page.wait_for_url("**/-/duplicates")
    page.get_by_role("link", name="Find a picture").click()
    page.wait_for_url("**/-/duplicates/find")
    expect(page.get_by_role("heading", level=1)).to_have_text("Duplicates")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files({"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_text("This file could not be read")).to_be_visible()
    expect(chooser).to_be_visible()


def test_tables_begin_with_their_rows_and_stay_tables_on_a_telephone(open_page, library):
    page = open_page(viewport=DESK, color_scheme="dark")
    database = library.partition("/-/")[0]
    page.goto(f"{database}/group_members")
    row = page.locator(".rows-and-columns tbody tr").first
    assert row.bounding_box()["y"] < DESK["height"]
    assert row.locator("td").first.bounding_box()["width"] < 200
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 24)"
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.scrollingElement.scrollHeight") < 20_000
    assert page.evaluate("document.scrollingElement.scrollWidth") == PHONE["width"]


def test_filters_stand_behind_one_button_on_a_telephone_and_rows_of_the_album_keep_their_labels(open_page, library):
    page = open_page(viewport=PHONE, has_touch=True)
    page.goto(library)
    expect(page.get_by_label("Search")).to_be_hidden()
    page.get_by_text("Filters", exact=True).tap()
    expect(page.get_by_label("Search")).to_be_visible()
    page.locator(".gp-group button[name=accept]").first.tap()
    expect(page.get_by_role("link", name="Decided 1")).to_be_visible()
    page.get_by_role("link", name="Into the album 2").tap()
    label = page.locator("td[data-label='On whose word']").first.evaluate("e => getComputedStyle(e, '::before').content")
    assert label == '"On whose word"'
    assert page.evaluate("document.scrollingElement.scrollWidth") == PHONE["width"]
