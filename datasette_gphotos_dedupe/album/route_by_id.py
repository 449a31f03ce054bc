"""The route for photos this app uploaded: by id, 50 a call, all of them or none."""

from __future__ import annotations

from ..errors import RefusedError
from ..google.limits import ITEMS_PER_CALL
from ..google.parsing import concerns_album, says_full
from ..store import pushes
from .push_candidates import read_candidates
from .route_steps import Errand, missing_text, strangers_text


class ById(Errand):
    """Adds by id; one bad id is cornered by halving and refused alone."""

    def prepare(self) -> None:
        """What was in flight is in the album, or is sent again."""
        self._settle(pushes.read_item_ids(self.conn, self.push.push_id, "sent"))

    def _settle(self, photo_ids: list[str]) -> list[str]:
        """Mark those that are in an album already as added; the rest, which is returned, as planned."""
        if not photo_ids:
            return []
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
        batch = self.recheck(batch)
        if batch:
            album_id, room = self.shelf.album_with_room()
            self._send(album_id, batch[:room])
        return True

    def _send(self, album_id: str, photo_ids: list[str]) -> None:
        photo_ids = self.still_allowed(photo_ids)
        if not photo_ids:
            return
        item_ids = self._library_ids(photo_ids)
        self._save(photo_ids, "sent", album_id=album_id)
        wanted = [item_ids[photo_id] for photo_id in photo_ids]
        try:
            self.client.add_to_album(album_id, wanted)
        except RefusedError as error:
            self._take_refusal(album_id, photo_ids, error)
        else:
            self.shelf.added(album_id, wanted)
            self._save(photo_ids, "added", album_id=album_id)

    def _take_refusal(self, album_id: str, photo_ids: list[str], error: RefusedError) -> None:
        if error.http_status != 400 or concerns_album(str(error)):
            raise error
        if says_full(str(error)):
            self._save(photo_ids, "planned")
            self.shelf.mark_full(album_id, error)
            return
        # Whether adding an item twice is refused is not documented: one that is inside is not a failure.
        rest = self._settle(photo_ids)
        if len(photo_ids) == 1:
            self._save(rest, "refused", f"Google would not take it: {error}")
        elif len(rest) < len(photo_ids):
            if rest:
                self._send(album_id, rest)
        else:
            middle = len(photo_ids) // 2
            for half in (photo_ids[:middle], photo_ids[middle:]):
                self._send(album_id, half)

    def compare(self) -> list[str]:
        """Which of the photos are not in their album, and what else is."""
        told = []
        for album_id, names in self.shelf.read_filled().items():
            missing, strangers = self.shelf.compare(album_id, names)
            told += [missing_text(missing, self.push.album_title)] if missing else []
            told += [strangers_text(strangers, self.push.album_title)] if strangers else []
        return told

    def _library_ids(self, photo_ids: list[str]) -> dict[str, str]:
        candidates = read_candidates(self.conn, photo_ids)
        return {c.photo_id: c.item.library_id for c in candidates if c.item and c.item.library_id}
