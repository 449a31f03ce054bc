"""Which row of `photos` an item is, and what happens when an item gets a better id. The caller holds the transaction."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any

from ...core.content_key import dedup_key_of
from ...model import NOT_IN_GOOGLE, Photo
from ...photo_columns import OF_THE_BYTES
from ..review.history import add_history, close_batch, open_batch, read_decision


def find_photo_id(conn: sqlite3.Connection, photo: Photo) -> str:
    """The id under which to save `photo`: its media key or library id, else the row of the same content, else ``sha1:<hex>``.

    A row that had to do with its checksum for an id takes the media key over, with everything said about it.
    """
    known = photo.media_key or photo.library_id
    same = _same_content(conn, photo)
    if known is None:
        return same or _content_id(conn, photo)
    row = conn.execute("SELECT photo_id FROM photos WHERE photo_id = ? OR media_key = ?", [known, known]).fetchone()
    photo_id = row[0] if row else known
    if same and same != photo_id and same.startswith("sha1:"):
        _take_content_over(conn, same, photo_id, "sha1 IS NOT NULL AND sha1 IS NOT :sha1")
        take_over(conn, same, photo_id)
    return photo_id


def _same_content(conn: sqlite3.Connection, photo: Photo) -> str | None:
    """The row of equal bytes that is the same item: a file on disk, or one of equal title and time."""
    if photo.sha1 is None:
        return None
    rows = conn.execute(
        "SELECT photo_id, filename, taken_at, source, media_key, exported_at, sidecar_rule FROM photos WHERE sha1 = ? "
        "ORDER BY photo_id",
        [photo.sha1],
    ).fetchall()
    for row in rows:
        alike = (row[1], row[2]) == (photo.filename, photo.taken_at)
        if not NOT_IN_GOOGLE.isdisjoint((photo.source, row[3])) or (alike and (photo.media_key is None or row[4] is None)):
            return str(row[0])
    if len(rows) == 1:
        row = rows[0]
        # Between two exports a person may have corrected the date; the title stays that of the upload.
        later = row[1] == photo.filename and row[5] != photo.exported_at and row[3] == photo.source
        if later and (photo.media_key is None or row[4] is None):
            return str(row[0])
    return _row_of_file(conn, photo) or _row_without_sidecar(photo, rows) or _row_of_list(conn, photo)


def _row_without_sidecar(photo: Photo, rows: list[Any]) -> str | None:
    """The item that a file without a sidecar is a copy of, or the other way round: nothing tells it from that one."""
    fits = [
        row
        for row in rows
        if row[3] == photo.source == "takeout"
        and (photo.sidecar_rule is None or row[6] is None)
        and (photo.media_key is None or row[4] is None)
    ]
    named = [row for row in fits if row[1] == photo.filename] or fits
    return str(named[0][0]) if named else None


def _row_of_file(conn: sqlite3.Connection, photo: Photo) -> str | None:
    """The item that the same file was saved for, before its sidecar was there."""
    for file in photo.files[:1]:
        row = conn.execute(
            "SELECT photos.photo_id FROM files JOIN photos USING (photo_id) "
            "WHERE container = ? AND member = ? AND photos.sha1 = ? AND photos.media_key IS NULL",
            [file.container, file.member, photo.sha1],
        ).fetchone()
        if row:
            return str(row[0])
    return None


def _row_of_list(conn: sqlite3.Connection, photo: Photo) -> str | None:
    """The item that the toolkit's list told of without its picture: the only one of this content key, or of its name and time.

    A photo with a media key can be one that was listed in an album, where no media key counts.
    """
    if photo.sha1 is None:
        return None
    sql = """SELECT photo_id, filename, substr(taken_at, 1, 19) FROM photos
        WHERE (dedup_key = :key OR dedup_key BETWEEN :key || ':' AND :key || ':~') AND sha1 IS NULL
        AND (:unkeyed OR media_key IS NULL)"""
    values = {"key": dedup_key_of(photo.sha1), "unkeyed": photo.media_key is None}
    rows = conn.execute(sql, values).fetchall()
    if len(rows) > 1:
        rows = [row for row in rows if (row[1], row[2]) == (photo.filename, (photo.taken_at or "")[:19])]
    return rows[0][0] if len(rows) == 1 else None


def _content_id(conn: sqlite3.Connection, photo: Photo) -> str:
    plain = f"sha1:{photo.sha1}"
    if conn.execute("SELECT 1 FROM photos WHERE photo_id = ?", [plain]).fetchone() is None:
        return plain
    # Equal bytes under another title or time: an item of its own, as far as anybody can tell.
    mark = hashlib.sha1(f"{photo.filename}\n{photo.taken_at}".encode()).hexdigest()[:8]
    return f"{plain}:{mark}"


def join_provisional(conn: sqlite3.Connection, old_id: str, new_id: str) -> str:
    """Let an id made of a checksum go when its last file turned out to belong to `new_id`. One of Google's own ids stays.

    Returns the id that the photo has now: one that had to be told from `old_id` by a mark needs the mark no longer.
    """
    if old_id.startswith("sha1:") and conn.execute("SELECT 1 FROM files WHERE photo_id = ?", [old_id]).fetchone() is None:
        take_over(conn, old_id, new_id)
        if new_id.startswith(f"{old_id}:"):
            take_over(conn, new_id, old_id)
            return old_id
    return new_id


def _take_content_over(conn: sqlite3.Connection, old_id: str, new_id: str, where: str) -> None:
    """Let what `old_id` looks like count for `new_id` when `where` holds of that row; `:sha1` stands for the old one's checksum.

    Checksum, size, fingerprint and preview always go together: a photo must never be judged by the pixels of other bytes.
    """
    names = ", ".join(OF_THE_BYTES)
    (sha1,) = conn.execute("SELECT sha1 FROM photos WHERE photo_id = ?", [old_id]).fetchone()
    values = {"old": old_id, "new": new_id, "sha1": sha1}
    row = conn.execute(f"SELECT sha1, dedup_key FROM photos WHERE photo_id = :new AND {where}", values).fetchone()
    if row and row[0] and row[1] == dedup_key_of(row[0]):  # made of the bytes, and not Google's own word
        conn.execute("UPDATE photos SET dedup_key = ? WHERE photo_id = ?", [dedup_key_of(sha1), new_id])
    changed = conn.execute(
        f"UPDATE photos SET ({names}) = (SELECT {names} FROM photos WHERE photo_id = :old) WHERE photo_id = :new AND {where}",
        values,
    ).rowcount
    if changed:
        forget_pixels(conn, new_id)


def forget_pixels(conn: sqlite3.Connection, photo_id: str) -> None:
    """Drop fingerprint and preview of a photo whose bytes are others now."""
    _forget_matches(conn, photo_id)
    for table in ("fingerprints", "thumbnails"):
        conn.execute(f"DELETE FROM {table} WHERE photo_id = ?", [photo_id])


def take_over(conn: sqlite3.Connection, old_id: str, new_id: str) -> None:
    """Give everything that belongs to `old_id` to `new_id`, decisions included."""
    if conn.execute("SELECT 1 FROM photos WHERE photo_id = ?", [old_id]).fetchone() is None:
        return
    conn.execute("PRAGMA defer_foreign_keys = ON")
    _take_content_over(conn, old_id, new_id, "sha1 IS :sha1 AND mime_type IS NULL")  # a row made of a file known before
    if conn.execute("SELECT 1 FROM photos WHERE photo_id = ?", [new_id]).fetchone() is None:
        conn.execute("UPDATE photos SET photo_id = ? WHERE photo_id = ?", [new_id, old_id])
    _forget_matches(conn, old_id)
    for table in ("files", "album_photos", "photo_people", "fingerprints", "thumbnails", "push_items"):
        conn.execute(f"UPDATE OR IGNORE {table} SET photo_id = ? WHERE photo_id = ?", [new_id, old_id])
    for table in ("album_photos", "photo_people", "fingerprints", "thumbnails", "photos"):
        conn.execute(f"DELETE FROM {table} WHERE photo_id = ?", [old_id])
    _move_decisions(conn, old_id, new_id)


def forget_photo(conn: sqlite3.Connection, photo_id: str) -> None:
    """Drop the row of a photo that exists nowhere any more. What a person said about it stays, in case it comes back."""
    _forget_matches(conn, photo_id)
    conn.execute("DELETE FROM photos WHERE photo_id = ?", [photo_id])


def _forget_matches(conn: sqlite3.Connection, photo_id: str) -> None:
    """Drop pairs and groups of an id, and have it matched again: a star around a vanished id means nothing."""
    partners = "SELECT photo_a FROM pairs WHERE photo_b = :id UNION SELECT photo_b FROM pairs WHERE photo_a = :id"
    conn.execute(f"UPDATE comparisons SET matched_by = NULL WHERE photo_id = :id OR photo_id IN ({partners})", {"id": photo_id})
    conn.execute("DELETE FROM pairs WHERE photo_a = :id OR photo_b = :id", {"id": photo_id})
    groups = "SELECT group_id FROM group_members WHERE photo_id = :id UNION SELECT group_id FROM groups WHERE keeper_id = :id"
    ids = [row[0] for row in conn.execute(groups, {"id": photo_id}).fetchall()]
    conn.executemany("DELETE FROM group_members WHERE group_id = ?", [(each,) for each in ids])
    conn.executemany("DELETE FROM groups WHERE group_id = ?", [(each,) for each in ids])


def _settle_two_decisions(conn: sqlite3.Connection, old_id: str, new_id: str) -> None:
    """When two ids turn out to be one photo and both were decided, the careful word wins: keep, else the newer one."""
    old, new = read_decision(conn, old_id), read_decision(conn, new_id)
    if old is None or new is None:
        return
    winner = max((old, new), key=lambda row: (row["decision"] == "keep", row["decided_at"], row is new))
    if winner["decision"] != new["decision"]:
        batch = open_batch(conn, None, f"{old_id} and {new_id} are one photo: {winner['decision']}")
        add_history(conn, batch, new_id, json.dumps(new), json.dumps({**winner, "subject": new_id, "photo_id": new_id}))
        close_batch(conn, batch)
    conn.execute("DELETE FROM decisions WHERE subject = ?", [new_id if winner is old else old_id])


def _move_decisions(conn: sqlite3.Connection, old_id: str, new_id: str) -> None:
    _settle_two_decisions(conn, old_id, new_id)
    _rename_in_history(conn, old_id, new_id)
    conn.execute("UPDATE decisions SET subject = ? WHERE subject = ?", [new_id, old_id])
    for column in ("photo_id", "photo_b", "stays_id"):
        conn.execute(f"UPDATE decisions SET {column} = ? WHERE {column} = ?", [new_id, old_id])
    conn.execute("UPDATE decision_history SET subject = ? WHERE subject = ?", [new_id, old_id])


def _rename_in_history(conn: sqlite3.Connection, old_id: str, new_id: str) -> None:
    """The history holds whole rows as JSON; an id is long and random enough to be replaced as text."""
    said = "SELECT subject FROM decisions WHERE photo_id = :old OR photo_b = :old OR stays_id = :old"
    for column in ("before", "after"):
        conn.execute(
            f"""UPDATE decision_history SET {column} = replace({column}, json_quote(:old), json_quote(:new))
            WHERE {column} IS NOT NULL AND (subject = :old OR subject IN ({said}))""",
            {"old": old_id, "new": new_id},
        )
