"""Pictures for a page, decoded in worker processes: one that somebody sent, and originals. What goes wrong comes back as Trouble."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.pictures.decode_memory import refuse_footprint
from ..errors import GphotosError, PictureError
from ..model import Reading, Trouble
from ..sources.archives.containers import is_stream
from ..sources.archives.members import Address
from ..sources.archives.originals import find_original, read_original, read_sha1
from ..store.library.files import FilePlace
from ..store.read_only import open_for_reading
from .reading import read_media

if TYPE_CHECKING:
    from .finding import Lookup

MAX_MEMORY_BYTES = 1_500_000_000  # of one worker: 180 megapixels of JPEG, 80 of WebP, 65 with an alpha channel
CPU_S = 20.0
TIMEOUT_S = 60.0  # by the clock: a sleeping disk, a busy machine
MAX_ORIGINAL_BYTES = 200_000_000
NOT_SHOWN = "it no longer lies where it was imported from, has changed since, or cannot be decoded here"
"""Why an original is not shown. One sentence for all reasons: `files` may be made by anybody, and must not tell who looks at a page
what else there is on this machine.
"""


def read_sent(name: str, data: bytes) -> Reading | Trouble:
    """What the bytes of a picture are that somebody sent."""
    try:
        refuse_footprint(data, MAX_MEMORY_BYTES)
    except PictureError as error:
        return Trouble(error.code, str(error))
    return read_media(Address(name, name, len(data), data=data))


def find_sent(database: str, name: str, data: bytes, reading: Reading) -> Lookup | Trouble:
    """Where the library has a picture that somebody sent, proved from the originals; it lies on disk no longer than that takes."""
    from .finding import find_picture

    try:
        with tempfile.TemporaryDirectory(prefix="gphotos-") as folder, open_for_reading(database) as conn:
            path = Path(folder, f"sent{os.path.splitext(name)[1]}")
            path.write_bytes(data)
            return find_picture(conn, name, reading, path)
    except (GphotosError, OSError) as error:
        return Trouble("not_found", str(error).rstrip("."))


def render_first(places: Sequence[FilePlace]) -> bytes | Trouble:
    """The first place that gives a picture, as a JPEG of pixels only."""
    for place in places:
        try:
            return _render(place)
        except (GphotosError, MemoryError):
            continue
    return Trouble("not_shown", NOT_SHOWN)


def is_there(place: FilePlace) -> bool:
    """Whether the very file that was imported lies there still; of one in a tgz, which takes as long as unpacking it, nobody asks.

    Its checksum is asked for, not only its place: that a file of some name exists is nobody's business either.
    """
    if is_stream(place.container):
        return True
    try:
        path = find_original(place.container, place.member).path
        status = os.stat(path)
        return _read_sum(place.container, place.member, status.st_size, status.st_mtime_ns) == place.sha1
    except (GphotosError, OSError):
        return False


@lru_cache(maxsize=10_000)
def _read_sum(container: str, member: str, size: int, mtime_ns: int) -> str | None:
    """The checksum of a file; None for one that is too large to be shown. Size and time are asked for so that a changed one is read."""
    if find_original(container, member).bytes > MAX_ORIGINAL_BYTES:
        return None
    return read_sha1(container, member)[0]


def _render(place: FilePlace) -> bytes:
    from ..core.pictures.browser_jpeg import render_jpeg

    data = read_original(place.container, place.member, MAX_ORIGINAL_BYTES, place.sha1)
    refuse_footprint(data, MAX_MEMORY_BYTES)
    return render_jpeg(data, place.member).content
