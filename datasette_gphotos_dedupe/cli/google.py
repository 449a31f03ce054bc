"""Commands that talk to Google: sign in, bring in, push."""

from __future__ import annotations

import click

from .command_line import cli

auth_option = click.option("-a", "--auth", "auth_path", default="auth.json", show_default=True, help="Where the sign-in is kept")
silent_option = click.option("-s", "--silent", is_flag=True, help="Print nothing but errors")


@cli.command()
@click.argument("client_secret", required=False, type=click.Path())
@auth_option
@click.option("--no-browser", is_flag=True, help="Print the link instead of opening a browser")
@click.option("--read-only", is_flag=True, help="Ask only for what `library` and `picker` need; `push` will not work")
@click.option("--revoke", "forget", is_flag=True, help="Give the kept sign-in back to Google and delete it")
def auth(client_secret: str | None, auth_path: str, no_browser: bool, read_only: bool, forget: bool) -> None:
    """Sign in to Google with the JSON of your own Desktop client, CLIENT_SECRET."""
    from ..google.auth_file import revoke
    from ..google.signin_flow import ALL_SCOPES, READ_ONLY_SCOPES, sign_in

    if forget:
        known = revoke(auth_path)
        click.echo(
            f"{'Google has forgotten the sign-in' if known else 'Google had ended the sign-in already'}; {auth_path} is deleted."
        )
        return
    if not client_secret:
        raise click.UsageError("Missing argument 'CLIENT_SECRET': the JSON of a Desktop client from the Cloud console.")
    scopes = READ_ONLY_SCOPES if read_only else ALL_SCOPES
    for sentence in sign_in(client_secret, auth_path, scopes, not no_browser, click.echo):
        click.echo(sentence)
    click.echo(f"Signed in. The sign-in is kept in {auth_path}, which only you can read.")


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@click.option("--album", "title", required=True, help="Title of the album; made when this app has none of that title")
@click.option(
    "--route",
    type=click.Choice(["by-id", "same-bytes"]),
    default="by-id",
    show_default=True,
    help="by-id: photos this app uploaded; same-bytes: upload the original bytes again, tried on one photo first",
)
@click.option("--dry-run", is_flag=True, help="Show each photo's fate and send nothing")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before going on after the trial photo of same-bytes")
@auth_option
@silent_option
def push(database: str, title: str, route: str, dry_run: bool, yes: bool, auth_path: str, silent: bool) -> None:
    """Put the photos decided 'remove' into an album, ready to be deleted there by you."""
    from ..album import plan_push, read_candidates, read_pushed
    from ..store.database import open_database
    from .pushing import carry_out, print_plan

    db = open_database(database, create=False)
    try:
        plan = plan_push(read_candidates(db.conn), title, route.replace("-", "_"), read_pushed(db.conn, title))
        if not silent or dry_run:
            print_plan(plan, all_items=dry_run)
        if not dry_run:
            carry_out(database, db.conn, plan, auth_path, silent, yes)
    finally:
        db.conn.close()


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@click.argument("output", type=click.Path())
@click.option("--album", "title", default="Duplicates", show_default=True, help="Title of the album the browser toolkit makes")
@click.option("--replace", is_flag=True, help="Write OUTPUT anew even if it is no list of this program.")
@silent_option
def handover(database: str, output: str, title: str, replace: bool, silent: bool) -> None:
    """Write the photos decided 'remove' for the browser toolkit (.json), a spreadsheet (.csv) or as a worklist (.html).

    The snippet that reads the .json in the console of photos.google.com stands in the worklist, and alone in an OUTPUT of .js.
    An earlier list of this program is written anew.
    """
    from ..album.handover_files import plan_handover, write_handover
    from ..store.database import open_database
    from ..store.pushes import save_handover

    db = open_database(database, create=False)
    try:
        plan = plan_handover(db.conn, title)
        write_handover(plan, output, database, replace)
        if not output.lower().endswith(".js"):
            save_handover(db.conn, plan.album, len(plan.photos), len(plan.refused))
    finally:
        db.conn.close()
    if not silent:
        click.echo(plan.summary(output))


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@auth_option
@click.option("--no-match", is_flag=True, help="Only fetch; compare the photos later with the match command")
@silent_option
def library(database: str, auth_path: str, no_match: bool, silent: bool) -> None:
    """Bring in what this app has uploaded, with its albums. Run again, it fetches only what is new."""
    from ..google.api_calls import open_client
    from ..sources.library_api import NOTHING_LISTED, LibraryApi

    report = _fetch(database, LibraryApi(open_client(auth_path)), no_match, silent)
    if not report.listed:
        click.echo(NOTHING_LISTED)


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
@auth_option
@click.option("--no-browser", is_flag=True, help="Print the link instead of opening a browser")
@click.option("--no-match", is_flag=True, help="Only fetch; compare the photos later with the match command")
@silent_option
def picker(database: str, auth_path: str, no_browser: bool, no_match: bool, silent: bool) -> None:
    """Bring in photos you pick on Google's page, up to 2,000 at a time. Several rounds add up."""
    from ..google.api_calls import open_client
    from ..sources.picker import Picker
    from .picking import Countdown, show_link

    countdown = Countdown(silent)
    client = open_client(auth_path)
    _fetch(database, Picker(client, lambda link: show_link(link, not no_browser), countdown), no_match, silent)


def _fetch(database: str, source, no_match: bool, silent: bool):
    from ..pipeline.fetching import FetchReport, fetch_source
    from ..pipeline.progress import Progress
    from ..store.database import open_database
    from ..store.matching.unfinished import read_unfinished
    from .picking import summary

    db = open_database(database)
    try:
        report = FetchReport()
        try:
            fetch_source(db, source, Progress(silent=silent), report)
        finally:  # also when Google cuts it short: what is saved is told
            if not silent and report.listed:
                click.echo(summary(report))
        if not no_match and (report.added or report.pictures or read_unfinished(db.conn)):
            from ..pipeline.fetching import Originals
            from ..pipeline.matching import MatchOptions
            from .matching import describe_outcome, describe_report, run_match

            options = MatchOptions(fetch=Originals(db, source).fetch)
            matched = run_match(db, Progress(silent=silent), options)
            if not silent:
                click.echo(describe_report(matched))
                click.echo(describe_outcome(db.conn, database))
    finally:
        db.close()
    return report
