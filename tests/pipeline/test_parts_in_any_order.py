"""However the parts of an export come in, a few now and the rest later, the tables end as if all had come at once."""

from __future__ import annotations

import random

import pytest

from ..exports import Members, album, part, picture, sidecar, year
from .conftest import Library

Y = "Photos from 2019"
NEW = ".supplemental-metadata.json"
MOVING = b"\0\0\0\x14ftypqt  " + bytes(300)


def whole_export() -> Members:
    """Items of every kind: with and without a url, in albums, edited, moving, numbered, in the bin, somebody else's."""
    made: Members = {"Trip/metadata.json": album("Trip"), "Shared/metadata.json": album("Shared")}
    for number in range(6):
        key = number if number % 3 else None
        made |= year(f"{number}.jpg", picture(number), key, 1_500_000_000 + number, people=[{"name": "Ada"}])
        made |= {f"Trip/{number}.jpg": picture(number)}
        made |= {f"Trip/{number}.jpg{NEW}": sidecar(f"{number}.jpg", key, 1_500_000_000 + number)}
    made |= {f"{Y}/1-edited.jpg": picture(21), f"{Y}/2.MOV": MOVING, "Shared/1.jpg": picture(1)}
    made |= {f"Shared/1.jpg{NEW}": sidecar("1.jpg", 1, 1_500_000_001)}
    made |= {f"{Y}/1(1).jpg": picture(30), f"{Y}/1.jpg.supplemental-metadata(1).json": sidecar("1.jpg", 30)}
    made |= {"Shared/s.jpg": picture(31), f"Shared/s.jpg{NEW}": sidecar("s.jpg", 31)}
    made |= {"Bin/t.jpg": picture(32), f"Bin/t.jpg{NEW}": sidecar("t.jpg", 32, trashed=True)}
    return made | {f"{Y}/alone.jpg": picture(33), f"{Y}/text.jpg": b"hello", "Trip/metadata.jpg": b""}


def cut(folder, draw: random.Random) -> list:
    """The export in three parts, its files dealt out at random."""
    members = list(whole_export().items())
    draw.shuffle(members)
    return [part(folder, number + 1, dict(members[number::3])) for number in range(3)]


@pytest.mark.parametrize("seed", [5, 6])
def test_parts_that_come_in_one_by_one_end_as_if_all_had_come_at_once(library, tmp_path, seed):
    draw = random.Random(seed)
    parts = cut(tmp_path, draw)
    whole = Library(tmp_path / "whole.db")
    whole.takeout(*parts)
    for _ in range(2):
        library.takeout(*draw.sample(parts, draw.choice((1, 2))))
    library.takeout(*parts)
    assert library.tables() == whole.tables()
    whole.db.close()
