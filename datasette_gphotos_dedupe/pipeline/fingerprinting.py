"""Looking at pictures whose fingerprint is missing or of an older version, where the import found them."""

from __future__ import annotations

import contextlib
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, BinaryIO

from ..core.pictures.fingerprint import ALGORITHM
from ..errors import SourceError
from ..formatting import count
from ..model import Reading, Trouble
from ..sources.archives.containers import is_stream
from ..sources.archives.members import Address
from ..sources.archives.originals import find_addresses, visit_stream
from ..store.library.fingerprints import PhotoToRead, read_wanted, save_look
from ..store.runs import Run
from ..store.writing import transaction
from .progress import Progress
from .reading import can_read_now
from .staging import MAX_CARRIED_BYTES
from .workers import Pending, WorkerPool

if TYPE_CHECKING:
    from sqlite_utils import Database

COMMAND = "fingerprint"
BATCH_PHOTOS = 200
BATCH_S = 2.0
WINDOW_TASKS = 32
LIGHT_BYTES = 8_000_000  # a file out of a tgz travels with its bytes: of heavier ones only one at a time
MAX_NAMED = 20


@dataclass
class LookReport:
    """What was looked at: photos wanted, fingerprints made, files opened, and what could not be had or seen, by name."""

    wanted: int = 0
    made: int = 0
    opened: int = 0
    without_file: int = 0
    gone: list[str] = field(default_factory=list)  # where the original was
    gone_containers: Counter = field(default_factory=Counter)
    changed: list[str] = field(default_factory=list)
    unseen: list[tuple[str, str]] = field(default_factory=list)  # name, reason


def fingerprint_library(db: Database, progress: Progress, workers: int | None = None) -> LookReport:
    """Make every fingerprint that is missing or old and whose original is still there. May be killed; goes on when run again."""
    return _Looking(db, progress, workers).run()


