"""`repair`: put back what another program took out of a library."""

from __future__ import annotations

import click

from .command_line import cli


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
def repair(database):
    """Put back triggers, indexes and views that another program took out of DATABASE, such as sqlite-utils transform.

    Takes away triggers of others that crash SQLite, and brings the search index and the counts in step. No photo, decision or
    other row is changed. Says what it did.
    """
    from ..store.repair import repair_database

    done = repair_database(database)
    for clause in done:
        click.echo(f"{clause[0].upper()}{clause[1:]}.")
    if done:
        click.echo("The search index and the counts were made anew. The next import looks at every file again.")
    else:
        click.echo(f"Nothing is missing in {database}.")
