"""The step that lets a match know, without reading a photo, that there is nothing new to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_TABLE = """CREATE TABLE last_comparison (
  matcher TEXT PRIMARY KEY,    -- what compared all photos that there are, or a word while it does
  photos INTEGER               -- how many. The row goes as soon as one of them changes
)"""

_LOOKS = "photo_id, phash, variants, flatness, algorithm"
_CHANGES = {
    "photos_insert": "INSERT ON photos",
    "photos_update": "UPDATE ON photos",
    "photos_delete": "DELETE ON photos",
    "fingerprints_insert": "INSERT ON fingerprints",
    "fingerprints_update": f"UPDATE OF {_LOOKS} ON fingerprints",
    "fingerprints_delete": "DELETE ON fingerprints",
    # the match itself notes there what it has compared, so only a note that is taken back counts
    "fingerprints_unmatched": "UPDATE OF matched_by ON fingerprints WHEN new.matched_by IS NULL AND old.matched_by IS NOT NULL",
}

# Steps since m004 wrote their tables anew, or count by another column.
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS decisions_by_day ON decisions(decided_at DESC, subject)",
    "CREATE INDEX IF NOT EXISTS groups_by_origin ON groups(origin)",
)


def m010_comparing(db: Database) -> None:
    """What was compared last, forgotten with the first photo or fingerprint that comes, goes or changes."""
    db.execute(_TABLE)
    for name, change in _CHANGES.items():
        db.execute(f"CREATE TRIGGER {name}_uncompared AFTER {change} BEGIN DELETE FROM last_comparison; END")
    for index in _INDEXES:
        db.execute(index)
