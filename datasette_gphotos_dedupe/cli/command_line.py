"""The group that every command joins with `@cli.command()`. A GphotosError becomes one sentence and exit status 1."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from ..errors import GphotosError
from .terminal import plain_output

MODULES_OF_COMMANDS = ("demo", "finding", "google", "importing", "matching", "publishing", "repairing", "reviewing", "status")


class _Command(click.Command):
    """A command whose paths have names: an empty word, mostly an empty variable of the shell, would mean the folder one is in."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        for param in self.get_params(ctx):
            value = given.get(param.name or "")
            if isinstance(param.type, click.Path) and (value == "" or (isinstance(value, (tuple, list)) and "" in value)):
                raise click.BadParameter("it is empty. Name a file or folder.", ctx=ctx, param=param)
        return super().parse_args(ctx, args)


class _Group(click.Group):
    command_class = _Command

    def main(self, *args: Any, **kwargs: Any) -> Any:
        with plain_output():
            return super().main(*args, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if any("\0" in word for word in args):  # no system call takes it, and each would say so in its own way
            raise click.UsageError("An argument holds a NUL character, which no name of a file can hold.")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context):
        words = [*getattr(ctx, "_protected_args", ()), *ctx.args]
        try:
            return super().invoke(ctx)
        except GphotosError as error:
            raise click.ClickException(str(error)) from error
        except click.ClickException:
            raise
        except Exception as error:
            explained = _explain(error, words)
            if explained is None:
                raise
            raise click.ClickException(explained) from error


def _explain(error: Exception, words: list[str]) -> str | None:
    """A sentence for an error that the database of the command is the cause of; None when it is not."""
    from ..store.database import explain_error, is_damage
    from ..store.value_check import explain_wrong_value, find_wrong_value

    path = next((Path(word) for word in words[1:] if os.path.isfile(word)), None)
    if path is None or isinstance(error, (click.Abort, click.exceptions.Exit)):
        return None
    if is_damage(error) and not isinstance(error, UnicodeDecodeError):
        return explain_error(path, error)
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            clause = find_wrong_value(conn)
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    return explain_wrong_value(str(path), clause) if clause else None


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="datasette-gphotos-dedupe")
def cli() -> None:
    """Find near-duplicate pictures in a Google Photos library, with SQLite and Datasette."""


def load_commands() -> None:
    """Import every module that adds commands to the group."""
    for name in MODULES_OF_COMMANDS:
        import_module(f".{name}", __package__)
