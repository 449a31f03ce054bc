"""Which photo of several copies stays, by an ordered list of rules that a person can change.

Each rule is asked in turn and keeps only the photos that do best by it; the next rule decides among those. Some rules are not up
for change, because without them somebody could lose a picture: what the person chose stays, what the person gave up is not
preferred, a photo that may be somebody else's never stands in for one's own, a file that lies on this disk alone not for what is in
Google Photos, and a still not for what moves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import GphotosError
from ...model import NOT_IN_GOOGLE
from ..verdict.names_and_clocks import CAMERAS_OWN, is_edited, name_rank

ABOUT_EQUAL = 0.95  # of the pixels: RAW files and their JPEGs differ by a margin of a few rows
PROTECTED_SHARE = 0.9  # a favourite thumbnail must not outrank the full picture


@dataclass(frozen=True)
class GroupPhoto:
    """A photo as the keeper rules and the groups see it. `albums` are titles; `decision` is keep, remove or None."""

    photo_id: str
    filename: str | None = None
    mime_type: str | None = None
    kind: str = "photo"
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    taken_at: str | None = None
    camera_taken_at: str | None = None
    uploaded_at: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    latitude: float | None = None
    description: str | None = None
    favorite: bool = False
    origin: str | None = None
    dedup_key: str | None = None
    album_only: bool = False
    original_quality: bool | None = None
    sha1: str | None = None
    albums: tuple[str, ...] = ()
    decision: str | None = None
    as_keeper: bool = False
    source: str | None = None
    media_key: str | None = None
    library_id: str | None = None
    moves: bool = False  # a live photo, a motion photo, an animation, a file of several pages
    has_edit: bool = False  # Google keeps an edited version of it, too

    @property
    def pixels(self) -> int:
        """Width times height; 0 when unknown."""
        return (self.width or 0) * (self.height or 0)

    @property
    def size(self) -> str:
        """For example ``4032 x 3024``, or ``unknown size``."""
        return f"{self.width} x {self.height}" if self.width and self.height else "unknown size"


@dataclass(frozen=True)
class Policy:
    """What a person can change: the order of the rules, preferred formats (best first), titles of protected albums."""

    rules: tuple[str, ...] = ("protected", "original", "pixels", "format", "metadata", "name", "density", "earliest")
    # a PNG or WebP of equal size is nearly always made from the camera's file, and weighs more without holding more
    formats: tuple[str, ...] = ("raw", "heic", "jpeg")
    protected_albums: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        unknown = [rule for rule in self.rules if rule not in RULES]
        if unknown:
            raise GphotosError(
                f"There is no keeper rule called {unknown[0]!r}. The rules are: {', '.join(RULES)}. "
                "Give them in order, separated by commas, the most important first."
            )
        strange = [name for name in self.formats if name not in FORMATS]
        if strange:
            raise GphotosError(f"There is no format called {strange[0]!r}. The formats are: {', '.join(FORMATS)}.")

    @classmethod
    def from_words(cls, rules: str | None = None, formats: str | None = None, albums: Sequence[str] = ()) -> Policy:
        """A policy from texts like ``pixels,format`` and ``heic,jpeg``; None leaves the default. Raises GphotosError."""
        given = {"rules": rules, "formats": formats}
        lists = {key: tuple(word.strip() for word in text.split(",") if word.strip()) for key, text in given.items() if text}
        return cls(**lists, protected_albums=frozenset(albums))

    @classmethod
    def from_json(cls, text: str) -> Policy:
        """The policy that `as_json` wrote."""
        stored = json.loads(text)
        return cls(tuple(stored["rules"]), tuple(stored["formats"]), frozenset(stored["protected_albums"]))

    def as_json(self) -> str:
        """One text for one policy."""
        return json.dumps(
            {"rules": self.rules, "formats": self.formats, "protected_albums": sorted(self.protected_albums)}, ensure_ascii=False
        )

    def protects(self, item: GroupPhoto) -> bool:
        """Whether the photo is a favourite or in a protected album."""
        return item.favorite or not self.protected_albums.isdisjoint(item.albums)


@dataclass(frozen=True)
class KeeperChoice:
    """The keeper and why, in words: ``most pixels (4032 x 3024); has camera and place``."""

    keeper: GroupPhoto
    reason: str


FORMATS = {
    "raw": ("image/x-", "image/dng"),
    "heic": ("image/heic", "image/heif"),
    "jpeg": ("image/jpeg",),
    "png": ("image/png",),
    "webp": ("image/webp",),
    "avif": ("image/avif",),
    "tiff": ("image/tiff",),
}
"""Name of a format to how its mime types begin."""


def policy_format(mime_type: str | None) -> str | None:
    """The name in FORMATS of a mime type, or None."""
    for name, starts in FORMATS.items():
        if mime_type and mime_type.startswith(starts):
            return name
    return None


def _protected(item: GroupPhoto, largest: int, policy: Policy) -> bool:
    return policy.protects(item) and item.pixels >= PROTECTED_SHARE * largest


def _original(item: GroupPhoto, largest: int, policy: Policy) -> bool:
    # quality is known for photos from the toolkit's CSV only: unknown counts as original
    return item.original_quality is not False and item.pixels >= PROTECTED_SHARE * largest


def _pixels(item: GroupPhoto, largest: int, policy: Policy) -> float:
    return 1.0 if item.pixels >= ABOUT_EQUAL * largest else item.pixels / largest


def _format(item: GroupPhoto, largest: int, policy: Policy) -> int:
    name = policy_format(item.mime_type)
    return -policy.formats.index(name) if name in policy.formats else -len(policy.formats)


def _metadata(item: GroupPhoto, largest: int, policy: Policy) -> int:
    known = (item.camera_model, item.camera_taken_at, item.latitude)
    return sum(value is not None for value in known) + bool(item.description) + bool(item.albums)


def _name(item: GroupPhoto, largest: int, policy: Policy) -> int:
    # before the bytes: a program that encodes a camera's file again at high quality makes the larger file of the two
    return name_rank(item.filename)


def _density(item: GroupPhoto, largest: int, policy: Policy) -> float:
    return round((item.bytes or 0) / item.pixels, 2) if item.pixels else 0.0


def _earliest(item: GroupPhoto, largest: int, policy: Policy) -> list[int]:
    # ISO texts of one length sort as times; a later one counts less, an unknown one least
    return [-ord(character) for character in item.uploaded_at] if item.uploaded_at else [-0x10FFFF]


Rule = Callable[[GroupPhoto, int, Policy], Any]
RULES: dict[str, Rule] = {
    "protected": _protected,
    "original": _original,
    "pixels": _pixels,
    "format": _format,
    "metadata": _metadata,
    "name": _name,
    "density": _density,
    "earliest": _earliest,
}
"""Name of each rule to its value of a photo (greater stays), given the pixels of the largest photo and the policy."""

PARTNER = "fromPartnerSharing"

FIXED: dict[str, Rule] = {
    "own": lambda item, largest, policy: not item.album_only and item.origin != PARTNER,
    "not_removed": lambda item, largest, policy: item.decision != "remove",
    "chosen": lambda item, largest, policy: item.as_keeper,
    "decided_keep": lambda item, largest, policy: item.decision == "keep" and item.pixels >= PROTECTED_SHARE * largest,
    "in_google": lambda item, largest, policy: item.source not in NOT_IN_GOOGLE,
    "moves": lambda item, largest, policy: item.moves and item.pixels >= PROTECTED_SHARE * largest,
}


def choose_keeper(items: Sequence[GroupPhoto], policy: Policy, held: frozenset[str] = frozenset()) -> KeeperChoice:
    """The photo of `items` that stays. The order of `items` does not matter; the lowest id breaks the last tie.

    `held` are the ids of those that can be made again from another one of them: they stay only when a person wants it.
    """
    largest = max(item.pixels for item in items) or 1
    holds: dict[str, Rule] = {"holds": lambda item, largest, policy: item.photo_id not in held}
    rules = {**FIXED, **holds, **{name: RULES[name] for name in policy.rules}}
    left, words = list(items), []
    for name, rule in rules.items():
        values = [rule(item, largest, policy) for item in left]
        best = max(values)
        kept = [item for item, value in zip(left, values, strict=True) if value == best]
        if len(kept) < len(left):
            words.append(_words(name, kept, [item for item in left if item not in kept]))
        left = kept
    keeper = min(left, key=lambda item: item.photo_id)
    if len(left) > 1:
        words.append("first of equals")
    return KeeperChoice(keeper, "; ".join(dict.fromkeys(words)) or "the only one")


def rank_key(item: GroupPhoto, policy: Policy, held: bool = False) -> tuple[Any, ...]:
    """A sort key over photos that are no copies of each other: the better photo sorts first. `held`: another one holds all of it."""
    return (
        item.album_only,
        item.origin == PARTNER,
        item.decision == "remove",
        not item.as_keeper,
        item.source in NOT_IN_GOOGLE,
        held,
        is_edited(item.filename),
        not policy.protects(item),
        not (item.camera_model or item.camera_taken_at),
        -item.pixels,
        item.photo_id,
    )


def _words(rule: str, kept: list[GroupPhoto], lost: list[GroupPhoto]) -> str:
    keeper = min(kept, key=lambda item: item.photo_id)
    if rule == "protected":
        return "a favourite" if keeper.favorite else "in a protected album"
    if rule == "pixels" or (rule == "original" and all(item.original_quality is not False for item in lost)):
        return f"most pixels ({keeper.size})"
    if rule == "format":
        return f"preferred format ({(policy_format(keeper.mime_type) or 'unknown').upper()})"
    if rule == "metadata":
        return f"has {_metadata_words(keeper)}"
    if rule == "name":
        own = name_rank(keeper.filename) == CAMERAS_OWN
        return f"named as the camera named it ({keeper.filename})" if own else "its name does not speak of a copy"
    if rule == "earliest":
        return f"uploaded first ({(keeper.uploaded_at or '')[:10]})"
    return {
        "own": "certainly your own",
        "not_removed": "not decided for removal",
        "chosen": "you chose it",
        "decided_keep": "you decided to keep it",
        "in_google": "it is in Google Photos",
        "holds": "the others can be made again from it",
        "moves": "it moves or has several pages",
        "original": "original quality",
        "density": "least compressed",
    }[rule]


def _metadata_words(item: GroupPhoto) -> str:
    present = {
        "camera": item.camera_model,
        "the camera's time": item.camera_taken_at,
        "place": item.latitude is not None,
        "description": item.description,
        "albums": item.albums,
    }
    names = [name for name, value in present.items() if value]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "most metadata"
