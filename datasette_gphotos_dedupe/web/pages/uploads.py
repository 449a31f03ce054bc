"""`/<db>/-/duplicates/uploads`: what one program uploaded in one day, under one kind of name; a whole upload is settled at once."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from ... import captions, formatting
from ...errors import GphotosError
from ...store.review import uploads as stored
from ...store.review.bulk_decisions import AcceptPlan, Scope, plan_accept
from ...store.review.history import latest_batch
from ..site.request_database import Library
from ..site.responses import json_answer, page_answer
from .queue_rows import remembered
from .sample_pairs import read_samples
from .tabs import fetch_tabs

SHOWN = 20
PHOTOS_A_PAGE = 60
_STANDINGS = {
    "proved": "are copies: the library holds each picture in full",
    "elsewhere": "are shown by another photo as well, and nothing proves it",
    "nowhere": "are nowhere else",
}


async def uploads(library: Library, wants_json: bool):
    """The uploads, one of them with samples; with `upload` and `show` the photos of one that stand so."""
    args = library.request.args
    chosen, show, after = args.get("upload") or "", args.get("show") or "", args.get("_next") or ""
    if show and show not in stored.STANDINGS:
        raise GphotosError(f"{show} is not a standing. Known are {', '.join(stored.STANDINGS)}.")
    if show:
        return await _photos(library, chosen, show, after, wants_json)
    everything = args.get("all") == "1"
    found = await library.read(_read, library, chosen, 500 if everything else SHOWN)
    if wants_json:
        return json_answer(_as_json(library, found))
    opened = found["opened"]
    shown = {
        "batches": [_line(batch, found) for batch in found["batches"] if not opened or batch.batch_id != opened.batch_id],
        "opened": _line(opened, found) if opened else None,
        "plan": found["plan"],
        "samples": found["samples"],
        "more": 0 if everything else max(0, found["total"] - SHOWN),
        "last_batch": found["last_batch"],
        "tabs": await fetch_tabs(library, "uploads"),
    }
    return await page_answer(library, "gphotos_uploads.html", shown)


def _read(conn: sqlite3.Connection, library: Library, chosen: str, limit: int) -> dict[str, Any]:
    batches = stored.list_batches(conn, limit)
    going = {batch.batch_id: _count_going(conn, batch) for batch in batches}
    opened = stored.read_batch(conn, chosen) if chosen else next((batch for batch in batches if going[batch.batch_id]), None)
    plan = plan_accept(conn, Scope(batch_id=opened.batch_id)) if opened and opened.open else None
    if opened:
        going[opened.batch_id] = plan.photos if plan else 0
    shown = [*batches, *([opened] if opened else [])]
    return {
        "batches": batches,
        "total": stored.count_batches(conn),
        "opened": opened,
        "plan": plan,
        "going": going,
        "samples": read_samples(conn, library, plan.sample_photos[:4]) if plan else [],
        "acts": {batch.batch_id: stored.find_settling(conn, batch.batch_id) for batch in shown if batch.removed},
        "examples": {batch.batch_id: _example(conn, batch.batch_id) for batch in shown},
        "last_batch": latest_batch(conn, library.actor_id),
    }


def _count_going(conn: sqlite3.Connection, batch: stored.Batch) -> int:
    """How many copies would go when the upload is accepted: the line promises what the button does.

    Remembered: what is held back is found only by judging every photo.
    """
    if not batch.open:
        return 0
    return int(remembered(conn, ("going", batch.batch_id), lambda: plan_accept(conn, Scope(batch_id=batch.batch_id), 0).photos))


def _example(conn: sqlite3.Connection, batch_id: str) -> str:
    rows = stored.read_batch_photos(conn, batch_id, limit=1)
    return (rows[0]["filename"] or "") if rows else ""


def _line(batch: stored.Batch, found: dict[str, Any]) -> dict[str, Any]:
    """What the page says of one upload, folded or opened."""
    counts = _counts(batch, found["going"][batch.batch_id])
    return {
        **vars(batch),
        "title": title_of(batch),
        "names": names_of(batch, found["examples"].get(batch.batch_id, "")),
        "act": found["acts"].get(batch.batch_id),
        **counts,
        "told": _told(batch, counts),
    }


def _counts(batch: stored.Batch, can: int) -> dict[str, Any]:
    """What can go, what of the proved is held back, what a person decides (that included), and whether nothing is left to do."""
    held = max(0, batch.open - can)
    return {"can": can, "held": held, "asks": batch.asks + held, "settled": bool(batch.decided) and not batch.open + batch.asks}


def _told(batch: stored.Batch, counts: dict[str, Any]) -> list[tuple[str, str]]:
    """The parts of an upload, ``8 can go``, each with the standing whose photos show it, or without."""
    parts = (
        (counts["can"], "can go", ""),
        (batch.decided, "decided", ""),
        (counts["asks"], "you decide", "elsewhere" if batch.asks else ""),
        (batch.nowhere, f"{'is' if batch.nowhere == 1 else 'are'} nowhere else", "nowhere"),
    )
    return [(f"{number:,} {words}", show) for number, words, show in parts if number]


def title_of(batch: stored.Batch) -> str:
    """``3,412 files uploaded by Drive for desktop on 12 April 2022``."""
    by = f"uploaded by {formatting.origin(batch.origin)}" if batch.origin else "that came in an unknown way"
    by = (
        by.replace("by a browser", "in a browser")
        .replace("by a shared album", "from a shared album")
        .replace("by partner", "from partner")
    )
    return f"{formatting.count(batch.photos, 'file')} {by}" + (
        f" on {formatting.day(batch.uploaded_on)}" if batch.uploaded_on else ""
    )


def names_of(batch: stored.Batch, example: str) -> str:
    """``Names of 36 machine characters, such as 1f45….jpg, and at most 2,048 px.``"""
    machine = re.fullmatch(r"(\d{1,9}) machine characters", batch.name_pattern or "")
    names = f"Names of {machine[1]} machine characters" if machine else ""
    if example:
        names = f"{names}, such as {example}" if names else f"Names such as {example}"
    side = f"at most {batch.longest_side:,} px" if batch.longest_side else ""
    return f"{', and '.join(part for part in (names, side) if part)}." if names or side else ""


def _as_json(library: Library, found: dict[str, Any]) -> dict[str, Any]:
    plan: AcceptPlan | None = found["plan"]
    return {
        "ok": True,
        "uploads": [
            {
                **vars(batch),
                **_counts(batch, found["going"][batch.batch_id]),
                "title": title_of(batch),
                "url": library.url("duplicates", "uploads", upload=batch.batch_id),
            }
            for batch in found["batches"]
        ],
        "total": found["total"],
        "opened": found["opened"].batch_id if found["opened"] else None,
        "plan": {
            "photos": plan.photos,
            "bytes": plan.bytes,
            "refused": plan.refused,
            "reasons": dict(plan.reasons),
            "digest": plan.digest,
        }
        if plan
        else None,
    }


async def _photos(library: Library, upload: str, show: str, after: str, wants_json: bool):
    """The photos of one upload that stand so, as pictures."""

    def read(conn: sqlite3.Connection) -> tuple[stored.Batch, list[dict[str, Any]]]:
        return stored.read_batch(conn, upload), stored.read_batch_photos(conn, upload, show, after, PHOTOS_A_PAGE + 1)

    batch, rows = await library.read(read)
    following = rows[PHOTOS_A_PAGE - 1]["photo_id"] if len(rows) > PHOTOS_A_PAGE else None
    rows = rows[:PHOTOS_A_PAGE]
    if wants_json:
        next_url = library.url("duplicates", "uploads.json", upload=upload, show=show, _next=following) if following else None
        return json_answer({"ok": True, "upload": vars(batch), "photos": rows, "next_url": next_url})
    shown = {
        "batch": batch,
        "title": title_of(batch),
        "count": getattr(batch, show),
        "standing": _STANDINGS[show],
        "show": show,
        "photos": [{**row, "name": captions.short_name(row), "url": _photo_url(library, row)} for row in rows],
        "next": following,
        "tabs": await fetch_tabs(library, "uploads"),
    }
    return await page_answer(library, "gphotos_upload_photos.html", shown)


def _photo_url(library: Library, row: dict[str, Any]) -> str:
    if row["group_id"]:
        return library.group_url(row["group_id"], "state=all")
    return formatting.web_link(row["product_url"]) or library.row_url("photos", row["photo_id"])
