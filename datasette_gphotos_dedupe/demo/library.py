"""What is in the sample library, and what should be found in it."""

from __future__ import annotations

import base64
import calendar
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from . import copies, pages, scenes
from .copies import Camera, encode, scaled
from .photographs import read_photographs
from .raw import encode_dng

if TYPE_CHECKING:
    from PIL import Image

DRIVE = {"driveDesktopUploader": {"version": "BACKUP_AND_SYNC"}}
PHONE = {"mobileUpload": {"deviceFolder": {"localFolderName": ""}, "deviceType": "ANDROID_PHONE"}}
WEB: dict[str, dict[str, dict[str, str]]] = {"webUpload": {"computerUpload": {}}}
FIRST_DAY = calendar.timegm((2016, 5, 14, 16, 20, 0))
DAY_S = 86_400

SAFE, PROTECTED, EDIT, DIFFERENT, ONE_ITEM = "safe copy", "protected copy", "edit", "different", "one item"


@dataclass(frozen=True)
class SampleItem:
    """One item of the pretended Google Photos library. Times are UTC epoch seconds; `key` is the id in its address."""

    title: str
    content: bytes
    taken: int
    key: str
    origin: dict = field(default_factory=lambda: PHONE)
    uploaded: int = 0
    albums: tuple[str, ...] = ()
    description: str = ""
    people: tuple[str, ...] = ()
    place: tuple[float, float] | None = None
    favorite: bool = False
    archived: bool = False
    edited: bytes | None = None  # Google's own rendering: the file X-edited beside X, still one item
    by_app: bool = False  # uploaded through this program's own project: known to the Library API, not in the Takeout


@dataclass(frozen=True)
class Seed:
    """Two items put in on purpose: `expected` are the relations that are right, None meaning no pair at all."""

    kind: str
    sort: str
    keeper: str
    copy: str
    expected: frozenset[str | None]


@dataclass(frozen=True)
class SampleLibrary:
    """The whole sample library."""

    items: tuple[SampleItem, ...]
    seeds: tuple[Seed, ...]
    photographs: frozenset[str]  # names of the real photographs used

    def without_uploads(self) -> SampleLibrary:
        """The part that a Takeout export brings: not what this program uploaded through the API."""
        uploads = {item.key for item in self.items if item.by_app}
        seeds = tuple(seed for seed in self.seeds if seed.copy not in uploads)
        return replace(self, items=tuple(item for item in self.items if not item.by_app), seeds=seeds)


def build_library() -> SampleLibrary:
    """The same library every time, except that drawn scenes stand in for photographs that are not installed."""
    builder = _Builder()
    for part in (_safe_copies, _edits, _different_pictures, _single_items, _uploads_of_this_app):
        part(builder)
    return SampleLibrary(tuple(builder.items), tuple(builder.seeds), frozenset(builder.used))


class _Builder:
    def __init__(self) -> None:
        self.photographs = read_photographs()
        self.used: set[str] = set()
        self.items: list[SampleItem] = []
        self.seeds: list[Seed] = []
        self._scenes: Iterator[Image.Image] = _endless_scenes()

    def picture(self, name: str = "") -> Image.Image:
        """The photograph of this name, or the next drawn scene."""
        if name in self.photographs:
            self.used.add(name)
            return self.photographs[name]
        return next(self._scenes)

    def add(self, title: str, content: bytes, **about) -> SampleItem:
        number = len(self.items)
        taken = about.pop("taken", FIRST_DAY + 23 * number * DAY_S)
        about.setdefault("uploaded", taken + DAY_S)
        item = SampleItem(title, content, taken, media_key(f"{number} {title}"), **about)
        self.items.append(item)
        return item

    def shot(self, image: Image.Image, suffix: str = "JPG", **about) -> SampleItem:
        """A camera's JPEG of `image`, the original of what follows."""
        number = len(self.items)
        taken = about.get("taken", FIRST_DAY + 23 * number * DAY_S)
        content = encode(image, "JPEG", 93, camera(taken))
        return self.add(f"DSC_{1000 + number}.{suffix}", content, **about)

    def copy(
        self, kind: str, sort: str, of: SampleItem, title: str, content: bytes, *expected: str | None, **about
    ) -> SampleItem:
        about.setdefault("origin", DRIVE)
        about.setdefault("uploaded", of.uploaded + 400 * DAY_S)
        item = self.add(title, content, **{"taken": of.taken, **about})
        self.seeds.append(Seed(kind, sort, of.key, item.key, frozenset(expected)))
        return item


def media_key(text: str) -> str:
    """An id of the shape Google gives: AF1Qip and 38 more characters."""
    return "AF1Qip" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:38]


def camera(taken: int, subsec: str = "") -> Camera:
    """The EXIF that this camera writes at this moment."""
    return Camera("NIKON CORPORATION", "NIKON D90", time.strftime("%Y:%m:%d %H:%M:%S", time.gmtime(taken)), subsec)


