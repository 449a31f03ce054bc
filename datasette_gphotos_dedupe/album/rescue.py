"""What a copy has that its keeper lacks, and would be lost with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .candidates import Candidate, Item


@dataclass(frozen=True)
class Rescue:
    """One thing to carry over from a copy to its keeper before the copy is deleted.

    `what` is album, favorite, description, person or location; `value` the album's title, the person's name, the text, or
    ``latitude,longitude``. `by_api` says that Google lets this app do it by itself.
    """

    photo_id: str
    keeper_id: str
    what: str
    value: str
    by_api: bool
    keeper_link: str | None = None
    keeper_filename: str | None = None


def plan_rescue(candidate: Candidate, keeper: Item) -> list[Rescue]:
    """Everything the candidate's photo has and the keeper lacks, albums first."""
    if candidate.item is None:
        return []
    mine, theirs = candidate.item.belongings, keeper.belongings
    found = [("album", title) for title in sorted(mine.albums - theirs.albums)]
    found += [("person", name) for name in sorted(mine.people - theirs.people)]
    if mine.favorite and not theirs.favorite:
        found.append(("favorite", "yes"))
    if mine.description and not theirs.description:
        found.append(("description", mine.description))
    if mine.location and not theirs.location:
        found.append(("location", f"{mine.location[0]},{mine.location[1]}"))
    # Google lets an app write the description of its own items, and nothing else of this list.
    return [
        Rescue(
            candidate.photo_id,
            keeper.photo_id,
            what,
            value,
            what == "description" and keeper.app_created,
            keeper.link,
            keeper.filename,
        )
        for what, value in found
    ]
