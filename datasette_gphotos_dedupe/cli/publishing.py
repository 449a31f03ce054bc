"""Commands that hand results on: a copy to publish, a report, and the look-up of single pictures."""

from __future__ import annotations

from pathlib import Path

import click

from ..model import RELATIONS
from .command_line import cli

EXISTING = click.Path(path_type=Path)
_SELECTING = (
    click.option("--relation", "relations", multiple=True, type=click.Choice(RELATIONS), help="Only groups of this relation."),
    click.option("--group-filter", metavar="SQL", help="Only groups for which this condition on the table groups holds."),
    click.option("--since", metavar="DAY", help="Only groups with a photo imported or a decision made since, e.g. 2026-11-01."),
)


def _selecting(command):
    """Adds the options that choose groups, and hands them over as one Selection."""
    for option in reversed(_SELECTING):
        command = option(command)
    return command


def _publishing(thumbnails: str):
    """Adds the options about privacy; `thumbnails` is the default of the one about previews."""
    options = (
        click.option("--with-location", is_flag=True, help="Keep latitude and longitude."),
        click.option("--with-people", is_flag=True, help="Keep the names of people."),
        click.option("--with-descriptions", is_flag=True, help="Keep what was written about photos."),
        click.option("--no-names", is_flag=True, help="Replace ids, file names, albums and people by short stable names."),
        click.option(
            "--thumbnails",
            type=click.Choice(["full", "small", "none"]),
            default=thumbnails,
            show_default=True,
            help="Previews of up to 320 pixels, of 120, or none.",
        ),
    )

    def add(command):
        for option in reversed(options):
            command = option(command)
        return command

    return add


@cli.command()
@click.argument("database", type=EXISTING)
@click.argument("out", type=EXISTING)
@_selecting
@_publishing(thumbnails="full")
@click.option("--all-photos", is_flag=True, help="Also photos that are in no group.")
@click.option("--replace", is_flag=True, help="Write OUT anew if it exists.")
def export(database, out, relations, group_filter, since, replace, **options):
    """Write a copy of DATABASE to publish, without location, people, file paths, accounts and links.

    OUT is a SQLite file. Named .csv or .json it becomes a list of the photos in the chosen groups instead.
    """
    from ..export import ExportOptions, export_database, save_rows
    from ..store.matching.selected_groups import GroupSelection

    selection = GroupSelection(relations, group_filter, since)
    if out.suffix.lower() in (".csv", ".json"):
        written = save_rows(database, out, selection, replace=replace)
        click.echo(f"{written:,} rows written to {out}.")
        return
    report = export_database(database, out, ExportOptions(selection=selection, **options), replace=replace)
    rows = report.rows
    click.echo(
        f"{out}: {rows.get('groups', 0):,} groups, {rows.get('photos', 0):,} photos, {rows.get('thumbnails', 0):,} previews, "
        f"{report.bytes / 1e6:,.1f} MB. Look at it before you publish it: datasette -i {out}"
    )


@cli.command()
@click.argument("database", type=EXISTING)
@click.argument("out", type=EXISTING)
@_selecting
@_publishing(thumbnails="small")
@click.option("--title", default="Duplicate photos", show_default=True, help="The report's heading.")
@click.option("--replace", is_flag=True, help="Write OUT anew if it exists.")
def report(database, out, relations, group_filter, since, title, replace, **options):
    """Write a report of DATABASE as one HTML file: summary, plots, and every group with its pictures.

    It needs no other file, no network and no JavaScript, and can be printed. As in a copy, location, people, file paths,
    accounts and links stay out.
    """
    from ..export import ExportOptions
    from ..formatting import count
    from ..report import ReportOptions, save_report
    from ..store.matching.selected_groups import GroupSelection

    chosen = ExportOptions(selection=GroupSelection(relations, group_filter, since), **options)
    told = save_report(database, out, ReportOptions(chosen, title), replace=replace)
    click.echo(
        f"{out}: {count(told.groups, 'group')}, {count(told.photos, 'photo')} on {count(told.pages, 'page')}, "
        f"{told.bytes / 1e6:,.1f} MB. "
        "It is complete in itself: look at it in a browser before you hand it on."
    )


@cli.command()
@click.argument("names", nargs=-1)
def metadata(names):
    """Print metadata for Datasette: descriptions, facets, units and sort order of every table.

    NAMES are the database's names in Datasette, which are file names without .db; photos and report when none is given.
    """
    from ..metadata_file import metadata_yaml

    click.echo(metadata_yaml(names or ("photos", "report")), nl=False)
