"""The only DDL. Plain SQLite that reads well with no plugin at all.

No STRICT tables and no newer syntax: published copies are read by images that carry SQLite 3.34. `hamming()` never appears in a
view, trigger or index, because a copy opened without the plugin would then fail on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .m001_initial import m001_initial
from .steps import LATER_STEPS

if TYPE_CHECKING:
    from sqlite_utils import Database

MIGRATION_SET = "datasette-gphotos-dedupe"

STEPS = {step.__name__: step for step in (m001_initial, *LATER_STEPS)}
"""Every step from an empty file to the newest schema, in order. Each uses `execute` alone: `store.schema_check` takes them on a plain
connection, to know what a file must look like."""


def _migrations():
    from sqlite_utils import Migrations

    migrations = Migrations(MIGRATION_SET)
    for name, step in STEPS.items():
        migrations(name=name)(step)
    return migrations


def apply_migrations(db: Database) -> None:
    """Bring `db` to the newest schema, all of it or nothing: killed or failed midway, the file is as it was.

    Two programs that open a new file at once do not get in each other's way: the second waits, and finds nothing to do.
    """
    migrations = _migrations()
    if not migrations.pending(db):
        return
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        migrations.apply(db)
    except BaseException:
        db.conn.rollback()
        raise
    db.conn.commit()


def unknown_migrations(db: Database) -> list[str]:
    """Steps that a newer version of this program has taken on `db`, oldest first."""
    migrations = _migrations()
    return [step.name for step in migrations.applied(db) if step.name not in STEPS]
