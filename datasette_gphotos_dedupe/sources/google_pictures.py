"""What the sources that Google serves do alike: a small picture of an item, while its address lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..errors import PictureError, QuotaError, RefusedError
from ..google.api_calls import Client
from ..model import Album
from .base import Allow, Offer

SIZE = "=w640-h640"  # enough for the fingerprint and the preview, and never the original
ORIGINAL = "=d"  # the file itself, without the place it was taken at


class GooglePictures:
    """Fetches pictures of items. `needs_token`: the addresses of picked photos want the sign-in sent along."""

    needs_token = False

    def __init__(self, client: Client):
        self.client = client

    def fetch(self, offer: Offer, allow: Allow = lambda: None) -> bytes:
        """A JPEG of the item, at most 640 px a side. Raises PictureError (``processing``, ``no_picture``), and QuotaError."""
        if offer.base_url is None:
            raise PictureError(
                "processing", "Google has no picture of it yet (a video still being processed); run the command again later"
            )
        picture = self._picture(offer.base_url, allow)
        if picture is None:
            fresh = self.fetch_base_url(offer.photo.photo_id)  # its life may have ended early
            picture = self._picture(fresh, allow) if fresh else None
        if picture is None:
            raise PictureError("no_picture", "Google gave no picture of it; run the command again later")
        return picture

    def fetch_original(self, item_id: str, allow: Allow = lambda: None) -> bytes:
        """The file of a photo of this source, for making copies again. Raises PictureError (``no_picture``), and QuotaError."""
        address = self.address_of(item_id)
        original = self._picture(address, allow, ORIGINAL) if address else None
        if original is None:
            raise PictureError("no_picture", "Google did not hand out its file")
        return original

    def address_of(self, item_id: str) -> str | None:
        """A base URL that lives, for an item that this source offers."""
        return self.fetch_base_url(item_id)

    def _picture(self, base_url: str, allow: Allow, suffix: str = SIZE) -> bytes | None:
        allow()
        try:
            return self.client.fetch_picture(base_url, suffix, self.needs_token)
        except QuotaError:
            raise
        except RefusedError:
            return None

    def fetch_base_url(self, item_id: str) -> str | None:
        """A fresh address for an item whose old one has died; None when the source cannot be asked for one item."""
        return None

    def resume(self, kept: str | None, keep: Callable[[str | None], None]) -> None:
        """Nothing is kept between runs: a listing begins anew."""

    def end(self) -> None:
        """Nothing is to be ended."""

    def find_gone(self, item_ids: Sequence[str]) -> list[str]:
        """None: what is not offered may exist all the same."""
        return []

    def albums(self) -> Iterator[tuple[Album, list[str]]]:
        """None."""
        return iter(())
