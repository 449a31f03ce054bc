"""The step that mends what lists of albums left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

# An item of an album was taken for one of the library, under a key that is the album's own. Such rows stand out: the toolkit says of
# all others whose they are.
_LISTED_IN_ALBUM = """source = 'toolkit-csv' AND owned IS NULL
  AND EXISTS (SELECT 1 FROM album_photos AS a WHERE a.photo_id = photos.photo_id)
  AND NOT EXISTS (SELECT 1 FROM files AS f WHERE f.photo_id = photos.photo_id)"""
_LIBRARY_ITEM = f"""(SELECT min(r.photo_id) FROM photos AS r WHERE r.dedup_key = photos.dedup_key AND r.photo_id != photos.photo_id
  AND r.photo_id NOT IN (SELECT photo_id FROM photos WHERE {_LISTED_IN_ALBUM}) HAVING count(*) = 1)"""


def m006_items_of_albums(db: Database) -> None:
    """Items that lists of albums brought in become the library's items of the same content key, or lose the key that is none."""
    db.execute(
        f"""INSERT OR IGNORE INTO album_photos (album_id, photo_id)
        SELECT a.album_id, {_LIBRARY_ITEM} FROM photos JOIN album_photos AS a USING (photo_id)
        WHERE {_LISTED_IN_ALBUM} AND {_LIBRARY_ITEM} IS NOT NULL"""
    )
    db.execute(f"DELETE FROM photos WHERE {_LISTED_IN_ALBUM} AND {_LIBRARY_ITEM} IS NOT NULL")
    db.execute(f"UPDATE photos SET media_key = NULL, product_url = NULL, album_only = 1 WHERE {_LISTED_IN_ALBUM}")
