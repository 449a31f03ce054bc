"""One library item on its way into the database: which of its files to read how, and what comes of the readings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from operator import attrgetter
from typing import Any

from ..core.content_key import dedup_key_of
from ..core.pictures.exif import clock_in_name, utc_from_clock
from ..model import File, Photo, Reading, Trouble, altered
from ..store.library.photos import Found
from ..store.runs import Known
from .reading import FULL, HASH, ITEM
from .workers import Pending

MAINS = ("original", "album_copy")
NO_ITEM = ("not_a_picture", "empty")  # what such a file is, only a sidecar can tell
NO_PHOTO = Trouble("no_photo", "it belongs to a picture that could not be read")
_code = attrgetter("code")
Read = Callable[[File, str], Pending | Known | Reading | Trouble]


@dataclass
class ItemImport:
    """A photo whose files are being read. `outcomes` has one entry per file; None: like the file of equal checksum.

    `is_known`: all of its files were used in an earlier import, as nearly all are in most imports; then nothing is to be asked.
    """

    photo: Photo
    read: Read
    known: list[Known | None]
    in_google: bool
    outcomes: list[Any] = field(default_factory=list)
    is_known: bool = False

    @property
    def _in_full_mode(self) -> str:
        """How its best file is read. What an export holds is an item of the library, also where nothing of it can be seen."""
        return ITEM if self.in_google else FULL

    def start(self) -> None:
        """Start reading what is not known: the best file in full, the others for their checksum."""
        self.is_known = self.photo.files[0].role == "original" and all(self.known) and not any(map(_code, self.known))
        if self.is_known:
            self.outcomes = list(self.known)
            return
        mode = (
            HASH
            if any(known and known.photo_id and self._is_main(at) for at, known in enumerate(self.known))
            else self._in_full_mode
        )
        for at, (file, known) in enumerate(zip(self.photo.files, self.known, strict=True)):
            if known is not None:
                self.outcomes.append(Trouble(known.code, known.reason or "") if known.code else known)
            elif self._twin(at) is not None:
                self.outcomes.append(None)
            else:
                self.outcomes.append(self.read(file, mode if self._is_main(at) else HASH))
                mode = HASH if self._is_main(at) else mode

    def _is_main(self, at: int) -> bool:
        return self.photo.files[at].role in MAINS

    def _twin(self, at: int) -> int | None:
        """An earlier main file of equal checksum and length by the archives' indexes, or a known one."""
        file = self.photo.files[at]
        if file.crc32 is None or not self._is_main(at):
            return None
        for other, candidate in enumerate(self.photo.files):
            same = (candidate.crc32, candidate.bytes) == (file.crc32, file.bytes) and self._is_main(other)
            if same and other != at and (other < at or ((known := self.known[other]) is not None and not known.code)):
                return other
        return None

    def finish(self) -> tuple[Found | None, list[tuple[File, Trouble]]]:
        """What to save, and what to skip. Raises SourceError when a container is gone; then nothing is to be saved."""
        if self.is_known:
            pairs = zip(self.photo.files, self.outcomes, strict=True)
            return self._found([altered(file, sha1=known.sha1, bytes=known.bytes) for file, known in pairs], self.outcomes[0]), []
        self.outcomes = [each.result() if isinstance(each, Pending) else each for each in self.outcomes]
        best = self._best()
        self._leave_out_unseen(best)
        if best is None:
            return None, [
                (file, outcome if isinstance(outcome, Trouble) else NO_PHOTO)
                for file, outcome in zip(self.photo.files, self._resolved(), strict=True)
            ]
        outcomes = self._resolved()
        files: list[File] = []
        skipped: list[tuple[File, Trouble]] = []
        for at, (file, outcome) in enumerate(zip(self.photo.files, outcomes, strict=True)):
            if isinstance(outcome, Trouble):
                skipped.append((file, outcome))
                continue
            file = altered(file, sha1=outcome.sha1, bytes=outcome.bytes)
            files.insert(0 if at == best else len(files), file)
        if files[0].role == "album_copy":
            files[0] = replace(files[0], role="original")
        return self._found(files, _usable(outcomes[best])), skipped

    def _best(self) -> int | None:
        """The first file that gives pixels: a main one, else an edited version; else a main one that cannot be seen."""
        stills = [at for at, file in enumerate(self.photo.files) if file.role != "live_video"]
        for at in sorted(stills, key=lambda at: not self._is_main(at)):
            if self._in_full(at) and not self._is_unseen(at):
                return at
        return next((at for at in stills if self._is_main(at) and self._is_unseen(at) and self._is_item(at)), None)

    def _is_unseen(self, at: int) -> bool:
        outcome = self.outcomes[at]
        return isinstance(outcome, Reading) and outcome.code is not None

    def _is_item(self, at: int) -> bool:
        """Whether an unseen file is an item: a picture that is damaged, or anything that a sidecar describes."""
        return self.photo.sidecar_rule is not None or self.outcomes[at].code not in NO_ITEM

    def _leave_out_unseen(self, best: int | None) -> None:
        """Beside a file that can be seen, or where nothing says that it is an item, one that cannot is only left out."""
        if best is not None and self._is_unseen(best):
            return
        for at, outcome in enumerate(self.outcomes):
            if self._is_unseen(at):
                self.outcomes[at] = Trouble(outcome.code, outcome.no_pixels or "")

    def _in_full(self, at: int) -> bool:
        """Whether its pixels are known, from now or an earlier import; what was only hashed is read again."""
        outcome = self.outcomes[at]
        if outcome is None:
            twin = self._twin(at)
            return twin is not None and self._in_full(twin)
        if isinstance(outcome, Reading) and outcome.fingerprint is None and outcome.no_pixels is None:
            again = self.read(self.photo.files[at], self._in_full_mode)
            outcome = self.outcomes[at] = again.result() if isinstance(again, Pending) else again
        return not isinstance(outcome, Trouble)

    def _resolved(self) -> list[Known | Reading | Trouble]:
        resolved = []
        for at, outcome in enumerate(self.outcomes):
            while outcome is None:
                at = self._twin(at)  # type: ignore[assignment]
                outcome = self.outcomes[at]
            resolved.append(outcome)
        return resolved

    def _found(self, files: list[File], best: Known | Reading) -> Found:
        facts: dict = {"files": tuple(files), "sha1": best.sha1, "bytes": best.bytes}
        if self.in_google and best.sha1:
            facts["dedup_key"] = dedup_key_of(best.sha1)
        if isinstance(best, Known):
            return Found(altered(self.photo, kind=None, **facts))
        return Found(_with_reading(altered(self.photo, **facts), best), best)


