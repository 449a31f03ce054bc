"""Which addresses may ever be contacted: Google's, and a stand-in on this machine when one is configured."""

from __future__ import annotations

import os
import re

from ..errors import GoogleError

LIBRARY_API = "https://photoslibrary.googleapis.com"
PICKER_API = "https://photospicker.googleapis.com"
REVOCATION = "https://oauth2.googleapis.com/revoke"
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
# Scheme, host and port in letters that every parser reads alike. Of https://evil.example\.googleusercontent.com/ Python's reads one
# host and the HTTP library, which ends a host at the backslash, another.
_PLAIN = re.compile(
    r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)*|\[::1\])(?::([0-9]{1,5}))?(?:[/?#][!-\[\]-~]*)?", re.ASCII | re.IGNORECASE
)


def check_address(url: str, loopback: bool) -> str:
    """`url` itself when it may be contacted; raises GoogleError otherwise.

    Google's hosts must be https. A loopback address passes only with `loopback`, which callers set when the API they talk
    to is itself a stand-in on this machine: an answer of the real Google can then never point at a local service.
    """
    scheme, host, port = _read_address(url)
    google = host in _GOOGLE_HOSTS or host.endswith(_MEDIA_DOMAIN)
    if google and scheme == "https" and port in ("", "443"):
        return url
    if loopback and is_loopback(url):
        return url
    named = f"The address {scheme}://{host}" if host else "An address that cannot be read"
    raise GoogleError(f"{named} is not one of Google's, so it was not contacted and nothing was sent.")


def revocation_address(token_uri: str) -> str:
    """Where a sign-in is given back: one address of Google's for all, whichever host an older client file names for tokens."""
    if not is_loopback(token_uri):
        return REVOCATION
    base = _PLAIN.fullmatch(token_uri)
    return f"http://{token_uri[len('http://') :].partition('/')[0]}/revoke" if base else REVOCATION


def is_page(url: str) -> bool:
    """Whether a person may be sent to this address: a page of Google's, or of a stand-in on this machine."""
    scheme, host, port = _read_address(url)
    return (scheme, port) == ("https", "") and host.endswith(".google.com") or is_loopback(url)


def is_loopback(url: str) -> bool:
    """True for plain http to this very machine."""
    scheme, host, _ = _read_address(url)
    return scheme == "http" and host in _LOOPBACK


def _read_address(url: str) -> tuple[str, str, str]:
    """Scheme, host and port; all empty when the address is not a plain one."""
    found = _PLAIN.fullmatch(url)
    if not found:
        return "", "", ""
    scheme, host, port = found.groups(default="")
    return scheme.lower(), host.lower().strip("[]"), port


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
