"""Google's content key and the SHA-1 it is made of. Pure."""

from __future__ import annotations

import base64
import binascii
import re

_DEDUP_KEY = re.compile(r"[A-Za-z0-9_-]{27}")


def dedup_key_of(sha1: str) -> str:
    """Google's content key of a file: the unpadded URL-safe base64 of its SHA-1, 27 characters."""
    return base64.urlsafe_b64encode(bytes.fromhex(sha1)).rstrip(b"=").decode()


def sha1_of(dedup_key: str | None) -> str | None:
    """The SHA-1 (hex) that a content key holds; None for a key of another shape."""
    if not dedup_key or not _DEDUP_KEY.fullmatch(dedup_key):
        return None
    try:
        return base64.urlsafe_b64decode(dedup_key + "=").hex()
    except binascii.Error:
        return None
