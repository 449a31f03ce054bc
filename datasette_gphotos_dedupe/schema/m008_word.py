"""The step that keeps a person's word: what stays for what goes, `same picture`, and uploads by the program that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_COLUMNS = (
    *("subject", "decision", "photo_id", "photo_b", "content_a", "content_b", "as_keeper", "note", "actor", "decided_at"),
    "batch_id",
)

# SQLite cannot change a CHECK: the table is written anew.
_DECISIONS = """CREATE TABLE decisions_anew (
  subject TEXT PRIMARY KEY,    -- the photo id, or '<content key>|<content key>' for a pair
  decision TEXT NOT NULL CHECK (decision IN ('keep', 'remove', 'not_duplicate', 'same_picture')),
  photo_id TEXT NOT NULL,
  photo_b TEXT,                -- the other photo of a pair
  content_a TEXT,              -- sha1 of the bytes, so that a new id finds its decision again
  content_b TEXT,
  as_keeper INTEGER NOT NULL DEFAULT 0,  -- the person chose it as the keeper of its group
  note TEXT,
  actor TEXT,
  decided_at TEXT NOT NULL,
  batch_id INTEGER REFERENCES decision_batches(batch_id),
  stays_id TEXT,               -- decided remove: the photo that was the one that stays; a push checks this pair and no other
  content_stays TEXT,          -- sha1 of that one's bytes, so that it is found under a new id
  on_word INTEGER NOT NULL DEFAULT 0  -- 1: nothing proved it, the person was told so and removed it all the same
)"""

_TELLING = ("filename", "origin", "uploaded_at", "width", "height", "bytes", "trashed")


def _count(row: str, sign: str) -> str:
    return f"""UPDATE uploads SET photos = photos {sign} 1, in_groups = in_groups {sign} {row}.in_group,
    proved = proved {sign} ({row}.standing = 'proved'), elsewhere = elsewhere {sign} ({row}.standing = 'elsewhere'),
    nowhere = nowhere {sign} ({row}.standing = 'nowhere'),
    proved_bytes = proved_bytes {sign} ({row}.standing = 'proved') * {row}.bytes WHERE upload_id = {row}.upload_id;"""


_UPLOADS = (
    """CREATE TABLE uploads (
  upload_id TEXT PRIMARY KEY,  -- made of the next three and the power of two at or above the longest side
  origin TEXT,
  uploaded_on TEXT,            -- the day, UTC
  name_pattern TEXT,           -- the name with digits and machine names folded: IMG_####, 36 machine characters
  longest_side INTEGER,        -- pixels of the largest; NULL when unknown
  photos INTEGER NOT NULL DEFAULT 0,     -- this and the next five are kept up to date by triggers on upload_photos
  in_groups INTEGER NOT NULL DEFAULT 0,  -- of these, photos that are in a group
  proved INTEGER NOT NULL DEFAULT 0,     -- proved to be a copy of a photo that stays
  elsewhere INTEGER NOT NULL DEFAULT 0,  -- shown by another photo as well, but not proved
  nowhere INTEGER NOT NULL DEFAULT 0,    -- shown by no other photo
  proved_bytes INTEGER NOT NULL DEFAULT 0  -- what the proved ones weigh
)""",
    "CREATE INDEX uploads_origin ON uploads(origin, uploaded_on)",
    """CREATE TABLE upload_photos (
  photo_id TEXT PRIMARY KEY REFERENCES photos(photo_id) ON DELETE CASCADE ON UPDATE CASCADE,
  upload_id TEXT NOT NULL,
  standing TEXT NOT NULL CHECK (standing IN ('proved', 'elsewhere', 'nowhere')),
  in_group INTEGER NOT NULL,
  bytes INTEGER NOT NULL
)""",
    "CREATE INDEX upload_photos_upload ON upload_photos(upload_id, standing, photo_id)",
    f"CREATE TRIGGER upload_photos_insert AFTER INSERT ON upload_photos BEGIN {_count('new', '+')} END",
    f"""CREATE TRIGGER upload_photos_delete AFTER DELETE ON upload_photos BEGIN {_count("old", "-")}
  DELETE FROM uploads WHERE upload_id = old.upload_id AND photos <= 0; END""",
    f"""CREATE TRIGGER upload_photos_update AFTER UPDATE OF upload_id, standing, in_group, bytes ON upload_photos
BEGIN {_count("old", "-")} {_count("new", "+")} END""",
    # Whatever tells uploads apart has changed: the next match sorts the photo anew.
    f"""CREATE TRIGGER photos_upload_forgets AFTER UPDATE OF {", ".join(_TELLING)} ON photos
WHEN {" OR ".join(f"old.{name} IS NOT new.{name}" for name in _TELLING)}
BEGIN DELETE FROM upload_photos WHERE photo_id = new.photo_id; END""",
    # `bytes` is what can be gained: that of the proved ones. An upload of which nothing is in a group asks for nothing.
    """CREATE VIEW upload_batches AS
SELECT origin, uploaded_on, name_pattern, longest_side, photos, proved, elsewhere, nowhere, proved_bytes AS bytes,
  upload_id AS batch_id
FROM uploads WHERE in_groups > 0""",
)

_HISTORY = """UPDATE decision_history SET {0} = json_set({0}, '$.stays_id', NULL, '$.content_stays', NULL, '$.on_word', 0)
WHERE {0} IS NOT NULL AND subject NOT LIKE 'group:%'"""


def m008_word(db: Database) -> None:
    """Decisions know what stays, pairs can be called the same picture, pushes say on whose word, uploads are told apart."""
    # The old way of renaming leaves views alone that speak of a table which is not there for a moment.
    db.execute("PRAGMA legacy_alter_table = ON")
    names = ", ".join(_COLUMNS)
    hanging = "SELECT sql FROM sqlite_master WHERE tbl_name = 'decisions' AND type IN ('index', 'trigger') AND sql IS NOT NULL"
    kept = db.execute(hanging).fetchall()  # what earlier steps hung on the table goes with it
    db.execute(_DECISIONS)
    db.execute(f"INSERT INTO decisions_anew ({names}) SELECT {names} FROM decisions")
    db.execute("DROP TABLE decisions")
    db.execute("ALTER TABLE decisions_anew RENAME TO decisions")
    db.execute("PRAGMA legacy_alter_table = OFF")
    for (statement,) in kept:
        db.execute(statement)
    db.execute("CREATE INDEX decisions_stays_id ON decisions(stays_id)")
    db.execute("CREATE INDEX decisions_photo_b ON decisions(photo_b) WHERE photo_b IS NOT NULL")
    for column in ("before", "after"):
        db.execute(_HISTORY.format(column))
    db.execute("ALTER TABLE push_items ADD COLUMN word TEXT CHECK (word IN ('remade', 'same_bytes', 'on your word'))")
    db.execute("ALTER TABLE push_items ADD COLUMN stays_id TEXT")
    for statement in _UPLOADS:
        db.execute(statement)
