"""What an import says of itself at its end."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from dataclasses import dataclass, field

from ..formatting import count
from ..model import File

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


def summary_lines(report: ImportReport, database: str) -> list[str]:
    """The closing lines: each part's account, what changed, where the reasons are, what to do next."""
    lines = [_part_line(part) for part in report.parts]
    word = "Stopped. " if report.stopped else ""
    lines.append(f"{word}{count(report.photos, 'photo')}: {report.added:,} new, {report.updated:,} with news.")
    lines += report.warnings + report.concluded
    if any(part.skipped for part in report.parts):
        lines.append(f"What was left out, and why: gphotos-to-sqlite status {shlex.quote(database)}")
    if report.stopped:
        lines.append("What was read until now is saved. Run the same command again; it goes on from there.")
    return lines


def _part_line(part: PartReport) -> str:
    skipped = "".join(f" + {number:,} {code}" for code, number in sorted(part.skipped.items()))
    unread = f" + {part.unread:,} not read yet" if part.unread else ""
    return f"{part.name}: {count(part.seen, 'file')} = {part.used:,} used + {count(part.sidecars, 'sidecar')}{skipped}{unread}"


def broken_text(report: ImportReport) -> str:
    """What is broken, what is saved all the same, and what to do; empty when nothing is broken."""
    if not report.broken:
        return ""
    broken = [part for part in report.parts if part.broken]
    names = ", ".join(part.name for part in broken)
    again = f"Download {names} again" if all(part.is_archive for part in broken) else f"See that {names} can be read"
    saved = f"{count(report.photos, 'photo')} of this run {'is' if report.photos == 1 else 'are'} saved."
    return f"{' '.join(report.broken)} {saved} {again} and run the same command; saved photos are not read again."
