"""Names, texts and addresses come from anybody: no regular expression of the package may stall on one."""

from __future__ import annotations

import re

import pytest

from .patterns import SIZES, hostile_texts, read_patterns, time_pattern

FOUND = read_patterns()


@pytest.mark.parametrize("found", FOUND, ids=lambda found: found.where)
def test_a_regular_expression_takes_time_in_proportion_to_the_text(found):
    times, stalls = time_pattern(found.pattern)
    assert not stalls, f"{found.pattern.pattern}: {stalls}"
    assert times[SIZES[-1]] < 0.1


def test_every_module_that_uses_regular_expressions_is_looked_at():
    places = {found.where.partition(":")[0] for found in FOUND}
    assert len(FOUND) > 40 and {"core/pictures/exif.py", "google/hosts.py", "route queue"} <= places, places


@pytest.mark.parametrize(
    "stalling",
    [
        r"^(\d{3,}(?:[_-]?\d+)*)[a-z]?$",  # exponential: digits can be parted in any way
        r"^(a|aa)+$",
        r"(?:19|20)\d{6}[_-]?\d{6}.*?~\d",  # quadratic: from each date the rest is read
        r"\s*\(\d\)$",
        r"(\(\d\))+$",
        r"^.*x.*y$",
        r"<[^>]*>",
    ],
)
def test_the_hostile_texts_find_what_stalls(stalling):
    assert time_pattern(re.compile(stalling))[1]


@pytest.mark.parametrize("linear", [r"[0-9a-f]{40}", r"^[^/]+/-/(\d{1,3})$", r"(?<!\d)\d{4}-?\d\d", "[\x00-\x1f]+"])
def test_the_hostile_texts_find_no_fault_with_what_does_not(linear):
    assert time_pattern(re.compile(linear))[1] is None


def test_the_hostile_texts_repeat_each_part_behind_each_beginning():
    texts = {grow(12) for grow in hostile_texts(re.compile(r"^IMG_(\d+)-(copy|edit)$"))}
    assert {"IMG_777777777777!", "IMG_7-7-7-7-7-7-7-!", "copycopycopy!"} <= texts, texts
