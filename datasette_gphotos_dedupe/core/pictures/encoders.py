"""What made a picture file: enough of its encoder to send other pixels through it.

A JPEG carries its quantisation tables and its chroma subsampling in the header, so its encoder can be run again to the letter. Of
WebP, HEIC and AVIF the quality is found that gives as many bytes; a picture of few colours is reduced to its own palette; what keeps
every pixel needs nothing.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from PIL import Image

cv2.setNumThreads(1)  # each core has a process of its own

QUALITY_STEPS = 4  # of a search between 1 and 97
_BY_QUALITY: dict[str, dict[str, Any]] = {
    "WEBP": {"method": 2},
    "HEIF": {"enc_params": {"preset": "ultrafast"}},
    "AVIF": {"speed": 9},
}


@dataclass(frozen=True, eq=False)
class Planes:
    """Luma (height, width) and both colours at half of it, uint8; 128 is no colour."""

    luma: np.ndarray
    blue: np.ndarray
    red: np.ndarray

    @classmethod
    def of_ycc(cls, pixels: np.ndarray) -> Planes:
        """From (height, width, 3) YCbCr as JPEG defines it."""
        luma, blue, red = cv2.split(pixels)
        return cls(luma, halved(blue), halved(red))

    @classmethod
    def of_rgb(cls, pixels: np.ndarray) -> Planes:
        """From (height, width, 3) RGB."""
        luma, red, blue = cv2.split(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2YCrCb))
        return cls(luma, halved(blue), halved(red))

    @classmethod
    def of_grey(cls, pixels: np.ndarray) -> Planes:
        """From a picture without colours."""
        none = np.full(((pixels.shape[0] + 1) // 2, (pixels.shape[1] + 1) // 2), 128, np.uint8)
        return cls(np.ascontiguousarray(pixels), none, none)

    def as_ycc(self) -> np.ndarray:
        """(height, width, 3) YCbCr, the colours enlarged."""
        size = self.luma.shape[1], self.luma.shape[0]
        return cv2.merge(
            [self.luma, *(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (self.blue, self.red))]
        )

    def part(self, left: int, top: int, right: int, bottom: int) -> Planes:
        """A part; the numbers are even, or the edges."""
        colours = slice(top // 2, (bottom + 1) // 2), slice(left // 2, (right + 1) // 2)
        return Planes(self.luma[top:bottom, left:right], self.blue[colours], self.red[colours])


def halved(plane: np.ndarray) -> np.ndarray:
    """A plane at half its size, the mean of each two by two."""
    size = (plane.shape[1] + 1) // 2, (plane.shape[0] + 1) // 2
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)


@dataclass(frozen=True, eq=False)
class Encoder:
    """How a file was encoded. `format` as Pillow names it; `turn` the EXIF orientation that its pixels lie in;
    `quality` that of a format which does not say it, once it is settled on pixels that stand for the whole picture."""

    format: str
    tables: dict[int, list[int]] = field(default_factory=dict)
    subsampling: int = 0
    bytes_per_pixel: float = 0.0
    quality: int | None = None
    palette: Image.Image | None = None
    turn: int = 1

    @property
    def exact(self) -> bool:
        """Whether it keeps every pixel."""
        return not self.tables and not self.bytes_per_pixel and self.palette is None

    @property
    def says_all(self) -> bool:
        """Whether its file says all that is needed to run it again to the letter."""
        return not self.bytes_per_pixel

    @property
    def coarseness(self) -> float:
        """What tells which of two files of one size was made of the other: the mean step of quantisation, 0 when exact."""
        if self.tables:
            return float(np.mean(self.tables[0]))
        return 1.0 + 4.0 / self.bytes_per_pixel if self.bytes_per_pixel else (20.0 if self.palette else 0.0)

    @property
    def leaves_at_most(self) -> float | None:
        """Grey levels that it throws away of luma at most, as deviation: half a step of each wave; None when that is not known."""
        if self.tables:
            return float(np.sqrt(np.mean(np.square(self.tables[0])) / 12))
        return 0.0 if self.exact else None

    @property
    def unsettled(self) -> bool:
        """Whether its quality has to be found first."""
        return bool(self.bytes_per_pixel) and self.quality is None

    def settled(self, planes: Planes, weight: float = 1.0) -> Encoder:
        """The same with the quality at which these pixels take `weight` times as many bytes each as the file's, found by halving."""
        if not self.unsettled:
            return self
        wanted = weight * self.bytes_per_pixel
        return replace(self, quality=_find_quality(_rgb_image(_lying(planes, self.turn)), self.format, wanted))

    def encode_again(self, planes: Planes) -> Planes:
        """The planes as they come back from this encoder; an unsettled quality is found on them."""
        if self.unsettled:
            return self.settled(planes).encode_again(planes)
        if self.exact:
            return planes
        lying = _lying(planes, self.turn)
        if self.tables:
            return _upright(_through_jpeg(lying, self.tables, self.subsampling), self.turn)
        if self.palette is not None:
            return _upright(_through_palette(lying, self.palette), self.turn)
        return _upright(_through_quality(lying, self.format, self.quality or 1), self.turn)


