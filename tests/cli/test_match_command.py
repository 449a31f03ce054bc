from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.store.database import open_database
from tests.pictures import add_photos, photo_rows, picture

load_commands()


@pytest.fixture
def path(tmp_path):
    """One file twice, the one uploaded first and one with a place uploaded later, not matched yet: neither holds more pixels."""
    common = {"taken_at": "2020-01-01T10:00:00Z", "camera_taken_at": "2020-01-01T10:00:00.120", "sha1": "a file"}
    db = open_database(tmp_path / "photos.db")
    add_photos(
        db,
        [
            photo_rows("early", picture(1), uploaded_at="2019-01-01T00:00:00Z", **common),
            photo_rows("placed", picture(1), uploaded_at="2020-01-01T00:00:00Z", latitude=1.0, longitude=1.0, **common),
        ],
    )
    db.conn.close()
    return str(tmp_path / "photos.db")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["match", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def keepers(path: str) -> list[tuple]:
    db = open_database(path)
    rows = db.execute("SELECT keeper_id FROM groups").fetchall()
    db.conn.close()
    return rows


def test_match_tells_what_it_did(path):
    told = re.sub(r"[\d.]+ kB", "SIZE", run(path, "-s"))
    assert told == (
        "Compared 2 of 2 photos: 1 group, 1 of them new or changed.\n"
        f"1 copy is proved and can go: SIZE. Look at them: gphotos-to-sqlite review {path}\n"
    )


def test_a_dry_run_names_each_changed_keeper_and_changes_nothing(path):
    run(path, "-s")
    output = run(path, "--dry-run", "--keeper-rules", "earliest")
    first, second = output.splitlines()
    assert first.startswith("1 of 1 groups would keep another photo. Suggested for removal: 1 photos (")
    assert second == "  early.jpg (640 x 480) instead of placed.jpg (640 x 480): kept: uploaded first (2019-01-01)"
    assert keepers(path) == [("placed",)]


def test_keeper_rules_are_remembered_for_the_next_time(path):
    run(path, "-s", "--keeper-rules", "earliest")
    run(path, "-s")
    assert keepers(path) == [("early",)]


def test_keeper_rules_come_from_the_configuration_of_datasette(path, tmp_path):
    config = tmp_path / "datasette.yml"
    config.write_text("plugins:\n  datasette-gphotos-dedupe:\n    keeper_rules: [earliest]\n")
    run(path, "-s", "--config", str(config))
    assert keepers(path) == [("early",)]


def test_the_default_rules_can_be_had_back(path):
    run(path, "-s", "--keeper-rules", "earliest")
    run(path, "-s", "--keeper-rules", "default")
    assert keepers(path) == [("placed",)]


def test_an_unknown_rule_is_one_sentence(path):
    assert run(path, "--keeper-rules", "beauty").startswith("Error: There is no keeper rule called 'beauty'.")


def test_a_configuration_that_is_none_is_one_sentence(path, tmp_path):
    config = tmp_path / "datasette.yml"
    config.write_text("- a\n- list\n")
    assert run(path, "--config", str(config)).endswith(
        f"Error: Invalid value for --config: {config} is not a Datasette configuration in YAML or JSON.\n"
    )


@pytest.mark.parametrize("remembered", ["{}", "[", "5", '{"rules": 5, "formats": [], "protected_albums": []}'])
def test_rules_that_cannot_be_read_back_are_asked_for_again(path, remembered):
    db = open_database(path)
    with db.atomic():
        db["match_state"].insert({"name": "policy", "value": remembered}, pk="name", replace=True)
    db.conn.close()
    assert run(path, "-s") == (
        "Error: The keeper rules that the database remembers (policy in its table match_state) cannot be read. No group was changed. "
        "Give the rules once more: gphotos-to-sqlite match DATABASE --keeper-rules default\n"
    )
    run(path, "-s", "--keeper-rules", "default")
    assert keepers(path) == [("placed",)]
