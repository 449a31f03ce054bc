"""`review`: one command to look. Datasette on the library as this program wants it, signed in, with the queue open."""

from __future__ import annotations

import os
import secrets
import shlex
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from ..errors import DatabaseError
from .command_line import cli
from .datasette_server import free_port, running_datasette

PORT = 8001  # Datasette's own
PLUGIN = "datasette-gphotos-dedupe"
# A library of 200,000 photos: facets and counts of its table pages take longer than Datasette waits by itself.
SETTINGS = {
    "sql_time_limit_ms": "10000",
    "facet_time_limit_ms": "2000",
    "facet_suggest_time_limit_ms": "200",
    "cache_size_kb": "100000",
    "max_returned_rows": "5000",
    "max_csv_mb": "0",
}


@dataclass(frozen=True)
class Review:
    """What is run: Datasette's arguments but for the file of descriptions, and whether the library can be written."""

    arguments: tuple[str, ...]
    writable: bool

    def long_form(self, database: Path, port: int) -> list[str]:
        """The commands that do the same, for a person to learn."""
        name = shlex.quote(database.stem)
        told = shlex.join(["datasette", *self.arguments, "-m", "metadata.yml", "--port", str(port)])
        return [f"gphotos-to-sqlite metadata {name} > metadata.yml", told]


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False, path_type=Path))
@click.option("-p", "--port", type=click.IntRange(1, 65535), help=f"Port of Datasette.  [default: {PORT}, or a free one]")
@click.option("--no-open", is_flag=True, help="Do not open a browser; print the link instead")
@click.option(
    "--setting", "settings", nargs=2, multiple=True, metavar="NAME VALUE", help="A setting of Datasette. May be repeated."
)
@click.option(
    "-a", "--auth", "auth_path", default="auth.json", show_default=True, help="Where the sign-in to Google is kept, for pushes"
)
def review(database: Path, port: int | None, no_open: bool, settings: Sequence[tuple[str, str]], auth_path: str) -> None:
    """Look at the duplicates in DATABASE: starts Datasette on it, on this machine only, and opens the queue, signed in.

    Where DATABASE cannot be written it is shown without the actions. Ctrl-C ends it.
    """
    plan = plan_review(database, settings, is_writable(database))
    if plan.writable:
        _bring_up_to_date(database)
    token, chosen = secrets.token_urlsafe(24), free_port(port or PORT) if port is None else port
    told, environment = _metadata(database, auth_path), {"GPHOTOS_REVIEW_TOKEN": token}
    with running_datasette(plan.arguments, chosen, environment=environment, metadata=told) as server, stopped_by_ctrl_c():
        link = f"{server.address}/-/gphotos-review?token={token}"
        for line in _greeting(plan, database, chosen, link, no_open):
            click.echo(line)
        if not no_open:
            open_on_desktop(link)
        server.process.wait()


def plan_review(database: Path, settings: Sequence[tuple[str, str]], writable: bool) -> Review:
    """What is run for this library. Pure. Settings that are given win over ours."""
    told = {**SETTINGS, **dict(settings)}
    options = [part for name, value in told.items() for part in ("--setting", name, value)]
    opened = [str(database)] if writable else ["-i", str(database)]
    return Review((*opened, "--root", *options), writable)


def is_writable(database: Path) -> bool:
    """Whether the file and its folder, for SQLite's journal, can be written. Raises DatabaseError when there is no file."""
    from ..store.database import refuse_no_file

    refuse_no_file(database)
    if not database.exists():
        raise DatabaseError(
            f"{database} does not exist. Import something first: gphotos-to-sqlite takeout {database} takeout-*.zip"
        )
    return os.access(database, os.W_OK) and os.access(database.resolve().parent, os.W_OK)


def _bring_up_to_date(database: Path) -> None:
    from ..store.database import open_database

    open_database(database, create=False).close()


def _metadata(database: Path, auth_path: str) -> dict:
    """Descriptions of all tables, and the sign-in to Google when there is one."""
    from ..metadata_file import metadata

    known = metadata((database.stem,))
    if os.path.isfile(auth_path):
        known["plugins"] = {PLUGIN: {"auth": str(Path(auth_path).resolve())}}
    return known


def _greeting(plan: Review, database: Path, port: int, link: str, no_open: bool) -> list[str]:
    lines = ["This runs:", *(f"  {line}" for line in plan.long_form(database, port))]
    if not plan.writable:
        lines.append(f"{database} cannot be written here, so it is only shown.")
    lines.append(f"{'Open' if no_open else 'Opening'} the queue, signed in (the link works once): {link}")
    return [*lines, "Ctrl-C ends it."]


def open_on_desktop(link: str) -> None:
    """Open a graphical browser, where there is a desktop: a text browser would take over the terminal."""
    if sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(link)


@contextmanager
def stopped_by_ctrl_c() -> Iterator[None]:
    """Ctrl-C is how a person ends this, from its first line on, and no fault."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("Stopped.")
