"""The worklist: one page of links to tick off, with what stays beside what goes, complete in itself."""

from __future__ import annotations

import base64
import html
import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import captions, formatting
from ..store.rows import select
from .metadata_losses import Rescue
from .plan import PlannedItem

HERE = Path(__file__).parent
_WORDS = {"remade": "Proved", "same_bytes": "Proved: the same file", "on your word": "On your word"}


def read_previews(conn: sqlite3.Connection, photo_ids: Sequence[str]) -> dict[str, bytes]:
    """The previews of these photos that there are, as JPEG."""
    return dict(select(conn, "SELECT photo_id, content FROM thumbnails WHERE photo_id IN ({})", list(dict.fromkeys(photo_ids))))


def worklist_text(handover: Any, snippet: str) -> str:
    """The page for a `handover.Handover`, with the snippet for the toolkit. Whatever a name or a title holds is shown as text."""
    template = (HERE / "worklist.html").read_text(encoding="utf8")
    rescue: dict[str, list[Rescue]] = {}
    for thing in handover.rescue:
        rescue.setdefault(thing.photo_id, []).append(thing)
    values = {
        "album": html.escape(handover.album),
        "made_at": formatting.moment(handover.made_at),
        "count": formatting.count(len(handover.photos), "photo"),
        "rows": "\n".join(_row(photo, rescue.get(photo.photo_id, []), handover.previews) for photo in handover.photos),
        "refused": "\n".join(_refusal(item) for item in handover.refused) or "<li>Nothing was left out.</li>",
        "snippet": html.escape(snippet),
        "look": (HERE.parent / "static" / "review.css").read_text(encoding="utf8"),
    }
    # In one pass, so that a title like "{{ rows }}" is not filled in a second time.
    return re.sub(r"\{\{ (\w+) \}\}", lambda found: values[found[1]], template)


def _row(photo: Any, rescue: list[Rescue], previews: Mapping[str, bytes]) -> str:
    goes, stays = _name(photo.filename, photo.photo_id), _name(photo.keeper_filename, photo.keeper_id)
    first = "; ".join(html.escape(f"{thing.what} {thing.value}") for thing in rescue)
    box = f'<input type="checkbox" data-photo="{html.escape(photo.photo_id)}"> done<span class="gp-hidden"> with {goes}</span>'
    cells = (
        f'<td><label class="gp-row">{box}</label></td>',
        f"<td>{_picture(previews.get(photo.photo_id), goes, 'goes', photo.url)}</td>",
        f"<td>{_picture(previews.get(photo.keeper_id), stays, 'stays', photo.keeper_url)}</td>",
        f'<td data-label="On whose word">{_WORDS.get(photo.word, photo.word)}</td>',
        f'<td data-label="Save first">{f"Give the photo that stays: {first}" if first else "nothing"}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _picture(preview: bytes | None, name: str, role: str, url: str | None) -> str:
    shown = ""
    if preview and preview.startswith(b"\xff\xd8\xff"):
        source = f"data:image/jpeg;base64,{base64.b64encode(preview).decode()}"
        shown = f'<span class="gp-well"><img src="{source}" alt="" loading="lazy" width="320" height="240"></span>'
    told = f'<span class="gp-{role}-word">{captions.ROLE_WORDS[role]}</span> {_link(url, name)}'
    return f'<figure class="gp-photo gp-{role}">{shown}<figcaption>{told}</figcaption></figure>'


def _refusal(item: PlannedItem) -> str:
    return f"<li>{_link(item.product_url, _name(item.filename, item.photo_id))}: {html.escape(item.reason or '')}</li>"


def _name(filename: str | None, photo_id: str) -> str:
    return html.escape(captions.short_name({"filename": filename, "photo_id": photo_id}))


def _link(url: str | None, name: str) -> str:
    """A link to a web address only: what comes from outside could be a script. `name` is escaped."""
    address = formatting.web_link(url)
    return f'<a href="{html.escape(address)}" target="_blank" rel="noopener noreferrer">{name}</a>' if address else name
