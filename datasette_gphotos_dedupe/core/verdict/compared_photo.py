"""One photo as it is compared: its preview and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Subject:
    """One photo as the verifier sees it: its preview and what is known about it."""

    photo_id: str
    thumbnail: bytes | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    mime_type: str | None = None
    kind: str = "photo"
    duration_s: float | None = None
    flatness: float = 0.0
    phash: str = ""
    variants: dict[str, str] = field(default_factory=dict, hash=False)
    taken_at: str | None = None
    taken_at_source: str | None = None
    camera_taken_at: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    filename: str | None = None
    origin: str | None = None
    sha1: str | None = None
    dedup_key: str | None = None
    album_only: bool = False
    app_created: bool = False
    source: str | None = None
    extras: tuple[str, ...] = ()  # what its file holds beside the picture: core.pictures.embedded_extras
