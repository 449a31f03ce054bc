"""The step that keeps apart from the long rows of fingerprints what a match notes of each photo, and what it searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

# A note on a row of 2 KB has a whole page written, so that the notes of a first match were most of what it wrote.
_COMPARISONS = """CREATE TABLE comparisons (
  photo_id TEXT PRIMARY KEY REFERENCES photos(photo_id) ON DELETE CASCADE,
  matched_by TEXT  -- matcher, digest of what it saw of the photo, how it was compared; NULL when not yet compared with all
)"""

_PACKED = (
    """CREATE TABLE variant_names (
  names_id INTEGER PRIMARY KEY,
  names TEXT NOT NULL UNIQUE   -- JSON: the variants that photos have, in the order of their hashes
)""",
    """CREATE TABLE packed_variants (
  photo_id TEXT PRIMARY KEY REFERENCES photos(photo_id) ON DELETE CASCADE,
  names_id INTEGER NOT NULL REFERENCES variant_names(names_id),
  hashes BLOB NOT NULL         -- 32 bytes each: the hashes of fingerprints.variants, for the search
)""",
    "CREATE INDEX packed_variants_names_id ON packed_variants(names_id, photo_id)",
)

_FINGERPRINTS = """CREATE TABLE fingerprints_anew (
  photo_id TEXT PRIMARY KEY REFERENCES photos(photo_id) ON DELETE CASCADE,
  phash TEXT NOT NULL CHECK (length(phash) = 64),  -- 256-bit DCT median hash, lower-case hex
  variants TEXT NOT NULL DEFAULT '{}',             -- JSON: name of the variant to its hash
  flatness REAL NOT NULL,                          -- 0 rich in detail, 1 one colour
  algorithm TEXT NOT NULL
)"""
_COLUMNS = "photo_id, phash, variants, flatness, algorithm"
_GONE = ("fingerprints_unmatched_uncompared", "fingerprints_uncompared")  # of m010 and m012, about the column that moves


def _forget(row: str) -> str:
    return (
        f"DELETE FROM comparisons WHERE photo_id = {row}.photo_id; DELETE FROM packed_variants WHERE photo_id = {row}.photo_id;"
    )


_WAITS = "INSERT INTO comparisons (photo_id) VALUES (new.photo_id);"
_TRIGGERS = (
    # A row that replaces another comes without a word that the other went, so whatever comes forgets first.
    f"CREATE TRIGGER fingerprints_insert_waits AFTER INSERT ON fingerprints BEGIN {_forget('new')} {_WAITS} END",
    f"""CREATE TRIGGER fingerprints_update_waits AFTER UPDATE OF {_COLUMNS} ON fingerprints
BEGIN {_forget("old")} {_forget("new")} {_WAITS} END""",
    f"CREATE TRIGGER fingerprints_delete_waits AFTER DELETE ON fingerprints BEGIN {_forget('old')} END",
    # the match itself notes there what it has compared, so only a note that is taken back counts
    """CREATE TRIGGER comparisons_update_uncompared AFTER UPDATE OF matched_by ON comparisons
WHEN new.matched_by IS NULL AND old.matched_by IS NOT NULL BEGIN DELETE FROM last_comparison; END""",
    "CREATE TRIGGER comparisons_delete_uncompared AFTER DELETE ON comparisons BEGIN DELETE FROM last_comparison; END",
)


def m013_narrow_rows(db: Database) -> None:
    """What photos were compared by, and their variants as bytes; the variants of photos that are there are packed by the next match."""
    db.execute(_COMPARISONS)
    db.execute("INSERT INTO comparisons SELECT photo_id, matched_by FROM fingerprints")
    db.execute("CREATE INDEX comparisons_waiting ON comparisons(photo_id) WHERE matched_by IS NULL")
    for statement in _PACKED:
        db.execute(statement)
    # The old way of renaming leaves views alone that speak of a table which is not there for a moment.
    db.execute("PRAGMA legacy_alter_table = ON")
    hanging = (
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'fingerprints' AND type IN ('index', 'trigger') AND sql IS NOT NULL"
    )
    kept = [sql for name, sql in db.execute(hanging).fetchall() if name not in _GONE]
    db.execute(_FINGERPRINTS)
    db.execute(f"INSERT INTO fingerprints_anew ({_COLUMNS}) SELECT {_COLUMNS} FROM fingerprints")
    db.execute("DROP TABLE fingerprints")
    db.execute("ALTER TABLE fingerprints_anew RENAME TO fingerprints")
    db.execute("PRAGMA legacy_alter_table = OFF")
    for statement in kept:
        db.execute(statement)
    # Covers what a match reads of each photo before it reads any variant.
    db.execute("CREATE INDEX fingerprints_narrow ON fingerprints(photo_id, phash, flatness, algorithm)")
    for statement in _TRIGGERS:
        db.execute(statement)
