"""What each variant of the fingerprint earns: `python scripts/bench_variants.py PHOTOS... [--edits 40]`.

Of each picture edits are made as hands and programs make them: cuts at a corner, an edge and around the middle of every size,
frames, screenshots, turns. An edit is found when its plain hash is near enough to that of its picture, or a variant of one to the
plain hash of the other. Told of each variant: edits it finds, and those that nothing else finds; then in which order variants could
go, the one that loses the fewest edits first, and how many are lost by then.

What bounds it: 28 variants are 896 bytes and 28 searches for each photo; half of them would be half of both.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from labelled_set import EDITS, centre, encoded, list_sources, read_source  # noqa: E402

from datasette_gphotos_dedupe.core.pictures.fingerprint import RADIUS_BITS, VARIANTS, compute_fingerprint  # noqa: E402
from datasette_gphotos_dedupe.core.pictures.hash_variants import BASE, TURNS  # noqa: E402
from datasette_gphotos_dedupe.model import Fingerprint  # noqa: E402
from datasette_gphotos_dedupe.sql_functions import hamming  # noqa: E402

LONGER_SIDE = 900
ASPECTS = (16 / 9, 1.0, 4 / 3, 5 / 4, 3 / 2)


def corner(image: Image.Image, rng: random.Random) -> Image.Image:
    """Cut at two edges that meet, from 2 to 20 % off each side."""
    off = rng.uniform(0.02, 0.20)
    return centre(image, off, rng.choice((0.0, 1.0)), rng.choice((0.0, 1.0)))


def edge(image: Image.Image, rng: random.Random) -> Image.Image:
    """Cut at one edge, from 2 to 25 % off."""
    off, (width, height) = rng.uniform(0.02, 0.25), image.size
    box = rng.choice(
        (
            (width * off, 0, width, height),
            (0, 0, width * (1 - off), height),
            (0, height * off, width, height),
            (0, 0, width, height * (1 - off)),
        )
    )
    return image.crop(tuple(map(round, box)))


def by_hand(image: Image.Image, rng: random.Random) -> Image.Image:
    """Cut anywhere, from 2 to 27 % off both sides, at a place that a hand chose."""
    return centre(image, rng.uniform(0.02, 0.27), rng.random(), rng.random())


def middle(image: Image.Image, rng: random.Random) -> Image.Image:
    return centre(image, rng.uniform(0.02, 0.27))


def aspect(image: Image.Image, rng: random.Random) -> Image.Image:
    """Cut to the aspect of a screen or a print, around the middle."""
    wanted, (width, height) = rng.choice(ASPECTS), image.size
    wanted = wanted if width >= height else 1 / wanted
    if width / height > wanted:
        left = (width - height * wanted) / 2
        return image.crop((round(left), 0, round(width - left), height))
    top = (height - width / wanted) / 2
    return image.crop((0, round(top), width, round(height - top)))


def turn(image: Image.Image, rng: random.Random) -> Image.Image:
    return image.transpose(rng.choice(list(Image.Transpose)))


HANDS: dict[str, Callable[[Image.Image, random.Random], Image.Image]] = {
    **{"corner": corner, "edge": edge, "by hand": by_hand, "middle": middle, "aspect": aspect, "turn": turn},
    **{name: EDITS[name] for name in ("letterbox", "screenshot") if name in EDITS},
}


def ways(original: Fingerprint, edit: Fingerprint) -> frozenset[str]:
    """Everything by which these two meet."""
    met = {BASE} if hamming(original.phash, edit.phash) <= RADIUS_BITS else set()
    for one, other in ((original, edit), (edit, original)):
        met |= {name for name, phash in one.variants.items() if hamming(phash, other.phash) <= VARIANTS[name]}
    return frozenset(met)


def measure_picture(path: Path, edits: int) -> list[tuple[str, frozenset[str]]]:
    """(kind of edit, ways in which it meets its picture) for each edit of one picture."""
    rng = random.Random(path.name)
    image = read_source(path, LONGER_SIDE)
    original = compute_fingerprint(image)
    found = []
    for number in range(edits):
        kind = list(HANDS)[number % len(HANDS)]
        with Image.open(io.BytesIO(encoded(HANDS[kind](image, rng), quality=rng.choice((70, 85, 92))))) as changed:
            found.append((kind, ways(original, compute_fingerprint(changed))))
    return found


def goes_first(met: list[frozenset[str]]) -> Iterator[tuple[str, int]]:
    """Variants in the order in which they could go, each with the edits that are not found any more by then."""
    left = set(VARIANTS)
    findable = sum(bool(ways) for ways in met)
    while left:
        losses = {name: findable - sum(bool(ways & (left - {name} | {BASE})) for ways in met) for name in sorted(left)}
        name = min(losses, key=lambda one: (losses[one], one in TURNS, one))
        left.discard(name)
        yield name, losses[name]


def print_tables(found: list[tuple[str, frozenset[str]]]) -> None:
    for kind in HANDS:
        of_kind = [ways for name, ways in found if name == kind]
        told = (len(of_kind), sum(BASE in ways for ways in of_kind), sum(bool(ways) for ways in of_kind))
        print(f"{kind:12} {told[0]:6} edits, {told[1]:6} by the plain hash, {told[2]:6} in all")
    met = [ways for _, ways in found]
    finds, alone = (
        Counter(name for ways in met for name in ways),
        Counter(name for ways in met if len(ways) == 1 for name in ways),
    )
    print(f"\n{'':16}{'finds':>8}{'alone':>8}")
    for name in (BASE, *VARIANTS):
        print(f"{name:16}{finds[name]:8}{alone[name]:8}")
    print("\ncould go:")
    for number, (name, lost) in enumerate(goes_first(met), start=1):
        print(f"{number:3} {name:16} {lost:6} of {len(met)} edits lost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--edits", type=int, default=40, help="of each picture")
    parser.add_argument("--pictures", type=int, default=10_000, help="at most")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    sources = list_sources(options.photos)[: options.pictures]
    with ProcessPoolExecutor(options.workers) as pool:
        found = [one for part in pool.map(partial(measure_picture, edits=options.edits), sources) for one in part]
    print(f"{len(sources)} pictures")
    print_tables(found)


if __name__ == "__main__":
    main()
