"""How much memory a picture takes while it is decoded, by what its header claims: known before any pixel is read."""

from __future__ import annotations

import io
import warnings

from ...errors import PictureError
from .decode import FORMATS, readable

# The most bytes for each pixel of the file that a fingerprint or a full rendering took, libraries' own buffers included, measured on 24
# megapixels (Pillow 12, pillow-heif 1.1): progressive JPEG holds all of its coefficients, libwebp always decodes to RGBA and Pillow
# copies that, TIFF may be CMYK or in floating point.
BYTES_PER_PIXEL = {"JPEG": 8, "MPO": 8, "PNG": 9, "WEBP": 18, "GIF": 8, "HEIF": 13, "AVIF": 11, "TIFF": 18, "BMP": 9}
WITH_ALPHA = 22  # laid over white as a whole


def decoding_bytes(data: bytes) -> int | None:
    """About as much memory as decoding this takes at most; None when no header can be read, and nothing will be decoded."""
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None  # what is too large is said below, in words
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(readable(data)), formats=FORMATS) as image:
                see_through = "A" in image.getbands() or "transparency" in image.info
                each = WITH_ALPHA if see_through else BYTES_PER_PIXEL.get(image.format or "", WITH_ALPHA)
                return int(image.width * image.height * each)
        except Exception:  # codecs raise anything on damaged input; decoding will say what is wrong
            return None


def refuse_footprint(data: bytes, max_bytes: int) -> None:
    """Raises PictureError (``too_large``) for a picture that would take more memory than that."""
    needed = decoding_bytes(data)
    if needed is not None and needed > max_bytes:
        raise PictureError(
            "too_large",
            f"decoding it takes up to {needed / 1e9:,.1f} GB of memory, and a page may take {max_bytes / 1e9:,.1f} GB",
        )
