from __future__ import annotations

import sqlite3

import pytest

from tests.made_library import photo_id

from .site import GROUP, Site, rows

pytestmark = pytest.mark.asyncio
A, B, C = photo_id(0), photo_id(1), photo_id(2)


async def test_a_group_shows_members_differences_and_evidence(anonymous):
    page = (await anonymous.get(f"duplicates/{GROUP}")).text
    assert page.count('<section class="gp-member') == 3
    assert "because largest, with the most metadata." in page
    assert "<summary>The numbers</summary>" in page and "<dd>4 of 256 bits</dd>" in page
    assert 'class="gp-differs"' in page
    assert "<form" not in page.split("</nav>")[-1] or "csrftoken" not in page.split('data-page="group"')[1]


async def test_decisions_are_stored_with_actor_note_and_content(root, library):
    answer = await root.post(
        f"duplicates/{GROUP}",
        {"seen": await root.seen(), f"decision:{B}": "remove", f"note:{B}": "the thumbnail", f"decision:{C}": "keep"},
    )
    assert answer.status_code == 303
    rows = _rows(library, "SELECT subject, decision, actor, note, content_a FROM decisions ORDER BY subject")
    assert rows == [(B, "remove", "root", "the thumbnail", f"{1:040x}"), (C, "keep", "root", None, f"{2:040x}")]
    assert _rows(library, f"SELECT decided FROM groups WHERE group_id = '{GROUP}'") == [(1,)]


async def test_not_the_same_picture_is_remembered_by_content(root, library):
    assert (await root.decide({B: "not_duplicate"})).status_code == 200
    rows = _rows(library, "SELECT subject, decision, photo_id, photo_b FROM decisions")
    assert rows == [(f"{0:040x}|{1:040x}", "not_duplicate", B, A)]
    assert (await root.decide({B: "keep"})).status_code == 200
    assert _rows(library, "SELECT subject, decision FROM decisions") == [(B, "keep")]


async def test_a_second_tab_never_overwrites_silently(root):
    seen = await root.seen()
    assert (await root.decide({B: "keep"}, seen=seen)).status_code == 200
    answer = await root.decide({B: "remove"}, seen=seen)
    assert answer.status_code == 409
    assert answer.json()["error"].startswith(
        "Nothing was changed: this group was decided elsewhere since you opened it (last by root at "
    )
    assert (await root.group())["members"][1]["decision"] == "keep"


async def test_a_decision_must_say_what_it_saw(root):
    answer = await root.post_json(f"duplicates/{GROUP}.json", {"choices": []})
    assert answer.status_code == 400
    assert answer.json()["error"] == (
        "Nothing was changed: the request does not say which state it saw. Send the group's `seen` value along."
    )


async def test_a_group_is_never_emptied(root):
    answer = await root.decide({A: "remove", B: "remove", C: "remove"})
    assert answer.status_code == 409
    assert answer.json()["error"] == (
        f"Nothing was changed. IMG_0000.jpg ({A}) cannot be removed: no photo of its group would be left. "
        "Keep at least one of them."
    )


async def test_a_group_is_not_emptied_by_decisions_made_apart(root):
    assert (await root.decide({B: "remove"})).status_code == 200
    assert (await root.decide({C: "remove"})).status_code == 200
    assert (await root.decide({A: "remove"})).status_code == 409
    assert [m["decision"] for m in (await root.group())["members"]] == [None, "remove", "remove"]


async def test_what_stays_for_a_removed_keeper_cannot_go(root):
    assert (await root.decide({A: "remove"})).status_code == 200  # B stays for it, on the person's word: it is smaller
    answer = await root.decide({B: "remove"})
    assert answer.status_code == 409
    assert answer.json()["error"] == (
        f"Nothing was changed. IMG_0000_thumb.jpg ({B}) cannot be removed: it is what stays for IMG_0000.jpg, which is decided "
        "'remove'. Keep one of them, or say first what else stays for it."
    )


async def test_photos_that_google_deletes_together_share_one_decision(root, library):
    _write(library, f"UPDATE photos SET dedup_key = 'same' WHERE photo_id IN ('{B}', '{C}')")
    assert (await root.decide({C: "keep"})).status_code == 200
    answer = await root.decide({B: "remove"})
    assert answer.status_code == 409
    assert "which stays, has the same bytes, and Google trashes both together. Decide the same" in answer.json()["error"]
    assert (await root.decide({B: "remove", C: "remove"})).status_code == 200


