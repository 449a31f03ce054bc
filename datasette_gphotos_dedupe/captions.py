"""What is said under a picture and beside it: stays, goes or you decide, and in a few words why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import formatting
from .model import REMOVABLE_RELATIONS

STAYS, GOES, ASKS = "stays", "goes", "asks"
ROLE_WORDS = {STAYS: "Stays", GOES: "Goes", ASKS: "You decide"}
_MACHINE_NAME = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{10,}|[0-9a-zA-Z_-]{24,}", re.ASCII)
_MACHINE_FILE = re.compile(r"\b([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{10,}|[0-9a-f]{24,})(\.\w{2,5})?\b", re.ASCII)
_MEASURES = re.compile(r", [\d.,]+ (?:x [\d.,]+|[kMG]?B|bytes) against [^;]*")
THUMBNAIL_PX = 400
_SHOT = {
    "edited": "Changed",
    "crop": "A part of it",
    "turned": "Turned",
    "mirrored": "Mirrored",
    "series": "Another shot",
    "look_alike": "Alike",
}


def role_of(member: Mapping[str, Any]) -> str:
    """What becomes of a photo as things stand: by what was decided, else by what is suggested."""
    decision = member.get("decision")
    if decision == "remove" or (not decision and member.get("suggested") == "remove"):
        return GOES
    return STAYS if decision or member.get("role") == "keeper" else ASKS


def short_name(photo: Mapping[str, Any]) -> str:
    """The file name as people read it: of a machine's name the beginning, ``1f452645….jpg``."""
    name = photo.get("filename") or photo.get("photo_id") or "a photo"
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 5:
        stem, ending = name, ""
    if _MACHINE_NAME.fullmatch(stem):
        return f"{stem[:8]}…{'.' + ending if ending else ''}"
    return name


def keeper_caption(keeper: Mapping[str, Any]) -> str:
    """``4,928 × 3,264, 7.8 MB``."""
    known = (
        formatting.dimensions(keeper) if keeper.get("width") else "",
        formatting.size(keeper["bytes"]) if keeper.get("bytes") else "",
    )
    return ("A favourite, " if keeper.get("favorite") else "") + ", ".join(part for part in known if part)


def copy_caption(member: Mapping[str, Any], keeper: Mapping[str, Any]) -> str:
    """What is surplus about a copy, or what is in question about a photo that is alike, in some five words."""
    relation = member.get("relation")
    if member.get("decision") == "not_duplicate":
        return "Not the same picture"
    if relation in REMOVABLE_RELATIONS:
        return _surplus(relation, member, keeper)
    gap = _apart(member, keeper)
    return (
        f"{_SHOT.get(relation or '', 'Alike')}, {gap}"
        if gap and relation in ("series", "look_alike")
        else _SHOT.get(relation or "", "Alike")
    )


def _surplus(relation: str, member: Mapping[str, Any], keeper: Mapping[str, Any]) -> str:
    if relation == "same_bytes":
        return "The same file again"
    if relation == "raw_and_jpeg":
        return (
            "The camera’s JPEG of it"
            if formatting.format_name(member) == "JPEG"
            else f"The same, as {formatting.format_name(member)}"
        )
    longest = max(member.get("width") or 0, member.get("height") or 0)
    smaller = longest and longest < max(keeper.get("width") or 0, keeper.get("height") or 0)
    if smaller:
        return f"A {longest:,} px thumbnail" if longest <= THUMBNAIL_PX else f"{longest:,} px"
    if relation == "other_format" and formatting.format_name(member):
        return f"The same, as {formatting.format_name(member)}"
    return "Saved again" + (f", {formatting.size(member['bytes'])}" if member.get("bytes") else "")


def _apart(member: Mapping[str, Any], keeper: Mapping[str, Any]) -> str:
    """``40 seconds earlier``, where both say when they were taken and it is less than a day."""
    try:
        mine, its = (datetime.fromisoformat(photo["taken_at"].replace("Z", "+00:00")) for photo in (member, keeper))
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""
    seconds = round((mine - its).total_seconds())
    if not 0 < abs(seconds) < 86_400:
        return ""
    amount, unit = (abs(seconds), "second") if abs(seconds) < 120 else (abs(seconds) // 60, "minute")
    if unit == "minute" and amount >= 120:
        amount, unit = amount // 60, "hour"
    return f"{formatting.count(amount, unit)} {'later' if seconds > 0 else 'earlier'}"


def sentence(reason: str | None) -> str:
    """A stored reason as a sentence: with a capital and a full stop, names that machines made cut short."""
    text = _MACHINE_FILE.sub(lambda found: f"{found[1][:8]}…{found[2] or ''}", (reason or "").strip())
    if text.startswith("what you get "):  # sizes and ways stand beside it already
        text = f"this is {_MEASURES.sub('', text)}"
    return f"{text[0].upper()}{text[1:]}{'' if text[-1] in '.!?' else '.'}" if text else ""


def because(reason: str | None) -> str:
    """The reason of a keeper, to follow the word Stays: ``because it is a favourite and has the most pixels.``"""
    text = sentence(reason).removeprefix("Kept: ").removeprefix("Stays because ").rstrip(".")
    clauses = [_clause(part) for part in text.split("; ") if part]
    if not clauses:
        return "as the best of them."
    known = [clause for clause in clauses if clause != "it is the first of equals"] or clauses
    first, *rest = known[:2]
    return f"because {' and '.join([first, *(clause.removeprefix('it ') for clause in rest)])}."


_CLAUSES = (
    (re.compile(r"most pixels.*"), "it has the most pixels"),
    (re.compile(r"preferred format \(([^()]{1,200})\)"), r"it is a \1"),
    (re.compile(r"named as the camera named it.*"), "it has the name that the camera gave it"),
    (re.compile(r"its name does not speak of a copy"), "its name does not speak of a copy"),
    (re.compile(r"uploaded first.*"), "it was uploaded first"),
    (re.compile(r"you chose it.*"), "you chose it"),
    (re.compile(r"least compressed"), "it is the least compressed"),
    (re.compile(r"(the others .*)"), r"\1"),
    (re.compile(r"first of equals"), "it is the first of equals"),
    (re.compile(r"(has|is|was|moves|holds) (.*)"), r"it \1 \2"),
    (re.compile(r"((?:a|an|in|the|certainly|not|original) .*)"), r"it is \1"),
)


def _clause(text: str) -> str:
    """One rule of the keeper, as the rules name it, as something that can be said of a photo."""
    plain = text[:1].lower() + text[1:]
    for pattern, replacement in _CLAUSES:
        if said := pattern.fullmatch(plain):
            return said.expand(replacement)
    return plain
