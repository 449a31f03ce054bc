"""Photos the person picks by hand on Google's own page, up to 2,000 at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import SourceError
from ..google import wire
from ..google.client import Client
from ..google.limits import PICKED_PER_SESSION
from .base import Capabilities
from .library import Offered

Say = Callable[[str], None]
_POLL_S = 5.0
_PATIENCE_S = 1800.0


class Picker:
    """One picking session: made, waited for, listed, deleted. Picked photos are never this app's own to file into albums."""

    name = "picker"
    can = Capabilities(has_pixels=True, original_bytes=False, urls_expire=True)
    needs_token = True
    app_created = False

    def __init__(self, client: Client, show_link: Say, countdown: Callable[[float], None], maximum: int = PICKED_PER_SESSION):
        self.client, self._show_link, self._countdown, self._maximum = client, show_link, countdown, maximum

    def offers(self) -> Iterator[Offered]:
        """What the person picked. Raises SourceError when they do not finish in the time Google gives."""
        session = self.client.create_picking(self._maximum)
        try:
            self._show_link(f"{session['pickerUri']}/autoclose")
            self._wait(session)
            for item in self.client.fetch_picked(session["id"]):
                yield Offered(wire.photo_from_picked(item), wire.base_url(item) if wire.is_ready(item) else None)
        finally:
            self.client.delete_picking(session["id"])

    def _wait(self, session: dict) -> None:
        while not session.get("mediaItemsSet"):
            polling = session.get("pollingConfig") or {}
            left_s = wire.seconds(polling.get("timeoutIn"), _PATIENCE_S)
            if left_s <= 0:
                raise SourceError(
                    "The time Google gives for picking photos is over and nothing was picked. Run the command again."
                )
            self._countdown(left_s)
            self.client.transport.pause(min(wire.seconds(polling.get("pollInterval"), _POLL_S) or _POLL_S, left_s))
            session = self.client.fetch_picking(session["id"])

    def fetch_base_url(self, item_id: str) -> str | None:
        """Picked items cannot be asked for one by one."""
        return None
