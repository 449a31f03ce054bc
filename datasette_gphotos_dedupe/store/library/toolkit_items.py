"""Items of the browser toolkit's list, joined to the photos that are known. Never a guess: what is not certain is left out.

The list is laid into temporary tables first, because a pair only counts when it is the only one on both sides. The caller holds the
transaction while saving.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from ...core.content_key import PROVISIONAL, provisional_id
from ...model import Album
from ...sources.toolkit_item import Listed
from ..rows import marks, read_rows
from .identity import take_over
from .photos import RunId, save_albums

SOURCE = "toolkit-csv"
NO_PIXELS = "the toolkit's CSV holds no pictures; a Takeout export brings the picture in"
AMBIGUOUS = "ambiguous"
# What the list adds to a known photo, and what it tells about one that nothing else has told.
ADDED = ("media_key", "dedup_key", "product_url", "space_bytes", "original_quality", "owned")
FILLED = ("filename", "description", "uploaded_at", "width", "height", "bytes", "duration_s", "latitude", "longitude")
FLAGS = ("archived", "favorite")
BATCH_ROWS = 1_000
_COLUMNS = ", ".join(Listed._fields)

_CREATE = (
    "DROP TABLE IF EXISTS temp.listed",
    "DROP TABLE IF EXISTS temp.listed_albums",
    "DROP TABLE IF EXISTS temp.joined",
    "DROP TABLE IF EXISTS temp.alike",
    f"CREATE TEMP TABLE listed ({_COLUMNS.replace('item', 'item PRIMARY KEY', 1)})",
    "CREATE TEMP TABLE listed_albums (item, album_key, album_title, PRIMARY KEY (item, album_key))",
    "CREATE TEMP TABLE joined (item PRIMARY KEY, photo_id, rule)",
    "CREATE TEMP TABLE alike (item, photo_id, rule)",
)
_INDEX = (
    "CREATE INDEX temp.listed_line ON listed(line)",
    "CREATE INDEX temp.listed_sha1 ON listed(sha1)",
    "CREATE INDEX temp.listed_dedup_key ON listed(dedup_key)",
    "CREATE INDEX temp.listed_name ON listed(filename)",
    "CREATE INDEX temp.joined_photo ON joined(photo_id)",
)
# A list of albums and one of the library in one file: what an album holds is the library's item of the same content key.
_FOLDED = """(SELECT min(k.item) FROM listed AS l JOIN listed AS k ON k.dedup_key = l.dedup_key AND k.media_key IS NOT NULL
    WHERE l.media_key IS NULL AND l.item = {0}.item HAVING count(*) = 1)"""
_FOLD = (
    f"UPDATE OR IGNORE listed_albums SET item = coalesce({_FOLDED.format('listed_albums')}, item)",
    f"DELETE FROM listed WHERE media_key IS NULL AND {_FOLDED.format('listed')} IS NOT NULL",
)
_BY_KEY = (
    "INSERT INTO joined SELECT l.item, p.photo_id, 'media_key' FROM listed AS l JOIN photos AS p ON p.photo_id = l.media_key",
    """INSERT OR IGNORE INTO joined SELECT l.item, p.photo_id, 'media_key'
    FROM listed AS l JOIN photos AS p ON p.media_key = l.media_key""",
)
_WITHOUT_KEY = "l.media_key IS NULL"  # in an album: its content key counts
# The same content key, where no media key is to be had, or where all that is known of a photo is that key. Equal bytes; or equal
# name, equal second, equal size (bytes where both know them, else pixels) and no checksum or content key against it.
_ALIKE = {
    "content": (
        f"p.dedup_key = l.dedup_key AND ({_WITHOUT_KEY} OR p.sha1 IS NULL)",
        f"p.sha1 = l.sha1 AND (NOT ({_WITHOUT_KEY}) OR p.dedup_key IS NULL)",
    ),
    "name": (
        f"""p.filename = l.filename AND substr(p.taken_at, 1, 19) = substr(l.taken_at, 1, 19)
    AND CASE WHEN p.bytes IS NOT NULL AND l.bytes IS NOT NULL THEN p.bytes = l.bytes
        ELSE min(p.width, p.height) = min(l.width, l.height) AND max(p.width, p.height) = max(l.width, l.height) END
    AND (p.sha1 IS NULL OR l.sha1 IS NULL OR p.sha1 = l.sha1 OR l.original_quality IS NOT 1)
    AND (NOT ({_WITHOUT_KEY}) OR p.original_quality IS NULL OR p.dedup_key = l.dedup_key)""",
    ),
}
# Photos and items that nothing has joined yet; a photo with a media key of its own is another item than one of another key.
_FREE = f"""FROM alike AS a JOIN photos AS p USING (photo_id) JOIN listed AS l USING (item)
    WHERE (p.media_key IS NULL OR {_WITHOUT_KEY})
    AND NOT EXISTS (SELECT 1 FROM joined AS j WHERE j.photo_id = a.photo_id)
    AND NOT EXISTS (SELECT 1 FROM joined AS j WHERE j.item = a.item)"""


def _join(rule: str) -> str:
    """Joins the pairs that are unique on both sides, counted among the whole list and all photos, known keys or not."""
    unique = "(SELECT {0} FROM alike WHERE rule = '{1}' GROUP BY 1 HAVING count(*) = 1)"
    return f"""INSERT INTO joined SELECT a.item, a.photo_id, a.rule {_FREE} AND a.rule = '{rule}'
    AND a.item IN {unique.format("item", rule)} AND a.photo_id IN {unique.format("photo_id", rule)}"""


def lay_out(conn: sqlite3.Connection, items: Iterable[Listed]) -> int:
    """Lay the list out for `join`, in temporary tables; returns how many lines it has. An item listed again adds its albums."""
    count = 0
    for statement in _CREATE:
        conn.execute(statement)
    with conn:
        for item in items:
            count += 1
            conn.execute(f"INSERT OR IGNORE INTO listed VALUES ({marks(item)})", item)
            if item.album_key:
                row = (item.item, item.album_key, item.album_title)
                conn.execute("INSERT OR IGNORE INTO listed_albums VALUES (?, ?, ?)", row)
    for statement in _INDEX:
        conn.execute(statement)
    with conn:
        for statement in _FOLD:
            conn.execute(statement)
    return count


def join(conn: sqlite3.Connection) -> dict[str, int]:
    """Find for each item the photo it is; returns how many by which rule: media_key, content, name, ambiguous, new."""
    with conn:
        for statement in _BY_KEY:
            conn.execute(statement)
        for rule, conditions in _ALIKE.items():
            for condition in conditions:
                # photos outside, so that each looks the list up by its index
                found = f"SELECT l.item, p.photo_id, '{rule}' FROM photos AS p CROSS JOIN listed AS l ON {condition}"
                conn.execute(f"INSERT INTO alike {found}")
            conn.execute(_join(rule))
        conn.execute(f"INSERT OR IGNORE INTO joined SELECT a.item, NULL, '{AMBIGUOUS}' {_FREE}")
    counts = dict(conn.execute("SELECT rule, count(*) FROM joined GROUP BY rule").fetchall())
    total = conn.execute("SELECT count(*) FROM listed").fetchone()[0]
    return {**dict.fromkeys(("media_key", "content", "name", AMBIGUOUS), 0), **counts, "new": total - sum(counts.values())}


def batches(conn: sqlite3.Connection) -> Iterator[list[tuple[Listed, str | None, str | None]]]:
    """The items in their order, each with the photo it is (None: a new one) and the rule, some at a time."""
    line = 0
    while True:
        rows = conn.execute(
            f"""SELECT {", ".join(f"l.{name}" for name in Listed._fields)}, j.photo_id, j.rule
            FROM listed AS l LEFT JOIN joined AS j USING (item) WHERE l.line > ? ORDER BY l.line LIMIT {BATCH_ROWS}""",
            [line],
        ).fetchall()
        if not rows:
            return
        yield [(Listed(*row[:-2]), row[-2], row[-1]) for row in map(tuple, rows)]
        line = rows[-1][0]


def save_listed(conn: sqlite3.Connection, item: Listed, photo_id: str | None, run_id: RunId, listed_at: str) -> tuple[str, str]:
    """Save one item as the photo it is, or as a new one; returns its id, and ``added``, ``updated`` or ``same``.

    A photo that had only its checksum for an id gets the media key, and keeps everything that was said about it. An item of an
    album that nobody knew gets an id of its content key, until its media key comes. `listed_at` is when the list was made, as UTC
    text.
    """
    told = _told(item)
    new_id = item.media_key or provisional_id(item.dedup_key or "")
    photo_id = photo_id or _existing_id(conn, new_id)
    if photo_id is None:
        told.update(photo_id=new_id, source=SOURCE, no_pixels=NO_PIXELS, run_id=run_id(), **_fresh(item))
        conn.execute(f"INSERT INTO photos ({', '.join(told)}) VALUES ({marks(told)})", list(told.values()))
        return new_id, "added"
    moved = photo_id.startswith(PROVISIONAL) and item.media_key is not None
    if moved and item.media_key:
        take_over(conn, photo_id, item.media_key)
        photo_id = item.media_key
    changed = _change(conn, photo_id, _changes(_row(conn, photo_id), item, told, listed_at), run_id)
    return photo_id, "updated" if changed or moved else "same"


def save_trashed(conn: sqlite3.Connection, photo_id: str, run_id: RunId, listed_at: str) -> str:
    """Mark a photo that a list of the trash names; returns ``updated`` or ``same``."""
    old = _row(conn, photo_id)
    changes = {"trashed": 1, "exported_at": max(old["exported_at"] or "", listed_at)}
    return "updated" if not old["trashed"] and _change(conn, photo_id, changes, run_id) else "same"


def _change(conn: sqlite3.Connection, photo_id: str, changes: dict[str, Any], run_id: RunId) -> bool:
    if changes:
        changes["run_id"] = run_id()
        names = ", ".join(f"{name} = ?" for name in changes)
        conn.execute(f"UPDATE photos SET {names} WHERE photo_id = ?", [*changes.values(), photo_id])
    return bool(changes)


def _existing_id(conn: sqlite3.Connection, photo_id: str) -> str | None:
    row = conn.execute("SELECT photo_id FROM photos WHERE photo_id = ?", [photo_id]).fetchone()
    return row[0] if row else None


def _told(item: Listed) -> dict[str, Any]:
    told = {name: getattr(item, name, None) for name in (*ADDED, *FILLED)}
    if item.media_key:
        told["product_url"] = f"https://photos.google.com/photo/{item.media_key}"
    return told


def _fresh(item: Listed) -> dict[str, Any]:
    """What only stands in rows that the list alone knows."""
    flags = {name: getattr(item, name) for name in FLAGS if getattr(item, name) is not None}
    time = {"taken_at": item.taken_at, "taken_at_source": "csv"} if item.taken_at else {}
    # A list of an album does not say whose its photos are.
    outside = item.owned == 0 if item.media_key else item.owned != 1
    return {**flags, **time, "kind": "video" if item.duration_s else "photo", "album_only": int(outside)}


def _row(conn: sqlite3.Connection, photo_id: str) -> dict[str, Any]:
    return read_rows(conn, "SELECT * FROM photos WHERE photo_id = ?", [photo_id])[0]


def _changes(old: dict[str, Any], item: Listed, told: dict[str, Any], listed_at: str) -> dict[str, Any]:
    own = old["source"] == SOURCE
    new = {name: told[name] for name in ADDED if told[name] is not None}
    new |= {name: told[name] for name in FILLED if told[name] is not None and (own or old[name] is None)}
    if old["product_url"] and not own:
        new["product_url"] = old["product_url"]
    if old["media_key"]:
        new["media_key"] = old["media_key"]
    if item.taken_at and (own or old["taken_at"] is None):
        new |= {"taken_at": item.taken_at, "taken_at_source": "csv"}
    if own:
        new |= _fresh(item) if item.media_key else {}
    if item.owned is not None:
        new["album_only"] = int(item.owned == 0)  # Google's word counts more than the folder it was seen in
    if item.media_key and listed_at > (old["exported_at"] or ""):
        new["trashed"] = 0  # it is in the library, whatever an older export said
    return {name: value for name, value in new.items() if old[name] != value}


def save_listed_albums(conn: sqlite3.Connection, rows: list[tuple[Listed, str]]) -> int:
    """Put photos into the albums they are listed under; returns how many memberships are new.

    A Takeout export knows albums by their folders: an album of this title is the same one if no other has that title.
    """
    before = conn.total_changes
    for item, photo_id in rows:
        albums = conn.execute("SELECT album_key, album_title FROM listed_albums WHERE item = ?", [item.item]).fetchall()
        for album_key, title in albums:
            album_id = _album_id(conn, album_key, title)
            conn.execute("INSERT OR IGNORE INTO album_photos (album_id, photo_id) VALUES (?, ?)", [album_id, photo_id])
    return conn.total_changes - before


def _album_id(conn: sqlite3.Connection, album_key: str, title: str | None) -> str:
    if conn.execute("SELECT 1 FROM albums WHERE album_id = ?", [album_key]).fetchone():
        return album_key
    same = conn.execute("SELECT album_id FROM albums WHERE title = ?", [title]).fetchall()
    twins = conn.execute("SELECT count(DISTINCT album_key) FROM listed_albums WHERE album_title = ?", [title]).fetchone()[0]
    if len(same) == 1 and twins == 1 and same[0][0].startswith("album:"):
        return str(same[0][0])
    save_albums(conn, [Album(album_key, title or album_key)])
    return album_key


def drop_layout(conn: sqlite3.Connection) -> None:
    """Give the temporary tables' room back."""
    for statement in itertools.islice(_CREATE, 4):
        conn.execute(statement)
