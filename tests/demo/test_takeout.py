from __future__ import annotations

import json
import zipfile

import pytest

from datasette_gphotos_dedupe.demo.library import SampleItem
from datasette_gphotos_dedupe.demo.takeout import write_takeout

FOLDER = "Takeout/Google Photos/Photos from 2016/"


@pytest.fixture
def export(tmp_path):
    def write(*items: SampleItem) -> dict[str, bytes]:
        members = {}
        for path in write_takeout(items, tmp_path):
            with zipfile.ZipFile(path) as archive:
                members |= {name: archive.read(name) for name in archive.namelist()}
        return members

    return write


def item(title: str = "a.jpg", **about) -> SampleItem:
    return SampleItem(title, b"bytes", 1463242800, "AF1QipA", **about)


def test_the_sidecar_carries_what_google_photos_knows(export):
    members = export(item(description="Ada's boat", people=("Ada",), place=(1.5, 2.5), favorite=True))
    sidecar = json.loads(members[f"{FOLDER}a.jpg.supplemental-metadata.json"])
    assert sidecar["url"] == "https://photos.google.com/photo/AF1QipA"
    assert sidecar["photoTakenTime"]["timestamp"] == "1463242800"
    assert (sidecar["people"], sidecar["favorited"], "archived" in sidecar) == ([{"name": "Ada"}], True, False)


def test_equal_titles_in_one_folder_are_told_apart_by_a_number(export):
    members = export(item(), item())
    assert {f"{FOLDER}a(1).jpg", f"{FOLDER}a.jpg.supplemental-metadata(1).json"} <= set(members)


def test_a_sidecar_name_is_cut_to_51_units(export):
    title = "00001IMG_00001_BURST20190216172030.jpg"
    names = [name.removeprefix(FOLDER) for name in export(item(title))]
    assert [name for name in names if name.startswith("00001") and name.endswith(".json")] == [f"{title}.supplem.json"]


def test_an_album_holds_a_full_copy_and_its_own_description(export):
    members = export(item(albums=("Summer",)))
    assert members["Takeout/Google Photos/Summer/a.jpg"] == b"bytes"
    assert json.loads(members["Takeout/Google Photos/Summer/metadata.json"])["title"] == "Summer"


def test_what_google_edited_lies_beside_the_original_under_one_sidecar(export):
    names = set(export(item(edited=b"other")))
    assert f"{FOLDER}a-edited.jpg" in names
    assert f"{FOLDER}a-edited.jpg.supplemental-metadata.json" not in names


def test_uploads_of_this_app_are_left_to_the_library_api(export):
    assert f"{FOLDER}a.jpg" not in export(item(by_app=True))


def test_photos_and_sidecars_lie_in_different_parts(tmp_path, library):
    first, second = write_takeout(library.items, tmp_path)
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as two:
        media = {name for name in one.namelist() if name.endswith(".JPG")}
        elsewhere = {name for name in media if f"{name}.supplemental-metadata.json" in two.namelist()}
    assert len(elsewhere) > 10


def test_the_same_library_gives_the_same_archives(tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    one, two = ([path.read_bytes() for path in write_takeout([item()], folder)] for folder in folders)
    assert one == two
