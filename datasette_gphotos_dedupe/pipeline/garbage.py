"""When Python looks for garbage: not while an index or a library is read, of which all stays, and seldom while that is gone through."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator

SELDOM = 50_000  # objects more than before: Python looks after 700 or 2,000, and again at the items of an export for each tenth of them


@contextlib.contextmanager
def set_apart() -> Iterator[Callable[[], None]]:
    """Until the function it gives is called, Python looks for no garbage, and later seldom, and not among what came until then.

    An index has millions of objects that all stay: looking through them again and again takes a fifth of an import of known files, and
    a tenth of a match of a few new photos.
    """
    usual = gc.get_threshold()
    gc.disable()

    def looks_again() -> None:
        gc.freeze()
        gc.set_threshold(SELDOM, *usual[1:])
        gc.enable()

    try:
        yield looks_again
    finally:
        gc.set_threshold(*usual)
        gc.enable()
        gc.unfreeze()
