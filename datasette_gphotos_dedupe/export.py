"""A copy to publish: a new file that holds only what the lists below allow.

The file is built from nothing, so no freed page, journal or shadow table can hold anything else. It has the whole schema, so
that everything that reads a library reads the copy too; what is not on the list is empty there.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import math
import re
import sqlite3
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from .core.pictures.jpeg import SMALL_SIDE, shrunk_jpeg, stripped_jpeg
from .errors import DatabaseError
from .formatting import csv_cell
from .photo_columns import LOCATION, PUBLISHED, WORDS
from .sql_functions import register
from .store.export_salt import read_salt
from .store.matching.selected_groups import GroupSelection, read_selected_groups
from .store.output_file import refuse_target, writing
from .store.read_only import open_for_reading

ALLOWED: dict[str, tuple[str, ...]] = {
    "photos": PUBLISHED,
    "albums": ("album_id", "title", "app_created"),
    "album_photos": ("album_id", "photo_id"),
    "fingerprints": ("photo_id", "phash", "flatness", "algorithm"),
    "thumbnails": ("photo_id", "content", "width", "height"),
    "pairs": (
        *("photo_a", "photo_b", "distance_bits", "relation", "confidence", "evidence", "variant", "correlation", "overlap"),
        *("scale", "tilt_degrees", "pixel_difference", "worst_block", "worst_shade", "bad_share", "spot"),
        *("detail_difference", "worst_detail", "structure", "tone_shift", "contrast_ratio", "colour_difference", "worst_colour"),
        *("colour_spot", "saturation_ratio", "colour_cast", "time_gap_s", "same_time", "same_name", "same_camera"),
    ),
    "groups": (
        *("group_id", "keeper_id", "relation", "size", "suggested_count", "reclaimable_bytes", "taken_year", "camera"),
        *("origin", "decided", "waiting_count", "waiting_bytes", "origins"),
    ),
    "group_members": ("group_id", "photo_id", "role", "relation", "reason", "suggested"),
    "decisions": ("subject", "decision", "photo_id", "photo_b", "as_keeper", "decided_at"),
}
"""The tables and columns of every export, in an order that satisfies the foreign keys."""

WITH_LOCATION = {"photos": LOCATION}
WITH_PEOPLE = {"people": ("person_id", "name"), "photo_people": ("photo_id", "person_id")}
WITH_DESCRIPTIONS = {"photos": WORDS}

# Which rows: photos of the chosen groups, and what hangs on them. `chosen` and `shown` are temporary tables.
_SHOWN = "photo_id IN (SELECT photo_id FROM shown)"
ROWS: dict[str, str] = {
    "photos": _SHOWN,
    "albums": f"album_id IN (SELECT album_id FROM source.album_photos WHERE {_SHOWN})",
    "album_photos": _SHOWN,
    "people": f"person_id IN (SELECT person_id FROM source.photo_people WHERE {_SHOWN})",
    "photo_people": _SHOWN,
    "fingerprints": _SHOWN,
    "thumbnails": _SHOWN,
    # The plus keeps SQLite from trying every photo with every other through the index on both.
    "pairs": "+photo_a IN (SELECT photo_id FROM shown) AND +photo_b IN (SELECT photo_id FROM shown)",
    "groups": "group_id IN (SELECT group_id FROM chosen)",
    "group_members": "group_id IN (SELECT group_id FROM chosen)",
    # A pair's subject is made of content keys; only what was said of single photos goes out.
    "decisions": f"subject = photo_id AND photo_b IS NULL AND {_SHOWN}",
}


@dataclass(frozen=True)
class ExportOptions:
    """What else goes into the copy, and what is made unrecognisable in it."""

    selection: GroupSelection = GroupSelection()
    with_location: bool = False
    with_people: bool = False
    with_descriptions: bool = False
    no_names: bool = False
    thumbnails: Literal["full", "small", "none"] = "full"
    all_photos: bool = False


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote: rows per table and the size of the file."""

    rows: dict[str, int]
    bytes: int


