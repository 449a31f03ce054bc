"""Import random trees of files and tell which of them a person would complain of: python scripts/check_trees.py 2000 [FIRST]"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.pipeline.conftest import Library
from tests.random_trees import find_faults, write_trees


def main(number: int, first: int) -> int:
    """The number of trees with a fault."""
    wrong, started = 0, time.monotonic()
    for seed in range(first, first + number):
        with tempfile.TemporaryDirectory() as folder:
            library = Library(Path(folder) / "photos.db")
            faults = find_faults(library, write_trees(Path(folder) / "trees", random.Random(seed)))
            library.db.close()
        if faults:
            wrong += 1
            print(f"tree {seed}: {'; '.join(faults)}", flush=True)
    print(f"{number:,} trees in {time.monotonic() - started:.0f} s, {wrong:,} with a fault")
    return wrong


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0) > 0)
