"""The other ways one picture may have been framed: cropped, trimmed of its border, turned, mirrored.

A variant is a hash of the *changed* picture, stored beside the plain one. Two photos meet when a variant of one lies close to the
plain hash of the other. The seven turns and mirrors cost nothing: they are sign changes and a transposition of the same 16 x 16
DCT coefficients (a mirrored signal changes the sign of its odd frequencies).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of width and height, 0.0 to 1.0."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
BASE = "base"
BY_NAME = "name"
UNCHANGED = (BASE, BY_NAME)
"""How two photos met whose whole pictures are compared: by their plain hashes, or by their names (see `namesakes`)."""
CROPS = {"crop5": 0.95, "crop10": 0.90, "crop15": 0.85, "crop20": 0.80, "crop25": 0.75}
"""Variant name to the share of width and height that stays, around the centre."""
CORNERS = {"90": 0.90, "84": 0.84}
"""Name of a size to the share of both sides that stays in each corner: what a hand cuts off at two edges."""
EDGE_KEEP = 0.82  # of one side, when a hand cuts at one edge
FRAMES = {"wide": 16 / 9, "square": 1.0}
"""Variant name to the aspect that phones and printers cut to (long side / short side)."""
TURNS = ("rot90", "rot180", "rot270", "mirror", "flip", "transpose", "transverse")
"""Names as Pillow's Transpose uses them; `mirror` is left-right and `flip` top-bottom; turns are counter-clockwise."""

BORDER_TOLERANCE = 14  # grey levels: JPEG rings a little beside a hard edge, also in a black bar
BORDER_SHARE = 0.9  # of a line that must be the border's colour: JPEG and a corner's mark may disturb it
SCREEN_SHARE = 0.6  # the same in a screenshot: a clock, icons and a row of buttons stand in its bars
MIN_TRIM = 0.015  # of a side: less is a rounding error of some resizer
MAX_TRIM = 0.42
FIRST_LINES = 2  # looked at before all the others: nearly every picture has no border at all
SAME_ASPECT = 0.02


def centre_box(keep: float) -> Box:
    """The box that keeps a share of both sides around the centre."""
    margin = (1.0 - keep) / 2
    return (margin, margin, 1.0 - margin, 1.0 - margin)


def off_centre_boxes() -> dict[str, Box]:
    """The boxes of what stays when a hand cuts at two edges or at one, by name: ``top_left90`` keeps 90 % of both sides there."""
    boxes: dict[str, Box] = {}
    for size, keep in CORNERS.items():
        for vertical, top in (("top", 0.0), ("bottom", 1.0 - keep)):
            for horizontal, left in (("left", 0.0), ("right", 1.0 - keep)):
                boxes[f"{vertical}_{horizontal}{size}"] = (left, top, left + keep, top + keep)
    cut = 1.0 - EDGE_KEEP
    edges = {"left": (0.0, 0.0, EDGE_KEEP, 1.0), "right": (cut, 0.0, 1.0, 1.0)}
    edges |= {"top": (0.0, 0.0, 1.0, EDGE_KEEP), "bottom": (0.0, cut, 1.0, 1.0)}
    return boxes | {f"{side}82": box for side, box in edges.items()}


OFF_CENTRE = off_centre_boxes()


def frame_box(width: int, height: int, aspect: float) -> Box | None:
    """The largest central box of an aspect (long / short side), lying as the picture does; None when it has that aspect."""
    target = aspect if width >= height else 1.0 / aspect
    actual = width / height
    if abs(actual / target - 1.0) < SAME_ASPECT:
        return None
    if actual > target:
        margin = (1.0 - target / actual) / 2
        return (margin, 0.0, 1.0 - margin, 1.0)
    margin = (1.0 - actual / target) / 2
    return (0.0, margin, 1.0, 1.0 - margin)


