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
# Known names of folders of the person's own items that are neither years nor albums.
_OWN = frozenset(
    nfc(name).lower()
    for name in (
        *(
            "Archive",
            "Archiv",
            "Archives",
            "Archivo",
            "Archivio",
            "Arquivo",
            "Archief",
            "Archiwum",
            "Arkiv",
            "Arkisto",
            "Архив",
            "Архів",
        ),
        *("归档文件", "封存", "アーカイブ", "보관함", "Locked Folder", "Carpeta privada", "Failed Videos"),
    )
)
# fmt: off
_TRASH = frozenset(nfc(word).lower() for word in (
    "Trash", "Bin", "Papierkorb", "Corbeille", "Papelera", "Cestino", "Lixeira", "Lixo", "Prullenbak", "Kosz", "Koš", "Papperskorg",
    "Papirkurv", "Papirkurven", "Roskakori", "Kuka", "Lomtár", "Smeće", "Кошче", "Coș de gunoi", "Paperera", "Thùng rác", "Sampah",
    "回收站", "回收筒", "垃圾桶", "ゴミ箱", "휴지통", "Корзина", "Кошик", "Çöp kutusu", "Çöp Kutusu", "Σκουπίδια", "Κάδος", "אשפה",
    "سلة المهملات", "ถังขยะ", "ट्रैश",
))
# fmt: on
_DAY = re.compile(r"^(?:18|19|20|21)\d\d-[01]\d-[0-3]\d(?: ?#\d{1,3})?$")  # exports before 2020 have one for each
_CHATS = ("hangout", "hangouts")  # pictures that others sent lie there, without any metadata


def folder_kinds(folders: Iterable[str], metas: Mapping[str, AlbumMeta], gaps: bool = False) -> dict[str, str]:
    """`year`, `album`, `trash` or `own` for each folder name; `metas` has the album metadata of those that carry one.

    Only a folder with album metadata is an album. The archive, the locked folder and others are called in the language of the
    account and hold what is the person's own. `gaps`: parts are missing, so that a folder of unknown meaning may be an album whose
    metadata lie there: photos seen only in albums are never suggested for removal.
    """
    names = list(folders)
    years = defaultdict(set)
    for name in names:
        match = _ONE_YEAR.match(_without_copy(nfc(name)))
        if match and name not in metas:
            years[f"{match[1]}#{match[3]}"].add(match[2])
    # Some accounts speak a language not listed: the same words around two different years are a template, too.
    templates = _YEAR_TEMPLATES | {template for template, found in years.items() if len(found) > 1}
    return {name: _kind(_without_copy(nfc(name)), metas.get(name), templates, gaps) for name in names}


def _without_copy(name: str) -> str:
    """``Photos from 2019 (1)`` and ``Photos from 2019 2`` as ``Photos from 2019``: what unpacking twice makes of a folder."""
    bare = name[:-1].rstrip("0123456789") if name.endswith(")") else ""
    if bare.endswith("("):
        return bare[:-1].rstrip()
    head, blank, last = name.rpartition(" ")
    return head if blank and len(last) == 1 and last.isdigit() else name


def _kind(name: str, meta: AlbumMeta | None, templates: frozenset[str] | set[str], gaps: bool) -> str:
    if _DAY.match(name) and (meta is None or meta.is_old):
        return YEAR
    # An album may be called "Photos from 2019"; the metadata.json of a real year folder says nothing about who may see it.
    if meta and (meta.access or meta.title) and not (_is_year(name, templates) and not meta.access):
        return ALBUM
    if _is_year(name, templates):
        return YEAR
    if name.lower() in _TRASH:
        return TRASH
    is_chat = name.lower().split(":")[0].rstrip("_ ").split("_")[0] in _CHATS
    return ALBUM if is_chat or (gaps and name and name.lower() not in _OWN) else OWN


def _is_year(name: str, templates: frozenset[str] | set[str]) -> bool:
    match = _ONE_YEAR.match(name)
    return match is not None and f"{match[1]}#{match[3]}" in templates
