"""Names as real exports have them: which sidecar, which original and which picture each file belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasette_gphotos_dedupe.sources.takeout.naming import cut, units
from datasette_gphotos_dedupe.sources.takeout.sidecars import Pairing, pair_folder

NEW = ".supplemental-metadata"
LONG = "original_1d4caa6f-16c6-4c3d-901b-9387de10e528_PXL_20220516_164814158.jpg"  # 72 characters


def pair(media: list[str], titles: dict[str, str | None]) -> Pairing:
    """The pairing of one folder; `titles` is sidecar without .json -> title."""
    return pair_folder(media, {f"{name}.json": title for name, title in titles.items()})


def sidecars(found: Pairing) -> dict[str, str]:
    return {media: name.removesuffix(".json") for media, (name, _) in found.sidecar_of.items()}


def read_table() -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The two halves of takeout_names.txt: names that belong together, and names that never do."""
    text = Path(__file__).with_name("takeout_names.txt").read_text(encoding="utf-8")
    halves = [[tuple(line.split(" | ")) for line in half.splitlines()[1:]] for half in text.split("\n\n")]
    return halves[0], halves[1]


ONE_TO_ONE, NEVER = read_table()


@pytest.mark.parametrize("media, sidecar, title", ONE_TO_ONE)
def test_a_media_file_finds_its_sidecar(media, sidecar, title):
    found = pair([media], {sidecar: title})
    assert (sidecars(found), found.orphans, found.alone) == ({media: sidecar}, [], [])


@pytest.mark.parametrize("media, sidecar, title", ONE_TO_ONE)
def test_a_media_file_finds_its_sidecar_whatever_its_title_lost(media, sidecar, title):
    """Very old exports have sidecars without a title: names that say enough by themselves are believed."""
    found = pair([media], {sidecar: None})
    assert sidecars(found) in ({media: sidecar}, {})


@pytest.mark.parametrize("media, sidecar, title", NEVER)
def test_a_media_file_does_not_take_a_sidecar_of_another(media, sidecar, title):
    found = pair([media], {sidecar: title})
    assert (sidecars(found), found.orphans, found.alone) == ({}, [f"{sidecar}.json"], [media])


def test_blanks_around_a_title_do_not_count():
    assert sidecars(pair(["b.jpg"], {f"b.jpg{NEW}": " b.jpg "})) == {"b.jpg": f"b.jpg{NEW}"}


def test_a_numbered_pair_is_told_apart_by_its_numbers():
    found = pair(
        ["a.jpg", "a(1).jpg", "a(2).jpg"], {f"a.jpg{NEW}(2)": "a.jpg", f"a.jpg{NEW}": "a.jpg", f"a.jpg{NEW}(1)": "a.jpg"}
    )
    assert sidecars(found) == {"a.jpg": f"a.jpg{NEW}", "a(1).jpg": f"a.jpg{NEW}(1)", "a(2).jpg": f"a.jpg{NEW}(2)"}


def test_a_title_with_a_number_and_a_second_item_of_the_name_are_told_apart_by_the_titles():
    titles = {f"a.jpg{NEW}": "a.jpg", f"a(1).jpg{NEW}": "a(1).jpg", f"a.jpg{NEW}(2)": "a.jpg"}
    found = pair(["a.jpg", "a(1).jpg", "a(2).jpg"], titles)
    assert sidecars(found) == {"a.jpg": f"a.jpg{NEW}", "a(1).jpg": f"a(1).jpg{NEW}", "a(2).jpg": f"a.jpg{NEW}(2)"}


def test_two_sidecars_that_could_be_of_one_file_are_reported_and_neither_is_taken():
    found = pair(["a(1).jpg"], {f"a.jpg{NEW}(1)": "a.jpg", f"a(1).jpg{NEW}": "a(1).jpg"})
    assert (sidecars(found), found.alone, len(found.orphans)) == ({}, ["a(1).jpg"], 2)


def test_two_cut_names_that_differ_in_their_last_character_are_told_apart_by_the_titles():
    stem = "x" * 46
    media = [f"{stem}a.jpg", f"{stem}b.jpg"]
    found = pair(media, {stem: f"{stem}bbb.jpg"})
    assert (sidecars(found), found.alone) == ({media[1]: stem}, [media[0]])


