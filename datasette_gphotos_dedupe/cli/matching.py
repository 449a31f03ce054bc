"""`match`: compare what is new, make groups, choose keepers."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from .command_line import cli

if TYPE_CHECKING:
    import sqlite3

    from ..core.groups.keeper import Policy
    from ..pipeline.grouping import PolicyChange
    from ..pipeline.matching import MatchOptions, MatchReport
    from ..pipeline.progress import Progress

SHOWN_CHANGES = 20
MAX_CONFIG_BYTES = 10_000_000


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@click.option("--keeper-rules", metavar="RULES", help="Which copy stays: rules in order, separated by commas, or 'default'.")
@click.option("--formats", metavar="FORMATS", help="For the rule 'format': preferred formats, best first, e.g. heic,jpeg.")
@click.option("--protected-album", "albums", metavar="TITLE", multiple=True, help="Photos in it are protected. May be repeated.")
@click.option("--config", type=click.Path(exists=True, dir_okay=False), help="Take the keeper rules from a datasette.yml.")
@click.option("--dry-run", is_flag=True, help="Say what the keeper rules would change and change nothing.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes that compare pixels.  [default: one for each core]")
@click.option("-s", "--silent", is_flag=True, help="No progress.")
def match(database, keeper_rules, formats, albums, config, dry_run, workers, silent) -> None:
    """Compare new photos with all others and bring pairs, groups and keepers up to date.

    Importing does this by itself. Keeper rules given here are remembered in the database: protected (favourites and protected
    albums), original (not storage saver), pixels, format, metadata, name (as the camera gave it, without a mark of copying),
    density (bytes per pixel), earliest (upload).
    """
    from ..pipeline.grouping import plan_change
    from ..pipeline.matching import MatchOptions
    from ..pipeline.progress import Progress
    from ..store.database import open_database

    policy = _policy(keeper_rules, formats, albums, config)
    db = open_database(database, create=False)
    try:
        options = MatchOptions(policy=policy, workers=workers)
        if dry_run:
            click.echo(describe_change(plan_change(db, policy or _current(db), workers)))
        else:
            click.echo(describe_report(run_match(db, Progress(silent=silent), options)))
            click.echo(describe_outcome(db.conn, database))
    finally:
        db.conn.close()


def _current(db) -> Policy:
    from ..pipeline.grouping import current_policy

    return current_policy(db)


def _policy(keeper_rules: str | None, formats: str | None, albums: tuple[str, ...], config: str | None) -> Policy | None:
    """The policy that was asked for; None for the one last used. The command line wins over the configuration."""
    from ..core.groups.keeper import Policy

    settings = _read_config(config) if config else {}
    rules = keeper_rules or settings.get("keeper_rules")
    formats = formats or settings.get("formats")
    albums = albums or tuple(settings.get("protected_albums", ()))
    if not (rules or formats or albums or config):
        return None
    return Policy.from_words(None if rules == "default" else _joined(rules), _joined(formats), albums)


def _joined(words: str | list[str] | None) -> str | None:
    return ",".join(words) if isinstance(words, list) else words


def _read_config(path: str) -> dict:
    """Our part of a Datasette configuration (YAML or JSON)."""
    from datasette.utils import BadMetadataError, parse_metadata

    from ..input_file import read_input

    try:
        config = parse_metadata(read_input(path, MAX_CONFIG_BYTES).decode())
        return (config.get("plugins") or {}).get("datasette-gphotos-dedupe") or {}
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read: {error.strerror or error}.", param_hint="--config") from None
    except (BadMetadataError, AttributeError, UnicodeDecodeError):
        raise click.BadParameter(f"{path} is not a Datasette configuration in YAML or JSON.", param_hint="--config") from None


def run_match(db, progress: Progress, options: MatchOptions | None = None) -> MatchReport:
    """The match of whatever command; with Ctrl-C a sentence about what becomes of it, and the exit status that shells give."""
    from ..pipeline.matching import match_library

    try:
        return match_library(db, progress, options)
    except KeyboardInterrupt:
        progress.finish()
        click.echo("Stopped. What was found until now is saved. Run the same command again; it goes on from there.")
        raise click.exceptions.Exit(130) from None


def describe_report(report: MatchReport) -> str:
    """What a match step did, in a few sentences."""
    from ..formatting import count

    text = (
        f"Compared {report.photos_compared:,} of {count(report.photos, 'photo')}: {count(report.groups, 'group')}, "
        f"{report.groups_changed:,} of them new or changed."
    )
    if report.crowded:
        text += f" {report.crowded:,} photos have so many neighbours that only the nearest were compared."
    return text


def describe_outcome(conn: sqlite3.Connection, database: str) -> str:
    """What matters of it: how many copies are proved, how much space they take, what is left to a person, and the next command."""
    from ..store.status import read_undecided
    from .status import waiting_text

    waiting = read_undecided(conn)
    if not waiting.groups:
        return "Nothing is left to decide."
    return f"{waiting_text(waiting)} Look at them: gphotos-to-sqlite review {shlex.quote(str(database))}"


def describe_change(change: PolicyChange) -> str:
    """What other keeper rules would change, the first changes by name."""
    from ..core.groups.reasons import format_bytes

    before, after = change.suggested
    bytes_before, bytes_after = (format_bytes(size) for size in change.suggested_bytes)
    lines = [
        f"{len(change.keepers):,} of {change.groups:,} groups would keep another photo. Suggested for removal: {after:,} photos "
        f"({bytes_after}) instead of {before:,} ({bytes_before}). Nothing was changed."
    ]
    for keeper in change.keepers[:SHOWN_CHANGES]:
        lines.append(f"  {keeper.new_keeper} instead of {keeper.keeper}: {keeper.reason}")
    if len(change.keepers) > SHOWN_CHANGES:
        lines.append(f"  ... and {len(change.keepers) - SHOWN_CHANGES:,} more")
    return "\n".join(lines)
