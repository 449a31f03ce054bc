"""The README is the first five minutes, the pages in docs are the manual, and both are true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGE_IDS = [str(page.relative_to(ROOT)) for page in PAGES]
TEXT = "\n".join(page.read_text(encoding="utf8") for page in PAGES)
GENERATED = [name for name, page in zip(PAGE_IDS, PAGES, strict=True) if "[[[cog" in page.read_text(encoding="utf8")]
LONGEST_README = 12_000  # bytes: what a person reads in five minutes


def test_what_is_generated_in_the_pages_is_as_the_code_is_now():
    setup = "import sys; sys.path.insert(0, '.')"
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "-p", setup, *GENERATED], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f'{done.stdout}{done.stderr}Run: python -m cogapp -r -p "{setup}" {" ".join(GENERATED)}'


def test_what_can_be_looked_up_is_generated():
    assert [name for name in PAGE_IDS if name.startswith("docs/reference/") and name not in GENERATED] == []


def test_the_readme_is_read_in_five_minutes():
    assert len(README.encode()) <= LONGEST_README


def lines_that_fall_out_of_code(text: str) -> list[str]:
    """Lines that stand at the margin right before a line of code: they are shown as text, or two commands run together."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^(?![ \t]|[-*] |\d+\. )(.+)\n {4}", outside, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_every_block_of_code_is_one_from_its_first_line(page):
    assert lines_that_fall_out_of_code("one\n    two\n") == ["one"]
    assert lines_that_fall_out_of_code(page.read_text(encoding="utf8")) == []


def test_the_readme_names_the_tabs_and_the_button_as_the_pages_do():
    review, package = README.split("## Review")[1].split("## ")[0], ROOT / "datasette_gphotos_dedupe"
    labels = re.findall(r'(?:queue|Tab)\("\w+", "([^"]+)"', (package / "web" / "pages" / "tabs.py").read_text(encoding="utf8"))
    assert len(labels) == 6 and [label for label in labels if f"*{label}*" not in review] == []
    queue = (package / "templates" / "gphotos_queue.html").read_text(encoding="utf8")
    assert set(re.findall(r"\*(Accept[^*]*)\*", review)) == set(re.findall(r">(Accept all[^<]*)</a>", queue))


def test_the_page_on_matching_speaks_of_every_relation():
    from datasette_gphotos_dedupe.model import RELATIONS

    page = (ROOT / "docs" / "how-it-decides.md").read_text(encoding="utf8")
    assert [name for name in RELATIONS if f"`{name}`" not in page] == []


def test_every_picture_of_the_pages_is_shown_once_and_small():
    pictures = sorted((ROOT / "docs" / "images").iterdir())
    assert [(path.name, times) for path in pictures if (times := TEXT.count(f"images/{path.name})")) != 1] == []
    assert sum(path.stat().st_size for path in pictures) < 600_000


def test_every_page_can_be_reached_from_the_first():
    listed = re.findall(r"^[a-z/-]+$", (ROOT / "docs" / "index.md").read_text(encoding="utf8"), re.MULTILINE)
    pages = [str(page.relative_to(ROOT / "docs").with_suffix("")) for page in sorted((ROOT / "docs").rglob("*.md"))]
    assert sorted(listed) == [page for page in pages if page != "index"]


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_every_link_to_a_file_leads_to_one(page):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_every_link_to_a_heading_leads_to_one(page):
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)#([^)\s]+)\)", page.read_text(encoding="utf8"))
    missing = [f"{name}#{anchor}" for name, anchor in links if anchor not in anchors_of((page.parent / name) if name else page)]
    assert missing == []


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_commands_of_the_pages_are_those_that_exist():
    from datasette_gphotos_dedupe.cli.command_line import cli, load_commands

    load_commands()
    assert set(re.findall(r"gphotos-to-sqlite ([a-z][a-z-]+)", TEXT)) == set(cli.commands)


def test_every_script_that_the_pages_show_exists():
    shown = set(re.findall(r"scripts/([a-z_]+(?:\.py)?)", TEXT))
    assert {name for name in shown if not (ROOT / "scripts" / name).exists()} == set()


def test_the_version_stands_in_one_place_and_has_its_changes():
    (version,) = re.findall(r'^VERSION = "([0-9.]+)"$', (ROOT / "setup.py").read_text(encoding="utf8"), re.MULTILINE)
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf8"), re.MULTILINE)
    assert newest and newest[1] == version
    assert set(re.findall(r"datasette_gphotos_dedupe-([0-9.]+)-py3", TEXT)) == {version}