def test_names_that_share_a_long_beginning_do_not_take_each_others_sidecars():
    media = ["IMG_20230101_100000_holiday_in_the_mountains_1.jpg", "IMG_20230101_100000_holiday_in_the_mountains_12.jpg"]
    titles = {cut(name, 46): name for name in media[1:]} | {"IMG_20230101_100000_holiday_in_the_mountains_1"[:46]: media[0]}
    found = pair(media, titles)
    assert all(titles[sidecar] == name for name, sidecar in sidecars(found).items())


EDITED = [
    ("IMG_1.jpg", "IMG_1-edited.jpg"),
    ("IMG_1.HEIC", "IMG_1-edited.jpg"),
    ("IMG_1.jpg", "IMG_1-EDITED.jpg"),
    ("IMG_1(1).jpg", "IMG_1-edited(1).jpg"),
    *(
        ("Foto.jpg", f"Foto{suffix}.jpg")
        for suffix in (
            "-bearbeitet", "-modifié", "-ha editado", "-editado", "-modificato", "-bewerkt", "-edytowane", "-editat", "-編集済み",
            "-muokattu", "-düzenlendi", "-измененный", "-отредактировано", "-已修改", "-编辑", "-已編輯", "-편집됨", "-відредаговано",
            "-redigeret", "-upravené",
        )
    ),
    # cut by the limit
    ("20190628_183804_a_name_of_forty_characters.jpg", "20190628_183804_a_name_of_forty_characters-edit.jpg"),
    ("20190628_183804_a_name_of_forty_char.jpg", "20190628_183804_a_name_of_forty_char-ha editado.jpg"[:47] + ".jpg"),
]  # fmt: skip


@pytest.mark.parametrize("original, edited", EDITED)
def test_an_edited_version_belongs_to_its_original(original, edited):
    title = original.replace("(1)", "")
    number = "(1)" if "(1)" in original else ""
    found = pair([edited, original], {f"{cut(title + NEW, 46)}{number}": title})
    assert (found.edited_of, found.alone, found.orphans) == ({edited: original}, [], [])


def test_an_edited_version_whose_suffix_did_not_fit_collides_with_its_original():
    media = ["original_1d4caa6f-16c6-4c3d-901b-9387de10e528_P.jpg", "original_1d4caa6f-16c6-4c3d-901b-9387de10e528_P(1).jpg"]
    found = pair(media, {"original_1d4caa6f-16c6-4c3d-901b-9387de10e528_": LONG})
    assert (found.edited_of, found.orphans) == ({media[1]: media[0]}, [])


def test_an_edited_version_alone_takes_the_sidecar_of_its_missing_original():
    found = pair(["IMG_1-edited.jpg"], {f"IMG_1.jpg{NEW}": "IMG_1.jpg"})
    assert sidecars(found) == {"IMG_1-edited.jpg": f"IMG_1.jpg{NEW}"}


def test_an_edited_version_with_a_sidecar_of_its_own_is_an_item_of_its_own():
    found = pair(
        ["IMG_1.jpg", "IMG_1-edited.jpg"], {f"IMG_1.jpg{NEW}": "IMG_1.jpg", f"IMG_1-edited.jpg{NEW}": "IMG_1-edited.jpg"}
    )
    assert (len(found.sidecar_of), found.edited_of) == (2, {})


def test_a_numbered_edited_version_belongs_to_the_only_original_that_there_is():
    found = pair(["IMG_1.jpg", "IMG_1-edited.jpg", "IMG_1-edited(1).jpg"], {f"IMG_1.jpg{NEW}": "IMG_1.jpg"})
    assert found.edited_of == {"IMG_1-edited.jpg": "IMG_1.jpg", "IMG_1-edited(1).jpg": "IMG_1.jpg"}


def test_two_edited_versions_of_a_missing_original_are_one_item():
    found = pair(["X-edited(1).jpg", "X-edited.jpg"], {"X.jpg": "X.jpg"})
    assert (sidecars(found), found.edited_of) == ({"X-edited.jpg": "X.jpg"}, {"X-edited(1).jpg": "X-edited.jpg"})


