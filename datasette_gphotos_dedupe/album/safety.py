"""Whether a photo may be put before a person for deletion at all. Pure.

The one fault that cannot be forgiven is leading somebody to delete a picture they have only once. So a photo passes only when a
person decided to remove it and another photo, verified to be the same picture, certainly survives.
"""

from __future__ import annotations

from ..core.groups.one_item import NOT_IN_GOOGLE, may_be_one_item
from .push_candidates import Candidate, Item, Keeper

DIFFERENT_PICTURES = frozenset({"series", "look_alike"})


def refusal(candidate: Candidate) -> str | None:
    """Why this photo must not be pushed, in words; None when it may be."""
    item = candidate.item
    if item is None:
        return "it is not in this database any more"
    if candidate.decision != "remove":
        decided = f"it is now decided '{candidate.decision}'" if candidate.decision else "nobody has decided to remove it"
        return f"{decided}, so it is left alone"
    if item.trashed:
        return "it is in the trash already"
    if item.album_only:
        return "it was seen only in an album folder and may be somebody else's photo"
    if surviving_keeper(candidate):
        if candidate.staying_twin:
            return f"{candidate.staying_twin}, which stays, has the same bytes, and Google trashes both together"
        return None
    if not candidate.keepers:
        return "it has no keeper any more: no other photo was verified to be the same picture"
    return keeper_fault(item, candidate.keepers[0])


def surviving_keeper(candidate: Candidate) -> Keeper | None:
    """The first keeper that certainly stays when this photo goes, or None."""
    item = candidate.item
    return next((keeper for keeper in candidate.keepers if item and keeper_fault(item, keeper) is None), None)


def keeper_fault(item: Item, keeper: Keeper) -> str | None:
    """Why this keeper does not count as a surviving copy of the photo; None when it does."""
    name = keeper.item.name
    if keeper.relation is None:
        return f"it was not verified to be the same picture as its keeper {name}"
    if keeper.relation in DIFFERENT_PICTURES:
        return f"it is not the same picture as {name} but a {keeper.relation.replace('_', '-')} of it, so it may be the only one"
    if keeper.decision == "remove":
        return f"its keeper {name} is decided 'remove' too"
    if keeper.pushed:
        return f"its keeper {name} was itself put into an album for deletion"
    if keeper.item.trashed:
        return f"its keeper {name} is in the trash"
    if keeper.item.album_only:
        return f"its keeper {name} was seen only in an album folder and may be somebody else's photo"
    if keeper.item.source == NOT_IN_GOOGLE and item.source != NOT_IN_GOOGLE:
        return f"its keeper {name} lies in a folder on disk and not in Google Photos"
    if item.content_keys & keeper.item.content_keys:
        return f"it has the same bytes as its keeper {name}, and Google trashes both together"
    if keeper.leaving_twin:
        return f"its keeper {name} has the same bytes as {keeper.leaving_twin}, which is to be deleted, and Google trashes both"
    if may_be_one_item(item, keeper.item):
        sources = f"{item.source} and {keeper.item.source}"
        return f"it may be the very photo that is its keeper {name}, seen through two sources ({sources})"
    return None
