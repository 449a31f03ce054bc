"""A library with a marker in every column, to see what of it comes out somewhere else."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import struct
from pathlib import Path

from PIL import Image

from datasette_gphotos_dedupe.export import ALLOWED, WITH_PEOPLE
from datasette_gphotos_dedupe.sql_functions import register

from .made_library import build_library, photo_id

# Columns whose values hold the exported tables together. In a table that never goes out they carry markers too.
KEYS = {"photo_id", "album_id", "person_id", "group_id", "keeper_id", "photo_a", "photo_b", "run_id", "batch_id", "push_id"}
KEYS |= {"subject", "file_id", "history_id", "undoes"}
# made of the others, whose changes drop their rows: their markers come last
FOLLOWING = ("upload_photos", "uploads", "comparisons", "packed_variants")
TABLES = ("people", "photo_people", "decision_batches", "decisions", "decision_history", "pushes", "push_items", "skipped")


def marked_jpeg() -> bytes:
    """A preview that carries markers where cameras and editors put text."""
    exif = Image.Exif()
    exif[0x010E] = "MARK.exif.description"
    exif[0x0131] = "MARK.exif.software"
    buffer = io.BytesIO()
    picture = Image.new("RGB", (160, 120), "teal")
    picture.save(buffer, "JPEG", exif=exif, comment=b"MARK.jpeg.comment", icc_profile=b"MARK.jpeg.profile")
    return buffer.getvalue()


def word_of(table: str, column: str) -> str:
    """A word for one column. Full-text search keeps it in small letters and cuts off a beginning that other words share."""
    return hashlib.blake2b(f"{table}.{column}".encode(), digest_size=12).hexdigest().upper()


def indexed(table: str, column: str) -> bytes:
    """What of `word_of` stands in an index for full-text search."""
    return word_of(table, column)[6:].lower().encode()


def plant(path: Path) -> dict[str, list[bytes]]:
    """Build a library at `path`; returns, for each 'table.column', the byte strings that would betray its content."""
    build_library(path, groups=8).close()
    conn = sqlite3.connect(path)
    register(conn)
    _add_rows(conn)
    planted: dict[str, list[bytes]] = {}
    names = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'photos_fts%' AND name NOT LIKE '\\_%' ESCAPE '\\'"
    )
    for (table,) in conn.execute(names).fetchall():
        if table not in FOLLOWING:
            planted |= _plant_table(conn, table)
    conn.execute("INSERT INTO uploads (upload_id) VALUES ('x')")
    conn.execute("INSERT INTO upload_photos VALUES (?, 'x', 'nowhere', 0, 0)", [photo_id(0)])
    conn.execute("INSERT INTO packed_variants VALUES (?, 1, x'')", [photo_id(0)])
    for table in FOLLOWING:
        planted |= _plant_table(conn, table)
    conn.execute("UPDATE thumbnails SET content = ?", [marked_jpeg()])
    planted["thumbnails.content"] = [b"MARK.exif", b"MARK.jpeg"]
    planted |= _plant_elsewhere(conn)
    conn.execute("DELETE FROM last_import")  # any other row written drops it, so its markers come last
    conn.execute("INSERT INTO last_import VALUES ('MARK.last_import.inventory.', 'MARK.last_import.report.')")
    planted |= {f"last_import.{column}": [f"MARK.last_import.{column}.".encode()] for column in ("inventory", "report")}
    conn.execute("DELETE FROM last_comparison")  # the same of photos
    conn.execute(f"INSERT INTO last_comparison VALUES ('MARK.last_comparison.matcher.', {COMPARED})")
    planted |= {
        "last_comparison.matcher": [b"MARK.last_comparison.matcher."],
        "last_comparison.photos": [COMPARED.to_bytes(6, "big")],
    }
    conn.execute("DELETE FROM last_grouping")  # the same of all that groups are made of
    conn.execute(f"INSERT INTO last_grouping VALUES ('MARK.last_grouping.grouper.', {COMPARED})")
    planted |= {
        "last_grouping.grouper": [b"MARK.last_grouping.grouper."],
        "last_grouping.groups": [COMPARED.to_bytes(6, "big")],
    }
    conn.commit()
    conn.close()
    return planted


COMPARED = 0x5A00_0000_1234  # photos, or groups


def _plant_table(conn: sqlite3.Connection, table: str) -> dict[str, list[bytes]]:
    planted = {}
    for number, column, kind, _, _, key in conn.execute(f"PRAGMA table_info({table})").fetchall():
        counted = key and kind == "INTEGER"  # SQLite numbers these rows by itself, nobody's words get in
        if not counted and (column not in KEYS or table not in {**ALLOWED, **WITH_PEOPLE}):
            found = _plant_column(conn, table, column, kind, number)
            if found:
                planted[f"{table}.{column}"] = found
    return planted


def _plant_elsewhere(conn: sqlite3.Connection) -> dict[str, list[bytes]]:
    """Markers outside the columns of living rows: subjects of pairs, SQLite's statistics, pages that deleted rows left."""
    conn.execute(
        "INSERT INTO decisions (subject, decision, photo_id, photo_b, decided_at) VALUES (?, 'not_duplicate', ?, ?, '2026-01-01')",
        ["MARK.pair.subject", photo_id(1), "MARK.pair.photo_b"],
    )
    conn.execute("ANALYZE")
    conn.execute("INSERT INTO sqlite_stat1 VALUES ('MARK.stat.table', 'MARK.stat.index', 'MARK.stat.numbers')")
    conn.execute("PRAGMA secure_delete = OFF")  # some builds of SQLite overwrite by default what is deleted
    gone = [(f"gone-{number}", "x", "MARK.gone.photo" * 100) for number in range(200)]
    conn.executemany("INSERT INTO photos (photo_id, source, description) VALUES (?, ?, ?)", gone)
    conn.execute("DELETE FROM photos WHERE photo_id LIKE 'gone-%'")
    return {
        **{f"a pair's {name}": [f"MARK.pair.{name}".encode()] for name in ("subject", "photo_b")},
        "sqlite_stat1": [b"MARK.stat"],
        "deleted rows": [b"MARK.gone"],
    }


