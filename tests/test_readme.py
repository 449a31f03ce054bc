"""The README is the whole manual, and it is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GENERATED = ("README.md", "docs/how-it-decides.md")


def test_what_is_generated_in_the_pages_is_as_the_code_is_now():
    setup = "import sys; sys.path.insert(0, '.')"
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "-p", setup, *GENERATED], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f'{done.stdout}{done.stderr}Run: python -m cogapp -r -p "{setup}" {" ".join(GENERATED)}'


def test_every_page_with_generated_parts_is_checked():
    assert {str(page.relative_to(ROOT)) for page in PAGES if "[[[cog" in page.read_text(encoding="utf8")} == set(GENERATED)


def test_the_page_on_matching_speaks_of_every_relation():
    from datasette_gphotos_dedupe.model import RELATIONS

    page = (ROOT / "docs" / "how-it-decides.md").read_text(encoding="utf8")
    assert [name for name in RELATIONS if f"`{name}`" not in page] == []


def test_the_pictures_of_the_pages_are_shown_and_small():
    pictures = sorted((ROOT / "docs" / "images").iterdir())
    shown = " ".join(page.read_text(encoding="utf8") for page in PAGES)
    assert [path.name for path in pictures if f"images/{path.name})" not in shown] == []
    assert sum(path.stat().st_size for path in pictures) < 600_000


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_link_to_a_file_leads_to_one(page):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_command_that_the_readme_shows_exists():
    from datasette_gphotos_dedupe.cli.command_line import cli, load_commands

    load_commands()
    shown = set(re.findall(r"gphotos-to-sqlite ([a-z][a-z-]+)", README))
    assert shown - set(cli.commands) == set()
    assert set(cli.commands) - shown == set()


def test_every_script_that_the_readme_shows_exists():
    shown = set(re.findall(r"scripts/([a-z_]+(?:\.py)?)", README))
    assert {name for name in shown if not (ROOT / "scripts" / name).exists()} == set()
