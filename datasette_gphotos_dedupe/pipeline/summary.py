"""What an import tells the person at its end. Pure."""

from __future__ import annotations

from .importing import ImportReport, PartReport


def summary_lines(report: ImportReport) -> list[str]:
    """The closing lines: each part's account, what changed, what to do next."""
    lines = [_part_line(part) for part in report.parts]
    word = "Stopped. " if report.stopped else ""
    lines.append(f"{word}{_count(report.photos, 'photo')}: {report.added:,} new, {report.updated:,} with news.")
    lines += report.warnings
    if report.stopped:
        lines.append("What was read until now is saved. Run the same command again; it goes on from there.")
    return lines


def _part_line(part: PartReport) -> str:
    skipped = "".join(f" + {count:,} {code}" for code, count in sorted(part.skipped.items()))
    return f"{part.name}: {_count(part.seen, 'file')} = {part.used:,} used + {_count(part.sidecars, 'sidecar')}{skipped}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
