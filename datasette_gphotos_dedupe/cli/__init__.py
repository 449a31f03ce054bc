"""`gphotos-to-sqlite`: parse, call, print. A GphotosError becomes one sentence and exit status 1.

Each module beside this one adds its commands to the group with `@cli.command()`; `_load_commands` imports them.
"""

from __future__ import annotations

import sys

import click

from ..errors import GphotosError


class _Group(click.Group):
    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except GphotosError as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            from ..store.database import DAMAGED, is_damage

            if isinstance(error, UnicodeDecodeError) or not is_damage(error):
                raise
            raise click.ClickException(f"The database {DAMAGED.format(error)}") from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="datasette-gphotos-dedupe")
def cli() -> None:
    """Find near-duplicate pictures in a Google Photos library, with SQLite and Datasette."""


def _load_commands() -> None:
    from . import demo, finding, google, importing, matching, publishing, pushing, status  # noqa: F401


def main() -> None:
    """The entry point of the console script."""
    try:
        _load_commands()
    except KeyboardInterrupt:  # click says this itself once it runs
        click.echo("Aborted!", err=True)
        sys.exit(130)
    cli()
