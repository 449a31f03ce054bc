"""The steps of the schema after the first, in order. A released one is never changed: later ones build on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .m002_remaking import m002_remaking
from .m004_browsing import m004_browsing
from .m006_items_of_albums import m006_items_of_albums
from .m008_word import m008_word
from .m009_waiting import m009_waiting
from .m010_comparing import m010_comparing
from .m011_grouping import m011_grouping
from .m013_narrow_rows import m013_narrow_rows

if TYPE_CHECKING:
    from sqlite_utils import Database


def m003_what_files_hold(db: Database) -> None:
    """What an import took its exports for, and what a picture file holds beside its first still."""
    db.execute("ALTER TABLE runs ADD COLUMN concluded TEXT")
    db.execute("ALTER TABLE photos ADD COLUMN extras TEXT")
    db.execute("ALTER TABLE photos ADD COLUMN flaw TEXT")
    # What was looked at before is looked at again: its files may hold more than is known.
    db.execute("UPDATE fingerprints SET algorithm = algorithm || ' before extras' WHERE algorithm NOT LIKE '% before extras'")


def m012_uncompared(db: Database) -> None:
    """Every page of the queue asks whether photos wait to be compared, and their rows are long."""
    db.execute("CREATE INDEX fingerprints_uncompared ON fingerprints(photo_id) WHERE matched_by IS NULL")


LATER_STEPS = (
    m002_remaking,
    m003_what_files_hold,
    m004_browsing,
    m006_items_of_albums,
    m008_word,
    m009_waiting,
    m010_comparing,
    m011_grouping,
    m012_uncompared,
    m013_narrow_rows,
)
