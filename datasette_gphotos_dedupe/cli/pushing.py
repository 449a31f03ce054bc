"""What `push` prints and asks."""

from __future__ import annotations

import signal
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ..album import PushPlan, PushReport
from ..album.plan import NOT_OURS, PlannedItem
from ..album.run import begin_pushes, needs_google, read_report, run_pushes
from ..errors import GphotosError
from ..formatting import web_link
from ..google.api_calls import open_client
from ..pipeline.progress import Progress
from ..store import pushes


def print_plan(plan: PushPlan, all_items: bool) -> None:
    """The plan in lines: what goes, what does not and why, what to rescue first."""
    click.echo(f'{_photos(len(plan.planned))} will go into "{plan.album_title}"; {_photos(len(plan.refused))} will not.')
    if plan.already_added:
        click.echo(f"{_photos(len(plan.already_added))} went into it earlier. To send those again, choose another title.")
    if all_items:
        for item in plan.items:
            click.echo(f"  {item.filename or item.photo_id}: {_fate(item, plan.route)}")
    for item in plan.withdraw:
        what = "will be taken out of it again" if item.state == "withdraw" else "must be taken out of it by you"
        click.echo(f"  {item.filename or item.photo_id}: {what}: {item.reason}")
    if plan.rescue:
        things = Counter(rescue.what for rescue in plan.rescue)
        listed = ", ".join(f"{count} {_PLURALS.get(what, what) if count > 1 else what}" for what, count in things.items())
        click.echo(f"Rescue first: keepers lack {listed} that these photos have. The rescue view lists them.")


def _fate(item: PlannedItem, route: str) -> str:
    if item.state == "planned":
        return f"will be added, {_ROUTES[route]}"
    others = " or ".join(_ROUTES[other] for other in item.other_routes)
    return (
        f"not added: {item.reason}"
        + (f" (but {others})" if others else "")
        + (f" {link}" if (link := web_link(item.product_url)) else "")
    )


_ROUTES = {
    "by_id": "by its id",
    "same_bytes": "by its bytes (--route same-bytes)",
    "handover": "by a hand-over file (handover command)",
}
_MAX_REASONS = 10
_PLURALS = {
    "album": "albums",
    "person": "people",
    "description": "descriptions",
    "location": "locations",
    "favorite": "favorites",
}


def carry_out(database: str, conn: sqlite3.Connection, plan: PushPlan, auth_path: str, silent: bool, yes: bool) -> None:
    """Finish what earlier runs left, then push what is new, and print each outcome."""
    if not needs_google(conn, plan):
        for push_id in begin_pushes(conn, plan, actor=None):
            _print_unless(silent, conn, read_report(conn, push_id), plan.album_title)
        return
    client = open_client(auth_path)
    left, counter = begin_pushes(conn, plan, actor=None), _Counter(silent)

    def ask(report: PushReport) -> bool:
        counter.end()
        return yes or _confirms(report)

    with _ctrl_c_stops() as stop:
        try:
            for report in run_pushes(database, list(left), client, stop, counter.show, ask):
                counter.end()
                left.remove(report.push_id)
                _print_unless(silent, conn, report, plan.album_title)
        except GphotosError:
            counter.end()
            if not silent:
                print_standing(conn, left[0], plan.album_title)
            raise


def _print_unless(silent: bool, conn: sqlite3.Connection, report: PushReport, album_title: str) -> None:
    if not silent:
        print_report(conn, report, album_title)


@contextmanager
def _ctrl_c_stops() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, so that a push ends where it can go on."""
    stop = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *ignored: stop.set()) if _in_main_thread() else None
    try:
        yield stop
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _confirms(report: PushReport) -> bool:
    click.echo(report.message)
    return click.confirm("Is it in the album, and only once in the library?", default=False)


class _Counter:
    """Shows how far the push under way is, until it is told that this one has ended."""

    def __init__(self, silent: bool):
        self._progress, self._seen = Progress(sys.stderr, silent), 0

    def show(self, done: int, total: int) -> None:
        """`done` of `total` photos of the push have their fate."""
        if not self._seen:
            self._progress.start("Pushing photos", total)
        self._progress.advance(done - self._seen)
        self._seen = done

    def end(self) -> None:
        self._progress.finish()
        self._seen = 0


def print_standing(conn: sqlite3.Connection, push_id: int, album_title: str) -> None:
    """How far a push came that Google cut short."""
    report = read_report(conn, push_id)
    total = report.added + report.refused + report.waiting
    click.echo(f'{report.added:,} of {_photos(total)} are in "{album_title}", {report.waiting:,} are still to be sent.')


def print_report(conn: sqlite3.Connection, report: PushReport, album_title: str) -> None:
    """How a push ended, in sentences."""
    total = report.added + report.refused + report.waiting
    if total:
        click.echo(f'{report.added:,} of {_photos(total)} are in "{album_title}"' + _addresses(conn, report))
    for reason, count in pushes.count_reasons(conn, report.push_id)[:_MAX_REASONS]:
        click.echo(refusal_sentence(count, total, album_title, reason))
    if report.refused:
        click.echo("To get at those another way: gphotos-to-sqlite handover DATABASE worklist.html")
    if report.message:
        click.echo(report.message)
    if report.state == "done" and report.added:
        click.echo("Open the album, select all, and choose 'Move to trash'. 'Remove from album' would only take them out of it.")


def _addresses(conn: sqlite3.Connection, report: PushReport) -> str:
    albums = [(title, url) for title, url in pushes.read_album_urls(conn, report.push_id) if web_link(url)]
    if len(albums) > 1:
        return " and its continuations:" + "".join(f"\n  {title}: {url}" for title, url in albums)
    return f": {albums[0][1]}" if albums else "."


def refusal_sentence(count: int, total: int, album_title: str, reason: str) -> str:
    """For example ``3 of 41 photos were not added to "Duplicates 2026": this app did not upload them, ...``."""
    if reason == NOT_OURS:
        reason = "this app did not upload them, so Google will not let it file them" if count > 1 else NOT_OURS
    verb = "was" if count == 1 else "were"
    where = "The push_items table has a link to open each one."
    return f'{count:,} of {_photos(total)} {verb} not added to "{album_title}": {reason}. {where}'


def _photos(count: int) -> str:
    return f"{count:,} photo{'' if count == 1 else 's'}"


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
