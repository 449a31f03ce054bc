"""Where the borders of re-making stand, and what passes them: copies, small changes and other exposures of real photos, measured.

    python scripts/derive_borders.py PHOTOS... [--part unseen] [--workers 2] [--most 200]

PHOTOS are folders of JPEG files, as cameras wrote them. Of each some *copies* are made as caches and sync programs make them (sizes,
resamplers, sharpening, qualities, formats), some *changes* in one small place (an eye, a blemish, a digit, a plate, a tint, a moved
thing, a stamp, a cloned patch), and files of one size that stand next to each other in a folder are taken for *other exposures* of one
scene, at full size and as previews. What differs by nothing that can be seen at the size of the changed file is left out: a change counts
when a mean of 3 x 3 pixels of the saved files differs by 14 grey levels and by more than what the encoder leaves around it.

The last table is what `confidence` says of a copy: of the pairs that are made again so near to a border, the share that are honest
copies. There are as many other pairs as copies in this set and all of them are hard, so that it says less than holds of a library.

Borders were set looking at the part `tuned` (a hash of the content decides); `unseen` is for measuring.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from datasette_gphotos_dedupe.core.verdict.compared_photo import Subject  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.file_proof import Original, prove  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.measures import ON_PURPOSE, SAME_LEFT, STRUCTURE, all_allow, nearness  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.remake import Remaking  # noqa: E402

SIDES = (160, 256, 320, 480, 640, 1024, 1600, 2048, 2560)
PREVIEW_SIDES = (160, 200, 320, 480, 640, 1024, 1600)
VISIBLE = 14.0  # grey levels of a mean of 3 x 3 pixels
SHARES = (0.008, 0.012, 0.02, 0.03, 0.06)  # of the longer side
LARGEST_SIDE = 4200
BANDS = (-1.0, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
QUANTILES = (0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1)
Task = tuple[str, str, str]


@dataclass(frozen=True)
class Measured:
    """One pair: what it is, of which kind, the longer side of the smaller one, and what was measured in how many milliseconds."""

    group: str
    kind: str
    side: int
    remaking: Remaking | None
    spent_ms: float
    name: str

    @property
    def passes(self) -> bool:
        """Whether it would be offered for removal."""
        remaking = self.remaking
        return remaking is not None and all_allow((*SAME_LEFT, *ON_PURPOSE, STRUCTURE), remaking)


def list_photos(folders: Iterable[Path], part: str, most: int) -> list[Path]:
    """JPEG files that need no turning, none twice, in an order that the folders have no say in."""
    by_content = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in (".jpg", ".jpeg") and path.is_file() and path.stat().st_size > 15_000:
                by_content.setdefault(hashlib.sha1(path.read_bytes()).hexdigest(), path)
    chosen = [(key, path) for key, path in sorted(by_content.items()) if part == "both" or _part(key) == part]
    return [path for _, path in chosen[:most]]


def _part(key: str) -> str:
    return "tuned" if int(key[:4], 16) % 2 == 0 else "unseen"


def neighbours(photos: list[Path]) -> Iterator[tuple[Path, Path]]:
    """Files of one size that stand within four of each other in one folder."""
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(photos):
        folders[path.parent].append(path)
    for paths in folders.values():
        for place, path in enumerate(paths):
            yield from ((path, other) for other in paths[place + 1 : place + 5] if _size(path) == _size(other))


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def opened(path: Path) -> Image.Image | None:
    """The picture as RGB; None for what is too large for this, or lies on its side."""
    with Image.open(path) as image:
        if max(image.size) > LARGEST_SIDE or image.getexif().get(0x0112, 1) != 1:
            return None
        return image.convert("RGB")


def saved(image: Image.Image, format_name: str, quality: int, subsampling: int = 2) -> bytes:
    buffer = io.BytesIO()
    more = {"JPEG": {"quality": quality, "subsampling": subsampling}, "WEBP": {"quality": quality}, "PNG": {"compress_level": 1}}
    image.save(buffer, format_name, **more[format_name])
    return buffer.getvalue()


def reduced(image: Image.Image, side: int, how: str) -> Image.Image:
    """The picture at a longer side, by one of the ways that programs know."""
    share = side / max(image.size)
    if share >= 1:
        return image
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    if how == "AREA":
        return Image.fromarray(cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_AREA))
    if how == "REDUCED":
        return image.reduce(max(1, int(1 / share))).resize(size, Image.Resampling.BILINEAR)
    return image.resize(size, Image.Resampling[how])


def copies(image: Image.Image, rng: random.Random) -> Iterator[tuple[str, int, bytes]]:
    for _ in range(3):
        side = min(rng.choice((*SIDES, 10_000)), max(image.size))
        how = rng.choice(("LANCZOS", "BICUBIC", "BILINEAR", "BOX", "AREA", "REDUCED"))
        copy = reduced(image, side, how)
        sharpened = rng.random() < 1 / 3
        if sharpened:
            copy = copy.filter(ImageFilter.UnsharpMask(rng.choice((0.6, 1, 1.5)), rng.choice((50, 100, 150)), rng.choice((0, 2))))
        format_name = rng.choice(("JPEG", "JPEG", "JPEG", "JPEG", "WEBP", "PNG"))
        made = saved(copy, format_name, rng.choice((55, 70, 80, 85, 92)), rng.choice((0, 2)))
        yield f"{format_name}{', sharpened' if sharpened else ''}", side, made


CHANGES = ("eye", "blemish", "digit", "plate", "tint", "moved", "stamp", "clone")


def changed(image: Image.Image, kind: str, rng: random.Random) -> Image.Image:
    """The picture with a change in one small place."""
    image, (width, height) = image.copy(), image.size
    size = max(3, round(rng.choice(SHARES) * max(image.size)))
    x, y = (
        rng.randrange(width // 20, max(width // 20 + 1, width - size)),
        rng.randrange(height // 20, max(height // 20 + 1, height - size)),
    )
    place = image.crop((x, y, x + size, y + size))
    draw = ImageDraw.Draw(image)
    if kind == "eye":
        draw.ellipse((x, y, x + size, y + size // 2), fill=tuple(value // 3 for value in image.getpixel((x, y))))
    elif kind == "blemish":
        image.paste(place.filter(ImageFilter.GaussianBlur(size / 4)), (x, y))
    elif kind == "digit":
        draw.text(
            (x, y), rng.choice("0123456789"), font=ImageFont.load_default(max(6, size)), fill=rng.choice(((20,) * 3, (240,) * 3))
        )
    elif kind == "plate":
        image.paste(place.reduce(max(1, size // 5)).resize((size, size), Image.Resampling.NEAREST), (x, y))
    elif kind == "tint":
        image.paste(Image.blend(place, Image.new("RGB", place.size, rng.choice(((255, 60, 60), (60, 60, 255)))), 0.25), (x, y))
    elif kind == "moved":
        image.paste(place, (x + max(2, size // 3), y))
    elif kind == "stamp":
        draw.text((width * 0.75, height * 0.93), "12.04.2022", font=ImageFont.load_default(max(7, size)), fill=(255, 150, 30))
    else:
        image.paste(place, (max(0, x - 2 * size), y))
    return image


def changes(image: Image.Image, rng: random.Random) -> Iterator[tuple[str, int, bytes]]:
    """Changed copies whose change can be seen at their own size."""
    for kind in CHANGES:
        side = min(rng.choice((320, 480, 640, 1024, 1600, 10_000)), max(image.size))
        honest = reduced(image, side, "LANCZOS")
        other = changed(honest, kind, rng)
        quality = rng.choice((60, 75, 85, 92))
        files = [saved(picture, "JPEG", quality) for picture in (honest, other)]
        if can_be_seen(honest, *(Image.open(io.BytesIO(file)) for file in files)):
            yield kind, side, files[1]


def can_be_seen(honest: Image.Image, honest_file: Image.Image, changed_file: Image.Image) -> bool:
    """Whether the change is plain to see in the file somewhere, and more than what the encoder leaves there."""
    before, file, after = (np.asarray(image, np.float32) for image in (honest, honest_file, changed_file))
    change, loss = (np.abs(cv2.blur(one - file, (3, 3))).max(axis=2) for one in (after, before))
    return bool((change >= np.maximum(VISIBLE, cv2.dilate(loss, np.ones((17, 17), np.uint8)))).any())


def measure(task: Task) -> list[Measured]:
    """All pairs of one task; runs in another process."""
    group, first, second = task
    image = opened(Path(first))
    if image is None:
        return []
    rng, data = random.Random(f"{group} {Path(first).name}"), Path(first).read_bytes()
    if group == "copies":
        return [_measured(group, kind, side, made, data, first) for kind, side, made in copies(image, rng)]
    if group == "changes":
        return [_measured(group, kind, side, made, data, first) for kind, side, made in changes(image, rng)]
    other = Path(second).read_bytes()
    found = [_measured("exposures, full size", "", max(image.size), data, other, first)]
    for side in PREVIEW_SIDES:
        if side < max(image.size):
            preview = saved(reduced(image, side, "LANCZOS"), "JPEG", rng.choice((70, 80, 90)))
            found.append(_measured("exposures, previews", str(side), side, preview, other, first))
    return found


def _measured(group: str, kind: str, side: int, small: bytes, large: bytes, name: str) -> Measured:
    began = time.process_time()
    proof = prove(Original(Subject("small"), small), Original(Subject("large"), large))
    return Measured(group, kind, side, proof.remaking, 1000 * (time.process_time() - began), Path(name).name)


def print_tables(found: list[Measured]) -> None:
    groups: dict[str, list[Measured]] = defaultdict(list)
    for one in found:
        groups[one.group].append(one)
    print(f"{'offered':24} {'n':>6}")
    for group, some in sorted(groups.items()):
        print(f"{group:24} {len(some):6} {sum(one.passes for one in some) / len(some):8.1%}")
        for kind in sorted({one.kind for one in some if one.kind}):
            of_kind = [one for one in some if one.kind == kind]
            print(f"  {kind:22} {len(of_kind):6} {sum(one.passes for one in of_kind) / len(of_kind):8.1%}")
    for measure_ in (*SAME_LEFT, *ON_PURPOSE, STRUCTURE):
        print(f"\n{measure_.name} ({measure_.border})" + "".join(f"{quantile:>8.0%}" for quantile in QUANTILES))
        for group, some in sorted(groups.items()):
            values = sorted(getattr(one.remaking, measure_.name) for one in some if one.remaking)
            print(
                f"  {group:22}"
                + "".join(f"{values[min(len(values) - 1, int(q * len(values)))]:8.2f}" for q in QUANTILES if values)
            )
    print_confidence(found)
    times = sorted(one.spent_ms for one in groups["copies"])
    if times:
        print(
            f"\na re-making takes {times[len(times) // 2]:.0f} ms of one core in the middle, {times[int(0.95 * len(times))]:.0f} in 95 %"
        )
    worst = sorted((one for one in found if one.passes and one.group == "exposures, previews"), key=lambda one: -one.side)
    for one in worst[:10]:
        print("other exposure offered:", one.name, one.kind, one.remaking)


def print_confidence(found: list[Measured]) -> None:
    """By how near to a border the pairs lie that would be offered: how many are copies, how many others, and the share of copies."""
    print(f"\n{'nearness to a border':24} {'copies':>8} {'others':>8} {'share':>8}")
    near = [(nearness(one.remaking), one.group == "copies") for one in found if one.passes and one.remaking]
    for low, high in pairwise(BANDS):
        honest = [is_copy for near_by, is_copy in near if low < near_by <= high]
        share = f"{(sum(honest) + 1) / (len(honest) + 2):8.3f}" if honest else "       -"  # Laplace's rule: never quite sure
        print(f"  {low:4.2f} to {high:4.2f}{'':10} {sum(honest):8} {len(honest) - sum(honest):8} {share}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--part", choices=("tuned", "unseen", "both"), default="unseen")
    parser.add_argument("--most", type=int, default=200, help="at most so many photos")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    photos = list_photos(options.folders, options.part, options.most)
    everything = list_photos(options.folders, "both", 100_000)
    tasks: list[Task] = [(group, str(path), "") for path in photos for group in ("copies", "changes")]
    tasks += [("exposures", str(a), str(b)) for a, b in neighbours(everything) if a in photos]
    with ProcessPoolExecutor(options.workers) as pool:
        found = [one for some in pool.map(measure, tasks) for one in some]
    print(f"part {options.part}: {len(photos)} photos, {len(found)} pairs\n")
    print_tables(found)


if __name__ == "__main__":
    main()
