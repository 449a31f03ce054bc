"""SQL functions, for Datasette and, by entry point, for `sqlite-utils`."""

from __future__ import annotations

import sqlite3


def hamming(a, b) -> int | None:
    """The number of differing bits of two hex strings of equal length or of two integers; None for anything else."""
    try:
        if type(a) is str and type(b) is str:
            return (int(a, 16) ^ int(b, 16)).bit_count() if len(a) == len(b) else None
        if type(a) is int and type(b) is int:
            return ((a ^ b) & 0xFFFFFFFFFFFFFFFF).bit_count()
    except ValueError:
        return None
    return None


def register(conn: sqlite3.Connection) -> None:
    """Add the functions to a connection."""
    conn.create_function("hamming", 2, hamming, deterministic=True)


def prepare_connection(conn: sqlite3.Connection) -> None:
    """The sqlite-utils plugin hook."""
    register(conn)


try:
    from sqlite_utils import hookimpl as _hookimpl

    prepare_connection = _hookimpl(prepare_connection)
except ImportError:  # a published copy has only datasette and this package
    pass
