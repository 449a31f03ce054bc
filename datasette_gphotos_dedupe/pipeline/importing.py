"""From a source on this machine into the database: index, read in worker processes, save in short transactions."""

from __future__ import annotations

import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SourceError
from ..model import File, Reading, Trouble
from ..sources.archives.containers import FOLDER, TGZ, ZIP, Container, find_containers
from ..sources.archives.entries import printable
from ..sources.archives.inventory import take_inventory
from ..sources.archives.parts import Parts
from ..sources.base import Offer
from ..sources.folder import Folder
from ..sources.takeout.gaps import unmatched_text
from ..sources.takeout.source import Takeout
from ..store.library.files import forget_stale, read_stale
from ..store.library.photos import Found, Saved, save_albums, save_photos, save_skipped
from ..store.runs import (
    Known,
    Run,
    is_known,
    read_known,
    read_last_import,
    save_last_import,
    save_part,
    was_broken_as_another_file,
)
from ..store.writing import transaction
from .export_wholeness import conclude
from .garbage import set_apart
from .given_parts import outermost, with_earlier_parts
from .gone_photos import Confirm, note_vanished
from .import_report import ImportReport, PartReport, forgotten_text
from .item_import import ItemImport
from .progress import Progress
from .read_ahead import ReadAhead
from .reading import ITEM, is_worth_another_try
from .staging import Staging
from .workers import Pending, WorkerPool, in_order

if TYPE_CHECKING:
    from sqlite_utils import Database

BATCH_PHOTOS = 200
BATCH_S = 2.0
ASIDE_CPU_S, ASIDE_TIMEOUT_S = 30.0, 60.0  # of a thousand sidecars: ten seconds on a disk that has to seek each of them
FORGOTTEN = Trouble("forgotten", "the program did not come to it, which is a fault of the program; please report it")


def import_takeout(
    db: Database,
    paths: list[str | Path],
    progress: Progress,
    workers: int | None = None,
    whole_library: Confirm | None = None,
) -> ImportReport:
    """Import the parts of one or more Takeout exports.

    With `whole_library` they hold the whole library: what earlier exports showed and they lack is marked as trashed, once that
    function has been shown how much and says yes.

    Raises SourceError for paths that are no export. Broken parts are in the report; the others are saved.
    """
    containers = outermost(with_earlier_parts(db.conn, find_containers(paths)))
    return _Import(db, Takeout(containers), progress, workers, whole_library).run()


def import_folder(db: Database, paths: list[str | Path], progress: Progress, workers: int | None = None) -> ImportReport:
    """Import the pictures of folders and their subfolders. Raises SourceError when one is not a folder."""
    for path in map(Path, paths):
        if os.path.isfile(path):
            raise SourceError(
                f"{path} is not a folder. Give folders with pictures; for Google's archives use the command takeout."
            )
    containers = outermost([container for container in find_containers(paths) if container.kind == FOLDER])
    return _Import(db, Folder(containers), progress, workers).run()


