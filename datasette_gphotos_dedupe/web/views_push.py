"""`/<db>/-/duplicates/push`: what would be sent to an album, sending it, and the fate of each photo."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from typing import Any
from urllib.parse import parse_qsl

from ..errors import ConflictError, GphotosError, NotFoundError
from . import compat, jobs
from .answers import json_answer, page_answer, redirect
from .forms import Body, read_body
from .library import Library
from .selections import Selection, fetch_photo_ids

SHOWN = 200
DEFAULT_TITLE = "Duplicates"


async def push(library: Library, wants_json: bool):
    """GET shows the plan; POST carries out exactly that plan, or refuses when it has changed."""
    if library.request.method == "POST":
        return await _start(library, wants_json)
    selection = Selection.from_pairs(parse_qsl(library.request.query_string, keep_blank_values=True))
    title = library.request.args.get("album") or DEFAULT_TITLE
    plan = await _plan(library, selection, title)
    shown = {
        "selection": selection,
        "plan": plan,
        "digest": digest_of(plan),
        "sign_in": _auth_path(library) is not None,
        "pushes": await library.read(_read_pushes),
        "previews": await library.read(_read_names, [item.keeper_id for item in plan.planned[:SHOWN] if item.keeper_id]),
        "limit": SHOWN,
    }
    if wants_json:
        return json_answer(_plan_json(library, shown))
    return await page_answer(library, "gphotos_push.html", shown)


def _auth_path(library: Library) -> str | None:
    return compat.plugin_config(library.datasette, library.name).get("auth")


async def _plan(library: Library, selection: Selection, title: str):
    photo_ids = await fetch_photo_ids(library, selection)

    def read(conn: sqlite3.Connection):
        from ..album import plan_push, read_candidates

        return plan_push(read_candidates(conn, photo_ids), title)

    return await library.read(read)


def digest_of(plan: Any) -> str:
    """A token for exactly these photos with exactly these fates: what is confirmed is what was shown."""
    told = "\n".join(f"{item.photo_id} {item.state}" for item in plan.items)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _read_pushes(conn: sqlite3.Connection, limit: int = 20) -> list[dict[str, Any]]:
    cursor = conn.execute("SELECT * FROM pushes ORDER BY push_id DESC LIMIT ?", [limit])
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _read_names(conn: sqlite3.Connection, photo_ids: list[str]) -> dict[str, str]:
    marks = ",".join("?" * len(photo_ids))
    return dict(conn.execute(f"SELECT photo_id, coalesce(filename, photo_id) FROM photos WHERE photo_id IN ({marks})", photo_ids))


def _plan_json(library: Library, shown: dict[str, Any]) -> dict[str, Any]:
    plan = shown["plan"]
    return {
        "ok": True,
        "album": plan.album_title,
        "route": plan.route,
        "planned": len(plan.planned),
        "refused": len(plan.refused),
        "already_added": len(plan.already_added),
        "digest": shown["digest"],
        "signed_in": shown["sign_in"],
        "items": [vars(item) for item in plan.items],
        "rescue": [vars(entry) for entry in plan.rescue],
        "pushes": [{**row, "url": library.url("duplicates", "push", str(row["push_id"]))} for row in shown["pushes"]],
    }


async def _start(library: Library, wants_json: bool):
    body = await read_body(library.request)
    auth_path = _auth_path(library)
    if not auth_path:
        raise GphotosError(
            "Nothing was sent: no sign-in to Google is configured. Run gphotos-to-sqlite auth client_secret.json, then name the "
            f"file it writes as `auth` in the configuration of the plugin {compat.PLUGIN}."
        )
    selection = Selection.from_pairs(_pairs(body))
    plan = await _plan(library, selection, body.text("album") or DEFAULT_TITLE)
    if digest_of(plan) != body.text("digest"):
        raise ConflictError(
            f"Nothing was sent: what would be pushed has changed since you looked. It is {len(plan.planned):,} photos now. "
            "Look at them and confirm again."
        )
    if not plan.planned:
        raise GphotosError("Nothing was sent: none of these photos can be put into an album. Each refusal says why.")
    push_id = await library.write(_create, plan, library.actor_id)
    await asyncio.to_thread(jobs.start_push, str(library.db.path), push_id, auth_path)
    url = library.url("duplicates", "push", str(push_id))
    return json_answer({"ok": True, "push_id": push_id, "url": url}, 201) if wants_json else redirect(url)


def _pairs(body: Body) -> list[tuple[str, str]]:
    fields = [(name, body.text(name)) for name in ("table", "filter", "sql", "query")]
    return fields + [(f"p.{key}", value) for key, value in body.starting_with("p.").items()]


def _create(conn: sqlite3.Connection, plan: Any, actor: str | None) -> int:
    from ..store.pushes import create_push

    return create_push(conn, plan, actor)


async def job(library: Library, wants_json: bool):
    """GET shows how a push stands; POST stops it or goes on with it."""
    push_id = int(library.request.url_vars["push"])
    if library.request.method == "POST":
        return await _steer(library, push_id, wants_json)
    after = library.request.args.get("_next") or "-1"
    if not after.lstrip("-").isdigit():
        raise GphotosError("_next is not a place in this push. Go back to its first page.")
    shown = await library.read(_read_job, push_id, int(after))
    shown["alive"] = jobs.is_running(str(library.db.path), push_id)
    if wants_json:
        return json_answer({"ok": True, **shown})
    return await page_answer(
        library, "gphotos_push_job.html", {**shown, "unfinished": ("planned", "running", "paused", "failed")}
    )


def _read_job(conn: sqlite3.Connection, push_id: int, after: int) -> dict[str, Any]:
    def rows(sql: str, params: list[Any]) -> list[dict[str, Any]]:
        cursor = conn.execute(sql, params)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    found = rows("SELECT * FROM pushes WHERE push_id = ?", [push_id])
    if not found:
        raise NotFoundError(f"There is no push {push_id}.")
    items = rows(
        """SELECT i.*, p.filename FROM push_items AS i LEFT JOIN photos AS p USING (photo_id)
        WHERE push_id = ? AND position > ? ORDER BY position LIMIT ?""",
        [push_id, after, SHOWN + 1],
    )
    counts = dict(conn.execute("SELECT state, count(*) FROM push_items WHERE push_id = ? GROUP BY state", [push_id]).fetchall())
    following = items[SHOWN - 1]["position"] if len(items) > SHOWN else None
    return {"push": found[0], "counts": counts, "items": items[:SHOWN], "next": following}


async def _steer(library: Library, push_id: int, wants_json: bool):
    action = (await read_body(library.request)).text("action")
    path = str(library.db.path)
    await library.read(_read_job, push_id, -1)
    if action == "cancel":
        if not await asyncio.to_thread(jobs.stop_push, path, push_id):
            raise ConflictError("The push is still waiting for an answer from Google. It stops after it; look again in a minute.")
        await library.write(_cancel, push_id)
    elif action == "resume":
        auth_path = _auth_path(library)
        if not auth_path:
            raise GphotosError("Nothing was sent: no sign-in to Google is configured.")
        await asyncio.to_thread(jobs.start_push, path, push_id, auth_path)
    else:
        raise GphotosError(f"{action or 'Nothing'} is not an action. Known are cancel, resume.")
    url = library.url("duplicates", "push", str(push_id))
    return json_answer({"ok": True, "url": url}) if wants_json else redirect(url)


def _cancel(conn: sqlite3.Connection, push_id: int) -> None:
    changed = conn.execute(
        "UPDATE pushes SET state = 'cancelled', message = 'Cancelled. What was added stays in the album.' "
        "WHERE push_id = ? AND state NOT IN ('done', 'cancelled')",
        [push_id],
    ).rowcount
    if not changed:
        raise ConflictError("Nothing was changed: this push has ended already.")
