"""The photos that may be pushed and everything that speaks for or against it, read from the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..formatting import web_link
from ..store.pushes import read_added
from ..store.review.may_go import LeavingVerdict, read_verdicts
from ..store.rows import columns_of, in_parts, select, shape_of
from .photo_metadata import Belongings, read_belongings
from .trashed_together import keys_of


@dataclass(frozen=True)
class PushPhoto:
    """One row of `photos` as a push sees it. Rows that share one of their `content_keys` are trashed together by Google."""

    photo_id: str
    source: str
    filename: str | None
    width: int | None
    height: int | None
    bytes: int | None
    taken_at: str | None
    mime_type: str | None
    product_url: str | None
    library_id: str | None
    media_key: str | None
    dedup_key: str | None
    sha1: str | None
    app_created: bool
    album_only: bool
    trashed: bool
    original_quality: bool | None
    belongings: Belongings = field(default_factory=Belongings)

    @property
    def content_keys(self) -> frozenset[str]:
        """Every key under which Google may know its content."""
        return keys_of(self.dedup_key, self.sha1)

    @property
    def name(self) -> str:
        """What a person knows it by."""
        return self.filename or self.photo_id

    @property
    def link(self) -> str | None:
        """An address that opens the photo in Google Photos."""
        if link := web_link(self.product_url):
            return link
        return f"https://photos.google.com/photo/{self.media_key}" if self.media_key else None


@dataclass(frozen=True)
class Candidate:
    """A photo somebody wants in the album, what was decided, whether it may go and what stays for it, and where its bytes are."""

    photo_id: str
    item: PushPhoto | None
    decision: str | None
    verdict: LeavingVerdict
    stays: PushPhoto | None = None
    files: tuple[tuple[str, str, int | None, str | None], ...] = ()  # container, member, bytes, sha1 of originals
    added_to: str | None = None  # the album an earlier push put it into

    @property
    def survivor(self) -> PushPhoto | None:
        """The photo that certainly stays when this one goes; None when nothing is certain."""
        return self.stays if self.verdict.code is None else None

    @property
    def refusal(self) -> str | None:
        """Why this photo must not be put before a person for deletion, as a clause; None when it may be.

        The one fault that cannot be forgiven is leading somebody to delete a picture they have only once. So a photo passes only when
        a person decided to remove it, and the photo that stays for it certainly survives.
        """
        if self.item is not None and self.decision != "remove":
            decided = f"it is now decided '{self.decision}'" if self.decision else "nobody has decided to remove it"
            return f"{decided}, so it is left alone"
        return self.verdict.reason


def read_candidates(conn: sqlite3.Connection, photo_ids: Iterable[str] | None = None) -> list[Candidate]:
    """The photos decided `remove`, in the order of deciding, or the given ones in the order given.

    A given id that is not in `photos` comes back without an item, so that it can be named in a refusal.
    """
    verdicts = read_verdicts(conn, photo_ids)
    return [candidate for part in in_parts(verdicts) for candidate in _read_part(conn, list(part))]


def _read_part(conn: sqlite3.Connection, verdicts: list[LeavingVerdict]) -> list[Candidate]:
    ids = [verdict.photo_id for verdict in verdicts]
    items = _read_items(conn, sorted({*ids, *(verdict.stays_id for verdict in verdicts if verdict.stays_id)}))
    decisions = dict(select(conn, "SELECT subject, decision FROM decisions WHERE subject IN ({})", ids))
    files, added = _read_files(conn, ids), _read_pushed(conn, ids)
    return [
        Candidate(
            verdict.photo_id,
            items.get(verdict.photo_id),
            decisions.get(verdict.photo_id),
            verdict,
            items.get(verdict.stays_id or ""),
            tuple(files.get(verdict.photo_id, ())),
            added.get(verdict.photo_id),
        )
        for verdict in verdicts
    ]


def read_pushed(conn: sqlite3.Connection, album_title: str) -> list[Candidate]:
    """The photos that pushes have put into the albums of this title, as they stand now."""
    return read_candidates(conn, [row[1] for row in read_added(conn, album_title.strip())])


def _read_items(conn: sqlite3.Connection, ids: list[str]) -> dict[str, PushPhoto]:
    belongings = read_belongings(conn, ids)
    names = columns_of(PushPhoto, "belongings")
    sql = f"SELECT {', '.join(names)} FROM photos WHERE photo_id IN ({{}})"
    items = (shape_of(PushPhoto, names, row) for row in select(conn, sql, ids))
    return {item.photo_id: replace(item, belongings=belongings[item.photo_id]) for item in items}


def _read_pushed(conn: sqlite3.Connection, ids: list[str]) -> dict[str, str]:
    """The album title for each photo that a push has added."""
    sql = """
        SELECT i.photo_id, p.album_title FROM push_items i JOIN pushes p USING (push_id)
        WHERE i.state IN ('sent', 'added') AND i.photo_id IN ({}) ORDER BY p.push_id
    """
    return dict(select(conn, sql, ids))


def _read_files(conn: sqlite3.Connection, ids: list[str]) -> dict[str, list[tuple[str, str, int | None, str | None]]]:
    sql = """
        SELECT photo_id, container, member, bytes, sha1 FROM files
        WHERE role IN ('original', 'album_copy') AND photo_id IN ({}) ORDER BY role DESC, file_id
    """
    files: dict[str, list[tuple[str, str, int | None, str | None]]] = {}
    for photo_id, *place in select(conn, sql, ids):
        files.setdefault(photo_id, []).append(tuple(place))
    return files
