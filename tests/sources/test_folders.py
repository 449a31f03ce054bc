"""What a folder of an export means, in any language: an album is what has album metadata, and nothing else."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.sources.takeout.folders import folder_kinds
from datasette_gphotos_dedupe.sources.takeout.sidecar_json import AlbumMeta

TRIP = AlbumMeta("Trip", None, "protected")
OWN = (
    "Archive",
    "Archivo",
    "归档文件",
    "Dossier verrouillé",
    "Gesperrter Ordner",
    "Failed Videos",
    "1 anno fa",
    "Whatever 7",
    "",
)


def kind(name: str, meta: AlbumMeta | None = None, gaps: bool = False, beside: tuple[str, ...] = ()) -> str:
    return folder_kinds([name, *beside], {name: meta} if meta else {}, gaps)[name]


@pytest.mark.parametrize("name", OWN)
def test_a_folder_without_album_metadata_holds_the_persons_own(name):
    assert kind(name) == "own"


@pytest.mark.parametrize("name", ["Trip", "Archive", "2019", "Trip (1)", "Trash", "2019-06-28"])
def test_a_folder_with_album_metadata_is_an_album(name):
    assert kind(name, TRIP) == "album"


@pytest.mark.parametrize(
    "name", ["Photos from 2019", "Fotos von 2019", "2019 年的照片", "Photos from 2019 (1)", "Photos from 2019 2"]
)
def test_a_year_folder_is_told_also_where_it_was_unpacked_twice(name):
    assert (kind(name), kind(name, AlbumMeta("Photos from 2019", None, None))) == ("year", "year")


def test_a_year_folder_of_a_language_not_listed_is_told_by_its_repetition():
    assert kind("Слики од 2019", beside=("Слики од 2020",)) == "year"


def test_a_folder_for_each_day_is_of_the_library_as_a_year_is():
    old = AlbumMeta("2016-06-12", None, "private", is_old=True)
    assert [kind(name, old) for name in ("2016-06-12", "2016-06-12 #2")] == ["year", "year"]
    assert kind("2016-06-12") == "year"
    assert kind("Wedding", old._replace(title="Wedding")) == "album"


@pytest.mark.parametrize("name", ["Trash", "Papierkorb", "Trash (1)", "Корзина"])
def test_the_bin_is_told(name):
    assert kind(name) == "trash"


def test_a_folder_of_unknown_meaning_may_be_an_album_while_parts_are_missing():
    assert [kind(name, gaps=True) for name in ("Trip", "Archivio", "Photos from 2019", "")] == ["album", "own", "year", "own"]


def test_what_others_sent_in_a_chat_may_be_theirs():
    assert [kind(name) for name in ("Hangout: Ada", "Hangout_ Ada", "Hangouts")] == ["album"] * 3
