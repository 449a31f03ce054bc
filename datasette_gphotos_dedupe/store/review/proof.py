"""What a stored pair proves, as SQL: said once, from the rules of `model`, and used wherever a photo may go."""

from __future__ import annotations

from collections.abc import Iterable

from ...model import DIFFERENT_RELATIONS, REMOVABLE_RELATIONS


def listed(words: Iterable[str]) -> str:
    """These words as a list in SQL: ('a', 'b')."""
    return f"({', '.join(repr(word) for word in sorted(words))})"


_REMADE = listed(REMOVABLE_RELATIONS - {"same_bytes", "raw_and_jpeg"})


def proved_sql(pair: str) -> str:
    """Whether this row of `pairs` proves that the lesser of its photos may go."""
    return f"({pair}.relation IN {listed(REMOVABLE_RELATIONS)})"


def holds_sql(pair: str, stays: str) -> str:
    """Whether nothing in this row of `pairs` says that `stays` was made from the other photo, and lacks what that one has."""
    return f"(coalesce({pair}.remade_from, {stays}) = {stays})"


def same_exposure_sql(pair: str) -> str:
    """Whether this row of `pairs` says that both photos show one exposure, whatever was done to it since."""
    return f"({pair}.relation NOT IN {listed(DIFFERENT_RELATIONS)})"


def word_sql(pair: str) -> str:
    """On whose word a photo goes that this row of `pairs` speaks for (`model.WORDS`); NULL without a row is the person's."""
    return f"""CASE WHEN {pair}.relation = 'same_bytes' THEN 'same_bytes'
        WHEN {pair}.relation IN {_REMADE} OR {pair}.remade_from IS NOT NULL THEN 'remade'
        ELSE 'on your word' END"""


def between(pair: str, a: str, b: str) -> str:
    """That this row of `pairs` is about these two photo ids."""
    return f"{pair}.photo_a = min({a}, {b}) AND {pair}.photo_b = max({a}, {b})"


def pair_subject_sql(a: str, b: str) -> str:
    """`decisions.pair_subject` of two rows of `photos` under these names.

    A pair is remembered by the bytes of its photos where they are known: ids change with a new Takeout, bytes do not.
    """
    first, second = (f"coalesce({name}.sha1, {name}.photo_id)" for name in (a, b))
    return f"min({first}, {second}) || '|' || max({first}, {second})"


def told_apart_sql(a: str, b: str) -> str:
    """Whether a person said of two rows of `photos` that they are not the same picture; in Python: `groups.told_apart`."""
    return said_sql("not_duplicate", a, b)


def said_same_sql(a: str, b: str) -> str:
    """Whether a person said of two rows of `photos` that they show the same picture."""
    return said_sql("same_picture", a, b)


def said_sql(decision: str, a: str, b: str) -> str:
    """Whether a person said this of a pair.

    By the bytes as they were then, or by the ids as they are: bytes may have become known or been compressed since.
    """
    said = f"EXISTS (SELECT 1 FROM decisions AS n WHERE n.decision = '{decision}' AND"
    return f"""({said} n.subject = {pair_subject_sql(a, b)})
        OR {said} n.photo_id = {a}.photo_id AND n.photo_b = {b}.photo_id)
        OR {said} n.photo_id = {b}.photo_id AND n.photo_b = {a}.photo_id))"""
