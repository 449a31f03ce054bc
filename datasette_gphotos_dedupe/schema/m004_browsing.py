"""The step of the schema that makes browsing quick: indexes for the facets and orders that are shipped, and views that read less.

Datasette asks a page's count, its rows and each of its facets one by one. What a page needs is a walk over an index a tenth as
long as the rows. A view of members looks a column of another table up where somebody wants it: a join would be made for every
row that is counted, as SQLite leaves out no join of an aggregate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

# Led by the facet, then the order of the page, then the other facets: one value of one is counted by the others in it alone.
_FACETS = ("source", "kind", "mime_type", "origin")
_PHOTO_FACETS = tuple(
    f"CREATE INDEX photos_by_{facet} ON photos({', '.join((facet, 'taken_at', *(other for other in _FACETS if other != facet)))})"
    for facet in _FACETS
)

INDEXES = (
    *_PHOTO_FACETS,
    "CREATE INDEX photos_by_camera ON photos(camera_model, taken_at)",
    "CREATE INDEX photos_by_run ON photos(run_id)",
    # Few photos each; a view that starts from them need not look at the others.
    "CREATE INDEX photos_favorite ON photos(photo_id) WHERE favorite = 1",
    "CREATE INDEX photos_described ON photos(photo_id) WHERE description > ''",
    "CREATE INDEX photos_album_only ON photos(taken_at) WHERE album_only = 1",
    "CREATE INDEX files_by_role ON files(role)",
    "CREATE INDEX fingerprints_by_algorithm ON fingerprints(algorithm, flatness)",
    "CREATE INDEX group_members_by_relation ON group_members(relation, role, suggested, photo_id, group_id)",
    "CREATE INDEX group_members_by_role ON group_members(role)",
    "CREATE INDEX group_members_by_suggested ON group_members(suggested)",
)


def _of(table: str, column: str, key: str = "photo_id") -> str:
    """A column of the one row of `table` that a member of a group leads to, looked up only where somebody wants it."""
    own = {"photos": "photo_id", "groups": "group_id", "decisions": "subject"}[table]
    return f"(SELECT {column} FROM {table} WHERE {table}.{own} = group_members.{key})"


def _columns_of(table: str, columns: tuple[str, ...], key: str = "photo_id") -> str:
    return ",\n  ".join(f"{_of(table, column, key)} AS {column}" for column in columns)


_DUPLICATES = f"""CREATE VIEW duplicates AS
SELECT group_members.group_id, group_members.role, group_members.photo_id, {_of("groups", "keeper_id", "group_id")} AS keeper_id,
  coalesce(group_members.relation, {_of("groups", "relation", "group_id")}) AS relation,
  group_members.suggested, {_of("decisions", "decision")} AS decision, group_members.reason,
  {_columns_of("photos", ("filename", "mime_type", "kind", "width", "height", "bytes", "taken_at"))},
  {_of("groups", "taken_year", "group_id")} AS taken_year,
  {_columns_of("photos", ("camera_make", "camera_model", "origin", "source", "album_titles", "favorite", "product_url"))},
  {_of("groups", "size", "group_id")} AS group_size, {_of("groups", "reclaimable_bytes", "group_id")} AS group_reclaimable_bytes
FROM group_members"""

_PICTURE_URL = "'thumbnails/' || replace(group_members.photo_id, ':', '~3A') || '.blob?_blob_column=content'"
_PREVIEWS = f"""CREATE VIEW previews AS
SELECT group_members.group_id, group_members.role,
  CASE WHEN EXISTS (SELECT 1 FROM thumbnails WHERE thumbnails.photo_id = group_members.photo_id)
    THEN json_object('img_src', {_PICTURE_URL}, 'alt', coalesce({_of("photos", "filename")}, group_members.photo_id)) END AS picture,
  {_of("photos", "filename")} AS filename, group_members.relation, group_members.reason, group_members.photo_id,
  (SELECT json_object('href', product_url, 'label', 'Open in Google Photos') FROM photos
    WHERE photos.photo_id = group_members.photo_id AND product_url IS NOT NULL) AS link
FROM group_members"""

# The row number is what the full-text index knows a photo by.
_PHOTO_LIST = """CREATE VIEW photo_list AS
SELECT photo_id, filename, taken_at, kind, mime_type, width, height, bytes, camera_model, origin, album_titles, people_names,
  favorite, product_url, photos.rowid AS number
