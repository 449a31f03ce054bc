"""The columns of a photo by what they are for: said once beside the DDL, and read by name wherever rows are made, joined or handed on.

A new column of `photos` goes into one group of `BY_ORIGIN`, and into `PUBLISHED` when a copy for others may hold it.
tests/store/test_photo_columns.py sees to it that none is left out.
"""

from __future__ import annotations

METADATA = (
    *("filename", "description", "taken_at", "taken_at_source", "uploaded_at", "latitude", "longitude", "favorite", "archived"),
    *("trashed", "origin", "product_url", "media_key", "sidecar_rule", "exported_at"),
)
"""What a source says about an item; an export of a later date replaces it."""

FLAGS = ("favorite", "archived", "trashed")
"""Of these, those that are 0 where nothing is said."""

CONTENT = (
    *("mime_type", "kind", "width", "height", "bytes", "duration_s", "camera_taken_at", "camera_make", "camera_model"),
    *("dedup_key", "sha1", "no_pixels", "original_quality", "space_bytes"),
)
"""What the bytes say, or a list of the account: filled in when known."""

OF_READING = ("moves", "extras", "flaw")
"""What only reading the bytes tells, and nothing: who has not read them does not know that there is none."""

OF_ROWS = ("source", "album_only")
"""What follows from how a row came about."""

KEPT_BY_OTHERS = ("photo_id", "library_id", "app_created", "owned", "album_titles", "people_names", "run_id")
"""What saving a photo of a source does not write by itself: ids, what only one source knows, what triggers derive."""

BY_ORIGIN = (METADATA, CONTENT, OF_READING, OF_ROWS, KEPT_BY_OTHERS)
"""Every column of `photos`, in one group each."""

SAVED = (*METADATA, *CONTENT, *OF_ROWS, *OF_READING)
"""What saving a photo of a source compares and writes."""

OF_THE_BYTES = (
    *("sha1", "bytes", "mime_type", "kind", "width", "height", "duration_s", "camera_taken_at", "camera_make", "camera_model"),
    *(*OF_READING, "no_pixels"),
)
"""What the bytes of a photo's own file tell, and nothing else: it goes when other bytes come."""

LOOKED_AT = ("width", "height", "duration_s", "mime_type", "camera_make", "camera_model", "camera_taken_at")
"""What looking at a picture again may tell anew; nothing said is nothing changed."""

PUBLISHED = (
    *("photo_id", "source", "filename", "mime_type", "kind", "width", "height", "bytes", "duration_s", "taken_at"),
    *("taken_at_source", "uploaded_at", "camera_make", "camera_model", "favorite", "archived", "trashed", "origin"),
    *("app_created", "album_only", "moves", "extras", "original_quality", "space_bytes"),
)
"""What a copy for others holds."""

LOCATION = ("latitude", "longitude")
WORDS = ("description",)
"""What such a copy holds only when asked for."""
