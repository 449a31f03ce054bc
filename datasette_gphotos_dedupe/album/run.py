"""Carrying out a push: resumable, each batch recorded before the next is sent."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import GphotosError, RefusedError
from ..google.client import Client
from ..google.limits import ITEMS_PER_CALL
from ..google.transport import Interrupted
from ..google.wire import concerns_album
from ..store import pushes
from ..store.database import open_database
from .candidates import read_candidates
from .lock import one_push_at_a_time
from .plan import plan_item
from .shelf import Shelf

OnProgress = Callable[[int, int], None]
ALBUM_TEXT = (
    "These photos were put here by datasette-gphotos-dedupe: each one has a copy that is kept. To delete them, select all of "
    "them in this album and choose 'Move to trash'. ('Remove from album' only takes them out of here.)"
)


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
    with contextlib.closing(open_database(database_path, create=False).conn) as conn, one_push_at_a_time(database_path):
        push = pushes.read_push(conn, push_id)
        if push is None:
            raise GphotosError(f"There is no push {push_id} in {database_path}.")
        if push.state in pushes.UNFINISHED:
            client.transport.stop = stop
            pushes.save_push(conn, push_id, state="running", message=None)
            _run(conn, push_id, client, stop or threading.Event(), on_progress or (lambda done, total: None))
        return read_report(conn, push_id)


def read_report(conn, push_id: int) -> PushReport:
    """How a push stands now."""
    push = pushes.read_push(conn, push_id)
    if push is None:
        raise GphotosError(f"There is no push {push_id}.")
    waiting = len(pushes.read_item_ids(conn, push_id, "planned", "sent"))
    return PushReport(push_id, push.state, push.added, push.refused, waiting, push.album_url, push.message)


def _run(conn, push_id: int, client: Client, stop: threading.Event, on_progress: OnProgress) -> None:
    push = pushes.read_push(conn, push_id)
    errand = ById(conn, push, client)
    try:
        errand.settle()
        while not stop.is_set() and errand.step():
            on_progress(errand.done, push.requested)
        if stop.is_set():
            pushes.save_push(conn, push_id, state="paused", message="Stopped. Run it again to go on.")
        else:
            pushes.save_push(conn, push_id, state="done", message=errand.finish())
            on_progress(errand.done, push.requested)
    except Interrupted:
        pushes.save_push(conn, push_id, state="paused", message="Stopped. Run it again to go on.")
    except GphotosError as error:
        pushes.save_push(conn, push_id, state="paused", message=str(error))
        raise


class ById:
    """Photos this app uploaded, by id, 50 a call."""

    def __init__(self, conn, push: pushes.Push, client: Client):
        self.conn, self.push, self.client = conn, push, client
        self.shelf = Shelf(conn, push, client)

    @property
    def done(self) -> int:
        return self.push.requested - len(pushes.read_item_ids(self.conn, self.push.push_id, "planned", "sent"))

    def settle(self) -> None:
        """What was in flight when the program died: in the album, or to be sent again."""
        in_flight = pushes.read_item_ids(self.conn, self.push.push_id, "sent")
        if in_flight:
            self._settle(in_flight)

    def _settle(self, photo_ids: list[str]) -> list[str]:
        """Mark those that are in an album already as added; the rest, which is returned, as planned."""
        item_ids = self._library_ids(photo_ids)
        for album_id, found in self.shelf.locate(item_ids.values()).items():
            inside = [photo_id for photo_id in photo_ids if item_ids.get(photo_id) in found]
            self._save(inside, "added", album_id=album_id)
            photo_ids = [photo_id for photo_id in photo_ids if photo_id not in set(inside)]
        self._save(photo_ids, "planned")
        return photo_ids

    def step(self) -> bool:
        """Send the next batch; False when nothing is left."""
        batch = pushes.read_item_ids(self.conn, self.push.push_id, "planned")[:ITEMS_PER_CALL]
        if not batch:
            return False
        batch = self._recheck(batch)
        if batch:
            album_id, room = self.shelf.album_with_room()
            self._send(album_id, batch[:room])
        return True

    def _recheck(self, photo_ids: list[str]) -> list[str]:
        """Those that may still go at this very moment; the others become refusals."""
        allowed = []
        for candidate in read_candidates(self.conn, photo_ids):
            item = plan_item(candidate, self.push.route)
            if item.state == "planned":
                allowed.append(item.photo_id)
            else:
                self._save([item.photo_id], "refused", item.reason)
        return allowed

    def _send(self, album_id: str, photo_ids: list[str]) -> None:
        item_ids = self._library_ids(photo_ids)
        self._save(photo_ids, "sent", album_id=album_id)
        try:
            self.client.add_to_album(album_id, [item_ids[photo_id] for photo_id in photo_ids])
        except RefusedError as error:
            if error.http_status != 400 or concerns_album(str(error)):
                raise
            self._send_in_halves(album_id, photo_ids, error)
        else:
            self.shelf.count(album_id, len(photo_ids))
            self._save(photo_ids, "added", album_id=album_id)

    def _send_in_halves(self, album_id: str, photo_ids: list[str], error: RefusedError) -> None:
        """One bad id fails the whole call, so it is cornered by halving and refused alone."""
        if len(photo_ids) == 1:
            # Whether adding an item twice is refused is not documented: one that is inside is not a failure.
            if self._settle(photo_ids):
                self._save(photo_ids, "refused", f"Google would not take it: {error}")
            return
        middle = len(photo_ids) // 2
        for half in (photo_ids[:middle], photo_ids[middle:]):
            self._send(album_id, half)

    def finish(self) -> str | None:
        """Read the album back, explain it inside, and say what differs."""
        missing = self.shelf.missing()
        self._explain_album()
        return difference_text(missing, self.push.album_title)

    def _explain_album(self) -> None:
        push = pushes.read_push(self.conn, self.push.push_id)
        if not push.album_id or not push.added or push.noted_at or self.shelf.explained(push.album_id):
            return
        pushes.note(self.conn, push.push_id)  # before it is sent: once too few is better than twice
        with contextlib.suppress(RefusedError):
            self.client.add_text(push.album_id, ALBUM_TEXT)

    def _library_ids(self, photo_ids: list[str]) -> dict[str, str]:
        candidates = read_candidates(self.conn, photo_ids)
        return {c.photo_id: c.item.library_id for c in candidates if c.item and c.item.library_id}

    def _save(self, photo_ids: list[str], state: str, reason: str | None = None, album_id: str | None = None) -> None:
        if photo_ids:
            pushes.save_items(self.conn, self.push.push_id, photo_ids, state, reason, album_id)


def difference_text(missing: list[str], album_title: str) -> str | None:
    """What the album lacks of what was added, in words; None when it lacks nothing."""
    if not missing:
        return None
    some = ", ".join(missing[:5]) + (" and more" if len(missing) > 5 else "")
    return f'{len(missing)} photos were added but are not in the album "{album_title}" now: {some}.'
