"""What a stored pair proves, as SQL: said once, from the rules of `model`, and used wherever a photo may go."""

from __future__ import annotations

from collections.abc import Iterable

from ...model import DIFFERENT_RELATIONS, REMOVABLE_RELATIONS


def listed(words: Iterable[str]) -> str:
    """These words as a list in SQL: ('a', 'b')."""
    return f"({', '.join(repr(word) for word in sorted(words))})"


def proved_sql(pair: str, photo: str) -> str:
    """Whether this row of `pairs` proves that the photo of this id may go for the other one.

    The one that the other was made again from holds more, and never goes for it; an objection beats every pixel.
    """
    said = f"{pair}.relation IN {listed(REMOVABLE_RELATIONS)} AND {pair}.objection IS NULL"
    return f"({said} AND {pair}.remade_from IS NOT {photo})"


def same_exposure_sql(pair: str) -> str:
    """Whether this row of `pairs` says that both photos show one exposure, whatever was done to it since."""
    return f"({pair}.relation NOT IN {listed(DIFFERENT_RELATIONS)})"


def word_sql(pair: str) -> str:
    """On whose word a photo goes that this row of `pairs` proves (`model.WORDS`); what was not made again is the person's."""
    return f"""CASE WHEN {pair}.relation = 'same_bytes' THEN 'same_bytes'
        WHEN {pair}.remade_from IS NOT NULL OR {pair}.relation != 'raw_and_jpeg' AND {pair}.remade IS NOT NULL THEN 'remade'
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
