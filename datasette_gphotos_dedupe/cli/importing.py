"""Commands that bring photos in."""

from __future__ import annotations

import click

from . import cli

_silent = click.option("-s", "--silent", is_flag=True, help="Print no progress.")
_no_match = click.option("--no-match", is_flag=True, help="Only import; compare the photos later with the match command.")
_workers = click.option("--workers", type=click.IntRange(1, 64), help="Processes that read pictures; one per core if not given.")


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@_no_match
@_workers
@_silent
@click.pass_context
def takeout(ctx, database, paths, no_match, workers, silent):
    """Import a Google Takeout export: zip or tgz parts, folders, or a mixture, read in place.

    Give all parts of an export at once: a picture and its metadata often lie in different parts.
    """
    from ..pipeline.importing import import_takeout

    _run(ctx, database, silent, no_match, lambda db, progress: import_takeout(db, list(paths), progress, workers))


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@click.argument("directory", type=click.Path())
@_no_match
@_workers
@_silent
@click.pass_context
def folder(ctx, database, directory, no_match, workers, silent):
    """Import the pictures of a folder and its subfolders."""
    from ..pipeline.importing import import_folder

    _run(ctx, database, silent, no_match, lambda db, progress: import_folder(db, directory, progress, workers))


def _run(ctx, database, silent, no_match, work) -> None:
    from ..errors import SourceError
    from ..pipeline.progress import Progress
    from ..pipeline.summary import summary_lines
    from ..store.database import open_database

    db = open_database(database)
    try:
        report = work(db, Progress(silent=silent))
        for line in summary_lines(report):
            click.echo(line)
        if report.stopped:
            ctx.exit(130)  # what shells give for Ctrl-C
        if not no_match:
            _match(db, silent)
        if report.broken:
            raise SourceError(" ".join(report.broken))
    finally:
        db.close()


def _match(db, silent) -> None:
    from ..pipeline.matching import match_library
    from ..pipeline.progress import Progress
    from .matching import describe_report

    click.echo(describe_report(match_library(db, Progress(silent=silent))))