def _usable(outcome: Known | Reading | Trouble) -> Known | Reading:
    assert not isinstance(outcome, Trouble)  # or it would not be the best
    return outcome


def _with_reading(photo: Photo, reading: Reading) -> Photo:
    photo = replace(
        photo,
        mime_type=reading.mime_type,
        kind=reading.kind,
        width=reading.width,
        height=reading.height,
        duration_s=reading.duration_s,
        no_pixels=reading.no_pixels,
        camera_taken_at=reading.camera_taken_at,
        camera_make=reading.camera_make,
        camera_model=reading.camera_model,
        moves=reading.moves,
        extras=reading.extras,
        flaw=reading.flaw,
    )
    if photo.latitude is None:
        photo = replace(photo, latitude=reading.latitude, longitude=reading.longitude)
    if photo.taken_at is None:
        taken_at, origin = _taken_at(photo, reading)
        photo = replace(photo, taken_at=taken_at, taken_at_source=origin)
    return photo


def _taken_at(photo: Photo, reading: Reading) -> tuple[str | None, str | None]:
    """The best moment that the file itself tells, as UTC, and where it came from. A clock without zone is taken as UTC."""
    no_zone = timedelta(0)
    if reading.taken_at:
        return reading.taken_at, "exif"
    if reading.camera_taken_at:
        return utc_from_clock(reading.camera_taken_at, no_zone), "exif"
    clock = clock_in_name(photo.filename or "")
    return (utc_from_clock(clock, no_zone), "filename") if clock else (None, None)
