"""Every source against the contract of `sources.base`: one line of `MAKERS` makes one to try.

A source made here offers two pictures, of which the second is gone when it is made `again`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import get_type_hints

import pytest
from PIL import Image

from datasette_gphotos_dedupe.descriptions_library import PHOTOS
from datasette_gphotos_dedupe.errors import QuotaError
from datasette_gphotos_dedupe.google.api_calls import Client
from datasette_gphotos_dedupe.model import NOT_IN_GOOGLE
from datasette_gphotos_dedupe.sources.archives.containers import find_containers
from datasette_gphotos_dedupe.sources.base import LocalSource, Offer, RemoteSource, Source
from datasette_gphotos_dedupe.sources.folder import Folder
from datasette_gphotos_dedupe.sources.library_api import LibraryApi
from datasette_gphotos_dedupe.sources.picker import Picker
from datasette_gphotos_dedupe.sources.takeout.source import Takeout
from tests.exports import key, picture, write_folder, write_zip, year
from tests.fake_google import CLIENT_ID, FakeGoogle, pick
from tests.google.fixtures import auth_path, client, fake, watch  # noqa: F401

NAMES = ("first.jpg", "second.jpg")


@dataclass
class Place:
    """Where sources are made: a folder of this machine, and a pretend Google."""

    path: Path
    fake: FakeGoogle
    client: Client


def from_takeout(place: Place, names: tuple[str, ...]) -> Takeout:
    members = {name: data for number, each in enumerate(names) for name, data in year(each, picture(number), number).items()}
    path = write_zip(place.path / f"takeout-20240516T230250Z-00{len(names)}.zip", members)
    source = Takeout(find_containers([path]))
    source.read_index()
    return source


def from_folder(place: Place, names: tuple[str, ...]) -> Folder:
    path = write_folder(place.path / str(len(names)), {name: picture(number) for number, name in enumerate(names)}, root="")
    source = Folder(find_containers([path]))
    source.read_index()
    return source


def from_library(place: Place, names: tuple[str, ...]) -> LibraryApi:
    items = [item for item in place.fake.world.items.values() if not item.trashed]
    for name in names[len(items) :]:
        place.fake.world.add_item(name, created_by=CLIENT_ID)
    for item in items[len(names) :]:
        item.trashed = True
    return LibraryApi(place.client)


def from_picker(place: Place, names: tuple[str, ...]) -> Picker:
    items = [place.fake.world.add_item(name) for name in names]
    world = place.fake.world
    return Picker(place.client, lambda link: pick(world, list(world.sessions)[-1], items), lambda seconds: None)


MAKERS: dict[str, Callable[[Place, tuple[str, ...]], Source]] = {
    "takeout": from_takeout,
    "folder": from_folder,
    "library": from_library,
    "picker": from_picker,
}


@pytest.fixture
def place(tmp_path, fake, client) -> Place:  # noqa: F811
    return Place(tmp_path, fake, client)


@pytest.fixture(params=MAKERS)
def make(request, place):
    """Makes the source again and again: what it offers is what is named."""
    return lambda names=NAMES: MAKERS[request.param](place, names)


@pytest.fixture
def source(make) -> Source:
    return make()


def offered_by(source: Source) -> list[Offer]:
    skipped: list = []
    offers = list(source.offers(lambda file, trouble: skipped.append((file, trouble))))
    assert skipped == []
    return offers


def test_a_source_keeps_the_whole_contract(source):
    assert isinstance(source, Source)
    assert isinstance(source, LocalSource) != isinstance(source, RemoteSource)


def test_its_name_is_a_source_that_the_tables_know(source):
    assert source.name in PHOTOS["source"]


def test_it_offers_every_item_once_and_says_where_it_comes_from(source):
    photos = [offer.photo for offer in offered_by(source)]
    assert sorted(photo.filename for photo in photos) == sorted(NAMES)
    assert {photo.source for photo in photos} == {source.name}


def test_it_gives_the_bytes_of_what_it_offers(source):
    for offer in offered_by(source):
        data = source.fetch(offer)
        assert Image.open(io.BytesIO(data)).size[0] > 0
        if isinstance(source, LocalSource):
            assert data == picture(NAMES.index(offer.photo.filename))


def test_what_is_not_in_google_has_nothing_of_google(source):
    for offer in offered_by(source):
        ids = (offer.photo.photo_id, offer.photo.media_key, offer.photo.library_id, offer.photo.product_url)
        assert any(ids) == source.can.in_google


def test_what_is_not_in_google_never_stands_in_for_what_is(source):
    assert (source.name in NOT_IN_GOOGLE) == (not source.can.in_google), (
        "the rules that keep the only copy ask NOT_IN_GOOGLE of model.py"
    )


def test_only_what_this_app_uploaded_carries_the_mark(source):
    assert {offer.photo.app_created for offer in offered_by(source)} == {source.can.app_created}


def test_files_on_this_machine_have_an_address(source):
    for offer in offered_by(source):
        assert bool(offer.photo.files) == isinstance(source, LocalSource)
        assert [source.address(file).name for file in offer.photo.files] == [file.member for file in offer.photo.files]


def test_each_picture_asked_of_google_needs_an_allowance_and_no_other(source):
    asked: list[int] = []
    for offer in offered_by(source):
        source.fetch(offer, lambda: asked.append(1))
    assert len(asked) == (len(NAMES) if isinstance(source, RemoteSource) else 0)


def test_a_picture_that_is_not_allowed_is_not_fetched(source):
    def refuse() -> None:
        raise QuotaError("all are used up")

    offers = offered_by(source)
    with pytest.raises(QuotaError) if isinstance(source, RemoteSource) else nullcontext():
        source.fetch(offers[0], refuse)


REMOTE = [name for name, maker in MAKERS.items() if hasattr(get_type_hints(maker)["return"], "find_gone")]


@pytest.mark.parametrize("name", REMOTE)
def test_a_source_of_google_that_shows_absence_knows_what_is_gone(place, name):
    source = MAKERS[name](place, NAMES)
    ids = {offer.photo.filename: offer.photo.photo_id for offer in offered_by(source)}
    again = MAKERS[name](place, NAMES[:1])
    assert [offer.photo.filename for offer in offered_by(again)] == [NAMES[0]]
    assert again.find_gone(list(ids.values())) == ([ids[NAMES[1]]] if source.can.shows_absence else [])


@pytest.mark.parametrize("name", REMOTE)
def test_a_listing_that_was_cut_short_is_gone_on_with_or_begins_anew(place, name):
    source, kept = MAKERS[name](place, NAMES), []
    source.resume(None, kept.append)
    next(source.offers())
    assert bool(kept) == source.can.goes_on
    again = MAKERS[name](place, NAMES)
    again.resume(kept[-1] if kept else None, kept.append)
    assert len(offered_by(again)) == len(NAMES)
    assert len(set(kept)) <= 1
    again.end()
    assert kept[-1:] == [None] * source.can.goes_on


def test_media_keys_of_a_takeout_are_those_of_its_sidecars(place):
    assert [offer.photo.media_key for offer in offered_by(from_takeout(place, NAMES))] == [key(0), key(1)]
