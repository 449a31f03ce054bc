"""Which groups a queue shows: an ordinary query string, its SQL, and the place where a page ends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from ...errors import GphotosError
from ...model import RELATIONS
from ..site.bounds import MAX_VALUE

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
STATES = {"open": (0,), "decided": (1,), "all": (0, 1)}
"""What `groups.decided` may be."""

PROOFS = {"": "1", "proved": "waiting_count > 0", "asks": "waiting_count = 0"}
"""Whether a proved copy waits in a group, or only a person can say; in SQL about `groups` and about `group_counts`."""


@dataclass(frozen=True)
class QueueFilter:
    """The filters of the queue. Empty text means any; `state` is open, decided or all."""

    relation: str = ""
    state: str = "open"
    proof: str = ""  # proved, asks
    year: str = ""
    camera: str = ""
    origin: str = ""
    uploaded: str = ""  # a day: groups with a photo that came on it
    album: str = ""
    size: str = ""
    space: str = ""  # at least so many bytes to gain
    text: str = ""

    @classmethod
    def from_args(cls, args: Any) -> QueueFilter:
        """Read from a query string. Raises GphotosError for a value that cannot be meant."""
        values = {field.name: str(args.get(field.name) or field.default).strip() for field in fields(cls)}
        for name, value in values.items():
            if len(value) > MAX_VALUE:
                raise GphotosError(f"{name} is longer than {MAX_VALUE:,} characters, more than is looked up here.")
        if values["relation"] and values["relation"] not in RELATIONS:
            raise GphotosError(f"{values['relation']} is not a relation. Known are {', '.join(RELATIONS)}.")
        if values["state"] not in STATES:
            raise GphotosError(f"{values['state']} is not a state. Known are {', '.join(STATES)}.")
        if values["uploaded"] and not _DAY.fullmatch(values["uploaded"]):
            raise GphotosError(f"uploaded must be a day such as 2022-04-12, not {values['uploaded']}.")
        if values["proof"] not in PROOFS:
            raise GphotosError(f"{values['proof']} is not a kind of proof. Known are proved, asks.")
        for name in ("year", "size", "space"):
            if values[name] and not (values[name].isascii() and values[name].isdigit() and len(values[name]) < 16):
                raise GphotosError(f"{name} must be a whole number, not {values[name]}.")
        return cls(**values)

    def but(self, **changes: str) -> QueueFilter:
        """The same filter with these changed."""
        return replace(self, **changes)

    def told(self) -> list[tuple[str, str]]:
        """Name and value of each filter that is not at its default."""
        return [(f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default]

    def query(self, **more: Any) -> str:
        """As a query string; what is at its default is left out."""
        return urlencode(self.told() + [(key, value) for key, value in more.items() if value not in (None, "")])

    @property
    def is_plain(self) -> bool:
        """Nothing chosen beyond what the tabs choose."""
        return self == QueueFilter(state=self.state, proof=self.proof)

    def words(self) -> str:
        """The filter in words, for the history: relation smaller_copy, year 2019."""
        told = [f"{f.name} {getattr(self, f.name)}" for f in fields(self) if getattr(self, f.name) and f.name != "state"]
        return ", ".join(told) or "all groups"


FEW, SOME, MOST = "few", "some", "most"
"""What share of all groups a filter by text or album lets through."""


def where(
    chosen: QueueFilter, tables: frozenset[str], leave_out: tuple[str, ...] = (), shares: Mapping[str, str] | None = None
) -> tuple[str, dict[str, Any]]:
    """SQL about `groups` and its parameters; filters named in `leave_out` are not applied.

    The same groups whatever `shares` says of the filters `text` and `album`: it tells how they are best found. `FEW` are looked up one by
    one. Otherwise groups are walked in the order of an index and compared with a list of ids, which must then not become the way to
    find them: the plus sign tells SQLite. When `MOST` match, the list of those that do not is the shorter one.
    """
    parts, params = [], {}
    for name, sql in _conditions(chosen, tables, shares or {}).items():
        value = getattr(chosen, name)
        if value and name not in leave_out:
            parts.append(f"({sql})")
            params[name] = _value(name, value)
    if "state" not in leave_out and chosen.state != "all":
        parts.append(f"decided = {STATES[chosen.state][0]}")
    return " AND ".join(parts) or "1", params


def _conditions(chosen: QueueFilter, tables: frozenset[str], shares: Mapping[str, str]) -> dict[str, str]:
    key = {name: "group_id" if shares.get(name, FEW) == FEW else "+group_id" for name in ("text", "album", "uploaded")}
    no = "NOT " if shares.get("text") == MOST else ""
    names = "SELECT 1 FROM group_members AS m JOIN photos AS p USING (photo_id) WHERE m.group_id = groups.group_id"
    text = f"EXISTS ({names} AND p.filename LIKE :text ESCAPE '\\')"
    if "group_text" in tables:
        text = f"{key['text']} {no}IN (SELECT group_id FROM group_text WHERE text {no}LIKE :text ESCAPE '\\')"
    album = "0"
    if {"albums", "album_photos"} <= tables:
        # From the album to its groups: left to itself, SQLite goes through all groups for an album of any size.
        album = f"""{key["album"]} IN (SELECT m.group_id FROM albums CROSS JOIN album_photos USING (album_id)
            CROSS JOIN group_members AS m USING (photo_id) WHERE albums.title = :album)"""
    uploaded = "0"
    if {"uploads", "upload_photos"} <= tables:
        uploaded = f"""{key["uploaded"]} IN (SELECT m.group_id FROM uploads CROSS JOIN upload_photos AS u ON u.upload_id = uploads.upload_id
            CROSS JOIN group_members AS m ON m.photo_id = u.photo_id WHERE uploads.uploaded_on = :uploaded)"""
    return {
        "uploaded": uploaded,
        "relation": "relation = :relation",
        "proof": PROOFS[chosen.proof],
        "year": "taken_year = :year",
        "camera": "camera = :camera",
        "origin": "instr(origins, '|' || :origin || '|') > 0",
        "size": "size = :size",
        "space": "reclaimable_bytes >= :space",
        "album": album,
        "text": text,
    }


def _value(name: str, value: str) -> Any:
    if name in ("year", "size", "space"):
        return int(value)
    if name == "text":
        escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"%{escaped}%"
    return value


@dataclass(frozen=True)
class PageEnd:
    """Where a page ends: the groups after it have less to gain, or the same and a smaller id."""

    reclaimable_bytes: int
    group_id: str

    @classmethod
    def from_text(cls, text: str) -> PageEnd | None:
        """From `_next=40000,AF1Q...`. Raises GphotosError."""
        if not text:
            return None
        number, comma, group_id = text.partition(",")
        if not comma or not (number.isascii() and number.isdigit() and len(number) < 19):
            raise GphotosError("_next is not a place in this queue. Go back to its first page.")
        return cls(int(number), group_id)

    @classmethod
    def of(cls, group: Mapping[str, Any]) -> PageEnd:
        """The place behind this row."""
        return cls(group["reclaimable_bytes"], group["group_id"])

    def __str__(self) -> str:
        return f"{self.reclaimable_bytes},{self.group_id}"
