"""Is this picture in the library already? Nothing is stored: its file is read, compared with all, and the nearest are verified.

Candidates come as the match step finds them (equal bytes, plain hashes within the radius, variants of either side), and the
same pixels decide, so that the answer is the one an import of the picture would give.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.pictures.fingerprint import RADIUS_BITS, VARIANTS
from ..core.pictures.hash_variants import BASE
from ..core.verdict.compared_photo import Subject
from ..core.verdict.relation import same_bytes_verdict
from ..errors import PictureError, SourceError
from ..formatting import web_link
from ..input_file import open_input
from ..model import CHANGED_RELATIONS, RELATIONS, REMOVABLE_RELATIONS, Reading, Trouble
from ..sources.archives.members import Address
from ..store.library.files import FilePlace, read_places
from ..store.matching import finding as lookups
from ..store.matching.matches import read_subjects
from ..store.matching.nearest import read_nearest
from .proving_on_originals import ProofTask, prove_task
from .reading import read_media

NEAR = 40  # candidates by the plain hash that are looked at
NEAR_BY_VARIANT = 10  # for each variant
SHOWN_NEAREST = 3
FEWER_PIXELS = 0.95  # a RAW file's pixels are cut a little differently by every program
_SURENESS = {relation: number for number, relation in enumerate(RELATIONS)}


@dataclass(frozen=True)
class Likeness:
    """A photo of the library beside the picture asked about. `relation` None: near by its hash, and another picture."""

    photo_id: str
    relation: str | None
    confidence: float | None
    evidence: str
    distance_bits: int
    filename: str | None = None
    product_url: str | None = None
    mime_type: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    taken_at: str | None = None
    trashed: bool = False


@dataclass(frozen=True)
class Lookup:
    """The answer about one picture. `found` is surest first; `nearest` are other pictures that come closest."""

    name: str
    sha1: str
    bytes: int
    mime_type: str | None
    width: int | None
    height: int | None
    found: tuple[Likeness, ...]
    nearest: tuple[Likeness, ...]
    no_pixels: str | None = None  # why only the bytes could be compared

    @property
    def answer(self) -> str:
        """``copy`` (it is there), ``smaller`` (there with fewer pixels), ``version`` (edited, cut or turned), ``alike``, ``trashed``
        (only in the bin) or ``none``.
        """
        kept = {likeness.relation for likeness in self.found if not likeness.trashed}
        if kept & REMOVABLE_RELATIONS:
            return "copy" if self._best() is None or not self._smaller(self._best()) else "smaller"
        if any(likeness.trashed and likeness.relation in REMOVABLE_RELATIONS for likeness in self.found):
            return "trashed"
        return "version" if kept & CHANGED_RELATIONS else ("alike" if kept else "none")

    def _best(self) -> Likeness | None:
        """The largest copy that is not in the bin."""
        copies = [one for one in self.found if not one.trashed and one.relation in REMOVABLE_RELATIONS]
        return max(copies, key=lambda one: (one.relation == "same_bytes", (one.width or 0) * (one.height or 0)), default=None)

    def _smaller(self, copy: Likeness | None) -> bool:
        """Whether a copy has clearly fewer pixels than the picture asked about, which must not be thrown away for it then."""
        if copy is None or copy.relation == "same_bytes" or not (self.width and self.height and copy.width and copy.height):
            return False
        return copy.width * copy.height < FEWER_PIXELS * self.width * self.height

    def words(self) -> str:
        """The answer as a sentence."""
        first = self.found[0] if self.found else None
        name = (first.filename or first.photo_id) if first else ""
        return {
            "copy": f"Yes: {name} is the same picture.",
            "smaller": f"Only smaller: {_size_of(self._best())} is there, and this has {self.width} × {self.height} pixels. Keep it.",
            "trashed": "Only in the bin: a photo of the same picture is there and will be gone.",
            "version": f"Another version of it: {name} is the same picture changed.",
            "alike": f"Probably not: {name} only looks alike. Compare them yourself.",
            "none": "No: nothing in the library shows this picture.",
        }[self.answer]


def _size_of(copy: Likeness | None) -> str:
    return f"{copy.filename or copy.photo_id} with {copy.width} × {copy.height} pixels" if copy else ""


def read_picture(name: str, data: bytes | None = None, path: Path | None = None) -> Reading:
    """What the bytes of one picture (or of the file at `path`) are. Raises PictureError, SourceError; each says why."""
    try:
        size = len(data) if data is not None else _size_of_file(path or name)
    except OSError as error:
        raise SourceError(f"{path or name} cannot be read: {error.strerror}.") from None
    reading = read_media(Address(str(path or name), name, size, data=data))
    if isinstance(reading, Trouble):
        raise PictureError(reading.code, f"{name} cannot be looked up: {reading.reason}.")
    return reading


def _size_of_file(path: str | Path) -> int:
    with open_input(path) as stream:
        return os.fstat(stream.fileno()).st_size


def find_picture(conn: sqlite3.Connection, name: str, reading: Reading, path: Path | None = None) -> Lookup:
    """Where the library has this picture. Reads only; at 200,000 photos a second, or some more when it is not found at once.

    Copies are proved from the originals with the file at `path`; without it on previews, which prove only what is no larger than one.
    """
    asked = _subject(name, reading)
    own = [FilePlace("", str(path.absolute().parent), path.name, reading.bytes, reading.sha1)] if path else []
    holders = lookups.read_holders(conn, reading.sha1)
    found = _verify(conn, asked, own, _candidates(conn, reading), holders) if reading.fingerprint else []
    found += [_same_bytes(asked, photo_id, role) for photo_id, role in holders.items()]
    if reading.fingerprint and not any(likeness.relation in REMOVABLE_RELATIONS for likeness in found):
        known = {likeness.photo_id for likeness in found}
        cut = lookups.read_variants_near(conn, reading.fingerprint.phash, VARIANTS)
        found += _verify(conn, asked, own, _first_each(cut), known)
    found.sort(key=lambda likeness: (_SURENESS[likeness.relation or ""], -(likeness.confidence or 0), likeness.photo_id))
    nearest = _nearest(conn, reading, {likeness.photo_id for likeness in found})
    facts = lookups.read_facts(conn, [likeness.photo_id for likeness in [*found, *nearest]])
    return Lookup(
        name=name,
        sha1=reading.sha1,
        bytes=reading.bytes,
        mime_type=reading.mime_type,
        width=reading.width,
        height=reading.height,
        found=tuple(_told(likeness, facts) for likeness in found),
        nearest=tuple(_told(likeness, facts) for likeness in nearest),
        no_pixels=reading.no_pixels,
    )


def _subject(name: str, reading: Reading) -> Subject:
    """The picture as the verifier sees it. Its id is no photo's."""
    return Subject(
        photo_id="",
        thumbnail=reading.thumbnail.content if reading.thumbnail else None,
        phash=reading.fingerprint.phash if reading.fingerprint else "",
        variants=reading.fingerprint.variants if reading.fingerprint else {},
        flatness=reading.fingerprint.flatness if reading.fingerprint else 0.0,
        taken_at=reading.taken_at,
        taken_at_source="exif" if reading.taken_at else None,
        filename=name,
        **{
            field: getattr(reading, field)
            for field in ("width", "height", "bytes", "mime_type", "kind", "duration_s", "sha1")
            + ("camera_taken_at", "camera_make", "camera_model")
        },
    )