class _Import:
    """One import: its source, its workers, the batch in flight and the counts."""

    def __init__(
        self,
        db: Database,
        source: Parts,
        progress: Progress,
        workers: int | None,
        whole_library: Confirm | None = None,
    ):
        self.conn = db.conn
        self.whole_library = whole_library
        self.source = source
        self.progress = progress
        self.pool = WorkerPool(workers)
        self.work = Run(db.conn, source.name)
        self.staging = Staging(db.conn)
        self.report = ImportReport()
        sizes = [container.bytes for container in source.containers if container.bytes is not None]
        # How much lies in a folder is not known before it was walked.
        self._begins = [0, *accumulate(sizes)] if len(sizes) == len(source.containers) else None
        self._shown = (0, 0)  # number of the part and files seen in it, as the progress knows
        self._inventory: str | None = None
        self._is_recalled = False
        self._distrusted: set[str] = set()
        self._known: dict[str, dict[str, Known]] = {}
        self._settled: dict[str, set[str]] = defaultdict(set)  # container -> members that are used or skipped in this run
        self._albums_saved: set[str] = set()
        self._photo_ids: set[str] = set()
        self._unmatched = 0  # files used that no sidecar describes
        self._batch: list[Found] = []
        self._skips: list[tuple[File, Trouble]] = []
        self._saved_at = time.monotonic()

    def run(self) -> ImportReport:
        state = "failed"
        try:
            if not self._is_unchanged():
                self._read_all()
            state = "done"
        except KeyboardInterrupt:
            state, self.report.stopped = "stopped", True
            self._save_batch()
        finally:
            self.progress.finish()
            if state == "failed":
                self.work.abandon()
            elif not self._is_recalled:
                self._finish(state)
        return self.report

    def _is_unchanged(self) -> bool:
        """Whether this is what the last import saw, and its rows are as it left them; then its report is this one's, too."""
        last = read_last_import(self.conn)
        if last is not None:
            self.progress.start("Looking for what is new in the parts")
        with contextlib.suppress(SourceError, OSError):  # it will be told of where the part is read
            self._inventory = f"{self.source.name} {take_inventory(self.source.containers)}"
        if last is not None and last[0] == self._inventory and not self.whole_library:
            report = ImportReport.from_json(last[1])
            if not _may_differ_next_time(report):
                self.report, self._is_recalled = report, True
        return self._is_recalled

    def _read_all(self) -> None:
        with self.pool, set_apart() as index_is_read:
            self._read_index()
            index_is_read()
            self._read_photos()

    def _finish(self, state: str) -> None:
        for number, account in enumerate(self.source.accounts):
            container = self.source.containers[number]
            broken = self.source.broken.get(number)
            self.report.parts.append(
                PartReport(
                    container.name,
                    account.seen,
                    account.used,
                    account.sidecars,
                    account.skipped,
                    broken,
                    container.kind != FOLDER,
                )
            )
            save_part(self.conn, _part_row(container, account, broken, state), self.work)
        if state == "done" and not self.report.broken:
            self._account_for_all()
            self._forget_unseen()
            self._conclude()
        self.report.warnings += [*self.source.warnings, *filter(None, (unmatched_text(self._unmatched),))]
        lasting = replace(self.report)
        if state == "done":
            self.staging.clear([_part_key(container)[0] for container in self.source.containers if container.kind == TGZ])
        if self.report.broken:
            state = "failed"
        self.work.finish(state, " ".join(self.report.broken) or None, " ".join(self.report.concluded) or None)
        if state == "done" and self._inventory and not _may_differ_next_time(lasting):
            with transaction(self.conn):
                save_last_import(self.conn, self._inventory, lasting.as_json())

    def _conclude(self) -> None:
        """Say what the exports are taken for; only the person's word makes one the whole library."""
        if not self.source.can.shows_absence:
            return
        exports, containers = self.source.exports, self.source.containers
        if self.whole_library is None:
            self.report.concluded = conclude(self.conn, exports, containers)
            return
        self.report.concluded, self.report.refused = note_vanished(
            self.conn, exports, containers, self.work.id, self.whole_library
        )

    def _account_for_all(self) -> None:
        """Leave out, and tell as an error, what the run neither used nor left out: each file must end in one state."""
        settled = [self._settled[_part_key(container)[0]] for container in self.source.containers]
        entries = [entry for entry in self.source.media() if printable(entry.path) not in settled[entry.container]]
        if entries:
            lost = list(map(self.source.file_of, entries))
            for file in lost:
                self._skip(file, FORGOTTEN)
            self._save_batch()
            self.report.forgotten = forgotten_text(lost)

    def _forget_unseen(self) -> None:
        """Drop what earlier runs said of files that are no longer there, or of sidecars that have found their picture."""
        for container in self.source.containers:
            path = printable(str(container.path))
            stale = read_stale(self.conn, path, self._settled[path])
            if any(stale):
                with transaction(self.conn):
                    forget_stale(self.conn, path, *stale)

    # -- reading ----------------------------------------------------------------------------------------------------

    def _read_index(self) -> None:
        self._distrust_replaced()
        self.progress.start("Reading what is in the parts")
        streamed = self.staging.open(self.pool, self.known_of)
        self.source.read_index(self._show_place, streamed.take, self._aside if self._new_parts else None)
        streamed.finish()
        self.report.files_read += streamed.files_read
        if not any(account.seen for account in self.source.accounts) and not self.source.broken:
            names = ", ".join(str(container.path) for container in self.source.containers)
            raise SourceError(f"{names} holds no files. Give the takeout-*.zip files, or the folder with the pictures.")

    def _aside(self, function: Callable, *args: object) -> Pending:
        """Where pictures are going to be read, the processes for it can as well read sidecars meanwhile."""
        return self.pool.run(function, *args, cpu_s=ASIDE_CPU_S, timeout_s=ASIDE_TIMEOUT_S)

    def _show_place(self, number: int, seen: int, position: int) -> None:
        self.progress.note(_part_of(number, len(self.source.containers)))
        if self._begins is not None:
            self.progress.reach((self._begins[number] + position) / max(self._begins[-1], 1))
        before, self._shown = self._shown, (number, seen)
        self.progress.advance(seen - (before[1] if before[0] == number else 0))

    def _distrust_replaced(self) -> None:
        """A tgz that was damaged and is another file now: what was read of it before the damage showed may have been damaged too."""
        for container in self.source.containers:
            row = _part_key(container)
            if container.kind == TGZ and was_broken_as_another_file(self.conn, *row):
                self._distrusted.add(row[0])
        self.staging.clear(list(self._distrusted))

    def known_of(self, file: File) -> Known | None:
        """What an earlier run knows of this very file; None when it is new, changed, or worth another try."""
        if file.container not in self._known:
            self._known[file.container] = {} if file.container in self._distrusted else read_known(self.conn, file.container)
        known = self._known[file.container].get(file.member)
        # Some programs unpack all files with one time, so that alone does not tell a file from its successor of the same name.
        if known is None or known.bytes != file.bytes or known.crc32 != file.crc32 or known.modified_at != file.modified_at:
            return None
        # An archive's troubles are judged anew each time; those of the picture stay, unless they may have gone.
        return None if known.code and is_worth_another_try(known.code) else known

    @cached_property
    def _new_parts(self) -> frozenset[int]:
        """The numbers of the parts that hold nothing known, and may be read in any order."""
        containers = self.source.containers
        return frozenset(
            number
            for number, container in enumerate(containers)
            if container.kind == ZIP and not is_known(self.conn, _part_key(container)[0])
        )

    def _read_photos(self) -> None:
        self.progress.start("Reading pictures", sum(1 for _ in self.source.media()))
        for job in in_order(self._jobs(self.source.offers(self._skip)), ItemImport.start):
            self._take(job)
            self.progress.note(_part_of(self.source.number_of(job.photo.files[0]), len(self.source.containers)))
            self.progress.advance(len(job.photo.files))
            if len(self._batch) >= BATCH_PHOTOS or time.monotonic() - self._saved_at > BATCH_S:
                self._save_batch()
        self._save_batch()

    def _jobs(self, offers: Iterator[Offer]) -> Iterator[ItemImport]:
        self._ahead = ReadAhead(lambda: self.source.files_ahead(self._new_parts), lambda file: self._start(file, ITEM))
        for offer in offers:
            self._ahead.fill()
            yield ItemImport(
                offer.photo, self._read, [self.known_of(file) for file in offer.photo.files], self.source.can.in_google
            )

    def _read(self, file: File, mode: str) -> Pending | Known | Reading | Trouble:
        kind = self.source.container_of(file).kind
        if kind == TGZ:
            return self.staging.get(file) or self._read_of_others(file)
        self.report.files_read += 1
        return (mode == ITEM and self._ahead.take(file)) or self._start(file, mode)

    def _start(self, file: File, mode: str) -> Pending:
        return self.pool.read(self.source.address(file), mode, alone=self.source.container_of(file).kind == FOLDER)

    def _read_of_others(self, file: File) -> Known | Trouble:
        """What became of a streamed file whose reading is not there: another import of the same archive has used it up."""
        known = read_known(self.conn, file.container, file.member).get(file.member)
        if known is None:
            return Trouble("damaged", "the archive ends in the middle of it; download the archive again")
        return Trouble(known.code, known.reason or "") if known.code else known

    def _take(self, job: ItemImport) -> None:
        try:
            found, skipped = job.finish()
        except SourceError as error:
            self.source.fail(job.photo.files, str(error))
            return
        for file, trouble in skipped:
            self._skip(file, trouble)
        if found is not None:
            self._batch.append(found)
            for file in found.photo.files:
                self.source.account_of(file).used += 1
                self._unmatched += (file.container, file.member) in self.source.unmatched
                self._settled[file.container].add(file.member)

    # -- saving -----------------------------------------------------------------------------------------------------

    def _skip(self, file: File, trouble: Trouble) -> None:
        self.source.account_of(file).skipped[trouble.code] += 1
        self._settled[file.container].add(file.member)
        self._skips.append((file, trouble))

    def _save_batch(self) -> None:
        batch, skips = self._batch, self._skips
        self._saved_at = time.monotonic()
        if not batch and not skips:
            return
        counts = self.work.counts.copy()
        try:
            saved, albums = self._write(batch, skips)
        except BaseException:  # Ctrl-C as well: nothing of the batch is saved, so nothing of it may count as saved
            self.work.counts = counts
            raise
        self._albums_saved |= albums
        self._batch, self._skips = [], []
        self._photo_ids |= saved.photo_ids
        self.report.photos = len(self._photo_ids)
        self.report.added += saved.added
        self.report.updated += saved.updated

    def _write(self, batch: list[Found], skips: list[tuple[File, Trouble]]) -> tuple[Saved, set[str]]:
        with transaction(self.conn):
            albums = self._save_albums(batch)
            saved = save_photos(self.conn, batch, self.work.id)
            for file, trouble in skips:
                save_skipped(self.conn, file, trouble, self.work.id)
            self.work.counts["photos_added"] += saved.added
            self.work.counts["photos_updated"] += saved.updated
            self.work.counts["files_used"] += sum(len(found.photo.files) for found in batch)
            self.work.counts["files_skipped"] += len(skips)
            self.work.counts["files_seen"] = sum(account.seen for account in self.source.accounts)
            self.work.save_counts()
        return saved, albums

    def _save_albums(self, batch: list[Found]) -> set[str]:
        wanted = {album_id: None for found in batch for album_id in found.photo.albums if album_id not in self._albums_saved}
        save_albums(self.conn, [self.source.album(album_id) for album_id in wanted])
        return set(wanted)


def _may_differ_next_time(report: ImportReport) -> bool:
    return any(is_worth_another_try(code) for part in report.parts for code in part.skipped)


@lru_cache(maxsize=1)
def _part_of(number: int, count: int) -> str:
    return f"part {number + 1} of {count}" if count > 1 else ""


def _part_key(container: Container) -> tuple[str, int | None, str | None]:
    return printable(str(container.path)), container.bytes, container.modified_at


def _part_row(container: Container, account, broken: str | None, state: str) -> dict:
    return {
        "container": printable(str(container.path)),
        "export_id": container.export_id,
        "exported_at": container.exported_at,
        "bytes": container.bytes,
        "modified_at": container.modified_at,
        "state": "broken" if broken else ("done" if state == "done" else "reading"),
        "files_seen": account.seen,
        "files_used": account.used,
        "sidecars": account.sidecars,
        "files_skipped": account.skipped.total(),
        "message": broken,
    }
