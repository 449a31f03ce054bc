"""What a Takeout folder means: a year of the library, an album, the trash. Told by structure and content before words. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from .naming import nfc
from .sidecar_json import AlbumMeta

YEAR, ALBUM, TRASH, OWN = "year", "album", "trash", "own"

_ONE_YEAR = re.compile(r"^(\D*)((?:18|19|20|21)\d\d)(\D*)$")
# The words around the year in the languages of accounts. Other languages are told by their repetition, see folder_kinds().
_YEAR_TEMPLATES = frozenset(
    nfc(template)
    for template in (
        "Photos from #",
        "Fotos von #",
        "Photos de #",
        "Fotos de #",
        "Fotos del #",
        "Foto del #",
        "Foto da #",
        "Foto's uit #",
        "Zdjęcia z roku #",
        "Фото за #",
        "Фотографии за #",
        "# 年的照片",
        "來自 # 年的相片",
        "# 年の写真",
        "#년의 사진",
    )
)
# fmt: off
_TRASH = frozenset(nfc(word).lower() for word in (
    "Trash", "Bin", "Papierkorb", "Corbeille", "Papelera", "Cestino", "Lixeira", "Prullenbak", "Kosz", "Koš", "Papperskorg",
    "Papirkurv", "Roskakori", "Kuka", "回收站", "回收筒", "ゴミ箱", "휴지통", "Корзина", "Кошик", "Çöp kutusu", "Σκουπίδια",
))
# fmt: on
# Folders of the person's own items that are neither years nor albums.
_OWN = frozenset(("archive", "archiv", "locked folder", "carpeta privada", "failed videos"))


def folder_kinds(folders: Iterable[str], metas: Mapping[str, AlbumMeta]) -> dict[str, str]:
    """`year`, `album`, `trash` or `own` for each folder name; `metas` has the album metadata of those that carry one.

    A folder of unknown meaning counts as an album: photos seen only in albums are never suggested for removal.
    """
    names = list(folders)
    years = defaultdict(set)
    for name in names:
        match = _ONE_YEAR.match(nfc(name))
        if match and name not in metas:
            years[f"{match[1]}#{match[3]}"].add(match[2])
    # Some accounts speak a language not listed: the same words around two different years are a template, too.
    templates = _YEAR_TEMPLATES | {template for template, found in years.items() if len(found) > 1}
    return {name: _kind(nfc(name), metas.get(name), templates) for name in names}


def _kind(name: str, meta: AlbumMeta | None, templates: frozenset[str] | set[str]) -> str:
    # An album may be called "Photos from 2019"; the metadata.json of a real year folder says nothing about who may see it.
    if meta and (meta.access or meta.title) and not (_is_year(name, templates) and not meta.access):
        return ALBUM
    if _is_year(name, templates):
        return YEAR
    if name.lower() in _TRASH:
        return TRASH
    return OWN if name.lower() in _OWN or not name else ALBUM


def _is_year(name: str, templates: frozenset[str] | set[str]) -> bool:
    match = _ONE_YEAR.match(name)
    return match is not None and f"{match[1]}#{match[3]}" in templates