def allowed_columns(options: ExportOptions) -> dict[str, tuple[str, ...]]:
    """The tables and columns that these options let out."""
    allowed = dict(ALLOWED)
    for wanted, more in (
        (options.with_location, WITH_LOCATION),
        (options.with_people, WITH_PEOPLE),
        (options.with_descriptions, WITH_DESCRIPTIONS),
    ):
        for table, columns in more.items() if wanted else ():
            allowed[table] = (*allowed.get(table, ()), *columns)
    if options.thumbnails == "none":
        del allowed["thumbnails"]
    if options.no_names:  # a hash tells whoever holds a picture that it is in the library
        del allowed["fingerprints"]
    return allowed


def export_database(source: Path, target: Path, options: ExportOptions | None = None, replace: bool = False) -> ExportReport:
    """Write the copy to `target`, whole or not at all.

    Raises GphotosError when `target` exists (and `replace` is false) or is the library itself, DatabaseError when the library
    cannot be read.
    """
    options = options or ExportOptions()
    refuse_target(source, target, replace)
    with writing(target) as unfinished:
        rows = build_copy(source, unfinished, options)
    return ExportReport(rows, target.stat().st_size)


def build_copy(source: Path, unfinished: Path, options: ExportOptions) -> dict[str, int]:
    """Fill the empty file `unfinished`; returns the rows of each table. `export_database` does the rest."""
    from sqlite_utils import Database

    from .schema import apply_migrations

    with open_for_reading(source, register) as library:
        group_ids = read_selected_groups(library, options.selection)
        ids = frozenset(row[0] for row in library.execute("SELECT photo_id FROM photos UNION SELECT group_id FROM groups"))
    salt = read_salt(source)
    conn = sqlite3.connect(unfinished.resolve().as_uri(), uri=True, isolation_level=None)
    try:
        apply_migrations(Database(conn))
        conn.execute("PRAGMA foreign_keys = OFF")  # a keeper may be an album's photo only; checked as a whole below
        conn.execute("PRAGMA temp_store = MEMORY")
        conn.execute("ATTACH ? AS source", [f"{source.resolve().as_uri()}?mode=ro"])
        _register_changes(conn, options, salt, ids)
        rows = _copy_all(conn, group_ids, options)
        conn.execute("DETACH source")
        _finish(conn)
    finally:
        conn.close()
    return rows


def _copy_all(conn: sqlite3.Connection, group_ids: list[str], options: ExportOptions) -> dict[str, int]:
    conn.execute("CREATE TEMP TABLE chosen (group_id TEXT PRIMARY KEY)")
    conn.execute("CREATE TEMP TABLE shown (photo_id TEXT PRIMARY KEY)")
    conn.execute("BEGIN")
    conn.executemany("INSERT INTO chosen VALUES (?)", ((group_id,) for group_id in group_ids))
    shown = "SELECT photo_id FROM source.photos" if options.all_photos else _MEMBERS
    conn.execute(f"INSERT OR IGNORE INTO shown {shown}")
    copied = {table: _copy(conn, table, columns, options) for table, columns in allowed_columns(options).items()}
    conn.execute("COMMIT")
    return copied


_MEMBERS = """SELECT photo_id FROM source.group_members WHERE group_id IN (SELECT group_id FROM chosen)
UNION SELECT keeper_id FROM source.groups WHERE group_id IN (SELECT group_id FROM chosen)"""


def _copy(conn: sqlite3.Connection, table: str, columns: tuple[str, ...], options: ExportOptions) -> int:
    known = {row[1] for row in conn.execute(f"PRAGMA source.table_info({table})")}
    columns = tuple(column for column in columns if column in known)
    if not columns:
        return 0
    changes = {**_ALWAYS, **(_SMALL if options.thumbnails == "small" else {}), **(_NO_NAMES if options.no_names else {})}
    selected = ", ".join(changes.get((table, column), column) for column in columns)
    cursor = conn.execute(
        f"INSERT INTO main.{table} ({', '.join(columns)}) SELECT {selected} FROM source.{table} AS original WHERE {ROWS[table]}"
    )
    return cursor.rowcount


