"""Bytes of a picture in, upright pixels out, within limits.

EXIF orientation is applied, JPEG is decoded at reduced scale, alpha is laid over white, and everything else becomes RGB.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import PictureError
from .boxes import ends_early

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 500_000_000  # a 500-megapixel panorama is real; 30,000 x 30,000 in one colour is an attack or an accident
WORKING_SIDE = 320  # JPEG is reduced while decoding, its shorter side never below this: hashes look at 64 px, previews at 320
ORIENTATION_TAG = 0x0112


@dataclass(frozen=True)
class Decoded:
    """Upright RGB `image`, reduced but never enlarged, and the upright full `width` and `height` of the file."""

    image: Image.Image
    width: int
    height: int
    format: str
    exif: dict[int, object]
    moves: bool = False  # it has more frames or pages than the one shown


def decode_picture(data: bytes, working_side: int = WORKING_SIDE, max_pixels: int = MAX_PIXELS) -> Decoded:
    """The upright pixels of a picture file, reduced by a whole number while its shorter side stays at `working_side` or more.

    Raises PictureError with the code ``not_a_picture``, ``too_large``, ``truncated`` or ``broken``.
    """
    import pillow_heif
    from PIL import Image, UnidentifiedImageError

    pillow_heif.register_heif_opener()
    if ends_early(data):
        raise PictureError("truncated", "the picture is damaged: the file ends before its pixels do")
    Image.MAX_IMAGE_PIXELS = None  # the limit below says what was found, Pillow's would only warn
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data)) as image:
                return _upright(image, working_side, max_pixels)
        except PictureError:
            raise
        except UnidentifiedImageError:
            raise PictureError("not_a_picture", "its content is not a picture in a format that can be read") from None
        except OSError as error:
            code = "truncated" if "truncated" in str(error) else "broken"
            raise PictureError(code, f"the picture is damaged: {error}") from error
        except Exception as error:  # codecs raise anything on damaged input (SyntaxError, struct.error, ValueError ...)
            raise PictureError("broken", f"the picture is damaged: {error}") from error


def _upright(image: Image.Image, working_side: int, max_pixels: int) -> Decoded:
    from PIL import ImageOps

    width, height = image.size
    if width * height > max_pixels:
        raise PictureError("too_large", f"it claims {width} x {height} pixels, more than can be read safely")
    format_name = image.format or "unknown"
    # a camera's MPO holds the same still again, smaller
    moves = bool(getattr(image, "is_animated", False)) and format_name != "MPO"
    exif = dict(image.getexif())
    turned = exif.get(ORIENTATION_TAG) in (5, 6, 7, 8)
    if format_name == "JPEG":
        image.draft("RGB", (working_side, working_side))
    image.load()
    upright = _rgb_over_white(ImageOps.exif_transpose(image))
    if turned:
        width, height = height, width
    return Decoded(_reduced(upright, working_side), width, height, format_name, exif, moves)


def _reduced(image: Image.Image, working_side: int) -> Image.Image:
    factor = min(image.size) // working_side
    return image.reduce(factor) if factor > 1 else image


def _rgb_over_white(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        # 16-bit greyscale would be clipped, not scaled, by convert()
        image = image.point(lambda value: value / 256).convert("L") if image.mode.startswith("I") else image.convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")
