"""Whether two rows may be one item of the library, seen through two sources. Pure."""

from __future__ import annotations

from typing import Protocol


class Seen(Protocol):
    """What is known of a row of `photos` that tells items apart."""

    @property
    def source(self) -> str | None: ...
    @property
    def filename(self) -> str | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def taken_at(self) -> str | None: ...
    @property
    def media_key(self) -> str | None: ...
    @property
    def library_id(self) -> str | None: ...


def may_be_one_item(a: Seen, b: Seen) -> bool:
    """True when two rows may stand for one item, so that removing "one of two" could remove the only one.

    Sources know an item by different ids (media key, id per app, none), and only some know its bytes. One item has one size and
    one time, so rows of different sources that agree in either are not taken for two items.
    """
    if (a.media_key and a.media_key == b.media_key) or (a.library_id and a.library_id == b.library_id):
        return True
    if a.source == b.source or (a.media_key and b.media_key):
        return False
    sizes = [sorted((item.width or 0, item.height or 0)) for item in (a, b)]
    unknown_size = 0 in sizes[0] + sizes[1]
    same_moment = a.taken_at is not None and a.taken_at == b.taken_at and a.filename == b.filename
    return unknown_size or sizes[0] == sizes[1] or same_moment
