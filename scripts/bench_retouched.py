"""How often a retouched picture under the very name of its original would be called a copy: the danger of trusting names.

    python scripts/bench_retouched.py PHOTOS... [--count 24] [--part tuned]

Of each picture versions are made with something removed, another face, a date stamp, red eyes mended, a caption or a sticker, from
3 % to 15 % of the longer side, and compared with the original in full size and with its thumbnail of 320 pixels. Small ones on an even
ground cannot be seen on previews at all, so those are counted apart in which a pixel of a preview moves by more than VISIBLE.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from bench_accuracy import plan_tasks  # noqa: E402
from labelled_set import encoded, fitted, hash_of, read_source  # noqa: E402

from datasette_gphotos_dedupe.core.pictures.fingerprint import make_thumbnail  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.compared_photo import Subject  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.judge_pair import verify_pair  # noqa: E402
from datasette_gphotos_dedupe.model import REMOVABLE_RELATIONS  # noqa: E402

SHARES = (0.03, 0.05, 0.08, 0.11, 0.15)
VISIBLE = 40.0  # grey levels
Box = tuple[int, int, int, int]


def removed(image: Image.Image, box: Box, rng: random.Random) -> Image.Image:
    """The ground beside a place painted over it, with a soft border."""
    width = box[2] - box[0]
    step = width if box[0] + 2 * width < image.width else -width
    ground = image.crop((box[0] + step, box[1], box[2] + step, box[3]))
    return _pasted(image, ground, box, blur=width / 20)


def face(image: Image.Image, box: Box, rng: random.Random) -> Image.Image:
    """Another piece of the picture in a place, with its brightness and contrast."""
    width, height = box[2] - box[0], box[3] - box[1]
    x, y = rng.randrange(image.width - width), rng.randrange(image.height - height)
    other, here = (np.asarray(image.crop(part), float) for part in ((x, y, x + width, y + height), box))
    piece = (other - other.mean((0, 1))) / (other.std() + 1) * (here.std() + 1) + here.mean((0, 1))
    return _pasted(image, Image.fromarray(np.clip(piece, 0, 255).astype(np.uint8)), box, blur=0)


def _pasted(image: Image.Image, piece: Image.Image, box: Box, blur: float) -> Image.Image:
    mask = Image.new("L", piece.size, 0)
    ImageDraw.Draw(mask).ellipse((0, 0, piece.width - 1, piece.height - 1), fill=255)
    changed = image.copy()
    changed.paste(piece, box[:2], mask.filter(ImageFilter.GaussianBlur(blur)))
    return changed


def stamp(image: Image.Image, box: Box, rng: random.Random) -> Image.Image:
    changed, height = image.copy(), max(8, (box[2] - box[0]) // 4)
    place = (image.width * 0.98 - height * 5, image.height * 0.97 - height * 1.3)
    ImageDraw.Draw(changed).text(place, "28.06.2019", font=ImageFont.load_default(height), fill=(255, 140, 30))
    return changed


def red_eyes(image: Image.Image, box: Box, rng: random.Random) -> Image.Image:
    changed, width = image.copy(), box[2] - box[0]
    y, radius = (box[1] + box[3]) // 2, max(2, width // 8)
    for x in (box[0] + width // 4, box[2] - width // 4):
        ImageDraw.Draw(changed).ellipse((x - radius, y - radius, x + radius, y + radius), fill=(30, 20, 20))
    return changed


def caption(image: Image.Image, box: Box, rng: random.Random) -> Image.Image:
    changed, height = image.copy(), max(8, (box[2] - box[0]) // 3)
    style = {
        "font": ImageFont.load_default(height),
        "fill": "white",
        "stroke_width": max(1, height // 14),
        "stroke_fill": "black",
    }
    ImageDraw.Draw(changed).text((image.width * 0.05, image.height * 0.9 - height), "Happy birthday", **style)
    return changed


def sticker(image: Image.Image, box: Box, rng: random.Random) -> Image.Image:
    changed, width = image.copy(), box[2] - box[0]
    ImageDraw.Draw(changed).ellipse(box, fill=(255, 210, 40))
    eye = (box[0] + width // 4, box[1] + width // 4, box[0] + width * 2 // 5, box[1] + width * 2 // 5)
    ImageDraw.Draw(changed).ellipse(eye, fill=(20, 20, 20))
    return changed


RETOUCHES = (removed, face, stamp, red_eyes, caption, sticker)


def subject(name: str, image: Image.Image, quality: int) -> Subject:
    content = encoded(image, quality=quality)
    with Image.open(io.BytesIO(content)) as decoded:
        preview = make_thumbnail(decoded).content
    return Subject(name, preview, *image.size, len(content), "image/jpeg", filename="IMG_1234.jpg")


def bench_picture(image: Image.Image, rng: random.Random, counts: Counter, called_copies: Counter) -> None:
    """Count the retouched versions of one picture by kind, size and what they were compared with."""
    others = {"full size": subject("original", image, 92), "320 pixels": subject("thumbnail", fitted(image, 320), 80)}
    before = np.asarray(fitted(image, 320), float)
    for share in SHARES:
        side = max(8, round(share * max(image.size)))
        if side * 2 >= min(image.size):
            continue
        for retouch in RETOUCHES:
            x, y = rng.randrange(image.width - side), rng.randrange(image.height - side)
            changed = retouch(image, (x, y, x + side, y + side), rng)
            seen = np.abs(np.asarray(fitted(changed, 320), float) - before).max() > VISIBLE
            version = subject("version", changed, 88)
            for name, other in others.items():
                verdict = verify_pair(version, other, 0, "base")
                keys = [("all", name), (f"{share:.0%} of the side", name), (retouch.__name__, name)]
                keys += [("visible", name), (f"{retouch.__name__}, visible", name)] if seen else []
                counts.update(keys)
                called_copies.update(keys if verdict and verdict.relation in REMOVABLE_RELATIONS else [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--part", choices=("tuned", "unseen", "both"), default="tuned")
    parser.add_argument("--count", type=int, default=24, help="pictures")
    options = parser.parse_args()
    counts, called_copies = Counter(), Counter()
    tasks = sorted(plan_tasks(options.folders, 0, options.part, 2), key=lambda task: hash_of(task[1]))
    for _, name, path in tasks[: options.count]:
        bench_picture(read_source(Path(path), 1024), random.Random(name), counts, called_copies)
    for key in sorted(counts):
        print(f"{key[0]:24} against {key[1]:12} {called_copies[key]:4} of {counts[key]:4} called copies")


if __name__ == "__main__":
    main()
