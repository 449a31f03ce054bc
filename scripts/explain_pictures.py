#!/usr/bin/env python3
"""The pictures of docs/how-it-decides.md, drawn from pictures of the demo by the code that decides. `scripts/screenshots` calls this.

Every number in them is measured while they are drawn; run it again when the matching has changed.
"""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))

from datasette_gphotos_dedupe.core.pictures.fingerprint import HASH_SIDE, compute_fingerprint, make_thumbnail  # noqa: E402
from datasette_gphotos_dedupe.core.pictures.planes import read_still  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.compared_photo import Subject  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.file_proof import Original, prove  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.judge_pair import prove_pair  # noqa: E402
from datasette_gphotos_dedupe.core.verdict.remake import Views, remake_best  # noqa: E402
from datasette_gphotos_dedupe.demo import copies, scenes  # noqa: E402
from datasette_gphotos_dedupe.sql_functions import hamming  # noqa: E402

IMAGES = CHECKOUT / "docs" / "images"
CELL, GAP, LINE = 240, 16, 22
LEFT_AT, SHOWN = 128, 6  # grey level of no difference, and how many times a difference is shown
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


def file_of(image: Image.Image, quality: int) -> bytes:
    """The picture as a program saves it."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def exposed(image: Image.Image, number: int) -> bytes:
    """The scene as a camera saves it, with the photon noise of one exposure."""
    noise = np.random.default_rng(number).normal(0, 4, (image.height, image.width, 3))
    return file_of(Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)), 93)


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    lake, town = scenes.draw_lake(3), scenes.draw_town(5)
    original = exposed(lake, 1)
    small = copies.scaled(opened(original), 480)
    save(
        "hash",
        hash_picture([("the photo", opened(original)), ("its preview", opened(file_of(small, 60))), ("another photo", town)]),
    )
    save("proved", remade_picture(("3f9a1c77.jpg", file_of(small, 70)), ("IMG_0301.jpg", original)))
    stamped = opened(original)
    width, height = stamped.size
    font = ImageFont.load_default(size=height // 28)
    ImageDraw.Draw(stamped).text((width * 0.8, height * 0.92), "12.04.2022", fill=(255, 150, 30), font=font)
    save("stamp", remade_picture(("IMG_0301.jpg", file_of(copies.scaled(stamped, 720), 85)), ("IMG_0301.jpg", original)))
    save("exposure", remade_picture(("5c1e88d0.jpg", exposed(lake, 2)), ("IMG_0301.jpg", original)))


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


def remade_picture(copy: tuple[str, bytes], keeper: tuple[str, bytes]) -> Image.Image:
    """The copy beside what is made of the keeper, what is left, what the encoder leaves, and the verdict in words."""
    subjects = [subject(name, opened(data)) for name, data in (copy, keeper)]
    subjects = [replace(one, photo_id=photo_id) for one, photo_id in zip(subjects, ("copy", "keeper"), strict=True)]
    distance_bits = hamming(subjects[0].phash, subjects[1].phash) or 0
    originals = [Original(one, data) for one, (_, data) in zip(subjects, (copy, keeper), strict=True)]
    verdict, _ = prove_pair(*subjects, distance_bits, "base", lambda case: prove(*originals))
    best = remake_best(*(read_still(data, name) for name, data in (copy, keeper)))
    if verdict is None or best is None:
        sys.exit(f"{copy[0]} and {keeper[0]} are no pair: the pictures of the page would say something untrue.")
    views = Views(*(plane.astype(np.float32) for plane in (best[1].copy, best[1].made, best[1].encoded)))
    planes = (views.copy, views.made, LEFT_AT + SHOWN * (views.copy - views.made), LEFT_AT + SHOWN * (views.encoded - views.made))
    names = (f"{copy[0]}, the copy", f"made of {keeper[0]}", f"what is left, x {SHOWN}", f"what its encoder leaves, x {SHOWN}")
    height = round(CELL * views.copy.shape[0] / views.copy.shape[1])
    canvas = Image.new("RGB", (4 * (CELL + GAP) - GAP, height + 6 * LINE + 10), PAPER)
    for place, (plane, name) in enumerate(zip(planes, names, strict=True)):
        grey = Image.fromarray(np.clip(plane, 0, 255).astype(np.uint8)).convert("RGB")
        canvas.paste(grey.resize((CELL, height), Image.Resampling.BOX), (place * (CELL + GAP), 0))
        write(canvas, (place * (CELL + GAP), height + 4), name)
    write(canvas, (0, height + 4 + LINE), verdict.relation, bold=True)
    write(canvas, (0, height + 4 + 2 * LINE), wrapped(verdict.evidence, 140))
    return canvas


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
