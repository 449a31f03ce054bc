"""Which addresses may ever be contacted: Google's, and a stand-in on this machine when one is configured."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from ..errors import GoogleError

LIBRARY_API = "https://photoslibrary.googleapis.com"
PICKER_API = "https://photospicker.googleapis.com"
LIBRARY_API_VARIABLE = "GPHOTOS_LIBRARY_API"
PICKER_API_VARIABLE = "GPHOTOS_PICKER_API"

_GOOGLE_HOSTS = frozenset(
    {
        "photoslibrary.googleapis.com",
        "photospicker.googleapis.com",
        "oauth2.googleapis.com",
        "accounts.google.com",
        "www.googleapis.com",
    }
)
_MEDIA_DOMAIN = ".googleusercontent.com"  # lh3, lh4 ... video-downloads
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def check_address(url: str, loopback: bool) -> str:
    """`url` itself when it may be contacted; raises GoogleError otherwise.

    Google's hosts must be https. A loopback address passes only with `loopback`, which callers set when the API they talk
    to is itself a stand-in on this machine: an answer of the real Google can then never point at a local service.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    google = host in _GOOGLE_HOSTS or host.endswith(_MEDIA_DOMAIN)
    if google and parts.scheme == "https" and parts.port in (None, 443) and "@" not in parts.netloc:
        return url
    if loopback and is_loopback(url):
        return url
    raise GoogleError(
        f"The address {parts.scheme}://{host} is not one of Google's, so it was not contacted and nothing was sent."
    )


def is_loopback(url: str) -> bool:
    """True for plain http to this very machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and (parts.hostname or "") in _LOOPBACK and "@" not in parts.netloc


def read_library_api() -> str:
    """The base address of the Library API: Google's, or the loopback one in GPHOTOS_LIBRARY_API."""
    return _base(LIBRARY_API_VARIABLE, LIBRARY_API)


def read_picker_api() -> str:
    """The base address of the Picker API: Google's, or the loopback one in GPHOTOS_PICKER_API."""
    return _base(PICKER_API_VARIABLE, PICKER_API)


def _base(variable: str, default: str) -> str:
    configured = os.environ.get(variable, "").rstrip("/")
    if not configured or configured == default:
        return default
    if not is_loopback(configured):
        raise GoogleError(
            f"{variable} is {configured}, but only a stand-in on this machine (http://127.0.0.1:PORT) may take Google's place. "
            f"Unset {variable} to talk to Google."
        )
    return configured
