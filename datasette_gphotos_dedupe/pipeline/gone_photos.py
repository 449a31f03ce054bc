"""What a newer export lacks. That says nothing by itself: scheduled exports hold only what is new, others are of another account.

Only where the person says that an export is the whole library, what earlier ones showed and it lacks is gone from Google Photos,
and must never count as the copy that stays.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..formatting import count
from ..sources.archives.containers import Container
from ..sources.archives.entries import printable
from ..sources.takeout.exported_together import Export
from ..sources.takeout.folders import OWN, YEAR
from ..sources.takeout.naming import nfc
from ..store.library.gone_photos import read_overlap, read_unseen, save_vanished
from ..store.library.photos import RunId
from ..store.writing import transaction

SMALL_SHARE = 0.02  # of what earlier exports showed; a person who deletes more between two exports is asked


@dataclass(frozen=True)
class Vanishing:
    """What would be marked: `photo_ids` of `before` photos that earlier exports showed; `other_folders` are left as they are."""

    exported_at: str
    photo_ids: tuple[str, ...]
    before: int
    other_folders: int = 0

    @property
    def share(self) -> float:
        """Of what earlier exports showed."""
        return len(self.photo_ids) / max(self.before, 1)

    @property
    def is_small(self) -> bool:
        """Whether a library may have lost so many; one photo always may."""
        return len(self.photo_ids) <= 1 or self.share <= SMALL_SHARE

    @property
    def text(self) -> str:
        """The number, as the person is shown it before anything is marked."""
        number, day = len(self.photo_ids), self.exported_at[:10]
        left = f" {count(self.other_folders, 'photo')} of folders that it does not hold at all stay as they are."
        return (
            f"{number:,} of {count(self.before, 'photo')} of earlier exports ({self.share:.1%}) are not in the export of {day}."
            + (left if self.other_folders else "")
        )


Confirm = Callable[[Vanishing], bool]
"""Shown what would be marked; says whether it may be."""


def note_vanished(
    conn: sqlite3.Connection, exports: list[Export], containers: list[Container], run_id: RunId, confirm: Confirm
) -> tuple[list[str], str | None]:
    """Mark as trashed what the exports given, which are the whole library together, lack; once `confirm` agrees.

    Returns what to say, and why nothing was marked. A photo that comes back in a later export is unmarked again.
    """
    day = max((export.exported_at for export in exports if export.exported_at), default=None)
    if day is None:
        return [], f"{_NOTHING}: no date of the export is known. Give the archives under the names that Google gave them."
    if not all(export.whole for export in exports):
        return [], f"{_NOTHING}: a part of the export is missing, so it is not the whole library."
    found = _plan(conn, exports, containers, day)
    if not found.photo_ids:
        return [f"The export of {day[:10]} lacks no photo that earlier ones showed in its folders."], None
    if not confirm(found):
        return [], f"{_NOTHING}. {found.text} {_DOUBT}"
    with transaction(conn):
        save_vanished(conn, found.photo_ids, day, run_id)
    return [_sentence(len(found.photo_ids), day)], None


_NOTHING = "Nothing was marked as trashed"
_DOUBT = (
    "A scheduled export holds only what is new, and one of another account holds nothing of this one: import those without "
    "--whole-library. If this is the whole library all the same, run the same command with --whole-library --yes."
)


def _plan(conn: sqlite3.Connection, exports: list[Export], containers: list[Container], day: str) -> Vanishing:
    given = [printable(str(containers[number].path)) for export in exports for number in export.containers]
    keys = {key for export in exports for key in export.keys}
    folders = {folder for export in exports for folder, kind in export.kinds.items() if kind in (YEAR, OWN)}
    unseen = [(photo_id, members) for photo_id, key, members in read_unseen(conn, day, given) if key not in keys]
    gone = tuple(photo_id for photo_id, members in unseen if _folders(members) & folders)
    return Vanishing(day, gone, read_overlap(conn, day, given).before, len(unseen) - len(gone))


def _folders(members: list[str]) -> set[str]:
    return {nfc(PurePosixPath(member.replace("\\", "/")).parent.name) for member in members}


def _sentence(number: int, exported_at: str) -> str:
    was, they, never = ("was", "it is", "it never counts") if number == 1 else ("were", "they are", "none of them counts")
    return (
        f"{count(number, 'photo')} of an earlier export {was} not in the export of {exported_at[:10]}, which you say is the whole "
        f"library: {they} gone from Google Photos, or in the bin. Marked as trashed, so that {never} as the copy that stays."
    )
