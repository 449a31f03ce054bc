"""What comes from outside is harmless wherever it goes out: on a terminal, as a link, in a spreadsheet."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.cli.terminal import plain_text
from datasette_gphotos_dedupe.formatting import csv_cell, web_link
from datasette_gphotos_dedupe.store.review.decisions import read_group, save_suggestion

from .made_library import build_library
from .pictures import jpeg, picture

load_commands()
PACKAGE = Path(__file__).parent.parent / "datasette_gphotos_dedupe"
ESCAPE = "=cmd\x1b]0;owned\x07\x1b[2J\x9b31m\u202egpj.exe\r"
LINK = "https://evil.example/photo/AF1Q"
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def library(tmp_path) -> Path:
    """Every text that a file name, a sidecar, an archive or an answer can bring steers a terminal, every link leads elsewhere."""
    path = tmp_path / "photos.db"
    db = build_library(path, groups=3, size=3)
    for group in list(db.query("SELECT group_id FROM groups")):
        save_suggestion(db.conn, group["group_id"], None, read_group(db.conn, group["group_id"]).seen)
    db.conn.commit()
    told = {"text": ESCAPE, "link": LINK, "now": "2026-01-01T00:00:00Z"}
    for sql in (
        "UPDATE photos SET filename = :text, description = :text, origin = :text, product_url = :link, media_key = NULL, source = :text",
        "UPDATE photos SET no_pixels = :text WHERE rowid = 1",
        "UPDATE files SET container = :text || rowid, member = :text",
        "UPDATE albums SET title = :text",
        "UPDATE group_members SET reason = :text",
        "UPDATE pairs SET evidence = :text",
        "UPDATE runs SET command = :text, message = :text",
        "INSERT INTO skipped (container, member, code, reason) VALUES (:text, :text, :text, :text)",
        """INSERT INTO parts (container, state, message, files_seen, files_used, sidecars, files_skipped)
           VALUES (:text, 'broken', :text, 1, 1, 0, 0)""",
    ):
        names = re.findall(r":(\w+)", sql)
        db.execute(sql, {name: told[name] for name in names})
    db.conn.commit()
    db.close()
    return path


def commands(library: Path, folder: Path) -> list[list[str]]:
    """Every command that prints what a library holds."""
    look = folder / "look"
    look.mkdir()
    (look / f"a{ESCAPE.replace('/', '')}.jpg").write_bytes(jpeg(picture(1)))
    (look / f"b{ESCAPE}.jpg").write_bytes(b"no picture")
    (look / f"c{ESCAPE}.tgz").write_bytes(b"no archive")
    db = str(library)
    return [
        ["status", db],
        ["find", db, *(str(path) for path in sorted(look.iterdir()))],
        ["find", db, "--json", str(look)],
        ["find", db, "--missing", str(look)],
        ["push", db, "--album", ESCAPE, "--dry-run"],
        ["handover", db, str(folder / "a.html"), "--album", ESCAPE],
        ["handover", db, str(folder / ESCAPE / "a.json")],
        ["match", db],
        ["fingerprint", db],
        ["export", db, str(folder / f"{ESCAPE}.db")],
        ["export", db, str(folder / "x.db"), "--group-filter", ESCAPE],
        ["report", db, str(folder / f"{ESCAPE}.html"), "--title", ESCAPE],
        ["takeout", str(folder / "new.db"), str(look / f"c{ESCAPE}.tgz")],
        ["takeout", str(folder / "new.db"), ESCAPE],
        ["folder", str(folder / "new2.db"), str(look), "--workers", "1"],
        ["toolkit-csv", db, str(look / f"b{ESCAPE}.jpg")],
        ["repair", db],
        ["status", str(folder / ESCAPE)],
        [ESCAPE],
    ]


def test_nothing_that_any_command_prints_steers_a_terminal_or_leads_elsewhere(library, tmp_path):
    known = set()
    for arguments in commands(library, tmp_path):
        done = CliRunner().invoke(cli, arguments)
        assert not isinstance(done.exception, Exception) or isinstance(done.exception, SystemExit), (arguments, done.exception)
        text = re.sub(r"(^|\n)\r[^\x1b\n]*", "", done.output)  # a line of progress begins so
        assert not STEERS.search(text), (arguments, text)
        assert LINK not in done.output, arguments
        known.add(arguments[0])
    silent = {"auth", "library", "picker", "demo", "metadata", "review"}  # print nothing of a library
    new = set(cli.commands) - known - silent
    assert not new, f"new commands: call them in commands() above, or name them in `silent` here: {new}"


def test_the_hostile_names_reach_the_terminal_as_text(library):
    done = CliRunner().invoke(cli, ["status", str(library)])
    assert "\\u001b]0;" in done.output and "owned" in done.output


def test_every_line_of_every_command_is_printed_through_one_place():
    """click.echo writes to sys.stdout, which is wrapped; what opened a stream of its own, or printed past it, would not be."""
    for path in (PACKAGE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in ("__stdout__", "__stderr__"), path
                assert ast.unparse(node) not in ("os.write", "sys.stdout.buffer", "sys.stderr.buffer"), path
    assert plain_text("a\tb\nc") == "a\tb\nc"


@pytest.mark.parametrize(
    "url",
    [LINK, "javascript:alert(1)", "https://photos.google.com.evil.example/", "https://evil.example/.google.com", "", None, 7],
)
def test_a_link_leads_to_google_or_nowhere(url):
    assert web_link(url) is None


def test_a_link_to_google_is_one():
    assert web_link("https://photos.google.com/photo/AF1Q") == "https://photos.google.com/photo/AF1Q"


def test_a_link_of_another_host_is_in_no_output_file(library, tmp_path):
    conn = sqlite3.connect(library)
    conn.execute("UPDATE photos SET media_key = photo_id")
    conn.commit()
    conn.close()
    for name in ("a.json", "a.csv", "a.html"):
        assert CliRunner().invoke(cli, ["handover", str(library), str(tmp_path / name)]).exit_code == 0
        assert LINK not in (tmp_path / name).read_text(encoding="utf8"), name


def test_a_sidecar_gives_no_link_but_to_google():
    from datasette_gphotos_dedupe.sources.takeout.sidecar_json import parse_json_file

    def link(url: str):
        return parse_json_file(
            json.dumps({"title": "a.jpg", "photoTakenTime": {"timestamp": "1"}, "url": url}).encode()
        ).product_url

    assert link("https://photos.google.com/photo/AF1QipAAAAAAAA") == "https://photos.google.com/photo/AF1QipAAAAAAAA"
    assert [link(url) for url in (LINK, "http://127.0.0.1:1/", "https://google.com.evil.example/")] == [None] * 3


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\r"])
def test_a_cell_is_never_a_formula(start):
    assert csv_cell(f"{start}HYPERLINK(1)").startswith("'")
    assert (csv_cell(-3), csv_cell(None), csv_cell("a=b")) == (-3, None, "a=b")


def test_every_csv_file_has_harmless_cells(library, tmp_path):
    conn = sqlite3.connect(library)
    conn.execute("UPDATE photos SET filename = '=HYPERLINK(1)', camera_model = '@SUM(1)', media_key = photo_id")
    conn.execute("UPDATE group_members SET reason = '+1'")
    conn.commit()
    conn.close()
    for arguments in (["export", str(library), str(tmp_path / "a.csv")], ["handover", str(library), str(tmp_path / "b.csv")]):
        assert CliRunner().invoke(cli, arguments).exit_code == 0
        rows = list(csv.reader(io.StringIO((tmp_path / arguments[2][-5:]).read_text(encoding="utf8"))))
        assert len(rows) > 3
        assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")]
    writers = [path.name for path in PACKAGE.rglob("*.py") if "csv.writer(" in path.read_text(encoding="utf8")]
    assert sorted(writers) == ["export.py", "handover_files.py"], "a new CSV file: add it above"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["status"], ["find"], ["metadata"]], ids=" ".join)
def test_a_full_output_is_a_sentence_and_no_traceback(library, tmp_path, arguments):
    (tmp_path / "a.jpg").write_bytes(jpeg(picture(1)))
    more = {"status": [str(library)], "find": [str(library), str(tmp_path / "a.jpg")]}.get(arguments[0], [])
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "datasette_gphotos_dedupe.cli", *arguments, *more],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    told = "Error: The output cannot be written: No space left on device. What was done until now is saved.\n"
    assert (done.returncode, done.stderr) == (1, told)
