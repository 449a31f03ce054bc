#!/usr/bin/env python3
"""The command line from a checkout: `python scripts/ingest.py takeout photos.db takeout-*.zip`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from datasette_gphotos_dedupe.cli import main

if __name__ == "__main__":
    main()
