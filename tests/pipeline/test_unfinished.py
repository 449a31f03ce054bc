"""A match that was stopped says so wherever somebody looks for what there is to review, and one that ended does not."""

from __future__ import annotations

import asyncio

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.pipeline import matching, proving_on_originals
from datasette_gphotos_dedupe.store.database import open_database
from datasette_gphotos_dedupe.store.matching import unfinished
from datasette_gphotos_dedupe.store.matching.unfinished import read_unfinished
from tests import exports
from tests.pipeline.conftest import Library
from tests.pipeline.test_proving_on_originals import members
from tests.web.site import Site, make_datasette

load_commands()
LEFT = "The match was not finished: 3 pairs wait for proof, the groups were not brought up to date."
NO_GROUPS = "The match was not finished: the groups were not brought up to date."
NOTHING_TWICE = "No photo is there twice"


@pytest.fixture
def library(tmp_path):
    """One picture three times, imported and not compared."""
    library = Library(tmp_path / "photos.db")
    library.takeout(exports.write_zip(tmp_path / "takeout-1.zip", members(1)))
    yield library
    library.db.close()


def run(*arguments: str):
    return CliRunner().invoke(cli, list(arguments))


def stop(*_arguments, **_options):
    raise KeyboardInterrupt


def stopped_match(library, monkeypatch, module, name: str):
    """A match in which Ctrl-C comes as soon as this function is called."""
    with monkeypatch.context() as patched:
        patched.setattr(module, name, stop)
        return run("match", str(library.path), "--workers", "1", "-s")


def steps(library) -> list[str]:
    lines = run("status", str(library.path)).output.splitlines()
    return [line.strip() for line in lines[lines.index("Next:") + 1 :]]


def queue(library) -> tuple[str, str | None]:
    """The page, and what its JSON says of the match."""

    async def ask() -> tuple[str, str | None]:
        site = Site(make_datasette([library.path]))
        page, told = await site.get("duplicates"), await site.get("duplicates.json")
        return page.text, told.json()["unfinished"]

    return asyncio.run(ask())


def test_ctrl_c_says_that_what_was_found_is_saved(library, monkeypatch):
    result = stopped_match(library, monkeypatch, proving_on_originals, "prove_task")
    said = "Stopped. What was found until now is saved. Run the same command again; it goes on from there.\n"
    assert (result.exit_code, result.stdout) == (130, said)


def test_pairs_that_wait_are_not_taken_for_a_library_without_duplicates(library, monkeypatch):
    stopped_match(library, monkeypatch, proving_on_originals, "prove_task")
    assert library.rows("SELECT sum(wants_proof), (SELECT count(*) FROM groups) FROM pairs") == [(3, 0)]
    assert steps(library) == [f"{LEFT} Go on: gphotos-to-sqlite match {library.path}"]
    page, told = queue(library)
    assert f"{LEFT} Go on: <code>gphotos-to-sqlite match photos.db</code>" in page and NOTHING_TWICE not in page
    assert told == LEFT


def test_proved_pairs_whose_groups_were_not_made_are_told_as_well(library, monkeypatch):
    stopped_match(library, monkeypatch, matching, "make_groups")
    assert library.rows("SELECT sum(wants_proof), (SELECT count(*) FROM groups) FROM pairs") == [(0, 0)]
    assert steps(library) == [f"{NO_GROUPS} Go on: gphotos-to-sqlite match {library.path}"]
    assert queue(library)[1] == NO_GROUPS


def test_photos_that_were_only_imported_are_told_as_not_compared(library):
    assert steps(library) == [f"Compare what is new: gphotos-to-sqlite match {library.path}"]
    page, told = queue(library)
    assert told == "The match was not finished: 3 photos were not compared." and told in page


def test_a_stopped_match_that_went_on_to_its_end_is_an_ordinary_one(library, monkeypatch):
    stopped_match(library, monkeypatch, proving_on_originals, "prove_task")
    assert run("match", str(library.path), "--workers", "1", "-s").exit_code == 0
    assert not read_unfinished(library.db.conn)
    assert steps(library) == [f"Review the groups: gphotos-to-sqlite review {library.path}"]
    page, told = queue(library)
    assert told is None and "Go on" not in page


def test_a_library_that_was_compared_and_holds_each_picture_once_says_so(tmp_path):
    library = Library(tmp_path / "photos.db")
    one = dict(list(members(1).items())[:2])
    library.takeout(exports.write_zip(tmp_path / "takeout-1.zip", one))
    library.match()
    page, told = queue(library)
    assert told is None and NOTHING_TWICE in page
    assert steps(library) == ["Nothing to do. Import again when you have a new export."]
    library.db.close()


@pytest.mark.parametrize("sql", [unfinished._UNCOMPARED, unfinished._UNPROVED])
def test_what_every_page_asks_reads_no_long_rows(tmp_path, sql):
    db = open_database(tmp_path / "photos.db")
    ((*_, plan),) = db.conn.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
    db.conn.close()
    assert "USING" in plan and "INDEX" in plan, plan
