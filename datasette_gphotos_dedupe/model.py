"""The shapes that travel between the rooms. Frozen, plain, without behaviour beyond a derived value.

Times are UTC ISO 8601 text ending in ``Z``; sizes are in bytes; hashes are lower-case hex.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

Shape = TypeVar("Shape")


def altered(shape: Shape, **changes: object) -> Shape:
    """A copy of one of these with some values changed: what `dataclasses.replace` does, without asking for each field.

    That one asks for each of a photo's forty fields; an import of known photos does it for each of them.
    """
    copy = object.__new__(type(shape))
    copy.__dict__.update(shape.__dict__, **changes)
    return copy


NOT_IN_GOOGLE = frozenset({"folder"})
"""The sources whose pictures are not known to be in Google Photos: none of theirs stands in for one that is there."""


@dataclass(frozen=True)
class Relation:
    """How two photos relate, and what follows from it for one of them.

    `may_go`: proved by pixels, the lesser one may be suggested for removal. `same_exposure`: both came of one press of the button.
    `changed`: somebody made another picture of it.
    """

    name: str
    may_go: bool = False
    same_exposure: bool = False
    changed: bool = False


RELATION_RULES = (
    Relation("same_bytes", may_go=True, same_exposure=True),
    Relation("re_encode", may_go=True, same_exposure=True),
    Relation("smaller_copy", may_go=True, same_exposure=True),
    Relation("raw_and_jpeg", may_go=True, same_exposure=True),
    Relation("other_format", may_go=True, same_exposure=True),
    Relation("edited", same_exposure=True, changed=True),
    Relation("crop", same_exposure=True, changed=True),
    Relation("turned", same_exposure=True, changed=True),
    Relation("mirrored", same_exposure=True, changed=True),
    Relation("series"),
    Relation("look_alike"),
)
"""What a relation may do, said once: Python asks the sets below, SQL is written from them."""

RELATIONS = tuple(rule.name for rule in RELATION_RULES)
"""How two photos relate, surest first."""

REMOVABLE_RELATIONS = frozenset(rule.name for rule in RELATION_RULES if rule.may_go)
"""The only relations that may ever be pre-selected for removal, and only when proved against the keeper."""

CHANGED_RELATIONS = frozenset(rule.name for rule in RELATION_RULES if rule.changed)
"""One exposure, and another picture of it: each may be the only one of its kind."""

DIFFERENT_RELATIONS = frozenset(rule.name for rule in RELATION_RULES if not rule.same_exposure)
"""Two exposures, or nobody knows: seeing them together proves nothing about the picture."""

DECISIONS = ("keep", "remove", "not_duplicate", "same_picture")
"""What a person says: the first two of a photo, the others of a photo and the one that stays."""

PAIR_DECISIONS = frozenset(DECISIONS[2:])

WORDS = ("remade", "same_bytes", "on your word")
"""On whose word a photo goes: made again from the one that stays, equal bytes, or the person's own."""


MAX_NAME = 255  # characters of a file name: what file systems and Google itself take


def bounded_name(name: str) -> str:
    """A file name as somebody can have given it: of a longer one, which only an archive or a list can hold, beginning and end."""
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 41]}…{name[-40:]}"


@dataclass(frozen=True)
class File:
    """A place where bytes of a photo can be had. `member` is the path inside an archive or below a folder."""

    container: str
    member: str
    role: str = "original"  # original, edited, live_video, album_copy
    bytes: int | None = None
    sha1: str | None = None
    crc32: int | None = None
    modified_at: str | None = None


@dataclass(frozen=True)
class Album:
    """An album as a source knows it."""

    album_id: str
    title: str
    description: str | None = None
    app_created: bool = False


