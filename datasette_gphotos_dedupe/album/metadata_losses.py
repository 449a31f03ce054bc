"""What a copy has that its keeper lacks, and would be lost with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .push_candidates import Candidate, PushPhoto


@dataclass(frozen=True)
class Rescue:
    """One thing to carry over from a copy to its keeper before the copy is deleted.

    `what` is album, favorite, description, person or location; `value` the album's title, the person's name, the text, or
    ``latitude,longitude``. `by_api` says that Google lets this app do it by itself; `album_id` is then Google's id of the album.
    """

    photo_id: str
    keeper_id: str
    what: str
    value: str
    by_api: bool
    keeper_link: str | None = None
    keeper_filename: str | None = None
    album_id: str | None = None


def plan_rescue(candidate: Candidate, keeper: PushPhoto) -> list[Rescue]:
    """Everything the candidate's photo has and the keeper lacks, albums first."""
    if candidate.item is None:
        return []
    mine, theirs = candidate.item.belongings, keeper.belongings
    found = [("album", title) for title in sorted(set(mine.albums) - set(theirs.albums))]
    found += [("person", name) for name in sorted(mine.people - theirs.people)]
    if mine.favorite and not theirs.favorite:
        found.append(("favorite", "yes"))
    if mine.description not in theirs.description:
        found.append(("description", mine.description))
    if mine.location and not theirs.location:
        found.append(("location", f"{mine.location[0]},{mine.location[1]}"))
    return [_rescue(candidate.photo_id, keeper, what, value, mine.albums.get(value)) for what, value in found]


def _rescue(photo_id: str, keeper: PushPhoto, what: str, value: str, album_id: str | None) -> Rescue:
    # Google lets an app describe its own items and add those to albums of its own, and nothing else of this list. Words that
    # are there already are never replaced.
    ours = keeper.app_created and keeper.library_id is not None
    possible = {"album": album_id is not None, "description": not keeper.belongings.description}
    by_api = ours and possible.get(what, False)
    return Rescue(
        photo_id, keeper.photo_id, what, value, by_api, keeper.link, keeper.filename, album_id if what == "album" else None
    )
