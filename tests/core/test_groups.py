"""Stars, not chains; and nothing suggested that could be the only copy."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.core.groups.building import Edge, build_groups, edge
from datasette_gphotos_dedupe.core.groups.keeper import GroupPhoto, Policy
from datasette_gphotos_dedupe.model import RELATIONS, REMOVABLE_RELATIONS, Group, Link


def item(photo_id: str, pixels: int = 1000, **values) -> GroupPhoto:
    return GroupPhoto(photo_id, width=pixels, height=1000, bytes=pixels, mime_type="image/jpeg", **values)


def group_up(items: list[GroupPhoto], relations: dict[str, str], answers: dict[str, str] | None = None, **options) -> list[Group]:
    """`relations` and `answers` map two letters to a relation; what is in neither is a different picture.

    `holders` maps them to the one that the other was made again from, `left` to how well that went.
    """
    holders, left = options.pop("holders", {}), options.pop("left", {})

    def links(found: dict[str, str]) -> dict[Edge, Link]:
        return {edge(*pair): Link(relation, holders.get(pair), left.get(pair, 1.0)) for pair, relation in found.items()}

    known, told = links(relations), links(answers or {})
    policy = options.pop("policy", Policy())
    return build_groups({i.photo_id: i for i in items}, known, policy, lambda pairs: {p: told.get(p) for p in pairs}, **options)


def shape(group: Group) -> dict[str, tuple[str, str | None]]:
    return {member.photo_id: (member.role, member.suggested) for member in group.members}


def test_a_chain_is_broken_where_the_keeper_does_not_agree():
    groups = group_up([item("a", 4000), item("b", 2000), item("c", 1000)], {"ab": "smaller_copy", "bc": "smaller_copy"})
    assert [shape(group) for group in groups] == [{"a": ("keeper", "keep"), "b": ("copy", "remove")}]


def test_a_chain_is_one_star_when_the_keeper_agrees():
    groups = group_up(
        [item("a", 4000), item("b", 2000), item("c", 1000)],
        {"ab": "smaller_copy", "bc": "smaller_copy"},
        {"ac": "smaller_copy"},
    )
    assert [shape(group) for group in groups] == [{"a": ("keeper", "keep"), "b": ("copy", "remove"), "c": ("copy", "remove")}]


def test_those_whom_the_keeper_rejects_make_a_group_of_their_own():
    groups = group_up(
        [item("a", 4000), item("b", 3000), item("c", 2000), item("d", 1000)],
        {"ab": "smaller_copy", "bc": "smaller_copy", "cd": "smaller_copy"},
    )
    assert [group.keeper_id for group in groups] == ["a", "c"]


def test_an_edited_version_joins_its_original_without_a_suggestion():
    groups = group_up([item("a", 4000), item("b", 1000), item("e", 4000)], {"ab": "smaller_copy", "ae": "edited"})
    assert shape(groups[0])["e"] == ("copy", None)


def test_an_edited_version_with_copies_of_its_own_is_shown_with_the_original():
    groups = group_up(
        [item("a", 4000), item("b", 1000), item("e", 4000), item("f", 1000)],
        {"ab": "smaller_copy", "ae": "edited", "ef": "smaller_copy"},
    )
    assert [shape(group).get("e") for group in groups] == [("look_alike", None), ("keeper", "keep")]


@pytest.mark.parametrize("between", ["series", "look_alike", None])
def test_an_edited_version_goes_with_its_own_picture_and_not_with_a_larger_one_that_it_is_less_like(between):
    pairs = {"ae": "edited", "be": "edited"} | ({"ab": between} if between else {})
    groups = group_up([item("a", 9000), item("b", 4000), item("e", 1000)], pairs, left={"ae": 8.4, "be": 1.8})
    assert [group.keeper_id for group in groups if shape(group).get("e") == ("copy", None)] == ["b"]


def test_of_two_versions_of_one_picture_none_takes_the_other_from_its_original():
    pairs = {"oe": "edited", "of": "edited", "ef": "edited"}
    groups = group_up([item("o", 9000), item("e", 4000), item("f", 4000)], pairs, left={"oe": 8.4, "of": 8.4, "ef": 1.1})
    assert [shape(group) for group in groups] == [{"o": ("keeper", "keep"), "e": ("copy", None), "f": ("copy", None)}]


def test_a_file_on_this_disk_takes_no_copy_from_the_photo_in_google():
    items = [item("d", 9000, source="folder"), item("g", 9000, source="takeout"), item("p", 1000, source="takeout")]
    groups = group_up(items, {"dg": "re_encode", "gp": "smaller_copy", "dp": "smaller_copy"})
    assert [(group.keeper_id, shape(group)["p"], shape(group)["d"]) for group in groups] == [
        ("g", ("copy", "remove"), ("copy", None))
    ]


def test_a_photo_may_look_alike_in_one_group_and_be_a_copy_in_another():
    groups = group_up(
        [item("a", 4000), item("b", 1000), item("c", 3000), item("d", 1000)],
        {"ab": "smaller_copy", "cd": "smaller_copy", "ad": "look_alike"},
    )
    assert [shape(group).get("d") for group in groups] == [("look_alike", None), ("copy", "remove")]


@pytest.mark.parametrize("relation", sorted(set(RELATIONS) - REMOVABLE_RELATIONS))
def test_only_removable_relations_are_suggested(relation):
    (group,) = group_up([item("a"), item("b")], {"ab": relation})
    assert [member.suggested for member in group.members] == ["keep", None]


def test_two_rows_of_one_google_item_are_never_keeper_and_copy():
    (group,) = group_up([item("a", dedup_key="k"), item("b", dedup_key="k")], {"ab": "same_bytes"})
    assert shape(group) == {"a": ("keeper", "keep"), "b": ("look_alike", None)}


@pytest.mark.parametrize("twin", [{"favorite": True}, {"decision": "keep"}, {}])
def test_what_google_deletes_together_with_a_photo_that_stays_is_not_suggested(twin):
    groups = group_up(
        [item("a", 4000), item("b", 1000, dedup_key="k"), item("c", 1000, dedup_key="k", **twin), item("d", 500)],
        {"ab": "smaller_copy", "cd": "smaller_copy"},
    )
    member = next(member for member in groups[0].members if member.photo_id == "b")
    assert (member.suggested, member.reason.split("; ")[-1]) == (
        None,
        "not suggested: Google deletes it together with c, which stays",
    )


@pytest.mark.parametrize(
    "values, why",
    [
        ({"album_only": True}, "it was seen only in an album, so it may be somebody else's"),
        ({"favorite": True}, "it is a favourite"),
        ({"decision": "keep"}, "you decided to keep it"),
    ],
)
def test_what_speaks_against_removal_is_said(values, why):
    (group,) = group_up([item("a", 4000), item("b", 1000, **values)], {"ab": "smaller_copy"})
    member = next(member for member in group.members if member.photo_id == "b")
    assert member.reason == (
        f"what you get when the larger one is scaled down and saved as JPEG, 1000 x 1000 against 4000 x 1000; not suggested: {why}"
    )


def test_what_a_person_told_apart_is_not_put_together():
    assert group_up([item("a", 4000), item("b")], {"ab": "smaller_copy"}, not_duplicates=[("a", "b")]) == []


def test_a_somebody_elses_photo_is_not_kept_in_place_of_ones_own():
    (group,) = group_up([item("a", 4000, album_only=True), item("b", 4000)], {"ab": "re_encode"})
    assert shape(group) == {"a": ("copy", None), "b": ("keeper", "keep")}


def test_a_burst_is_one_star_of_look_alikes():
    names = "abcdef"
    relations = {"".join(pair): "series" for pair in itertools.combinations(names, 2)}
    (group,) = group_up([item(name, 1000 + ord(name)) for name in names], relations)
    assert (group.keeper_id, len(group.members), group.group_id) == ("f", 6, "f")


@pytest.mark.parametrize("relation", ["edited", "crop", "turned"])
@pytest.mark.parametrize("version", [{}, {"favorite": True}, {"camera_model": "G2", "camera_taken_at": "2019-06-28T18:38:04"}])
def test_the_original_is_shown_over_what_was_made_of_it_however_large_that_is(relation, version):
    (group,) = group_up([item("e", 9000, **version), item("o", 4000)], {"eo": relation}, holders={"eo": "o"})
    assert shape(group) == {"o": ("keeper", "keep"), "e": ("copy", None)}


def test_a_name_that_says_edited_never_makes_a_keeper_of_what_nothing_is_proved_of():
    (group,) = group_up([item("e", 9000, filename="IMG_1-edited.jpg"), item("o", 4000, filename="IMG_1.jpg")], {"eo": "edited"})
    assert group.keeper_id == "o"


def test_of_equal_sizes_the_one_that_the_other_was_made_of_stays_though_it_has_less_metadata():
    known = {"camera_model": "G2", "latitude": 1.0, "filename": "IMG_0301.JPG"}
    (group,) = group_up([item("c", 4000, **known), item("o", 4000)], {"co": "re_encode"}, holders={"co": "o"})
    assert shape(group) == {"o": ("keeper", "keep"), "c": ("copy", "remove")}
    assert "the others can be made again from it" in group.members[0].reason


def test_a_copy_that_a_person_keeps_does_not_send_away_what_it_was_made_of():
    (group,) = group_up([item("c", 4000, as_keeper=True), item("o", 4000)], {"co": "re_encode"}, holders={"co": "o"})
    original = next(member for member in group.members if member.photo_id == "o")
    assert (group.keeper_id, original.suggested) == ("c", None)
    assert original.reason.endswith("not suggested: the one kept was made from it, not it from the one kept")


def tripod(left: dict[str, float], between: str | None) -> list[Group]:
    """A preview `p` that can be made again from its original `o`, and from the larger neighbouring shot `n`."""
    relations = {"op": "smaller_copy", "np": "smaller_copy"} | ({"no": between} if between else {})
    shots = [item("n", 5000), item("o", 4000), item("p", 300)]
    return group_up(shots, relations, holders={"op": "o", "np": "n", "no": "n"}, left=left)


@pytest.mark.parametrize("between", ["series", "look_alike", "edited", None])
def test_a_preview_goes_with_the_shot_that_it_is_best_made_of_and_not_with_a_neighbour(between):
    groups = tripod({"op": 1.02, "np": 1.4}, between)
    gone = {group.keeper_id: [member.photo_id for member in group.members if member.suggested == "remove"] for group in groups}
    assert gone.pop("o") == ["p"]
    assert not any(gone.values())


def test_a_preview_goes_with_the_best_copy_when_both_that_make_it_are_copies():
    (group,) = tripod({"op": 1.02, "np": 1.4}, "smaller_copy")
    assert shape(group) == {"n": ("keeper", "keep"), "o": ("copy", "remove"), "p": ("copy", "remove")}


def test_a_partners_photo_does_not_stand_in_for_ones_own():
    (group,) = group_up(
        [item("p", 9000, origin="fromPartnerSharing"), item("o", 4000)], {"op": "smaller_copy"}, holders={"op": "p"}
    )
    own = next(member for member in group.members if member.photo_id == "o")
    assert own.suggested != "remove"


def test_a_partners_copy_of_ones_own_may_go():
    (group,) = group_up([item("p", 4000, origin="fromPartnerSharing"), item("o", 4000)], {"op": "re_encode"})
    assert shape(group) == {"o": ("keeper", "keep"), "p": ("copy", "remove")}


def test_a_group_with_an_original_is_never_kept_by_a_preview():
    shots = [item("t", 256, camera_model="G2", filename="DSC_1.JPG"), item("o", 4000), item("m", 1024)]
    pairs = {"ot": "smaller_copy", "mt": "smaller_copy", "mo": "smaller_copy"}
    (group,) = group_up(shots, pairs, holders={"ot": "o", "mt": "m", "mo": "o"})
    assert group.keeper_id == "o"


NAMES = "abcdefghij"
PAIRS = ["".join(pair) for pair in itertools.combinations(NAMES, 2)]
libraries = st.tuples(
    st.lists(
        st.builds(
            dict,
            pixels=st.sampled_from([1000, 2000, 4000]),
            favorite=st.booleans(),
            album_only=st.booleans(),
            dedup_key=st.sampled_from([None, None, "k1", "k2"]),
            decision=st.sampled_from([None, None, None, "keep", "remove"]),
            as_keeper=st.sampled_from([False, False, True]),
        ),
        min_size=10,
        max_size=10,
    ),
    st.dictionaries(st.sampled_from(PAIRS), st.sampled_from(RELATIONS), max_size=25),
    st.dictionaries(st.sampled_from(PAIRS), st.sampled_from(RELATIONS), max_size=45),
    st.dictionaries(st.sampled_from(PAIRS), st.tuples(st.sampled_from([0, 1]), st.sampled_from([1.0, 1.2])), max_size=45),
)


@settings(max_examples=300, deadline=None)
@given(libraries, st.integers(0, 1000))
def test_no_library_gives_an_unsafe_group(library, seed):
    values, relations, answers, proofs = library
    proofs = {
        "holders": {pair: pair[side] for pair, (side, _) in proofs.items()},
        "left": {p: left for p, (_, left) in proofs.items()},
    }
    items = [item(name, **value) for name, value in zip(NAMES, values, strict=True)]
    groups = group_up(items, relations, answers, **proofs)
    by_id = {i.photo_id: i for i in items}
    known = {**answers, **relations}
    homes = [member.photo_id for group in groups for member in group.members if member.role != "look_alike"]
    assert len(homes) == len(set(homes))
    stays = {i.dedup_key for i in items if i.favorite or i.decision == "keep" or any(g.keeper_id == i.photo_id for g in groups)}
    for group in groups:
        keeper = by_id[group.keeper_id]
        suggestions = [member.suggested for member in group.members]
        assert suggestions.count("keep") >= 1
        assert group.group_id == min(member.photo_id for member in group.members if member.role != "look_alike")
        for member in group.members:
            if member.suggested == "remove":
                removed = by_id[member.photo_id]
                assert member.relation == known["".join(edge(keeper.photo_id, removed.photo_id))]
                assert member.relation in REMOVABLE_RELATIONS
                assert not (removed.album_only or keeper.album_only or removed.favorite or removed.decision == "keep")
                assert removed.dedup_key is None or removed.dedup_key not in stays
                assert removed.pixels <= keeper.pixels * 1.06
                assert keeper.decision != "remove"
                assert proofs["holders"].get("".join(edge(keeper.photo_id, removed.photo_id))) != removed.photo_id
    shuffled = list(relations.items())
    random.Random(seed).shuffle(shuffled)
    random.Random(seed).shuffle(items)
    assert group_up(items, dict(shuffled), answers, **proofs) == groups
