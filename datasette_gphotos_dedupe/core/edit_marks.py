"""What Google and telephones put behind the name of a picture for a version of it: one list for all who read names. Pure.

Google writes its word for "edited" in the language of the account, and what it makes by itself in English. Names are cut when they
get long, and the mark with them. Every look here takes time in proportion to the name, whatever it is.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple


class Mark(NamedTuple):
    """``IMG_1-edited`` as `base` IMG_1 and `word` edited. `kind` is edited, made (by Google), version (``~2``) or word (unknown)."""

    base: str
    word: str
    kind: str


EDITED, MADE, VERSION, WORD = "edited", "made", "version", "word"

# Several are confirmed by users, the rest comes from translation tables; without accents as some programs write them.
# fmt: off
EDITED_WORDS = frozenset(unicodedata.normalize("NFC", word) for word in (
    "edited", "edit", "bearbeitet", "modifié", "modifie", "editado", "ha editado", "modificato", "bewerkt", "edytowane",
    "editat", "編集済み", "muokattu", "düzenlendi", "измененный", "изменено", "отредактировано", "已修改", "编辑", "已编辑",
    "已編輯", "編輯", "편집됨", "수정됨", "відредаговано", "змінено", "redigeret", "upravené", "redigerad", "redigert",
    "upraveno", "szerkesztett", "editată", "επεξεργασμένη", "נערך", "ערוך", "تم التعديل", "แก้ไขแล้ว", "đã chỉnh sửa",
    "diedit", "uređeno", "urejeno", "редактирано", "измењено",
))
# "smile" to "pano" are of the old auto-awesome, the others of today.
MADE_WORDS = frozenset((
    "effects", "animation", "collage", "smile", "mix", "motion", "pano", "enhanced", "cinematic", "stylized", "remix",
    "color_pop", "colour_pop", "portrait_light",
))
# fmt: on
MIN_CUT = 2  # characters that must be left of a mark for it to be told
MAX_WORD = 24


def split_mark(stem: str, may_be_cut: bool = False) -> Mark | None:
    """The mark at the end of a name without extension and number; None where there is none that is known.

    ``IMG_1-edited``, ``IMG_1-EFFECTS``, ``IMG_1~2``; with `may_be_cut` also ``IMG_1-edi``, however little is left of it.
    """
    head, separator, word = _last_word(stem)
    if not separator:
        return None
    if separator == "~":
        return Mark(head, word, VERSION) if word.isascii() and word.isdigit() else None
    kind = _kind(word, 0 if may_be_cut else None)
    if kind == MADE and head.lower().endswith("-auto"):
        return Mark(head[: -len("-auto")], f"auto-{word}", kind)
    return Mark(head, word, kind) if kind else None


def split_any(stem: str) -> Mark | None:
    """Any word behind a dash, known or not, cut or not: for where a sidecar tells that the rest is a picture of its own."""
    known = split_mark(stem)
    if known is not None:
        return known
    head, separator, word = _last_word(stem)
    letters = word.replace(" ", "").replace("_", "")
    if separator != "-" or not head or not letters.isalpha() or len(word) > MAX_WORD:
        return None
    return Mark(head, word, _kind(word, MIN_CUT) or WORD)


def is_edited_word(word: str) -> bool:
    """Whether a word says that somebody edited the picture, in any language, or that Google made it of another."""
    return _kind(word) is not None


def _kind(word: str, cut_at: int | None = None) -> str | None:
    """`cut_at`: also what is the beginning of a known word, of so many characters at least."""
    folded = unicodedata.normalize("NFC", word).lower()
    for kind, words in ((EDITED, EDITED_WORDS), (MADE, MADE_WORDS)):
        if folded in words:
            return kind
        if cut_at is not None and len(folded) >= cut_at and any(whole.startswith(folded) for whole in words):
            return kind
    return None


def _last_word(stem: str) -> tuple[str, str, str]:
    at = max(stem.rfind("-"), stem.rfind("~"))
    return (stem[:at], stem[at], stem[at + 1 :]) if at > 0 else (stem, "", "")