_SMALL = {
    ("thumbnails", side): f"max(1, cast(round({side} * min(1.0, {SMALL_SIDE}.0 / max(width, height))) AS integer))"
    for side in ("width", "height")
}

# Ids are Google's keys, of which links can be made, or checksums, by which whoever holds a file knows that it is in the library.
_ALWAYS = {
    **{(table, "photo_id"): "gphotos_short('photo', photo_id)" for table in ROWS},
    # The smaller id of a pair comes first, also among the new ones.
    ("pairs", "photo_a"): "min(gphotos_short('photo', photo_a), gphotos_short('photo', photo_b))",
    ("pairs", "photo_b"): "max(gphotos_short('photo', photo_a), gphotos_short('photo', photo_b))",
    ("groups", "group_id"): "gphotos_short('group', group_id)",
    ("groups", "keeper_id"): "gphotos_short('photo', keeper_id)",
    ("group_members", "group_id"): "gphotos_short('group', group_id)",
    ("albums", "album_id"): "gphotos_short('album', album_id)",
    ("album_photos", "album_id"): "gphotos_short('album', album_id)",
    ("decisions", "subject"): "gphotos_short('photo', photo_id)",
    # Words name a photo without a name by its id.
    ("group_members", "reason"): "gphotos_without_ids(reason)",
    ("pairs", "evidence"): "gphotos_without_ids(evidence)",
    # Previews may carry the comment and EXIF of the picture they were made from.
    ("thumbnails", "content"): "gphotos_preview(content)",
}

# Reasons and evidence may quote a name, so that without names they are said again from the numbers alone. Exact sizes and seconds would
# tell whoever holds a file that it is in the library.
_NO_NAMES = {
    ("photos", "filename"): "gphotos_short('photo', photo_id) || gphotos_suffix(filename)",
    ("photos", "description"): "NULL",
    ("albums", "title"): "gphotos_short('album', album_id)",
    ("people", "name"): "'person-' || person_id",
    ("group_members", "reason"): "CASE role WHEN 'keeper' THEN 'the one to keep' ELSE replace(relation, '_', ' ') END",
    ("pairs", "evidence"): "distance_bits || ' of 256 bits differ'",
    **{("photos", column): f"gphotos_about({column})" for column in ("bytes", "space_bytes", "duration_s")},
    **{("groups", column): f"gphotos_about({column})" for column in ("reclaimable_bytes", "waiting_bytes")},
    **{("photos", column): f"substr({column}, 1, 7) || '-01T00:00:00Z'" for column in ("taken_at", "uploaded_at")},
    ("decisions", "decided_at"): "substr(decided_at, 1, 7) || '-01T00:00:00Z'",
    ("pairs", "time_gap_s"): "gphotos_about(time_gap_s)",
}


def _register_changes(conn: sqlite3.Connection, options: ExportOptions, salt: str, ids: frozenset[str]) -> None:
    short = short_names(salt)
    conn.create_function("gphotos_short", 2, short, deterministic=True)
    conn.create_function("gphotos_without_ids", 1, without_ids(short, ids), deterministic=True)
    conn.create_function("gphotos_suffix", 1, file_suffix, deterministic=True)
    conn.create_function("gphotos_about", 1, about, deterministic=True)
    preview: Callable[[bytes], bytes] = shrunk_jpeg if options.thumbnails == "small" else stripped_jpeg
    conn.create_function("gphotos_preview", 1, preview, deterministic=True)