@dataclass(frozen=True)
class Photo:
    """One library item: a row of `photos`, with its files, albums and people."""

    photo_id: str
    source: str
    filename: str | None = None
    description: str | None = None
    mime_type: str | None = None
    kind: str | None = "photo"  # or video; None: leave what is known
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    duration_s: float | None = None
    no_pixels: str | None = None  # why there is no fingerprint, in words
    taken_at: str | None = None
    taken_at_source: str | None = None
    camera_taken_at: str | None = None  # the camera's own clock, with sub-seconds, no zone
    uploaded_at: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    favorite: bool = False
    archived: bool = False
    trashed: bool = False
    origin: str | None = None
    product_url: str | None = None
    media_key: str | None = None
    dedup_key: str | None = None
    library_id: str | None = None
    app_created: bool = False
    album_only: bool = False
    moves: bool = False  # its file holds more than a still
    extras: tuple[str, ...] | None = None  # what it holds beside the first still; None: not looked
    flaw: str | None = None  # what is wrong with its file, though it can be seen
    original_quality: bool | None = None  # False for "storage saver"
    space_bytes: int | None = None
    sidecar_rule: str | None = None  # the naming rule that paired media and sidecar
    exported_at: str | None = None  # the metadata is of this day: newer wins
    sha1: str | None = None
    files: tuple[File, ...] = ()  # the best one first
    albums: tuple[str, ...] = ()  # album ids
    people: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.filename and len(self.filename) > MAX_NAME:
            object.__setattr__(self, "filename", bounded_name(self.filename))


@dataclass(frozen=True)
class Fingerprint:
    """What a photo looks like.

    `phash` is a 256-bit DCT median hash as 64 hex digits. `variants` maps a name (``trim``, ``crop10``, ``rot90`` ...) to a
    hash of the same kind. `flatness` is 0.0 (rich in detail) to 1.0 (one colour). `algorithm` names method and version.
    """

    phash: str
    flatness: float
    algorithm: str
    variants: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Thumbnail:
    """A preview: `content` is a JPEG of at most 320 px on its longer side and under 100 KB."""

    content: bytes
    width: int
    height: int


MEASURES = (
    *("variant", "correlation", "overlap", "scale", "tilt_degrees", "pixel_difference", "worst_block"),
    *("worst_shade", "bad_share", "spot"),
    *("detail_difference", "worst_detail", "structure", "tone_shift", "contrast_ratio", "colour_difference", "worst_colour"),
    *("colour_spot", "saturation_ratio", "colour_cast", "time_gap_s", "same_time", "same_name", "same_camera"),
    *("remade", "remade_worst", "remade_colour", "remade_px", "remade_from", "objection", "wants_proof"),
)
"""What is measured on a pair, and its columns in `pairs`."""


@dataclass(frozen=True)
class Link:
    """What a pair means for a group: its relation, the photo that the other was made again from (None when it was not), and how
    well that went: 1 is the best, more is worse."""

    relation: str
    holder: str | None = None
    left: float = 1.0


@dataclass(frozen=True)
class Pair:
    """Two photos (`photo_a` < `photo_b`), the numbers measured on them, and what they add up to."""

    photo_a: str
    photo_b: str
    distance_bits: int
    relation: str
    confidence: float
    evidence: str
    measures: dict[str, float | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Member:
    """A photo in a group. `role` is keeper, copy or look_alike; `suggested` is keep, remove, or None to ask the person."""

    photo_id: str
    role: str
    relation: str | None
    reason: str
    suggested: str | None = None


@dataclass(frozen=True)
class Group:
    """A star: every member was verified against the keeper, never against another member."""

    group_id: str
    keeper_id: str
    relation: str
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Refusal:
    """A photo that was left out of something, with the reason in words."""

    photo_id: str
    reason: str
    product_url: str | None = None


@dataclass(frozen=True)
class Reading:
    """What the bytes of one file are. Without `fingerprint`, `no_pixels` says why in words, or the bytes were only hashed."""

    sha1: str
    bytes: int
    mime_type: str | None = None
    kind: str = "photo"
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    camera_taken_at: str | None = None
    taken_at: str | None = None  # UTC, when the file knows its own offset
    camera_make: str | None = None
    camera_model: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    fingerprint: Fingerprint | None = None
    thumbnail: Thumbnail | None = None
    no_pixels: str | None = None
    code: str | None = None  # of the trouble that left a picture unseen, as in `Trouble`
    moves: bool = False  # an animation, several pages, or the film of a motion photo
    extras: tuple[str, ...] = ()  # words of `core.pictures.embedded_extras`
    flaw: str | None = None  # what is wrong with a file that can be seen all the same


@dataclass(frozen=True)
class Trouble:
    """Why a file was not used: a short stable `code` and a `reason` in words, as in the table `skipped`."""

    code: str
    reason: str
