"""One ordered table of rules: pixels prove, names and clocks object, and the first rule that holds decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from datasette_gphotos_dedupe.core.pictures.hash_variants import WHOLE, Box
from datasette_gphotos_dedupe.core.verdict import measures
from datasette_gphotos_dedupe.core.verdict.align import Overlay
from datasette_gphotos_dedupe.core.verdict.compare import Difference
from datasette_gphotos_dedupe.core.verdict.compared_photo import Subject
from datasette_gphotos_dedupe.core.verdict.file_proof import Proof
from datasette_gphotos_dedupe.core.verdict.measures import DEVELOPED, ON_PURPOSE, REMADE, SAME_LEFT, STRUCTURE, UNCHANGED, Measure
from datasette_gphotos_dedupe.core.verdict.names_and_clocks import hear_witness
from datasette_gphotos_dedupe.core.verdict.pair_facts import UNMOVED, WIDE_GRADIENT, Case, span, wants_proof
from datasette_gphotos_dedupe.core.verdict.relation import CONFIDENCE, COPY_CONFIDENCE, RULES, judge
from datasette_gphotos_dedupe.core.verdict.remake import PLAIN_KERNEL, Remaking
from datasette_gphotos_dedupe.model import RELATIONS, REMOVABLE_RELATIONS

EQUAL = Difference(
    pixel=0.0,
    worst_block=0.0,
    worst_shade=0.0,
    bad_share=0.0,
    spot=1.0,
    detail=0.0,
    worst_detail=0.0,
    structure=0.8,
    tone=0.0,
    contrast=1.0,
    colour=0.0,
    worst_colour=0.0,
    colour_spot=1.0,
    saturation=1.0,
    cast=0.0,
    side=320,
)
AGAIN = Remaking(
    luma=1.05,
    worst=1.2,
    colour=1.0,
    worst_colour=1.1,
    tone=0.1,
    cast=0.0,
    softness=1.0,
    saturation=1.0,
    structure=0.7,
    px=4000,
    kept=1.0,
)
ORIGINAL = Subject("o", width=4000, height=3000, bytes=4_000_000, mime_type="image/jpeg", filename="DSC_1022.JPG")
COPY = replace(ORIGINAL, photo_id="c", bytes=900_000, filename="3f9a1c77.jpg")
NAMESAKE = replace(COPY, filename="DSC_1022_copy.jpg")
AT, LATER = "2019-06-28T18:38:04", "2019-06-28T18:38:05"
RAW = {"mime_type": "image/x-nikon-nef", "filename": "DSC_1022.NEF"}
CAMERA = {"camera_taken_at": AT, "camera_model": "NIKON D750"}


def case_of(
    a: Subject = COPY,
    b: Subject = ORIGINAL,
    box: Box = WHOLE,
    variant: str = "base",
    again: dict[str, float] | None = None,
    proof: Proof | None = None,
    score: float = 0.99,
    **numbers,
) -> Case:
    """A pair whose copy can be made again, but for the numbers of `again`; `proof` in its place, `numbers` are those of the previews."""
    proof = proof or Proof(replace(AGAIN, **(again or {})), holder="o")
    return Case(a, b, replace(EQUAL, **numbers), Overlay(box, WHOLE, score), hear_witness(a, b), 3, variant, proof=proof)


def relation(*subjects: Subject, **values) -> str | None:
    found = judge(case_of(*subjects, **values))
    return found and found.relation


def named(subject: Subject, **values) -> Subject:
    return replace(subject, **values)


EXAMPLES: dict[str, tuple[Case, str | None]] = {
    "the previews have nothing in common": (case_of(score=0.6, detail=0.9), None),
    "one is a film and one a photo": (case_of(named(COPY, kind="video")), "look_alike"),
    "the cameras' clocks differ, the camera counted on, or two cameras took them": (
        case_of(named(COPY, camera_taken_at=AT), named(ORIGINAL, camera_taken_at=LATER)),
        "series",
    ),
    "one agrees with the other when it is turned or mirrored": (case_of(variant="rot90"), "turned"),
    "one holds something beside its picture that the other lacks": (
        case_of(proof=Proof(holder="o", objection="3f9a1c77.jpg holds sound beside the picture.")),
        "look_alike",
    ),
    "one is named as an edited version": (case_of(named(COPY, filename="DSC_1022-edited.jpg")), "edited"),
    "the smaller one is made again from a part of the larger one": (case_of(box=(0.0, 0.0, 0.9, 1.0)), "crop"),
    "it is made again, with a change that no resizer makes": (case_of(again={"cast": 9.0}), "edited"),
    "it is made again": (case_of(), "re_encode"),
    "a RAW file and a developed picture, of one clock, camera and name, whose previews agree": (
        case_of(named(NAMESAKE, **CAMERA), named(ORIGINAL, **CAMERA, **RAW), again={"luma": 9.0}),
        "raw_and_jpeg",
    ),
    "it is made again but for one place": (case_of(again={"worst": 30.0}), "edited"),
    "the previews differ in many places": (case_of(again={"luma": 9.0}, bad_share=0.6), "look_alike"),
    "the previews agree, but show different parts": (case_of(again={"luma": 9.0}, box=(0.0, 0.0, 0.9, 1.0)), "crop"),
    "the previews agree": (case_of(again={"luma": 9.0}), "look_alike"),
    "anything else": (case_of(again={"luma": 9.0}, tone=60.0), "edited"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.words)
def test_every_rule_decides_in_its_turn(rule):
    case, expected = EXAMPLES[rule.words]
    assert next(one for one in RULES if one.when(case)) is rule
    found = judge(case)
    assert (found and found.relation) == expected


@pytest.mark.parametrize("rule", RULES[1:], ids=lambda rule: rule.words)
def test_every_reason_is_a_sentence(rule):
    reason = rule.then(EXAMPLES[rule.words][0])[1]
    assert reason.endswith(".") and not reason.endswith("..")
    assert reason[0].isupper() or reason.startswith(f"{COPY.filename} ")


# What a copy may measure. The borders are those of the tables, wherever they are moved to.


def of_measure(measure: Measure, value: float) -> dict[str, float]:
    """The numbers of a re-making in which this one has that value, and no other measure takes offence."""
    if measure.name == "own_tone":
        return {"tone": value, "softness": 1.0}
    if measure.name == "tone":
        return {"tone": value, "softness": 2.0}
    if measure.name == "own_softness":
        return {"softness": value, "resized": False}
    if measure.name == "plain_luma":
        return {"luma": value, "softness": 1.0}
    return {measure.name: value, **({"softness": PLAIN_KERNEL[1] + 0.1} if measure.name == "luma" else {})}


def borders(table: tuple[Measure, ...]) -> list[tuple[Measure, float, float]]:
    """Each border, and a number that lies beyond it."""
    low = [(measure, measure.low, measure.low * 0.98) for measure in table if measure.low is not None]
    return low + [(measure, measure.high, measure.high * 1.02) for measure in table if measure.high is not None]


def ids(value: object) -> str | None:
    return value.name if isinstance(value, Measure) else None


@pytest.mark.parametrize(("measure", "border", "beyond"), borders(REMADE), ids=ids)
def test_a_copy_may_measure_what_its_border_says_and_no_more(measure, border, beyond):
    assert relation(again=of_measure(measure, border)) == "re_encode"
    assert relation(again=of_measure(measure, beyond)) not in REMOVABLE_RELATIONS


@pytest.mark.parametrize(("measure", "border", "beyond"), borders(ON_PURPOSE), ids=ids)
def test_what_was_changed_on_purpose_is_an_edit_that_says_what(measure, border, beyond):
    found = judge(case_of(again=of_measure(measure, beyond)))
    assert (found.relation, measure.changed in found.evidence) == ("edited", True)


@pytest.mark.parametrize(("measure", "border", "beyond"), borders(DEVELOPED), ids=ids)
def test_a_developed_picture_may_differ_from_its_raw_file_by_no_more_than_today(measure, border, beyond):
    pair = named(NAMESAKE, **CAMERA), named(ORIGINAL, **CAMERA, **RAW)
    assert relation(*pair, again={"luma": 9.0}, **{measure.name: border}) == "raw_and_jpeg"
    assert relation(*pair, again={"luma": 9.0}, **{measure.name: beyond}) not in REMOVABLE_RELATIONS


@pytest.mark.parametrize("missing", ["camera_taken_at", "camera_model", "filename"])
def test_a_developed_picture_needs_clock_camera_and_name(missing):
    copy, raw = named(NAMESAKE, **CAMERA), named(ORIGINAL, **CAMERA, **RAW)
    assert relation(replace(copy, **{missing: None}), raw, again={"luma": 9.0}) not in REMOVABLE_RELATIONS


@pytest.mark.parametrize("name", sorted(UNCHANGED))
def test_previews_that_differ_more_than_encoding_does_speak_of_a_change(name):
    assert relation(again={"luma": 9.0}, **{name: UNCHANGED[name]}) == "look_alike"
    assert relation(again={"luma": 9.0}, **{name: UNCHANGED[name] + 0.02}) == "edited"


def test_every_measure_is_told_in_words_and_every_column_once():
    assert all(measure.words.endswith(".") and measure.border for measure in (*REMADE, *DEVELOPED))
    columns = [measure.column for measure in REMADE if measure.column]
    assert len(columns) == len(set(columns)) and set(columns) <= measures.REMADE_COLUMNS.keys()
    assert set(DEVELOPED) == {one for one in DEVELOPED if one.column in measures.PREVIEW_COLUMNS}


# Pixels prove.


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        ({}, "re_encode"),
        ({"width": 400, "height": 300}, "smaller_copy"),
        ({"mime_type": "image/heic"}, "other_format"),
        ({"mime_type": "image/webp", "width": 400, "height": 300}, "smaller_copy"),
        ({"mime_type": "image/x-nikon-nef"}, "raw_and_jpeg"),
    ],
)
@pytest.mark.parametrize("filename", [None, "3f9a1c77-a7.jpg", "Hochzeit (2).jpg", "image.jpg", "DSC_1022_400.jpg"])
def test_what_is_made_again_is_a_copy_whatever_it_is_called(copy, expected, filename):
    assert relation(named(COPY, filename=filename, **copy)) == expected


@pytest.mark.parametrize("subject", [NAMESAKE, named(COPY, filename="DSC_1022.JPG", **CAMERA)])
@pytest.mark.parametrize("proof", [Proof(), Proof(trouble="it is gone"), Proof(replace(AGAIN, luma=9.0), holder="o")])
def test_no_name_and_no_clock_makes_a_copy_of_what_cannot_be_made_again(subject, proof):
    assert relation(subject, named(ORIGINAL, **CAMERA), proof=proof) not in REMOVABLE_RELATIONS


def test_a_pair_that_waits_for_its_proof_is_no_copy_yet():
    case = replace(case_of(NAMESAKE), proof=None)
    found = judge(case)
    assert (found.relation in REMOVABLE_RELATIONS, found.wants_proof, found.measures["remade"]) == (False, True, None)
    assert not judge(case_of()).wants_proof


@pytest.mark.parametrize(
    "case",
    [
        case_of(named(COPY, kind="video")),
        case_of(variant="mirror"),
        case_of(named(COPY, camera_model="NIKON D3"), named(ORIGINAL, camera_model="NIKON D750")),
        case_of(score=0.6, detail=0.9),
        case_of(detail=0.55),
    ],
)
def test_originals_are_opened_only_where_the_previews_allow_a_copy(case):
    assert not wants_proof(replace(case, proof=None))


@pytest.mark.parametrize(
    "side, expected", [(1024, "smaller_copy"), (1040, "smaller_copy"), (1100, "look_alike"), (None, "look_alike")]
)
def test_previews_prove_only_what_is_no_larger_than_a_preview(side, expected):
    proof = Proof(
        replace(AGAIN, px=1024), holder="o", trouble="the original of DSC_1022.JPG is not on this machine", previews=True
    )
    copy = named(COPY, width=side, height=side and side * 3 // 4)
    found = judge(case_of(copy, proof=proof))
    assert found.relation == expected
    if expected == "look_alike":
        assert "only its preview of 1024 pixels could be compared." in found.evidence
    assert "made again at 1024 pixels of their previews, because the original of DSC_1022.JPG is not on this" in found.evidence


def test_a_picture_of_nothing_proves_nothing_whatever_it_is_called():
    nothing = {"structure": STRUCTURE.low / 2}
    for copy in (COPY, NAMESAKE):
        assert relation(copy, again=nothing) == "look_alike"
        assert "there is too little to be seen in it" in judge(case_of(copy, again=nothing)).evidence


@pytest.mark.parametrize(
    "numbers, expected",
    [
        ({"tone": 0.0}, "re_encode"),
        ({"tone": UNMOVED * 1.1}, "edited"),
        ({"cast": UNMOVED * 1.1}, "look_alike"),
        ({"span": WIDE_GRADIENT * 0.9}, "look_alike"),
    ],
)
def test_a_wide_gradient_proves_only_where_no_tone_was_moved(numbers, expected):
    gradient = {"structure": 0.0, "tone": 0.0, "cast": 0.0, "span": WIDE_GRADIENT}
    assert relation(again=gradient | numbers) == expected


def test_two_blank_pictures_are_looked_at_though_noise_correlates_with_nothing():
    blank = case_of(NAMESAKE, score=0.02, structure=0.0, pixel=0.4)
    assert wants_proof(replace(blank, proof=None))
    assert judge(replace(blank, difference=replace(blank.difference, pixel=3.0))) is None


def test_what_only_lost_its_colours_is_an_edit_whose_holder_is_known():
    grey = judge(case_of(again={"saturation": 0.0, "colour": 9.0, "worst_colour": 20.0}))
    assert (grey.relation in REMOVABLE_RELATIONS, grey.measures["remade_from"]) == (False, "o")


def test_the_photo_that_holds_the_other_is_told_and_only_when_it_is_made_again():
    assert judge(case_of()).measures["remade_from"] == "o"
    assert judge(case_of(again={"luma": 9.0})).measures["remade_from"] is None
    assert judge(case_of(again={"cast": 9.0})).measures["remade_from"] == "o"


def test_one_place_that_cannot_be_made_again_was_retouched():
    found = judge(case_of(again={"worst": 30.0}))
    assert found.evidence.startswith("One place was changed: 30 times as much is left there as the encoder leaves.")
    assert relation(again={"luma": 6.0, "worst": 30.0}) == "look_alike"  # all of it differs


def test_why_nothing_is_proved_is_told_in_words():
    assert (
        "when it is made again from the other, 5.6 times as much is left as its encoder leaves"
        in judge(case_of(again={"luma": 5.6})).evidence
    )
    assert (
        "one of them could not be opened: it is damaged"
        in judge(case_of(proof=Proof(trouble="one of them could not be opened: it is damaged"))).evidence
    )
    assert "there are too few pixels to tell" in judge(case_of(proof=Proof(holder="o"))).evidence


# Names and clocks object.


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ({"camera_taken_at": AT}, {"camera_taken_at": LATER}, "series"),
        ({"camera_taken_at": AT + ".10"}, {"camera_taken_at": AT + ".40"}, "series"),
        ({"filename": "DSC_1023.JPG"}, {}, "series"),
        ({"camera_taken_at": AT}, {"camera_taken_at": "2020-06-28T18:38:04"}, "look_alike"),
        ({"camera_model": "NIKON D750"}, {"camera_model": "NIKON D3"}, "look_alike"),
    ],
)
@pytest.mark.parametrize("again", [{}, {"luma": 1.0, "worst": 1.0, "colour": 1.0, "worst_colour": 1.0}])
def test_an_objection_beats_every_pixel(a, b, expected, again):
    found = judge(case_of(named(COPY, **a), named(ORIGINAL, **b), again=again))
    assert (found.relation, bool(found.measures["objection"])) == (expected, True)
    assert found.evidence.startswith(str(found.measures["objection"]))


@pytest.mark.parametrize("stored", ["2023-01-02T03:04:05", None])
def test_the_day_of_an_upload_objects_to_nothing(stored):
    copy = named(COPY, taken_at=stored, taken_at_source="google")
    original = named(ORIGINAL, taken_at=AT, taken_at_source="exif", camera_taken_at=AT)
    assert relation(copy, original) == "re_encode"


@pytest.mark.parametrize(
    "names", [("Hochzeit (1).jpg", "Hochzeit (2).jpg"), ("scan 1.jpg", "scan 2.jpg"), ("IMG_1.jpg", "x.jpg")]
)
def test_numbers_that_programs_give_object_to_nothing(names):
    assert relation(named(COPY, filename=names[0]), named(ORIGINAL, filename=names[1])) == "re_encode"


@pytest.mark.parametrize("mark", ["DSC_1022-edited.jpg", "DSC_1022-bearbeitet.jpg", "IMG_E1022.JPG"])
def test_a_name_that_says_edited_is_believed_and_nothing_is_lost_by_it(mark):
    found = judge(case_of(named(COPY, filename=mark)))
    assert (found.relation, found.measures["remade_from"]) == ("edited", "o")


# The rest of what is near.


@pytest.mark.parametrize(("variant", "expected"), [("rot90", "turned"), ("rot270", "turned"), ("mirror", "mirrored")])
def test_turns_and_mirrors_are_named(variant, expected):
    assert relation(variant=variant) == expected


@pytest.mark.parametrize("kept", [0.4, 0.7, 0.9, 0.96])
def test_a_part_is_a_crop_made_again_or_not(kept):
    assert relation(box=(0.0, 0.0, kept, 1.0)) == "crop"
    assert relation(again={"kept": kept}) == "crop"


@pytest.mark.parametrize("kept", [0.975, 0.99])
def test_a_rim_lost_to_rounding_is_no_crop(kept):
    assert relation(box=(0.0, 0.0, kept, 1.0), again={"kept": kept}) == "re_encode"


def test_a_video_is_never_a_copy_of_a_photo():
    assert relation(named(COPY, kind="video")) == "look_alike"


def test_films_that_were_not_compared_along_their_length_are_no_copies():
    film = {"kind": "video", "mime_type": "video/mp4", "duration_s": 12.0}
    case = replace(case_of(named(NAMESAKE, **film), named(ORIGINAL, **film)), proof=None)
    assert judge(case).relation not in REMOVABLE_RELATIONS


def test_a_plain_re_encode_that_is_not_proved_is_never_called_edited():
    assert relation(again={"luma": 2.5}, worst_block=0.6, detail=0.05) == "look_alike"


def test_a_spot_is_told_in_words():
    assert (
        "a small place differs 4.0 times as much as nearly all others" in judge(case_of(again={"luma": 9.0}, spot=4.0)).evidence
    )


@pytest.mark.parametrize("again", [{}, {"luma": 9.0}, {"worst": 30.0}, {"cast": 9.0}])
def test_the_verdict_does_not_depend_on_the_order_of_the_two(again):
    assert relation(COPY, ORIGINAL, again=again) == relation(ORIGINAL, COPY, again=again)


def test_the_removable_relations_are_the_five_that_are_promised():
    assert {"same_bytes", "re_encode", "smaller_copy", "raw_and_jpeg", "other_format"} == REMOVABLE_RELATIONS


def test_every_relation_has_a_confidence_and_no_copy_is_less_sure_than_what_only_looks_alike():
    remade = REMOVABLE_RELATIONS - {"same_bytes", "raw_and_jpeg"}
    assert CONFIDENCE.keys() == set(RELATIONS) - {"same_bytes"} - remade
    assert min(sure for _, sure in COPY_CONFIDENCE) > CONFIDENCE["look_alike"]


@pytest.mark.parametrize("measure", SAME_LEFT, ids=lambda measure: measure.name)
def test_a_copy_is_less_sure_the_nearer_any_of_what_is_left_comes_to_its_border(measure):
    small = {"luma": 0.5, "worst": 0.5, "colour": 0.5, "worst_colour": 0.5}
    # luma comes to its own border only where something was sharpened: the one of plain resizing is nearer
    small |= {"softness": 1.5} if measure.name == "luma" else {}
    name = "luma" if measure.name == "plain_luma" else measure.name
    verdicts = [judge(case_of(again=small | {name: share * measure.high})) for share in (0.5, 0.88, 1.0)]
    assert [verdict.relation for verdict in verdicts] == ["re_encode"] * 3
    assert [verdict.confidence for verdict in verdicts] == [sure for _, sure in COPY_CONFIDENCE]


def test_the_bands_of_confidence_reach_to_the_border_and_fall():
    borders, sure = zip(*COPY_CONFIDENCE, strict=True)
    assert list(borders) == sorted(borders) and borders[-1] == 1.0
    assert list(sure) == sorted(sure, reverse=True)


def test_the_four_measures_of_what_is_left_are_those_that_must_be_small():
    assert all(measure.low is None and measure.high >= 1 for measure in SAME_LEFT)


@pytest.mark.parametrize(
    "seconds, words",
    [(0.5, "0.5 s"), (119, "119 s"), (120, "2 minutes"), (7_100, "118 minutes"), (7_200, "2 hours"), (5_987_500, "69 days")],
)
def test_a_span_of_time_is_told_as_a_person_tells_it(seconds, words):
    assert span(seconds) == words


@pytest.mark.parametrize(
    "again, told",
    [({"luma": 1.3, "worst": 3.3}, "3.3 times as much is left in one place"), ({"luma": 5.6}, "5.6 times as much is left as")],
)
def test_what_speaks_against_a_copy_is_told_by_its_own_number(again, told):
    assert told in judge(case_of(again=again)).evidence
