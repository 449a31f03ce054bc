"""A reader that takes its time, for the processes of tests/pipeline/test_running.py."""

from __future__ import annotations

import time

from datasette_gphotos_dedupe.pipeline.reading import read_media


def read_slowly(address, mode, cpu_s):
    time.sleep(1)
    return read_media(address, mode)
