"""Names of the package that nothing uses. What only tests use is dead as well; what templates use is not. See scripts/check."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "datasette_gphotos_dedupe"
CALLED_FROM_OUTSIDE = ["@hookimpl*", "@sqlite_utils.hookimpl*", "@cli.command*", "@command_line.command*"]
# Names that other libraries give, and ask for: those of Python's own classes that ours are derived from, and settings of libraries.
GIVEN_BY_OTHERS = [
    "MAX_IMAGE_PIXELS",  # Pillow
    "_content_consumed",  # requests
    "do_GET",
    "log_message",
    "max_redirects",  # requests
    "readable",
    "readall",
    "row_factory",  # sqlite3
    "timeout",
    "exception",
    "exc_info",
    "traceback",
    "ignored",
]


READ_BY_NAME = [  # by tests and benchmarks, of results that are looked at
    *("full_width", "full_height", "is_edited_word", "is_stale", "is_view", "repeated", "same_aspect"),
    *("LocalSource", "RemoteSource"),  # what a source is held against in tests/sources/test_contract.py
]
