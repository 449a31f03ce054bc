"""Scenes drawn in code: a lake, a town at night, a garden. `moment` moves what moves, so that one scene gives a burst."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

SIZE = (1280, 960)
_DAYLIGHT = (  # colour of the sky above and at the horizon
    ((70, 120, 190), (245, 220, 190)),
    ((90, 90, 150), (250, 170, 110)),
    ((110, 160, 210), (225, 235, 240)),
)
GRAIN = 3.0  # standard deviation of the sensor noise, in steps of 255


def draw_lake(seed: int, moment: float = 0.0, size: tuple[int, int] = SIZE) -> Image.Image:
    """Mountains over a lake with a boat; the boat and the clouds move with `moment`."""
    from PIL import ImageDraw

    rng = random.Random(seed)
    width, height = size
    horizon = int(height * rng.uniform(0.5, 0.62))
    image = _sky(size, *rng.choice(_DAYLIGHT))
    draw = ImageDraw.Draw(image)
    sun_x, sun_y = rng.uniform(0.15, 0.85) * width, rng.uniform(0.1, 0.3) * height
    draw.ellipse((sun_x - 60, sun_y - 60, sun_x + 60, sun_y + 60), fill=(255, 244, 214))
    _clouds(draw, rng, size, moment)
    for layer in range(4):
        shade = 130 - 30 * layer
        _ridge(draw, rng, width, horizon - 300 + 80 * layer, horizon, (shade - 10, shade + 5, shade + 20 - 12 * layer))
    _mirror_in_water(image, horizon)
    _trees(ImageDraw.Draw(image), rng, width, horizon)
    _boat(ImageDraw.Draw(image), rng.uniform(0.2, 0.6) * width + 240 * moment, horizon + 0.3 * (height - horizon), rng)
    return _as_from_a_camera(image, seed * 1000 + int(moment * 100))


def draw_town(seed: int, moment: float = 0.0, size: tuple[int, int] = SIZE) -> Image.Image:
    """Houses with lit windows at night; a car passes with `moment`."""
    from PIL import ImageDraw

    rng = random.Random(seed)
    width, height = size
    image = _sky(size, (8, 10, 28), (46, 34, 60))
    draw = ImageDraw.Draw(image)
    for _ in range(160):
        x, y = rng.randrange(width), rng.randrange(height // 2)
        draw.ellipse((x, y, x + 2, y + 2), fill=(220, 220, 235))
    x = -20
    while x < width:
        x = _house(draw, rng, x, height)
    car = (0.1 + 0.5 * moment) * width
    draw.rounded_rectangle((car, height - 90, car + 190, height - 40), 18, fill=(160, 40, 40))
    draw.polygon([(car + 190, height - 80), (car + 420, height - 110), (car + 420, height - 30)], fill=(120, 112, 80))
    return _as_from_a_camera(image, seed * 1000 + int(moment * 100))


def draw_garden(seed: int, moment: float = 0.0, size: tuple[int, int] = SIZE) -> Image.Image:
    """A meadow of flowers; a butterfly flies through it with `moment`."""
    from PIL import ImageDraw

    rng = random.Random(seed)
    width, height = size
    image = _sky(size, (96, 140, 70), (40, 84, 34))
    draw = ImageDraw.Draw(image)
    for _ in range(1500):
        x, y = rng.randrange(width), rng.randrange(height)
        shade = rng.randrange(60, 150)
        draw.line((x, y, x + rng.randrange(-14, 15), y - rng.randrange(20, 70)), fill=(shade // 2, shade, shade // 3), width=3)
    for _ in range(26):
        _flower(draw, rng, rng.randrange(width), rng.randrange(height), rng.randrange(30, 110))
    left, top = (0.2 + 0.4 * moment) * width, (0.3 + 0.1 * math.sin(6 * moment)) * height
    draw.ellipse((left - 70, top - 60, left, top + 20), fill=(240, 190, 40), outline="black", width=4)
    draw.ellipse((left, top - 60, left + 70, top + 20), fill=(240, 190, 40), outline="black", width=4)
    return _as_from_a_camera(image, seed * 1000 + int(moment * 100))


def _sky(size: tuple[int, int], top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    import numpy as np
    from PIL import Image

    width, height = size
    share = np.linspace(0, 1, height)[:, None]
    column = np.asarray(top) * (1 - share) + np.asarray(bottom) * share
    return Image.fromarray(np.repeat(column[:, None, :], width, axis=1).astype("uint8"))


def _ridge_line(rng: random.Random, width: int) -> list[float]:
    waves = [(rng.uniform(0.5, 1) / n, n * rng.uniform(1.2, 2.0), rng.uniform(0, 6.3)) for n in (1, 2, 4, 9, 21, 45)]
    return [sum(a * math.sin(f * 6.28 * x / width + p) for a, f, p in waves) for x in range(0, width + 8, 8)]


def _ridge(draw, rng: random.Random, width: int, level: float, floor: int, colour: tuple[int, int, int]) -> None:
    line = [(8 * i, min(floor, level - 70 * h)) for i, h in enumerate(_ridge_line(rng, width))]
    draw.polygon([(0, floor), *line, (width, floor)], fill=colour)


def _clouds(draw, rng: random.Random, size: tuple[int, int], moment: float) -> None:
    for _ in range(4):
        x, y = rng.uniform(0, 0.9) * size[0] + 40 * moment, rng.uniform(0.05, 0.3) * size[1]
        for _ in range(9):
            dx, dy, r = rng.uniform(-110, 110), rng.uniform(-16, 16), rng.uniform(22, 56)
            draw.ellipse((x + dx - r, y + dy - r * 0.6, x + dx + r, y + dy + r * 0.6), fill=(244, 240, 236))


def _mirror_in_water(image: Image.Image, horizon: int) -> None:
    from PIL import Image, ImageOps

    depth = image.height - horizon
    water = ImageOps.flip(image.crop((0, horizon - depth, image.width, horizon)))
    image.paste(Image.blend(water, Image.new("RGB", water.size, (30, 60, 90)), 0.35), (0, horizon))


def _trees(draw, rng: random.Random, width: int, horizon: int) -> None:
    for _ in range(60):
        x, tall = rng.randrange(width), rng.randrange(30, 130)
        draw.polygon(
            [(x - tall // 4, horizon + 6), (x, horizon - tall), (x + tall // 4, horizon + 6)],
            fill=(18, rng.randrange(40, 80), 34),
        )


def _boat(draw, x: float, y: float, rng: random.Random) -> None:
    sail = rng.choice([(240, 240, 235), (200, 60, 50), (240, 200, 80)])
    draw.polygon([(x - 90, y), (x + 90, y), (x + 60, y + 40), (x - 60, y + 40)], fill=(84, 52, 34))
    draw.polygon([(x, y - 8), (x, y - 170), (x + 84, y - 20)], fill=sail)


def _house(draw, rng: random.Random, x: int, height: int) -> int:
    wide, tall = rng.randrange(110, 260), rng.randrange(240, int(height * 0.7))
    tone = rng.randrange(20, 60)
    draw.rectangle((x, height - tall, x + wide, height - 60), fill=(tone, tone, tone + 14))
    for wx in range(x + 16, x + wide - 24, 40):
        for wy in range(height - tall + 20, height - 130, 52):
            if rng.random() < 0.45:
                draw.rectangle((wx, wy, wx + 20, wy + 28), fill=(250, rng.randrange(180, 230), rng.randrange(90, 150)))
    return x + wide + rng.randrange(0, 24)


def _flower(draw, rng: random.Random, x: int, y: int, radius: int) -> None:
    colour = rng.choice([(214, 60, 90), (240, 220, 80), (230, 230, 240), (150, 90, 200), (244, 140, 60)])
    for petal in range(7):
        angle = petal * 6.283 / 7 + x
        px, py = x + radius * 0.6 * math.cos(angle), y + radius * 0.6 * math.sin(angle)
        draw.ellipse((px - radius * 0.42, py - radius * 0.42, px + radius * 0.42, py + radius * 0.42), fill=colour)
    draw.ellipse((x - radius * 0.3, y - radius * 0.3, x + radius * 0.3, y + radius * 0.3), fill=(120, 80, 30))


def _as_from_a_camera(image: Image.Image, seed: int) -> Image.Image:
    import numpy as np
    from PIL import Image, ImageFilter

    soft: np.ndarray = np.asarray(image.filter(ImageFilter.GaussianBlur(1.1)), dtype=np.float32)
    noise = np.random.default_rng(seed).normal(0, GRAIN, soft.shape[:2])
    return Image.fromarray(np.clip(soft + noise[:, :, None], 0, 255).astype("uint8"))
