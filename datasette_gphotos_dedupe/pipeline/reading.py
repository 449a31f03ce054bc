"""Everything that is learnt from the bytes of one file, in one go. Runs in worker processes: arguments and results pickle."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import replace
from typing import BinaryIO

from ..core.pictures.embedded_extras import MOVING, list_extras
from ..core.pictures.exif import CameraFacts, camera_facts
from ..core.pictures.file_kinds import HEAD_BYTES, PHOTO, RAW, VIDEO, Kind, kind_of
from ..errors import MissingExtra, PictureError, SourceError
from ..model import Reading, Trouble
from ..sources.archives.members import Address, open_address
from ..sources.takeout.naming import is_photo_name, is_video_name, split_extension

FULL, HASH, ITEM = "full", "hash", "item"
"""How a file is read; ITEM is FULL for what is known to be an item of the library, whether or not it can be seen."""

CHUNK = 1 << 20
MAX_PICTURE_BYTES = 512_000_000  # of a picture file; a 500-megapixel PNG may reach that
NEEDS_RAW, NEEDS_VIDEO = "needs_raw", "needs_video"
LOST_BYTES = frozenset(
    ("wrong_crc", "damaged", "stalled", "unreadable")
)  # the archive or the disk is in the way, not the picture


def read_media(address: Address, mode: str = FULL) -> Reading | Trouble:
    """What one file is: checksum, kind, size, camera, fingerprint and preview; with `mode` HASH, checksum and kind only.

    Trouble with the file is returned; with `mode` ITEM only when its bytes cannot be had: a picture that cannot be decoded is an
    item of the library like any other. SourceError is raised when its container is gone.
    """
    outcome = _read_media(address, mode)
    if mode != ITEM or isinstance(outcome, Reading) or outcome.code in LOST_BYTES:
        return outcome
    hashed = _read_media(address, HASH, of_any_kind=True)
    return replace(hashed, no_pixels=outcome.reason, code=outcome.code) if isinstance(hashed, Reading) else hashed


def _read_media(address: Address, mode: str, of_any_kind: bool = False) -> Reading | Trouble:
    try:
        with open_address(address) as stream:
            return _read(stream, address, mode, of_any_kind)
    except PictureError as error:
        return Trouble(error.code, f"{error}")
    except MissingExtra as error:
        return Trouble(f"needs_{error.extra}", f"{error}")
    except MemoryError:
        return Trouble("too_large", "it needs more memory than one picture may have")
    except OSError as error:
        raise SourceError(f"{address.path} can no longer be read: {error.strerror or error}.") from error


def _read(stream: BinaryIO, address: Address, mode: str, of_any_kind: bool) -> Reading | Trouble:
    if address.bytes == 0 and not of_any_kind:
        return Trouble("empty", "it is empty: 0 bytes")
    head = stream.read(HEAD_BYTES)
    kind = kind_of(head, split_extension(address.name)[1].lower())
    if kind is None and of_any_kind:
        kind = Kind(VIDEO if is_video_name(address.name) else PHOTO, None)
    if kind is None:
        _check_sum(stream, address)
        return Trouble("not_a_picture", "its content is neither a picture nor a video in a format that is known")
    if mode == HASH or kind.family == VIDEO:
        return _read_hashed(stream, head, kind, mode)
    if address.bytes > MAX_PICTURE_BYTES:
        return Trouble("too_large", f"it has {address.bytes:,} bytes; pictures up to {MAX_PICTURE_BYTES:,} are read")
    data = head + stream.read()
    try:
        return _read_raw(data, kind) if kind.family == RAW else _read_picture(data, kind)
    except (PictureError, MissingExtra, MemoryError):
        raise
    except Exception as error:  # codecs raise anything on damaged input, and one picture must not end an import
        return Trouble("broken", f"it cannot be decoded: {str(error) or type(error).__name__}")


def _check_sum(stream: BinaryIO, address: Address) -> None:
    """Raise PictureError when what is called a picture is none because its archive is damaged."""
    named_so = is_photo_name(address.name) or is_video_name(address.name)
    if address.crc32 is not None and named_so and address.bytes <= MAX_PICTURE_BYTES:
        while stream.read(CHUNK):
            pass


def _read_picture(data: bytes, kind: Kind) -> Reading:
    from ..core.pictures.decode import decode_picture
    from ..core.pictures.fingerprint import compute_fingerprint, make_thumbnail

    decoded = decode_picture(data)
    facts = camera_facts(data)
    extras = list_extras(data, decoded.format, decoded.moves, decoded.transparent)
    return _reading(
        hashlib.sha1(data).hexdigest(),
        len(data),
        kind,
        facts,
        width=decoded.width,
        height=decoded.height,
        fingerprint=compute_fingerprint(decoded.image),
        thumbnail=make_thumbnail(decoded.image),
        moves=not MOVING.isdisjoint(extras),
        extras=extras,
        flaw=decoded.flaw,
    )


def _read_raw(data: bytes, kind: Kind) -> Reading:
    from ..core.pictures.fingerprint import compute_fingerprint, make_thumbnail
    from ..core.pictures.raw import decode_raw

    decoded, preview = decode_raw(data)
    own = camera_facts(data)
    return _reading(
        hashlib.sha1(data).hexdigest(),
        len(data),
        kind,
        own if own.make or own.camera_taken_at else camera_facts(preview),
        width=decoded.width,
        height=decoded.height,
        fingerprint=compute_fingerprint(decoded.image),
        thumbnail=make_thumbnail(decoded.image),
    )


def _read_hashed(stream: BinaryIO, head: bytes, kind: Kind, mode: str) -> Reading:
    digest, count = hashlib.sha1(head), len(head)
    while data := stream.read(CHUNK):
        digest.update(data)
        count += len(data)
    if mode == HASH or kind.family != VIDEO:
        return _reading(digest.hexdigest(), count, kind, CameraFacts())
    stream.seek(0)
    return _read_video(stream, digest.hexdigest(), count, kind)


def _read_video(stream: BinaryIO, sha1: str, count: int, kind: Kind) -> Reading:
    from ..core.pictures.fingerprint import compute_fingerprint, make_thumbnail
    from ..core.pictures.video import read_steady_frame

    # A video is an item of the library whether or not its frames can be seen.
    try:
        video = read_steady_frame(stream)
    except (MissingExtra, PictureError) as error:
        return _reading(sha1, count, kind, CameraFacts(), no_pixels=str(error))
    return _reading(
        sha1,
        count,
        kind,
        CameraFacts(taken_at=video.taken_at, camera_taken_at=video.camera_taken_at),
        width=video.width,
        height=video.height,
        duration_s=video.duration_s,
        fingerprint=compute_fingerprint(video.image),
        thumbnail=make_thumbnail(video.image),
    )


def _reading(sha1: str, count: int, kind: Kind, facts: CameraFacts, **more) -> Reading:
    return Reading(
        sha1=sha1,
        bytes=count,
        mime_type=kind.mime_type,
        kind="video" if kind.family == VIDEO else PHOTO,
        camera_taken_at=facts.camera_taken_at,
        taken_at=facts.taken_at,
        camera_make=facts.make,
        camera_model=facts.model,
        latitude=facts.latitude,
        longitude=facts.longitude,
        **more,
    )


def is_worth_another_try(code: str | None) -> bool:
    """Whether what was in the way of a file may be gone: a damaged archive downloaded again, a disk that slept, a missing extra."""
    return code in LOST_BYTES or can_read(code)


def can_read(code: str | None) -> bool:
    """Whether a file skipped with this code is worth another try: the library it needed is here now."""
    module = {NEEDS_RAW: "rawpy", NEEDS_VIDEO: "av"}.get(code or "")
    return module is not None and importlib.util.find_spec(module) is not None


def can_read_now(reason: str) -> bool:
    """Whether a photo without pixels for this reason is worth another try, because the extra that it names is here now."""
    return any(f"[{extra}]" in reason and can_read(f"needs_{extra}") for extra in ("raw", "video"))
