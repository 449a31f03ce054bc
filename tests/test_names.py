"""File names are bounded where photos are made, whatever an archive, a sidecar or a list says."""

from __future__ import annotations

import time

import pytest

from datasette_gphotos_dedupe.core.verdict.names_and_clocks import is_edited, name_key, name_rank, same_name
from datasette_gphotos_dedupe.model import MAX_NAME, Photo, bounded_name

HOSTILE = (
    "IMG_" + "1" * 10_000 + "!",
    "-edit" * 3_000 + "!",
    "(1)" * 3_000,
    "20190628183804" * 700,
    " " * 10_000 + "(",
    "~1" * 5_000,
)


def test_a_photo_has_no_longer_name_than_a_file_can_have():
    long = Photo("a", "takeout", filename="IMG_" + "1" * 60_000 + "-edited(2).jpg")
    assert len(long.filename) == MAX_NAME
    assert long.filename.startswith("IMG_1111") and long.filename.endswith("1-edited(2).jpg")
    assert Photo("a", "takeout", filename="é" * MAX_NAME).filename == "é" * MAX_NAME
    assert bounded_name(long.filename) == long.filename


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: name[:12])
def test_no_name_keeps_the_comparison_of_names_busy(name):
    begun = time.thread_time()
    same_name(name, name + "1"), name_key(name), name_rank(name), is_edited(name)
    assert time.thread_time() - begun < 0.5
