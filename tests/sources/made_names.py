"""The names that one folder of an export gets, written once more from the published rules and sharing no code with the package.

A file name has at most 51 UTF-16 units with its extension; the number in brackets comes on top. Sidecars are cut from the whole
title. An edited version has no sidecar of its own, nor has the moving half of a live photo.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

SUFFIX = ".supplemental-metadata"
FORBIDDEN = re.compile(r'[/\\:*?"<>|&%\x00-\x1f]')


@dataclass(frozen=True)
class Made:
    """An item as a person uploaded it."""

    title: str
    edited: bool = False
    live: bool = False


@dataclass
class Folder:
    """What Google makes of the items, and the truth about it. Values of `sidecars` are titles."""

    media: list[str] = field(default_factory=list)
    sidecars: dict[str, str] = field(default_factory=dict)
    sidecar_of: dict[str, str] = field(default_factory=dict)
    edited_of: dict[str, str] = field(default_factory=dict)
    live_of: dict[str, str] = field(default_factory=dict)
    numbers_agree: dict[str, bool] = field(default_factory=dict)  # media -> whether it and its sidecar carry one number


def utf16_cut(text: str, limit: int) -> str:
    return text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")


def utf16_len(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def split(title: str) -> tuple[str, str]:
    stem, dot, extension = title.rpartition(".")
    return (stem, dot + extension) if dot else (title, "")


def file_stem(stem: str, extension: str) -> str:
    return utf16_cut(FORBIDDEN.sub("_", stem), 51 - utf16_len(extension))


def free_number(stem: str, extension: str, taken: set[str]) -> int | None:
    number = None
    while bracketed(stem, number) + extension in taken:
        number = (number or 0) + 1
    return number


def bracketed(stem: str, number: int | None) -> str:
    return stem if number is None else f"{stem}({number})"


def make_folder(items: list[Made], style: str, shared_numbers: bool, edited_suffix: str = "-edited") -> Folder:
    """`style` is new or old. With `shared_numbers` a sidecar has the number of its media, else the first that is free."""
    folder = Folder()
    placed = [(item, *_place(folder, item, style, shared_numbers)) for item in items]
    for item, media, number in placed:
        stem, extension = split(item.title)
        if item.live:
            _add(folder.live_of, folder, file_stem(stem, ".MP4"), ".MP4", number, media)
        if item.edited:
            _add(folder.edited_of, folder, file_stem(stem + edited_suffix, extension), extension, number, media)
    return folder


def _place(folder: Folder, item: Made, style: str, shared: bool) -> tuple[str, int | None]:
    stem, extension = split(item.title)
    taken = set(folder.media)
    name = file_stem(stem, extension)
    number = free_number(name, extension, taken)
    whole = FORBIDDEN.sub("_", item.title) + (SUFFIX if style == "new" else "")
    body = utf16_cut(whole, 46)
    sidecar_number = number if shared else free_number(body, ".json", set(folder.sidecars))
    media, sidecar = bracketed(name, number) + extension, bracketed(body, sidecar_number) + ".json"
    if sidecar in folder.sidecars:  # two cut titles that differ only in the media: Google must number somehow
        sidecar_number = free_number(body, ".json", set(folder.sidecars))
        sidecar = bracketed(body, sidecar_number) + ".json"
    folder.media.append(media)
    folder.sidecars[sidecar] = item.title
    folder.sidecar_of[media] = sidecar
    folder.numbers_agree[media] = number == sidecar_number
    return media, number


def _add(truth: dict[str, str], folder: Folder, stem: str, extension: str, number: int | None, of: str) -> None:
    name = bracketed(stem, number) + extension
    if name in folder.media:
        name = bracketed(stem, free_number(stem, extension, set(folder.media))) + extension
    folder.media.append(name)
    truth[name] = of
