"""A labelled set for bench_accuracy.py: copies, edits and look-alikes of real photos, with the truth about each.

Every item belongs to a *source picture*; two items are one picture when they share it. Items are made in worker processes.
"""

from __future__ import annotations

import hashlib
import io
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from tests.made_pictures import FAMILIES, NEXT_SHOTS

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".tif", ".tiff"}


@dataclass(frozen=True)
class Item:
    """One file of the set. `group` is safe, developed, edit, or hard (a picture of its own); `kind` says what was done to the source."""

    name: str
    source: str
    group: str
    kind: str
    data: bytes
    extension: str
    shot: Shot

    @property
    def file_name(self) -> str:
        return f"{self.name}.{self.extension}"


@dataclass(frozen=True)
class Shot:
    """What the camera said of an exposure: the stem of its file name, its clock, and the digits of a second that it gives."""

    stem: str
    moment: datetime
    digits: int

    def next(self, frames: int, seconds: float) -> Shot:
        """A later exposure of the same camera: it counts on."""
        number = re.search(r"\d+(?!.*\d)", self.stem)
        counted = str(int(number[0]) + frames).zfill(len(number[0]))
        stem = self.stem[: number.start()] + counted + self.stem[number.end() :]
        return replace(self, stem=stem, moment=self.moment + timedelta(seconds=seconds))

    @property
    def taken_at(self) -> str:
        return self.moment.strftime("%Y-%m-%dT%H:%M:%S") + self.moment.strftime(".%f")[: self.digits + 1 if self.digits else 0]


