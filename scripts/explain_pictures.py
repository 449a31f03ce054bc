#!/usr/bin/env python3
"""The pictures of docs/how-it-decides.md, drawn from pictures of the demo by the code that decides. `scripts/screenshots` calls this.

Every number in them is measured while they are drawn; run it again when the matching has changed.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from datasette_gphotos_dedupe.core.pictures.fingerprint import HASH_SIDE, compute_fingerprint, make_thumbnail  # noqa: E402
from datasette_gphotos_dedupe.core.verdict import compare  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.align import common_size, cut, load_preview  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.relation import Case  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.subject import Subject  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.verify import measure_case, verify_pair  # noqa: E402
from datasette_gphotos_dedupe.demo import copies, scenes  # noqa: E402
from datasette_gphotos_dedupe.sql_functions import hamming  # noqa: E402

IMAGES = CHECKOUT / "docs" / "images"
CELL, GAP, LINE = 240, 16, 22
INK, PAPER = "#222831", "#ffffff"


def subject(name: str, image: Image.Image, taken_at: str | None = None) -> Subject:
    """A picture as the verifier gets it: preview, size, name and the camera's clock."""
    found = compute_fingerprint(image)
    return Subject(
        photo_id=name,
        thumbnail=make_thumbnail(image).content,
        width=image.width,
        height=image.height,
        mime_type="image/jpeg",
        flatness=found.flatness,
        phash=found.phash,
        filename=name,
        camera_taken_at=taken_at,
        taken_at=taken_at,
    )


def through_jpeg(image: Image.Image, quality: int) -> Image.Image:
    """The picture after a program has compressed it."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    lake, town = scenes.draw_lake(3), scenes.draw_town(5)
    small = through_jpeg(copies.scaled(lake, 480), 60)
    save("hash", hash_picture([("the photo", lake), ("its thumbnail", small), ("another photo", town)]))
    twin = subject("IMG_0301_thumb.jpg", small), subject("IMG_0301.jpg", lake)
    save("accepted", pair_picture(*twin))
    marked = copies.watermarked(lake)
    save("caption", pair_picture(subject("IMG_0301_web.jpg", through_jpeg(marked, 85)), subject("IMG_0301.jpg", lake)))
    times = "2024-07-01T10:00:00.10", "2024-07-01T10:00:02.40"
    later = scenes.draw_lake(3, moment=0.05)
    save("refused", pair_picture(subject("IMG_0302.jpg", later, times[1]), subject("IMG_0301.jpg", lake, times[0])))


def hash_picture(pictures: list[tuple[str, Image.Image]]) -> Image.Image:
    """Each picture above its 256 bits, with the number of bits that differ from the first."""
    height = CELL * 3 // 4
    canvas = Image.new("RGB", (len(pictures) * (CELL + GAP) - GAP, height + GAP + CELL + 2 * LINE + 8), PAPER)
    first = compute_fingerprint(pictures[0][1]).phash
    for place, (name, picture) in enumerate(pictures):
        left = place * (CELL + GAP)
        phash = compute_fingerprint(picture).phash
        canvas.paste(picture.resize((CELL, height), Image.Resampling.LANCZOS), (left, 0))
        canvas.paste(bits_picture(phash, first), (left, height + GAP))
        bits = "256 bits" if place == 0 else f"{hamming(phash, first)} of 256 bits differ"
        write(canvas, (left, height + GAP + CELL + 4), f"{name}:\n{bits}")
    return canvas


def bits_picture(phash: str, first: str) -> Image.Image:
    """The bits of a hash as squares; those that differ from the first hash are red."""
    bits, others = (
        np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8)).reshape(HASH_SIDE, HASH_SIDE) for text in (phash, first)
    )
    colours = np.where(bits[..., None] == 1, (40, 60, 90), (225, 230, 236)).astype(np.uint8)
    colours[bits != others] = (205, 50, 45)
    return Image.fromarray(colours).resize((CELL, CELL), Image.Resampling.NEAREST)


def pair_picture(a: Subject, b: Subject) -> Image.Image:
    """Two pictures cut to what both show, the blocks in which they differ, and the verdict in words."""
    distance_bits = hamming(a.phash, b.phash) or 0
    case = measure_case(a, b, distance_bits, "base")
    verdict = verify_pair(a, b, distance_bits, "base")
    if case is None or verdict is None:
        sys.exit(f"{a.filename} and {b.filename} are no pair: the pictures of the page would say something untrue.")
    views = cut_views(case)
    height = views[0].height
    canvas = Image.new("RGB", (3 * (CELL + GAP) - GAP, height + 5 * LINE + 10), PAPER)
    for place, view in enumerate(views):
        canvas.paste(view, (place * (CELL + GAP), 0))
    names = (case.a.filename, case.b.filename, "blocks that differ")
    for place, name in enumerate(names):
        write(canvas, (place * (CELL + GAP), height + 4), str(name))
    write(canvas, (0, height + 4 + LINE), f"{verdict.relation}, confidence {verdict.confidence:.2f}", bold=True)
    write(canvas, (0, height + 4 + 2 * LINE), wrapped(verdict.evidence, 106))
    return canvas


def cut_views(case: Case) -> list[Image.Image]:
    """Both pictures in grey as they are compared, and their blocks from green (equal) over yellow to red (beyond the border)."""
    a, b = load_preview(case.a.thumbnail or b""), load_preview(case.b.thumbnail or b"")
    size = common_size(a, b, case.overlay, compare.CANVAS_SIDE)
    grey_a, grey_b = cut(a.luma, case.overlay.box_a, size), cut(b.luma, case.overlay.box_b, size)
    scores = block_scores(grey_a, grey_b)
    shape = (CELL, round(CELL * size[1] / size[0]))
    heat = Image.fromarray(
        np.stack([heat_of(scores), 200 - 150 * np.clip(scores - 0.5, 0, 1), 0 * scores + 70], -1).astype(np.uint8)
    )
    ground = Image.fromarray(grey_b).convert("RGB").resize(shape)
    blended = Image.blend(ground, heat.resize(shape, Image.Resampling.NEAREST), 0.55)
    return [*(Image.fromarray(grey).convert("RGB").resize(shape) for grey in (grey_a, grey_b)), blended]


def heat_of(scores: np.ndarray) -> np.ndarray:
    return 60 + 180 * np.clip(scores, 0, 1)


def block_scores(grey_a: np.ndarray, grey_b: np.ndarray) -> np.ndarray:
    """How far each block differs, as a ratio to what encoding explains; 1 is the border."""
    return compare.block_scores(grey_a.astype(np.float32), compare.tone_curve(grey_a, grey_b)[grey_b])


def wrapped(text: str, width: int) -> str:
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) >= width:
            lines, line = [*lines, line], ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def write(canvas: Image.Image, place: tuple[int, int], text: str, bold: bool = False) -> None:
    size = 15 if bold else 14
    ImageDraw.Draw(canvas).multiline_text(place, text, fill=INK, font=ImageFont.load_default(size=size), spacing=5)


def save(name: str, picture: Image.Image) -> None:
    target = IMAGES / f"decides-{name}.webp"
    picture.save(target, "WEBP", quality=80, method=6)
    print(f"{target.relative_to(CHECKOUT)}: {target.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
