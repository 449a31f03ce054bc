"""What the names of files have in common that one program made: digits and machine names folded away. Pure."""

from __future__ import annotations

import re

_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_COUNTED = re.compile(r"\s?\(\d{1,4}\)$")  # an export or a desktop numbers equal names
_DASHED_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]+(?:[-_][0-9A-Fa-f]+)*(?![0-9A-Za-z])")
_RUN = re.compile(r"[0-9A-Za-z]{16,}")
_DIGITS = re.compile(r"\d+")
_TURN = re.compile(r"(?<=[0-9])[A-Za-z]|(?<=[A-Za-z])[0-9]|(?<=[a-z])[A-Z]")
_SHORT = re.compile(
    r"[0-9a-f]{8,11}|[0-9A-F]{8,11}"
)  # a program writes its digits in one size of letters: Cafe2019 is a person's
_CHANGE = re.compile(r"(?<=[0-9])[A-Fa-f]|(?<=[A-Fa-f])[0-9]")
# The only months of hexadecimal digits, and a day with what tells its pictures apart: 24dec2019, 20190628a2.
_DATED = re.compile(r"\d{0,9}(?:dec|feb)\d{0,9}|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]).*", re.IGNORECASE)
NAME_RULE = "names/2"  # another one sorts all photos anew: photos under one pattern must be under one pattern of today
MACHINE_LENGTH = 12  # shorter runs of hex digits are dates, counters and words: IMG_20190628, facade
SHORT_CHANGES = 2  # between letters and digits: a counter behind letters has one (DCF00123, face2019), a word none (facade)
LONG_COUNTER = 9  # digits: whatever is longer counts things of the whole world, and does not keep its length
TURNS_PER_CHARACTER = 0.2  # between digits, capitals and small letters: a word or a date has few


def name_pattern(filename: str | None) -> str | None:
    """The name without its ending, with every digit as ``#`` and a machine's name as its length.

    ``IMG_2041.JPG`` and ``IMG_2107(1).jpg`` give ``IMG_####``; ``1f452645-8068-7b15-8a57-4b9113151e33.jpg`` gives
    ``36 machine characters``, ``3f9a1c77.jpg`` gives ``8 machine characters``. None for no name.
    """
    if not filename:
        return None
    stem = _COUNTED.sub("", _EXTENSION.sub("", filename)) or filename
    if _is_short_machine(stem):
        return _machine_words(len(stem))
    folded = _RUN.sub(_fold_run, _DASHED_HEX.sub(_fold_hex, stem))
    return _MARKED.sub(lambda found: _marked_words(found, folded), _DIGITS.sub(_fold_digits, folded))


_MARK = "\x00"
_MARKED = re.compile(f"{_MARK}+")


def _machine_words(length: int) -> str:
    return f"{length} machine characters"


def _marked_words(found: re.Match[str], name: str) -> str:
    words = _machine_words(len(found[0]))
    return words if found[0] == name else f"({words})"


def _is_short_machine(stem: str) -> bool:
    """Whether the whole name is a few hexadecimal digits that nobody would write: within a longer name so few say nothing."""
    return bool(_SHORT.fullmatch(stem)) and len(_CHANGE.findall(stem)) >= SHORT_CHANGES and not _DATED.fullmatch(stem)


def _fold_hex(found: re.Match[str]) -> str:
    text = found[0]
    letters, digits = re.search(r"[A-Fa-f]", text), re.search(r"\d", text)
    return _MARK * len(text) if len(text) >= MACHINE_LENGTH and letters and digits else text


def _fold_run(found: re.Match[str]) -> str:
    text = found[0]
    digits = sum(character.isdigit() for character in text)
    turns = len(_TURN.findall(text))
    return _MARK * len(text) if 0 < digits < len(text) and turns >= TURNS_PER_CHARACTER * len(text) else text


def _fold_digits(found: re.Match[str]) -> str:
    length = len(found[0])
    return "#" if length < 4 else "#" * min(length, LONG_COUNTER)
