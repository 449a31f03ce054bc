"""How Takeout builds file names: the 51-unit limit, the number in brackets, cleaned characters, edited suffixes. Pure.

The rules were recomputed from published real file names; none is documented by Google.
"""

from __future__ import annotations

import html
import re
import unicodedata

from ...core.pictures.file_kinds import PHOTO_EXTENSIONS, VIDEO_EXTENSIONS

MAX_UNITS = 51  # UTF-16 code units of a file name with its extension; a number in brackets comes on top
SIDECAR_UNITS = MAX_UNITS - len(".json")
SUFFIX = ".supplemental-metadata"  # between title and .json since about October 2024
MIN_LIMIT_UNITS = 50  # names this long may have been cut; one unit of tolerance for pairs of surrogates

KEPT = frozenset(" .-()[]")  # punctuation that file names keep; which of the rest becomes "_" is not known for every character
_NUMBER = re.compile(r"^(.+)\((\d{1,5})\)$", re.DOTALL)


def nfc(text: str) -> str:
    """`text` composed: macOS unpacks names decomposed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def units(text: str) -> int:
    """The length in UTF-16 code units, as Google counts."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, max_units: int) -> str:
    """The longest beginning of `text` of at most `max_units` UTF-16 code units; never half a surrogate pair."""
    if len(text) * 2 <= max_units:
        return text
    left = max_units
    for position, character in enumerate(text):
        left -= 2 if character > "\uffff" else 1
        if left < 0:
            return text[:position]
    return text


def split_extension(name: str) -> tuple[str, str]:
    """``IMG_1.jpg`` as (``IMG_1``, ``.jpg``). Only a dot with 1 to 5 characters behind it starts an extension."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or not 1 <= len(extension) <= 5 or " " in extension:
        return name, ""
    return stem, dot + extension


def split_number(text: str) -> tuple[str, int | None]:
    """``IMG_1(2)`` as (``IMG_1``, 2); None without a number."""
    match = _NUMBER.match(text) if ")" in text[-2:] else None
    return (match[1], int(match[2])) if match else (text, None)


def numbered(text: str, number: int | None) -> str:
    """`text` with its number in brackets behind it."""
    return text if number is None else f"{text}({number})"


def readings(media_name: str) -> list[tuple[str, int | None]]:
    """What a media name may mean: itself, and, for ``X(1).jpg``, the second item called ``X.jpg``."""
    if ")" not in media_name:
        return [(media_name, None)]
    stem, extension = split_extension(media_name)
    base, number = split_number(stem)
    found: list[tuple[str, int | None]] = [(media_name, None)]
    if number is not None:
        found.append((base + extension, number))
    return found


def media_name(title: str, number: int | None, extension: str | None = None) -> str:
    """The file name Google gives an item of this (cleaned) title; `extension` where the title has none or another."""
    stem, own = split_extension(title)
    extension = own if extension is None else extension
    if own == "" or extension.lower() != own.lower():
        stem = title if own == "" else stem
    return numbered(cut(stem, MAX_UNITS - units(extension)), number) + extension


def is_photo_name(name: str) -> bool:
    """Whether the extension is one of pictures."""
    return split_extension(name)[1].lower() in PHOTO_EXTENSIONS


def is_video_name(name: str) -> bool:
    """Whether the name is one of videos; ``PXL_1.MP``, ``PXL_1.MP~2`` and ``MVIMG_1`` are the moving half of a picture."""
    extension = split_extension(name)[1].lower().partition("~")[0]
    return extension in VIDEO_EXTENSIONS or (extension == "" and name.upper().startswith("MVIMG"))


def title_readings(title: str) -> tuple[str, ...]:
    """What a title may mean: some hold HTML escapes (``Dad&#39;s car.jpg``) where the file name has ``_`` for the character.

    Some name the sidecar in the place of the picture. The last one is the best to show.
    """
    title = nfc(title).strip()
    plain = html.unescape(title) if "&" in title else title
    plain = plain[: -len(".json")] if plain.lower().endswith(".json") else plain
    return (title,) if plain == title else (title, plain)


def fits_title(media_base: str, title: str | None) -> bool:
    """Whether a media name without its number can come from this title.

    Equal after cleaning, extensions aside, or the beginning of it when the name is as long as names get.
    """
    return not title or any(_fits_reading(media_base, reading) for reading in title_readings(title))


def _fits_reading(media_base: str, title: str) -> bool:
    if media_base == title:
        return True
    stem, extension = split_extension(media_base)
    title_stem = media_stem(title, extension)
    limit = MAX_UNITS - units(extension)
    # the last one in case the limit counts characters: only names with emoji would tell
    candidates = [title, title_stem, cut(title_stem, limit), title_stem[:limit]]
    if abs(units(stem) - limit) <= 1:  # one unit more or less was seen of names with emoji
        candidates.append(title_stem[: len(stem)])
    return any(same_cleaned(stem.strip(), candidate.strip()) for candidate in candidates)


def media_stem(title: str, extension: str = "") -> str:
    """A title without its extension, when it is one of a picture or video, or that of the file; else the whole title."""
    stem, own = split_extension(title)
    is_own = own != "" and own.lower() == extension.lower()  # Google takes more kinds of files than any list has
    return stem if is_own or is_photo_name(title) or is_video_name(title) else title


def same_extension(media_base: str, title: str | None) -> bool:
    """Whether the title's extension, if it has one of a picture or video, is that of the media file."""
    if not title or media_stem(title.strip()) == title.strip():
        return True
    return split_extension(media_base)[1] == split_extension(title.strip())[1]


def same_cleaned(name: str, title: str) -> bool:
    """Whether a name is this title with some characters cleaned away: an ``_`` in the name stands for any odd character."""
    if name == title:
        return True
    return len(name) == len(title) and all(a == b or (a == "_" and _is_odd(b)) for a, b in zip(name, title, strict=True))


def _is_odd(character: str) -> bool:
    return not character.isalnum() and character not in KEPT
