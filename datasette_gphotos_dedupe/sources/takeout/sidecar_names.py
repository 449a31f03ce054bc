"""What a sidecar may be called without its .json, by the name and number of its picture. Pure."""

from __future__ import annotations

from collections.abc import Callable

from .naming import SIDECAR_UNITS, SUFFIX, cut, numbered, split_extension, split_number, units

MIN_PREFIX_UNITS = 40  # a shorter common beginning of two names says nothing


def exact_new(base: str, number: int | None) -> list[str]:
    """As since about October 2024."""
    return [numbered(base + SUFFIX, number)]


def exact_old(base: str, number: int | None) -> list[str]:
    """As before."""
    return [numbered(base, number)]


def cut_new(base: str, number: int | None) -> list[str]:
    """The newer style where the limit cuts it; nothing where it does not."""
    return [numbered(cut(base + SUFFIX, SIDECAR_UNITS), number)] if units(base + SUFFIX) > SIDECAR_UNITS else []


def cut_old(base: str, number: int | None) -> list[str]:
    """The older style where the limit cuts it; nothing where it does not."""
    return [numbered(cut(base, SIDECAR_UNITS), number)] if units(base) > SIDECAR_UNITS else []


def stem(base: str, number: int | None) -> list[str]:
    """Uploaded without an ending, which Google adds to the picture alone."""
    return [numbered(split_extension(base)[0], number)]


def cut_elsewhere(base: str, number: int | None) -> list[str]:
    """Cuts at other lengths: 53-character sidecars and short ``.MP`` ones were seen, so the length is only a hint."""
    whole = base + SUFFIX
    shortest = min(len(base) + 1, max(MIN_PREFIX_UNITS, SIDECAR_UNITS - 2))
    return [numbered(whole[:length], number) for length in range(shortest, len(whole))]


STEPS: tuple[tuple[str, Callable[[str, int | None], list[str]]], ...] = (
    ("exact", exact_new),
    ("cut", cut_new),  # before any old style: where both lie side by side, the newer one counts
    ("exact_old", exact_old),
    ("cut_old", cut_old),
    ("cut_elsewhere", cut_elsewhere),
    ("stem", stem),
)
OF_ORIGINALS = (exact_new, exact_old, cut_new, cut_old)


def in_new_style(body: str) -> str:
    """What a sidecar of this older name would be called in the newer style."""
    base, number = split_number(body)
    return numbered(cut(base + SUFFIX, SIDECAR_UNITS) if units(base + SUFFIX) > SIDECAR_UNITS else base + SUFFIX, number)


def may_be_cut(text: str) -> bool:
    """Whether a sidecar's name without number and .json is as long as one that was cut, which may lack half a pair of surrogates."""
    return units(text) >= SIDECAR_UNITS - 1
