"""Pages that look alike and are not the same: letters, receipts, slides, captioned pictures. The trap for 64-bit hashes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

_TEXT = (
    "harbour lantern meadow copper winter ladder orchard signal paper river candle window engine garden thunder silver "
    "basket mountain violet compass feather kitchen marble station whistle timber velvet anchor pepper saddle"
)
WORDS = _TEXT.split()


def _font(size: int):
    from PIL import ImageFont

    return ImageFont.load_default(size)  # Pillow carries this one: no font need be installed


def draw_letter(seed: int) -> Image.Image:
    """A page of text in the layout all letters share; the words differ."""
    from PIL import Image, ImageDraw

    rng = random.Random(seed)
    page = Image.new("RGB", (1240, 1600), (250, 249, 245))
    draw = ImageDraw.Draw(page)
    draw.text((120, 110), "Northern Lights Housing Association", font=_font(40), fill=(30, 40, 90))
    draw.line((120, 175, 1120, 175), fill=(30, 40, 90), width=4)
    draw.text((820, 220), f"{rng.randrange(1, 29)} March {rng.randrange(2012, 2024)}", font=_font(28), fill="black")
    for line in range(30):
        words = " ".join(rng.choice(WORDS) for _ in range(rng.choice((8, 9))))
        draw.text((120, 320 + 38 * line), words, font=_font(26), fill=(25, 25, 25))
    return page


def draw_receipt(seed: int) -> Image.Image:
    """A receipt of one shop; items and prices differ."""
    from PIL import Image, ImageDraw

    rng = random.Random(seed)
    slip = Image.new("RGB", (700, 1300), (238, 236, 228))
    draw = ImageDraw.Draw(slip)
    draw.text((200, 60), "CORNER SHOP", font=_font(48), fill="black")
    total = 0
    for line in range(16):
        price = rng.randrange(40, 1999)
        total += price
        draw.text((60, 200 + 50 * line), rng.choice(WORDS).upper(), font=_font(32), fill="black")
        draw.text((520, 200 + 50 * line), f"{price / 100:.2f}", font=_font(32), fill="black")
    draw.line((60, 1030, 640, 1030), fill="black", width=3)
    draw.text((60, 1060), "TOTAL", font=_font(44), fill="black")
    draw.text((490, 1060), f"{total / 100:.2f}", font=_font(44), fill="black")
    return slip


def draw_slide(seed: int) -> Image.Image:
    """A slide of one template; title and points differ."""
    from PIL import Image, ImageDraw

    rng = random.Random(seed)
    slide = Image.new("RGB", (1280, 720), "white")
    draw = ImageDraw.Draw(slide)
    draw.rectangle((0, 0, 1280, 120), fill=(24, 70, 120))
    draw.rectangle((0, 680, 1280, 720), fill=(220, 120, 40))
    draw.text((60, 34), " ".join(rng.choice(WORDS) for _ in range(3)).title(), font=_font(48), fill="white")
    for point in range(5):
        draw.ellipse((80, 194 + 92 * point, 98, 212 + 92 * point), fill=(220, 120, 40))
        draw.text((130, 180 + 92 * point), " ".join(rng.choice(WORDS) for _ in range(6)), font=_font(34), fill="black")
    return slide


def with_caption(image: Image.Image, text: str) -> Image.Image:
    """The same picture with words across its foot: a different picture to the person who sent it."""
    from PIL import ImageDraw

    captioned = image.copy()
    draw = ImageDraw.Draw(captioned)
    size = max(18, image.height // 9)
    top = image.height - size * 1.6
    draw.rectangle((0, top, image.width, image.height), fill=(0, 0, 0))
    draw.text((image.width * 0.05, top + size * 0.2), text, font=_font(size), fill="white")
    return captioned