EXACT = Encoder("PNG")


def encoder_of(image: Image.Image, byte_count: int, turn: int = 1) -> Encoder:
    """The encoder of an opened picture of so many bytes; its pixels need not be loaded."""
    from PIL import JpegImagePlugin

    if image.format in ("JPEG", "MPO"):
        tables = {number: list(table) for number, table in image.quantization.items()}  # type: ignore[attr-defined]
        subsampling = JpegImagePlugin.get_sampling(image)
        return Encoder("JPEG", tables, subsampling if subsampling >= 0 else 2, turn=turn)
    if image.format in _BY_QUALITY and not _is_lossless_webp(image):
        frames = max(1, int(getattr(image, "n_frames", 1)))
        return Encoder(image.format, bytes_per_pixel=byte_count / frames / (image.width * image.height), turn=turn)
    if image.mode == "P":
        return Encoder(image.format or "GIF", palette=_own_colours(image), turn=turn)
    return EXACT


def _own_colours(image: Image.Image) -> Image.Image:
    """A palette of the colours that a picture uses: files fill up theirs with black, which no dot of theirs has."""
    from PIL import Image

    counted: Any = image.convert("RGB").getcolors(256) or [(1, (0, 0, 0))]
    used = [colour for _, colour in counted]
    palette = Image.new("P", (1, 1))
    palette.putpalette([level for colour in [*used, *[used[0]] * (256 - len(used))] for level in colour])
    return palette


def _is_lossless_webp(image: Image.Image) -> bool:
    stream = image.fp if hasattr(image, "fp") else None
    if image.format != "WEBP" or stream is None:
        return False
    position = stream.tell()
    stream.seek(0)
    head = stream.read(64)
    stream.seek(position)
    return b"VP8L" in head


_FLIPS = {1: (0, 0, 0), 2: (0, 0, 1), 3: (0, 1, 1), 4: (0, 1, 0), 5: (1, 0, 0), 6: (1, 0, 1), 7: (1, 1, 1), 8: (1, 1, 0)}
"""EXIF orientation to what sets lying pixels upright: swap both axes, then flip up and down, left and right."""


def _upright(planes: Planes, turn: int) -> Planes:
    swap, down, across = _FLIPS.get(turn, (0, 0, 0))
    return Planes(*(_flipped(plane.T if swap else plane, down, across) for plane in (planes.luma, planes.blue, planes.red)))


def _lying(planes: Planes, turn: int) -> Planes:
    swap, down, across = _FLIPS.get(turn, (0, 0, 0))
    flipped = (_flipped(plane, down, across) for plane in (planes.luma, planes.blue, planes.red))
    return Planes(*(np.ascontiguousarray(plane.T if swap else plane) for plane in flipped))


def _flipped(plane: np.ndarray, down: int, across: int) -> np.ndarray:
    return np.ascontiguousarray(plane[:: -1 if down else 1, :: -1 if across else 1])


def _through_jpeg(planes: Planes, tables: dict[int, list[int]], subsampling: int) -> Planes:
    from PIL import Image

    buffer = io.BytesIO()
    if len(tables) == 1 and not (planes.blue != 128).any():
        Image.fromarray(planes.luma).save(buffer, "JPEG", qtables=tables)
        with Image.open(buffer) as image:
            return Planes.of_grey(np.asarray(image))
    _ycc_image(planes).save(buffer, "JPEG", qtables=tables, subsampling=subsampling)
    with Image.open(buffer) as image:
        image.draft("YCbCr", image.size)
        return Planes.of_ycc(np.asarray(image))


def _ycc_image(planes: Planes) -> Image.Image:
    from PIL import Image

    ycc = planes.as_ycc()  # Pillow 11.3 warns of a mode that is told to fromarray
    return Image.frombytes("YCbCr", (ycc.shape[1], ycc.shape[0]), ycc.tobytes())


def _rgb_image(planes: Planes) -> Image.Image:
    return _ycc_image(planes).convert("RGB")


def _through_palette(planes: Planes, palette: Image.Image) -> Planes:
    from PIL import Image

    quantized = _rgb_image(planes).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return Planes.of_rgb(np.asarray(quantized.convert("RGB")))


def _through_quality(planes: Planes, format_name: str, quality: int) -> Planes:
    from PIL import Image

    with Image.open(io.BytesIO(_encoded(_rgb_image(planes), format_name, quality))) as back:
        return Planes.of_rgb(np.asarray(back.convert("RGB")))


def _find_quality(image: Image.Image, format_name: str, bytes_per_pixel: float) -> int:
    low, high = 1, 97
    for _ in range(QUALITY_STEPS):
        quality = (low + high) // 2
        if len(_encoded(image, format_name, quality)) > bytes_per_pixel * image.width * image.height:
            high = quality
        else:
            low = quality
    return (low + high) // 2


def _encoded(image: Image.Image, format_name: str, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, quality=quality, **_BY_QUALITY[format_name])
    return buffer.getvalue()
