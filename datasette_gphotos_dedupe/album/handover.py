"""Files for the photos that no API can file: for the browser toolkit, for a spreadsheet, and a worklist of links.

The toolkit (a userscript that people run in their own signed-in Google Photos page) can put any photo into an album by its media
key. Everything here obeys the same safety rules as a push.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import GphotosError
from ..store.rows import in_parts
from ..store.writing import utc_now
from ..words import count, csv_cell
from .metadata_losses import Rescue
from .plan import PlannedItem, plan_push
from .push_candidates import Candidate, read_candidates
from .trashed_together import key_of_sha1, read_sharers
from .worklist import read_previews, worklist_text

PICTURED = 300  # photos with previews in the worklist: a page of thousands would weigh a hundred megabytes
CHUNK = 250  # larger calls of the toolkit were seen to end in HTTP 504
SNIPPET = """(() => {
  // Run in the console of photos.google.com with Google Photos Toolkit installed, then choose the hand-over file.
  // Cut short, it goes on where it was when it is run again: the album and the next chunk are remembered in this browser.
  const input = Object.assign(document.createElement('input'), {type: 'file', accept: '.json'});
  input.style = 'position:fixed;top:1em;left:1em;z-index:99999;padding:1em;background:#fff;border:2px solid #000';
  input.onchange = async () => {
    const handover = JSON.parse(await input.files[0].text());
    input.remove();
    const name = 'gphotos-handover:' + handover.made_at;
    const state = JSON.parse(localStorage.getItem(name) || '{"next": 0}');
    const save = () => localStorage.setItem(name, JSON.stringify(state));
    const chunks = handover.media_key_chunks;
    if (!state.album && chunks.length) {
      state.album = await gptkApi.createAlbum(handover.album);
      save();
    }
    for (; state.next < chunks.length; state.next++, save()) {
      await gptkApi.addItemsToAlbum(chunks[state.next], state.album);
      console.log(`${chunks.slice(0, state.next + 1).flat().length} photos are in the album`);
    }
    console.log('Done. Look through the album, then select all and choose Move to trash.');
  };
  document.body.append(input);
})();
"""


@dataclass(frozen=True)
class HandedOver:
    """One photo for the person to deal with. `dedup_key` only where Google itself gave it and no surviving photo shares it."""

    photo_id: str
    filename: str | None
    url: str
    media_key: str | None
    dedup_key: str | None
    keeper_id: str
    keeper_filename: str | None
    keeper_url: str | None
    word: str  # on whose word it goes: remade, same_bytes, on your word


@dataclass(frozen=True)
class Handover:
    """Everything in a hand-over file."""

    album: str
    made_at: str
    photos: tuple[HandedOver, ...]
    rescue: tuple[Rescue, ...]
    refused: tuple[PlannedItem, ...]
    previews: Mapping[str, bytes] = field(default_factory=dict)  # by photo id, for the first of the photos

    def summary(self, output: str | Path) -> str:
        """What was written, in a sentence or two."""
        text = f"{count(len(self.photos), 'photo')} {'is' if len(self.photos) == 1 else 'are'} in {output}."
        if self.refused:
            one = self.refused[0]
            verb = "is" if len(self.refused) == 1 else "are"
            text += (
                f" {len(self.refused):,} decided 'remove' {verb} not; for example {one.filename or one.photo_id}: {one.reason}."
            )
        if self.rescue:
            text += f" {count(len(self.rescue), 'thing')} that keepers lack: listed first, to be carried over before deleting."
        return text


def plan_handover(conn: sqlite3.Connection, album_title: str, photo_ids: Iterable[str] | None = None) -> Handover:
    """Every photo decided `remove` that has a verified surviving keeper and a link, in the order of deciding.

    `photo_ids` narrows it to these.
    """
    # Photos that a push has put into an album stay on the list: they still wait to be deleted.
    candidates = {candidate.photo_id: replace(candidate, added_to=None) for candidate in read_candidates(conn, photo_ids)}
    plan = plan_push(candidates.values(), album_title, "handover")
    verified = _read_verified_keys(conn, {item.photo_id: candidates[item.photo_id] for item in plan.planned})
    photos = tuple(_handed_over(candidates[item.photo_id], verified.get(item.photo_id)) for item in plan.planned)
    previews = read_previews(conn, [key for photo in photos[:PICTURED] for key in (photo.photo_id, photo.keeper_id)])
    return Handover(plan.album_title, utc_now(), photos, plan.rescue, plan.refused, previews)


def _handed_over(candidate: Candidate, key: str | None) -> HandedOver:
    item, kept, word = candidate.item, candidate.survivor, candidate.verdict.word
    if item is None or item.link is None or kept is None or word is None:
        raise AssertionError("a planned photo has an item, a link, a photo that stays and a word")
    return HandedOver(item.photo_id, item.filename, item.link, item.media_key, key, kept.photo_id, kept.filename, kept.link, word)


def _read_verified_keys(conn: sqlite3.Connection, going: dict[str, Candidate]) -> dict[str, str]:
    """The dedup key of each photo that has one from Google itself which no photo that stays shares: Google trashes by key.

    A key that was only computed from the bytes of a Takeout may not be Google's: storage-saver items carry another one.
    """
    items = {photo_id: candidate.item for photo_id, candidate in going.items() if candidate.item}
    sharers = read_sharers(conn, {key for item in items.values() for key in item.content_keys})
    verified = {}
    for photo_id, item in items.items():
        from_google = item.original_quality is not None or item.dedup_key != key_of_sha1(item.sha1)
        if item.dedup_key and from_google and all(sharers[key] <= going.keys() for key in item.content_keys):
            verified[photo_id] = item.dedup_key
    return verified


def write_handover(handover: Handover, output: str | Path) -> None:
    """Write the file in the format its ending asks for. Raises GphotosError for another ending or when it cannot be written."""
    output = Path(output)
    ending = output.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise GphotosError(f"{output} must end in .json (browser toolkit), .csv (spreadsheet) or .html (worklist of links).")
    try:
        output.write_text(handover_text(handover, ending), encoding="utf8", newline="")
    except OSError as error:
        raise GphotosError(f"{output} cannot be written: {error.strerror}.") from None


FORMATS = ("json", "csv", "html")


def handover_text(handover: Handover, ending: str) -> str:
    """The content of a hand-over file that ends in json, csv or html."""
    if ending == "html":
        return worklist_text(handover, SNIPPET)
    return _json_text(handover) if ending == "json" else _csv_text(handover)


def _json_text(handover: Handover) -> str:
    content: dict[str, Any] = {
        "made_by": "datasette-gphotos-dedupe",
        "made_at": handover.made_at,
        "album": handover.album,
        "how": "Do what `rescue` lists. Then run `snippet` in the console of photos.google.com and choose this file.",
        "media_key_chunks": _unique_chunks([photo.media_key for photo in handover.photos if photo.media_key]),
        "dedup_key_chunks": _unique_chunks([photo.dedup_key for photo in handover.photos if photo.dedup_key]),
        "photos": [asdict(photo) for photo in handover.photos],
        "rescue": [asdict(rescue) for rescue in handover.rescue],
        "refused": [asdict(item) for item in handover.refused],
        "snippet": SNIPPET,
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _unique_chunks(keys: list[str]) -> list[list[str]]:
    return [list(chunk) for chunk in in_parts(list(dict.fromkeys(keys)), CHUNK)]


def _csv_text(handover: Handover) -> str:
    import io

    rescue: dict[str, list[str]] = {}
    for thing in handover.rescue:
        rescue.setdefault(thing.photo_id, []).append(f"{thing.what}: {thing.value}")
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*HandedOver.__dataclass_fields__, "rescue_first"])
    for photo in handover.photos:
        writer.writerow([_harmless(value) for value in (*asdict(photo).values(), "; ".join(rescue.get(photo.photo_id, ())))])
    return buffer.getvalue()


def _harmless(value: str | None) -> str:
    """A cell that no spreadsheet takes for a formula: names and descriptions come from outside."""
    return csv_cell(value or "")
