"""Every regular expression of the package and its longest time on 100, 1,000 and 10,000 hostile characters.

`python scripts/time_patterns.py` prints a table; the texts are made of the parts of each expression itself (tests/patterns.py). Times
are of the processor, so that a busy machine does not change them. Ends with 1 when one of them grows faster than its text.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.patterns import SIZES, Found, read_patterns, time_pattern


def line_of(found: Found) -> tuple[str, bool]:
    """The row of the table, and whether the expression stalls."""
    times, stalls = time_pattern(found.pattern)
    shown = " | ".join(f"{times[size] * 1e6:,.0f}" for size in SIZES)
    return f"| {found.where} | {shown} | {stalls or 'linear'} |", stalls is not None


def main() -> int:
    print(f"| where | {' | '.join(f'{size:,} characters, µs' for size in SIZES)} | |\n|---|{'---:|' * len(SIZES)}---|")
    stalled = 0
    for found in read_patterns():
        line, stalls = line_of(found)
        stalled += stalls
        print(line, flush=True)
    return 1 if stalled else 0


if __name__ == "__main__":
    sys.exit(main())