Candidates = dict[str, tuple[int, str]]
"""Photo id to the distance in bits at which it met the picture, and the variant that met (`base`: the plain hashes)."""


def _candidates(conn: sqlite3.Connection, reading: Reading) -> Candidates:
    assert reading.fingerprint is not None
    near = [
        (one["photo_id"], one["distance_bits"], BASE)
        for one in read_nearest(conn, int(reading.fingerprint.phash, 16), NEAR, RADIUS_BITS)
    ]
    for name, phash in reading.fingerprint.variants.items():
        if name in VARIANTS:
            hits = read_nearest(conn, int(phash, 16), NEAR_BY_VARIANT, VARIANTS[name])
            near += [(one["photo_id"], one["distance_bits"], name) for one in hits]
    return _first_each(near)


def _first_each(near: list[tuple[str, int, str]]) -> Candidates:
    """Each photo once, plain hashes before variants, as they come."""
    found: Candidates = {}
    for photo_id, bits, variant in near:
        found.setdefault(photo_id, (bits, variant))
    return found


def _verify(
    conn: sqlite3.Connection, asked: Subject, own: list[FilePlace], candidates: Candidates, known: Mapping | set
) -> list[Likeness]:
    """The candidates that the pixels confirm, but for those that are known already."""
    wanted = {photo_id: met for photo_id, met in candidates.items() if photo_id not in known}
    subjects, places = read_subjects(conn, wanted), read_places(conn, list(wanted))
    found = []
    for photo_id, (bits, variant) in wanted.items():
        if photo_id in subjects:
            verdict, _ = prove_task(ProofTask(asked, subjects[photo_id], bits, variant, tuple(own), tuple(places[photo_id])))
            if verdict:
                found.append(Likeness(photo_id, verdict.relation, verdict.confidence, verdict.evidence, bits))
    return found


def _same_bytes(asked: Subject, photo_id: str, role: str) -> Likeness:
    verdict = same_bytes_verdict(asked, asked, 0, BASE)
    part = {"edited": " It is its edited version.", "live_video": " It is its live video."}.get(role, "")
    return Likeness(photo_id, verdict.relation, verdict.confidence, verdict.evidence + part, 0)


def _nearest(conn: sqlite3.Connection, reading: Reading, known: set[str]) -> list[Likeness]:
    if reading.fingerprint is None:
        return []
    near = read_nearest(conn, int(reading.fingerprint.phash, 16), SHOWN_NEAREST + len(known))
    others = [one for one in near if one["photo_id"] not in known][:SHOWN_NEAREST]
    return [Likeness(one["photo_id"], None, None, "Another picture.", one["distance_bits"]) for one in others]


def _told(likeness: Likeness, facts: dict[str, dict[str, Any]]) -> Likeness:
    told = {**facts.get(likeness.photo_id, {}), "photo_id": likeness.photo_id}
    told["product_url"] = web_link(told.get("product_url"))
    return Likeness(
        relation=likeness.relation,
        confidence=likeness.confidence,
        evidence=likeness.evidence,
        distance_bits=likeness.distance_bits,
        **{**told, "trashed": bool(told.get("trashed"))},
    )
