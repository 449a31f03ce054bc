"""The views and the full-text index that the first step makes.

Views are plain SQL for SQLite 3.34 and use no function of ours: they work in any program that opens the file. A view page is
complete as CSV with `?_stream=on`, which a query page is not.
"""

from __future__ import annotations

_DUPLICATES = """CREATE VIEW duplicates AS
SELECT group_members.group_id, group_members.role, group_members.photo_id, groups.keeper_id,
  coalesce(group_members.relation, groups.relation) AS relation,
  group_members.suggested, decisions.decision, group_members.reason,
  photos.filename, photos.mime_type, photos.kind, photos.width, photos.height, photos.bytes, photos.taken_at,
  groups.taken_year, photos.camera_make, photos.camera_model, photos.origin, photos.source, photos.album_titles,
  photos.favorite, photos.product_url, groups.size AS group_size, groups.reclaimable_bytes AS group_reclaimable_bytes
FROM group_members
JOIN groups ON groups.group_id = group_members.group_id
JOIN photos ON photos.photo_id = group_members.photo_id
LEFT JOIN decisions ON decisions.subject = group_members.photo_id"""

_SPACE = """CREATE VIEW space AS
SELECT relation, taken_year, coalesce(origin, 'unknown') AS origin, count(*) AS groups, sum(suggested_count) AS suggested,
  sum(reclaimable_bytes) AS reclaimable_bytes, sum(decided) AS decided
FROM groups GROUP BY relation, taken_year, coalesce(origin, 'unknown')"""

# Each part is (photo_id, keeper_id, what, value); `leaving` are the copies that a suggestion or a decision would remove.
_RESCUE = """CREATE VIEW rescue AS
WITH leaving AS (
  SELECT group_members.photo_id, groups.keeper_id
  FROM group_members
  JOIN groups ON groups.group_id = group_members.group_id
  LEFT JOIN decisions ON decisions.subject = group_members.photo_id
  WHERE group_members.role != 'keeper' AND group_members.photo_id != groups.keeper_id
    AND coalesce(decisions.decision, group_members.suggested) = 'remove'
)
SELECT leaving.photo_id, leaving.keeper_id, 'album' AS what, albums.title AS value
FROM leaving
JOIN album_photos ON album_photos.photo_id = leaving.photo_id
JOIN albums ON albums.album_id = album_photos.album_id
WHERE NOT EXISTS (SELECT 1 FROM album_photos AS kept
  WHERE kept.photo_id = leaving.keeper_id AND kept.album_id = album_photos.album_id)
UNION ALL
SELECT leaving.photo_id, leaving.keeper_id, 'person', people.name
FROM leaving
JOIN photo_people ON photo_people.photo_id = leaving.photo_id
JOIN people ON people.person_id = photo_people.person_id
WHERE NOT EXISTS (SELECT 1 FROM photo_people AS kept
  WHERE kept.photo_id = leaving.keeper_id AND kept.person_id = photo_people.person_id)
UNION ALL
SELECT leaving.photo_id, leaving.keeper_id, 'favorite', 'yes'
FROM leaving
JOIN photos AS copy ON copy.photo_id = leaving.photo_id
JOIN photos AS keeper ON keeper.photo_id = leaving.keeper_id
WHERE copy.favorite = 1 AND keeper.favorite = 0
UNION ALL
SELECT leaving.photo_id, leaving.keeper_id, 'description', copy.description
FROM leaving
JOIN photos AS copy ON copy.photo_id = leaving.photo_id
JOIN photos AS keeper ON keeper.photo_id = leaving.keeper_id
WHERE coalesce(copy.description, '') != '' AND instr(coalesce(keeper.description, ''), trim(copy.description)) = 0
UNION ALL
SELECT leaving.photo_id, leaving.keeper_id, 'location', copy.latitude || ',' || copy.longitude
FROM leaving
JOIN photos AS copy ON copy.photo_id = leaving.photo_id
JOIN photos AS keeper ON keeper.photo_id = leaving.keeper_id
WHERE copy.latitude IS NOT NULL AND copy.longitude IS NOT NULL AND keeper.latitude IS NULL"""

