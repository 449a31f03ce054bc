"""What every route of a push does alike: recheck at the last moment, record, explain the album."""

from __future__ import annotations

import contextlib
import sqlite3

from ..errors import RefusedError
from ..google.client import Client
from ..google.signin import EDIT
from ..store import pushes
from ..store.google_items import save_description
from .candidates import Candidate, read_candidates
from .plan import plan_item
from .rescue import plan_rescue
from .safety import surviving_keeper
from .shelf import Shelf

ALBUM_TEXT = (
    "These photos were put here by datasette-gphotos-dedupe: each one has a copy that is kept. To delete them, select all of "
    "them in this album and choose 'Move to trash'. ('Remove from album' only takes them out of here.)"
)


class Errand:
    """One push being carried out. `question` waits for the person; `stopped_by` ends the push for good."""

    def __init__(self, conn: sqlite3.Connection, push: pushes.Push, client: Client):
        self.conn, self.push, self.client = conn, push, client
        self.shelf = Shelf(conn, push, client)
        self.question: str | None = None
        self.stopped_by: str | None = None

    @property
    def done(self) -> int:
        """How many photos have their fate."""
        return self.push.requested - len(pushes.read_item_ids(self.conn, self.push.push_id, "planned", "sent"))

    def prepare(self) -> None:
        """Find out about what was in flight when the program died."""
        raise NotImplementedError

    def step(self) -> bool:
        """Send the next photos; False when nothing is left to do."""
        raise NotImplementedError

    def finish(self) -> str | None:
        """Compare the album with what was added; a sentence when they differ."""
        raise NotImplementedError

    def recheck(self, photo_ids: list[str]) -> list[str]:
        """Those that may still go at this very moment; the others become refusals."""
        allowed = []
        for candidate in read_candidates(self.conn, photo_ids):
            item = plan_item(candidate, self.push.route)
            if item.state == "planned":
                self._rescue(candidate)
                allowed.append(item.photo_id)
            else:
                self._save([item.photo_id], "refused", item.reason)
        return allowed

    def _rescue(self, candidate: Candidate) -> None:
        """Carry over to the keeper what Google lets this app write, before the copy goes."""
        keeper = surviving_keeper(candidate)
        if keeper is None or EDIT not in self.client.scopes:
            return
        for thing in plan_rescue(candidate, keeper.item):
            if thing.by_api and keeper.item.library_id:
                with contextlib.suppress(RefusedError):
                    self.client.change_description(keeper.item.library_id, thing.value)
                    save_description(self.conn, thing.keeper_id, thing.value)

    def explain_album(self) -> None:
        """Put the text into the album that says what it is and how to delete from it, once."""
        push = pushes.read_push(self.conn, self.push.push_id)
        if not push.album_id or not push.added or push.noted_at or self.shelf.explained(push.album_id):
            return
        pushes.note(self.conn, push.push_id)  # before it is sent: once too few is better than twice
        with contextlib.suppress(RefusedError):
            self.client.add_text(push.album_id, ALBUM_TEXT)

    def _save(self, photo_ids: list[str], state: str, reason: str | None = None, album_id: str | None = None) -> None:
        if photo_ids:
            pushes.save_items(self.conn, self.push.push_id, photo_ids, state, reason, album_id)
