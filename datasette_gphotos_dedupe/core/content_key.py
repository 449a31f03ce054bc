"""Google's content key and the SHA-1 it is made of. Pure."""

from __future__ import annotations

import base64
import binascii
import re

_DEDUP_KEY = re.compile(r"([A-Za-z0-9_-]{27})(?::([0-9A-Fa-f]+))?")


def dedup_key_of(sha1: str) -> str:
    """Google's content key of a file: the unpadded URL-safe base64 of its SHA-1, 27 characters."""
    return base64.urlsafe_b64encode(bytes.fromhex(sha1)).rstrip(b"=").decode()


def sha1_of(dedup_key: str | None) -> str | None:
    """The SHA-1 (hex) that a content key holds; None for a key of another shape.

    Google marks some items of one content with ``:`` and hexadecimal digits: what stands before is the checksum all the same.
    """
    found = _DEDUP_KEY.fullmatch(dedup_key or "")
    try:
        return base64.urlsafe_b64decode(found[1] + "=").hex() if found else None
    except binascii.Error:
        return None


def provisional_id(dedup_key: str) -> str:
    """The id of a photo of which this content key is all that is known: that of its checksum where the key holds one."""
    sha1 = sha1_of(dedup_key)
    return ":".join(("sha1", sha1, *dedup_key.split(":")[1:])) if sha1 else f"{PROVISIONAL[1]}{dedup_key}"


PROVISIONAL = ("sha1:", "dedup:")
"""How the ids of photos begin whose media key is not known yet."""
