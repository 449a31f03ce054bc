"""The route for photos this app did not upload: the identical bytes again, with the album named in the same call.

Google recognises the bytes, makes no second copy and files the existing photo. The author of another uploader reproduced this in
2020 (ylexus/jiotty-photos-uploader, issue 49), and some reports since contradict it. So it is tried on one photo first and every
answer is checked: a photo that comes back under the name sent here was made anew, and the push stops by itself.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from ..errors import GoogleError, SourceError
from ..google.limits import ITEMS_PER_CALL
from ..google.parsing import says_full
from ..google.uploads import upload
from ..sources.archives.originals import open_original, read_sha1
from ..store import pushes
from .push_candidates import Candidate, read_candidates
from .route_steps import Errand, some, strangers_text

_INVALID, _EXISTS = 3, 6
_TRIES_PER_PHOTO = 3
_TRIALS = 3
_LOOKS = 4  # at the album's count, which may lag behind; longer waits each time
_FIRST_LOOK_AFTER_S = 2.0
_KNOWN_BUT_NOT_FILED = "Google knows these bytes but did not put the photo into the album"
_UNCERTAIN = "Google knows these bytes; whether the photo is in the album can only be seen there"
_NOTHING_FILED = (
    f"Stopped: Google knew the bytes of {_TRIALS} photos but put none of them into the album, so this route does not work for "
    "your library now. No photo was changed. Use a hand-over file instead: gphotos-to-sqlite handover DATABASE worklist.html"
)


class SameBytes(Errand):
    """Uploads originals, at most 50 a call and never two equal files in one call."""

    _tries: Counter[str]
    _copies: list[tuple[str, str, str]]  # of new copies: name sent, name it has in the library, address

    def prepare(self) -> None:
        """Send again what was in flight: by now Google knows the bytes, so that repeating makes no second item."""
        self._tries, self._copies = Counter(), []
        self._save(pushes.read_item_ids(self.conn, self.push.push_id, "sent"), "planned")

    def step(self) -> bool:
        """Send the next photos; False when nothing is left or the person is asked."""
        trial = pushes.read_push(self.conn, self.push.push_id).trial
        if trial == "sent":
            self.question = self._trial_question()
            return False
        waiting = pushes.read_item_ids(self.conn, self.push.push_id, "planned")
        if not waiting:
            return False
        allowed = self.recheck(waiting[: 1 if trial is None else ITEMS_PER_CALL])
        uploads = self._upload(allowed)
        if uploads:
            self._create(uploads)
        if trial is None:
            self._judge_trial()
        return self.stopped_by is None

    def _judge_trial(self) -> None:
        if self._items("added"):
            pushes.save_push(self.conn, self.push.push_id, trial="sent")
        elif not self.stopped_by and len(self._not_filed()) >= _TRIALS:
            self.stopped_by = _NOTHING_FILED

    def _not_filed(self) -> list[str]:
        sql = "SELECT photo_id FROM push_items WHERE push_id = ? AND reason IN (?, ?)"
        return self.conn.execute(sql, (self.push.push_id, _KNOWN_BUT_NOT_FILED, _UNCERTAIN)).fetchall()

    def _items(self, *states: str) -> list[str]:
        return pushes.read_item_ids(self.conn, self.push.push_id, *states)

    def _trial_question(self) -> str:
        url = pushes.read_push(self.conn, self.push.push_id).album_url
        return (
            "One photo was sent as a trial. Look at the album and at the photo in your library: it must be in the album, and "
            f"must still be there only once. {url or ''} If so, confirm and the push goes on; if not, cancel it."
        )

    def _upload(self, photo_ids: list[str]) -> dict[str, tuple[str, str, str]]:
        """photo id -> (upload token, name to send, name it has); photos of equal bytes wait for a later call."""
        uploads: dict[str, tuple[str, str, str]] = {}
        seen: set[str] = set()
        for candidate in read_candidates(self.conn, photo_ids):
            sha1 = next((sha1 for *_, sha1 in candidate.files if sha1), "")
            if sha1 in seen:
                continue
            seen.add(sha1)
            try:
                token = self._upload_one(candidate, sha1)
            except SourceError as error:
                self._save([candidate.photo_id], "failed", str(error))
                continue
            name = (candidate.item.filename if candidate.item else None) or "photo.jpg"
            uploads[candidate.photo_id] = (token, marked_name(name, sha1), name)
        return uploads

    def _upload_one(self, candidate: Candidate, sha1: str) -> str:
        error = SourceError("its original bytes are not at hand: import the Takeout export that holds it")
        for container, member, _, expected in candidate.files:
            if not expected:
                continue
            try:
                found, size = read_sha1(container, member)
            except SourceError as trouble:
                error = trouble
                continue
            if found != expected or found != sha1:
                error = SourceError(f"{member} in {container} has changed since it was imported, so it was not sent")
                continue
            mime_type = candidate.item.mime_type if candidate.item else None
            return upload(self.client, partial(open_original, container, member), size, mime_type, sha1)
        raise error

    def _create(self, uploads: dict[str, tuple[str, str, str]]) -> None:
        album_id, room = self.shelf.album_with_room()
        before = self.shelf.fetch_count(album_id)
        photo_ids = self.still_allowed(list(uploads)[:room])
        if not photo_ids:
            return
        self._save(photo_ids, "sent", album_id=album_id)
        rows = self.client.create_items(album_id, [uploads[photo_id][:2] for photo_id in photo_ids])
        if len(rows) != len(photo_ids):
            raise GoogleError("Google's answer does not fit what was sent. Run the same command again later.")
        known: list[str] = []
        filed = sum(
            self._judge(photo_id, uploads[photo_id], row, album_id, known) for photo_id, row in zip(photo_ids, rows, strict=True)
        )
        if known:
            self._judge_known(known, album_id, before + filed)
        self.shelf.recount(album_id)  # asked for and not added up: what was sent again was in the album already
        if self._copies:
            self.stopped_by = copies_text(self._copies)

    def _judge(self, photo_id: str, sent: tuple[str, str, str], row: dict[str, Any], album_id: str, known: list[str]) -> bool:
        """What became of one photo, from its row in the answer; True when something of it is in the album now."""
        status = row.get("status") or {}
        code = status.get("code", 0)
        item = row.get("mediaItem") or {}
        message = status.get("message", "no reason given")
        if code == 0 and item.get("filename") == sent[1]:
            self._copies.append((sent[1], sent[2], item.get("productUrl") or "the album"))
            self._save([photo_id], "failed", f"Google made a new copy of it, {sent[1]}, instead of finding the old one")
        elif code == 0:
            self._save([photo_id], "added", album_id=album_id)
        elif code == _EXISTS:
            known.append(photo_id)
        elif code == _INVALID and says_full(message):
            self._save([photo_id], "planned")
            self.shelf.mark_full(album_id, GoogleError(f"Google put nothing into the album: {message}"))
        elif code == _INVALID:
            self._save([photo_id], "refused", f"Google would not take it: {message}")
        else:
            self._try_again(photo_id, status)
        return bool(code == 0)

    def _try_again(self, photo_id: str, status: dict[str, Any]) -> None:
        self._tries[photo_id] += 1
        if self._tries[photo_id] < _TRIES_PER_PHOTO:
            self._save([photo_id], "planned")
        else:
            self._save(
                [photo_id], "failed", f"Google failed {_TRIES_PER_PHOTO} times: {status.get('message', 'no reason given')}"
            )

    def _judge_known(self, photo_ids: list[str], album_id: str, expected: int) -> None:
        """Rows that say "exists" leave open whether the photo was filed: the album's count tells, maybe after a while.

        `expected` is the count when none of them was.
        """
        grown = 0
        for look in range(_LOOKS):
            grown = self.shelf.fetch_count(album_id) - expected
            if grown >= len(photo_ids):
                self._save(photo_ids, "added", album_id=album_id)
                return
            if look < _LOOKS - 1:
                self.client.transport.pause(_FIRST_LOOK_AFTER_S * 3**look)
        # Failed and not refused: what may be in the album never counts as a copy that stays.
        self._save(photo_ids, "failed", _KNOWN_BUT_NOT_FILED if grown <= 0 else _UNCERTAIN)

    def compare(self) -> list[str]:
        """The count of each album against what was added: its items are of other origin, and invisible to this app."""
        told = []
        for album_id in self.shelf.read_filled():
            count, expected = self.shelf.fetch_count(album_id), pushes.count_added(self.conn, album_id)
            if count < expected:
                told.append(f'{expected:,} photos were added to "{self.push.album_title}", but it holds {count:,} now.')
            elif count > expected:
                told.append(strangers_text(count - expected, self.push.album_title))
        return told


def copies_text(copies: list[tuple[str, str, str]]) -> str:
    """Why the push stopped and how to undo what happened."""
    sent, name, address = copies[0]
    if len(copies) == 1:
        return (
            f"Stopped: Google made a new copy of {name} instead of finding the one in your library. Nothing more is sent. "
            f"To undo, open {address} and move the photo named {sent} to the trash."
        )
    return (
        f"Stopped: Google made new copies of {len(copies)} photos instead of finding those in your library. Nothing more is sent. "
        f"To undo, search Google Photos for dedupe- and move these to the trash: {some([copy[0] for copy in copies])}. "
        f"The push_items table names each one; the first is at {address}."
    )


def marked_name(filename: str, sha1: str) -> str:
    """The name to upload under. Google keeps the first name of known bytes, so this one coming back means a new copy."""
    return f"dedupe-{sha1[:8]}-{filename[-200:]}"
