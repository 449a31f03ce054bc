"""The first step: the tables of version 0.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .first_views import COUNTING, FORGETTING, SEARCH, VIEWS

if TYPE_CHECKING:
    from sqlite_utils import Database

# As they were then: a step stays as it was, also when a later one brings another relation.
_RELATIONS = (
    *("same_bytes", "re_encode", "smaller_copy", "raw_and_jpeg", "other_format"),
    *("edited", "crop", "turned", "mirrored", "series", "look_alike"),
)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"CHECK ({column} IN ({', '.join(repr(value) for value in values)}))"


LIBRARY = (
    """CREATE TABLE runs (
  run_id INTEGER PRIMARY KEY,
  command TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT,            -- NULL while running, and for ever when the run was killed
  state TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'stopped', 'failed')),
  files_seen INTEGER NOT NULL DEFAULT 0,
  files_used INTEGER NOT NULL DEFAULT 0,
  files_skipped INTEGER NOT NULL DEFAULT 0,
  photos_added INTEGER NOT NULL DEFAULT 0,
  photos_updated INTEGER NOT NULL DEFAULT 0,
  message TEXT
)""",
    """CREATE TABLE photos (
  photo_id TEXT PRIMARY KEY,   -- the media key when known, else the Library id, else sha1:<hex>
  source TEXT NOT NULL,
  filename TEXT,
  description TEXT,
  mime_type TEXT,
  kind TEXT NOT NULL DEFAULT 'photo' CHECK (kind IN ('photo', 'video')),
  width INTEGER,               -- upright, as a person sees it
  height INTEGER,
  bytes INTEGER,
  duration_s REAL,
  taken_at TEXT,               -- UTC, ends in Z
  taken_at_source TEXT,        -- sidecar, exif, filename, api, csv
  camera_taken_at TEXT,        -- the camera's own clock with sub-seconds, no zone: 2019-06-28T18:38:04.123
  uploaded_at TEXT,
  camera_make TEXT,
  camera_model TEXT,
  latitude REAL,               -- NULL when unknown, never 0/0
  longitude REAL,
  favorite INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  trashed INTEGER NOT NULL DEFAULT 0,
  origin TEXT,                 -- how it came into Google Photos, e.g. driveDesktopUploader
  product_url TEXT,
  media_key TEXT,
  dedup_key TEXT,              -- Google's content key: equal keys are trashed together
  library_id TEXT,
  app_created INTEGER NOT NULL DEFAULT 0,
  album_only INTEGER NOT NULL DEFAULT 0,  -- seen only in album folders: may be somebody else's
  owned INTEGER,               -- what Google says in the toolkit's CSV: 1 the person's own, 0 somebody else's
  moves INTEGER NOT NULL DEFAULT 0,  -- its file holds more than a still: an animation, pages, the film of a motion photo
  original_quality INTEGER,    -- 0 for "storage saver"; NULL when unknown
  space_bytes INTEGER,         -- what it costs in the account's storage; NULL when unknown
  album_titles TEXT,           -- of all its albums, kept up to date by triggers: shown, and found by search
  people_names TEXT,           -- of everybody in it, likewise
  sidecar_rule TEXT,           -- which naming rule paired media and sidecar
  sha1 TEXT,                   -- of the original's bytes
  exported_at TEXT,            -- date of the export the metadata comes from: newer wins
  no_pixels TEXT,              -- why there is no fingerprint, in words; NULL when there is one
  run_id INTEGER REFERENCES runs(run_id)
)""",
    "CREATE INDEX photos_sha1 ON photos(sha1)",
    "CREATE INDEX photos_media_key ON photos(media_key)",
    "CREATE INDEX photos_dedup_key ON photos(dedup_key)",
    "CREATE INDEX photos_library_id ON photos(library_id)",
    "CREATE INDEX photos_taken_at ON photos(taken_at)",
    """CREATE TABLE files (
  file_id INTEGER PRIMARY KEY,
  photo_id TEXT NOT NULL REFERENCES photos(photo_id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('original', 'edited', 'live_video', 'album_copy')),
  container TEXT NOT NULL,     -- the archive or folder
  member TEXT NOT NULL,        -- the path inside it
  bytes INTEGER,
  sha1 TEXT,
  crc32 INTEGER,               -- from the archive's index
  modified_at TEXT,
  UNIQUE (container, member)
)""",
    "CREATE INDEX files_photo_id ON files(photo_id)",
    "CREATE INDEX files_sha1 ON files(sha1)",
    """CREATE TABLE albums (
  album_id TEXT PRIMARY KEY,
  title TEXT,
  description TEXT,
  app_created INTEGER NOT NULL DEFAULT 0
)""",
    """CREATE TABLE album_photos (
  album_id TEXT NOT NULL REFERENCES albums(album_id) ON DELETE CASCADE,
  photo_id TEXT NOT NULL REFERENCES photos(photo_id) ON DELETE CASCADE,
  PRIMARY KEY (album_id, photo_id)
)""",
    "CREATE INDEX album_photos_photo_id ON album_photos(photo_id)",
    "CREATE TABLE people (person_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    """CREATE TABLE photo_people (
  photo_id TEXT NOT NULL REFERENCES photos(photo_id) ON DELETE CASCADE,
  person_id INTEGER NOT NULL REFERENCES people(person_id) ON DELETE CASCADE,
  PRIMARY KEY (photo_id, person_id)
)""",
    """CREATE TABLE parts (
  container TEXT PRIMARY KEY,  -- an archive or folder as given to an import
  export_id TEXT,              -- shared by the parts of one export
  exported_at TEXT,
  bytes INTEGER,
  modified_at TEXT,
  state TEXT NOT NULL CHECK (state IN ('reading', 'done', 'broken')),
  files_seen INTEGER NOT NULL DEFAULT 0,   -- is files_used + sidecars + files_skipped once the state is done
  files_used INTEGER NOT NULL DEFAULT 0,   -- pictures and videos, rows of files
  sidecars INTEGER NOT NULL DEFAULT 0,     -- JSON files whose content was used
  files_skipped INTEGER NOT NULL DEFAULT 0,
  message TEXT,
  run_id INTEGER REFERENCES runs(run_id)
)""",
    """CREATE TABLE staged_readings (
  container TEXT NOT NULL,     -- a tgz, which can be read only front to back: what was read before its sidecars were known
  member TEXT NOT NULL,
  bytes INTEGER,
  modified_at TEXT,
  outcome TEXT NOT NULL,       -- JSON
  thumbnail BLOB,
  PRIMARY KEY (container, member)
)""",
    """CREATE TABLE last_import (
  inventory TEXT PRIMARY KEY,  -- checksum over the files of the last import that read all its parts to the end
  report TEXT NOT NULL         -- JSON: its account of each part. The row goes as soon as anything that the import wrote changes
)""",
    """CREATE TABLE skipped (
  container TEXT NOT NULL,
  member TEXT NOT NULL,
  code TEXT NOT NULL,          -- short stable word: truncated, not_a_picture, no_media ...
  reason TEXT NOT NULL,        -- a sentence for the person
  bytes INTEGER,
  crc32 INTEGER,
  modified_at TEXT,
  run_id INTEGER REFERENCES runs(run_id),
  PRIMARY KEY (container, member)
)""",
)

FINGERPRINTS = (
    """CREATE TABLE fingerprints (
  photo_id TEXT PRIMARY KEY REFERENCES photos(photo_id) ON DELETE CASCADE,
  phash TEXT NOT NULL CHECK (length(phash) = 64),  -- 256-bit DCT median hash, lower-case hex
  variants TEXT NOT NULL DEFAULT '{}',             -- JSON: name of the variant to its hash
  flatness REAL NOT NULL,                          -- 0 rich in detail, 1 one colour
  algorithm TEXT NOT NULL,
  matched_by TEXT  -- matcher, digest of what it saw of the photo, how it was compared; NULL when not yet compared with all
)""",
    # Covers the search for the nearest photos: the rows themselves are long, and 200,000 of them are slow to walk.
    "CREATE INDEX fingerprints_phash ON fingerprints(phash)",
    """CREATE TABLE thumbnails (
  photo_id TEXT PRIMARY KEY REFERENCES photos(photo_id) ON DELETE CASCADE,
  content BLOB NOT NULL,       -- JPEG, at most 320 px, under 100 KB
  width INTEGER NOT NULL,
  height INTEGER NOT NULL
)""",
)

MATCHES = (
    f"""CREATE TABLE pairs (
  photo_a TEXT NOT NULL REFERENCES photos(photo_id) ON DELETE CASCADE,
  photo_b TEXT NOT NULL REFERENCES photos(photo_id) ON DELETE CASCADE,
  distance_bits INTEGER NOT NULL,
  relation TEXT NOT NULL {_one_of("relation", _RELATIONS)},
  confidence REAL NOT NULL,    -- 0 to 1
  evidence TEXT NOT NULL,      -- the numbers below in one sentence
  variant TEXT,                -- which variant hashes met, or 'name'
  correlation REAL,            -- of the previews laid over each other
  overlap REAL,                -- the share of a side that both show
  scale REAL,
  tilt_degrees REAL,
  pixel_difference REAL,       -- grey levels of 255, after brightness was evened out
  worst_block REAL,            -- 1 is the most that encoding explains
  worst_shade REAL,            -- the same of brightness
  bad_share REAL,              -- of blocks above 1 in either
  spot REAL,                   -- the worst pixel against the worst of 99 in 100
  detail_difference REAL,      -- 0 the same fine structure, 1 unrelated
  worst_detail REAL,
  structure REAL,              -- share of blocks that show anything
  tone_shift REAL,
  contrast_ratio REAL,
  colour_difference REAL,
  worst_colour REAL,
  colour_spot REAL,
  saturation_ratio REAL,
  colour_cast REAL,
  time_gap_s REAL,
  same_time INTEGER,           -- 1 yes, 0 no, NULL not known; the next two too
  same_name INTEGER,
  same_camera INTEGER,
  found_by TEXT NOT NULL DEFAULT 'fingerprint' CHECK (found_by IN ('fingerprint', 'group')),  -- group: asked for by a keeper
  PRIMARY KEY (photo_a, photo_b),
  CHECK (photo_a < photo_b)
)""",
    "CREATE INDEX pairs_photo_b ON pairs(photo_b)",
    # A keeper asked for these and the pixels said no: kept so that nobody asks again.
    """CREATE TABLE different_pairs (
  photo_a TEXT NOT NULL REFERENCES photos(photo_id) ON DELETE CASCADE,
  photo_b TEXT NOT NULL REFERENCES photos(photo_id) ON DELETE CASCADE,
  PRIMARY KEY (photo_a, photo_b),
  CHECK (photo_a < photo_b)
)""",
    "CREATE INDEX different_pairs_photo_b ON different_pairs(photo_b)",
    "CREATE TABLE match_state (name TEXT PRIMARY KEY, value TEXT NOT NULL)",  # what the last matching saw
    "CREATE INDEX pairs_relation_distance ON pairs(relation, distance_bits)",
    f"""CREATE TABLE groups (
  group_id TEXT PRIMARY KEY,
  keeper_id TEXT NOT NULL REFERENCES photos(photo_id) ON DELETE CASCADE,
  relation TEXT NOT NULL {_one_of("relation", _RELATIONS)},  -- the surest among its members
  size INTEGER NOT NULL,
  suggested_count INTEGER NOT NULL,   -- members suggested for removal
  reclaimable_bytes INTEGER NOT NULL, -- bytes of those members
  taken_year INTEGER,
  camera TEXT,
  origin TEXT,                 -- of the first suggested member
  decided INTEGER NOT NULL DEFAULT 0  -- 1 when every member has a decision
)""",
    # The order of the queue, with every filter in it: a page, also one that few groups match, is found without opening a row.
    "CREATE INDEX groups_space ON groups(decided, reclaimable_bytes, group_id, relation, taken_year, camera, origin, size)",
    """CREATE INDEX groups_alike
  ON groups(relation, decided, taken_year, camera, origin, size, suggested_count, reclaimable_bytes, group_id)""",
    "CREATE INDEX groups_keeper_id ON groups(keeper_id)",
    """CREATE TABLE group_counts (
  relation TEXT NOT NULL,
  decided INTEGER NOT NULL,
  taken_year INTEGER NOT NULL, -- 0 when unknown
  camera TEXT NOT NULL,        -- empty when unknown
  origin TEXT NOT NULL,        -- empty when unknown
  size INTEGER NOT NULL,
  groups INTEGER NOT NULL,     -- how many groups are like this: kept up to date by triggers
  suggested INTEGER NOT NULL,  -- of these, groups with a member suggested for removal
  bytes INTEGER NOT NULL,      -- what their suggested members weigh
  PRIMARY KEY (relation, decided, taken_year, camera, origin, size)
)""",
    *COUNTING,
    """CREATE TABLE group_text (
  group_id TEXT PRIMARY KEY REFERENCES groups(group_id) ON DELETE CASCADE,
  text TEXT NOT NULL           -- names, descriptions, albums and people of all members: what the queue searches
)""",
    f"""CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES groups(group_id) ON DELETE CASCADE,
  photo_id TEXT NOT NULL REFERENCES photos(photo_id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('keeper', 'copy', 'look_alike')),
  relation TEXT {_one_of("relation", _RELATIONS)},
  reason TEXT NOT NULL,
  suggested TEXT CHECK (suggested IN ('keep', 'remove')),  -- NULL: ask the person
  PRIMARY KEY (group_id, photo_id)
)""",
    "CREATE INDEX group_members_photo_id ON group_members(photo_id, group_id)",
)

DECISIONS_DDL = (
    """CREATE TABLE decision_batches (
  batch_id INTEGER PRIMARY KEY,
  actor TEXT,
  made_at TEXT NOT NULL,
  description TEXT NOT NULL,
  decision_count INTEGER NOT NULL DEFAULT 0,
  undone_at TEXT,
  undone_by TEXT,
  undoes INTEGER REFERENCES decision_batches(batch_id)  -- taking back is a batch of its own, and can be taken back
)""",
    # No foreign keys to photos: what a person said outlives a re-scan and a changed id.
    f"""CREATE TABLE decisions (
  subject TEXT PRIMARY KEY,    -- the photo id, or '<content key>|<content key>' for a pair
  decision TEXT NOT NULL {_one_of("decision", ("keep", "remove", "not_duplicate"))},
  photo_id TEXT NOT NULL,
  photo_b TEXT,                -- the other photo of a pair
  content_a TEXT,              -- sha1 of the bytes, so that a new id finds its decision again
  content_b TEXT,
  as_keeper INTEGER NOT NULL DEFAULT 0,  -- the person chose it as the keeper of its group
  note TEXT,
  actor TEXT,
  decided_at TEXT NOT NULL,
  batch_id INTEGER REFERENCES decision_batches(batch_id)
)""",
    "CREATE INDEX decisions_photo_id ON decisions(photo_id)",
    "CREATE INDEX decisions_content_a ON decisions(content_a)",
    """CREATE TABLE decision_history (
  history_id INTEGER PRIMARY KEY,
  batch_id INTEGER NOT NULL REFERENCES decision_batches(batch_id),
  subject TEXT NOT NULL,
  before TEXT,                 -- JSON of the decisions row, NULL when there was none
  after TEXT                   -- JSON of the decisions row, NULL when it was taken back
)""",
    "CREATE INDEX decision_history_batch ON decision_history(batch_id)",
    """CREATE TABLE judgements (
  photo_a TEXT NOT NULL,
  photo_b TEXT NOT NULL,
  same INTEGER NOT NULL CHECK (same IN (0, 1)),  -- what a person said of a sample pair on the calibration page
  distance_bits INTEGER NOT NULL,
  relation TEXT NOT NULL,
  actor TEXT,
  judged_at TEXT NOT NULL,
  PRIMARY KEY (photo_a, photo_b)
)""",
)

PUSHES = (
    """CREATE TABLE pushes (
  push_id INTEGER PRIMARY KEY,
  album_title TEXT NOT NULL,
  album_id TEXT,
  album_url TEXT,
  route TEXT NOT NULL CHECK (route IN ('by_id', 'same_bytes', 'handover')),
  state TEXT NOT NULL CHECK (state IN ('planned', 'running', 'paused', 'done', 'cancelled', 'failed')),
  requested INTEGER NOT NULL DEFAULT 0,
  added INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  actor TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  trial TEXT CHECK (trial IN ('sent', 'confirmed')),  -- same_bytes: one photo first, then the person is asked
  message TEXT
)""",
    """CREATE TABLE push_items (
  push_id INTEGER NOT NULL REFERENCES pushes(push_id) ON DELETE CASCADE,
  photo_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planned', 'sent', 'added', 'refused', 'failed')),
  reason TEXT,
  product_url TEXT,
  album_id TEXT,               -- Google's id of the album it went into; a full album is followed by a second
  updated_at TEXT NOT NULL,
  PRIMARY KEY (push_id, photo_id)
)""",
    "CREATE INDEX push_items_photo_id ON push_items(photo_id)",
    "CREATE INDEX push_items_album_id ON push_items(album_id)",
    """CREATE TABLE push_albums (
  album_id TEXT PRIMARY KEY,   -- Google's id
  title TEXT NOT NULL,
  url TEXT,
  push_id INTEGER NOT NULL REFERENCES pushes(push_id) ON DELETE CASCADE,  -- the first that filled it
  noted_at TEXT                -- when the text that explains it was sent; it is sent once
)""",
    # What must be remembered about Google between runs: the picking session under way, the pictures loaded today.
    "CREATE TABLE google_state (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)


def m001_initial(db: Database) -> None:
    """The schema of version 0.1."""
    for statement in (*LIBRARY, *FINGERPRINTS, *MATCHES, *DECISIONS_DDL, *PUSHES, *VIEWS, *SEARCH, *FORGETTING):
        db.execute(statement)
