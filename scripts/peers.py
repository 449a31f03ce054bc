"""What other duplicate finders join in a folder of pictures: the peers of bench_accuracy.py.

    python scripts/peers.py FOLDER

Runs those of imagededup, czkawka and difPy that this Python can import, each as its own documentation says, and prints one line of
JSON: the name of each to its pairs of file names (without suffix) and the seconds it took. They ask for versions of numpy and
Pillow of their own, so give each an environment of its own; the bench runs this script with every Python that it is told of.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

Pairs = set[tuple[str, str]]


def pair_of(a: str, b: str) -> tuple[str, str]:
    """Two files as the bench names them, in order."""
    first, second = sorted((Path(a).stem, Path(b).stem))
    return first, second


def imagededup_pairs(folder: Path) -> Iterator[tuple[str, Pairs, float]]:
    """PHash at the strict threshold people are advised to use, and at the usual one. Hashing counts for both."""
    from imagededup.methods import PHash

    finder, started = PHash(verbose=False), time.perf_counter()
    # it decodes nothing that its Pillow does not: HEIC is left out
    hashes = {name: value for name, value in finder.encode_images(str(folder), num_enc_workers=0).items() if value}
    hashing = time.perf_counter() - started
    for threshold in (4, 10):
        started = time.perf_counter()
        found = finder.find_duplicates(encoding_map=hashes, max_distance_threshold=threshold, num_dist_workers=0)
        pairs = {pair_of(name, other) for name, others in found.items() for other in others}
        yield f"imagededup {threshold}", pairs, hashing + time.perf_counter() - started


def czkawka_pairs(folder: Path) -> Iterator[tuple[str, Pairs, float]]:
    """The Rust engine by its Python binding, at the similarity that its documentation calls very similar."""
    from czkawka import ImageSimilarity

    finder, started = ImageSimilarity(), time.perf_counter()
    finder.set_directories([folder])
    finder.set_similarity(10)
    groups = finder.find_similar_with_distances()
    pairs = {pair_of(str(a), str(b)) for group in groups for a, b, _ in group}
    yield "czkawka 10", pairs, time.perf_counter() - started


def difpy_pairs(folder: Path) -> Iterator[tuple[str, Pairs, float]]:
    """Mean squared difference of pictures of 50 x 50 pixels, at its default for similar ones."""
    import difPy

    started = time.perf_counter()
    built = difPy.build(str(folder), show_progress=False)
    found = difPy.search(built, similarity="similar", rotate=False, same_dim=False, show_progress=False).result
    pairs = {pair_of(name, str(match[0])) for name, matches in found.items() for match in _matches(matches)}
    yield "difPy similar", pairs, time.perf_counter() - started


def _matches(found: object) -> Iterable:
    return found["matches"] if isinstance(found, dict) else found


PEERS: dict[str, Callable[[Path], Iterator[tuple[str, Pairs, float]]]] = {
    "imagededup": imagededup_pairs,
    "czkawka": czkawka_pairs,
    "difPy": difpy_pairs,
}


def main() -> None:
    results = {}
    for module, run in PEERS.items():
        if importlib.util.find_spec(module):
            with contextlib.redirect_stdout(sys.stderr):
                for name, pairs, seconds in run(Path(sys.argv[1])):
                    results[name] = (sorted(pairs), seconds)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
