"""Photos that meet by their file names, because their hashes say nothing: clear skies, gradients, walls, fog.

In such a picture most of the 256 bits are decided by noise, so a thumbnail may lie as far from its original as any other picture
does. A name is no proof either: these pairs are judged on their pixels like all others, and by narrower limits where the pixels
hold nothing to compare. Names in common are frequent in a large library, so only `SMOOTH` photos are looked at, and a name that
more than MAX_NAMESAKES of them bear brings nobody together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..verdict.witness import name_key, without_own_size

SMOOTH = 0.45  # flatness; on the tuned half, hashes of true copies of drawn skies are lost from 0.48 on
MAX_NAMESAKES = 16
SECOND = 19  # characters of YYYY-MM-DDTHH:MM:SS


class Alias(NamedTuple):
    """What a smooth photo goes by: `core.verdict.witness.name_key` of its name, and its camera's clock to the second when it gave one."""

    key: str
    second: str | None


@dataclass(frozen=True)
class Namesakes:
    """`pairs` (n, 2) of rows, lower first, sorted, that share a name; `flooded` rows whose name too many share for that."""

    pairs: np.ndarray
    flooded: np.ndarray


def alias_of(
    flatness: float, filename: str | None, width: int | None, height: int | None, camera_taken_at: str | None
) -> Alias | None:
    """None when the hash of the photo is good enough to find it, or its name is one that anything may have."""
    if flatness < SMOOTH:
        return None
    key = name_key(without_own_size(filename, width, height))
    return Alias(key, camera_taken_at[:SECOND] if camera_taken_at else None) if key else None


def find_namesakes(aliases: Sequence[Alias | None]) -> Namesakes:
    """Who meets by name. Depends on the set of photos alone; two whose cameras' clocks differ are two shots and do not meet."""
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, alias in enumerate(aliases):
        if alias:
            rows_of[alias.key].append(row)
    flooded = np.zeros(len(aliases), bool)
    pairs = []
    for rows in rows_of.values():
        if len(rows) > MAX_NAMESAKES:
            flooded[rows] = True
        else:
            pairs += [(a, b) for a, b in combinations(rows, 2) if _may_be_one_shot(aliases[a], aliases[b])]
    return Namesakes(np.array(sorted(pairs), np.int64).reshape(-1, 2), flooded)


def _may_be_one_shot(a: Alias | None, b: Alias | None) -> bool:
    return not (a and b and a.second and b.second and a.second != b.second)