class _Looking:
    def __init__(self, db: Database, progress: Progress, workers: int | None):
        self.conn, self.progress = db.conn, progress
        self.pool = WorkerPool(workers)
        self.work = Run(db.conn, COMMAND)
        self.report = LookReport()
        self._flying: deque[tuple[PhotoToRead, str | None, Pending]] = deque()
        self._done: list[tuple[PhotoToRead, Reading | Trouble]] = []
        self._saved_at = time.monotonic()

    def run(self) -> LookReport:
        wanted = read_wanted(self.conn, ALGORITHM, can_read_now)
        self.report.wanted = len(wanted)
        self.report.without_file = sum(not photo.places for photo in wanted)
        if len(wanted) == self.report.without_file:
            return self.report
        state = "failed"
        try:
            with self.pool:
                self.progress.start("Looking at pictures", len(wanted) - self.report.without_file)
                self._rounds([photo for photo in wanted if photo.places])
            state = "done"
        except KeyboardInterrupt:
            state = "stopped"
            raise
        finally:
            self.progress.finish()
            self.work.finish(state)
        return self.report

    def _rounds(self, photos: list[PhotoToRead]) -> None:
        """Ask the best place of each photo first; those whose file is gone there are asked at their next place."""
        place = 0
        while photos:
            missing: list[PhotoToRead] = []
            keyed = sorted(photos, key=lambda photo: photo.places[place])
            for container, group in groupby(keyed, key=lambda photo: photo.places[place][0]):
                missing += self._look_in(container, list(group), place)
            self._drain(0)
            self._save()
            place += 1
            photos = [photo for photo in missing if len(photo.places) > place]
            self._give_up(photo for photo in missing if len(photo.places) <= place)

    def _give_up(self, photos: Iterable[PhotoToRead]) -> None:
        for photo in photos:
            container, member, _ = photo.places[0]
            self.report.gone.append(f"{container}: {member}")
            self.report.gone_containers[container] += 1
            self.progress.advance()

    def _look_in(self, container: str, photos: list[PhotoToRead], place: int) -> list[PhotoToRead]:
        """Start reading those photos of one container; returns those that are not there."""
        by_member: dict[str, list[PhotoToRead]] = defaultdict(list)
        for photo in photos:
            by_member[photo.places[place][1]].append(photo)
        try:
            if is_stream(container):
                return self._look_in_stream(container, by_member, place)
            addresses = find_addresses(container, by_member)
        except SourceError:
            return photos
        for member, address in addresses.items():
            self._start(by_member.pop(member), place, address)
        return [photo for left in by_member.values() for photo in left]

    def _look_in_stream(self, container: str, by_member: dict[str, list[PhotoToRead]], place: int) -> list[PhotoToRead]:
        def take(member: str, stream: BinaryIO) -> None:
            data = stream.read(MAX_CARRIED_BYTES + 1)
            if len(data) <= MAX_CARRIED_BYTES:
                self._start(by_member.pop(member), place, Address("", member, len(data), data=data))
                self._drain(WINDOW_TASKS if len(data) < LIGHT_BYTES else 0)

        with contextlib.suppress(SourceError):  # what lies behind the damage is reported as gone
            visit_stream(container, set(by_member), take)
        return [photo for left in by_member.values() for photo in left]

    def _start(self, photos: list[PhotoToRead], place: int, address: Address) -> None:
        for photo in photos:
            self.report.opened += 1
            self._flying.append((photo, photo.places[place][2], self.pool.read(address)))
            self._drain(WINDOW_TASKS)

    def _drain(self, left: int) -> None:
        while len(self._flying) > left:
            photo, sha1, pending = self._flying.popleft()
            try:
                self._take(photo, sha1, pending.result())
            except SourceError:  # it vanished a moment ago
                self._give_up([photo])
            else:
                self.progress.advance()
            if len(self._done) >= BATCH_PHOTOS or time.monotonic() - self._saved_at > BATCH_S:
                self._save()

    def _take(self, photo: PhotoToRead, sha1: str | None, outcome: Reading | Trouble) -> None:
        name = f"{photo.filename} ({photo.photo_id})"
        if isinstance(outcome, Reading) and sha1 not in (None, outcome.sha1):
            self.report.changed.append(name)
            return
        reason = outcome.reason if isinstance(outcome, Trouble) else outcome.no_pixels
        if reason:
            self.report.unseen.append((name, reason))
        self._done.append((photo, outcome))

    def _save(self) -> None:
        done, self._done = self._done, []
        self._saved_at = time.monotonic()
        if not done:
            return
        with transaction(self.conn):
            self.work.id()
            for photo, outcome in done:
                self.report.made += save_look(self.conn, photo.photo_id, outcome, self.work.id)
            self.work.counts["files_seen"] += len(done)
            self.work.counts["files_used"] = self.report.made
            self.work.counts["files_skipped"] = self.work.counts["files_seen"] - self.report.made
            self.work.save_counts()


def fingerprint_lines(report: LookReport) -> Iterator[str]:
    """What the person is told."""
    if not report.wanted:
        yield "Every photo that can be looked at has its fingerprint. Nothing was opened."
        return
    yield f"{count(report.made, 'fingerprint')} made, {count(report.opened, 'file')} opened."
    if report.gone:
        yield f"{count(len(report.gone), 'original')} no longer where the import found {_them(len(report.gone))}:"
        yield from (f"  {container}: {count(number, 'photo')}" for container, number in sorted(report.gone_containers.items()))
        yield from _named("  ", report.gone)
        yield "Put the archives or folders back there, or import them again from where they are now."
    if report.changed:
        yield f"{count(len(report.changed), 'file')} changed since the import; import again to take the new ones:"
        yield from _named("  ", report.changed)
    if report.unseen:
        yield f"{count(len(report.unseen), 'photo')} cannot be seen:"
        yield from _named("  ", [f"{name}: {reason}" for name, reason in report.unseen])
    if report.without_file:
        photos, them = count(report.without_file, "photo"), _them(report.without_file)
        yield f"{photos} with no file on this machine; run library or picker again for {them}."


def _named(indent: str, names: list[str]) -> Iterator[str]:
    yield from (indent + name for name in names[:MAX_NAMED])
    if len(names) > MAX_NAMED:
        yield f"{indent}... and {len(names) - MAX_NAMED:,} more"


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
