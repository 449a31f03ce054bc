"""The step of the schema for proofs: what re-making measured on a pair, and what is known of two contents for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

REMAKING = (
    *(
        f"ALTER TABLE pairs ADD COLUMN {column}"
        for column in (
            "remade REAL",  # what is left when the smaller is made again from the larger, against what its encoder leaves
            "remade_worst REAL",
            "remade_colour REAL",
            "remade_px INTEGER",  # longer side it was measured at
            "remade_from TEXT",  # the photo that still holds all of the other; NULL when none is proved to
            "objection TEXT",
            "wants_proof INTEGER NOT NULL DEFAULT 0",  # 1 until the originals were opened
        )
    ),
    "CREATE INDEX pairs_wants_proof ON pairs(photo_a, photo_b) WHERE wants_proof",
    """CREATE TABLE remakings (
  content_a TEXT NOT NULL,     -- SHA-1 of two files, the lower first: what was measured on them once stays true
  content_b TEXT NOT NULL,
  measured_by TEXT NOT NULL,   -- name and version of the method
  proof TEXT NOT NULL,         -- JSON
  PRIMARY KEY (content_a, content_b),
  CHECK (content_a < content_b)
)""",
)


def m002_remaking(db: Database) -> None:
    """Copies are proved by making them again from what stays."""
    for statement in REMAKING:
        db.execute(statement)
