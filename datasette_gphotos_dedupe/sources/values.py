"""Values as files give them, made fit to be kept: text without what no database takes, moments that may be believed."""

from __future__ import annotations

from datetime import datetime, timezone

MAX_TEXT = 20_000
EARLIEST, LATEST = datetime(1800, 1, 1, tzinfo=timezone.utc), datetime(2200, 1, 1, tzinfo=timezone.utc)


def clean_text(text: str) -> str:
    """`text` without what SQLite or a page cannot carry: lone surrogates become U+FFFD, NULs go."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "") if "\0" in text else text
