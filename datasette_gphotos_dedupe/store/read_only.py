"""Opening a library to read: nothing is created, migrated or locked."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DatabaseError
from .database import explain_error, is_damage, refuse_no_file
from .schema_check import explain_fault, explain_lag, find_fault, is_behind

NEEDED = {"photos", "groups", "group_members"}


@contextmanager
def open_for_reading(
    path: str | Path, prepare: Callable[[sqlite3.Connection], None] | None = None
) -> Iterator[sqlite3.Connection]:
    """A read-only connection; rows can be used by name. `prepare` may add SQL functions to it.

    Raises DatabaseError when the file is missing, not SQLite, or not a library of ours.
    """
    path = Path(path)
    refuse_no_file(path)
    if not path.exists():
        raise DatabaseError(f"{path} does not exist. Import something first: gphotos-to-sqlite takeout {path} takeout-*.zip")
    conn = None
    try:
        conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        conn.row_factory = sqlite3.Row
        if prepare:
            prepare(conn)
        tables = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= NEEDED:
            missing = ", ".join(sorted(NEEDED - tables))
            raise DatabaseError(f"{path} is not a library made by gphotos-to-sqlite: it has no table {missing}.")
        if fault := find_fault(conn):
            raise DatabaseError(explain_fault(str(path), fault))
        if is_behind(conn):
            raise DatabaseError(explain_lag(str(path)))
        yield conn
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if "not a database" in str(error):
            raise DatabaseError(f"{path} is not a SQLite database.") from error
        if "unable to open" in str(error) or "readonly" in str(error):
            raise DatabaseError(
                f"{path} cannot be opened: SQLite can lay no file beside it in {path.resolve().parent}. Copy it to a folder where you may "
                "write, and use it there."
            ) from error
        if is_damage(error):
            raise DatabaseError(explain_error(path, error)) from error
        raise
    finally:
        if conn is not None:
            conn.close()
