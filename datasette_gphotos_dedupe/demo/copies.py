"""One picture in, the bytes of a changed copy out: as programs and people make them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

_DATE_TIME_ORIGINAL, _SUBSEC_ORIGINAL = 0x9003, 0x9291
_EXIF_BLOCK, _MAKE, _MODEL, _ORIENTATION = 0x8769, 0x010F, 0x0110, 0x0112


@dataclass(frozen=True)
class Camera:
    """What a camera writes into EXIF. `taken` is local time as ``2019:06:28 18:38:04``, `subsec` up to three digits."""

    make: str
    model: str
    taken: str
    subsec: str = ""


def _exif(camera: Camera | None, orientation: int = 1) -> bytes:
    from PIL import Image

    exif = Image.Exif()
    if orientation != 1:
        exif[_ORIENTATION] = orientation
    if camera is not None:
        exif[_MAKE], exif[_MODEL] = camera.make, camera.model
        block = exif.get_ifd(_EXIF_BLOCK)
        block[_DATE_TIME_ORIGINAL] = camera.taken
        if camera.subsec:
            block[_SUBSEC_ORIGINAL] = camera.subsec
    return exif.tobytes()


def encode(image: Image.Image, format: str, quality: int = 92, camera: Camera | None = None, orientation: int = 1) -> bytes:
    """`image` as the bytes of a JPEG, PNG, WEBP or HEIF file, with EXIF for `camera`."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    options: dict[str, Any] = {} if format == "PNG" else {"quality": quality}
    if camera is not None or orientation != 1:
        options["exif"] = _exif(camera, orientation)
    image.save(buffer, format, **options)
    return buffer.getvalue()


def scaled(image: Image.Image, longer_side: int) -> Image.Image:
    """At most `longer_side` pixels, as a photo program makes its thumbnails."""
    from PIL import Image

    small = image.copy()
    small.thumbnail((longer_side, longer_side), Image.Resampling.LANCZOS)
    return small


def stored_sideways(image: Image.Image, quality: int = 90, camera: Camera | None = None) -> bytes:
    """A JPEG whose pixels lie on their side and whose orientation tag says so: upright to the eye."""
    from PIL import Image

    return encode(image.transpose(Image.Transpose.ROTATE_90), "JPEG", quality, camera, orientation=6)


def developed(image: Image.Image) -> Image.Image:
    """The tone of another converter: a little brighter, softer and warmer."""
    from PIL import Image, ImageEnhance

    brighter = ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(1.06)).enhance(0.94)
    red, green, blue = brighter.split()
    return Image.merge("RGB", (red.point(lambda v: min(255, int(v * 1.03))), green, blue.point(lambda v: int(v * 0.97))))


def black_and_white(image: Image.Image) -> Image.Image:
    """Without its colours."""
    return image.convert("L").convert("RGB")


def strong_filter(image: Image.Image) -> Image.Image:
    """What a phone's filter named "Vivid" does."""
    from PIL import ImageEnhance

    return ImageEnhance.Contrast(ImageEnhance.Color(image).enhance(2.2)).enhance(1.5)


def watermarked(image: Image.Image) -> Image.Image:
    """With a line of text across a corner."""
    from PIL import ImageDraw, ImageFont

    marked = image.copy()
    size = max(16, image.width // 12)
    ImageDraw.Draw(marked).text(
        (image.width * 0.5, image.height * 0.45), "© Ada 2019", font=ImageFont.load_default(size), fill="white"
    )
    return marked


def letterboxed(image: Image.Image) -> Image.Image:
    """Black bars above and below, as a television or a story format adds them."""
    from PIL import Image

    boxed = Image.new("RGB", (image.width, int(image.height * 1.3)), "black")
    boxed.paste(image, (0, (boxed.height - image.height) // 2))
    return boxed


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Without these shares of its sides."""
    width, height = image.size
    return image.crop((int(width * left), int(height * top), int(width * (1 - right)), int(height * (1 - bottom))))


def mirrored(image: Image.Image) -> Image.Image:
    """Left and right exchanged."""
    from PIL import ImageOps

    return ImageOps.mirror(image)


def screenshot(image: Image.Image) -> Image.Image:
    """A telephone showing the picture: black screen, status bar above, buttons below."""
    from PIL import Image, ImageDraw, ImageFont

    width = 720
    shown = image.resize((width, max(1, image.height * width // image.width)))
    screen = Image.new("RGB", (width, 1280), "black")
    screen.paste(shown, (0, (1280 - shown.height) // 2))
    draw = ImageDraw.Draw(screen)
    draw.text((30, 16), "18:38", font=ImageFont.load_default(30), fill="white")
    for position in range(4):
        draw.ellipse((90 + 160 * position, 1180, 140 + 160 * position, 1230), outline="white", width=4)
    return screen