def test_a_numbered_edited_version_never_belongs_to_another_number():
    titles = {f"IMG_1.jpg{NEW}": "IMG_1.jpg", f"IMG_1.jpg{NEW}(1)": "IMG_1.jpg"}
    found = pair(["IMG_1.jpg", "IMG_1-edited(1).jpg"], titles)
    assert (found.edited_of, sidecars(found)["IMG_1-edited(1).jpg"]) == ({}, f"IMG_1.jpg{NEW}(1)")


LIVE = [
    ("IMG_1.HEIC", "IMG_1.MP4"),
    ("IMG_1.HEIC", "IMG_1.MOV"),
    ("IMG_1.JPG", "IMG_1.mov"),
    ("IMG_1(1).HEIC", "IMG_1(1).MP4"),
    ("PXL_20210105_234051301.MP.jpg", "PXL_20210105_234051301.MP"),
    ("PXL_20210105_234051301.MP~2.jpg", "PXL_20210105_234051301.MP~2"),
    ("PXL_20210105_234051301.MP.jpg", "PXL_20210105_234051301.MP.mp4"),
    ("MVIMG_20190628_183804.jpg", "MVIMG_20190628_183804"),
    ("MVIMG_20190628_183804.jpg", "MVIMG_20190628_183804.MP4"),
    ("MVIMG_20190628_183804(1).jpg", "MVIMG_20190628_183804(1)"),
]


@pytest.mark.parametrize("picture, video", LIVE)
def test_a_moving_half_belongs_to_its_picture(picture, video):
    title = picture.replace("(1)", "")
    number = "(1)" if "(1)" in picture else ""
    found = pair([video, picture], {f"{cut(title + NEW, 46)}{number}": title})
    assert (found.live_of, found.alone, found.orphans) == ({video: picture}, [], [])


def test_a_video_with_a_sidecar_of_its_own_is_a_video():
    found = pair(["IMG_1.HEIC", "IMG_1.MP4"], {f"IMG_1.HEIC{NEW}": "IMG_1.HEIC", f"IMG_1.MP4{NEW}": "IMG_1.MP4"})
    assert (len(found.sidecar_of), found.live_of) == (2, {})


def test_the_first_and_the_second_motion_photo_keep_their_own_halves():
    stem = "PXL_20210105_234051301.MP"
    media = [f"{stem}.jpg", stem, f"{stem}~2.jpg", f"{stem}~2"]
    titles = {cut(f"{name}{NEW}", 46): name for name in (media[0], media[2])}
    found = pair(media, titles)
    assert found.live_of == {stem: f"{stem}.jpg", f"{stem}~2": f"{stem}~2.jpg"}


def test_a_moving_half_that_could_be_of_two_pictures_is_reported():
    media = ["IMG_1.HEIC", "IMG_1.JPG", "IMG_1.MOV"]
    found = pair(media, {f"{name}{NEW}": name for name in media[:2]})
    assert (found.live_of, found.alone) == ({}, ["IMG_1.MOV"])


def test_a_raw_file_and_its_jpeg_are_two_items():
    media = ["DSC_1.NEF", "DSC_1.JPG"]
    found = pair(media, {f"{name}{NEW}": name for name in media})
    assert sidecars(found) == {name: f"{name}{NEW}" for name in media}


MADE = ("-EFFECTS", "-effects", "-smile", "-mix", "-COLLAGE", "-ENHANCED", "-auto-effects", "~2", "-retocada", "-EFFECTS-edited")


@pytest.mark.parametrize("mark", MADE)
def test_what_was_made_of_a_picture_belongs_to_it_unless_it_has_a_sidecar(mark):
    own = {f"IMG_1.jpg{NEW}": "IMG_1.jpg"}
    name = f"IMG_1{mark}.jpg"
    assert pair(["IMG_1.jpg", name], own).edited_of == {name: "IMG_1.jpg"}
    assert pair(["IMG_1.jpg", name], {**own, f"{name}{NEW}": name}).edited_of == {}


def test_an_animation_belongs_to_the_picture_that_it_was_made_of():
    assert pair(["IMG_1.jpg", "IMG_1-ANIMATION.gif"], {f"IMG_1.jpg{NEW}": "IMG_1.jpg"}).edited_of == {
        "IMG_1-ANIMATION.gif": "IMG_1.jpg"
    }