FROM photos"""

_GOES = """group_members.role != 'keeper' AND group_members.photo_id != groups.keeper_id
  AND coalesce((SELECT decision FROM decisions WHERE decisions.subject = group_members.photo_id), group_members.suggested) = 'remove'"""
_ITS_GROUP = "JOIN groups ON groups.group_id = group_members.group_id"


def _membership(what: str, table: str, key: str, names: str, name: str) -> str:
    """What a copy to be removed is in and its keeper is not. CROSS JOIN keeps the order: far fewer photos are in one than in groups."""
    return f"""SELECT group_members.photo_id, groups.keeper_id, '{what}' AS what, {names}.{name} AS value
FROM {table}
CROSS JOIN group_members ON group_members.photo_id = {table}.photo_id
CROSS {_ITS_GROUP}
LEFT JOIN {names} ON {names}.{key} = {table}.{key}
WHERE {_GOES}
  AND NOT EXISTS (SELECT 1 FROM {table} AS kept WHERE kept.photo_id = groups.keeper_id AND kept.{key} = {table}.{key})"""


def _fact(what: str, value: str, lost: str, first: str) -> str:
    """What the row of a copy says and that of its keeper does not, beginning at `first`, the shorter way."""
    copies = """FROM photos AS copy
CROSS JOIN group_members ON group_members.photo_id = copy.photo_id
CROSS JOIN groups ON groups.group_id = group_members.group_id
CROSS JOIN photos AS keeper ON keeper.photo_id = groups.keeper_id"""
    keepers = """FROM groups
CROSS JOIN photos AS keeper ON keeper.photo_id = groups.keeper_id
CROSS JOIN group_members ON group_members.group_id = groups.group_id
CROSS JOIN photos AS copy ON copy.photo_id = group_members.photo_id"""
    return f"""SELECT group_members.photo_id, groups.keeper_id, '{what}' AS what, {value} AS value
{copies if first == "copy" else keepers}
WHERE {lost} AND {_GOES}"""


_RESCUE = "CREATE VIEW rescue AS\n" + "\nUNION ALL\n".join(
    (
        _membership("album", "album_photos", "album_id", "albums", "title"),
        _membership("person", "photo_people", "person_id", "people", "name"),
        _fact("favorite", "'yes'", "copy.favorite = 1 AND keeper.favorite = 0", "copy"),
        _fact(
            "description",
            "copy.description",
            "copy.description > '' AND instr(coalesce(keeper.description, ''), trim(copy.description)) = 0",
            "copy",
        ),
        _fact(
            "location",
            "copy.latitude || ',' || copy.longitude",
            "copy.latitude IS NOT NULL AND copy.longitude IS NOT NULL AND keeper.latitude IS NULL",
            "keeper",
        ),
    )
)

# The order of a page with the key behind it, as Datasette asks for it from the second page on.
ORDERS = (
    "DROP INDEX photos_taken_at",
    "CREATE INDEX photos_taken_at ON photos(taken_at DESC, photo_id)",
    "CREATE INDEX fingerprints_by_flatness ON fingerprints(flatness DESC, photo_id)",
    "CREATE INDEX pairs_by_distance ON pairs(distance_bits, photo_a, photo_b)",
    "CREATE INDEX pairs_by_confidence ON pairs(confidence, photo_a, photo_b)",
    "CREATE INDEX groups_by_bytes ON groups(reclaimable_bytes DESC, group_id)",
    "CREATE INDEX decisions_by_day ON decisions(decided_at DESC, subject)",
    "CREATE INDEX decision_batches_by_day ON decision_batches(made_at DESC)",
    "CREATE INDEX push_items_by_position ON push_items(position, push_id, photo_id)",
    "CREATE INDEX skipped_by_code ON skipped(code, container, member)",
)

VIEWS = {"duplicates": _DUPLICATES, "previews": _PREVIEWS, "rescue": _RESCUE}


def m004_browsing(db: Database) -> None:
    """Indexes for the facets and orders that are shipped; views that join what is looked at; a list of photos in a few columns."""
    for name, view in VIEWS.items():
        db.execute(f"DROP VIEW {name}")
        db.execute(view)
    for statement in (*INDEXES, *ORDERS, _PHOTO_LIST):
        db.execute(statement)
