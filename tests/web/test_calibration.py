"""Distances of pairs, judging samples, and the border drawn from it."""

from __future__ import annotations

import html

import pytest

from tests.made_library import photo_id

from .site import Site, change, make_datasette, rows

pytestmark = pytest.mark.asyncio
HOSTILE = "</p><script>alert(1)</script>.jpg"
PAIR = {"photo_a": photo_id(0), "photo_b": photo_id(1)}


@pytest.fixture(autouse=True)
def measured(library):
    """Pairs that are not all alike: distance and confidence go with the number of the photo."""
    change(library, "UPDATE pairs SET distance_bits = CAST(substr(photo_b, 7) AS INTEGER) % 20")
    change(library, "UPDATE pairs SET confidence = 0.95 - distance_bits / 100.0")


async def test_the_histogram_counts_every_pair_by_relation_and_distance(anonymous, library):
    told = (await anonymous.get("duplicates/calibration.json")).json()
    counted = [(row["relation"], bar["bits"], bar["pairs"]) for row in told["histograms"] for bar in row["bars"]]
    stored = rows(library, "SELECT relation, distance_bits, count(*) FROM pairs GROUP BY 1, 2")
    assert sorted(counted) == stored
    assert sum(row["pairs"] for row in told["histograms"]) == 48


async def test_what_the_bars_show_is_also_there_in_words_and_in_a_table(anonymous):
    page = (await anonymous.get("duplicates/calibration")).text
    assert "6 pairs: half within" in page
    assert page.count("<svg viewBox") == 8 and 'aria-hidden="true"' in page
    assert 'aria-label="Pairs by kind and distance"' in page


async def test_samples_at_a_distance_are_the_least_sure_first(anonymous):
    told = (await anonymous.get("duplicates/calibration.json?distance=4")).json()
    assert {pair["distance_bits"] for pair in told["samples"]} == {4}
    told = (await anonymous.get("duplicates/calibration.json?relation=smaller_copy&distance=200")).json()
    assert {pair["relation"] for pair in told["samples"]} == {"smaller_copy"}
    assert told["distance"] == max(bar["bits"] for row in told["histograms"][1:2] for bar in row["bars"])


async def test_a_judgement_is_saved_and_the_pair_is_not_asked_again(root, library):
    answer = await root.post("duplicates/calibration", {**PAIR, "same": "1", "relation": "smaller_copy", "distance": "1"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/photos/-/duplicates/calibration?relation=smaller_copy&distance=1#samples"
    assert rows(library, "SELECT photo_a, photo_b, same, relation, distance_bits, actor FROM judgements") == [
        (photo_id(0), photo_id(1), 1, "smaller_copy", 1, "root")
    ]
    told = (await root.get("duplicates/calibration.json?relation=smaller_copy&distance=1")).json()
    assert all((pair["photo_a"], pair["photo_b"]) != (photo_id(0), photo_id(1)) for pair in told["samples"])


async def test_a_judgement_can_be_taken_back(root, library):
    await root.post_json("duplicates/calibration.json", {**PAIR, "same": "1"})
    await root.post_json("duplicates/calibration.json", {**PAIR, "same": ""})
    assert rows(library, "SELECT count(*) FROM judgements") == [(0,)]


async def test_a_copy_judged_another_picture_loses_its_suggestion(root, library):
    answer = await root.post_json("duplicates/calibration.json", {**PAIR, "same": "0"})
    assert answer.json() == {"ok": True, "photo_a": photo_id(0), "photo_b": photo_id(1), "same": False}
    group = await root.group()
    assert [member["suggested"] for member in group["members"]] == ["keep", None, "remove"]
    assert (group["suggested_count"], group["reclaimable_bytes"]) == (1, 40_000)
    assert (await root.get("duplicates/accept.json?relation=smaller_copy")).json()["photos"] == 5


async def test_judgements_become_a_border_that_holds_suggestions_back(root, library):
    await root.post_json("duplicates/calibration.json", {**PAIR, "same": "0"})
    told = (await root.get("duplicates/calibration.json")).json()
    assert told["suggested_border"]["min_confidence"] == 0.941
    page = html.unescape((await root.get("duplicates/calibration")).text)
    assert f"It would hold back {told['suggested_border']['holds_back']} of 23 suggestions." in page
    done = await root.post_json("duplicates/calibration.json", {"action": "border", "min_confidence": "0.941", "max_bits": ""})
    assert done.json()["held_back"] == told["suggested_border"]["holds_back"]
    assert rows(library, "SELECT value FROM match_state WHERE name = 'caution'") == [
        ('{"min_confidence": 0.941, "max_bits": 256}',)
    ]
    page = html.unescape((await root.get("duplicates/calibration")).text)
    assert "suggested are copies with a confidence of at least 0.941" in page


@pytest.mark.parametrize(
    "fields,sentence",
    [
        ({"action": "border", "min_confidence": "2"}, "The lowest confidence must be between 0 and 1, not 2.0."),
        ({"action": "border", "max_bits": "many"}, "Nothing was saved: '' and 'many' are not two numbers."),
        ({"action": "judge", "same": "maybe"}, "same must be 1 (the same picture), 0 (not the same) or empty (take it back)."),
        ({"action": "other"}, "other is not an action. Known are judge, border."),
        (
            {"action": "judge", "same": "1", "photo_a": "x", "photo_b": "y"},
            "Nothing was saved: these two photos are no pair any more. Load the page again.",
        ),
    ],
)
async def test_what_cannot_be_meant_gets_a_sentence_and_changes_nothing(root, library, fields, sentence):
    answer = await root.post_json("duplicates/calibration.json", fields)
    assert answer.status_code in (400, 404)
    assert answer.json()["error"] == sentence
    sql = "SELECT (SELECT count(*) FROM judgements), count(*) FROM match_state WHERE name = 'caution'"
    assert rows(library, sql) == [(0, 0)]


@pytest.mark.parametrize("query", ["relation=unknown", "distance=many", "distance=999", "distance=-1"])
async def test_a_query_that_cannot_be_meant_gets_a_sentence(anonymous, query):
    assert (await anonymous.get(f"duplicates/calibration.json?{query}")).status_code == 400


async def test_who_may_not_see_judgements_is_shown_none(library):
    config = {"databases": {"photos": {"tables": {"judgements": {"allow": {"id": "root"}}}}}}
    ds = make_datasette([library], config=config)
    await Site(ds, "root").post_json("duplicates/calibration.json", {**PAIR, "same": "0"})
    told = (await Site(ds, "reviewer").get("duplicates/calibration.json")).json()
    assert told["judgements"] == []
    answer = await Site(ds, "reviewer").post_json("duplicates/calibration.json", {**PAIR, "same": "1"})
    assert answer.status_code == 400


async def test_names_from_outside_are_shown_as_text(root, library):
    change(library, "UPDATE photos SET filename = ?", HOSTILE)
    change(library, "UPDATE pairs SET evidence = ?", HOSTILE)
    await root.post_json("duplicates/calibration.json", {**PAIR, "same": "0"})
    page = (await root.get("duplicates/calibration?distance=2")).text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


async def test_a_library_without_pairs_says_what_to_do(root, library):
    change(library, "DELETE FROM pairs")
    page = (await root.get("duplicates/calibration")).text
    assert "There are no pairs yet" in page
