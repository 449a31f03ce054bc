"""Carries out one push without waiting between calls, in a process of its own that a test may kill."""

from __future__ import annotations

import sys

from datasette_gphotos_dedupe.album import run_push
from datasette_gphotos_dedupe.google.api_calls import open_client
from datasette_gphotos_dedupe.google.limits import Clock

if __name__ == "__main__":
    database, push_id, auth_path = sys.argv[1:]
    run_push(database, int(push_id), open_client(auth_path, Clock(sleep=lambda seconds: None)))
