"""The libraries of a reading process, imported once in the server that workers are forked from."""

from __future__ import annotations

import contextlib

from . import reading  # noqa: F401

for _name in ("numpy", "PIL.Image", "imagehash", "pillow_heif"):
    with contextlib.suppress(ImportError):
        __import__(_name)
