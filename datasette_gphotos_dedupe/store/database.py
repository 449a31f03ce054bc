"""Opening the database: create or recognise it, bring its schema up to date, WAL, foreign keys."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DatabaseError
from ..input_file import stat_input
from ..schema import MIGRATION_SET, apply_migrations, unknown_migrations
from .schema_check import explain_fault, find_crash, find_fault

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
    refuse_no_file(path)
    if not path.exists():
        if not create:
            raise DatabaseError(f"{path} does not exist. Import something first: gphotos-to-sqlite takeout {path} takeout-*.zip")
        if not path.parent.is_dir():
            raise DatabaseError(f"{path} cannot be created: the folder {path.parent} does not exist.")
        _create(path)
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
        raise DatabaseError(explain_error(path, error)) from error
    return db


def refuse_no_file(path: Path) -> None:
    """Raise DatabaseError for what SQLite would open and lose, or wait for without end; a file that is not there may be made."""
    if str(path) == ":memory:":
        raise DatabaseError(f"{path} keeps nothing when the command ends. Name a file: photos.db")
    try:
        mode = stat_input(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise DatabaseError(f"{path} cannot be opened: {error.strerror or error}.") from None
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
        raise DatabaseError(f"{path} is {kind}. Name the file that is to hold your photos: photos.db")
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise DatabaseError(
            f"{path} cannot be opened: you may not read it. Run the command as its owner, or change its permissions."
        )


def _create(path: Path) -> None:
    """Places and people are in it: for its owner's eyes. What SQLite writes beside it takes its permissions, and says what is wrong."""
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def open_unchecked(path: Path) -> sqlite3.Connection:
    """A connection to a library of ours whose shape nobody has looked at, in autocommit. Raises DatabaseError for another file."""
    from .writable_database import WritableDatabase

    refuse_no_file(path)
    if not path.exists():
        raise DatabaseError(f"{path} does not exist.")
    conn = None
    try:
        conn = sqlite3.connect(str(path), timeout=BUSY_TIMEOUT_S, isolation_level=None)
        db = WritableDatabase(conn)
        _refuse_foreign(db, path)
        _refuse_newer(db, path)
    except (sqlite3.Error, UnicodeDecodeError, DatabaseError) as error:
        if conn is not None:
            conn.close()
        if isinstance(error, DatabaseError):
            raise
        raise DatabaseError(explain_error(path, error)) from error
    return conn


def _refuse_foreign(db: Database, path: Path) -> None:
    tables = {*db.table_names(), *db.view_names()}
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
    fault = (find_crash(db.conn) or find_fault(db.conn)) if db.table_names() else None
    if fault:
        raise DatabaseError(explain_fault(str(path), fault))


DAMAGED = (
    "is damaged ({0}). Keep it as it is, import again into a new file, and look what was decided in what can be saved of it: "
    "sqlite3 OLD.db .recover"
)
_DAMAGE = ("malformed", "disk I/O error", "Could not decode to UTF-8")


def is_damage(error: Exception) -> bool:
    """Whether SQLite says something that damage to the file is a cause of; `explain_error` asks the file itself."""
    return isinstance(error, UnicodeDecodeError) or (
        isinstance(error, sqlite3.DatabaseError) and any(word in str(error) for word in _DAMAGE)
    )


def explain_error(path: Path, error: Exception) -> str:
    """What is wrong with a file that SQLite could not use, and what to do. Whether it is damaged the file is asked."""
    text = str(error)
    if is_damage(error):
        found, checked = _find_damage(path)
        if found or isinstance(error, UnicodeDecodeError) or "decode" in text:
            return f"{path} {DAMAGED.format(found or text)}"
        state = "What is in it was checked and is whole" if checked else "Whether what is in it is whole could not be checked"
        return (
            f"{path} could not be read or written just now ({text}). {state}. Look whether the disk is "
            "full, slow or gone, then run the same command again."
        )
    if "not a database" in text:
        return f"{path} is not a SQLite database. Nothing was changed. Choose a new file name for your photos."
    if "readonly" in text or "unable to open" in text:
        return f"{path} cannot be written: {text}. Check the permissions of the file and of its folder."
    if "locked" in text:
        return f"{path} is busy: another program has been writing to it for {BUSY_TIMEOUT_S} seconds. Run the command again."
    return f"{path} cannot be used: {text}."


def _find_damage(path: Path) -> tuple[str | None, bool]:
    """The first thing that SQLite itself finds wrong in the file, if there is one; and whether the file could be looked at at all."""
    for how in ("mode=ro", "mode=ro&immutable=1"):  # the second where not even a lock can be had
        try:
            with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)) as conn:
                found = conn.execute("PRAGMA integrity_check(1)").fetchone()[0]
                return (None if found == "ok" else found.splitlines()[-1]), True
        except sqlite3.DatabaseError as error:
            if any(word in str(error) for word in ("malformed", "not a database", "decode")):
                return str(error), True
        except UnicodeDecodeError as error:
            return str(error), True
    return None, False