def _add_rows(conn: sqlite3.Connection) -> None:
    conn.executescript(f"""
INSERT INTO people VALUES (1, 'x');
INSERT INTO photo_people VALUES ('{photo_id(1)}', 1);
INSERT INTO decision_batches (batch_id, made_at, description) VALUES (1, 'x', 'x');
INSERT INTO decisions (subject, decision, photo_id, decided_at, batch_id) VALUES
  ('{photo_id(1)}', 'remove', '{photo_id(1)}', '2026-01-01T00:00:00Z', 1);
INSERT INTO decision_history (batch_id, subject) VALUES (1, '{photo_id(1)}');
INSERT INTO pushes (push_id, album_title, route, state, created_at, updated_at) VALUES (1, 'x', 'by_id', 'done', 'x', 'x');
INSERT INTO push_items (push_id, photo_id, position, state, updated_at) VALUES (1, '{photo_id(1)}', 1, 'added', 'x');
INSERT INTO push_albums (album_id, title, push_id) VALUES ('x', 'x', 1);
INSERT INTO google_state VALUES ('x', 'x');
INSERT INTO remakings VALUES ('a', 'b', 'x', 'x');
INSERT INTO skipped (container, member, code, reason) VALUES ('x', 'x', 'x', 'x');
INSERT INTO parts (container, state) VALUES ('x', 'done');
INSERT INTO staged_readings (container, member, outcome) VALUES ('x', 'x', '{{}}');
INSERT INTO different_pairs VALUES ('x', 'y');
INSERT INTO match_state VALUES ('x', 'x');
INSERT INTO judgements (photo_a, photo_b, same, distance_bits, relation, judged_at) VALUES ('x', 'y', 1, 1, 'x', 'x');
INSERT INTO variant_names VALUES (1, '[]');
INSERT OR IGNORE INTO group_text VALUES ('{photo_id(0)}', 'x');""")


def _plant_column(conn: sqlite3.Connection, table: str, column: str, kind: str, number: int) -> list[bytes]:
    """Write a marker that differs from row to row; [] where a CHECK allows only words from a list."""
    text, word = f"MARK.{table}.{column}.", word_of(table, column)
    integer = 0x5A00_0000_0000 + (sum(table.encode()) << 24) + (number << 16)
    marker, betrays = {
        "TEXT": (f"'{text} {word} ' || rowid", [text.encode(), word.encode(), indexed(table, column)]),
        "INTEGER": (f"{integer} + rowid", [integer.to_bytes(6, "big")[:4]]),
        "REAL": (repr(integer + 0.123), [struct.pack(">d", integer + 0.123), repr(integer + 0.123).encode()]),
    }.get(kind, ("", []))
    if not marker:
        return []
    without_rowid_reference = marker.replace("|| rowid", "|| 'x'").replace("+ rowid", "+ 0")
    for value in (marker, without_rowid_reference):
        try:
            conn.execute(f"UPDATE {table} SET {column} = {value}")
            return betrays
        except sqlite3.IntegrityError:
            continue
    return []
