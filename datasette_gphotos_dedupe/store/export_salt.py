"""The random key behind the names in exports: made at the first export, kept in the library, never in what is exported."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from pathlib import Path

from .matching.last_match import read_match_state, save_match_state
from .writing import transaction

_NAME = "export_salt"
_WAIT_S = 30


def read_salt(path: Path) -> str:
    """The library's key; for one that cannot be written, and has none yet, a key for this once."""
    address = f"{path.resolve().as_uri()}?mode=rw"
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(_connect(address)) as conn:
        if found := read_match_state(conn, _NAME):
            return found
        with transaction(conn):
            found = read_match_state(conn, _NAME) or secrets.token_hex(32)
            save_match_state(conn, _NAME, found)
        return found
    return secrets.token_hex(32)


def _connect(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, timeout=_WAIT_S)
