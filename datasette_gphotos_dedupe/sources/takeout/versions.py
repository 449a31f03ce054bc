"""What a media name may be a version of: edited, made by Google, or a telephone's second one. Pure."""

from __future__ import annotations

from typing import NamedTuple

from ...core.edit_marks import EDITED, MADE, split_any, split_mark
from .naming import MIN_LIMIT_UNITS, numbered, readings, split_extension, units

MAX_MARKS = 3  # X-EFFECTS-edited-edited


class Version(NamedTuple):
    """The picture that a file may be a version of: its stem without number, the number, the file's extension, the kind of mark."""

    stem: str
    number: int | None
    extension: str
    kind: str

    @property
    def original(self) -> str:
        """The stem of the picture, with its number."""
        return numbered(self.stem, self.number)

    @property
    def speaks(self) -> bool:
        """Whether the mark alone says that it is one; else only a sidecar beside it does."""
        return self.kind in (EDITED, MADE)


def versions_of(name: str) -> list[Version]:
    """What a name may be a version of, the surest first; empty for a name without any mark."""
    found = []
    for base, number in readings(name)[::-1]:
        stem, extension = split_extension(base)
        mark = split_mark(stem, may_be_cut=units(base) >= MIN_LIMIT_UNITS) or split_any(stem)
        for _ in range(MAX_MARKS):
            if mark is None:
                break
            found.append(Version(mark.base, number, extension, mark.kind))
            mark = split_mark(mark.base)
    return found
