"""From Google's APIs into the database: list, fetch small pictures while their addresses live, fingerprint, save."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from ..errors import PictureError, QuotaError
from ..google.api_calls import Client
from ..google.limits import PICTURES_PER_DAY, next_quota_reset
from ..model import File, Photo, Reading, Trouble
from ..sources.archives.members import Address
from ..sources.base import Offer, RemoteSource
from ..store.library.google_items import (
    LOADS,
    PICKING,
    find_same_item,
    has_pixels,
    read_google_state,
    read_known_ids,
    save_app_album,
    save_gone,
    save_google_state,
    save_item,
)
from ..store.library.photos import save_skipped
from ..store.pushes import read_push_albums
from ..store.runs import Run
from ..store.writing import transaction
from .progress import Progress
from .workers import WorkerPool

if TYPE_CHECKING:
    from sqlite_utils import Database

    from ..sources.google_pictures import GooglePictures

BATCH = 100  # one page: its base URLs are used within a minute of coming
FETCHERS = 8  # at once; a base URL takes the image host about a tenth of a second
PLACE = "Google Photos"


@dataclass
class FetchReport:
    """What came in: items listed, rows added and changed, pictures fetched, and how many items have no picture."""

    listed: int = 0
    added: int = 0
    updated: int = 0
    pictures: int = 0
    without_picture: int = 0
    gone: int = 0
    albums: int = 0


def fetch_source(db: Database, source: RemoteSource, progress: Progress, report: FetchReport | None = None) -> FetchReport:
    """Bring in everything the source offers; what is known with its pixels is not fetched again. `report` is kept up to date.

    Raises GoogleError or SourceError when cut short; what was saved until then stays, and the next run goes on from there.
    """
    run = Run(db.conn, source.name)
    fetch = _Fetch(db, source, progress, run, report or FetchReport())
    state, message = "failed", None
    if source.can.goes_on:
        source.resume(read_google_state(db.conn, PICKING), lambda kept: save_google_state(db.conn, PICKING, kept))
    try:
        fetch.items()
        source.end()
        if source.can.shows_absence:
            fetch.gone()
        if source.can.lists_albums:
            fetch.albums()
        state = "done"
    except KeyboardInterrupt:
        state = "stopped"
        raise
    except Exception as error:
        message = str(error)
        raise
    finally:
        progress.finish()
        run.finish(state, message)
    return fetch.report


class _Fetch:
    def __init__(self, db: Database, source: RemoteSource, progress: Progress, run: Run, report: FetchReport):
        self.conn, self.source, self.progress, self.run, self.report = db.conn, source, progress, run, report
        self._known = read_known_ids(db.conn)
        self._loads = _Loads(db.conn, source.client)
        self._seen: set[str] = set()

    def items(self) -> None:
        """Every item, a page at a time."""
        offers = self.source.offers()
        with WorkerPool() as workers, ThreadPoolExecutor(FETCHERS) as fetchers:
            first = True
            while batch := list(islice(offers, BATCH)):
                if first:
                    self.progress.start("Fetching photos")
                    first = False
                self._save(batch, self._pixels(batch, workers, fetchers))
                self.progress.advance(len(batch))

    def _pixels(self, batch: list[Offer], workers: WorkerPool, fetchers: ThreadPoolExecutor) -> dict[str, Reading | Trouble]:
        """What the pictures of those items show whose pixels are not known yet."""
        wanted = [offered for offered in batch if self._needs_picture(offered.photo)]
        pictures = dict(zip((o.photo.photo_id for o in wanted), fetchers.map(self._fetch, wanted), strict=True))
        started = {}
        for offered in wanted:
            data = pictures[offered.photo.photo_id]
            if isinstance(data, bytes):
                name = "picture.jpg"  # what comes is a JPEG, whatever the item is
                started[offered.photo.photo_id] = workers.read(Address("", name, len(data), data=data))
        return {**{i: p for i, p in pictures.items() if isinstance(p, Trouble)}, **{i: p.result() for i, p in started.items()}}

    def _needs_picture(self, photo: Photo) -> bool:
        """False when its pixels are known, also under the row that another source has made of this very item."""
        known = self._known.get(photo.photo_id)
        if known:
            return not known[1]
        same = find_same_item(self.conn, photo)
        return same is None or not has_pixels(self.conn, same)

    def _fetch(self, offered: Offer) -> bytes | Trouble:
        try:
            return self.source.fetch(offered, self._loads.check)
        except PictureError as error:
            return Trouble(error.code, str(error))

    def _save(self, batch: list[Offer], pixels: dict[str, Reading | Trouble]) -> None:
        with transaction(self.conn):
            for offered in batch:
                outcome = pixels.get(offered.photo.photo_id)
                reading = outcome if isinstance(outcome, Reading) else None
                change = save_item(self.conn, offered.photo, reading, self.source.can.app_created, self.run.id)
                self.report.added += change == "added"
                self.report.updated += change == "updated"
                self.report.pictures += reading is not None
                if isinstance(outcome, Trouble):
                    self.report.without_picture += 1
                    save_skipped(self.conn, File(PLACE, offered.photo.photo_id), outcome, self.run.id)
                self._seen.add(offered.photo.photo_id)
            self._count(len(batch))
            self._loads.save()

    def _count(self, listed: int) -> None:
        self.report.listed += listed
        self.run.counts["files_seen"] = self.report.listed
        self.run.counts["files_used"] = self.report.listed - self.report.without_picture
        self.run.counts["files_skipped"] = self.report.without_picture
        self.run.counts["photos_added"] = self.report.added
        self.run.counts["photos_updated"] = self.report.updated
        self.run.save_counts()

    def gone(self) -> None:
        """Items that were listed by an earlier run and exist no longer."""
        rows = self.conn.execute("SELECT library_id FROM photos WHERE library_id IS NOT NULL AND app_created = 1 AND trashed = 0")
        missing = [row[0] for row in rows.fetchall() if row[0] not in self._seen]
        gone = self.source.find_gone(missing) if missing else []
        if gone:
            with transaction(self.conn):
                self.report.gone = save_gone(self.conn, gone)

    def albums(self) -> None:
        """The albums of this app and who is in them, but for those that pushes made: they are for deleting from."""
        pushed = read_push_albums(self.conn)
        for album, library_ids in list(self.source.albums()):  # all first: a listing that breaks off must not leave half of them
            if album.album_id in pushed:
                continue
            with transaction(self.conn):
                self.report.albums += save_app_album(self.conn, album, library_ids)


class Originals:
    """The files of photos that Google serves, for the step that makes copies again. Loads count against the day's quota."""

    def __init__(self, db: Database, source: GooglePictures):
        self._conn, self._source, self._loads = db.conn, source, _Loads(db.conn, source.client)

    def fetch(self, photo_id: str) -> bytes:
        """The file of a photo that this run has listed. Raises PictureError for others, GoogleError when no more can be had."""
        try:
            return self._source.fetch_original(photo_id, self._loads.check)
        finally:
            with transaction(self._conn):
                self._loads.save()