def short_names(key: str) -> Callable[[str, str | None], str | None]:
    """Names such as ``photo-3f9a1c22d0be``, the same in every export of one library.

    `key` (a random one that the library keeps) goes into them, so that nobody can find out what stands behind one by trying ids,
    checksums of files, album titles or file names.
    """

    def short(kind: str, name: str | None) -> str | None:
        if name is None:
            return None
        digest = hashlib.blake2b(f"{kind}\n{name}".encode(), key=hashlib.sha256(key.encode()).digest(), digest_size=8)
        return f"{kind}-{digest.hexdigest()}"

    return short


_WORD = re.compile(r"[A-Za-z0-9_:-]{8,}")  # what may be an id


def without_ids(short: Callable[[str, str | None], str | None], ids: frozenset[str]) -> Callable[[str | None], str | None]:
    """A function that puts the short name of a photo wherever its id stands in a text."""

    def replaced(text: str | None) -> str | None:
        if not isinstance(text, str):
            return text
        return _WORD.sub(lambda found: short("photo", found[0]) or "" if found[0] in ids else found[0], text)

    return replaced


def about(number: float | None) -> float | None:
    """A number to its first two digits: 3,482,113 bytes are 3,500,000."""
    if not isinstance(number, int | float) or not number or not math.isfinite(number):
        return number
    rounded = round(number, 1 - math.floor(math.log10(abs(number))))
    return type(number)(rounded)


def file_suffix(filename: str | None) -> str:
    """``.jpg`` of ``IMG_0001.JPG``; nothing for what does not look like a suffix."""
    stem, dot, suffix = (filename or "").rpartition(".")
    return f".{suffix.lower()}" if dot and stem and suffix.isalnum() and len(suffix) <= 4 and suffix.isascii() else ""


def _finish(conn: sqlite3.Connection) -> None:
    broken = conn.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise DatabaseError(
            f"The copy would hold a row of {broken[0]} without its {broken[2]}. Run gphotos-to-sqlite match first."
        )
    conn.execute("DELETE FROM thumbnails WHERE length(content) = 0")
    conn.execute("INSERT INTO photos_fts(photos_fts) VALUES ('optimize')")
    conn.execute("VACUUM")
    # A published copy is opened immutable, and in WAL mode rows still in the log would be missing without a word.
    conn.execute("PRAGMA journal_mode = DELETE")


def save_rows(source: Path, target: Path, selection: GroupSelection, replace: bool = False) -> int:
    """The rows of the view `duplicates` for the chosen groups as CSV or JSON, by the suffix of `target`. Returns their number.

    This is a list for oneself, not for publishing: it holds everything the view shows.
    """
    refuse_target(source, target, replace)
    writer = _write_json if target.suffix.lower() == ".json" else _write_csv
    with (
        open_for_reading(source, register) as conn,
        writing(target) as unfinished,
        unfinished.open("w", encoding="utf-8", newline="") as stream,
        contextlib.closing(_rows(conn, read_selected_groups(conn, selection))) as rows,
    ):
        return writer(stream, rows, _columns(conn))


def _columns(conn: sqlite3.Connection) -> list[str]:
    return [row[1] for row in conn.execute("PRAGMA table_info(duplicates)")]


def _rows(conn: sqlite3.Connection, group_ids: list[str]) -> Generator[sqlite3.Row, None, None]:
    for group_id in group_ids:
        yield from conn.execute("SELECT * FROM duplicates WHERE group_id = ? ORDER BY role != 'keeper', photo_id", [group_id])


def _write_csv(stream: TextIO, rows: Iterator[sqlite3.Row], columns: list[str]) -> int:
    writer = csv.writer(stream)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])
        count += 1
    return count


def _write_json(stream: TextIO, rows: Iterator[sqlite3.Row], columns: list[str]) -> int:
    count = 0
    for count, row in enumerate(rows, start=1):
        stream.write("[\n" if count == 1 else ",\n")
        stream.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False))
    stream.write("\n]\n" if count else "[]\n")
    return count
