"""What an export lacks was not deleted, unless the person says that the export is the whole library."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands

from ..exports import album, key, part, picture, sidecar, write_folder, year

OLD, NEW, NEWER = "20260601T000000Z", "20260801T000000Z", "20261001T000000Z"
JUNE, JULY = 1_780_000_000, 1_783_000_000  # before and after the old export
GONE = (
    "1 photo of an earlier export was not in the export of 2026-08-01, which you say is the whole library: it is gone from Google "
    "Photos, or in the bin. Marked as trashed, so that it never counts as the copy that stays."
)

load_commands()


def photos(*numbers: int, uploaded: int = JUNE, folder: str = "Photos from 2019", **more) -> dict[str, bytes]:
    """Pictures of these numbers with their sidecars in one folder."""
    members = {}
    for number in numbers:
        name = f"IMG_{number:04d}.jpg"
        told = sidecar(name, number, creationTime={"timestamp": str(uploaded)}, **more)
        members |= {f"{folder}/{name}": picture(number), f"{folder}/{name}.supplemental-metadata.json": told}
    return members


def old(folder, members, number=1):
    return part(folder, number, members, OLD)


def new(folder, members, number=1):
    return part(folder, number, members, NEW)


def yes(found):
    return True


def no(found):
    return False


def trashed(library) -> list[str]:
    return [row[0] for row in library.rows("SELECT photo_id FROM photos WHERE trashed ORDER BY 1")]


@pytest.fixture
def eight(library, tmp_path):
    """A library of eight photos in two years, of the old export."""
    library.takeout(old(tmp_path, {**photos(1, 2, 3, 4), **photos(5, 6, 7, 8, folder="Photos from 2020")}))
    return library


def test_a_scheduled_export_of_what_is_new_takes_nothing_away(eight, tmp_path):
    report = eight.takeout(new(tmp_path, {**photos(9, uploaded=JULY), **photos(10, uploaded=JULY, folder="Photos from 2020")}))
    assert (trashed(eight), eight.one("SELECT count(*) FROM photos")) == ([], 10)
    assert report.concluded == [
        "The export of 2026-08-01 holds 2 photos of your own, 2 of them new, where earlier exports showed 8: it is taken for one "
        "that holds only what is new or edited, as scheduled exports do. What it lacks stays as it is."
    ]
    assert eight.rows("SELECT concluded FROM runs ORDER BY run_id DESC LIMIT 1") == [(report.concluded[0],)]


def test_the_export_of_a_second_account_takes_nothing_away(eight, tmp_path):
    report = eight.takeout(new(tmp_path, photos(*range(21, 29))))
    assert trashed(eight) == []
    assert report.concluded == [
        "The export of 2026-08-01 holds 8 photos of your own, 8 of them new, where earlier exports showed 8: none of those is in it, "
        "and 8 of its photos were uploaded before 2026-06-01, so it is taken for one of another account or of other years. What it "
        "lacks stays as it is."
    ]


def test_an_export_whose_last_part_is_missing_takes_nothing_away(eight, tmp_path):
    """Nothing in the names of the parts tells that one more was to come."""
    report = eight.takeout(new(tmp_path, photos(1, 2, 3, 4, 5)))
    assert trashed(eight) == []
    assert report.concluded == [
        "The export of 2026-08-01 holds 5 photos of your own, 0 of them new, where earlier exports showed 8: 3 of them are not in it, "
        "which says nothing by itself. What it lacks stays as it is. If it is the whole library, the same command with "
        "--whole-library marks what it lacks as trashed."
    ]


def test_an_export_with_a_gap_in_its_parts_is_called_so(eight, tmp_path):
    report = eight.takeout(new(tmp_path, photos(1, 2, 3), number=2))
    assert trashed(eight) == []
    assert report.concluded == [
        "The export of 2026-08-01 holds 3 photos of your own, 0 of them new, where earlier exports showed 8: a part of it is missing. "
        "What it lacks stays as it is."
    ]


def test_an_export_that_lacks_nothing_needs_no_conclusion(eight, tmp_path):
    both = {**photos(1, 2, 3, 4, 9), **photos(5, 6, 7, 8, folder="Photos from 2020")}
    assert eight.takeout(new(tmp_path, both)).concluded == []


def test_an_export_unpacked_over_the_one_before_takes_nothing_away(library, tmp_path):
    folder = write_folder(tmp_path / "unpacked", photos(1, 2, 3))
    library.takeout(folder)
    for path in sorted(folder.rglob("*.*")):
        path.unlink()
    library.takeout(write_folder(folder, photos(9)))
    assert (trashed(library), library.one("SELECT count(*) FROM photos")) == ([], 4)


def test_what_a_whole_export_lacks_never_counts_as_the_copy_that_stays(eight, tmp_path):
    whole = {**photos(1, 2, 3), **photos(5, 6, 7, 8, folder="Photos from 2020")}
    report = eight.takeout(new(tmp_path, whole), whole_library=yes)
    assert (trashed(eight), report.concluded, report.refused) == ([key(4)], [GONE], None)
    assert eight.one("SELECT concluded FROM runs ORDER BY run_id DESC LIMIT 1") == GONE


def test_an_export_called_whole_after_it_was_imported_is_read_once_more_and_opens_nothing(eight, tmp_path):
    later = new(tmp_path, {**photos(1, 2, 3), **photos(5, 6, 7, 8, folder="Photos from 2020")})
    eight.takeout(later)
    report = eight.takeout(later, whole_library=yes)
    assert (trashed(eight), report.files_read) == ([key(4)], 0)


def test_nothing_is_marked_when_the_person_says_no(eight, tmp_path):
    report = eight.takeout(new(tmp_path, photos(1)), whole_library=no)
    assert trashed(eight) == []
    assert report.refused == (
        "Nothing was marked as trashed. 3 of 8 photos of earlier exports (37.5%) are not in the export of 2026-08-01. 4 photos of "
        "folders that it does not hold at all stay as they are. A scheduled export holds only what is new, and one of another account "
        "holds nothing of this one: import those without --whole-library. If this is the whole library all the same, run the same "
        "command with --whole-library --yes."
    )


def test_an_export_with_a_missing_part_is_never_the_whole_library(eight, tmp_path):
    report = eight.takeout(new(tmp_path, photos(1), number=2), whole_library=yes)
    assert trashed(eight) == []
    assert report.refused == "Nothing was marked as trashed: a part of the export is missing, so it is not the whole library."


def test_several_exports_called_whole_are_so_together(eight, tmp_path):
    first = tmp_path / f"takeout-{OLD}-001.zip"
    report = eight.takeout(first, new(tmp_path, photos(9, uploaded=JULY)), whole_library=yes)
    assert (trashed(eight), report.refused) == ([], None)
    assert report.concluded == ["The export of 2026-08-01 lacks no photo that earlier ones showed in its folders."]


def test_years_and_albums_that_a_whole_export_does_not_hold_are_left_alone(eight, tmp_path):
    members = {**photos(1, 2, 3, 4), "Trip/metadata.json": album("Trip"), **photos(11, folder="Trip")}
    eight.takeout(new(tmp_path, members), whole_library=yes)
    assert trashed(eight) == []


def test_a_photo_whose_new_file_is_damaged_is_not_gone(library, tmp_path):
    good = picture(2, (900, 700))
    library.takeout(old(tmp_path, {**year("a.jpg", picture(1), 1), **year("b.jpg", good, 2)}))
    later = new(tmp_path, {**year("a.jpg", picture(1), 1), **year("b.jpg", good[:2000], 2)})
    library.takeout(later, whole_library=yes)
    assert trashed(library) == []


def test_the_older_export_imported_again_does_not_bring_a_gone_photo_back(eight, tmp_path):
    eight.takeout(new(tmp_path, photos(1, 2, 3)), whole_library=yes)
    eight.takeout(tmp_path / f"takeout-{OLD}-001.zip")
    assert trashed(eight) == [key(4)]


def test_a_photo_that_is_back_in_a_third_export_counts_again(eight, tmp_path):
    eight.takeout(new(tmp_path, photos(1, 2, 3)), whole_library=yes)
    eight.takeout(part(tmp_path, 1, photos(4), NEWER))
    assert trashed(eight) == []


# -- the command -----------------------------------------------------------------------------------------------------


def run(library, *arguments):
    return CliRunner().invoke(cli, ["takeout", str(library.path), "-s", "--no-match", "--workers", "1", *map(str, arguments)])


def test_the_command_shows_the_number_and_refuses_a_large_one_where_nobody_can_be_asked(eight, tmp_path):
    result = run(eight, new(tmp_path, photos(1)), "--whole-library")
    assert result.exit_code == 1
    assert result.output.startswith("3 of 8 photos of earlier exports (37.5%) are not in the export of 2026-08-01.")
    assert "Error: Nothing was marked as trashed." in result.output
    assert trashed(eight) == []


def test_the_command_marks_a_large_number_when_it_was_confirmed(eight, tmp_path):
    result = run(eight, new(tmp_path, photos(1)), "--whole-library", "--yes")
    assert (result.exit_code, trashed(eight)) == (0, [key(2), key(3), key(4)])


def test_the_command_marks_a_small_number_after_showing_it(eight, tmp_path):
    whole = {**photos(1, 2, 3), **photos(5, 6, 7, 8, folder="Photos from 2020")}
    result = run(eight, new(tmp_path, whole), "--whole-library")
    assert (result.exit_code, trashed(eight)) == (0, [key(4)])
    assert result.output.startswith("1 of 8 photos of earlier exports (12.5%) are not in the export of 2026-08-01.")


def test_without_the_option_the_command_takes_nothing_away(eight, tmp_path):
    result = run(eight, new(tmp_path, photos(9, uploaded=JULY)))
    assert (result.exit_code, trashed(eight)) == (0, [])
    assert "as scheduled exports do" in result.output


def test_sidecars_alone_as_a_scheduled_export_may_bring_them_take_nothing_away(eight, tmp_path):
    told = json.dumps({"title": "IMG_0001.jpg", "url": f"https://photos.google.com/photo/{key(1)}", "photoTakenTime": {}})
    report = eight.takeout(new(tmp_path, {"Photos from 2019/IMG_0001.jpg.json": told.encode(), **photos(9)}))
    assert trashed(eight) == []
    assert report.warnings == [
        "A part of this export seems to be missing: 1 sidecar describes a picture that no given part holds. Download what is missing "
        "and run the same command with all parts; photos already read are not read again. If you gave all parts, Google left "
        "something out, as it may in a scheduled export of what is new."
    ]
