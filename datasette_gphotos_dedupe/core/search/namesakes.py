"""Photos that meet by their file names or their cameras' clocks, because their hashes say nothing or were moved too far.

Crops by hand, strong edits, and smooth pictures, clear skies, gradients, fog, in which noise decides most of the 256 bits: a thumbnail
may lie as far from its original as any other picture. One camera number in the name, or one camera's clock to the second, nominates a
pair; its pixels are judged like those of all others. What more than MAX_NAMESAKES photos share brings nobody together: counters come
round, and clocks are cloned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..verdict.names_and_clocks import CAMERAS_OWN, is_camera_name, name_key, name_rank, without_own_size

SMOOTH = 0.45  # flatness; hashes of true copies of drawn skies are lost from 0.48 on: any name brings these together, not a camera's alone
MAX_NAMESAKES = 16
SECOND = 19  # characters of YYYY-MM-DDTHH:MM:SS


class Alias(NamedTuple):
    """What a photo goes by: `core.verdict.names_and_clocks.name_key` of its name, and its camera's clock to the second when it gave one.

    `moment` is that second with the model of the camera; None when either is not known.
    """

    key: str | None
    second: str | None
    moment: str | None = None


@dataclass(frozen=True)
class Namesakes:
    """`pairs` (n, 2) of rows, lower first, sorted, that share a name or a moment. `flooded` tells of each row whether too many share its
    name (1), its moment (2) or both (3) for that."""

    pairs: np.ndarray
    flooded: np.ndarray


def alias_of(
    flatness: float,
    filename: str | None,
    width: int | None,
    height: int | None,
    camera_taken_at: str | None,
    camera_model: str | None = None,
) -> Alias | None:
    """None when the photo has neither a name that says something, nor a camera's clock."""
    second = camera_taken_at[:SECOND] if camera_taken_at else None
    moment = f"{second} {camera_model}" if second and camera_model else None
    own = without_own_size(filename, width, height)
    # a name that is a camera's as it is has a camera's number in it: only where its size was taken away both must be asked
    is_cameras = is_camera_name(own) or (own != filename and name_rank(filename) == CAMERAS_OWN)
    key = name_key(own) if flatness >= SMOOTH or is_cameras else None
    return Alias(key, second, moment) if key or moment else None


def find_namesakes(aliases: Sequence[Alias | None]) -> Namesakes:
    """Who meets by name or moment. Depends on the set of photos alone; two whose cameras' clocks differ are two shots and do not meet."""
    flooded = np.zeros(len(aliases), np.int8)
    pairs: set[tuple[int, int]] = set()
    for bit, rows_of in ((1, _sharing(aliases, "key")), (2, _sharing(aliases, "moment"))):
        for rows in rows_of.values():
            if len(rows) > MAX_NAMESAKES:
                flooded[rows] |= bit
            else:
                pairs.update((a, b) for a, b in combinations(rows, 2) if _may_be_one_shot(aliases[a], aliases[b]))
    return Namesakes(np.array(sorted(pairs), np.int64).reshape(-1, 2), flooded)


def _sharing(aliases: Sequence[Alias | None], field: str) -> dict[str, list[int]]:
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, alias in enumerate(aliases):
        value = getattr(alias, field) if alias else None
        if value:
            rows_of[value].append(row)
    return rows_of


def _may_be_one_shot(a: Alias | None, b: Alias | None) -> bool:
    return not (a and b and a.second and b.second and a.second != b.second)
