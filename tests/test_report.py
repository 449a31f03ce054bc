"""The report: what is in the file, what is not, and what a browser makes of it."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from html import unescape
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.errors import GphotosError
from datasette_gphotos_dedupe.export import ExportOptions
from datasette_gphotos_dedupe.model import RELATIONS
from datasette_gphotos_dedupe.report import ReportOptions, save_report
from datasette_gphotos_dedupe.report.plots import bars, columns, nice_ceiling
from datasette_gphotos_dedupe.report.rows import GROUPS_A_PAGE, MEMBERS_SHOWN, plan_pages, read_distances, read_space_by_year
from datasette_gphotos_dedupe.store.matching.selected_groups import GroupSelection

from .made_library import build_library, photo_id
from .planted import plant

load_commands()


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "photos.db"
    build_library(path, groups=16).close()
    return path


def report(source, **options) -> str:
    title = options.pop("title", "Duplicate photos")
    target = source.with_name("report.html")
    chosen = ExportOptions(**{"thumbnails": "small", **options})
    save_report(source, target, ReportOptions(chosen, title), replace=True)
    return target.read_text(encoding="utf-8")


class Seen(HTMLParser):
    """Every attribute of a page by element and name, and ids."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[str] = []
        self.values: dict[tuple[str, str], list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            self.values.setdefault((tag, name), []).append(value or "")

    def all(self, name: str) -> list[str]:
        return [value for (_, other), values in self.values.items() if other == name for value in values]


def test_every_group_and_photo_is_in_the_report(library):
    seen = Seen(report(library))
    assert seen.tags.count("article") == 16
    assert seen.tags.count("img") == len(seen.values["img", "style"]) == 32
    assert all(style.startswith("content:url('data:image/jpeg;base64,/9j/") for style in seen.values["img", "style"])


def test_every_link_leads_to_a_place_in_the_file(library):
    seen = Seen(report(library))
    ids = seen.all("id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in seen.all("href")} <= set(ids)
    assert all(link.startswith("#") for link in seen.all("href"))


def test_nothing_in_the_file_runs_or_is_fetched(library):
    text = report(library)
    seen = Seen(text)
    assert {"script", "link", "iframe", "object", "form"} & set(seen.tags) == set()
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in seen.values["meta", "content"]
    assert re.findall(r"https?:|srcset|@import|javascript:", text) == []
    assert set(re.findall(r"url\(.{24}", text)) == {"url('data:image/jpeg;base64,"}


def test_what_is_sought_in_the_pages_is_told_from_child_to_child(library):
    """Else a browser looks through all that it has read of a report, again with every piece of it: 2 s for 10,000 groups."""
    (rule,) = re.findall(r"\.gp-report :is\(.gp-page:target.*?\{", report(library))
    sought = re.findall(r":has\(([^()]*)\)", rule)
    assert len(sought) == 2
    assert all(selector.strip().startswith("> ") for part in sought for selector in part.split(","))


def rename_all(library, name: str) -> None:
    with contextlib.closing(sqlite3.connect(library)) as conn, conn:
        conn.execute("UPDATE photos SET filename = ?", [name])


def test_names_that_look_like_markup_are_shown_as_they_are(library):
    rename_all(library, "<script>alert(1)</script>.jpg")
    text = report(library, title="<b>Mine</b>")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.jpg" in text
    assert "<script" not in text
    assert "<title>&lt;b&gt;Mine&lt;/b&gt;</title>" in text


def test_names_in_any_script_are_shown_from_a_file_that_needs_no_encoding(library):
    rename_all(library, "Zürich 写真 🌄.jpg")
    text = report(library, title="Été")
    assert text.isascii()
    assert set(Seen(text).values["img", "alt"]) == {"Zürich 写真 🌄.jpg"}
    assert "<title>&#201;t&#233;</title>" in text


def test_the_full_name_date_and_reason_of_a_photo_stand_beside_it(library):
    conn = sqlite3.connect(library)
    machine = "1f452645-0f2a-4c1b-9d3e-5a6b7c8d9e0f.jpg"
    conn.execute("UPDATE photos SET filename = ? WHERE photo_id = ?", [machine, photo_id(1)])
    conn.commit()
    conn.close()
    facts = re.findall(r'<br>([^<]*)<span class="gp-facts">([^<]*)</span>', unescape(report(library)))
    assert len(facts) == 32
    assert (
        "1f452645….jpg",
        f"{machine}, 320 × 240, 40 kB, JPEG, 2015-06-01 10:00:00. Same picture, 320 x 240 against 4032 x 3024.",
    ) in facts


PRIVATE = {
    "photos.latitude": "with_location",
    "photos.longitude": "with_location",
    "people.name": "with_people",
    "photos.description": "with_descriptions",
}


@pytest.mark.parametrize("option", [None, "with_location", "with_people", "with_descriptions", "no_names"])
def test_of_a_marker_in_every_column_only_what_the_options_let_out_is_in_the_report(tmp_path, option):
    planted = plant(tmp_path / "photos.db")
    content = report(tmp_path / "photos.db", **({option: True} if option else {})).encode()
    found = {column for column, betrays in planted.items() if any(marker in content for marker in betrays)}
    # The format is shown in capitals, as JPEG; the word of its column is in capitals too.
    shown = {"photos.filename", "photos.taken_at", "photos.mime_type", "group_members.reason", "groups.camera", "albums.title"}
    allowed = (shown if option != "no_names" else shown - {"photos.filename", "group_members.reason", "albums.title"}) | {
        column for column, needed in PRIVATE.items() if needed == option
    }
    assert found <= allowed
    assert {"groups.camera", *(column for column, needed in PRIVATE.items() if needed == option)} <= found


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("with_people", "People: Ada Example"),
        ("with_descriptions", "<br>At the lake"),
        ("with_location", "Place: 46.94810, 7.44740"),
    ],
)
def test_what_an_option_lets_out_is_shown(library, option, text):
    conn = sqlite3.connect(library)
    conn.execute("UPDATE photos SET description = 'At the lake', latitude = 46.9481, longitude = 7.4474")
    conn.execute("INSERT INTO people VALUES (1, 'Ada Example')")
    conn.execute("INSERT INTO photo_people VALUES (?, 1)", [photo_id(0)])
    conn.commit()
    conn.close()
    assert text not in report(library)
    assert text in report(library, **{option: True})


