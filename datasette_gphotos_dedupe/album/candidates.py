"""The photos that may be pushed and everything that speaks for or against it, read from the database."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_CHUNK = 500


@dataclass(frozen=True)
class Belongings:
    """What a photo has that a person may not want to lose."""

    albums: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    favorite: bool = False
    description: str = ""
    location: tuple[float, float] | None = None


@dataclass(frozen=True)
class Item:
    """One row of `photos` as a push sees it. `content_key` is equal for rows that Google trashes together."""

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
    def content_key(self) -> str | None:
        """Google's dedup key: the kept one, else unpadded URL-safe base64 of the SHA-1."""
        if self.dedup_key or not self.sha1:
            return self.dedup_key
        return base64.urlsafe_b64encode(bytes.fromhex(self.sha1)).decode().rstrip("=")

    @property
    def link(self) -> str | None:
        """An address that opens the photo in Google Photos."""
        if self.product_url:
            return self.product_url
        return f"https://photos.google.com/photo/{self.media_key}" if self.media_key else None


@dataclass(frozen=True)
class Keeper:
    """A keeper that a candidate was verified against. `relation` is None without a row in `pairs`."""

    item: Item
    role: str
    relation: str | None
    decision: str | None
    pushed: bool


@dataclass(frozen=True)
class Candidate:
    """A photo somebody wants in the album, what was decided, its keepers, and where its bytes are."""

    photo_id: str
    item: Item | None
    decision: str | None
    keepers: tuple[Keeper, ...] = ()
    files: tuple[tuple[str, str, int | None, str | None], ...] = ()  # container, member, bytes, sha1 of originals
    added_to: str | None = None  # the album an earlier push put it into


def read_candidates(conn: sqlite3.Connection, photo_ids: Iterable[str] | None = None) -> list[Candidate]:
    """The photos decided `remove`, in the order of deciding, or the given ones in the order given.

    A given id that is not in `photos` comes back without an item, so that it can be named in a refusal.
    """
    if photo_ids is None:
        sql = "SELECT photo_id FROM decisions WHERE decision = 'remove' AND subject = photo_id ORDER BY decided_at, photo_id"
        rows = conn.execute(sql)
        photo_ids = [row[0] for row in rows.fetchall()]
    candidates: list[Candidate] = []
    for chunk in _chunks(list(dict.fromkeys(photo_ids))):
        candidates += _read_chunk(conn, chunk)
    return candidates


def _read_chunk(conn: sqlite3.Connection, ids: list[str]) -> list[Candidate]:
    stars = _read_stars(conn, ids)
    everybody = list(dict.fromkeys([*ids, *(star[1] for star in stars)]))
    items = _read_items(conn, everybody)
    decisions = dict(_select(conn, "SELECT subject, decision FROM decisions WHERE subject IN ({})", everybody))
    pushed = _read_pushed(conn, everybody)
    keepers: dict[str, list[Keeper]] = {}
    for photo_id, keeper_id, role, relation in stars:
        if keeper_id in items:
            keeper = Keeper(items[keeper_id], role, relation, decisions.get(keeper_id), keeper_id in pushed)
            keepers.setdefault(photo_id, []).append(keeper)
    files = _read_files(conn, ids)
    return [
        Candidate(i, items.get(i), decisions.get(i), tuple(keepers.get(i, ())), tuple(files.get(i, ())), pushed.get(i))
        for i in ids
    ]


def _read_stars(conn: sqlite3.Connection, ids: list[str]) -> list[tuple[str, str, str, str | None]]:
    """(photo, partner, partner's role, relation that `pairs` proves), keepers first.

    A partner is the keeper of a group the photo is in, or a member of it that a person decided to keep. A pair that a person
    called different proves nothing.
    """
    sql = """
        SELECT m.photo_id, s.photo_id, s.role, CASE WHEN EXISTS (
            SELECT 1 FROM decisions n WHERE n.decision = 'not_duplicate'
            AND min(n.photo_id, n.photo_b) = p.photo_a AND max(n.photo_id, n.photo_b) = p.photo_b
        ) THEN NULL ELSE p.relation END
        FROM group_members m
        JOIN groups g ON g.group_id = m.group_id
        JOIN group_members s ON s.group_id = m.group_id AND s.photo_id != m.photo_id
        LEFT JOIN decisions d ON d.subject = s.photo_id
        LEFT JOIN pairs p ON p.photo_a = min(m.photo_id, s.photo_id) AND p.photo_b = max(m.photo_id, s.photo_id)
        WHERE m.photo_id IN ({}) AND (s.photo_id = g.keeper_id OR d.decision = 'keep')
        ORDER BY m.photo_id, s.photo_id != g.keeper_id, g.group_id, s.photo_id
    """
    return list(_select(conn, sql, ids))


def _read_items(conn: sqlite3.Connection, ids: list[str]) -> dict[str, Item]:
    belongings = _read_belongings(conn, ids)
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
        for row in _select(conn, sql, ids)
    }


def _read_belongings(conn: sqlite3.Connection, ids: list[str]) -> dict[str, Belongings]:
    albums: dict[str, set[str]] = {}
    people: dict[str, set[str]] = {}
    # Albums that pushes made are for deleting from: being in one is nothing to rescue.
    album_sql = """
        SELECT photo_id, coalesce(title, album_id) FROM album_photos JOIN albums USING (album_id) WHERE photo_id IN ({})
        AND album_id NOT IN (SELECT album_id FROM push_items WHERE album_id IS NOT NULL)
    """
    people_sql = "SELECT photo_id, name FROM photo_people JOIN people USING (person_id) WHERE photo_id IN ({})"
    for found, sql in ((albums, album_sql), (people, people_sql)):
        for photo_id, name in _select(conn, sql, ids):
            found.setdefault(photo_id, set()).add(name)
    sql = "SELECT photo_id, favorite, description, latitude, longitude FROM photos WHERE photo_id IN ({})"
    return {
        photo_id: Belongings(
            frozenset(albums.get(photo_id, ())),
            frozenset(people.get(photo_id, ())),
            bool(favorite),
            (description or "").strip(),
            None if latitude is None or longitude is None else (latitude, longitude),
        )
        for photo_id, favorite, description, latitude, longitude in _select(conn, sql, ids)
    }


def _read_pushed(conn: sqlite3.Connection, ids: list[str]) -> dict[str, str]:
    """The album title for each photo that a push has put, or may have put, into an album."""
    sql = """
        SELECT i.photo_id, p.album_title FROM push_items i JOIN pushes p USING (push_id)
        WHERE i.state IN ('sent', 'added') AND i.photo_id IN ({}) ORDER BY p.push_id
    """
    return dict(_select(conn, sql, ids))


def _read_files(conn: sqlite3.Connection, ids: list[str]) -> dict[str, list[tuple[str, str, int | None, str | None]]]:
    sql = """
        SELECT photo_id, container, member, bytes, sha1 FROM files
        WHERE role IN ('original', 'album_copy') AND photo_id IN ({}) ORDER BY role DESC, file_id
    """
    files: dict[str, list[tuple[str, str, int | None, str | None]]] = {}
    for photo_id, *place in _select(conn, sql, ids):
        files.setdefault(photo_id, []).append(tuple(place))
    return files


def _select(conn: sqlite3.Connection, sql: str, ids: list[str]) -> Iterator[tuple]:
    for chunk in _chunks(ids):
        yield from conn.execute(sql.format(", ".join("?" * len(chunk))), chunk).fetchall()


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