async def test_a_photo_in_the_bin_does_not_count_as_left(root, library):
    _write(library, f"UPDATE photos SET trashed = 1 WHERE photo_id = '{A}'")
    answer = await root.decide({B: "remove", C: "remove"})
    assert answer.status_code == 409


async def test_mending_is_possible_where_a_rule_is_broken_already(root, library):
    assert (await root.decide({B: "remove", C: "remove"})).status_code == 200
    _write(library, f"UPDATE photos SET trashed = 1 WHERE photo_id = '{A}'")
    assert (await root.decide({B: "keep"})).status_code == 200


async def test_another_keeper_turns_the_group_and_can_be_taken_back(root):
    before = await root.group()
    answer = await root.post(f"duplicates/{GROUP}", {"seen": before["seen"], "action": f"keeper:{B}"})
    assert answer.status_code == 303
    turned = await root.group()
    assert turned["keeper_id"] == B
    assert [(m["photo_id"], m["role"], m["suggested"]) for m in turned["members"]] == [
        (B, "keeper", "keep"),
        (A, "copy", None),  # larger than the keeper now: never suggested
        (C, "look_alike", None),
    ]
    assert (await root.post_json("duplicates/history.json", {"batch_id": 1})).json()["ok"]
    assert await root.group() == before


async def test_undo_restores_the_state_and_can_itself_be_undone(root, library):
    before = await root.group()
    await root.post_json(f"duplicates/{GROUP}.json", {"action": "accept", "seen": before["seen"]})
    accepted = await root.group()
    undone = (await root.post_json("duplicates/history.json", {"batch_id": 1})).json()
    assert (undone["restored"], undone["left"]) == (2, 0)
    assert await root.group() == before
    assert (await root.post_json("duplicates/history.json", {"batch_id": undone["batch_id"]})).status_code == 200
    assert await root.group() == accepted


async def test_undo_leaves_what_was_decided_again_since(root):
    await root.decide({B: "remove", C: "remove"})
    await root.decide({B: "keep"})
    undone = (await root.post_json("duplicates/history.json", {"batch_id": 1})).json()
    assert (undone["restored"], undone["left"]) == (1, 1)
    assert [m["decision"] for m in (await root.group())["members"]] == [None, "keep", None]


async def test_undo_twice_is_refused_with_the_time(root):
    await root.decide({B: "remove"})
    await root.post_json("duplicates/history.json", {"batch_id": 1})
    answer = await root.post_json("duplicates/history.json", {"batch_id": 1})
    assert answer.status_code == 409
    assert answer.json()["error"].startswith("Nothing was changed: this was already taken back at 20")


@pytest.mark.parametrize(
    "told,sentence",
    [
        ({"action": "explode"}, "explode is not an action. Known are save, save_on, accept, keep_all, keeper, apart, same."),
        ({"choices": "x"}, "The field choices must be a list."),
        ({"choices": [1]}, "Each choice needs a photo_id and a decision (keep, remove, not_duplicate or null)."),
        (
            {"choices": [{"photo_id": B, "decision": "burn"}]},
            "Nothing was changed: 'burn' is not a decision. Say keep, remove, not_duplicate, same_picture.",
        ),
        ({"choices": [{"photo_id": "zz", "decision": "keep"}]}, "Nothing was changed: zz is not a photo of this group."),
        (
            {"choices": [{"photo_id": A, "decision": "not_duplicate"}]},
            "Nothing was changed: IMG_0000.jpg is the keeper; say of the others that they are not the same picture.",
        ),
        (
            {"choices": [{"photo_id": B, "decision": None, "note": "hm"}]},
            "Nothing was changed: a note belongs to a decision. Decide about IMG_0000_thumb.jpg as well.",
        ),
        ({"action": "keeper", "photo_id": A}, "Nothing was changed: IMG_0000.jpg is the keeper already."),
    ],
)
async def test_a_request_that_cannot_be_meant_gets_a_sentence(root, told, sentence):
    answer = await root.post_json(f"duplicates/{GROUP}.json", {"seen": await root.seen(), **told})
    assert (answer.status_code, answer.json()["error"]) == (400, sentence)


async def test_a_group_that_is_gone_is_not_found(root):
    answer = await root.get("duplicates/nope.json")
    assert answer.status_code == 404
    assert (
        answer.json()["error"] == "There is no group nope. Groups change when photos are matched again: look it up in the queue."
    )


