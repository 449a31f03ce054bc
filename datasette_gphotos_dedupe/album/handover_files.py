"""Files for the photos that no API can file: for the browser toolkit, for a spreadsheet, and a worklist of links.

The toolkit (a userscript that people run in their own signed-in Google Photos page) can put any photo into an album by its media
key, and finds that key by the checksum of the bytes. Everything here obeys the same safety rules as a push.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import GphotosError
from ..formatting import count, csv_cell
from ..input_file import open_input
from ..model import NOT_IN_GOOGLE
from ..store.output_file import refuse_target, writing
from ..store.rows import in_parts
from ..store.writing import utc_now
from .metadata_losses import Rescue
from .plan import PlannedItem, plan_push
from .push_candidates import Candidate, read_candidates
from .toolkit_steps import Step, plan_steps, read_album_keys, rescue_text
from .trashed_together import checksum_of, key_of_sha1, read_sharers
from .worklist import read_previews, worklist_text

PICTURED = 300  # photos with previews in the worklist: a page of thousands would weigh a hundred megabytes
CHUNK = 250  # larger calls of the toolkit were seen to end in HTTP 504
SNIPPET = Path(__file__).with_name("handover.js").read_text(encoding="utf8")


@dataclass(frozen=True)
class HandedOver:
    """One photo for the person to deal with. `dedup_key` only where Google itself gave it and no surviving photo shares it.

    `checksum` is the SHA-1 of the original's bytes in base64, under which Google's page finds a photo whose media key is not known.
    """

    photo_id: str
    filename: str | None
    url: str | None
    media_key: str | None
    dedup_key: str | None
    checksum: str | None
    keeper_id: str
    keeper_filename: str | None
    keeper_url: str | None
    word: str  # on whose word it goes: remade, same_bytes, on your word


@dataclass(frozen=True)
class Handover:
    """Everything in a hand-over file. `steps` are what the toolkit can carry over to keepers, `by_hand` the rest of `rescue`.

    `content_keys` has every key under which Google may know the content of a photo, `keeper_keys` what tells a keeper in a list of
    Google's (its media key, else its content keys), and `staying_keys` all media keys and content keys of the photos that stay.
    """

    album: str
    made_at: str
    photos: tuple[HandedOver, ...]
    rescue: tuple[Rescue, ...]
    refused: tuple[PlannedItem, ...]
    steps: tuple[Step, ...]
    by_hand: tuple[Rescue, ...]
    content_keys: dict[str, tuple[str, ...]]
    keeper_keys: dict[str, tuple[str, ...]]
    staying_keys: tuple[str, ...]
    previews: Mapping[str, bytes] = field(default_factory=dict)  # by photo id, for the first of the photos

    @property
    def without_key(self) -> tuple[HandedOver, ...]:
        """The photos that the toolkit has no way to find."""
        return tuple(photo for photo in self.photos if not (photo.media_key or photo.checksum))

    def summary(self, output: str | Path) -> str:
        """What was written, in a sentence or two."""
        if str(output).lower().endswith(".js"):
            return f"The snippet is in {output}. Paste it into the console of photos.google.com, and choose the .json file there."
        text = f"{count(len(self.photos), 'photo')} {'is' if len(self.photos) == 1 else 'are'} in {output}."
        if self.refused:
            one = self.refused[0]
            verb = "is" if len(self.refused) == 1 else "are"
            text += (
                f" {len(self.refused):,} decided 'remove' {verb} not; for example {one.filename or one.photo_id}: {one.reason}."
            )
        if self.rescue:
            text += f" {count(len(self.rescue), 'thing')} that keepers lack: listed first, to be carried over before deleting."
        if self.rescue and str(output).lower().endswith(".json"):
            text += f" The snippet carries {len(self.steps):,} over, {len(self.by_hand):,} are left to you."
        if self.without_key:
            text += f" {count(len(self.without_key), 'photo')} without any key for the toolkit: to be found by link or name."
        return text


def plan_handover(conn: sqlite3.Connection, album_title: str, photo_ids: Iterable[str] | None = None) -> Handover:
    """Every photo decided `remove` that has a verified surviving keeper and a link, in the order of deciding.

    `photo_ids` narrows it to these.
    """
    # Photos that a push has put into an album stay on the list: they still wait to be deleted.
    candidates = {candidate.photo_id: replace(candidate, added_to=None) for candidate in read_candidates(conn, photo_ids)}
    plan = plan_push(candidates.values(), album_title, "handover")
    going = {item.photo_id: candidates[item.photo_id] for item in plan.planned}
    verified = _read_verified_keys(conn, going)
    photos = tuple(_handed_over(candidate, verified.get(photo_id)) for photo_id, candidate in going.items())
    keepers = {kept.photo_id: kept for candidate in going.values() if (kept := candidate.survivor)}
    steps, by_hand = plan_steps(plan.rescue, keepers, read_album_keys(conn))
    staying = {key for keeper in keepers.values() for key in (keeper.media_key, *keeper.content_keys) if key}
    return Handover(
        album=plan.album_title,
        made_at=utc_now(),
        photos=photos,
        rescue=plan.rescue,
        refused=plan.refused,
        steps=steps,
        by_hand=by_hand,
        content_keys={photo_id: tuple(sorted(one.item.content_keys)) for photo_id, one in going.items() if one.item},
        keeper_keys={one.photo_id: (one.media_key,) if one.media_key else tuple(one.content_keys) for one in keepers.values()},
        staying_keys=tuple(sorted(staying)),
        previews=read_previews(conn, [key for photo in photos[:PICTURED] for key in (photo.photo_id, photo.keeper_id)]),
    )


def _handed_over(candidate: Candidate, key: str | None) -> HandedOver:
    item, kept, word = candidate.item, candidate.survivor, candidate.verdict.word
    if item is None or kept is None or word is None:
        raise AssertionError("a planned photo has an item, a photo that stays and a word")
    checksum = checksum_of(item.sha1) if item.source not in NOT_IN_GOOGLE else None
    keys = (item.media_key, key, checksum)
    return HandedOver(item.photo_id, item.filename, item.link, *keys, kept.photo_id, kept.filename, kept.link, word)


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


def write_handover(handover: Handover, output: str | Path, library: str | Path | None = None, replace: bool = False) -> None:
    """Write the file, whole or not at all, in the format its ending asks for.

    An earlier hand-over is written anew, another file only with `replace`. Raises GphotosError for another ending, when it cannot
    be written, or when it is the library that is handed over.
    """
    output = Path(output)
    ending = output.suffix.lower().removeprefix(".")
    refuse_target(Path(library) if library else None, output, replace, is_handover)
    if ending not in FORMATS:
        raise GphotosError(
            f"{output} must end in .json (browser toolkit), .js (the snippet that reads it), .csv (spreadsheet) or .html (worklist of "
            "links)."
        )
    with writing(output) as unfinished:
        unfinished.write_text(handover_text(handover, ending), encoding="utf8", newline="")


FORMATS = ("json", "js", "csv", "html")
MADE_BY = "datasette-gphotos-dedupe"
# What each format of this and earlier versions begins with.
_MARKS = (f'{{\n  "made_by": "{MADE_BY}"', SNIPPET[:80], "photo_id,filename,url,media_key,")
_WORKLIST_MARK = ": photos to remove</title>"


def is_handover(path: Path) -> bool:
    """Whether an earlier hand-over lies there, which may be written anew: what is in it stands in the library."""
    try:
        with open_input(path) as stream:
            head = stream.read(4_000).decode(errors="replace").replace("\r\n", "\n")
    except OSError:
        return False
    return head.startswith(_MARKS) or (head.startswith("<!DOCTYPE html>") and _WORKLIST_MARK in head)


def handover_text(handover: Handover, ending: str) -> str:
    """The content of a hand-over file that ends in json, csv or html; for js the snippet alone, which is the same for all."""
    writers: dict[str, Callable[[Handover], str]] = {
        "json": _json_text,
        "js": lambda _: SNIPPET,
        "csv": _csv_text,
        "html": lambda one: worklist_text(one, SNIPPET),
    }
    return writers[ending](handover)


def _json_text(handover: Handover) -> str:
    content: dict[str, Any] = {
        "made_by": MADE_BY,
        "made_at": handover.made_at,
        "album": handover.album,
        "how": "Do what `by_hand` lists. Then run `snippet` in the console of photos.google.com and choose this file.",
        "steps": [asdict(step) for step in handover.steps],
        "by_hand": [{"text": rescue_text(thing), **asdict(thing)} for thing in handover.by_hand],
        "media_key_chunks": _unique_chunks([photo.media_key for photo in handover.photos if photo.media_key]),
        "dedup_key_chunks": _unique_chunks([photo.dedup_key for photo in handover.photos if photo.dedup_key]),
        "photos": [_json_photo(handover, photo) for photo in handover.photos],
        "without_key": [photo.photo_id for photo in handover.without_key],
        "staying_keys": handover.staying_keys,
        "rescue": [asdict(rescue) for rescue in handover.rescue],
        "refused": [asdict(item) for item in handover.refused],
        "snippet": SNIPPET,
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _json_photo(handover: Handover, photo: HandedOver) -> dict[str, Any]:
    more = {"content_keys": handover.content_keys[photo.photo_id], "keeper_keys": handover.keeper_keys[photo.keeper_id]}
    return {**asdict(photo), **more}


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
    return str(csv_cell(value or ""))
