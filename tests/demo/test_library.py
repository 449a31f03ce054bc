from __future__ import annotations

import io
import sqlite3
from dataclasses import replace

import pytest
from PIL import Image

from datasette_gphotos_dedupe.core.pictures.decode import decode_picture
from datasette_gphotos_dedupe.demo.check import MISSING, check_library, findings_table
from datasette_gphotos_dedupe.demo.library import DIFFERENT, EDIT, PROTECTED, SAFE, SampleItem, SampleLibrary, Seed, media_key
from datasette_gphotos_dedupe.demo.photographs import PHOTOGRAPHS, credits_text
from datasette_gphotos_dedupe.model import RELATIONS, REMOVABLE_RELATIONS
from tests.made_library import build_library as build_rows
from tests.made_library import photo_id


def test_every_item_of_the_sample_library_is_a_picture_that_can_be_decoded(library):
    sizes = {item.title: decode_picture(item.content).image.size for item in library.items}
    assert min(min(size) for size in sizes.values()) >= 80


def test_every_kind_that_a_person_meets_is_seeded(library):
    expected = {relation for seed in library.seeds for relation in seed.expected}
    assert expected == {None, *RELATIONS}


def test_only_safe_copies_are_expected_under_a_removable_relation(library):
    loose = {seed.kind for seed in library.seeds if seed.sort == DIFFERENT and seed.expected & REMOVABLE_RELATIONS}
    strict = {seed.kind for seed in library.seeds if seed.sort == SAFE and not seed.expected <= REMOVABLE_RELATIONS}
    assert (loose, strict) == (set(), set())


def test_the_raw_file_of_the_sample_library_is_one_that_libraw_reads(library):
    rawpy = pytest.importorskip("rawpy")
    (raw,) = [item for item in library.items if item.title.endswith(".DNG")]
    with rawpy.imread(io.BytesIO(raw.content)) as opened:
        thumbnail = opened.extract_thumb()
        assert opened.postprocess().shape[:2] == (960, 1280)
    with Image.open(io.BytesIO(thumbnail.data)) as preview:
        assert preview.size == (1280, 960)


def test_a_photograph_is_used_only_with_a_stated_licence_and_credit():
    assert [photograph.name for photograph in PHOTOGRAPHS if not (photograph.licence and photograph.credit)] == []


def test_the_credits_name_each_photograph_that_was_used():
    assert credits_text({"rocket"}) == (
        "The photographs of this sample library:\n"
        "rocket: SpaceX; public domain; from the Python package skimage\n"
        "All other pictures were drawn by the program.\n"
    )


@pytest.fixture
def two_photos(tmp_path):
    """A database in which photo 0 is the keeper of photo 1, found as a smaller copy and suggested for removal."""
    db = build_rows(tmp_path / "photos.db", groups=1)
    yield db.conn
    db.close()


def _library(sort: str, *expected: str | None) -> SampleLibrary:
    items = (SampleItem("a.jpg", b"", 0, photo_id(0)), SampleItem("b.jpg", b"", 0, photo_id(1)))
    return SampleLibrary(items, (Seed("thumbnail", sort, photo_id(0), photo_id(1), frozenset(expected)),), frozenset())


def test_a_seed_found_as_expected_is_no_trouble(two_photos):
    (finding,) = check_library(two_photos, _library(SAFE, "smaller_copy"))
    assert (finding.found, finding.trouble) == ("smaller_copy", "")


def test_a_seed_found_under_another_relation_is_named(two_photos):
    (finding,) = check_library(two_photos, _library(SAFE, "re_encode"))
    assert finding.trouble == "expected re_encode"


def test_a_different_picture_that_is_offered_for_removal_is_shouted_about(two_photos):
    (finding,) = check_library(two_photos, _library(DIFFERENT, None))
    assert finding.trouble == "WRONGLY SUGGESTED FOR REMOVAL; expected no pair"


def test_a_protected_copy_that_is_offered_for_removal_is_shouted_about(two_photos):
    (finding,) = check_library(two_photos, _library(PROTECTED, "smaller_copy"))
    assert finding.trouble == "WRONGLY SUGGESTED FOR REMOVAL"


def test_both_photos_of_a_safe_pair_offered_for_removal_is_shouted_about(two_photos):
    two_photos.execute("UPDATE group_members SET suggested = 'remove'")
    (finding,) = check_library(two_photos, _library(SAFE, "smaller_copy"))
    assert finding.trouble == "WRONGLY SUGGESTED FOR REMOVAL"


def test_which_photo_of_a_safe_pair_stays_is_up_to_the_keeper_rules(two_photos):
    two_photos.execute("UPDATE group_members SET suggested = CASE suggested WHEN 'keep' THEN 'remove' ELSE 'keep' END")
    (finding,) = check_library(two_photos, _library(SAFE, "smaller_copy"))
    assert finding.trouble == ""


def test_a_seed_that_was_not_imported_is_named(two_photos: sqlite3.Connection):
    known = _library(SAFE, "smaller_copy")
    unknown = replace(known, seeds=(replace(known.seeds[0], copy=media_key("elsewhere")),))
    (finding,) = check_library(two_photos, unknown)
    assert (finding.found, finding.trouble) == (MISSING, MISSING)


@pytest.mark.parametrize("expected, trouble", [(("edited", None), ""), (("edited",), "expected edited")])
def test_an_edit_without_a_pair_is_trouble_unless_it_is_known_to_be_missed(two_photos: sqlite3.Connection, expected, trouble):
    two_photos.execute("DELETE FROM pairs")
    two_photos.execute("UPDATE group_members SET suggested = NULL")
    (finding,) = check_library(two_photos, _library(EDIT, *expected))
    assert (finding.found, finding.trouble, finding.missed) == ("no pair", trouble, 1)


def test_a_safe_copy_without_a_pair_is_trouble(two_photos: sqlite3.Connection):
    two_photos.execute("DELETE FROM pairs")
    two_photos.execute("DELETE FROM group_members")
    (finding,) = check_library(two_photos, _library(SAFE, "smaller_copy"))
    assert finding.trouble == "expected smaller_copy; not suggested for removal"


def test_the_findings_are_a_table_that_a_person_can_read(two_photos):
    table = findings_table(check_library(two_photos, _library(SAFE, "smaller_copy")))
    assert table.splitlines() == [
        "kind       sort       seeded  found as",
        "thumbnail  safe copy  1       smaller_copy  as it should be",
    ]
