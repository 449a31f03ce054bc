"""The group that every command joins with `@cli.command()`. A GphotosError becomes one sentence and exit status 1."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from ..errors import GphotosError
from .terminal import plain_output

MODULES_OF_COMMANDS = ("demo", "finding", "google", "importing", "matching", "publishing", "reviewing", "status")


class _Group(click.Group):
    def main(self, *args: Any, **kwargs: Any) -> Any:
        with plain_output():
            return super().main(*args, **kwargs)

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


def load_commands() -> None:
    """Import every module that adds commands to the group."""
    for name in MODULES_OF_COMMANDS:
        import_module(f".{name}", __package__)
