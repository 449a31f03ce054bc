"""`gphotos-to-sqlite`: parse, call, print.

Each module beside this one adds its commands to the group of `command_line`, which knows their names.
"""

from __future__ import annotations

import sys

import click

from .command_line import cli, load_commands

__all__ = ["cli", "main"]


def main() -> None:
    """The entry point of the console script."""
    try:
        load_commands()
    except KeyboardInterrupt:  # click says this itself once it runs
        click.echo("Aborted!", err=True)
        sys.exit(130)
    cli()
