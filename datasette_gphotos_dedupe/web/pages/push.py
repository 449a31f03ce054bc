"""`/<db>/-/duplicates/push`: by which way photos get into an album, what will become of each, and doing it."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl

from datasette.utils.asgi import Response

from ... import captions
from ...errors import ConflictError, GphotosError
from ...formatting import count
from ...store.rows import read_rows, select
from ..site import background_pushes as jobs
from ..site import compat
from ..site.forms import Body, read_body
from ..site.request_database import Library
from ..site.responses import json_answer, page_answer, redirect
from ..site.shown_photos import PhotoSelection, fetch_photo_ids
from .tabs import fetch_tabs

SHOWN = 50
DEFAULT_TITLE = "Duplicates"
ROUTES = {
    "handover": (
        "A file for your browser",
        "Works for every photo. The Google Photos Toolkit reads it and fills the album; you press the buttons. Or a spreadsheet, or a "
        "list of links to tick off. Nothing is sent from here.",
    ),
    "same_bytes": (
        "Upload the same file again",
        "Google recognises a photo it already has and files it. One is tried first, and you look whether it worked; this may stop "
        "working any day.",
    ),
    "by_id": ("By id", "For photos that this program uploaded itself."),
}
HANDOVER_TYPES = {"json": "application/json", "js": "text/javascript", "csv": "text/csv", "html": "text/html"}


async def push(library: Library, wants_json: bool):
    """GET shows the plan; POST carries out exactly that plan, or refuses when it has changed."""
    if library.request.method == "POST":
        return await _start(library, wants_json)
    args = library.request.args
    selection = PhotoSelection.from_pairs(parse_qsl(library.request.query_string, keep_blank_values=True))
    title, route = args.get("album") or DEFAULT_TITLE, args.get("route")
    photo_ids = await fetch_photo_ids(library, selection)
    plan, carries, safe = await library.read(
        _read_plan, photo_ids, title, route or ("by_id" if wants_json else ""), bool(library.auth_path)
    )
    shown = {
        "selection": selection,
        "plan": plan,
        "digest": digest_of(plan),
        "sign_in": library.auth_path is not None,
        "pushes": await library.read(_read_pushes),
        "others": _other_routes(plan),
    }
    if wants_json:
        return json_answer(_plan_json(library, shown))
    more = {"carries": carries, "safe": safe, "routes": ROUTES, "limit": SHOWN, "tabs": await fetch_tabs(library, "album")}
    return await page_answer(library, "gphotos_push.html", {**shown, **more, **await library.read(_read_told, plan)})


def _read_plan(conn: sqlite3.Connection, photo_ids: list[str] | None, title: str, route: str, sign_in: bool):
    """The plan by this route, or by the one that carries most; how many each route could carry, and how many may go at all."""
    from ...album import plan_push, read_candidates, read_pushed
    from ...album.plan import plan_withdrawal, route_refusal

    candidates = list(read_candidates(conn, photo_ids))
    safe = [candidate for candidate in candidates if candidate.added_to != title and not candidate.refusal]
    carries = {name: sum(not route_refusal(candidate, name) for candidate in safe) for name in ROUTES}
    pushed = read_pushed(conn, title)
    usable = ("by_id", "handover", "same_bytes") if sign_in else ("handover",)  # of equals the first
    if sign_in and any(item.state == "withdraw" for item in plan_withdrawal(pushed)):
        usable = ("by_id",)  # what must come out of the album comes first
    chosen = route or max(usable, key=lambda name: carries[name])
    return plan_push(candidates, title, chosen, pushed), carries, len(safe)


def _read_told(conn: sqlite3.Connection, plan: Any) -> dict[str, Any]:
    """What the page says of the plan beside its photos."""
    going = [item.photo_id for item in plan.planned]
    saved: dict[str, list[str]] = {}
    for entry in plan.rescue:
        saved.setdefault(entry.photo_id, []).append(_WHAT.get(entry.what, entry.what).format(entry.value))
    return {
        "bytes": sum(row[0] or 0 for row in select(conn, "SELECT bytes FROM photos WHERE photo_id IN ({})", going)),
        "names": _read_names(conn, [item.keeper_id for item in plan.planned[:SHOWN] if item.keeper_id]),
        "refusals": Counter(item.reason for item in plan.refused).most_common(),
        "proved": sum(item.word != "on your word" for item in plan.planned),
        "on_word": sum(item.word == "on your word" for item in plan.planned),
        "told": {item.photo_id: _ON_WHOSE_WORD.get(item.word or "", "") for item in plan.planned},
        "saved": {photo_id: ", ".join(told) for photo_id, told in saved.items()},
        "rescued": len(saved),
        "rescue_lines": _rescue_lines(plan),
        "way_of": lambda entry: _way(plan, entry),
        "short": lambda name: captions.short_name({"filename": name}),
    }


_ON_WHOSE_WORD = {
    "remade": "Proved: it can be made again from the one that stays",
    "same_bytes": "Proved: it is the same file, byte for byte",
    "on your word": "Yours: nothing else proves it",
}
_WHAT = {"album": "Album {}", "person": "Person {}", "favorite": "Favourite", "description": "Description", "location": "Place"}
_SAVING = {
    ("description", "api"): "{} written to the photo that stays, before its copy goes.",
    ("album", "api"): "{} the photo that stays. A copy whose rescue fails does not go.",
}
_BY_TOOLKIT = ("album", "description", "favorite")
_NOUNS = {
    "description": ("description is", "descriptions are"),
    "album": ("album gets", "albums get"),
    "person": ("name of a person", "names of people"),
    "favorite": ("favourite", "favourites"),
    "location": ("place", "places"),
}


def _rescue_lines(plan: Any) -> list[tuple[int, str]]:
    """How many of each kind are saved, and by whom."""
    counted = Counter((entry.what, _way(plan, entry)) for entry in plan.rescue)
    lines = []
    for (what, way), number in counted.most_common():
        noun = _NOUNS.get(what, (what, what))[number != 1]
        plain = noun.removesuffix(" is").removesuffix(" are").removesuffix(" gets").removesuffix(" get")
        them = "this" if number == 1 else "these"
        toolkit = (
            f"{plain}: the file for the toolkit carries {them} over where it can, each shown to you first; the rest you add."
        )
        hand = f"{plain}: only you can add {them} in Google Photos."
        lines.append(
            (number, _SAVING[what, way].format(noun) if (what, way) in _SAVING else toolkit if way == "toolkit" else hand)
        )
    return lines


def _way(plan: Any, entry: Any) -> str:
    """By whom something is carried over to the photo that stays: api, toolkit or hand."""
    if plan.route == "handover":
        return "toolkit" if entry.what in _BY_TOOLKIT else "hand"
    return "api" if entry.by_api else "hand"


async def _plan(library: Library, selection: PhotoSelection, title: str, route: str):
    photo_ids = await fetch_photo_ids(library, selection)

    def read(conn: sqlite3.Connection):
        from ...album import plan_push, read_candidates, read_pushed

        return plan_push(read_candidates(conn, photo_ids), title, route, read_pushed(conn, title))

    return await library.read(read)


def digest_of(plan: Any) -> str:
    """A token for exactly these photos with exactly these fates by this route: what is confirmed is what was shown."""
    told = "\n".join(f"{item.photo_id} {item.state} {item.keeper_id} {item.word}" for item in (*plan.items, *plan.withdraw))
    return hashlib.sha256(f"{plan.route}\n{told}".encode()).hexdigest()[:16]


def _other_routes(plan: Any) -> dict[str, int]:
    """How many of the photos that this route cannot carry another one could."""
    counts = {route: sum(route in item.other_routes for item in plan.refused) for route in ROUTES}
    return {route: count for route, count in counts.items() if count}


def _read_pushes(conn: sqlite3.Connection, limit: int = 20) -> list[dict[str, Any]]:
    return read_rows(conn, "SELECT * FROM pushes ORDER BY push_id DESC LIMIT ?", [limit])


def _read_names(conn: sqlite3.Connection, photo_ids: list[str]) -> dict[str, str]:
    return dict(select(conn, "SELECT photo_id, coalesce(filename, photo_id) FROM photos WHERE photo_id IN ({})", photo_ids))


def _plan_json(library: Library, shown: dict[str, Any]) -> dict[str, Any]:
    plan = shown["plan"]
    return {
        "ok": True,
        "album": plan.album_title,
        "route": plan.route,
        "planned": len(plan.planned),
        "refused": len(plan.refused),
        "already_added": len(plan.already_added),
        "other_routes": shown["others"],
        "digest": shown["digest"],
        "signed_in": shown["sign_in"],
        "items": [vars(item) for item in plan.items],
        "rescue": [vars(entry) for entry in plan.rescue],
        "withdraw": [vars(item) for item in plan.withdraw],
        "pushes": [{**row, "url": library.url("duplicates", "push", str(row["push_id"]))} for row in shown["pushes"]],
    }


async def _start(library: Library, wants_json: bool):
    body = await read_body(library.request)
    route, title = body.text("route", "by_id"), body.text("album") or DEFAULT_TITLE
    if route != "handover" and not library.auth_path:
        raise GphotosError(
            "Nothing was sent: no sign-in to Google is configured. Run gphotos-to-sqlite auth client_secret.json, then name the "
            f"file it writes as `auth` in the configuration of the plugin {compat.PLUGIN}."
        )
    selection = PhotoSelection.from_pairs(_pairs(body))
    if body.text("shown", route) != route or body.text("shown_album", title) != title:  # another way than the one that was shown
        return redirect(library.url("duplicates", "push", route=route, album=title, **dict(selection.pairs())))
    plan = await _plan(library, selection, title, route)
    _check_unchanged(plan, body.text("digest"))
    if route == "handover":
        return await _hand_over(library, body, plan, wants_json)
    if not plan.planned and not any(item.state == "withdraw" for item in plan.withdraw):
        raise GphotosError("Nothing was sent: none of these photos can be put into an album. Each refusal says why.")
    push_ids = await library.write(_begin, str(library.db.path), plan, library.actor_id)
    await asyncio.to_thread(jobs.start_pushes, str(library.db.path), push_ids, library.auth_path or "")
    url = library.url("duplicates", "push", str(push_ids[-1]))
    answer = {"ok": True, "push_id": push_ids[-1], "push_ids": push_ids, "url": url}
    return json_answer(answer, 201) if wants_json else redirect(url)


def _check_unchanged(plan: Any, digest: str) -> None:
    if digest_of(plan) != digest:
        raise ConflictError(
            f"The list has changed: it is {count(len(plan.planned), 'photo')} now. Nothing went. Look at them and confirm again."
        )


def _pairs(body: Body) -> list[tuple[str, str]]:
    fields = [(name, body.text(name)) for name in ("table", "filter", "sql", "query")]
    return fields + [(f"p.{key}", value) for key, value in body.starting_with("p.").items()]


def _begin(conn: sqlite3.Connection, path: str, plan: Any, actor: str | None) -> list[int]:
    from ...album import begin_pushes
    from ...store.pushes import find_unfinished

    for push_id in find_unfinished(conn, plan.album_title, plan.route):
        if jobs.is_running(path, push_id):
            raise ConflictError(
                f'Nothing was sent: push {push_id} into "{plan.album_title}" is at work now. Let it end, or cancel it, first.'
            )
    return begin_pushes(conn, plan, actor)


async def _hand_over(library: Library, body: Body, plan: Any, wants_json: bool) -> Response:
    """The hand-over file of this plan as a download, and a line about it in the list of pushes."""
    from ...album.handover_files import handover_text, plan_handover
    from ...store.pushes import save_handover

    ending = "json" if wants_json else body.text("format", "json")
    if ending not in HANDOVER_TYPES:
        raise GphotosError(f"{ending} is not a format of hand-over files. Known are {', '.join(HANDOVER_TYPES)}.")
    photo_ids = [item.photo_id for item in plan.items] + list(plan.already_added)
    handover = await library.read(plan_handover, plan.album_title, photo_ids)
    text = await asyncio.to_thread(handover_text, handover, ending)
    if ending != "js":
        await library.write(save_handover, handover.album, len(handover.photos), len(handover.refused))
    headers = {
        "content-disposition": f'attachment; filename="handover.{ending}"',
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
        "cache-control": "private, no-store",
    }
    return Response(text, 200, headers, content_type=f"{HANDOVER_TYPES[ending]}; charset=utf-8")
