"""Pictures drawn in code: what a library is full of beside photos, each family different pictures that look alike.

Deterministic: a family and a number always give the same pixels. For tests, benches and the demo; imports nothing of the package.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WORDS = [
    "harbour",
    "ledger",
    "window",
    "quiet",
    "seven",
    "amber",
    "station",
    "paper",
    "lantern",
    "cost",
    "river",
    "total",
    "monday",
    "garden",
    "signal",
    "winter",
    "copper",
    "market",
    "return",
    "forest",
    "delay",
    "figure",
    "bridge",
    "second",
    "light",
    "engine",
    "report",
    "orange",
    "number",
    "silver",
    "table",
    "letter",
    "north",
    "field",
]
INK = (30, 30, 34)


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(words))


def _canvas(width: int, height: int, colour: tuple[int, int, int] = (250, 250, 248)):
    image = Image.new("RGB", (width, height), colour)
    return image, ImageDraw.Draw(image)


def page(number: int) -> Image.Image:
    """A page of a letter: one layout, other words."""
    rng = random.Random(f"page{number}")
    image, draw = _canvas(1240, 1754)
    draw.text((120, 110), _text(rng, 3).title(), font=ImageFont.load_default(52), fill=INK)
    font = ImageFont.load_default(27)
    for line in range(34):
        draw.text((120, 230 + line * 40), _text(rng, 9 if line % 8 != 7 else 4), font=font, fill=INK)
    return image


def receipt(number: int) -> Image.Image:
    """A receipt of one shop: head and foot equal, a dozen items and prices of its own."""
    rng = random.Random(f"receipt{number}")
    image, draw = _canvas(620, 1180, (238, 236, 230))
    font, total = ImageFont.load_default(27), 0
    draw.text((150, 50), "CORNER MARKET", font=ImageFont.load_default(40), fill=INK)
    draw.text((170, 110), "12 Station Road", font=font, fill=INK)
    for line in range(12):
        price = rng.randint(49, 1999)
        total += price
        draw.text((60, 210 + line * 52), f"{rng.choice(WORDS)} {rng.choice(WORDS)}", font=font, fill=INK)
        draw.text((470, 210 + line * 52), f"{price / 100:6.2f}", font=font, fill=INK)
    draw.text((60, 880), "TOTAL", font=ImageFont.load_default(40), fill=INK)
    draw.text((440, 880), f"{total / 100:6.2f}", font=ImageFont.load_default(40), fill=INK)
    draw.text((120, 1050), f"2024-0{rng.randint(1, 9)}-{rng.randint(10, 28)}  thank you", font=font, fill=INK)
    return image


def chat(number: int) -> Image.Image:
    """A screenshot of a chat: one frame, other bubbles."""
    rng = random.Random(f"chat{number}")
    image, draw = _canvas(750, 1334, (229, 221, 213))
    draw.rectangle((0, 0, 750, 110), fill=(7, 94, 84))
    draw.text((110, 35), "Family", font=ImageFont.load_default(40), fill="white")
    font, top = ImageFont.load_default(28), 140
    while top < 1150:
        lines, mine = rng.randint(1, 3), rng.random() < 0.5
        left, right = (230, 720) if mine else (30, 520)
        draw.rounded_rectangle((left, top, right, top + 30 + lines * 40), 18, fill=(220, 248, 198) if mine else "white")
        for line in range(lines):
            draw.text((left + 22, top + 12 + line * 40), _text(rng, 4)[:30], font=font, fill=INK)
        top += 52 + lines * 40
    draw.rounded_rectangle((20, 1240, 730, 1310), 34, fill="white")
    return image


def slide(number: int) -> Image.Image:
    """A slide of one template: title, bullets and a bar chart of its own."""
    rng = random.Random(f"slide{number}")
    image, draw = _canvas(1280, 720, (252, 252, 255))
    draw.rectangle((0, 0, 1280, 120), fill=(28, 64, 120))
    draw.text((60, 32), _text(rng, 4).title(), font=ImageFont.load_default(52), fill="white")
    for line in range(5):
        draw.ellipse((70, 200 + line * 85, 88, 218 + line * 85), fill=(28, 64, 120))
        draw.text((115, 188 + line * 85), _text(rng, 4), font=ImageFont.load_default(34), fill=INK)
    for bar in range(5):
        draw.rectangle((800 + bar * 85, 620 - rng.randint(60, 380), 860 + bar * 85, 620), fill=(200, 110, 40))
    draw.text((1190, 672), str(number % 90 + 10), font=ImageFont.load_default(28), fill=(120, 120, 120))
    return image


def night(number: int) -> Image.Image:
    """A night shot: nearly black, a few lamps."""
    rng = random.Random(f"night{number}")
    image, draw = _canvas(1024, 768, (6, 7, 14))
    for _ in range(rng.randint(3, 9)):
        x, y, radius = rng.randint(0, 1023), rng.randint(250, 700), rng.randint(3, 16)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, rng.randint(170, 240), rng.randint(90, 190)))
    return noisy(image.filter(ImageFilter.GaussianBlur(3)), 2.5, number)


def sky(number: int) -> Image.Image:
    """A clear sky: a gradient, hardly a cloud."""
    rng = np.random.default_rng(number + 7000)
    height, width = 768, 1024
    share = np.linspace(0, 1, height)[:, None, None]
    top, bottom = np.array([70, 120, 200]) + rng.integers(-12, 12, 3), np.array([170, 200, 235]) + rng.integers(-12, 12, 3)
    pixels = np.broadcast_to(top * (1 - share) + bottom * share, (height, width, 3)).copy()
    clouds = Image.fromarray(rng.integers(0, 255, (5, 7), dtype=np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    pixels += (np.asarray(clouds, dtype=np.float64)[:, :, None] - 128) * rng.uniform(0.02, 0.12)
    return noisy(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), 1.5, number)


def scene(number: int, size: tuple[int, int] = (1200, 900)) -> Image.Image:
    """Something with the statistics of a photo: shapes over smooth clouds over fine texture."""
    rng = np.random.default_rng(number)
    width, height = size
    pixels = np.zeros((height, width, 3))
    for cells, weight in ((3, 90), (9, 55), (30, 30), (100, 18), (300, 12)):
        noise = rng.integers(0, 255, (max(2, cells * height // width), cells, 3), dtype=np.uint8)
        layer = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
        pixels += (np.asarray(layer, dtype=np.float64) - 128) * weight / 128
    image = Image.fromarray(np.clip(pixels + 120, 0, 255).astype(np.uint8))
    draw, dice = ImageDraw.Draw(image), random.Random(number)
    for _ in range(12):
        x, y, w, h = dice.randint(0, width), dice.randint(0, height), dice.randint(30, 260), dice.randint(30, 260)
        colour = tuple(dice.randint(10, 245) for _ in range(3))
        (draw.ellipse if dice.random() < 0.5 else draw.rectangle)((x, y, x + w, y + h), fill=colour)
    return image.filter(ImageFilter.GaussianBlur(0.7))


def captioned(base: Image.Image, number: int) -> Image.Image:
    """One picture with a caption of its own."""
    rng = random.Random(f"caption{number}")
    image = base.copy()
    width, height = image.size
    font = ImageFont.load_default(max(14, height // 16))
    draw = ImageDraw.Draw(image)
    text = _text(rng, 3).upper()
    draw.text(
        (width * 0.08, height * 0.84), text, font=font, fill="white", stroke_width=max(1, height // 240), stroke_fill="black"
    )
    return image


def noisy(image: Image.Image, sigma: float, seed: int) -> Image.Image:
    """The picture with sensor noise of a standard deviation in grey levels."""
    rng = np.random.default_rng(seed)
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32)
    return Image.fromarray(np.clip(pixels + rng.normal(0, sigma, pixels.shape), 0, 255).astype(np.uint8))


def tripod_frame(base: Image.Image, number: int) -> Image.Image:
    """The next exposure on a tripod: half a pixel away, other noise, a breath brighter, and the leaves have moved."""
    rng = random.Random(f"tripod{number}")
    dx, dy = rng.uniform(-0.9, 0.9), rng.uniform(-0.9, 0.9)
    moved = base.convert("RGB").transform(base.size, Image.Transform.AFFINE, (1, 0, dx, 0, 1, dy), Image.Resampling.BICUBIC)
    gain = rng.uniform(0.98, 1.02)
    brighter = moved.point(lambda value: int(value * gain))
    return noisy(brighter, 2.5, number)


def hand_held_frame(base: Image.Image, number: int) -> Image.Image:
    """The next exposure out of the hand: a few pixels and a fraction of a degree away."""
    rng = random.Random(f"hand{number}")
    width, height = base.size
    turned = base.convert("RGB").rotate(rng.uniform(-0.8, 0.8), Image.Resampling.BICUBIC)
    left, top = rng.uniform(0.015, 0.04) * width, rng.uniform(0.015, 0.04) * height
    box = (left, top, width - rng.uniform(0.015, 0.04) * width, height - rng.uniform(0.015, 0.04) * height)
    return noisy(turned.resize(base.size, Image.Resampling.BICUBIC, box=box), 2.5, number)


def somebody_moved(base: Image.Image, number: int) -> Image.Image:
    """The same view, a person-sized figure somewhere else in it."""
    rng = random.Random(f"moved{number}")
    image = base.convert("RGB")
    width, height = image.size
    tall = height * rng.uniform(0.14, 0.25)
    x, y = rng.uniform(0.1, 0.85) * width, rng.uniform(0.45, 0.7) * height
    coat = tuple(rng.randint(20, 230) for _ in range(3))
    draw = ImageDraw.Draw(image)
    draw.ellipse((x - tall * 0.1, y - tall * 0.2, x + tall * 0.1, y), fill=(214, 170, 140))
    draw.rounded_rectangle((x - tall * 0.18, y, x + tall * 0.18, y + tall * 0.8), tall * 0.08, fill=coat)
    return noisy(image, 1.5, number)


FAMILIES: dict[str, Callable[[int], Image.Image]] = {
    "page": page,
    "receipt": receipt,
    "chat": chat,
    "slide": slide,
    "night": night,
    "sky": sky,
}
"""Families that need no photo: name to a function from number to picture."""

NEXT_SHOTS: dict[str, Callable[[Image.Image, int], Image.Image]] = {
    "caption": captioned,
    "tripod": tripod_frame,
    "hand_held": hand_held_frame,
    "moved": somebody_moved,
}
"""Families made of a photo: name to a function from photo and number to another picture of that scene."""
