"""Opening the database: create or recognise it, bring its schema up to date, WAL, foreign keys."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DatabaseError
from ..schema import MIGRATION_SET, apply_migrations, unknown_migrations
from .schema_check import explain_fault, find_fault

if TYPE_CHECKING:
    from sqlite_utils import Database

BUSY_TIMEOUT_S = 30  # Datasette or a second import may hold the write lock for a batch


def open_database(path: str | Path, create: bool = True) -> Database:
    """A database of ours at `path`, on the newest schema, in WAL mode, with foreign keys enforced.

    Raises DatabaseError when the file is missing (with `create` false), not SQLite, written by another program, or cannot
    be written.
    """
    from .writable_database import WritableDatabase

    path = Path(path)
    if not path.exists():
        if not create:
            raise DatabaseError(f"{path} does not exist. Import something first: gphotos-to-sqlite takeout {path} takeout-*.zip")
        if not path.parent.is_dir():
            raise DatabaseError(f"{path} cannot be created: the folder {path.parent} does not exist.")
    conn = None
    try:
        conn = sqlite3.connect(str(path), timeout=BUSY_TIMEOUT_S)
        conn.execute("PRAGMA foreign_keys = ON")
        db = WritableDatabase(conn)
        _refuse_foreign(db, path)
        _refuse_newer(db, path)
        _refuse_misshapen(db, path)
        db.enable_wal()
        apply_migrations(db)
    except (sqlite3.Error, UnicodeDecodeError, DatabaseError) as error:
        if conn is not None:
            conn.close()
        if isinstance(error, DatabaseError):
            raise
        raise DatabaseError(_explain(path, error)) from error
    return db


def _refuse_foreign(db: Database, path: Path) -> None:
    tables = set(db.table_names())
    if not tables:
        return
    ours = (
        "_sqlite_migrations" in tables
        and db.execute("SELECT count(*) FROM _sqlite_migrations WHERE migration_set = ?", [MIGRATION_SET]).fetchone()[0]
    )
    if not ours:
        raise DatabaseError(
            f"{path} was written by another program (it has the tables {', '.join(sorted(tables)[:4])}). "
            "Nothing was changed. Choose a new file name for your photos."
        )


def _refuse_newer(db: Database, path: Path) -> None:
    """An older program must not write into a schema it does not know."""
    unknown = unknown_migrations(db)
    if unknown:
        raise DatabaseError(
            f"{path} was written by a newer version of this program (its schema has the step {unknown[0]}). Nothing was changed. "
            "Install the newer version: pip install -U datasette-gphotos-dedupe"
        )


def _refuse_misshapen(db: Database, path: Path) -> None:
    fault = find_fault(db.conn) if db.table_names() else None
    if fault:
        raise DatabaseError(explain_fault(str(path), fault))


DAMAGED = (
    "is damaged ({0}). Keep it as it is, import again into a new file, and look what was decided in what can be saved of it: "
    "sqlite3 OLD.db .recover"
)
_DAMAGE = ("malformed", "disk I/O error", "Could not decode to UTF-8")


def is_damage(error: Exception) -> bool:
    """Whether SQLite says that the bytes of the file are not a database's any more."""
    return isinstance(error, UnicodeDecodeError) or (
        isinstance(error, sqlite3.DatabaseError) and any(word in str(error) for word in _DAMAGE)
    )


def _explain(path: Path, error: Exception) -> str:
    text = str(error)
    if is_damage(error):
        return f"{path} {DAMAGED.format(text)}"
    if "not a database" in text:
        return f"{path} is not a SQLite database. Nothing was changed. Choose a new file name for your photos."
    if "readonly" in text or "unable to open" in text:
        return f"{path} cannot be written: {text}. Check the permissions of the file and of its folder."
    if "locked" in text:
        return f"{path} is busy: another program has been writing to it for {BUSY_TIMEOUT_S} seconds. Run the command again."
    return f"{path} cannot be used: {text}."
