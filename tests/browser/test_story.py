"""The whole story in a real browser: sign in, filter, decide by keyboard, accept, take back, compare, push, read the fates."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .chromium import press


def heading(page):
    return page.get_by_role("heading", level=1)


def shows(page, kind: str) -> None:
    """Wait until a page of this kind is there, and its script with it."""
    expect(page.locator(f"#gp-main[data-page={kind}]")).to_be_visible()
    page.wait_for_load_state("load")


def names(page) -> list[str]:
    """The names in a queue that was just gone to; after a click use `lists`, which waits: an address is there before its page is."""
    shows(page, "queue")
    return page.locator(".gp-groups .gp-name").all_inner_texts()


def lists(page, *expected: str) -> None:
    """Wait until the queue shows just these names."""
    expect(page.locator(".gp-name")).to_have_text(expected)


def group_of(page, name: str, photos: int = 3) -> None:
    """Wait until the page of this group is there; its heading is the name of the photo that stays."""
    expect(heading(page)).to_have_text(f"{name} and {photos - 1} more")


def test_the_printed_link_signs_in_and_the_queue_is_in_the_menus(open_page, setting, library):
    page = open_page(actor=None)
    page.goto(library)
    expect(page.get_by_role("button", name="Accept")).to_have_count(0)
    page.goto(setting.site.login)
    page.goto(library)
    expect(page.get_by_role("button", name=re.compile("^Accept 2 of IMG"))).to_have_count(8)
    page.goto(library.partition("/-/")[0])
    expect(page.locator(f'a[href$="{library.rpartition("/library")[2]}"]').first).to_be_attached()


def test_filters_narrow_the_queue_and_stay_in_the_address(page, library):
    page.goto(library)
    assert len(names(page)) == 16
    page.get_by_label("Search").fill("img_0003")
    page.get_by_role("button", name="Show").click()
    lists(page, "IMG_0003.jpg")
    expect(page).to_have_url(re.compile("text=img_0003"))
    page.get_by_role("link", name="img_0003 remove this filter").click()
    expect(page.locator(".gp-name")).to_have_count(16)
    page.get_by_text("Kind", exact=True).click()
    page.get_by_role("link", name=re.compile("^Smaller copy")).click()
    expect(page).to_have_url(re.compile("relation=smaller_copy"))
    expect(page.locator(".gp-name")).to_have_count(2)
    page.locator(".gp-name").first.click()
    shows(page, "group")
    expect(page).to_have_url(re.compile("relation=smaller_copy"))


def test_a_group_is_decided_by_keyboard_alone(page, library):
    page.goto(library)
    press(page, "n")
    expect(page.locator(".gp-group.gp-current .gp-name")).to_be_focused()
    press(page, "Enter")
    shows(page, "group")
    press(page, "ArrowRight")
    press(page, "ArrowRight")
    expect(page.locator(".gp-member").nth(1)).to_be_focused()
    press(page, "r")
    expect(page.locator("#gp-live")).to_have_text("Saved. u takes it back.")
    expect(page.locator(".gp-member").nth(1).get_by_text("Remove by root")).to_be_visible()
    expect(page.locator(".gp-member").nth(1)).to_be_focused()
    press(page, "ArrowRight")
    press(page, "k")
    expect(page.locator(".gp-member").nth(2).get_by_text("Keep by root")).to_be_visible()
    press(page, "u")
    expect(page.locator("#gp-live")).to_have_text("Taken back: 1 decision.")
    expect(page.locator(".gp-member").nth(2).get_by_text("Keep by root")).to_have_count(0)


def test_accepting_goes_on_and_u_takes_it_back(page, library):
    page.goto(library)
    first, second = names(page)[:2]
    page.locator(".gp-name").first.click()
    shows(page, "group")
    group_of(page, first)
    press(page, "a")
    group_of(page, second)
    expect(page.locator("#gp-live")).to_have_text("Saved. u takes it back.")
    press(page, "u")
    expect(page.locator("#gp-live")).to_have_text("Taken back: 2 decisions.")
    press(page, "p")
    group_of(page, first)
    expect(page.get_by_role("button", name="Save and go on")).to_be_visible()


def test_next_previous_and_the_back_button_walk_the_same_way(page, library):
    page.goto(library)
    first, second, third = names(page)[:3]
    page.locator(".gp-name").first.click()
    shows(page, "group")
    press(page, "n")
    group_of(page, second)
    press(page, "n")
    group_of(page, third)
    press(page, "p")
    group_of(page, second)
    page.go_back()
    group_of(page, third)
    page.go_back()
    group_of(page, second)
    press(page, "q")
    shows(page, "queue")
    expect(page).to_have_title(re.compile("^Duplicates in"))


def test_help_lists_the_keys_and_gives_the_focus_back(page, library):
    page.goto(library)
    press(page, "n")
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_text("accept and go on")).to_be_visible()
    press(page, "a")  # keys do nothing behind it
    press(page, "Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".gp-group.gp-current .gp-name")).to_be_focused()
    expect(page.get_by_text("Decided", exact=True)).to_have_count(0)


def test_a_second_tab_is_told_and_overwrites_nothing(open_page, library):
    mine, theirs = open_page(), open_page(actor="reviewer")
    for tab in (mine, theirs):
        tab.goto(library)
        tab.locator(".gp-name").first.click()
        shows(tab, "group")
    press(mine, "ArrowRight")
    press(mine, "ArrowRight")
    press(mine, "k")
    expect(mine.locator("#gp-live")).to_have_text("Saved. u takes it back.")
    press(theirs, "a")
    expect(theirs.locator("#gp-live")).to_contain_text(
        "Nothing was changed: this group was decided elsewhere since you opened it"
    )
    theirs.reload()
    expect(theirs.get_by_text("Keep by root")).to_be_visible()


def test_doubtful_groups_are_flipped_and_decided_one_by_one_by_keyboard(page, library):
    page.goto(f"{library}?relation=series")
    first, second = names(page)
    press(page, "n")
    press(page, "Enter")
    shows(page, "group")
    group_of(page, first)
    press(page, "f")
    expect(page.locator(".gp-stage")).to_have_attribute("data-front", "b")
    expect(page.get_by_role("radio", name="Flip")).to_be_checked()
    press(page, "f")
    expect(page.locator(".gp-stage")).to_have_attribute("data-front", "a")
    expect(page.get_by_text("1 of 2", exact=True)).to_be_visible()
    press(page, "x")
    expect(page.get_by_text("2 of 2", exact=True)).to_be_visible()
    expect(page.locator(".gp-stage")).to_have_attribute("data-mode", "flip")
    press(page, "k")
    expect(page.locator(".gp-which").first).to_contain_text(second)
    press(page, "q")
    shows(page, "group")
    group_of(page, second)
    press(page, "K")
    expect(page.locator("#gp-live")).to_have_text("All kept. That was the last group of this queue; q goes back to it.")
    press(page, "q")
    expect(page.get_by_text("No group fits these filters")).to_be_visible()
    expect(page).to_have_url(re.compile("relation=series"))


def test_a_whole_queue_is_accepted_compared_pushed_and_every_fate_is_read(page, library, setting):
    page.goto(library)
    page.locator(".gp-name").first.click()
    shows(page, "group")
    press(page, "c")
    shows(page, "compare")
    press(page, "f")
    press(page, "q")
    shows(page, "group")
    press(page, "q")
    shows(page, "queue")
    press(page, "A")
    page.get_by_role("button", name="Accept 16 copies").click()
    expect(page.get_by_text("16 copies are marked to be removed.")).to_be_visible()
    expect(page.get_by_role("link", name="Decided 8")).to_be_visible()
    page.goto(f"{library}/push")
    page.get_by_role("button", name="Add 16 photos to this album").click()
    expect(page.locator(".gp-state-word")).to_have_text("done")
    expect(page.get_by_text("16 added, 0 not added.")).to_be_visible()
    expect(page.locator("td").get_by_text("added", exact=True)).to_have_count(16)
    assert max(len(album.item_keys) for album in setting.google.world.albums.values()) == 16


def test_the_whole_story_works_without_javascript(open_page, library):
    page = open_page(java_script_enabled=False)
    page.goto(library)
    first, second = names(page)[:2]
    page.get_by_role("link", name=first, exact=True).click()
    page.get_by_role("button", name="Save and go on").click()
    group_of(page, second)
    page.get_by_role("button", name="Undo my last decision").click()
    page.get_by_role("link", name="Previous").click()
    group_of(page, first)
    page.get_by_role("radio", name="Remove").nth(1).check()
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("link", name="All groups").click()
    page.get_by_role("link", name=re.compile("^Decided")).click()
    page.get_by_role("link", name=first, exact=True).click()
    expect(page.get_by_text("Remove by root")).to_have_count(2)
    page.get_by_role("link", name="Compare").first.click()
    expect(heading(page)).to_have_text("Compare")
    page.get_by_role("link", name="Whole group").click()
    page.get_by_role("link", name="All groups").click()
    page.get_by_role("link", name=re.compile(r"^All \d")).click()
    page.get_by_role("link", name="Accept all that is proved…").click()
    page.get_by_role("button", name=re.compile("^Accept .* copies$")).click()
    expect(page.get_by_role("link", name="Decided 8")).to_be_visible()
    page.goto(f"{library}/history")
    page.get_by_role("button", name=re.compile("^Undo ")).first.click()
    expect(page.get_by_text("Taken back").first).to_be_visible()