def trim_box(grey: np.ndarray, share: float = BORDER_SHARE) -> Box | None:
    """The box inside a border of one colour (letterbox, frame, a screenshot's bars); None when there is none worth the name.

    `grey` is a 2-d uint8 array; `share` of a line must have the border's colour. A page of text on white has such a border too:
    trimming it does no harm.
    """
    rows, columns = _borders(grey, share), _borders(grey.T, share)
    # Between wide bars every line across them is mostly bar, so the other two sides are looked for between them, in their colour.
    if 0.0 < sum(rows) < 1.0:
        columns = _borders(_between(grey, rows).T, BORDER_SHARE, _colour(grey, rows))
    elif 0.0 < sum(columns) < 1.0:
        rows = _borders(_between(grey.T, columns).T, BORDER_SHARE, _colour(grey.T, columns))
    if not MIN_TRIM <= max(rows + columns) <= MAX_TRIM:
        return None
    return (columns[0], rows[0], 1.0 - columns[1], 1.0 - rows[1])


def screen_box(grey: np.ndarray) -> Box | None:
    """The picture in a screenshot, whose bars hold a clock, icons and buttons; None when that is what `trim_box` finds."""
    return _screen_box(grey, trim_box(grey))


def _screen_box(grey: np.ndarray, trimmed: Box | None) -> Box | None:
    box = trim_box(grey, SCREEN_SHARE)
    return None if box == trimmed else box


def _borders(lines: np.ndarray, share: float, colour: float | None = None) -> tuple[float, float]:
    return _border(lines, share, colour), _border(lines[::-1], share, colour)


def _between(lines: np.ndarray, borders: tuple[float, float]) -> np.ndarray:
    return lines[round(borders[0] * len(lines)) : len(lines) - round(borders[1] * len(lines))]


def _colour(lines: np.ndarray, borders: tuple[float, float]) -> float:
    """The grey of the wider of two borders."""
    return _median(lines[0 if borders[0] >= borders[1] else -1])


def _median(line: np.ndarray) -> float:
    """What np.median gives for a line of pixels, many times faster."""
    import numpy as np

    ordered = np.sort(line)
    return (float(ordered[(len(ordered) - 1) // 2]) + float(ordered[len(ordered) // 2])) / 2


def _border(lines: np.ndarray, share: float, colour: float | None = None) -> float:
    """The share of lines from the start that are, but for a few pixels, in one colour: that of the first when none is given."""
    import numpy as np

    colour = _median(lines[0]) if colour is None else colour
    low, high = max(math.ceil(colour - BORDER_TOLERANCE), 0), min(math.floor(colour + BORDER_TOLERANCE), 255)
    done, count = 0, FIRST_LINES
    while done < len(lines):
        some = lines[done : done + count]
        covered = np.count_nonzero((some >= low) & (some <= high), axis=1) / lines.shape[1] >= share
        if not covered.all():
            return float(done + covered.argmin()) / len(lines)
        done, count = done + count, 8 * count
    return 1.0


def variant_box(grey: Image.Image, variant: str) -> Box | None:
    """The part of a picture that a crop, frame or trim variant's hash is taken from; None when it does not apply to it."""
    import numpy as np

    if variant in CROPS:
        return centre_box(CROPS[variant])
    if variant in OFF_CENTRE:
        return OFF_CENTRE[variant]
    if variant in FRAMES:
        return frame_box(*grey.size, FRAMES[variant])
    pixels = np.asarray(grey)
    return screen_box(pixels) if variant == "screen" else trim_box(pixels)


def variant_boxes(grey: Image.Image) -> dict[str, Box]:
    """Every variant of a picture that is a part of it, by name."""
    import numpy as np

    found = {name: variant_box(grey, name) for name in (*CROPS, *OFF_CENTRE, *FRAMES)}
    pixels = np.asarray(grey)
    found["trim"] = trim_box(pixels)
    found["screen"] = _screen_box(pixels, found["trim"])
    return {name: box for name, box in found.items() if box}


def turned_coefficients(coefficients: np.ndarray) -> dict[str, np.ndarray]:
    """The DCT of the seven turned and mirrored pictures, from the DCT of the upright one (rows = vertical frequency)."""
    import numpy as np

    signs = np.where(np.arange(len(coefficients)) % 2, -1.0, 1.0)
    vertical, horizontal = signs[:, None], signs[None, :]
    transposed = coefficients.T
    return {
        "rot90": vertical * transposed,
        "rot180": vertical * horizontal * coefficients,
        "rot270": horizontal * transposed,
        "mirror": horizontal * coefficients,
        "flip": vertical * coefficients,
        "transpose": transposed,
        "transverse": vertical * horizontal * transposed,
    }
