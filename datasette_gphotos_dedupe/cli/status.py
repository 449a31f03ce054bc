"""`status`: what the library holds, what the last runs did, what was left out and why, what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..formatting import DECISION_LABELS, RELATION_LABELS, WORD_LABELS, count, moment, size
from ..model import RELATIONS
from .command_line import cli

if TYPE_CHECKING:
    from ..store.matching.unfinished import Unfinished
    from ..store.review.may_go import Leaving
    from ..store.status import Part, Status, Undecided

MAX_REASONS = 8
OLD_DAYS = 70  # a scheduled export comes every two months, and takes Google some days


@cli.command()
@click.argument("database", type=click.Path(dir_okay=False))
def status(database):
    """Tell what the database holds, what was left out and why, and what to do next. Changes nothing."""
    from ..store.read_only import open_for_reading
    from ..store.status import read_status

    with open_for_reading(database) as conn:
        found = read_status(conn)
    for line in status_lines(found, database):
        click.echo(line)


def status_lines(found: Status, database: str) -> Iterator[str]:
    """The whole answer, a line each."""
    yield from _library(found)
    yield from _parts(found.parts)
    yield from _skipped(found)
    yield from _runs(found)
    yield from _review(found)
    yield "Next:"
    yield from (f"  {line}" for line in next_steps(found, database))


def _library(found: Status) -> Iterator[str]:
    counts = found.counts
    sources = ", ".join(f"{number:,} from {source}" for source, number in found.sources.items())
    yield f"{count(counts['photos'], 'photo')}" + (f" ({sources})" if sources else "")
    if not counts["photos"]:
        return
    first, last = found.dates
    if first and last:
        yield f"  taken from {first[:10]} to {last[:10]}"
    if found.newest_export:
        yield f"  newest export: {found.newest_export[:10]}, {count(export_age_days(found), 'day')} old"
    yield f"  {count(counts['videos'], 'video')}, {counts['trashed']:,} in the bin, {counts['album_only']:,} maybe somebody else's"
    yield f"  {count(counts['files'], 'file')}, {count(counts['albums'], 'album')}, {count(counts['people'], 'person', 'people')}"
    yield f"  {count(counts['fingerprints'], 'fingerprint')}"
    for reason, number in found.unseen[:MAX_REASONS]:
        yield f"  {number:,} without: {reason}"
    if len(found.unseen) > MAX_REASONS:
        yield f"  ... and {sum(number for _, number in found.unseen[MAX_REASONS:]):,} more, see photos.no_pixels"
    if counts["unlooked"]:
        yield f"  {counts['unlooked']:,} without: not looked at yet"


def export_age_days(found: Status) -> int:
    """How old the newest export is, in whole days; 0 without one, or where the clock of this machine runs behind."""
    if not found.newest_export:
        return 0
    made = datetime.fromisoformat(found.newest_export[:19]).replace(tzinfo=timezone.utc)
    return max(0, (datetime.now(timezone.utc) - made).days)


def _parts(parts: tuple[Part, ...]) -> Iterator[str]:
    if parts:
        yield "Parts:"
    for part in parts:
        skipped = "".join(f" + {number:,} {code}" for code, number in part.skipped.items())
        sidecars = f" + {count(part.sidecars, 'sidecar')}" if part.sidecars else ""
        state = {"broken": " (broken)", "reading": " (not finished)"}.get(part.state, "")
        yield f"  {Path(part.container).name}: {part.seen:,} seen = {part.used:,} used{sidecars}{skipped}{state}"
        if part.message:
            yield f"    {part.message}"


def _skipped(found: Status) -> Iterator[str]:
    if found.skipped:
        yield "Left out (all of them with their reasons are in the table skipped):"
    for code, number, reason, place in found.skipped:
        yield f"  {number:,} {code}: {reason}"
        yield f"    for example {place}"


def _runs(found: Status) -> Iterator[str]:
    if found.runs:
        yield "Last runs:"
    for run in found.runs:
        state = "not finished: still running, or killed" if run["state"] == "running" else run["state"]
        yield (
            f"  {moment(run['started_at'])} {run['command']}: {state}, {count(run['photos_added'], 'photo')} new, "
            f"{run['photos_updated']:,} with news, {count(run['files_skipped'], 'file')} left out"
        )
        for told in filter(None, (run["message"], run["concluded"])):
            yield f"    {told}"


def _review(found: Status) -> Iterator[str]:
    counts = found.counts
    if not counts["groups"]:
        return
    yield f"{count(counts['groups'], 'group')} of photos that belong together, {counts['open_groups']:,} to decide:"
    for relation in RELATIONS:
        if relation in found.relations:
            yield f"  {found.relations[relation]:,} {RELATION_LABELS[relation]}"
    yield f"  {waiting_text(found.waiting)}"
    if found.decisions:
        yield "Decided: " + ", ".join(f"{number:,} {DECISION_LABELS[word]}" for word, number in found.decisions.items())
        yield from (f"  {line}" for line in leaving_lines(found.leaving))


def waiting_text(waiting: Undecided) -> str:
    """What there is to decide: 3,398 copies are proved and can go: 1.2 GB. 14 groups need your eyes."""
    proved = "No copy is proved."
    if waiting.copies:
        proved = f"{count(waiting.copies, 'copy is', 'copies are')} proved and can go: {size(waiting.bytes)}."
    verb = "needs" if waiting.asks == 1 else "need"
    return proved + (f" {count(waiting.asks, 'group')} {verb} your eyes." if waiting.asks else "")


def leaving_lines(leaving: Leaving) -> Iterator[str]:
    """What will really go of what was decided, on whose word, and why the rest will not."""
    from ..store.review.may_go import reason_without_names

    if leaving.photos:
        words = ", ".join(f"{number:,} {WORD_LABELS[word]}" for word, number in leaving.words.items())
        yield f"{count(leaving.photos, 'photo')} will go, {size(leaving.bytes)}: {words}"
    if leaving.refused:
        yield f"{count(leaving.refused, 'photo')} will not:"
        yield from (f"  {number:,}: {reason_without_names(code)}" for code, number in leaving.reasons.items())
    if leaving.sent:
        verb = "is" if leaving.sent == 1 else "are"
        yield f"{count(leaving.sent, 'photo')} {verb} in an album already, for you to delete there"


def next_steps(found: Status, database: str) -> list[str]:
    """What to do next, the most pressing first; never nothing."""
    counts, steps = found.counts, []
    if not counts["photos"]:
        return [f"Import a Takeout export: gphotos-to-sqlite takeout {database} takeout-*.zip"]
    if any(part.state != "done" for part in found.parts):
        steps.append("Run the import of the parts that are broken or not finished again; what is saved is not read again.")
    if any(code == "no_media" for code, *_ in found.skipped):
        steps.append("Sidecars without pictures mean that a part of an export is missing: import it together with the others.")
    for extra in ("raw", "video"):
        if _wants_extra(found, extra):
            steps.append(
                f"See more pictures: pip install 'datasette-gphotos-dedupe[{extra}]', then {_after_extra(extra, database)}"
            )
    if counts["unlooked"]:
        steps.append(f"Look at the pictures that have no fingerprint: gphotos-to-sqlite fingerprint {database}")
    steps.extend(_match_step(found.unfinished, database))
    if counts["open_groups"]:
        steps.append(f"Review the groups: gphotos-to-sqlite review {database}")
    steps.extend(_leaving_steps(found.leaving, database))
    if export_age_days(found) > OLD_DAYS:
        steps.append(
            f"Import a newer export, the newest is {count(export_age_days(found), 'day')} old: a scheduled Takeout brings what is new "
            "every two months."
        )
    return steps or ["Nothing to do. Import again when you have a new export."]


def _leaving_steps(leaving: Leaving, database: str) -> Iterator[str]:
    """How what was chosen leaves: by id only what this app uploaded, which nothing of a Takeout export is."""
    push, others = f'gphotos-to-sqlite push {database} --album "Duplicates"', leaving.photos - leaving.ours
    if leaving.ours:
        yield f"Send what you chose to remove and this app has uploaded ({leaving.ours:,}) into an album: {push}"
    if others:
        which = "the rest of it" if leaving.ours else "what you chose to remove"
        yield f"Write {which} ({others:,}) into a list of links: gphotos-to-sqlite handover {database} list.html"
        yield f"Or send it into an album, with the same bytes uploaded again: {push} --route same-bytes"


def _match_step(left: Unfinished, database: str) -> Iterator[str]:
    """How what a match has left to do is done."""
    if left.waits_for_google:
        yield f"{left.text} Go on tomorrow: gphotos-to-sqlite library {database}"
    elif left.unproved or left.is_cut_short:
        yield f"{left.text} Go on: gphotos-to-sqlite match {database}"
    elif left:
        yield f"Compare what is new: gphotos-to-sqlite match {database}"


def _wants_extra(found: Status, extra: str) -> bool:
    told = [reason for _, _, reason, _ in found.skipped] + [reason for reason, _ in found.unseen]
    return any(f"[{extra}]" in reason for reason in told)


def _after_extra(extra: str, database: str) -> str:
    return f"gphotos-to-sqlite fingerprint {database}" if extra == "video" else "the same import again"