def _endless_scenes() -> Iterator[Image.Image]:
    seed = 0
    while True:
        for draw in (scenes.draw_lake, scenes.draw_garden, scenes.draw_town):
            yield draw(seed)
            seed += 1


def _stem(item: SampleItem) -> str:
    return item.title.rsplit(".", 1)[0]


def _safe_copies(b: _Builder) -> None:
    for side, name in ((320, "astronaut"), (160, "coffee")):
        image = b.picture(name)
        original = b.shot(image, albums=("Best of the year",), people=("Eileen",) if name == "astronaut" else ())
        # The same name: Drive for desktop finds .../thumbs/DSC_1000.JPG beside .../DSC_1000.JPG
        b.copy(f"thumbnail, {side} px", SAFE, original, original.title, encode(scaled(image, side), "JPEG", 85), "smaller_copy")
    image = b.picture("china")
    original = b.shot(image, place=(39.9163, 116.3972))
    half = encode(scaled(image, max(image.size) // 2), "JPEG", 90, camera(original.taken))
    b.copy("half size", SAFE, original, f"{_stem(original)}-web.jpg", half, "smaller_copy", albums=("For the family",))
    image = b.picture()
    original = b.shot(image)
    loved = encode(scaled(image, max(image.size) // 2), "JPEG", 90, camera(original.taken))
    title = f"{_stem(original)}-small.jpg"
    b.copy("half size, a favourite", PROTECTED, original, title, loved, "smaller_copy", favorite=True)
    _re_encodings(b)
    _other_formats(b)
    _whole_ladder(b)


def _re_encodings(b: _Builder) -> None:
    for quality, name in ((70, "rocket"), (25, "flower")):
        image = b.picture(name)
        original = b.shot(image)
        content = encode(image, "JPEG", quality, camera(original.taken))
        b.copy(f"JPEG again, quality {quality}", SAFE, original, f"{_stem(original)} copy.jpg", content, "re_encode")
    image = b.picture("camera")
    original = b.shot(image)
    sideways = copies.stored_sideways(image, camera=camera(original.taken))
    b.copy("stored sideways, shown upright", SAFE, original, f"{_stem(original)}_rotated.jpg", sideways, "re_encode")
    image = b.picture("tissue")
    original = b.shot(image)
    content = encode(copies.developed(image), "JPEG", 90, camera(original.taken))
    # no resizer does that: somebody developed it anew, and only a person knows which of the two is to stay
    b.copy("slightly other tone", EDIT, original, f"{_stem(original)}_dev.jpg", content, "edited", "look_alike")


def _other_formats(b: _Builder) -> None:
    for format, suffix, name in (("PNG", "png", "cat"), ("WEBP", "webp", "coins"), ("HEIF", "HEIC", "hubble")):
        image = b.picture(name)
        original = b.shot(image)
        content = encode(image, format, 85, camera(original.taken))
        b.copy(f"the same as {suffix}", SAFE, original, f"{_stem(original)}.{suffix}", content, "other_format", origin=WEB)
    image = scenes.draw_lake(101)
    taken = FIRST_DAY + 23 * len(b.items) * DAY_S
    when = camera(taken)
    raw = b.add("DSC_2001.DNG", encode_dng(image, when.make, when.model, when.taken), taken=taken, origin=WEB)
    content = encode(copies.developed(image), "JPEG", 93, when)
    b.copy("RAW and its JPEG", SAFE, raw, "DSC_2001.JPG", content, "raw_and_jpeg", origin=WEB, uploaded=raw.uploaded)


def _whole_ladder(b: _Builder) -> None:
    """What a photo program's cache leaves when a sync program uploads its folder."""
    image = scenes.draw_garden(102)
    original = b.shot(image, favorite=True, description="The meadow behind the house", albums=("Best of the year",))
    for side in (1024, 256, 120):
        content = encode(scaled(image, side), "JPEG", 80)
        b.copy(f"cache preview, {side} px", SAFE, original, f"{_stem(original)}_{side}.jpg", content, "smaller_copy")


def _edits(b: _Builder) -> None:
    # None: the search is known to miss it, which harms nobody; finding it would take many more hashes of each picture
    def edit(kind: str, name: str, change: Callable[[Image.Image], Image.Image], *expected: str | None) -> None:
        image = b.picture(name)
        original = b.shot(image)
        content = encode(change(image), "JPEG", 92, camera(original.taken))
        b.copy(kind, EDIT, original, f"{_stem(original)}_edit.jpg", content, *expected, origin=PHONE)

    from PIL import Image as images

    edit("black and white", "", copies.black_and_white, "edited")
    edit("strong filter", "", copies.strong_filter, "edited")
    edit("watermark", "", copies.watermarked, "edited")
    edit("letterbox", "", copies.letterboxed, "edited", "crop", None)
    edit("crop, 5 % off each side", "retina", lambda image: copies.cropped(image, 0.05, 0.05, 0.05, 0.05), "crop")
    edit("crop, a quarter of the area", "", lambda image: copies.cropped(image, 0.067, 0.067, 0.067, 0.067), "crop")
    edit("crop, off centre", "", lambda image: copies.cropped(image, 0.02, 0.0, 0.2, 0.15), "crop", None)
    edit("turned by 90 degrees", "", lambda image: image.transpose(images.Transpose.ROTATE_270), "turned")
    edit("turned by 180 degrees", "", lambda image: image.transpose(images.Transpose.ROTATE_180), "turned")
    edit("mirrored", "", copies.mirrored, "mirrored")
    edit("screenshot of the photo", "", copies.screenshot, "edited", "crop", "smaller_copy")


_NOT_THE_SAME = (None, "series", "look_alike")


def _different_pictures(b: _Builder) -> None:
    taken = FIRST_DAY + 23 * len(b.items) * DAY_S
    burst = [
        b.add(
            f"0000{shot + 1}IMG_0000{shot + 1}_BURST20190216172030.jpg",
            encode(scenes.draw_lake(103, moment=0.12 * shot), "JPEG", 93, camera(taken + shot // 2, f"{500 * (shot % 2):03d}")),
            taken=taken + shot // 2,
        )
        for shot in range(4)
    ]
    for shot in burst[1:]:
        b.seeds.append(Seed("burst of four", DIFFERENT, burst[0].key, shot.key, frozenset(_NOT_THE_SAME)))
    left = b.shot(b.picture("motorcycle_left"))
    right = encode(b.picture("motorcycle_right"), "JPEG", 93, camera(left.taken + 4))
    b.copy(
        "one motorcycle from two places",
        DIFFERENT,
        left,
        "DSC_3001.JPG",
        right,
        *_NOT_THE_SAME,
        origin=PHONE,
        taken=left.taken + 4,
    )
    town = b.shot(scenes.draw_town(104))
    later = encode(scenes.draw_town(105), "JPEG", 93, camera(town.taken + 3600))
    b.copy("two night views", DIFFERENT, town, "DSC_3002.JPG", later, *_NOT_THE_SAME, origin=PHONE, taken=town.taken + 3600)
    _look_alike_pages(b)
    _captions(b)


def _look_alike_pages(b: _Builder) -> None:
    for kind, draw, count, format in (
        ("letters in one layout", pages.draw_letter, 5, "JPEG"),
        ("receipts of one shop", pages.draw_receipt, 4, "JPEG"),
        ("slides of one template", pages.draw_slide, 4, "PNG"),
    ):
        drawn = [draw(seed) for seed in range(count)]
        suffix = "jpg" if format == "JPEG" else "png"
        items = [b.add(f"Scan_{len(b.items):04d}.{suffix}", encode(page, format, 88), origin=WEB) for page in drawn]
        for other in items[1:]:
            b.seeds.append(Seed(kind, DIFFERENT, items[0].key, other.key, frozenset(_NOT_THE_SAME)))
        content = encode(scaled(drawn[1], 640), "JPEG", 85)
        # every scanner has a Scan_0001: the name is no witness, but of all these pages it can be made again from one alone
        b.copy(f"smaller scan among {kind}", SAFE, items[1], f"{_stem(items[1])}-small.jpg", content, "smaller_copy")


def _captions(b: _Builder) -> None:
    image = scenes.draw_garden(106, size=(900, 700))
    plain = b.shot(image)
    for text in ("Monday again", "At last: Friday"):
        content = encode(pages.with_caption(image, text), "JPEG", 85)
        name = f"{text.split()[0].lower()}.jpg"
        b.copy("one picture with captions", DIFFERENT, plain, name, content, *_NOT_THE_SAME, "edited", "crop", origin=WEB)


def _single_items(b: _Builder) -> None:
    """What looks like duplicates in an export and is one item of the library."""
    image = scenes.draw_lake(107)
    original = b.shot(image)
    rendering = encode(copies.strong_filter(image), "JPEG", 92)
    b.items[-1] = replace(original, edited=rendering, albums=("Best of the year", "For the family"))
    shared = b.shot(b.picture("grass"))
    # Saved from a partner's library: other id, equal bytes. Google trashes both together, so neither may be offered.
    twin = b.add(shared.title, shared.content, taken=shared.taken, origin={"fromPartnerSharing": {}})
    b.seeds.append(Seed("equal bytes, two ids", ONE_ITEM, shared.key, twin.key, frozenset((None, "same_bytes"))))
    for name in ("brick", "clock", "gravel"):
        b.shot(b.picture(name), archived=name == "gravel")


def _uploads_of_this_app(b: _Builder) -> None:
    """Smaller copies that this program's own project uploaded: the only ones Google lets it file into an album."""
    for seed in range(108, 116):
        image = (scenes.draw_lake, scenes.draw_garden)[seed % 2](seed)
        original = b.shot(image)
        content = encode(scaled(image, 800), "JPEG", 85, camera(original.taken))
        b.copy("upload by this app", SAFE, original, f"{_stem(original)}_sync.jpg", content, "smaller_copy", by_app=True)