def test_without_thumbnails_there_is_no_picture(library):
    text = report(library, thumbnails="none")
    assert "<img" not in text
    assert text.count("no preview") == 32


def test_a_selection_is_obeyed_and_said(library):
    text = report(library, selection=GroupSelection(relations=("crop", "series"), since="2026-01-01"))
    assert text.count("<article") == 4
    assert (
        "Only these kinds: a part of it, taken seconds apart. Only groups with a photo imported or a decision made since 2026-01-01."
        in text
    )


def test_a_report_of_nothing_says_so(library):
    assert "There is no group to show." in report(library, selection=GroupSelection(relations=("mirrored",)))


def test_groups_are_cut_into_pages_by_relation_and_none_is_lost(tmp_path):
    build_library(tmp_path / "photos.db", groups=8 * (GROUPS_A_PAGE + 1), thumbnails=False).close()
    conn = sqlite3.connect(tmp_path / "photos.db")
    pages = plan_pages(conn)
    conn.close()
    assert [(page.number, page.of, len(page.group_ids)) for page in pages] == [(1, 2, GROUPS_A_PAGE), (2, 2, 1)] * 8
    assert [page.first for page in pages[:3]] == [1, 1 + GROUPS_A_PAGE, 2 + GROUPS_A_PAGE]
    assert len({group_id for page in pages for group_id in page.group_ids}) == 8 * (GROUPS_A_PAGE + 1)


def test_of_a_huge_group_the_rest_is_counted(tmp_path):
    build_library(tmp_path / "photos.db", groups=1, size=MEMBERS_SHOWN + 5).close()
    text = report(tmp_path / "photos.db")
    assert text.count('<figure class="gp-photo') == MEMBERS_SHOWN
    assert "and 5 more photos" in text


def test_years_and_distances_have_no_gap(library):
    conn = sqlite3.connect(library)
    conn.execute("UPDATE groups SET taken_year = 2010 WHERE group_id = ?", [photo_id(0)])
    conn.execute("UPDATE groups SET taken_year = NULL WHERE group_id = ?", [photo_id(2)])
    conn.execute("UPDATE pairs SET distance_bits = 13 WHERE relation = 'crop'")
    years, distances = read_space_by_year(conn), read_distances(conn)
    conn.close()
    assert list(years) == [*(str(year) for year in range(2010, 2025)), "no date"]
    assert years["2012"] == {}
    assert years["no date"] == {"re_encode": 40_000}
    assert list(distances) == ["0-3", "4-7", "8-11", "12-15"]
    assert distances["12-15"] == {"crop": 2}


@pytest.mark.parametrize(("value", "expected"), [(0.3, 0.4), (1, 1), (3, 4), (8.5, 10), (12, 20), (3.1e9, 4e9)])
def test_the_top_of_a_plot_is_a_number_that_quarters_well(value, expected):
    assert nice_ceiling(value) == pytest.approx(expected)


def test_columns_stack_up_to_their_sum():
    svg = columns("Sum", {"2019": {"crop": 10.0, "series": 30.0}}, RELATIONS, str)
    heights = [float(height) for height in re.findall(r'<rect class="r-[^"]+"[^>]* height="([\d.]+)"', svg)]
    assert heights[1] == pytest.approx(3 * heights[0], rel=0.01)
    assert 'aria-label="Sum"' in svg


def test_the_longest_bar_is_the_largest_value():
    svg = bars("Space", [("crop", "Crop", 5.0), ("series", "<Series>", 10.0)], str)
    widths = [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', svg)]
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.01)
    assert "&lt;Series&gt;" in svg


def test_an_existing_report_is_not_overwritten_and_nothing_is_left_lying_about(library):
    target = library.with_name("report.html")
    target.write_text("mine")
    with pytest.raises(GphotosError) as caught:
        save_report(library, target)
    assert str(caught.value) == f"{target} exists already. Choose another name, or add --replace to write it anew."
    assert target.read_text() == "mine"
    report(library)
    assert sorted(path.name for path in library.parent.glob("report*")) == ["report.html"]


def test_the_command_says_what_it_wrote(library):
    target = library.with_name("report.html")
    result = CliRunner().invoke(cli, ["report", str(library), str(target), "--relation", "crop"])
    assert result.exit_code == 0, result.output
    size = target.stat().st_size / 1e6
    assert result.output == (
        f"{target}: 2 groups, 4 photos on 1 page, {size:,.1f} MB. "
        "It is complete in itself: look at it in a browser before you hand it on.\n"
    )
