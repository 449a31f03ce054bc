"""What a newer export no longer holds is gone from Google Photos: it must never count as the copy that stays."""

from __future__ import annotations

import sqlite3
from pathlib import PurePosixPath

from ..sources.archives.containers import Container
from ..sources.archives.entries import printable
from ..sources.takeout.export import Export
from ..sources.takeout.naming import nfc
from ..store.library.gone_photos import read_unseen, save_vanished
from ..store.library.photos import RunId
from ..store.writing import transaction
from ..words import count


def note_vanished(conn: sqlite3.Connection, exports: list[Export], containers: list[Container], run_id: RunId) -> list[str]:
    """Mark as trashed what older exports showed in a year folder that these hold too, without the photo; returns what to say.

    Only a whole export says something: a photo may lie in the part that is missing. One that comes back later is unmarked again.
    """
    warnings = []
    for export in exports:
        if not (export.exported_at and export.years and export.whole):
            continue
        given = [printable(str(containers[number].path)) for number in export.containers]
        unseen = read_unseen(conn, export.exported_at, given)
        gone = [photo_id for photo_id, key, members in unseen if key not in export.keys and _folders(members) & export.years]
        if gone:
            with transaction(conn):
                save_vanished(conn, gone, export.exported_at, run_id)
            warnings.append(_sentence(len(gone), export.exported_at))
    return warnings


def _folders(members: list[str]) -> set[str]:
    return {nfc(PurePosixPath(member.replace("\\", "/")).parent.name) for member in members}


def _sentence(number: int, exported_at: str) -> str:
    was, they, them = ("was", "it is", "it") if number == 1 else ("were", "they are", "none of them")
    never = "never counts" if number == 1 else "counts"
    return (
        f"{count(number, 'photo')} of an earlier export {was} not in the export of {exported_at[:10]}, though it holds "
        f"{'its year' if number == 1 else 'their years'}: {they} gone from Google Photos, or in the bin. Marked as trashed, so that "
        f"{them} {never} as the copy that stays."
    )