# Relative to the page of the view, so that it holds for any database name and base_url. ':' is the only character of a
# photo_id that Datasette writes differently in a path.
_PICTURE_URL = "'thumbnails/' || replace(photos.photo_id, ':', '~3A') || '.blob?_blob_column=content'"

# No BLOB here: on both lines Datasette's page of a view with one, and without a primary key, ends in error 500.
_PREVIEWS = f"""CREATE VIEW previews AS
SELECT group_members.group_id, group_members.role,
  json_object('img_src', {_PICTURE_URL}, 'alt', coalesce(photos.filename, photos.photo_id)) AS picture,
  photos.filename, group_members.relation, group_members.reason, photos.photo_id,
  CASE WHEN photos.product_url IS NULL THEN NULL
    ELSE json_object('href', photos.product_url, 'label', 'Open in Google Photos') END AS link
FROM group_members
JOIN photos ON photos.photo_id = group_members.photo_id
JOIN thumbnails ON thumbnails.photo_id = group_members.photo_id"""

_PLACES = f"""CREATE VIEW places AS
SELECT photos.photo_id, photos.filename, photos.taken_at, photos.latitude, photos.longitude,
  json_object('image', {_PICTURE_URL}, 'alt', photos.filename, 'title', photos.filename,
    'description', photos.taken_at, 'link', photos.product_url) AS popup
FROM photos WHERE photos.latitude IS NOT NULL AND photos.longitude IS NOT NULL"""

VIEWS = (_DUPLICATES, _SPACE, _RESCUE, _PREVIEWS, _PLACES)

_INDEXED = "filename, description, album_titles, people_names"
_OLD = "old.filename, old.description, old.album_titles, old.people_names"
_NEW = "new.filename, new.description, new.album_titles, new.people_names"
_REMOVE_OLD = f"INSERT INTO photos_fts(photos_fts, rowid, {_INDEXED}) VALUES ('delete', old.rowid, {_OLD});"
_ADD_NEW = f"INSERT INTO photos_fts(rowid, {_INDEXED}) VALUES (new.rowid, {_NEW});"


def _collect(column: str, photo: str) -> str:
    """Set one of the two collected columns of a photo from the tables it is collected from."""
    source = {
        "album_titles": "SELECT title AS name FROM album_photos JOIN albums USING (album_id)",
        "people_names": "SELECT name FROM photo_people JOIN people USING (person_id)",
    }[column]
    return f"""UPDATE photos SET {column} = (
    SELECT group_concat(name, ', ') FROM ({source} WHERE photo_id = {photo} ORDER BY name)) WHERE photo_id = {photo};"""


def _collecting(table: str, column: str) -> tuple[str, ...]:
    return (
        f"CREATE TRIGGER {table}_insert AFTER INSERT ON {table} BEGIN {_collect(column, 'new.photo_id')} END",
        f"CREATE TRIGGER {table}_delete AFTER DELETE ON {table} BEGIN {_collect(column, 'old.photo_id')} END",
        # a photo that gets a better id takes its rows along
        f"CREATE TRIGGER {table}_move AFTER UPDATE OF photo_id ON {table} "
        f"BEGIN {_collect(column, 'old.photo_id')} {_collect(column, 'new.photo_id')} END",
    )


def _renaming(table: str, key: str, name: str, membership: str, column: str) -> str:
    collect = _collect(column, "photos.photo_id").replace(
        "WHERE photo_id = photos.photo_id;",
        f"WHERE photo_id IN (SELECT photo_id FROM {membership} WHERE {key} = new.{key});",
    )
    return (
        f"CREATE TRIGGER {table}_rename AFTER UPDATE OF {name} ON {table} WHEN old.{name} IS NOT new.{name} BEGIN {collect} END"
    )


