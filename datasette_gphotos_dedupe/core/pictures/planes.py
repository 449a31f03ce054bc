"""A picture file as the planes that re-making works on: luma at full size, colours at half of it, and the encoder that made them.

A JPEG is decoded to its own YCbCr without a detour through RGB, and no larger than it is needed: libjpeg scales while it decodes.
"""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ...errors import PictureError
from .boxes import ends_early
from .decode import FORMATS, MAX_PIXELS, ORIENTATION_TAG, eight_bit, read_exif, turned
from .encoders import EXACT, Encoder, Planes, encoder_of
from .file_kinds import HEAD_BYTES, RAW, VIDEO, kind_of
from .jpeg import without_ballast
from .raw import decode_raw

if TYPE_CHECKING:
    from PIL import Image

Seen = TypeVar("Seen")

WHITE, GREY, BLACK = 255, 128, 0
SRGB = b""  # the space of a picture without a profile
MEASURED_PIXELS = 60_000_000  # a larger picture is measured at a whole fraction of its size: the planes of 60 million take 500 MB


@dataclass(frozen=True, eq=False)
class Still:
    """The upright planes of one frame, uint8, and how they were encoded.

    `alpha` is None when nothing shows through. `shape` is (width, height) of the file, `frames` how many frames or pages it has,
    `reduced` by how much the planes are smaller than the file.
    """

    planes: Planes
    encoder: Encoder
    alpha: np.ndarray | None
    shape: tuple[int, int]
    frames: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the planes."""
        return self.planes.luma.shape[1], self.planes.luma.shape[0]


@dataclass(frozen=True, eq=False)
class Outline:
    """What a picture file says of itself before it is decoded: upright (width, height), frames, encoder, and whether anything shows
    through, for which what may be transparent has to be decoded after all."""

    shape: tuple[int, int]
    frames: int
    encoder: Encoder
    shows_through: bool


@dataclass(frozen=True)
class Wanted:
    """How to open a picture. `side` is the longer side that is needed at least (None: all there is), `ground` the grey level that is
    laid under transparent places, `frame` the number of the frame, `space` the colour profile
    whose numbers it shall have (SRGB for that one; None: its own)."""

    side: int | None = None
    ground: int = WHITE
    frame: int = 0
    space: bytes | None = None


def read_still(data: bytes, name: str = "", wanted: Wanted | None = None) -> Still:
    """The planes of a picture file; of a camera raw file those of the picture that the camera put in it.

    Raises PictureError for what is damaged or no picture, MissingExtra for a raw file without its extra.
    """
    wanted = wanted or Wanted()
    kind = kind_of(data[:HEAD_BYTES], os.path.splitext(name)[1].lower())
    if kind is None or kind.family == VIDEO:
        raise PictureError("not_a_picture", "its content is not a picture that can be made again")
    if kind.family == RAW:
        return _read_raw(data, wanted)
    return _opened(data, lambda image: _still(image, data, wanted))


def read_outline(data: bytes, name: str = "") -> Outline:
    """The outline of a picture file. Raises as `read_still` does."""
    kind = kind_of(data[:HEAD_BYTES], os.path.splitext(name)[1].lower())
    if kind is None or kind.family == VIDEO:
        raise PictureError("not_a_picture", "its content is not a picture that can be made again")
    if kind.family == RAW:
        still = _read_raw(data, Wanted(side=1))
        return Outline(still.shape, 1, still.encoder, False)
    return _opened(data, lambda image: _outline(image, len(data)))


def _outline(image: Image.Image, byte_count: int) -> Outline:
    orientation = read_exif(image).get(ORIENTATION_TAG)
    frames = 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
    encoder = encoder_of(image, byte_count)
    through = ("A" in image.getbands() or "transparency" in image.info) and _flattened(image, WHITE)[1] is not None
    return Outline(image.size[::-1] if orientation in (5, 6, 7, 8) else image.size, frames, encoder, through)


def read_profile(data: bytes) -> bytes:
    """The colour profile of a picture, without the time it was made; SRGB with or without one that says so, and for what has no RGB."""
    try:
        return _profile_of(_opened(data, lambda image: image.info.get("icc_profile")))
    except PictureError:
        return SRGB


def _profile_of(profile: bytes | None) -> bytes:
    if not profile or profile[16:20] != b"RGB " or b"sRGB" in profile or _utf16("sRGB") in profile:
        return SRGB
    return profile[:24] + bytes(12) + profile[36:84] + bytes(16) + profile[100:]  # ICC.1:2022, 7.2: date and checksum


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be")


def _opened(data: bytes, use: Callable[[Image.Image], Seen]) -> Seen:
    import pillow_heif
    from PIL import Image, UnidentifiedImageError

    pillow_heif.register_heif_opener()
    if ends_early(data):
        raise PictureError("truncated", "the picture is damaged: the file ends before its pixels do")
    Image.MAX_IMAGE_PIXELS = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(without_ballast(data)), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise PictureError("too_large", f"it claims {image.width} x {image.height} pixels")
                return use(image)
        except (PictureError, MemoryError):
            raise
        except UnidentifiedImageError:
            raise PictureError("not_a_picture", "its content is not a picture in a format that can be read") from None
        except Exception as error:  # codecs raise anything on damaged input
            raise PictureError("broken", f"the picture is damaged: {error}") from error


def _read_raw(data: bytes, wanted: Wanted) -> Still:
    decoded, preview = decode_raw(data, wanted.side or 1 << 20)
    if preview:
        still = _opened(preview, lambda image: _still(image, preview, wanted))
        if max(still.shape) >= max(decoded.width, decoded.height) // 2:
            return replace(still, shape=(decoded.width, decoded.height))
    planes = Planes.of_rgb(np.asarray(decoded.image))
    return Still(planes, EXACT, None, (decoded.width, decoded.height))


def _still(image: Image.Image, data: bytes, wanted: Wanted) -> Still:
    orientation = read_exif(image).get(ORIENTATION_TAG)
    shape = (image.height, image.width) if orientation in (5, 6, 7, 8) else image.size
    frames = 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
    if wanted.frame:
        image.seek(wanted.frame)
    encoder = encoder_of(image, len(data), orientation if isinstance(orientation, int) else 1)
    reduced = math.ceil((shape[0] * shape[1] / MEASURED_PIXELS) ** 0.5) or 1
    if image.format in ("JPEG", "MPO") and image.mode in ("RGB", "YCbCr", "L") and not wanted.side and wanted.space is None:
        return Still(_jpeg_planes(image, orientation, reduced), encoder, None, shape, frames)
    if image.format in ("JPEG", "MPO") and wanted.side:
        image.draft("RGB", _at_least(image.size, wanted.side))
    image.load()
    profile = image.info.get("icc_profile")
    rgb, alpha = _flattened(turned(image, orientation), wanted.ground)
    if wanted.space is not None:
        rgb = _in_space(rgb, _profile_of(profile), wanted.space)
    factor = reduced if not wanted.side else max(1, max(rgb.size) // (2 * wanted.side))
    if factor > 1:
        rgb = rgb.reduce(factor)
        alpha = alpha.reduce(factor) if alpha else None
    return Still(Planes.of_rgb(np.asarray(rgb)), encoder, np.asarray(alpha) if alpha else None, shape, frames)


def _at_least(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size to ask libjpeg for, so that it decodes to no less."""
    share = min(1.0, side / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _jpeg_planes(image: Image.Image, orientation: object, reduced: int) -> Planes:
    """YCbCr as the file holds it: through RGB, what its encoder left beyond the edges of RGB would be cut off."""
    image.draft(image.mode if image.mode == "L" else "YCbCr", (image.width // reduced, image.height // reduced))
    image.load()
    upright = turned(image, orientation)
    if upright.mode == "L":
        return Planes.of_grey(np.asarray(upright))
    return Planes.of_ycc(np.asarray(upright if upright.mode == "YCbCr" else upright.convert("YCbCr")))


def _flattened(image: Image.Image, ground: int) -> tuple[Image.Image, Image.Image | None]:
    """RGB over a grey ground, and the alpha channel when anything shows through."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        image = eight_bit(image)
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB"), None
    rgba = image.convert("RGBA")
    alpha = rgba.getchannel("A")
    if alpha.getextrema()[0] == 255:
        return rgba.convert("RGB"), None
    under = Image.new("RGBA", rgba.size, (ground, ground, ground, 255))
    return Image.alpha_composite(under, rgba).convert("RGB"), alpha


def _in_space(image: Image.Image, profile: bytes, space: bytes) -> Image.Image:
    """The colours as the profile means them in the numbers of another one; as they are when either cannot be used."""
    from PIL import ImageCms

    if profile == space:
        return image
    try:
        source, target = (
            ImageCms.ImageCmsProfile(io.BytesIO(one)) if one else ImageCms.createProfile("sRGB") for one in (profile, space)
        )
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
