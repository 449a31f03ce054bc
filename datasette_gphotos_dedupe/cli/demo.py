"""`demo`: the whole way on a sample library, for a first look without an account."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import GphotosError
from .command_line import cli, load_commands

if TYPE_CHECKING:
    from ..demo.library import SampleLibrary


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@click.option(
    "--library",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-library"),
    show_default=True,
    help="Where the sample Takeout export is written.",
)
@click.option("--check", is_flag=True, help="Print what was found of each seeded kind; exit status 1 if something is amiss.")
@click.option("-s", "--silent", is_flag=True, help="Print nothing but errors and the check.")
def demo(database: str, folder: Path, check: bool, silent: bool) -> None:
    """Make a sample library of real pictures in DATABASE and run every step on it.

    The pictures are photographs that scikit-image and scikit-learn carry, where these are installed, and drawn scenes.
    """
    from ..demo.library import build_library
    from ..demo.photographs import INSTALL_COMMAND
    from ..store.database import open_database

    open_database(database).close()  # half a minute of drawing is for nothing where this does not go
    _make_folder(folder)
    library = build_library()
    if not silent and not library.photographs:
        click.echo(f"All pictures of this sample library are drawn. For real photographs: {INSTALL_COMMAND}")
    run_command("takeout", database, *make_takeout(library, folder), *(["--silent"] if silent else []))
    if check:
        print_findings(database, library.without_uploads(), must_pass=True)
    elif not silent:
        click.echo(f"Now look at it: gphotos-to-sqlite review {database}")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GphotosError(f"The folder {folder} cannot be made: {reason}. Name another one: --library FOLDER") from None


def make_takeout(library: SampleLibrary, folder: Path) -> list[Path]:
    """The sample export and the credits of its photographs in `folder`; returns the paths of the zip parts."""
    from ..demo.photographs import credits_text
    from ..demo.takeout import write_takeout

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "CREDITS.txt").write_text(credits_text(set(library.photographs)), encoding="utf8")
    return write_takeout(library.items, folder)


def run_command(name: str, *arguments: object) -> None:
    """Run one command of ours in this process, exactly as a person would type it."""
    load_commands()
    cli.commands[name].main([str(part) for part in arguments], prog_name=f"gphotos-to-sqlite {name}", standalone_mode=False)


def print_findings(database: str, library: SampleLibrary, must_pass: bool) -> None:
    """The table of seeded kinds; with `must_pass` it ends the program with status 1 when one of them is amiss."""
    from ..demo.check import check_library, findings_table

    with closing(sqlite3.connect(database)) as conn:
        findings = check_library(conn, library)
    click.echo(findings_table(findings))
    amiss = sum(bool(finding.trouble) for finding in findings)
    missed = sum(bool(finding.missed and not finding.trouble) for finding in findings)
    click.echo(
        f"{len(findings) - amiss - missed} of {len(findings)} seeded kinds are as they should be, {missed} are missed as documented."
    )
    if amiss and must_pass:
        sys.exit(1)
