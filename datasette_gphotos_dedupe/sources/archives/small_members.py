"""What the small files of a zip say, looked at many at a time, here or in another process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

from ...errors import PictureError
from ...input_file import open_input
from ...model import Trouble
from .entries import Entry
from .members import address_in_zip, read_member

AT_ONCE = 1_000  # looked at by another process in some 20 ms, and handed over in one

Look = Callable[[bytes], Any]
"""What the bytes of a small file say. It raises nothing, and it and its results pickle."""


class Later(Protocol):
    """A result that is being made."""

    def result(self) -> object:
        """Wait for it; anything but a list is no result."""
        ...


Aside = Callable[..., Later]
"""Has `function(*args)` called in another process."""


def look_at_member(read: Callable[[], bytes], look: Look) -> Any:
    """What `look` says of the bytes that are read; Trouble where they cannot be had."""
    try:
        return look(read())
    except PictureError as error:
        return Trouble(error.code, str(error))


def look_at_members(path: str, entries: Sequence[Entry], look: Look) -> list[Any]:
    """What `look` says of each of these members, in their order; Trouble of one whose bytes cannot be had. Raises OSError."""
    with open_input(path) as archive:
        return [look_at_member(partial(read_member, archive, address_in_zip(path, entry)), look) for entry in entries]


def look_aside(aside: Aside, path: str, entries: Sequence[Entry], look: Look) -> Iterator[tuple[Entry, Any]]:
    """Each with what `look` says of it, begun at once by other processes; what comes to nothing there is done here when its turn comes."""
    pieces = [entries[start : start + AT_ONCE] for start in range(0, len(entries), AT_ONCE)]
    begun = [(piece, aside(look_at_members, path, piece, look)) for piece in pieces]
    results = ((piece, _result(later, len(piece)) or look_at_members(path, piece, look)) for piece, later in begun)
    return (each for piece, found in results for each in zip(piece, found, strict=True))


def _result(later: Later, count: int) -> list[Any] | None:
    try:
        found = later.result()
    except Exception:  # whatever happened to that process or its disk: here it happens again, or it does not
        return None
    return found if isinstance(found, list) and len(found) == count else None


def said_of(said: Iterator[tuple[Entry, Any]], entry: Entry) -> Any:
    """What is said of this one, whose turn it is: what a sidecar says must never be said of another picture."""
    whose, what = next(said)
    if whose is not entry:
        raise RuntimeError(f"{entry.path} was looked at out of turn: {whose.path} was next")
    return what
