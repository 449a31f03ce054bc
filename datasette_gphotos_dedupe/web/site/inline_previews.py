"""Previews written into the page itself, for Datasette Lite.

There Datasette runs in the reader's browser and answers with text alone: a request for a picture goes to the web host, which has
none. What is shown must be in the page, and so few pages are read at once that the cost does not matter.
"""

from __future__ import annotations

import base64
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

PICTURES_MUST_BE_INLINE = sys.platform == "emscripten"


def image_type(content: bytes) -> str | None:
    """The type of a picture that every browser shows, by its first bytes."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def data_address(db: Any, photo_id: str) -> str | None:
    """The preview of a photo as a ``data:`` address; None when it has none or the database is no file."""
    if not db.path:
        return None
    # In Lite Datasette has no threads and templates cannot wait, so this reads at once on a connection of its own.
    with closing(sqlite3.connect(f"{Path(db.path).resolve().as_uri()}?mode=ro", uri=True)) as conn:
        row = conn.execute("SELECT content FROM thumbnails WHERE photo_id = ?", [photo_id]).fetchone()
    kind = image_type(row[0]) if row and isinstance(row[0], bytes) else None
    return f"data:{kind};base64,{base64.b64encode(row[0]).decode()}" if kind else None
