"""The photos that may be pushed and everything that speaks for or against it, read from the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..store.pushes import read_added
from ..store.review.only_copy import told_apart_sql
from ..store.rows import in_parts, select
from .photo_metadata import Belongings, read_belongings
from .trashed_together import keys_of, read_sharers


@dataclass(frozen=True)
class Item:
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
        if self.product_url:
            return self.product_url
        return f"https://photos.google.com/photo/{self.media_key}" if self.media_key else None


@dataclass(frozen=True)
class Keeper:
    """A keeper that a candidate was verified against. `relation` is None without a row in `pairs`.

    `leaving_twin` names a photo of the same content that is decided to go: Google would trash the keeper with it.
    """

    item: Item
    role: str
    relation: str | None
    decision: str | None
    pushed: bool
    leaving_twin: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A photo somebody wants in the album, what was decided, its keepers, and where its bytes are.

    `staying_twin` names a photo of the same content that is kept: Google would trash it with this one.
    """

    photo_id: str
    item: Item | None
    decision: str | None
    keepers: tuple[Keeper, ...] = ()
    files: tuple[tuple[str, str, int | None, str | None], ...] = ()  # container, member, bytes, sha1 of originals
    added_to: str | None = None  # the album an earlier push put it into
    staying_twin: str | None = None


def read_candidates(conn: sqlite3.Connection, photo_ids: Iterable[str] | None = None) -> list[Candidate]:
    """The photos decided `remove`, in the order of deciding, or the given ones in the order given.

    A given id that is not in `photos` comes back without an item, so that it can be named in a refusal.
    """
    if photo_ids is None:
        sql = "SELECT photo_id FROM decisions WHERE decision = 'remove' AND subject = photo_id ORDER BY decided_at, photo_id"
        rows = conn.execute(sql)
        photo_ids = [row[0] for row in rows.fetchall()]
    candidates: list[Candidate] = []
    for chunk in in_parts(list(dict.fromkeys(photo_ids))):
        candidates += _read_chunk(conn, list(chunk))
    return candidates


def _read_chunk(conn: sqlite3.Connection, ids: list[str]) -> list[Candidate]:
    stars = _read_stars(conn, ids)
    items = _read_items(conn, list(dict.fromkeys([*ids, *(star[1] for star in stars)])))
    twins = _Twins(conn, items)
    keepers: dict[str, list[Keeper]] = {}
    for photo_id, keeper_id, role, relation in stars:
        if keeper_id in items:
            fate = (twins.decisions.get(keeper_id), keeper_id in twins.pushed, twins.leaving(keeper_id))
            keepers.setdefault(photo_id, []).append(Keeper(items[keeper_id], role, relation, *fate))
    files = _read_files(conn, ids)
    return [
        Candidate(
            photo_id,
            items.get(photo_id),
            twins.decisions.get(photo_id),
            tuple(keepers.get(photo_id, ())),
            tuple(files.get(photo_id, ())),
            twins.added.get(photo_id),
            twins.staying(photo_id),
        )
        for photo_id in ids
    ]


def read_pushed(conn: sqlite3.Connection, album_title: str) -> list[Candidate]:
    """The photos that pushes have put into the albums of this title, as they stand now."""
    return read_candidates(conn, [row[1] for row in read_added(conn, album_title.strip())])


class _Twins:
    """What was decided about these photos and about all others that share their content."""

    def __init__(self, conn: sqlite3.Connection, items: dict[str, Item]):
        self._items = items
        self._sharers = read_sharers(conn, {key for item in items.values() for key in item.content_keys})
        everybody = sorted(set(items).union(*self._sharers.values()))
        self.decisions = dict(select(conn, "SELECT subject, decision FROM decisions WHERE subject IN ({})", everybody))
        self.added, self.pushed = _read_pushed(conn, everybody)
        shared = sorted({twin for ids in self._sharers.values() if len(ids) > 1 for twin in ids})
        self._keepers = {row[0] for row in select(conn, "SELECT keeper_id FROM groups WHERE keeper_id IN ({})", shared)}
        names = "SELECT photo_id, coalesce(filename, photo_id) FROM photos WHERE photo_id IN ({})"
        self._names = dict(select(conn, names, shared))

    def _of(self, photo_id: str) -> list[str]:
        item = self._items.get(photo_id)
        keys = item.content_keys if item else ()
        return sorted({twin for key in keys for twin in self._sharers[key]} - {photo_id})

    def leaving(self, photo_id: str) -> str | None:
        """The name of a photo of the same content that is decided to go or was pushed."""
        going = (twin for twin in self._of(photo_id) if self.decisions.get(twin) == "remove" or twin in self.pushed)
        return next((self._names[twin] for twin in going), None)

    def staying(self, photo_id: str) -> str | None:
        """The name of a photo of the same content that is decided to stay, or that other photos rely on."""
        for twin in self._of(photo_id):
            decision = self.decisions.get(twin)
            if decision == "keep" or (decision is None and twin in self._keepers):
                return self._names[twin]
        return None


