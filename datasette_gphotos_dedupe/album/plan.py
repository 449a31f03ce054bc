"""What a push will do to each photo, shown before anything is sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..errors import GphotosError
from ..google.limits import ALBUM_TITLE_CHARS
from ..model import NOT_IN_GOOGLE
from .metadata_losses import Rescue, plan_rescue
from .push_candidates import Candidate
from .trashed_together import checksum_of

NOT_OURS = "Google lets a program file only what it uploaded"
ROUTES = ("by_id", "same_bytes", "handover")
_CONTINUED = re.compile(r"( \([0-9]{1,9}\))?")  # a full album is followed by "Title (2)"


@dataclass(frozen=True)
class PlannedItem:
    """One photo: `state` is planned or refused; `reason` is the refusal in words.

    `other_routes` are those that could carry a photo which this route cannot.
    """

    photo_id: str
    state: str
    reason: str | None
    product_url: str | None
    filename: str | None = None
    keeper_id: str | None = None  # the photo that stays for it
    other_routes: tuple[str, ...] = ()
    word: str | None = None  # on whose word it goes (`model.WORDS`); None when it does not


@dataclass(frozen=True)
class PushPlan:
    """Every photo's fate-to-be, in order; what to rescue first; and what an earlier push has done already.

    `withdraw` are photos of earlier pushes that must not be deleted any more: they are taken out of the album again, or, where
    Google does not let this app do that (`state` is by_hand), named for the person to do it.
    """

    album_title: str
    route: str
    items: tuple[PlannedItem, ...]
    rescue: tuple[Rescue, ...] = ()
    already_added: tuple[str, ...] = field(default=())
    withdraw: tuple[PlannedItem, ...] = field(default=())

    @property
    def planned(self) -> tuple[PlannedItem, ...]:
        """The photos that will be sent."""
        return tuple(item for item in self.items if item.state == "planned")

    @property
    def refused(self) -> tuple[PlannedItem, ...]:
        """The photos that do not go, each with its reason."""
        return tuple(item for item in self.items if item.state == "refused")


def plan_push(
    candidates: Iterable[Candidate], album_title: str, route: str = "by_id", pushed: Iterable[Candidate] = ()
) -> PushPlan:
    """The plan for these candidates. Raises GphotosError for an album title or route that cannot be.

    Photos that an earlier push has put into an album of this title are left out and listed in `already_added`. `pushed` are the
    photos in the album (`read_pushed`), looked at again.
    """
    title = check_title(album_title)
    if route not in ROUTES:
        raise GphotosError(f"There is no route '{route}'. Choose one of: {', '.join(ROUTES)}.")
    items: list[PlannedItem] = []
    rescue: list[Rescue] = []
    already: list[str] = []
    for candidate in candidates:
        if candidate.added_to == title:
            already.append(candidate.photo_id)
            continue
        item = plan_item(candidate, route)
        items.append(item)
        if candidate.survivor and item.state == "planned":
            rescue += [thing for thing in plan_rescue(candidate, candidate.survivor) if not _is_for_deletion(title, thing)]
    return PushPlan(title, route, tuple(items), tuple(rescue), tuple(already), plan_withdrawal(pushed))


def _is_for_deletion(title: str, thing: Rescue) -> bool:
    """Whether this is a place in an album that is called like the one to delete from: a keeper must never be put there."""
    name = thing.value.strip()
    return thing.what == "album" and name.startswith(title) and _CONTINUED.fullmatch(name[len(title) :]) is not None


def plan_withdrawal(pushed: Iterable[Candidate]) -> tuple[PlannedItem, ...]:
    """Those photos of an album for deletion that must not be deleted any more, each with the reason."""
    found = []
    for candidate in pushed:
        reason, item = candidate.refusal, candidate.item
        if reason and item and not item.trashed:
            state = "withdraw" if item.app_created and item.library_id else "by_hand"
            found.append(PlannedItem(candidate.photo_id, state, reason, item.link, item.filename))
    return tuple(found)


def plan_item(candidate: Candidate, route: str) -> PlannedItem:
    """The fate-to-be of one photo: safety first, then whether the route can carry it."""
    unsafe, cannot = candidate.refusal, route_refusal(candidate, route)
    reason = unsafe or cannot
    item, stays = candidate.item, candidate.survivor
    others = (
        [other for other in ROUTES if other != route and not route_refusal(candidate, other)] if cannot and not unsafe else []
    )
    return PlannedItem(
        candidate.photo_id,
        "refused" if reason else "planned",
        reason,
        item.link if item else None,
        item.filename if item else None,
        stays.photo_id if stays else None,
        tuple(others),
        None if reason else candidate.verdict.word,
    )


def route_refusal(candidate: Candidate, route: str) -> str | None:
    """Why this route cannot carry the photo; None when it can."""
    item = candidate.item
    if item is None:
        return None
    if route == "by_id" and not (item.app_created and item.library_id):
        return NOT_OURS
    if route == "same_bytes" and not any(sha1 for *_, sha1 in candidate.files):
        return "its original bytes are not at hand: import the Takeout export that holds it"
    if route == "same_bytes" and item.original_quality is False:
        return "Google stores it in storage-saver quality, so its bytes could come in as a new copy"
    if route == "handover" and not item.link and (item.source in NOT_IN_GOOGLE or not checksum_of(item.sha1)):
        return "nothing is known that would find it in Google Photos"
    return None


def check_title(title: str) -> str:
    """The album title without blanks around it. Raises GphotosError when Google would not take it."""
    title = title.strip()
    if not title:
        raise GphotosError("The album needs a title, for example: --album 'Duplicates 2026'")
    if len(title) > ALBUM_TITLE_CHARS:
        raise GphotosError(f"The album title has {len(title)} characters; Google takes {ALBUM_TITLE_CHARS} at most.")
    return title
