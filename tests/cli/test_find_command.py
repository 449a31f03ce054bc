"""`gphotos-to-sqlite find`: what it prints and how it ends."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.store.database import open_database
from tests.pictures import add_photos, jpeg, photo_rows, picture

load_commands()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("find") / "photos.db"
    with open_database(path) as db:
        rows = [photo_rows(f"IMG_10{seed:02d}", picture(seed), 95) for seed in range(4)]
        for made in rows:
            made["photos"] |= {
                "filename": f"{made['photos']['photo_id']}.JPG",
                "product_url": f"https://photos.google.com/photo/{made['photos']['photo_id']}",
            }
        add_photos(db, rows)
    return path


@pytest.fixture
def card(tmp_path):
    """A folder with one picture of the library, one that is new, and something else."""
    (tmp_path / "DCIM").mkdir()
    (tmp_path / "DCIM" / "IMG_1001.jpg").write_bytes(jpeg(picture(1), 70))
    (tmp_path / "DCIM" / "new.jpg").write_bytes(jpeg(picture(77)))
    (tmp_path / "DCIM" / "notes.txt").write_text("not a picture")
    (tmp_path / ".Trash").mkdir()
    (tmp_path / ".Trash" / "old.jpg").write_bytes(jpeg(picture(78)))
    return tmp_path


def find(library, *arguments):
    return CliRunner().invoke(cli, ["find", str(library), *(str(argument) for argument in arguments)])


def test_a_picture_that_is_there_is_named_with_relation_and_link_and_the_status_is_0(library, card):
    result = find(library, card / "DCIM" / "IMG_1001.jpg")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == f"{card / 'DCIM' / 'IMG_1001.jpg'}: Yes: IMG_1001.JPG is the same picture."
    assert lines[1].startswith("  saved again: IMG_1001.JPG (640 × 480, ")
    assert lines[1].endswith(" of 256 bits differ")
    assert lines[2] == "    https://photos.google.com/photo/IMG_1001"


def test_of_a_new_picture_the_nearest_are_shown_and_the_status_is_1(library, card):
    result = find(library, card / "DCIM" / "new.jpg")
    assert result.exit_code == 1
    assert "No: nothing in the library shows this picture." in result.output
    assert result.output.count("  another picture: IMG_") == 3


def test_of_a_folder_the_missing_ones_can_be_listed_alone(library, card):
    result = find(library, "--missing", card)
    assert (result.exit_code, result.stdout) == (1, f"{card / 'DCIM' / 'new.jpg'}\n")
    assert result.stderr == "1 other file in the folders: neither pictures nor videos.\n"


def test_a_bad_picture_gets_a_sentence_and_the_rest_is_looked_up(library, card):
    broken = card / "DCIM" / "broken.jpg"
    broken.write_bytes(jpeg(picture(2))[:4000])
    result = find(library, broken, card / "nowhere.jpg", card / "DCIM" / "notes.txt", card / "DCIM" / "IMG_1001.jpg")
    assert result.exit_code == 2
    told = result.stderr.splitlines()
    assert told[0].startswith("broken.jpg cannot be looked up: ") or told[0].startswith(f"{broken} cannot be looked up: ")
    assert told[1] == f"{card / 'nowhere.jpg'} cannot be read: No such file or directory."
    assert told[2].endswith("its content is neither a picture nor a video in a format that is known.")
    assert "Yes: IMG_1001.JPG is the same picture." in result.stdout


def test_as_json_each_picture_has_its_answer(library, card):
    result = find(library, "--json", card / "DCIM" / "IMG_1001.jpg", card / "DCIM" / "new.jpg", card / "nowhere.jpg")
    told = json.loads(result.stdout)
    assert result.exit_code == 2
    assert [one["answer"] for one in told] == ["copy", "none", "unreadable"]
    assert told[0]["found"][0]["photo_id"] == "IMG_1001"
    assert told[0]["found"][0]["product_url"] == "https://photos.google.com/photo/IMG_1001"
    assert set(told[2]) == {"path", "answer", "message", "found", "nearest"}


def test_nothing_is_written(library, card):
    before = library.read_bytes()
    find(library, card)
    assert library.read_bytes() == before


def test_a_library_that_does_not_exist_is_an_error_and_not_a_no(card, tmp_path):
    result = find(tmp_path / "none.db", card)
    assert result.exit_code == 1
    assert "none.db does not exist." in result.output
