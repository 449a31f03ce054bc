"""A database that somebody made may hold any value anywhere: a sentence on every page and from every command, and no traceback."""

from __future__ import annotations

import shutil
import sqlite3

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.store.value_check import find_wrong_value
from datasette_gphotos_dedupe.web.site.routes import ROUTES
from tests.made_library import build_library, photo_id
from tests.pictures import jpeg, picture

from .site import GROUP, Site, make_datasette
from .test_permissions import example, mark

load_commands()
VALUES = ("x'00ff'", "'text'", "7", "1.5e300", "9223372036854775807", "-1")
TABLES = {
    "photos": "width, height, bytes, taken_at, filename, kind, latitude, mime_type, camera_taken_at, trashed, sha1, product_url",
    "groups": "reclaimable_bytes, taken_year, camera, origin, size, suggested_count",
    "group_members": "reason, role, relation, suggested",
    "pairs": "distance_bits, confidence, evidence, worst_block, time_gap_s",
    "fingerprints": "phash, variants, flatness, algorithm",
    "thumbnails": "content, width",
    "decisions": "decision, decided_at, actor, note",
    "decision_batches": "made_at, actor, description, decision_count",
    "files": "bytes, sha1, member",
    "pushes": "album_title, state, requested, created_at",
    "runs": "started_at, photos_added, message, command",
}
COLUMNS = [(table, column) for table, columns in TABLES.items() for column in columns.split(", ")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "photos.db"
    build_library(path, groups=3, size=3).close()
    mark(path, [])
    return path


def spoil(path, table: str, number: int, column: str) -> None:
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA ignore_check_constraints = ON")
    conn.execute("PRAGMA foreign_keys = OFF")
    for trigger in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", [table]).fetchall():
        conn.execute(f"DROP TRIGGER {trigger[0]}")  # as somebody would, who makes a file; pages do without
    conn.execute(f"UPDATE OR REPLACE {table} SET {column} = {VALUES[number]}")
    conn.commit()
    conn.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("table", TABLES)
async def test_no_page_ends_in_error_500(whole, tmp_path, table):
    failed = []
    for position, column in enumerate(TABLES[table].split(", ")):
        for number in ((position % 2) * 3, (position % 2) * 3 + 1):
            path = tmp_path / f"{column}{number}" / "photos.db"
            path.parent.mkdir()
            shutil.copy(whole, path)
            spoil(path, table, number, column)
            site = Site(make_datasette([path]), "root")
            pages = [example(route) for route in ROUTES] + [f"/photos/-/duplicates/{GROUP}/compare?b={photo_id(1)}"]
            for page in [*pages, "/photos/-/duplicates.json?state=all", f"/photos/-/duplicates/{GROUP}.json"]:
                answer = await site.get(page)
                failed += [(column, VALUES[number], page)] if answer.status_code >= 500 else []
    assert failed == []


@pytest.mark.parametrize("table", TABLES)
def test_no_command_ends_in_a_traceback(whole, tmp_path, table):
    from datasette_gphotos_dedupe.store.repair import repair_database

    (tmp_path / "a.jpg").write_bytes(jpeg(picture(1)))
    failed = []
    for position, column in enumerate(TABLES[table].split(", ")):
        path = tmp_path / f"{column}.db"
        shutil.copy(whole, path)
        spoil(path, table, position % 2, column)
        repair_database(path)
        for arguments in (["status"], ["find", tmp_path / "a.jpg"], ["export", tmp_path / f"{column}.out.db"], ["match"]):
            done = CliRunner().invoke(cli, [arguments[0], str(path), *map(str, arguments[1:])])
            if done.exception is not None and not isinstance(done.exception, SystemExit):
                failed.append((column, VALUES[position % 2], arguments[0], repr(done.exception)))
    assert failed == []


def test_the_check_names_the_column_and_finds_nothing_wrong_in_a_library(whole, tmp_path):
    conn = sqlite3.connect(whole)
    assert find_wrong_value(conn) is None
    conn.close()
    path = tmp_path / "photos.db"
    shutil.copy(whole, path)
    spoil(path, "photos", 0, "width")
    conn = sqlite3.connect(path)
    assert find_wrong_value(conn) == "the column width of photos holds a value of the kind blob, where only INTEGER belongs"
    conn.close()
