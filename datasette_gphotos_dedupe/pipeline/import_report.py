"""What an import says of itself at its end."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from ..model import File
from ..words import count

MAX_NAMED = 5


@dataclass
class PartReport:
    """The account of one part: `seen` is `used` + `sidecars` + all of `skipped` + `unread`, which is 0 unless the run was ended."""

    name: str
    seen: int
    used: int
    sidecars: int
    skipped: Counter
    broken: str | None = None
    is_archive: bool = True

    @property
    def unread(self) -> int:
        """Files that the run did not get to."""
        return self.seen - self.used - self.sidecars - self.skipped.total()


@dataclass
class ImportReport:
    """What an import did. `files_read` counts files whose bytes were opened."""

    parts: list[PartReport] = field(default_factory=list)
    photos: int = 0
    added: int = 0
    updated: int = 0
    files_read: int = 0
    warnings: list[str] = field(default_factory=list)
    stopped: bool = False
    concluded: list[str] = field(default_factory=list)  # what its exports were taken for
    forgotten: str | None = None  # files that ended in no state, which is a fault of the program
    refused: str | None = None  # why nothing was marked though the person called the export whole

    @property
    def broken(self) -> list[str]:
        """The sentences about parts that could not be read to their end."""
        return [part.broken for part in self.parts if part.broken]

    def as_json(self) -> str:
        """The report as text, for `from_json`."""
        return json.dumps({**vars(self), "parts": [vars(part) for part in self.parts]})

    @classmethod
    def from_json(cls, text: str) -> ImportReport:
        """The report of an earlier import of the same files: nothing of it is new any more."""
        value = json.loads(text)
        parts = [PartReport(**{**part, "skipped": Counter(part["skipped"])}) for part in value["parts"]]
        return cls(parts, photos=value["photos"], warnings=value["warnings"])


def forgotten_text(files: list[File]) -> str:
    """What to say of files that an import forgot."""
    names = ", ".join(f"{file.container}: {file.member}" for file in files[:MAX_NAMED])
    more = f" and {len(files) - MAX_NAMED:,} more" if len(files) > MAX_NAMED else ""
    return (
        f"{count(len(files), 'file')} could not be accounted for, which is a fault of this program: {names}{more}. They are in the "
        "table skipped as forgotten; all others are saved. Please report it."
    )
