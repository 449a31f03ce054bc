from __future__ import annotations

import itertools

import pytest

from datasette_gphotos_dedupe.core.groups.keeper import RULES, GroupPhoto, Policy, choose_keeper
from datasette_gphotos_dedupe.errors import GphotosError

FULL = {"width": 4032, "height": 3024, "mime_type": "image/jpeg", "bytes": 3_000_000}
SMALL = {"width": 320, "height": 240, "mime_type": "image/jpeg", "bytes": 30_000}


@pytest.mark.parametrize(
    "better, worse, reason",
    [
        (FULL, SMALL, "most pixels (4032 x 3024); least compressed"),
        ({**FULL, "favorite": True}, FULL, "a favourite"),
        (FULL, {**FULL, "original_quality": False}, "original quality"),
        ({**FULL, "mime_type": "image/x-canon-crw"}, FULL, "preferred format (RAW)"),
        ({**FULL, "camera_model": "G2", "latitude": 1.0}, FULL, "has camera and place"),
        ({**FULL, "camera_taken_at": "2019-06-28T18:38:04"}, FULL, "has the camera's time"),
        (
            {**FULL, "filename": "IMG_0301.JPG"},
            {**FULL, "filename": "IMG_0301(1).JPG", "bytes": 9_000_000},
            "named as the camera named it (IMG_0301.JPG)",
        ),
        ({**FULL, "filename": "DSC_0301.JPG"}, {**FULL, "filename": "3b00.jpg", "bytes": 9_000_000}, "named as the camera"),
        ({**FULL, "filename": "beach.jpg"}, {**FULL, "filename": "beach copy.jpg"}, "its name does not speak of a copy"),
        ({**FULL, "filename": "IMG_0301.JPG"}, {**FULL, "filename": "IMG-20190628-WA0001.jpg"}, "named as the camera"),
        ({**FULL, "bytes": 5_000_000}, FULL, "least compressed"),
        (
            {**FULL, "uploaded_at": "2019-01-01T00:00:00Z"},
            {**FULL, "uploaded_at": "2020-01-01T00:00:00Z"},
            "uploaded first (2019-01-01)",
        ),
        (FULL, {**FULL, "album_only": True}, "certainly your own"),
        (FULL, {**FULL, "decision": "remove"}, "not decided for removal"),
        ({**SMALL, "source": "takeout"}, {**FULL, "source": "folder"}, "it is in Google Photos"),
        ({**FULL, "source": "folder", "as_keeper": True}, {**FULL, "source": "takeout"}, "you chose it"),
        ({**SMALL, "as_keeper": True}, FULL, "you chose it"),
        (FULL, {**SMALL, "favorite": True}, "most pixels (4032 x 3024); least compressed"),
    ],
)
def test_the_better_photo_stays_and_it_is_said_why(better, worse, reason):
    choice = choose_keeper([GroupPhoto("b", **better), GroupPhoto("a", **worse)], Policy())
    words = choice.reason.split("; ")
    assert choice.keeper.photo_id == "b" and words[0].startswith(reason.split("; ")[0])


def test_the_lowest_id_breaks_the_last_tie_in_any_order():
    items = [GroupPhoto(name, **FULL) for name in "cab"]
    choices = {choose_keeper(order, Policy()).keeper.photo_id for order in itertools.permutations(items)}
    assert choices == {"a"}


def test_a_person_can_put_another_rule_first():
    items = [GroupPhoto("a", **{**FULL, "mime_type": "image/heic"}), GroupPhoto("b", **{**FULL, "bytes": 9_000_000})]
    policy = Policy.from_words("format,density", "heic,jpeg")
    assert choose_keeper(items, policy).keeper.photo_id == "a"


def test_a_policy_survives_being_stored():
    policy = Policy.from_words("pixels,earliest", "jpeg", ["Best of 2019"])
    assert Policy.from_json(policy.as_json()) == policy


def test_an_unknown_rule_is_named_with_those_there_are():
    with pytest.raises(GphotosError) as raised:
        Policy.from_words("pixels,beauty")
    assert str(raised.value) == (
        f"There is no keeper rule called 'beauty'. The rules are: {', '.join(RULES)}. "
        "Give them in order, separated by commas, the most important first."
    )


def test_an_unknown_format_is_named_with_those_there_are():
    with pytest.raises(GphotosError) as raised:
        Policy.from_words(None, "bmp")
    assert str(raised.value) == "There is no format called 'bmp'. The formats are: raw, heic, jpeg, png, webp, avif, tiff."
