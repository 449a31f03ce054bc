"""What an import tells the person at its end. Pure."""

from __future__ import annotations

import shlex

from ..words import count
from .import_report import ImportReport, PartReport


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
