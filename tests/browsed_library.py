"""A large library somebody has worked on: what `large_library` leaves empty is filled too, for benches of browsing.

Places, files, fingerprints of real length, skipped files, decisions, a push: no table of any size that a person may open is empty.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.large_library import GROUP_SIZE, GROUPS_PER_PHOTO, PACKAGE, build_large_library
from tests.made_library import REMOVABLE, photo_id

VARIANTS = tuple(f"variant_{number}" for number in range(28))
CODES = ("truncated", "not_a_picture", "no_media", "two_pictures")
DECIDED_SHARE = 3  # one group in three is decided
WHEN = "2026-10-{:02d}T{:02d}:00:00Z"


def kept_browsed_library(folder: Path, photos: int) -> Path:
    """The library of this size, built when it is not in the folder or the schema has changed since."""
    newest = max(path.stat().st_mtime for path in (*PACKAGE.glob("schema/*.py"), Path(__file__)))
    path = folder / f"browsed{photos}.db"
    if not path.exists() or path.stat().st_mtime < newest:
        print(f"Building {path} ...", flush=True)
        part = path.with_suffix(".part")  # a bench that is stopped leaves nothing that looks whole
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
            part.with_name(part.name + suffix).unlink(missing_ok=True)
        build_browsed_library(part, photos)
        part.rename(path)
    return path


def build_browsed_library(path: Path, photos: int) -> None:
    """Write a library of so many photos with something in every table."""
    groups = int(photos * GROUPS_PER_PHOTO)
    build_large_library(path, photos, groups)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA synchronous = OFF")
        chance = random.Random(7)
        _tell_places(conn)
        _add_sources(conn, photos)
        _add_fingerprints(conn, chance, photos)
        _add_decisions(conn, groups)
        _add_push(conn)
        conn.commit()
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _insert(conn: sqlite3.Connection, table: str, columns: str, rows: Iterator[tuple]) -> None:
    marks = ",".join("?" * (columns.count(",") + 1))
    conn.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def _tell_places(conn: sqlite3.Connection) -> None:
    """Most photos know where they were taken, copies less often; some are favourites, some were seen in albums alone."""
    conn.execute(
        """UPDATE photos SET latitude = 40 + rowid % 1500 / 100.0, longitude = rowid % 3000 / 100.0 WHERE rowid % 10 < 6"""
    )
    conn.execute("UPDATE photos SET favorite = 1 WHERE rowid % 37 = 0")
    conn.execute("UPDATE photos SET album_only = 1 WHERE rowid % 97 = 0")
    conn.execute("UPDATE photos SET mime_type = 'image/heic' WHERE rowid % 5 = 0")
    conn.execute("UPDATE photos SET mime_type = 'video/mp4', kind = 'video', duration_s = rowid % 90 WHERE rowid % 23 = 0")
    conn.execute("UPDATE photos SET original_quality = rowid % 2, space_bytes = bytes / (1 + rowid % 2)")
    conn.execute("UPDATE photos SET dedup_key = 'twice' || (rowid / 2) WHERE rowid % 50 < 2")


def _add_sources(conn: sqlite3.Connection, photos: int) -> None:
    parts = [f"takeout-20260101T000000Z-{number:03d}.zip" for number in range(1, 51)]
    rows = ((name, "20260101T000000Z", photos // 50, photos // 50 - 40, 40) for name in parts)
    columns = "container, export_id, state, files_seen, files_used, files_skipped, run_id"
    _insert(
        conn, "parts", columns, ((name, export, "done", seen, used, not_used, 1) for name, export, seen, used, not_used in rows)
    )
    files = conn.execute("SELECT rowid, photo_id, filename, bytes, sha1, taken_at FROM photos").fetchall()
    _insert(
        conn,
        "files",
        "photo_id, role, container, member, bytes, sha1, crc32, modified_at",
        (
            (photo, "original", parts[n % 50], f"Takeout/Google Photos/Photos from {when[:4]}/{n}/{name}", size, sha1, n, when)
            for n, photo, name, size, sha1, when in files
        ),
    )
    _insert(
        conn,
        "skipped",
        "container, member, code, reason, bytes, run_id",
        ((parts[n % 50], f"Takeout/{n}.json", CODES[n % 4], "Could not be read.", n, 1) for n in range(photos // 100)),
    )


def _add_fingerprints(conn: sqlite3.Connection, chance: random.Random, photos: int) -> None:
    variants = json.dumps({name: chance.randbytes(32).hex() for name in VARIANTS})
    numbers = [n for n in range(photos) if n % 23]
    rows = ((photo_id(n), chance.randbytes(32).hex(), variants, chance.random(), "phash-256/1") for n in numbers)
    _insert(conn, "fingerprints", "photo_id, phash, variants, flatness, algorithm", rows)


def _add_decisions(conn: sqlite3.Connection, groups: int) -> None:
    decided = range(0, groups, DECIDED_SHARE)
    _insert(
        conn,
        "decision_batches",
        "batch_id, actor, made_at, description, decision_count",
        ((n + 1, f"person{n % 3}", WHEN.format(n % 28 + 1, n % 24), "one group", GROUP_SIZE) for n in decided),
    )
    rows = [
        (photo_id(n * GROUP_SIZE + at), "remove" if at else "keep", f"person{n % 3}", WHEN.format(n % 28 + 1, n % 24), n + 1)
        for n in decided
        for at in range(GROUP_SIZE)
    ]
    columns = "subject, photo_id, decision, actor, decided_at, batch_id"
    _insert(conn, "decisions", columns, ((photo, photo, *row) for photo, *row in rows))
    history = ((batch, photo, json.dumps({"decision": decision})) for photo, decision, _, _, batch in rows)
    _insert(conn, "decision_history", "batch_id, subject, after", history)
    conn.executemany("UPDATE groups SET decided = 1 WHERE group_id = ?", ((photo_id(n * GROUP_SIZE),) for n in decided))
    judged = conn.execute("SELECT photo_a, photo_b, distance_bits, relation FROM pairs LIMIT 200").fetchall()
    columns = "photo_a, photo_b, distance_bits, relation, same, judged_at"
    _insert(conn, "judgements", columns, ((*row, int(row[3] in REMOVABLE), WHEN.format(1, 1)) for row in judged))


def _add_push(conn: sqlite3.Connection) -> None:
    """A third of what was decided to be removed has been sent into an album."""
    removed = conn.execute("SELECT photo_id FROM decisions WHERE decision = 'remove' AND batch_id % 2 = 0").fetchall()
    conn.execute(
        """INSERT INTO pushes (push_id, album_title, route, state, requested, added, created_at, updated_at)
        VALUES (1, 'Duplicates', 'by_id', 'done', ?, ?, '2026-10-01T00:00:00Z', '2026-10-01T00:00:00Z')""",
        (len(removed), len(removed)),
    )
    rows = ((1, photo, at, "added", WHEN.format(2, 2)) for at, (photo,) in enumerate(removed))
    _insert(conn, "push_items", "push_id, photo_id, position, state, updated_at", rows)
