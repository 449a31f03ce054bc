"""From the browser toolkit's `metadata.csv` into the database: keys, sizes and quality for known photos, rows for the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SourceError
from ..formatting import count
from ..input_file import stat_input
from ..model import File, Trouble
from ..sources.toolkit_csv import read_listed
from ..sources.toolkit_item import Listed
from ..store.library import toolkit_items as toolkit
from ..store.library.files import forget_stale, read_stale
from ..store.library.photos import save_skipped
from ..store.runs import Run, save_part
from ..store.writing import transaction
from .progress import Progress

if TYPE_CHECKING:
    from sqlite_utils import Database

MAX_SKIPPED = 10_000  # of one file; one with more lines that cannot be used is no CSV
CERTAIN = ("media_key", "content", "name")


@dataclass
class ListingReport:
    """What a list did: its lines, the items by the rule that found them, the rows added and changed, the lines left out.

    `unreadable` counts fields that were left out by themselves, `bad_field` names one. `trash` says that the list is of the trash;
    `elsewhere` counts lines out of no list of the library, which were left out.
    """

    name: str
    lines: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    added: int = 0
    updated: int = 0
    skipped: int = 0
    unreadable: int = 0
    bad_field: str = ""
    trash: bool = False
    elsewhere: int = 0
    unknown: int = 0

    @property
    def matched(self) -> int:
        """Items that are photos already known."""
        return sum(self.rules.get(rule, 0) for rule in CERTAIN)


def import_toolkit_csv(db: Database, path: str | Path, progress: Progress, trash: bool = False) -> ListingReport:
    """Import the list; with `trash` it is one of the trash, and what it names is marked so.

    Raises SourceError when the file is no such list, or damaged all over; lines before stay.
    """
    return _Listing(db, Path(path), progress, trash).run()


class _Listing:
    def __init__(self, db: Database, path: Path, progress: Progress, trash: bool):
        self.conn, self.path, self.progress = db.conn, path, progress
        self.work = Run(db.conn, toolkit.SOURCE)
        self.report = ListingReport(path.name, trash=trash)
        self._listed_at = ""
        self._skips: list[tuple[int, Trouble]] = []
        self._elsewhere: list[int] = []
        self._left_out: set[str] = set()

    def run(self) -> ListingReport:
        state = "failed"
        try:
            self._read()
            self._save()
            state = "done"
        except KeyboardInterrupt:
            state = "stopped"
            raise
        finally:
            self.progress.finish()
            toolkit.drop_layout(self.conn)
            self.work.finish(state)
        return self.report

    def _read(self) -> None:
        self.progress.start("Reading lines")
        try:
            self._status = stat_input(self.path)
        except OSError as error:
            raise SourceError(f"{self.path} cannot be read: {error.strerror}.") from error
        self._listed_at = datetime.fromtimestamp(int(self._status.st_mtime), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        toolkit.lay_out(self.conn, self._placed(read_listed(self.path, self._skip, self._note)))

    def _placed(self, items: Iterator[Listed]) -> Iterator[Listed]:
        """Those items that the list is about; counts all."""
        for item in items:
            self.progress.advance()
            if item.elsewhere and not self.report.trash:
                self.report.elsewhere += 1
                self._elsewhere.append(item.line)
                continue
            if self.report.trash and not item.elsewhere:
                raise SourceError(NO_TRASH.format(name=self.path.name, line=item.line))
            self.report.lines += 1
            yield item

    def _note(self, line: int, text: str) -> None:
        self.report.unreadable += 1
        self.report.bad_field = self.report.bad_field or f"line {line:,}: {text}"

    def _skip(self, line: int, trouble: Trouble) -> None:
        self._skips.append((line, trouble))
        if len(self._skips) > MAX_SKIPPED:
            raise SourceError(
                f"{self.path.name} has more than {MAX_SKIPPED:,} lines that cannot be used, the last at line {line:,}: "
                f"{trouble.reason}. Nothing was saved. Download it again."
            )

    def _save(self) -> None:
        self.report.rules = toolkit.join(self.conn)
        self.progress.start("Saving photos", sum(self.report.rules.values()))
        self._save_skips()
        for batch in toolkit.batches(self.conn):
            with transaction(self.conn):
                toolkit.save_listed_albums(self.conn, self._save_batch(batch))
                self._count()
            self.progress.advance(len(batch))
        with transaction(self.conn):
            forget_stale(self.conn, str(self.path), *read_stale(self.conn, str(self.path), self._left_out))
        save_part(self.conn, self._part_row(), self.work)

    def _save_batch(self, batch: list[tuple[Listed, str | None, str | None]]) -> list[tuple[Listed, str]]:
        known = []
        for item, photo_id, rule in batch:
            if rule == toolkit.AMBIGUOUS:
                self._leave_out(item.line, AMBIGUOUS)
            elif item.elsewhere and photo_id is None:
                self.report.unknown += 1
                self._leave_out(item.line, UNKNOWN)
            else:
                known.append((item, self._save_one(item, photo_id)))
        return known

    def _save_one(self, item: Listed, photo_id: str | None) -> str:
        if item.elsewhere and photo_id:
            saved_as, change = photo_id, toolkit.save_trashed(self.conn, photo_id, self.work.id, self._listed_at)
        else:
            saved_as, change = toolkit.save_listed(self.conn, item, photo_id, self.work.id, self._listed_at)
        self.report.added += change == "added"
        self.report.updated += change == "updated"
        return saved_as

    def _save_skips(self) -> None:
        with transaction(self.conn):
            for line, trouble in self._skips:
                self._leave_out(line, trouble)
            for line in self._elsewhere:
                self._leave_out(line, ELSEWHERE)

    def _leave_out(self, line: int, trouble: Trouble) -> None:
        self.report.skipped += 1
        self._left_out.add(f"line {line}")
        save_skipped(self.conn, File(str(self.path), f"line {line}"), trouble, self.work.id)

    def _count(self) -> None:
        counts = self.work.counts
        counts["files_seen"], counts["files_skipped"] = self._seen, self.report.skipped
        counts["files_used"] = self._seen - self.report.skipped
        counts["photos_added"], counts["photos_updated"] = self.report.added, self.report.updated
        self.work.save_counts()

    @property
    def _seen(self) -> int:
        return self.report.lines + len(self._skips) + len(self._elsewhere)

    def _part_row(self) -> dict:
        return {
            "container": str(self.path),
            "bytes": self._status.st_size,
            "modified_at": self._listed_at,
            "state": "done",
            "files_seen": self._seen,
            "files_used": self._seen - self.report.skipped,
            "files_skipped": self.report.skipped,
        }


AMBIGUOUS = Trouble("ambiguous", "several photos could be this item, and nothing tells which; a new Takeout export names them")
UNKNOWN = Trouble("unknown_item", "no photo here is it, so there is nothing to mark as trashed")
ELSEWHERE = Trouble(
    "not_in_library",
    "it does not come from the library but from the trash, the locked folder or a shared link, which the file does not tell apart; "
    "give --trash with a list of the trash",
)
NO_TRASH = (
    "{name} is no list of the trash: line {line:,} has what the toolkit knows of items of the library or of an album alone. "
    "Nothing was changed. Leave --trash out to import it."
)


def listing_lines(report: ListingReport) -> list[str]:
    """What the person is told at the end."""
    lines = list(_trash_lines(report) if report.trash else _library_lines(report))
    damaged = report.skipped - report.rules[toolkit.AMBIGUOUS] - report.unknown - report.elsewhere
    if report.rules[toolkit.AMBIGUOUS]:
        lines.append(f"{count(report.rules[toolkit.AMBIGUOUS], 'item')} left out: several known photos could be it.")
    if report.elsewhere:
        where = "from the trash, the locked folder or a shared link"
        lines.append(
            f"{count(report.elsewhere, 'line')} left out: {where}. If you exported the trash, add --trash to mark its photos."
        )
    if damaged:
        lines.append(f"{count(damaged, 'line')} could not be used; the table skipped says why.")
    if report.unreadable:
        lines.append(
            f"{count(report.unreadable, 'field')} could not be read and left out, the rest of the line used: {report.bad_field}."
        )
    return lines


def _library_lines(report: ListingReport) -> Iterator[str]:
    rules, known = report.rules, report.matched
    damaged = report.skipped - rules[toolkit.AMBIGUOUS]
    yield f"{report.name}: {count(report.lines + damaged, 'line')}, {count(sum(rules.values()), 'item')} of the library."
    yield (
        f"{count(known, 'item')} matched a photo already known ({rules['media_key']:,} by media key, {rules['content']:,} by "
        f"content, {rules['name']:,} by name, time and size), {report.updated:,} of them with news."
    )
    yield f"{count(rules['new'], 'item')} new, without pictures until a Takeout export brings them."


def _trash_lines(report: ListingReport) -> Iterator[str]:
    yield f"{report.name}: {count(report.lines, 'item')} of the trash, {count(report.matched, 'photo')} of them known here."
    yield f"{count(report.updated, 'photo')} newly marked as trashed: never a keeper, never suggested, never pushed."
