"""The cost of one block job of a very large library: `python scripts/bench_block.py [--photos 100000]`.

Two blocks of so many made fingerprints against each other, as docs/very-large.md cuts the work: the plain hashes by faiss, exact, and
the variants of one block against the plain hashes of the other by tables. Told in processor time, which a busy machine does not
change much, for the block and for each comparison. What bounds the plain search is counting bits; what bounds the tables is memory that
does not fit the cache.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datasette_gphotos_dedupe.core.pictures.fingerprint import RADIUS_BITS, VARIANTS
from datasette_gphotos_dedupe.core.search.flat_search import HASH_BYTES, hits_within
from datasette_gphotos_dedupe.core.search.table_search import hits_by_table


def processor_s(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000, help="in each block")
    parser.add_argument("--variant-share", type=float, default=0.1, help="of the photos of one block whose variants are asked")
    options = parser.parse_args()
    rng = np.random.default_rng(1)
    one, other = (rng.integers(0, 256, (options.photos, HASH_BYTES), dtype=np.uint8) for _ in range(2))
    plain_s = processor_s(lambda: sum(len(hits.first) for hits in hits_within(one, other, RADIUS_BITS)))
    comparisons = options.photos**2
    print(f"{options.photos:,} photos a block, {os.cpu_count()} cores")
    print(f"plain hashes: {plain_s:.1f} s of processor, {plain_s / comparisons * 1e9:.2f} ns a comparison")
    asked = int(options.photos * options.variant_share)
    radii = np.tile(np.array(list(VARIANTS.values())), asked)
    variants = rng.integers(0, 256, (len(radii), HASH_BYTES), dtype=np.uint8)
    tables_s = processor_s(lambda: hits_by_table(variants, radii, other))
    print(f"variants of {asked:,} photos: {tables_s:.1f} s of processor, {tables_s / len(radii) * 1e6:.1f} us a variant")


if __name__ == "__main__":
    main()