def test_a_word_that_is_no_mark_says_nothing_where_the_other_has_no_sidecar():
    assert pair(["IMG_1.jpg", "IMG_1-retocada.jpg"], {}).edited_of == {}
    assert pair(["IMG_1.jpg", "IMG_1-smile.jpg"], {}).edited_of == {}


@pytest.mark.parametrize("mark", ["-smile", "-effects", "-mix", "-edited", "-bearbeitet", "-edi", "-EFFE"])
def test_what_was_made_of_a_missing_picture_takes_its_sidecar(mark):
    assert sidecars(pair([f"IMG_1{mark}.jpg"], {"IMG_1.jpg": "IMG_1.jpg"})) == {f"IMG_1{mark}.jpg": "IMG_1.jpg"}


def test_a_word_that_no_mark_begins_with_takes_no_sidecar_of_a_missing_picture():
    assert sidecars(pair(["photo-to.jpg"], {"photo.jpg": "photo.jpg"})) == {}


def test_a_title_without_an_ending_serves_the_edited_version_of_a_missing_picture():
    assert sidecars(pair(["20030616-edited.jpg"], {"20030616": "20030616"})) == {"20030616-edited.jpg": "20030616"}
    found = pair(["20030616.jpg", "20030616-edited.jpg"], {"20030616": "20030616"})
    assert (sidecars(found), found.edited_of) == ({"20030616.jpg": "20030616"}, {"20030616-edited.jpg": "20030616.jpg"})


def test_an_edited_picture_is_no_version_of_a_film_of_that_name():
    assert pair(["X.mp4", "X-edited.jpg"], {"X.mp4": "X.mp4"}).edited_of == {}


def test_an_edited_film_of_a_live_photo_belongs_to_the_film():
    found = pair(["X.HEIC", "X.MP4", "X-edited.MP4"], {"X.HEIC": "X.HEIC"})
    assert (found.edited_of, found.live_of) == ({"X-edited.MP4": "X.MP4"}, {"X.MP4": "X.HEIC"})


def test_two_items_whose_endings_differ_in_case_alone_keep_their_own():
    titles = {"a.jpg": "a.jpg", "a.JPG": "a.JPG"}
    assert sidecars(pair(["a.jpg", "a.JPG"], titles)) == {"a.jpg": "a.jpg", "a.JPG": "a.JPG"}


def test_an_ending_in_another_case_counts_only_where_it_is_clear():
    assert sidecars(pair(["a.Jpg", "a.JPG"], {"a.jpg": "a.jpg"})) == {}


def test_of_both_styles_side_by_side_the_newer_is_used_and_the_older_is_no_orphan():
    found = pair(["a.jpg"], {"a.jpg": "a.jpg", f"a.jpg{NEW}": "a.jpg"})
    assert (sidecars(found), found.superseded) == ({"a.jpg": f"a.jpg{NEW}"}, {"a.jpg.json": f"a.jpg{NEW}.json"})


def test_of_both_styles_of_a_cut_name_the_newer_is_used_and_the_older_is_no_orphan():
    name = "1015524335_10152241455842214_523423_n.jpg"
    found = pair([name], {cut(name + NEW, 46): name, name: name})
    assert (sidecars(found)[name], found.orphans) == (cut(name + NEW, 46), [])


@pytest.mark.parametrize("text, limit", [("a" * 60, 46), ("😀" * 40, 46), ("a" + "😀" * 40, 46), ("é" * 60, 47), ("ab", 46)])
def test_a_cut_keeps_as_many_units_as_fit_and_no_half_characters(text, limit):
    found = cut(text, limit)
    rest = text[len(found) :]
    assert text.startswith(found) and units(found) <= limit
    assert not rest or units(found) + units(rest[0]) > limit


def test_a_sidecar_without_title_and_ending_serves_the_only_picture_of_its_name():
    assert sidecars(pair(["20030616.jpg"], {"20030616": None})) == {"20030616.jpg": "20030616"}
    assert sidecars(pair(["20030616.jpg", "20030616.png"], {"20030616": None})) == {}
