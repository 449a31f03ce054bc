"""What the browser toolkit can carry over to keepers before their copies go, step by step, and what is left to the person."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .metadata_losses import Rescue
from .push_candidates import PushPhoto
from .trashed_together import checksum_of

_WEB_KEY = re.compile(r"AF1Qip[A-Za-z0-9_-]+")  # of an album as the toolkit lists it; the API has others


@dataclass(frozen=True)
class Step:
    """One thing to give to one keeper: `what` is favorite, description or album, `value` the words or the album's title.

    Unless it is done, none of the copies `photo_ids` may go. `album_key` is there where the toolkit has listed the album.
    """

    what: str
    value: str
    text: str
    keeper_id: str
    keeper_media_key: str | None
    keeper_checksum: str | None
    album_key: str | None
    photo_ids: tuple[str, ...]


def plan_steps(
    rescue: Iterable[Rescue], keepers: Mapping[str, PushPhoto], album_keys: Mapping[str, str]
) -> tuple[tuple[Step, ...], tuple[Rescue, ...]]:
    """The steps, in the order of the rescue, and what no step can do: people, places, and words where others stand already.

    `album_keys` maps the title of an album to its key.
    """
    steps: dict[tuple[str, str, str], Step] = {}
    described: dict[str, str] = {}
    by_hand = []
    for thing in rescue:
        step = _step(thing, keepers[thing.keeper_id], album_keys)
        if step is None or (step.what == "description" and described.setdefault(step.keeper_id, step.value) != step.value):
            by_hand.append(thing)
            continue
        key = (step.keeper_id, step.what, step.value)
        done = steps.setdefault(key, step)
        if done is not step:
            steps[key] = replace(done, photo_ids=(*done.photo_ids, thing.photo_id))
    return tuple(steps.values()), tuple(by_hand)


def _step(thing: Rescue, keeper: PushPhoto, album_keys: Mapping[str, str]) -> Step | None:
    checksum = checksum_of(keeper.sha1)
    can_be_found = keeper.media_key or checksum
    possible = {"favorite": True, "album": True, "description": not keeper.belongings.description}
    if not (can_be_found and possible.get(thing.what, False)):
        return None
    album_key = album_keys.get(thing.value) if thing.what == "album" else None
    found_by = (keeper.media_key, None if keeper.media_key else checksum)
    return Step(thing.what, thing.value, rescue_text(thing), thing.keeper_id, *found_by, album_key, (thing.photo_id,))


def rescue_text(thing: Rescue) -> str:
    """What is to be done for a keeper, in words."""
    keeper = thing.keeper_filename or thing.keeper_id
    return {
        "favorite": f"make {keeper} a favourite",
        "description": f'describe {keeper}: "{thing.value}"',
        "album": f'put {keeper} into the album "{thing.value}"',
        "person": f"{keeper} lacks the person {thing.value}",
        "location": f"{keeper} lacks the place {thing.value}",
    }[thing.what]


def read_album_keys(conn: sqlite3.Connection) -> dict[str, str]:
    """Title -> key of the albums that the toolkit has listed, where no other album has the title."""
    rows = conn.execute("SELECT title, max(album_id) FROM albums WHERE title IS NOT NULL GROUP BY title HAVING count(*) = 1")
    return {title: key for title, key in rows.fetchall() if _WEB_KEY.fullmatch(key)}
