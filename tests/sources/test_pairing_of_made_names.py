"""Folders of random items, named by the published rules: all is paired as it was made, and what cannot be told is left alone."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from datasette_gphotos_dedupe.sources.takeout.sidecars import Pairing, pair_folder

from .made_names import Folder, Made, make_folder, utf16_len

EXTENSIONS = (".jpg", ".JPG", ".jpeg", ".HEIC", ".png", ".dng", ".mp4", ".MP.jpg")
# Stems that collide, that share long beginnings, that hold numbers, dots, cleaned and wide characters.
BEGINNINGS = (
    "a",
    "IMG_1",
    "IMG_1(1)",
    "photo(2)",
    "x" * 44,
    "y" * 47,
    "😀" * 23,
    "Ähre im Wind",
    "a/b",
    "50% & more?",
    "v1.2 final",
)
stems = st.builds(
    str.__add__,
    st.sampled_from(BEGINNINGS),
    st.text(st.sampled_from("ab1_é😀. ()/"), max_size=9) | st.sampled_from(["", "", "", "q" * 30]),
).map(lambda stem: stem.strip(" .") or "a")
titles = st.builds(str.__add__, stems, st.sampled_from(EXTENSIONS))
plain_items = st.lists(titles.map(Made), min_size=1, max_size=12)
styles = st.sampled_from(["new", "old"])


def run(folder: Folder, media=None, sidecars=None) -> Pairing:
    return pair_folder(folder.media if media is None else media, folder.sidecars if sidecars is None else sidecars)


def wrong(folder: Folder, found: Pairing) -> list:
    """Everything the pairing claims that is not so."""
    claims = [(m, s) for m, (s, _) in found.sidecar_of.items() if folder.sidecar_of.get(m) != s]
    claims += [(m, o) for m, o in found.edited_of.items() if folder.edited_of.get(m) != o]
    return claims + [(m, o) for m, o in found.live_of.items() if folder.live_of.get(m) != o]


def unique_titles(items: list[Made]) -> bool:
    return len({item.title for item in items}) == len(items)


@settings(max_examples=150, deadline=None)
@given(plain_items, styles)
def test_every_item_finds_its_sidecar_where_both_carry_one_number(items, style):
    folder = make_folder(items, style, shared_numbers=True)
    found = run(folder)
    assert wrong(folder, found) == []
    # Where cut names make sidecars count other things than media do, no number is believed; else nothing is left over.
    assert found.alone == [] or not all(folder.numbers_agree.values())


@settings(max_examples=150, deadline=None)
@given(plain_items, styles, st.booleans(), st.randoms(use_true_random=False))
def test_nothing_is_paired_wrongly_when_any_files_are_missing(items, style, shared, random):
    folder = make_folder(items, style, shared)
    assume(all(folder.numbers_agree.values()))  # where they do not, half a folder can look like a whole one
    # Where endings change their case, one of two twins without its sidecar looks like the other without its picture.
    assume(len({item.title for item in items}) == len({item.title.lower() for item in items}))
    media = [name for name in folder.media if random.random() < 0.6]
    sidecars = {name: title for name, title in folder.sidecars.items() if random.random() < 0.6}
    found = run(folder, media, sidecars)
    # A file whose sidecar is missing can look like the moving half or the edited version of another: names cannot tell.
    assert [name for name, (sidecar, _) in found.sidecar_of.items() if folder.sidecar_of[name] != sidecar] == []


@settings(max_examples=60, deadline=None)
@given(plain_items, styles, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_the_files_does_not_matter(items, style, shared, random):
    folder = make_folder(items, style, shared)
    media, sidecars = list(folder.media), list(folder.sidecars.items())
    random.shuffle(media)
    random.shuffle(sidecars)
    one, other = run(folder), run(folder, media, dict(sidecars))
    assert (one.sidecar_of, one.edited_of, one.live_of) == (other.sidecar_of, other.edited_of, other.live_of)


@settings(max_examples=60, deadline=None)
@given(plain_items, styles, st.booleans())
def test_every_file_ends_in_exactly_one_place(items, style, shared):
    folder = make_folder(items, style, shared)
    found = run(folder)
    places = [*found.sidecar_of, *found.edited_of, *found.live_of, *found.alone]
    used = [name for name, _ in found.sidecar_of.values()] + [*found.superseded, *found.orphans]
    assert (sorted(places), sorted(used)) == (sorted(folder.media), sorted(folder.sidecars))


# Titles without a hyphen or a number in brackets, so that no title looks like somebody else's edited version.
PLAIN = st.builds(
    lambda stem, tail, extension: Made(stem + tail + extension, live=False),
    st.sampled_from(["IMG_1", "IMG_2", "x" * 38, "x" * 41, "y" * 60, "z" * 46]),
    st.text(st.sampled_from("ab_é"), max_size=6),
    st.sampled_from([".jpg", ".HEIC", ".jpeg"]),
)
rich_items = st.lists(
    st.builds(lambda item, edited, live: Made(item.title, edited, live), PLAIN, st.booleans(), st.booleans()),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(rich_items, styles, st.sampled_from(["-edited", "-ha editado", "-bearbeitet", "-編集済み"]))
def test_edited_versions_and_moving_halves_are_never_given_to_another_item(items, style, suffix):
    stems = {(item.title.rpartition(".")[0][:44], item.title.rpartition(".")[2]) for item in items}
    assume(len(stems) == len({stem for stem, _ in stems}))  # a HEIC and a JPG of one name: their halves cannot be told apart
    folder = make_folder(items, style, True, suffix)
    assert wrong(folder, run(folder)) == []


@settings(max_examples=60, deadline=None)
@given(rich_items.filter(unique_titles), styles, st.sampled_from(["-edited", "-ha editado"]))
def test_edited_versions_and_moving_halves_of_short_names_are_all_found(items, style, suffix):
    short = [item for item in items if utf16_len(item.title) < 38 and item.title.rpartition(".")[0] not in stems_twice(items)]
    folder = make_folder(short, style, True, suffix)
    found = run(folder)
    assert (found.edited_of, found.live_of, found.alone) == (folder.edited_of, folder.live_of, [])


def stems_twice(items: list[Made]) -> set[str]:
    """Stems of two items: their moving halves cannot be told apart by name."""
    stems = [item.title.rpartition(".")[0] for item in items]
    return {stem for stem in stems if stems.count(stem) > 1}


@given(plain_items, styles, st.booleans(), st.randoms(use_true_random=False))
def test_what_is_paired_by_its_full_name_at_once_is_what_the_steps_pair(items, style, shared, random):
    """Some titles are other ones, as hands and programs change them."""
    folder = make_folder(items, style, shared)
    media = [name for name in folder.media if random.random() < 0.9]
    sidecars = {
        name: random.choice([title, title, title, name[:-5], None, f" {title}"]) for name, title in folder.sidecars.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("datasette_gphotos_dedupe.sources.takeout.sidecars._Pairer.step_by_full_name", lambda self: None)
        expected = pair_folder(media, sidecars)
    found = pair_folder(media, sidecars)
    assert found == expected
