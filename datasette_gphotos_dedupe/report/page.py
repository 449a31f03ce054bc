"""Writes the report. It is made from the same stripped copy that `export` makes, so nothing can be in it that a copy may not hold."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from .. import captions, formatting
from ..export import ExportOptions, build_copy
from ..model import RELATIONS, REMOVABLE_RELATIONS
from ..store.output_file import refuse_target, writing
from ..store.writing import utc_now
from . import headlines, plots
from .rows import Page, Totals, plan_pages, read_distances, read_groups, read_space_by_year, read_totals

HERE = Path(__file__).parent
SHORT_GROUPS = 100  # so few are all shown at once


@dataclass(frozen=True)
class ReportOptions:
    """What goes into the report: the same choices as for a copy, and its title."""

    export: ExportOptions = field(default_factory=lambda: ExportOptions(thumbnails="small"))
    title: str = "Duplicate photos"


@dataclass(frozen=True)
class ReportSummary:
    """What was written."""

    groups: int
    photos: int
    pages: int
    bytes: int


def save_report(source: Path, target: Path, options: ReportOptions | None = None, replace: bool = False) -> ReportSummary:
    """Write the report to `target`, whole or not at all.

    Raises GphotosError when `target` exists (and `replace` is false) or is the library itself, DatabaseError when the library
    cannot be read.
    """
    options = options or ReportOptions()
    refuse_target(source, target, replace)
    with writing(target) as unfinished, tempfile.TemporaryDirectory(dir=target.parent, prefix=".gphotos-") as folder:
        copy = Path(folder) / "copy.db"
        build_copy(source, copy, options.export)
        conn = sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        conn.row_factory = sqlite3.Row
        # In ASCII, since a browser keeps text of one byte a character in half the memory and reads it in less time.
        with contextlib.closing(conn), unfinished.open("wb") as stream:
            pages, totals = plan_pages(conn), read_totals(conn)
            for text in _render(conn, pages, totals, options):
                stream.write(text.encode("ascii", "xmlcharrefreplace"))
    return ReportSummary(totals.groups, totals.photos, len(pages), target.stat().st_size)


def _render(conn: sqlite3.Connection, pages: list[Page], totals: Totals, options: ReportOptions) -> Iterator[str]:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("report.html")
    told = {
        "title": options.title,
        "made_on": utc_now()[:10],
        "totals": totals,
        "pages": pages,
        "short": totals.groups <= SHORT_GROUPS,
        "read_groups": lambda page: read_groups(conn, page),
        "plots": _plots(conn, totals),
        "limits": _limits(options.export),
        "options": options.export,
        "words": formatting,
        "captions": captions,
        "look": Markup(_look()),
        "figures": _figures(conn, totals),
        "removable": REMOVABLE_RELATIONS,
    }
    return template.generate(**told)


def _plots(conn: sqlite3.Connection, totals: Totals) -> list[dict[str, Any]]:
    by_relation = [(row[0], formatting.RELATION_LABELS[row[0]], float(row[3])) for row in totals.relations if row[3]]
    years, distances = read_space_by_year(conn), read_distances(conn)
    titles = ("Space to gain by kind", "Space to gain by the year the keeper was taken", "Pairs by differing bits of 256")
    headings = (headlines.kinds(by_relation), headlines.years(years), headlines.distances(distances))
    found: list[dict[str, Any]] = [
        {
            "title": titles[0],
            "svg": plots.bars(titles[0], by_relation, formatting.size),
            "table": None,
            "shown": bool(by_relation),
        },
        {
            "title": titles[1],
            "svg": plots.columns(titles[1], years, RELATIONS, formatting.size),
            "table": years,
            "shown": bool(years),
        },
        {
            "title": titles[2],
            "svg": plots.columns(titles[2], distances, RELATIONS, _whole),
            "table": distances,
            "shown": bool(distances),
        },
    ]
    for plot, number, heading in zip(found, (formatting.size, formatting.size, _whole), headings, strict=True):
        used = {name for stack in (plot["table"] or {}).values() for name in stack}
        plot.update(number=number, heading=heading or plot["title"], relations=[name for name in RELATIONS if name in used])
    return [plot for plot in found if plot["shown"]]


def _look() -> str:
    """The style sheet of the pages, to be written into the file: nothing is fetched."""
    return (HERE.parent / "static" / "review.css").read_text(encoding="utf-8")


def _figures(conn: sqlite3.Connection, totals: Totals) -> list[tuple[str, str]]:
    left = conn.execute("SELECT count(*) FROM groups WHERE suggested_count = 0 AND decided = 0").fetchone()[0]
    return [
        ("Groups still open", f"{totals.groups - totals.decided:,}"),
        ("Copies that can go", f"{totals.suggested:,}"),
        ("Space to gain", formatting.size(totals.reclaimable_bytes)),
        ("Groups left to a person", f"{left:,}"),
        ("Groups decided before", f"{totals.decided:,}"),
    ]


def _whole(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}".rstrip("0")


def _limits(options: ExportOptions) -> list[str]:
    """How the groups were chosen and what was left out, in words. A filter may hold names, so it is not quoted."""
    chosen = options.selection
    told = []
    if chosen.relations:
        told.append("Only these kinds: " + ", ".join(formatting.RELATION_LABELS[name].lower() for name in chosen.relations) + ".")
    if chosen.since:
        told.append(f"Only groups with a photo imported or a decision made since {chosen.since}.")
    if chosen.group_filter:
        told.append("Only groups that match a filter.")
    if options.no_names:
        told.append("Names of photos, albums and people are replaced by short ones that stay the same from report to report.")
    return told