async def test_text_from_outside_is_shown_as_text(root, library):
    nasty = '<script>alert("x")</script>'
    _write(library, f"UPDATE photos SET filename = '{nasty}', description = '{nasty}', product_url = 'javascript:alert(1)'")
    _write(library, f"UPDATE groups SET camera = '{nasty}'")
    _write(library, f"UPDATE albums SET title = '{nasty}'")
    for path in ("duplicates", f"duplicates/{GROUP}", "/photos/photos", "/photos/group_members", "duplicates/push"):
        page = (await root.get(path)).text
        assert "<script>alert" not in page
        assert 'href="javascript:' not in page


async def test_accepting_goes_on_to_the_next_group_of_the_filter(root):
    first = (await root.get("duplicates.json?relation=smaller_copy")).json()["groups"]
    answer = await root.post(
        f"duplicates/{first[0]['group_id']}?relation=smaller_copy", {"seen": first[0]["seen"], "action": "accept"}
    )
    assert answer.headers["location"] == f"/photos/-/duplicates/{first[1]['group_id']}?relation=smaller_copy"


async def test_a_photo_leads_to_its_group_or_its_row(root, library):
    _write(library, f"DELETE FROM group_members WHERE photo_id = '{C}'")
    assert (await root.get(f"duplicates/photo/{B}")).headers["location"] == f"/photos/-/duplicates/{GROUP}?state=all"
    assert (await root.get(f"duplicates/photo/{C}")).headers["location"] == f"/photos/photos/{C}"


async def test_a_form_never_leads_elsewhere(root):
    await root.decide({B: "remove"})
    answer = await root.post("duplicates/history", {"batch_id": "1", "then": "//evil.example/photos/-/duplicates"})
    assert answer.headers["location"] == "/photos/-/duplicates/history"


async def test_the_history_lists_who_did_what(root):
    await root.decide({B: "remove"})
    batches = (await root.get("duplicates/history.json")).json()["batches"]
    assert [(b["actor"], b["description"], b["decision_count"]) for b in batches] == [("root", "IMG_0000_thumb.jpg: remove", 1)]


def _rows(path, sql):
    conn = sqlite3.connect(path)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


def _write(path, sql):
    conn = sqlite3.connect(path)
    with conn:
        conn.execute(sql)
    conn.close()


async def test_reviewing_needs_its_own_permission_only(ds):
    reviewer, pusher = Site(ds, "reviewer"), Site(ds, "pusher")
    assert (await reviewer.decide({B: "remove"})).status_code == 200
    assert (await pusher.decide({B: "keep"})).status_code == 403


async def test_all_open_photos_of_a_group_are_kept_at_once_and_taken_back_at_once(root, library):
    await root.decide({photo_id(1): "remove"})
    answer = await root.post_json(f"duplicates/{GROUP}.json", {"action": "keep_all", "seen": await root.seen()})
    assert answer.json()["next_url"] != answer.json()["group"]["url"]
    sql = "SELECT photo_id, decision FROM decisions ORDER BY photo_id"
    assert rows(library, sql) == [(photo_id(0), "keep"), (photo_id(1), "remove"), (photo_id(2), "keep")]
    again = await root.post_json(f"duplicates/{GROUP}.json", {"action": "keep_all", "seen": await root.seen()})
    assert again.json()["error"] == "Nothing was changed: every photo of this group is decided."
    await root.post_json("duplicates/history.json", {"batch_id": answer.json()["batch_id"]})
    assert rows(library, sql) == [(photo_id(1), "remove")]


async def test_who_compares_goes_through_the_open_photos_then_to_the_next_group_of_the_filter(root):
    listed = (await root.get("duplicates.json?relation=smaller_copy")).json()["groups"]
    first, second = listed[:2]
    query = "relation=smaller_copy"
    address = f"duplicates/{first['group_id']}?{query}"
    expected = []
    for member in first["members"][1:]:
        fields = {"action": "save", "then": "compare", f"decision:{member['photo_id']}": "keep"}
        answer = await root.post(address, {**fields, "seen": await root.seen(first["group_id"])})
        expected.append(answer.headers["location"].partition("/-/duplicates/")[2])
        choice = {"choices": [{"photo_id": member["photo_id"], "decision": "remove"}], "then": "compare"}
        told = await root.post_json(address.replace("?", ".json?"), {**choice, "seen": await root.seen(first["group_id"])})
        assert told.json()["next_url"] == answer.headers["location"]
    assert expected == [
        f"{first['group_id']}/compare?b={first['members'][2]['photo_id']}&{query}",
        f"{second['group_id']}/compare?b={second['members'][1]['photo_id']}&{query}",
    ]
