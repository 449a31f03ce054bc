"""Names of the package that nothing uses. What only tests use is dead as well; what templates use is not. See scripts/check."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from vulture import Vulture

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "datasette_gphotos_dedupe"
CALLED_FROM_OUTSIDE = ["@hookimpl*", "@sqlite_utils.hookimpl*", "@cli.command*", "@command_line.command*"]
# Names that other libraries give, and ask for: those of Python's own classes that ours are derived from, and settings of libraries.
GIVEN_BY_OTHERS = [
    "MAX_IMAGE_PIXELS",  # Pillow
    "_content_consumed",  # requests
    "command_class",  # click
    "decodermaxblock",  # Pillow
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


READ_BY_NAME = [
    # by tests and benchmarks, of results that are looked at
    *(
        "full_width",
        "full_height",
        "is_edited_word",
        "is_stale",
        "is_view",
        "repeated",
        "same_aspect",
        "BY_ORIGIN",
        "pairs_proved",
    ),
    *("LocalSource", "RemoteSource"),  # what a source is held against in tests/sources/test_contract.py
    *("plain_luma", "own_tone", "own_softness"),  # by the table of measures in core/verdict/measures.py
    *("keeper_media_key", "keeper_checksum"),  # by the snippet that a hand-over file carries
]


def columns() -> set[str]:
    """Fields that are read by the name of their column."""
    from datasette_gphotos_dedupe.descriptions import TABLES

    return {column for table in TABLES.values() for column in table.columns}


def words_of_templates() -> set[str]:
    """Everything that a template names could be an attribute that it reads."""
    pages = [*PACKAGE.rglob("*.html")]
    return {word for page in pages for word in re.findall(r"[a-z_]{3,}", page.read_text(encoding="utf8"))}


def views() -> set[str]:
    """Functions that the table of addresses names as text."""
    text = (PACKAGE / "web" / "site" / "routes.py").read_text(encoding="utf8")
    return {name.rpartition(".")[2] for name in re.findall(r'"((?:pages|site)\.[a-z_]+\.[a-z_]+)"', text)}


def find_dead_names() -> list[str]:
    """One line for each name that nothing uses."""
    finder = Vulture(
        ignore_names=[*GIVEN_BY_OTHERS, *READ_BY_NAME, *columns(), *words_of_templates(), *views()],
        ignore_decorators=CALLED_FROM_OUTSIDE,
    )
    finder.scavenge([PACKAGE, CHECKOUT / "scripts"])
    return [
        f"{item.filename.relative_to(CHECKOUT)}:{item.first_lineno}: {item.message}"
        for item in finder.get_unused_code(min_confidence=60)
        if PACKAGE in Path(item.filename).parents
    ]


if __name__ == "__main__":
    found = find_dead_names()
    print(*found, sep="\n")
    sys.exit(bool(found))
