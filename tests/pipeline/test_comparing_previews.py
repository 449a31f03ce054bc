"""The processes that compare previews."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
from datasette_gphotos_dedupe.pipeline import comparing_previews

def taken_from_the_kernel():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        np.zeros(1 << 20, np.uint8).fill(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

usual = taken_from_the_kernel()
comparing_previews._keep_freed_memory()
print(usual, taken_from_the_kernel())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries cannot be told to keep what is freed")
def test_memory_that_one_comparison_has_freed_serves_the_next(tmp_path):
    environment = {"PYTHONPATH": ":".join(sys.path), "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
    told = subprocess.run([sys.executable, "-c", FAULTS], env=environment, capture_output=True, text=True, check=True).stdout
    usual, kept = map(int, told.split())
    assert kept < usual / 10