def encoded(image: Image.Image, format_name: str = "JPEG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def fitted(image: Image.Image, side: int) -> Image.Image:
    """The picture at most `side` pixels long, as a photo program makes previews."""
    small = image.copy()
    small.thumbnail((side, side))
    return small


def centre(image: Image.Image, share_off: float, x: float = 0.5, y: float = 0.5) -> Image.Image:
    """The picture without a share of each side in all; x and y say where the rest lies (0.5 is the middle)."""
    width, height = image.size
    left, top = width * share_off * x, height * share_off * y
    return image.crop((round(left), round(top), round(left + width * (1 - share_off)), round(top + height * (1 - share_off))))


def developed(image: Image.Image, rng: random.Random) -> Image.Image:
    """Another development of the exposure: brightness, contrast, colour and white balance moderately off."""
    for enhancer, low, high in ((ImageEnhance.Brightness, 0.88, 1.14), (ImageEnhance.Contrast, 0.88, 1.18)):
        image = enhancer(image).enhance(rng.uniform(low, high))
    image = ImageEnhance.Color(image).enhance(rng.uniform(0.82, 1.25))
    gains = [rng.uniform(0.96, 1.04), 1.0, rng.uniform(0.96, 1.04)]
    return Image.merge(
        "RGB", [band.point(lambda v, g=gain: min(255, int(v * g))) for band, gain in zip(image.split(), gains, strict=True)]
    )


def exif_rotated(image: Image.Image) -> bytes:
    """The pixels lying on their side, with the EXIF tag that sets them upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image.transpose(Image.Transpose.ROTATE_90), quality=90, exif=exif.tobytes())


def heic(image: Image.Image) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    return encoded(image, "HEIF", quality=70, enc_params={"preset": "ultrafast"})


Make = Callable[[Image.Image, random.Random], "bytes | Image.Image"]
SAFE: dict[str, tuple[str, Make]] = {
    "half": (
        "jpg",
        lambda i, r: encoded(i.resize((max(1, i.width // 2), max(1, i.height // 2)), Image.Resampling.LANCZOS), quality=85),
    ),
    "thumb320": ("jpg", lambda i, r: encoded(fitted(i, 320), quality=80)),
    "thumb160": ("jpg", lambda i, r: encoded(fitted(i, 160), quality=80)),
    "q70": ("jpg", lambda i, r: encoded(i, quality=70)),
    "q25": ("jpg", lambda i, r: encoded(i, quality=25)),
    "webp": ("webp", lambda i, r: encoded(i, "WEBP", quality=75)),
    "png": ("png", lambda i, r: encoded(fitted(i, 1024), "PNG", compress_level=1)),
    "heic": ("heic", lambda i, r: heic(i)),
    "exif_rotated": ("jpg", lambda i, r: exif_rotated(i)),
    "developed": ("jpg", lambda i, r: encoded(developed(i, r), quality=88)),
    "developed_crop2": ("jpg", lambda i, r: encoded(developed(centre(i, 0.02), r), quality=88)),
}


DEVELOPED = ("developed", "developed_crop2")
"""Kinds whose tone and colours were moved on purpose: one exposure, but no cache makes such copies, so they are counted apart."""


def _watermark(image: Image.Image, rng: random.Random) -> Image.Image:
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    font = ImageFont.load_default(max(12, image.height // 9))
    ImageDraw.Draw(layer).text((image.width * 0.2, image.height * 0.45), "SAMPLE", font=font, fill=(255, 255, 255, 130))
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _letterbox(image: Image.Image, rng: random.Random) -> Image.Image:
    bar = image.height // 6
    return ImageOps.expand(image, (0, bar, 0, bar), "black")


def _screenshot(image: Image.Image, rng: random.Random) -> Image.Image:
    """The photo on a phone's screen: status bar with a clock above, buttons below."""
    width = 720
    photo = image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.BICUBIC)
    height = max(1280, photo.height + 260)
    screen = Image.new("RGB", (width, height), (10, 10, 10))
    screen.paste(photo, (0, (height - photo.height) // 2))
    draw = ImageDraw.Draw(screen)
    draw.text((20, 12), f"{rng.randint(10, 23)}:{rng.randint(10, 59)}", font=ImageFont.load_default(30), fill="white")
    for button in range(4):
        x = 90 + button * 180
        draw.ellipse((x - 22, height - 70, x + 22, height - 26), outline="white", width=3)
    return screen


def _strong_filter(image: Image.Image, rng: random.Random) -> Image.Image:
    sepia = ImageOps.colorize(ImageOps.autocontrast(image.convert("L"), cutoff=3), (40, 10, 0), (255, 235, 190))
    return ImageEnhance.Contrast(sepia).enhance(1.6)


EDITS: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    "black_white": lambda i, r: i.convert("L").convert("RGB"),
    "filter": _strong_filter,
    "watermark": _watermark,
    "letterbox": _letterbox,
    "crop10": lambda i, r: centre(i, 0.10),
    "crop25": lambda i, r: centre(i, 0.25),
    "turn90": lambda i, r: i.transpose(Image.Transpose.ROTATE_90),
    "turn180": lambda i, r: i.transpose(Image.Transpose.ROTATE_180),
    "turn270": lambda i, r: i.transpose(Image.Transpose.ROTATE_270),
    "mirror": lambda i, r: i.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "screenshot": _screenshot,
    "off_centre": lambda i, r: centre(i, 0.12, r.choice((0.1, 0.9)), r.choice((0.1, 0.9))),
    "tilt2": lambda i, r: i.rotate(2, Image.Resampling.BICUBIC),
}
HARD_TO_FIND = ("off_centre", "tilt2")
BURSTS = {"hand_held": 0.2, "tripod": 0.15}
"""Seconds between the frames of the series that are over within a second or so."""


def read_source(path: Path, longer_side: int) -> Image.Image:
    """A real photo, upright, RGB, at most `longer_side` pixels."""
    if path.suffix.lower() == ".heic":
        import pillow_heif

        pillow_heif.register_heif_opener()
    with Image.open(path) as image:
        image.draft("RGB", (longer_side, longer_side))
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return fitted(upright, longer_side) if max(upright.size) > longer_side else upright


def list_sources(folders: list[Path]) -> list[Path]:
    """Real photos below some folders, none twice: of one wallpaper in many sizes, or a photo and its e-mail copy, the largest."""
    best: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() not in SUFFIXES or not path.is_file() or path.is_symlink() or path.stat().st_size < 6_000:
                continue
            key = _picture_key(path)
            if key not in best or path.stat().st_size > best[key].stat().st_size:
                best[key] = path
    unique = {hashlib.sha1(path.read_bytes()).hexdigest(): path for path in best.values()}
    return sorted(unique.values())


def _picture_key(path: Path) -> str:
    """What the files of one picture share. KDE keeps sizes in `images/`; cameras keep e-mail copies (MVC-177E) in `E-MAIL/`."""
    if path.parent.name.startswith("images"):
        return str(path.parents[1])
    if path.name.startswith("screenshot."):
        return str(path.parent)
    folder = path.parents[1] if path.parent.name == "E-MAIL" else path.parent
    stem = re.sub(r"[_-]?\d{3,4}x\d{3,4}", "", path.stem) or "sizes"
    return f"{folder}/{re.sub(r'(?<=[0-9])[A-Z]$', '', stem)}"


def photo_items(source: str, image: Image.Image, shot: Shot) -> Iterator[Item]:
    """An original, its safe copies and its edits, which are made of the file as programs make them."""
    rng = random.Random(source)
    original = encoded(image, quality=92)
    yield Item(f"{source}-original", source, "original", "original", original, "jpg", shot)
    image = opened(original)
    for kind, (extension, make) in SAFE.items():
        group = "developed" if kind in DEVELOPED else "safe"
        yield Item(f"{source}-{kind}", source, group, kind, make(image, rng), extension, shot)
    for kind, edit in EDITS.items():
        yield Item(f"{source}-{kind}", source, "edit", kind, encoded(edit(image, rng), quality=88), "jpg", shot)


def drawn_items(family: str, number: int) -> Iterator[Item]:
    """One hard negative drawn in code, and its own thumbnail."""
    name = f"{family}{number:03d}"
    yield from hard_items(family, name, FAMILIES[family](number), number, made_up_shot(name))


def next_shot_items(source: str, image: Image.Image, shot: Shot, frames: int) -> Iterator[Item]:
    """Other pictures of a source's scene, each with its own thumbnail."""
    for place, (family, make) in enumerate(NEXT_SHOTS.items()):
        for frame in range(1, frames + 1):
            # far on, so that none has the number of a real photo of the same camera
            later = shot.next(500 + place * frames + frame, BURSTS.get(family, 3.0) * frame)
            name = f"{source}-{family}{frame}"
            yield from hard_items(family, name, make(image, hash_of(source) + frame), frame, later)


def hard_items(family: str, name: str, image: Image.Image, number: int, shot: Shot) -> Iterator[Item]:
    original = encoded(image, quality=90)
    yield Item(f"{name}-original", name, "hard", family, original, "jpg", shot)
    side = 320 if number % 2 else 200
    yield Item(f"{name}-thumb", name, "safe", f"{family}_thumb", encoded(fitted(opened(original), side), quality=80), "jpg", shot)


def read_shot(path: Path, source: str) -> Shot:
    """What a camera file says of itself; a made-up exposure when it is no camera's."""
    made_up = made_up_shot(source)
    with Image.open(path) as image:
        details = image.getexif().get_ifd(0x8769)
    if not re.search(r"\d{3}", path.stem) or 0x9003 not in details:
        return made_up
    try:
        moment = datetime.strptime(str(details[0x9003]), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return made_up
    fraction = re.sub(r"\D", "", str(details.get(0x9291, "")))
    stem = made_up.stem if re.search(r"\d{3,}x\d{3,}", path.stem) else path.stem  # a wallpaper is named by its size
    return Shot(stem, moment + timedelta(seconds=float(f"0.{fraction or 0}")), min(3, len(fraction)))


def made_up_shot(name: str) -> Shot:
    """An exposure of some telephone; every other one gives no fractions of a second."""
    number = hash_of(name)
    moment = datetime(2019, 6, 1) + timedelta(seconds=number % 2_000_000, milliseconds=number % 1000)
    return Shot(f"IMG_{number % 9000 + 1000}", moment, 3 if number % 2 else 0)


def hash_of(text: str) -> int:
    """A number below 2**31 that is the same in every process."""
    return int(hashlib.sha1(text.encode()).hexdigest()[:7], 16)
