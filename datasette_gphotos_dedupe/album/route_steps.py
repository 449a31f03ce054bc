"""What every route of a push does alike: take back, recheck at the last moment, rescue, record, explain, compare."""

from __future__ import annotations

import contextlib
import sqlite3

from ..errors import RefusedError
from ..google.api_calls import Client
from ..store import pushes
from .metadata_rescue import Lifeboat
from .plan import plan_item
from .push_albums import Shelf
from .push_candidates import Candidate, read_candidates
from .withdrawal import withdraw

ALBUM_TEXT = (
    "These photos were put here by datasette-gphotos-dedupe: each one has a copy that is kept. To delete them, select all of "
    "them in this album and choose 'Move to trash'. ('Remove from album' only takes them out of here.)"
)
_NAMED = 5


class Errand:
    """One push being carried out. `question` waits for the person; `stopped_by` ends the push for good."""

    def __init__(self, conn: sqlite3.Connection, push: pushes.Push, client: Client):
        self.conn, self.push, self.client = conn, push, client
        self.shelf = Shelf(conn, push, client)
        self.lifeboat = Lifeboat(conn, client)
        self.question: str | None = None
        self.stopped_by: str | None = None
        self._told: list[str] = []

    @property
    def done(self) -> int:
        """How many photos have their fate."""
        return self.push.requested - len(pushes.read_item_ids(self.conn, self.push.push_id, "planned", "sent"))

    def begin(self) -> None:
        """Take out of the album what must not be deleted any more, then find out about what was in flight."""
        self._told += withdraw(self.conn, self.push, self.client, self.shelf)
        self.prepare()

    def prepare(self) -> None:
        """Find out about what was in flight when the program died."""
        raise NotImplementedError

    def step(self) -> bool:
        """Send the next photos; False when nothing is left to do."""
        raise NotImplementedError

    def compare(self) -> list[str]:
        """A sentence for each way in which the albums differ from what was put there."""
        raise NotImplementedError

    def finish(self) -> str | None:
        """Explain the albums, compare them with what was added, look once more for what must not go; says what is to be said."""
        self._told += withdraw(self.conn, self.push, self.client, self.shelf)
        self.explain_albums()
        return " ".join(dict.fromkeys([*self._told, *self.compare()])) or None

    def still_allowed(self, photo_ids: list[str]) -> list[str]:
        """Those that may go at this very moment; the others become refusals.

        To be asked last before anything is put into an album: finding the album or uploading may have taken hours.
        """
        return [candidate.photo_id for candidate in self._allowed(photo_ids)]

    def _allowed(self, photo_ids: list[str]) -> list[Candidate]:
        allowed = []
        for candidate in read_candidates(self.conn, photo_ids):
            item = plan_item(candidate, self.push.route)
            if item.state == "planned":
                allowed.append(candidate)
            else:
                self._save([item.photo_id], "refused", item.reason)
        return allowed

    def recheck(self, photo_ids: list[str]) -> list[str]:
        """Those that may go and that take nothing along that their keeper lacks; the others become refusals."""
        allowed = self._allowed(photo_ids)
        failures = self.lifeboat.rescue(allowed)
        for photo_id, reason in failures.items():
            self._save([photo_id], "refused", reason)
        return [candidate.photo_id for candidate in allowed if candidate.photo_id not in failures]

    def explain_albums(self) -> None:
        """Put the text into each album that says what it is and how to delete from it, once."""
        for album_id in pushes.read_unexplained(self.conn, self.push.push_id):
            pushes.note_album(self.conn, album_id)  # before it is sent: once too few is better than twice
            with contextlib.suppress(RefusedError):
                self.client.add_text(album_id, ALBUM_TEXT)

    def _save(self, photo_ids: list[str], state: str, reason: str | None = None, album_id: str | None = None) -> None:
        if photo_ids:
            pushes.save_items(self.conn, self.push.push_id, photo_ids, state, reason, album_id)


def missing_text(missing: list[str], album_title: str) -> str:
    """What the album lacks of what was added, in words."""
    what = "1 photo was added but is" if len(missing) == 1 else f"{len(missing):,} photos were added but are"
    return f'{what} not in the album "{album_title}" now: {some(missing)}.'


def strangers_text(count: int, album_title: str) -> str:
    """A warning about what an album for deletion holds beside the photos that were put there."""
    what = "1 photo that was" if count == 1 else f"{count:,} photos that were"
    return (
        f'The album "{album_title}" also holds {what} not put there by a push from this database and not checked by it. '
        "Look through the album before you delete from it."
    )


def some(names: list[str]) -> str:
    """The first few names."""
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")
