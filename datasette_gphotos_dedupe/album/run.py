"""Carrying out a push: resumable, each batch recorded before the next is sent."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import GphotosError
from ..google.api_calls import Client
from ..google.http_transport import Interrupted
from ..store import pushes
from ..store.database import open_database
from .lock import one_push_at_a_time
from .plan import PushPlan
from .route_by_id import ById
from .route_same_bytes import SameBytes

OnProgress = Callable[[int, int], None]
Ask = Callable[["PushReport"], bool]
STOPPED = "Stopped. Run it again to go on."


@dataclass(frozen=True)
class PushReport:
    """How a push stands: its state, counts, the album, and a sentence."""

    push_id: int
    state: str
    added: int
    refused: int
    waiting: int
    album_url: str | None
    message: str | None
    asks: bool = False  # a trial photo was sent, and a person must say whether it worked


def begin_pushes(conn: sqlite3.Connection, plan: PushPlan, actor: str | None) -> list[int]:
    """The pushes that carry out this plan, in their order: what earlier ones into this album left, then a new one for the rest.

    Photos that an unfinished push still has to send are left to it. Nothing new is saved when there is nothing new to say.
    """
    push_ids = pushes.find_unfinished(conn, plan.album_title, plan.route)
    begun = {photo_id for push_id in push_ids for photo_id in pushes.read_item_ids(conn, push_id, "planned", "sent")}
    plan = replace(plan, items=tuple(item for item in plan.items if item.photo_id not in begun))
    if plan.planned or (plan.withdraw and not push_ids) or not pushes.is_recorded(conn, plan):
        push_ids.append(pushes.create_push(conn, plan, actor))
    return push_ids


def needs_google(conn: sqlite3.Connection, plan: PushPlan) -> bool:
    """Whether carrying out this plan sends anything: without it every photo of the push is refused, and nobody need sign in."""
    unfinished = pushes.find_unfinished(conn, plan.album_title, plan.route)
    return bool(unfinished or plan.planned or plan.withdraw)


def run_pushes(
    database_path: str | Path,
    push_ids: Iterable[int],
    client: Client,
    stop: threading.Event,
    on_progress: OnProgress | None = None,
    ask: Ask | None = None,
) -> Iterator[PushReport]:
    """Carry out these pushes one after the other; gives a report on each. `ask` is asked about a trial photo that was sent.

    Ends before the next one when `stop` is set. Raises as `run_push` does.
    """
    for push_id in push_ids:
        if stop.is_set():
            return
        report = run_push(database_path, push_id, client, stop, on_progress)
        if report.asks and ask and ask(report):
            with contextlib.closing(open_database(database_path, create=False).conn) as conn:
                pushes.confirm_trial(conn, push_id)
            report = run_push(database_path, push_id, client, stop, on_progress)
        yield report


def run_push(
    database_path: str | Path,
    push_id: int,
    client: Client,
    stop: threading.Event | None = None,
    on_progress: OnProgress | None = None,
) -> PushReport:
    """Carry out a push, or go on with it where it was left; a finished one is only reported.

    May be killed at any moment and called again: what was in flight is looked up in the album before anything is sent. When
    `stop` is set it ends within a second or a request, as `paused`. Raises GphotosError after saving its text in the push.
    """
    with contextlib.ExitStack() as held:
        conn = held.enter_context(contextlib.closing(open_database(database_path, create=False).conn))
        held.enter_context(one_push_at_a_time(database_path))
        if client.auth_path:  # two databases, one person
            held.enter_context(one_push_at_a_time(client.auth_path, "A push with the sign-in {path}"))
        push = pushes.read_push(conn, push_id)
        if push.state in pushes.UNFINISHED:
            client.transport.stop = stop
            pushes.save_push(conn, push_id, state="running", message=None)
            _run(conn, push_id, client, stop or threading.Event(), on_progress or (lambda done, total: None))
        return read_report(conn, push_id)


def read_report(conn: sqlite3.Connection, push_id: int) -> PushReport:
    """How a push stands now."""
    push = pushes.read_push(conn, push_id)
    waiting = len(pushes.read_item_ids(conn, push_id, "planned", "sent"))
    return PushReport(push_id, push.state, push.added, push.refused, waiting, push.album_url, push.message, _asks(push))


def _asks(push: pushes.Push) -> bool:
    return push.state == "paused" and push.trial == "sent"


def _run(conn: sqlite3.Connection, push_id: int, client: Client, stop: threading.Event, on_progress: OnProgress) -> None:
    push = pushes.read_push(conn, push_id)
    errand = (SameBytes if push.route == "same_bytes" else ById)(conn, push, client)
    try:
        errand.begin()
        while not stop.is_set() and errand.step():
            on_progress(errand.done, push.requested)
        if errand.stopped_by:
            pushes.save_push(conn, push_id, state="cancelled", message=errand.stopped_by)
        elif errand.question:
            pushes.save_push(conn, push_id, state="paused", message=errand.question)
        elif stop.is_set():
            pushes.save_push(conn, push_id, state="paused", message=STOPPED)
        else:
            pushes.save_push(conn, push_id, state="done", message=errand.finish())
            on_progress(errand.done, push.requested)
    except Interrupted:
        pushes.save_push(conn, push_id, state="paused", message=STOPPED)
    except GphotosError as error:
        pushes.save_push(conn, push_id, state="paused", message=str(error))
        raise