def _read_stars(conn: sqlite3.Connection, ids: list[str]) -> list[tuple[str, str, str, str | None]]:
    """(photo, partner, partner's role, relation that `pairs` proves), keepers first.

    A partner is the keeper of a group the photo is in, or a member of it that a person decided to keep. A pair that a person
    called different proves nothing.
    """
    sql = f"""
        SELECT m.photo_id, s.photo_id, s.role, CASE WHEN {told_apart_sql("pm", "ps")} THEN NULL ELSE p.relation END
        FROM group_members m
        JOIN groups g ON g.group_id = m.group_id
        JOIN group_members s ON s.group_id = m.group_id AND s.photo_id != m.photo_id
        JOIN photos pm ON pm.photo_id = m.photo_id
        JOIN photos ps ON ps.photo_id = s.photo_id
        LEFT JOIN decisions d ON d.subject = s.photo_id
        LEFT JOIN pairs p ON p.photo_a = min(m.photo_id, s.photo_id) AND p.photo_b = max(m.photo_id, s.photo_id)
        WHERE m.photo_id IN ({{}}) AND (s.photo_id = g.keeper_id OR d.decision = 'keep')
        ORDER BY m.photo_id, s.photo_id != g.keeper_id, g.group_id, s.photo_id
    """
    return list(select(conn, sql, ids))


def _read_items(conn: sqlite3.Connection, ids: list[str]) -> dict[str, Item]:
    belongings = read_belongings(conn, ids)
    sql = """
        SELECT photo_id, source, filename, width, height, bytes, taken_at, mime_type, product_url, library_id, media_key,
               dedup_key, sha1, app_created, album_only, trashed, original_quality
        FROM photos WHERE photo_id IN ({})
    """
    return {
        row[0]: Item(
            *row[:13],
            bool(row[13]),
            bool(row[14]),
            bool(row[15]),
            row[16] if row[16] is None else bool(row[16]),
            belongings[row[0]],
        )
        for row in select(conn, sql, ids)
    }


def _read_pushed(conn: sqlite3.Connection, ids: list[str]) -> tuple[dict[str, str], set[str]]:
    """The album title for each photo that a push has added, and all photos that may be in an album of a push.

    A photo that failed after it was sent may be there: who selects everything in the album would delete it too.
    """
    sql = """
        SELECT i.photo_id, p.album_title, i.state FROM push_items i JOIN pushes p USING (push_id)
        WHERE (i.state IN ('sent', 'added') OR (i.state = 'failed' AND i.album_id IS NOT NULL)) AND i.photo_id IN ({})
        ORDER BY p.push_id
    """
    rows = list(select(conn, sql, ids))
    return {row[0]: row[1] for row in rows if row[2] != "failed"}, {row[0] for row in rows}


def _read_files(conn: sqlite3.Connection, ids: list[str]) -> dict[str, list[tuple[str, str, int | None, str | None]]]:
    sql = """
        SELECT photo_id, container, member, bytes, sha1 FROM files
        WHERE role IN ('original', 'album_copy') AND photo_id IN ({}) ORDER BY role DESC, file_id
    """
    files: dict[str, list[tuple[str, str, int | None, str | None]]] = {}
    for photo_id, *place in select(conn, sql, ids):
        files.setdefault(photo_id, []).append(tuple(place))
    return files
