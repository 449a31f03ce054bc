"""Photos the person picks by hand on Google's own page, up to 2,000 at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import RefusedError, SourceError
from ..google import parsing
from ..google.api_calls import Client
from ..google.limits import PICKED_PER_SESSION
from .base import Capabilities, Offer, Skip
from .google_pictures import GooglePictures

Say = Callable[[str], None]
_POLL_S = 5.0
_PATIENCE_S = 1800.0
TOO_LATE = "The time Google gives for picking photos is over and nothing was picked. Run the command again."


class Picker(GooglePictures):
    """One picking session: made, waited for, listed, ended. Picked photos are never this app's own to file into albums.

    Picking 2,000 photos is work, so a session is ended only when everything in it is saved, and gone on with by the next run.
    """

    name = "picker"
    can = Capabilities(goes_on=True)
    needs_token = True

    def __init__(self, client: Client, show_link: Say, countdown: Callable[[float], None], maximum: int = PICKED_PER_SESSION):
        super().__init__(client)
        self._show_link, self._countdown, self._maximum = show_link, countdown, maximum
        self._session_id: str | None = None
        self._addresses: dict[str, str] = {}
        self._keep: Callable[[str | None], None] = lambda session_id: None

    def resume(self, kept: str | None, keep: Callable[[str | None], None]) -> None:
        """`kept` is the session of an earlier run; `keep` is told the id of this one as long as it matters, then None."""
        self._session_id, self._keep = kept, keep

    def offers(self, skip: Skip = lambda file, trouble: None) -> Iterator[Offer]:
        """What the person picked. Raises SourceError when they do not finish in the time Google gives."""
        session = self._unfinished() or self.client.create_picking(self._maximum)
        self._session_id = session["id"]
        self._keep(self._session_id)
        if not session.get("mediaItemsSet"):
            self._show_link(f"{session['pickerUri']}/autoclose")
            self._wait(session)
        for item in self.client.fetch_picked(session["id"]):
            photo, address = parsing.photo_from_picked(item), parsing.base_url(item) if parsing.is_ready(item) else None
            if address:
                self._addresses[photo.photo_id] = address
            yield Offer(photo, address)

    def address_of(self, item_id: str) -> str | None:
        """The address that came with it, which lives for an hour: one item alone cannot be asked for."""
        return self._addresses.get(item_id)

    def _unfinished(self) -> dict[str, Any] | None:
        """The session of an earlier run that was cut short, when Google still has it and it is of use."""
        if self._session_id is None:
            return None
        try:
            session = self.client.fetch_picking(self._session_id)
        except RefusedError:
            return None  # ended after seven days, or of another account
        if session.get("mediaItemsSet") or _time_left_s(session) > 0:
            return session
        self.end()
        return None

    def _wait(self, session: dict[str, Any]) -> None:
        while not session.get("mediaItemsSet"):
            left_s = _time_left_s(session)
            if left_s <= 0:
                self.end()
                raise SourceError(TOO_LATE)
            self._countdown(left_s)
            interval_s = parsing.seconds((session.get("pollingConfig") or {}).get("pollInterval"), _POLL_S) or _POLL_S
            self.client.transport.pause(min(interval_s, left_s))
            session = self.client.fetch_picking(session["id"])

    def end(self) -> None:
        """Everything picked is saved, or nothing will be: end the session, for Google allows only some at a time."""
        if self._session_id is not None:
            self.client.delete_picking(self._session_id)
            self._session_id = None
            self._keep(None)


def _time_left_s(session: dict[str, Any]) -> float:
    return parsing.seconds((session.get("pollingConfig") or {}).get("timeoutIn"), _PATIENCE_S)
