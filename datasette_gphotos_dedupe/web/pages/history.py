"""`/<db>/-/duplicates/history`: what was decided, by whom, and taking it back."""

from __future__ import annotations

from ...formatting import count
from ...store.review.history import read_batches
from ...store.review.undo import undo_batch
from ..site.forms import read_body, whole_number
from ..site.request_database import Library
from ..site.responses import json_answer, page_answer, redirect
from .tabs import fetch_tabs

PAGE_SIZE = 50


async def history(library: Library, wants_json: bool):
    """GET lists batches, newest first; POST with `batch_id` takes one back."""
    if library.request.method == "POST":
        return await _undo(library, wants_json)
    told = library.request.args.get("_next")
    before = whole_number(told, "_next is not a place in the history. Go back to its first page.") if told else None
    batches = await library.read(read_batches, before, PAGE_SIZE + 1)
    after = str(batches[PAGE_SIZE - 1]["batch_id"]) if len(batches) > PAGE_SIZE else None
    shown = {"batches": batches[:PAGE_SIZE], "next": after}
    if wants_json:
        next_url = library.url("duplicates", "history.json", _next=after) if after else None
        return json_answer({"ok": True, **shown, "next_url": next_url})
    return await page_answer(library, "gphotos_history.html", {**shown, "tabs": await fetch_tabs(library)})


async def _undo(library: Library, wants_json: bool):
    body = await read_body(library.request)
    undone = await library.write(undo_batch, body.number("batch_id"), library.actor_id)
    if wants_json:
        return json_answer({"ok": True, "batch_id": undone.batch_id, "restored": undone.restored, "left": undone.left})
    left = f" {undone.left} were decided again since and stay as they are." if undone.left else ""
    library.datasette.add_message(library.request, f"Taken back: {count(undone.restored, 'decision')}.{left}")
    return redirect(_back(library, body.text("then")))


def _back(library: Library, then: str) -> str:
    """The page the form was on, when it is one of ours of this database; addresses elsewhere are not followed."""
    ours = library.url("duplicates")
    inside = then == ours or then.startswith((f"{ours}/", f"{ours}?"))
    return (
        then
        if inside and "\\" not in then and not any(ord(letter) < 32 for letter in then)
        else library.url("duplicates", "history")
    )
