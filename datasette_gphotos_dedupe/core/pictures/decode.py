"""Bytes of a picture in, upright pixels out, within limits.

EXIF orientation is applied, JPEG is decoded at reduced scale, alpha is laid over white, and everything else becomes RGB.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...errors import PictureError
from .boxes import ends_early, without_film
from .jpeg import lacks_end, with_end, without_ballast
from .png_text import without_notes

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 500_000_000  # a 500-megapixel panorama is real; 30,000 x 30,000 in one colour is an attack or an accident
WORKING_SIDE = 320  # JPEG is reduced while decoding, its shorter side never below this: hashes look at 64 px, previews at 320
ORIENTATION_TAG = 0x0112
# What is promised and no more: Pillow knows dozens of formats, and some of them start other programs.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP")
JPEGS = ("JPEG", "MPO")


@dataclass(frozen=True)
class Decoded:
    """Upright RGB `image`, reduced but never enlarged, and the upright full `width` and `height` of the file."""

    image: Image.Image
    width: int
    height: int
    format: str
    exif: dict[int, object]
    moves: bool = False  # it has more frames or pages than the one shown
    transparent: bool = False  # some of it really is
    flaw: str | None = None  # what is wrong with a file that can be seen all the same


CUT_SHORT = "the picture is damaged: the file ends before its pixels do"
NO_END = "its end marker is missing; all of its pixels are there"


def decode_picture(data: bytes, working_side: int = WORKING_SIDE, max_pixels: int = MAX_PIXELS) -> Decoded:
    """The upright pixels of a picture file, reduced by a whole number while its shorter side stays at `working_side` or more.

    Raises PictureError with the code ``not_a_picture``, ``too_large``, ``truncated`` or ``broken``.
    """
    import pillow_heif
    from PIL import Image, UnidentifiedImageError

    pillow_heif.register_heif_opener()
    if ends_early(data):
        raise PictureError("truncated", CUT_SHORT)
    Image.MAX_IMAGE_PIXELS = None  # the limit below says what was found, Pillow's would only warn
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _decoded(readable(data), working_side, max_pixels)
        except (PictureError, MemoryError):
            raise
        except UnidentifiedImageError:
            raise PictureError("not_a_picture", "its content is not a picture in a format that can be read") from None
        except OSError as error:
            code = "truncated" if "truncated" in str(error) else "broken"
            raise PictureError(code, f"the picture is damaged: {error}") from error
        except Exception as error:  # codecs raise anything on damaged input (SyntaxError, struct.error, ValueError ...)
            raise PictureError("broken", f"the picture is damaged: {error}") from error


def readable(data: bytes) -> bytes:
    """The bytes of a picture without what its decoder stumbles over: megabytes of metadata, the film of a motion photo."""
    return without_notes(without_ballast(without_film(data)))


def _decoded(data: bytes, working_side: int, max_pixels: int) -> Decoded:
    from PIL import Image

    flaw = None
    if lacks_end(data):
        # The decoder would refuse some of them, and paint over what others lack.
        data, flaw = with_end(data), NO_END  # type: ignore[assignment]
        if data is None:
            raise PictureError("truncated", CUT_SHORT)
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.format in JPEGS:
            image.decodermaxblock = len(data)  # in one piece; Pillow would join what each of many leaves over with the next
        return replace(_upright(image, working_side, max_pixels), flaw=flaw)


def _upright(image: Image.Image, working_side: int, max_pixels: int) -> Decoded:
    width, height = image.size
    if width * height > max_pixels:
        raise PictureError("too_large", f"it claims {width} x {height} pixels, more than can be read safely")
    format_name = image.format or "unknown"
    # a camera's MPO holds the same still again, smaller
    moves = bool(getattr(image, "is_animated", False)) and format_name != "MPO"
    exif = read_exif(image)
    orientation = exif.get(ORIENTATION_TAG)
    if format_name in JPEGS:
        image.draft("RGB", (working_side, working_side))
    image.load()
    lifted = turned(image, orientation)
    upright = _rgb_over_white(lifted)
    if orientation in (5, 6, 7, 8):
        width, height = height, width
    return Decoded(_reduced(upright, working_side), width, height, format_name, exif, moves, _is_transparent(lifted))


def _is_transparent(image: Image.Image) -> bool:
    if "A" not in image.getbands() and "transparency" not in image.info:
        return False
    lowest, _ = image.convert("RGBA").getchannel("A").getextrema()
    return bool(lowest < 255)  # type: ignore[operator]  # one channel has numbers for extremes


def read_exif(image: Image.Image) -> dict[int, object]:
    """The main EXIF tags of an opened picture; none when they are damaged, which says nothing about its pixels.

    Pillow would take an orientation out of XMP where EXIF has none; browsers and Google Photos turn by EXIF alone.
    """
    for name in ("xmp", "XML:com.adobe.xmp"):
        image.info.pop(name, None)
    try:
        return dict(image.getexif())
    except MemoryError:
        raise
    except Exception:  # SyntaxError, struct.error, TypeError ...
        return {}


def turned(image: Image.Image, orientation: object) -> Image.Image:
    """The picture as a person sees it (TIFF 6.0, tag 274; CIPA DC-008). Values that mean nothing turn nothing.

    Not by ImageOps.exif_transpose: that writes the EXIF block anew, and fails over any tag that it cannot write.
    """
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _reduced(image: Image.Image, working_side: int) -> Image.Image:
    factor = min(image.size) // working_side
    return image.reduce(factor) if factor > 1 else image


def _rgb_over_white(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        image = eight_bit(image)
    elif image.mode == "LAB":
        image = _rgb_of_lab(image)
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def eight_bit(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits, or in fractions, as 8 bits. convert() would clip and not scale it."""
    import numpy as np
    from PIL import Image

    values = np.asarray(image)
    most = float(np.nanmax(values, initial=0, where=np.isfinite(values)))
    if image.mode == "F":
        white = next((full for full in (1.0, 255.0, 65535.0) if most <= full), most)
    else:
        white = 65535.0 if image.mode != "I" or 255 < most <= 65535 else max(most, 255.0)
    grey = np.empty(values.shape, dtype=np.uint8)
    for top in range(0, len(values), 256):  # in strips: a whole one in floating point takes eight times the memory
        strip = np.nan_to_num(values[top : top + 256].astype(np.float32), posinf=white, neginf=0.0)
        grey[top : top + 256] = np.clip(strip * (255.0 / white) + 0.5, 0, 255)
    return Image.fromarray(grey)


def _rgb_of_lab(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None  # only a transform in place gives none
    return converted
