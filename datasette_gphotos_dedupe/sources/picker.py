"""Photos the person picks by hand on Google's own page, up to 2,000 at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import RefusedError, SourceError
from ..google import parsing as wire
from ..google.client import Client
from ..google.limits import PICKED_PER_SESSION
from .base import Capabilities
from .library_api import Offered

Say = Callable[[str], None]
_POLL_S = 5.0
_PATIENCE_S = 1800.0
TOO_LATE = "The time Google gives for picking photos is over and nothing was picked. Run the command again."


class Picker:
    """One picking session: made, waited for, listed, ended. Picked photos are never this app's own to file into albums.

    Picking 2,000 photos is work, so a session is ended only when everything in it is saved: `session_id` is that of an earlier run
    which was cut short, and `remember` is told the id as long as it matters, then None.
    """

    name = "picker"
    can = Capabilities(has_pixels=True, original_bytes=False, urls_expire=True)
    needs_token = True
    app_created = False

    def __init__(self, client: Client, show_link: Say, countdown: Callable[[float], None], maximum: int = PICKED_PER_SESSION):
        self.client, self._show_link, self._countdown, self._maximum = client, show_link, countdown, maximum
        self.session_id: str | None = None
        self.remember: Callable[[str | None], None] = lambda session_id: None

    def offers(self) -> Iterator[Offered]:
        """What the person picked. Raises SourceError when they do not finish in the time Google gives."""
        session = self._unfinished() or self.client.create_picking(self._maximum)
        self.session_id = session["id"]
        self.remember(self.session_id)
        if not session.get("mediaItemsSet"):
            self._show_link(f"{session['pickerUri']}/autoclose")
            self._wait(session)
        for item in self.client.fetch_picked(session["id"]):
            yield Offered(wire.photo_from_picked(item), wire.base_url(item) if wire.is_ready(item) else None)

    def _unfinished(self) -> dict[str, Any] | None:
        """The session of an earlier run that was cut short, when Google still has it and it is of use."""
        if self.session_id is None:
            return None
        try:
            session = self.client.fetch_picking(self.session_id)
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
            interval_s = wire.seconds((session.get("pollingConfig") or {}).get("pollInterval"), _POLL_S) or _POLL_S
            self.client.transport.pause(min(interval_s, left_s))
            session = self.client.fetch_picking(session["id"])

    def end(self) -> None:
        """Everything picked is saved, or nothing will be: end the session, for Google allows only some at a time."""
        if self.session_id is not None:
            self.client.delete_picking(self.session_id)
            self.session_id = None
            self.remember(None)

    def fetch_base_url(self, item_id: str) -> str | None:
        """Picked items cannot be asked for one by one."""
        return None


def _time_left_s(session: dict[str, Any]) -> float:
    return wire.seconds((session.get("pollingConfig") or {}).get("timeoutIn"), _PATIENCE_S)
