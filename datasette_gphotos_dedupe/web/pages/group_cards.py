"""How the members of a group are put on its page and on the page that compares two: plain texts, made before the template runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ... import captions, formatting
from ...store.review.decisions import GroupState
from ..site.request_database import Library
from .measured_numbers import numbers_of


@dataclass(frozen=True)
class Card:
    """One photo. `role` is stays, goes or asks; `choice` what its radio buttons begin with; `url` where its picture leads."""

    name: str
    alt: str
    facts: str
    role: str
    word: str
    sentence: str
    numbers: list[tuple[str, str]]
    choice: str
    decided: str
    unproved: bool
    warning: str
    same: bool
    is_keeper: bool
    url: str
    outside: bool
    original: str | None


def cards_of(
    library: Library, state: GroupState, pairs: Mapping[str, Mapping[str, Any]], unproved: Mapping[str, str]
) -> list[Card]:
    """A card for each member; by its id `pairs` are what was measured between it and the keeper, `unproved` what is to be warned of."""
    return [
        _card(library, state, member, pairs.get(member["photo_id"]), unproved.get(member["photo_id"])) for member in state.members
    ]


def _card(
    library: Library, state: GroupState, member: dict[str, Any], pair: Mapping[str, Any] | None, warning: str | None
) -> Card:
    name, is_keeper = captions.short_name(member), member["photo_id"] == state.keeper_id
    role, link = captions.role_of(member), formatting.web_link(member["product_url"])
    numbers = numbers_of(pair)
    if name != member["filename"] and member["filename"]:
        numbers = [("Full name", member["filename"]), *numbers]
    return Card(
        name=name,
        alt=f"{name}, the photo that stays" if is_keeper and role == captions.STAYS else name,
        facts=_facts(member),
        role=role,
        word=captions.ROLE_WORDS[role],
        sentence=_sentence(member, is_keeper, role, pair),
        numbers=numbers,
        choice=member["decision"] or ("keep" if is_keeper else member["suggested"] if member["suggested"] == "remove" else ""),
        decided=_decided(member),
        unproved=warning is not None,
        warning=warning or "",
        same=bool(member["same_picture"]),
        is_keeper=is_keeper,
        url=link or library.row_url("photos", member["photo_id"]),
        outside=bool(link),
        original=_original(library, member),
    )


def _facts(member: Mapping[str, Any]) -> str:
    known = (
        formatting.dimensions(member) if member["width"] else "",
        formatting.size(member["bytes"]) if member["bytes"] else "",
        formatting.format_name(member),
    )
    return ", ".join(fact for fact in known if fact)


def _sentence(member: Mapping[str, Any], is_keeper: bool, role: str, pair: Mapping[str, Any] | None) -> str:
    """Why, in one sentence: the numbers are folded away."""
    if is_keeper and role == captions.STAYS:
        return captions.because("you decided to keep it" if member["decision"] == "keep" else member["reason"])
    if member["decision"] == "not_duplicate":
        return "It is not the same picture, as you said."
    if member["same_picture"]:
        return "It is the same picture, as you said."
    return captions.sentence(member["reason"])


def _decided(member: Mapping[str, Any]) -> str:
    """``Remove by root, 2026-11-30 01:20:03``."""
    if not member["decided_at"]:
        return ""
    who = f" by {member['actor']}" if member["actor"] else ""
    return f"{formatting.DECISION_LABELS.get(member['decision'], member['decision'])}{who}, {formatting.moment(member['decided_at'])}"


def _original(library: Library, member: Mapping[str, Any]) -> str | None:
    """Where the original would be had, if it can be reached; only those who may review are shown it."""
    if not library.can_review or "files" not in library.tables or member["kind"] == "video":
        return None
    return library.url("original", library.encode(member["photo_id"]))


def lead_of(cards: list[Card], group: Mapping[str, Any]) -> str:
    """``2 copies can go, 3.1 MB. 1 is another shot: you decide.``"""
    goes, asks = (sum(card.role == role for card in cards) for role in (captions.GOES, captions.ASKS))
    told = []
    if goes:
        gain = f", {formatting.size(group['waiting_bytes'])}" if group["waiting_bytes"] else ""
        told.append(
            f"{formatting.count(goes, 'copy', 'copies')} can go{gain}."
            if not group["decided"]
            else f"{formatting.count(goes, 'copy', 'copies')} {'goes' if goes == 1 else 'go'}."
        )
    if asks:
        told.append(f"About {asks:,} you decide.")
    return " ".join(told) or ("Everything here is decided." if group["decided"] else "Everything here stays.")


def sum_of(cards: list[Card]) -> str:
    """What the choices on the page add up to, as the bar at the foot says it."""
    goes = [card for card in cards if card.choice == "remove"]
    word = sum(card.unproved for card in goes)
    stays = sum(card.choice in ("keep", "not_duplicate") for card in cards)
    later = len(cards) - len(goes) - stays
    told = [f"{len(goes):,} {'goes' if len(goes) == 1 else 'go'}", f"{stays:,} {'stays' if stays == 1 else 'stay'}"]
    if later:
        told.append(f"{later:,} later")
    return ", ".join(told) + "." + (f" Nothing proves {word:,} of them." if word else "")
