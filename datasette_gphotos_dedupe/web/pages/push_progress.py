"""`/<db>/-/duplicates/push/<id>`: how a push stands, going on with it, and the fate of each photo in it."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from ...errors import ConflictError, GphotosError, NotFoundError
from ...formatting import web_link
from ...store import pushes
from ...store.rows import read_rows
from ..site import background_pushes as jobs
from ..site.forms import read_body, whole_number
from ..site.request_database import Library
from ..site.responses import json_answer, page_answer, redirect
from .tabs import fetch_tabs

SHOWN = 200
STATES = ("planned", "sent", "added", "refused", "failed")


async def job(library: Library, wants_json: bool):
    """GET shows how a push stands; POST with `action` cancels it, goes on with it, or confirms its trial photo."""
    push_id = int(library.request.url_vars["push"])
    if library.request.method == "POST":
        return await _steer(library, push_id, wants_json)
    told, state = library.request.args.get("_next"), library.request.args.get("state") or ""
    after = whole_number(told, "_next is not a place in this push. Go back to its first page.") if told else -1
    if state and state not in STATES:
        raise GphotosError(f"{state} is not a state of a photo in a push. Known are {', '.join(STATES)}.")
    shown = await library.read(_read_job, push_id, after, state)
    shown["alive"] = jobs.is_running(str(library.db.path), push_id)
    if wants_json:
        return json_answer({"ok": True, **shown})
    unfinished = shown["push"]["state"] in pushes.UNFINISHED
    return await page_answer(
        library,
        "gphotos_push_job.html",
        {**shown, "state": state, "unfinished": unfinished, "tabs": await fetch_tabs(library, "album")},
    )


def _read_job(conn: sqlite3.Connection, push_id: int, after: int, state: str) -> dict[str, Any]:
    found = read_rows(conn, "SELECT * FROM pushes WHERE push_id = ?", [push_id])
    if not found:
        raise NotFoundError(f"There is no push {push_id}.")
    items = read_rows(
        conn,
        """SELECT i.*, p.filename FROM push_items AS i LEFT JOIN photos AS p USING (photo_id)
        WHERE push_id = ? AND position > ? AND (? = '' OR state = ?) ORDER BY position LIMIT ?""",
        [push_id, after, state, state, SHOWN + 1],
    )
    counts = dict(conn.execute("SELECT state, count(*) FROM push_items WHERE push_id = ? GROUP BY state", [push_id]).fetchall())
    return {
        "push": found[0],
        "counts": counts,
        "albums": [{"title": title, "url": web_link(url)} for title, url in pushes.read_album_urls(conn, push_id)],
        "reasons": [{"reason": reason, "count": count} for reason, count in pushes.count_reasons(conn, push_id)],
        "asks_about_trial": found[0]["trial"] == "sent" and found[0]["state"] == "paused",
        "items": items[:SHOWN],
        "next": items[SHOWN - 1]["position"] if len(items) > SHOWN else None,
    }


async def _steer(library: Library, push_id: int, wants_json: bool):
    action = (await read_body(library.request)).text("action")
    shown = await library.read(_read_job, push_id, -1, "")
    if action == "cancel":
        await _cancel(library, push_id)
    elif action in ("resume", "confirm"):
        if shown["push"]["state"] not in pushes.UNFINISHED:
            raise ConflictError("Nothing was sent: this push has ended already.")
        if action == "confirm" and not shown["asks_about_trial"]:
            raise ConflictError("Nothing was sent: this push does not wait for an answer about a trial photo.")
        await _go_on(library, push_id, action == "confirm")
    else:
        raise GphotosError(f"{action or 'Nothing'} is not an action. Known are cancel, resume, confirm.")
    url = library.url("duplicates", "push", str(push_id))
    return json_answer({"ok": True, "url": url}) if wants_json else redirect(url)


async def _go_on(library: Library, push_id: int, confirmed: bool) -> None:
    if not library.auth_path:
        raise GphotosError("Nothing was sent: no sign-in to Google is configured.")
    if confirmed:
        await library.write(pushes.confirm_trial, push_id)
    await asyncio.to_thread(jobs.start_pushes, str(library.db.path), [push_id], library.auth_path)


async def _cancel(library: Library, push_id: int) -> None:
    if not await asyncio.to_thread(jobs.stop_push, str(library.db.path), push_id):
        raise ConflictError("The push is still waiting for an answer from Google. It stops after it; look again in a minute.")
    await library.write(_save_cancelled, push_id)


def _save_cancelled(conn: sqlite3.Connection, push_id: int) -> None:
    push = pushes.read_push(conn, push_id)
    if push.state not in pushes.UNFINISHED:
        raise ConflictError("Nothing was changed: this push has ended already.")
    pushes.save_push(conn, push_id, state="cancelled", message="Cancelled. What was added stays in the album.")