class _Loads:
    """Counts the loads of base URLs against the day's quota, over all runs of this database. Checked from several threads."""

    def __init__(self, conn: sqlite3.Connection, client: Client):
        self._conn, self._transport, self._clock = conn, client.transport, client.clock
        self._started_at = self._transport.pictures_sent_for
        self._resets_at, self._before = "", 0
        self._read()

    def _read(self) -> None:
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        kept = read_google_state(self._conn, LOADS) or {}
        fresh = kept.get("resets_at", "") <= now
        self._resets_at = next_quota_reset(self._clock.now()) if fresh else kept["resets_at"]
        self._before = 0 if fresh else kept["count"]

    @property
    def _count(self) -> int:
        return self._before + self._transport.pictures_sent_for - self._started_at

    def check(self) -> None:
        """Raise QuotaError when no more pictures may be loaded today."""
        if self._count >= PICTURES_PER_DAY:
            raise QuotaError(
                f"Google lets a project load {PICTURES_PER_DAY:,} pictures a day, and today's are used up; it starts anew at "
                f"{self._resets_at}. What was done until now is saved: run the same command again after that time.",
                self._resets_at,
            )

    def save(self) -> None:
        """Record the count, when it has changed. The caller holds the transaction."""
        if self._count > self._before:
            save_google_state(self._conn, LOADS, {"resets_at": self._resets_at, "count": self._count})
            self._started_at = self._transport.pictures_sent_for
            self._read()
