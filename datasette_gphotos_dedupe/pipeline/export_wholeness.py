"""What an export is taken for, by what earlier ones showed: Google says nowhere whether it is whole. Pure but for one look."""

from __future__ import annotations

import sqlite3

from ..formatting import count
from ..sources.archives.containers import Container
from ..sources.archives.entries import printable
from ..sources.takeout.exported_together import Export
from ..store.library.gone_photos import Overlap, read_overlap

MUCH_SMALLER = 0.5  # of what earlier exports showed: nobody deletes half a library between two exports
KEPT = "What it lacks stays as it is."
ASK = "If it is the whole library, the same command with --whole-library marks what it lacks as trashed."


def conclude(conn: sqlite3.Connection, exports: list[Export], containers: list[Container]) -> list[str]:
    """A sentence for each export of a known date that earlier ones can be held against, the oldest first."""
    told = []
    for export in exports:
        if export.exported_at:
            given = [printable(str(containers[number].path)) for number in export.containers]
            told.append(conclusion(export.exported_at, bool(export.gaps), read_overlap(conn, export.exported_at, given)))
    return [sentence for sentence in told if sentence]


def conclusion(exported_at: str, gaps: bool, overlap: Overlap) -> str | None:
    """What to say of an export; None where there is nothing that it could lack. `gaps`: parts of it are missing."""
    if not overlap.photos or not overlap.unseen:
        return None
    fresh = overlap.photos - overlap.known
    holds = (
        f"The export of {exported_at[:10]} holds {count(overlap.photos, 'photo')} of your own, {fresh:,} of them new, where "
        f"earlier exports showed {overlap.before:,}"
    )
    if gaps:
        return f"{holds}: a part of it is missing. {KEPT}"
    if not overlap.known and overlap.old:
        return (
            f"{holds}: none of those is in it, and {overlap.old:,} of its photos were uploaded before {_day(overlap)}, so it is taken "
            f"for one of another account or of other years. {KEPT}"
        )
    if overlap.photos < MUCH_SMALLER * overlap.before:
        return f"{holds}: it is taken for one that holds only what is new or edited, as scheduled exports do. {KEPT}"
    return f"{holds}: {overlap.unseen:,} of them are not in it, which says nothing by itself. {KEPT} {ASK}"


def _day(overlap: Overlap) -> str:
    return (overlap.previous_at or "")[:10]
