"""Commands that bring photos in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .command_line import cli

if TYPE_CHECKING:
    from ..pipeline.gone_photos import Vanishing

_silent = click.option("-s", "--silent", is_flag=True, help="Print no progress.")
_no_match = click.option("--no-match", is_flag=True, help="Only import; compare the photos later with the match command.")
_workers = click.option("--workers", type=click.IntRange(1, 64), help="Processes that read pictures; one per core if not given.")


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option("--whole-library", is_flag=True, help="The export holds the whole library: mark as trashed what it lacks.")
@click.option("-y", "--yes", is_flag=True, help="With --whole-library: do not ask, however much it lacks.")
@_no_match
@_workers
@_silent
@click.pass_context
def takeout(ctx, database, paths, whole_library, yes, no_match, workers, silent):
    """Import a Google Takeout export: zip or tgz parts, folders, or a mixture, read in place.

    Give all parts of an export at once: a picture and its metadata often lie in different parts.

    What an export lacks stays as it is: a scheduled one holds only what is new. With --whole-library, what earlier exports showed
    and this one lacks is marked as trashed; the number is shown first, and a large one is to be confirmed.
    """
    from ..pipeline.importing import import_takeout

    confirm = (lambda found: _confirms(found, yes)) if whole_library else None
    work = lambda db, progress: import_takeout(db, list(paths), progress, workers, confirm)  # noqa: E731
    _run(ctx, database, silent, no_match, workers, work)


def _confirms(found: Vanishing, yes: bool) -> bool:
    """Show what would be marked as trashed; ask where it is more than a library loses. Nobody there to answer means no."""
    click.echo(found.text)
    if found.is_small or yes:
        return True
    try:
        return sys.stdin.isatty() and click.confirm("Mark them as trashed?", default=False)
    except click.Abort:
        return False


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@click.argument("directories", nargs=-1, required=True, type=click.Path())
@_no_match
@_workers
@_silent
@click.pass_context
def folder(ctx, database, directories, no_match, workers, silent):
    """Import the pictures of one or more folders and their subfolders."""
    from ..pipeline.importing import import_folder

    _run(ctx, database, silent, no_match, workers, lambda db, progress: import_folder(db, list(directories), progress, workers))


@cli.command("toolkit-csv")
@click.argument("database", type=click.Path(dir_okay=False))
@click.argument("csv_file", metavar="METADATA.CSV", type=click.Path())
@click.option("--trash", is_flag=True, help="The file was exported from the trash: mark its photos as trashed.")
@_no_match
@_silent
def toolkit_csv(database, csv_file, trash, no_match, silent):
    """Add what the Google Photos Toolkit in the browser knows: keys, sizes, quality, albums, and photos no export has shown.

    In the toolkit (3.2 or newer), choose "Export metadata" for the library, or for albums. Photos already known are found by media
    key, else by content, else by name, time and size together, and only where exactly one fits. What an album lists is found by its
    content.
    """
    from ..pipeline.progress import Progress
    from ..pipeline.toolkit_import import import_toolkit_csv, listing_lines
    from ..store.database import open_database

    db = open_database(database)
    try:
        for line in listing_lines(import_toolkit_csv(db, csv_file, Progress(silent=silent), trash)):
            click.echo(line)
        if not no_match:
            _match(db, silent, database)
    finally:
        db.close()


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@_workers
@_silent
def fingerprint(database, workers, silent):
    """Look at the pictures that have no fingerprint, or one of an older version, where they lie.

    Importing does this by itself. Run it after an extra for RAW files or videos was installed, or after an update.
    """
    from ..pipeline.fingerprinting import fingerprint_library, fingerprint_lines
    from ..pipeline.progress import Progress
    from ..store.database import open_database

    db = open_database(database, create=False)
    try:
        for line in fingerprint_lines(fingerprint_library(db, Progress(silent=silent), workers)):
            click.echo(line)
    finally:
        db.close()


def _run(ctx, database, silent, no_match, workers, work) -> None:
    from ..errors import SourceError
    from ..pipeline.import_report import broken_text, summary_lines
    from ..pipeline.progress import Progress
    from ..store.database import open_database

    db = open_database(database)
    try:
        report = work(db, Progress(silent=silent))
        for line in summary_lines(report, str(database)):
            click.echo(line)
        if report.stopped:
            ctx.exit(130)  # what shells give for Ctrl-C
        _look(db, silent, workers)
        if not no_match:
            _match(db, silent, database)
        if report.broken:
            raise SourceError(broken_text(report))
        if report.forgotten or report.refused:
            raise SourceError(report.forgotten or report.refused)
    finally:
        db.close()


def _look(db, silent, workers) -> None:
    """What an earlier import could not look at, because an extra was missing, and can now."""
    from ..pipeline.fingerprinting import fingerprint_library, fingerprint_lines
    from ..pipeline.progress import Progress

    report = fingerprint_library(db, Progress(silent=silent), workers)
    if report.opened:
        for line in fingerprint_lines(report):
            click.echo(line)


def _match(db, silent, database) -> None:
    from ..pipeline.progress import Progress
    from .matching import describe_outcome, describe_report, run_match

    click.echo(describe_report(run_match(db, Progress(silent=silent))))
    click.echo(describe_outcome(db.conn, database))
