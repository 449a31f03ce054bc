"""The connection that imports and matching write through."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlite_utils import Database

from .writing import transaction


class WritableDatabase(Database):
    """A sqlite-utils Database whose transactions hold the write lock from their beginning.

    Datasette decides while a match runs. A transaction that first reads and then writes would be refused at once when somebody
    else has written in between, however long it is ready to wait ("database is locked", SQLITE_BUSY_SNAPSHOT).
    """

    @contextlib.contextmanager
    def atomic(self) -> Iterator[Database]:
        """All of it or nothing. Raises DatabaseError when the lock cannot be had in time or the disk is full."""
        with super().atomic() if self.conn.in_transaction else transaction(self.conn):
            yield self