# Triggers and not a rebuild after each import: they cost some 30 microseconds a photo, work for every program that writes, and
# a killed import leaves nothing stale. The columns filled here are the words a person searches by, beside the photo itself.
SEARCH = (
    f"CREATE VIRTUAL TABLE photos_fts USING fts5({_INDEXED}, content=\"photos\", tokenize='unicode61 remove_diacritics 2')",
    f"CREATE TRIGGER photos_search_insert AFTER INSERT ON photos BEGIN {_ADD_NEW} END",
    f"CREATE TRIGGER photos_search_delete AFTER DELETE ON photos BEGIN {_REMOVE_OLD} END",
    f"""CREATE TRIGGER photos_search_update AFTER UPDATE OF {_INDEXED} ON photos
WHEN old.filename IS NOT new.filename OR old.description IS NOT new.description
  OR old.album_titles IS NOT new.album_titles OR old.people_names IS NOT new.people_names
BEGIN {_REMOVE_OLD} {_ADD_NEW} END""",
    *_collecting("album_photos", "album_titles"),
    *_collecting("photo_people", "people_names"),
    _renaming("albums", "album_id", "title", "album_photos", "album_titles"),
    _renaming("people", "person_id", "name", "photo_people", "people_names"),
)


IMPORTED = ("photos", "files", "skipped", "parts", "albums", "album_photos", "photo_people")
"""What an import writes and would mend if it were run again."""

# Whoever changes one of these rows, by whatever program: the next import must look at every file again.
FORGETTING = tuple(
    f"CREATE TRIGGER {table}_{action.lower()}_forgets AFTER {action} ON {table} BEGIN DELETE FROM last_import; END"
    for table in IMPORTED
    for action in ("INSERT", "UPDATE", "DELETE")
)


def _alike(row: str) -> str:
    """The groups that are like this row, as a condition about `group_counts`."""
    return f"""relation = {row}.relation AND decided = {row}.decided AND taken_year = coalesce({row}.taken_year, 0)
    AND camera = coalesce({row}.camera, '') AND origin = coalesce({row}.origin, '') AND size = {row}.size"""


_COUNT_NEW = """INSERT INTO group_counts VALUES (new.relation, new.decided, coalesce(new.taken_year, 0), coalesce(new.camera, ''),
    coalesce(new.origin, ''), new.size, 1, new.suggested_count > 0, new.reclaimable_bytes)
  ON CONFLICT (relation, decided, taken_year, camera, origin, size)
  DO UPDATE SET groups = groups + 1, suggested = suggested + excluded.suggested, bytes = bytes + excluded.bytes;"""
_COUNT_OLD = f"""UPDATE group_counts SET groups = groups - 1, suggested = suggested - (old.suggested_count > 0),
    bytes = bytes - old.reclaimable_bytes WHERE {_alike("old")};
  DELETE FROM group_counts WHERE {_alike("old")} AND groups = 0;"""

# The queue shows how many groups there are of each kind, year, camera and origin, after every single decision. Thousands of sums
# are read in a millisecond where tens of thousands of groups are not.
COUNTING = (
    f"CREATE TRIGGER groups_counted_insert AFTER INSERT ON groups BEGIN {_COUNT_NEW} END",
    f"CREATE TRIGGER groups_counted_delete AFTER DELETE ON groups BEGIN {_COUNT_OLD} END",
    f"""CREATE TRIGGER groups_counted_update
AFTER UPDATE OF relation, decided, taken_year, camera, origin, size, suggested_count, reclaimable_bytes ON groups
WHEN (old.relation, old.decided, old.size, old.suggested_count, old.reclaimable_bytes)
  != (new.relation, new.decided, new.size, new.suggested_count, new.reclaimable_bytes)
  OR old.taken_year IS NOT new.taken_year OR old.camera IS NOT new.camera OR old.origin IS NOT new.origin
BEGIN {_COUNT_OLD} {_COUNT_NEW} END""",
)
