"""Sidecars of every odd kind, and the pictures that every library has a few of: nothing crashes, and each gets its sentence."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from datasette_gphotos_dedupe.errors import PictureError, SourceError
from datasette_gphotos_dedupe.sources.archives.members import Address, open_address
from datasette_gphotos_dedupe.sources.archives.tgz_stream import read_tgz
from datasette_gphotos_dedupe.sources.archives.zip_index import read_zip_index
from datasette_gphotos_dedupe.sources.takeout.sidecar_json import AlbumMeta, Sidecar, SidecarError, parse_json_file

from ..broken_pictures import packed_zeros, png
from ..exports import key, part, picture, sidecar, write_folder, write_tgz, write_zip, year

Y = "Photos from 2019"
NEW = ".supplemental-metadata.json"


def one_photo(library, tmp_path, data: bytes) -> list[tuple]:
    """(filename, taken_at, latitude, media_key) of a picture with these bytes for a sidecar, and why the sidecar was left out."""
    library.takeout(part(tmp_path, 1, {f"{Y}/a.jpg": picture(1), f"{Y}/a.jpg{NEW}": data}))
    row = library.rows("SELECT filename, taken_at, latitude, media_key FROM photos")
    return [*row, *library.rows("SELECT code, reason FROM skipped")]


def with_values(**values) -> bytes:
    return json.dumps({**json.loads(sidecar("a.jpg", 1)), **values}).encode()


UNREADABLE = {
    "50 MB": (b" " * 50_000_000 + b"{}", "it has 50,000,002 bytes, far more than any sidecar"),
    "nested a million deep": (b"[" * 1_000_000, "it is nested too deeply to be a sidecar"),
    "a text": (b"hello", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
    "half of one": (b'{"title": "a.jp', "it is not JSON: Unterminated string starting at: line 1 column 11 (char 10)"),
    "nothing": (b"", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
    "no encoding": (
        b'{"title": "\xff\xfe\xfd"}',
        "it is not JSON: 'utf-8' codec can't decode byte 0xff in position 11: invalid start byte",
    ),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_sidecar_that_cannot_be_read_is_left_out_and_its_picture_is_not(library, tmp_path, kind):
    data, reason = UNREADABLE[kind]
    assert one_photo(library, tmp_path, data) == [("a.jpg", None, None, None), ("bad_sidecar", reason)]


READABLE = {
    "UTF-16": (sidecar("a.jpg", 1).decode().encode("utf-16"), "a.jpg", "2019-06-28T16:38:04Z"),
    "UTF-8 with a byte order mark": (b"\xef\xbb\xbf" + sidecar("a.jpg", 1), "a.jpg", "2019-06-28T16:38:04Z"),
    "the year 99999": (with_values(photoTakenTime={"timestamp": "3093527980799"}), "a.jpg", None),
    "before 1970": (with_values(photoTakenTime={"timestamp": "-1000000000"}), "a.jpg", "1938-04-24T22:13:20Z"),
    "a time that is infinite": (with_values(photoTakenTime={"timestamp": float("inf")}), "a.jpg", None),
    "a time of 400 digits": (with_values(photoTakenTime={"timestamp": 10**400}), "a.jpg", None),
    "a number for the title": (with_values(title=7), "a.jpg", "2019-06-28T16:38:04Z"),
    "numbers for all strings": (
        with_values(title="a.jpg", description=1, people=[1, {"name": 2}]),
        "a.jpg",
        "2019-06-28T16:38:04Z",
    ),
    "places that are none": (with_values(geoData={"latitude": "x", "longitude": 10**400}), "a.jpg", "2019-06-28T16:38:04Z"),
    "a place that is no number": (
        with_values(geoData={"latitude": float("nan"), "longitude": 1}),
        "a.jpg",
        "2019-06-28T16:38:04Z",
    ),
}


@pytest.mark.parametrize("kind", READABLE)
def test_a_sidecar_with_odd_values_gives_what_makes_sense(library, tmp_path, kind):
    data, name, taken_at = READABLE[kind]
    assert one_photo(library, tmp_path, data) == [(name, taken_at, None, key(1))]


PHOTO = "https://photos.google.com/photo/"
LINKS = {
    f"{PHOTO}{'A' * 8}": (f"{PHOTO}{'A' * 8}", "A" * 8),
    f"{PHOTO}{'A' * 200}": (f"{PHOTO}{'A' * 200}", "A" * 200),
    f"{PHOTO}{'A' * 201}": (f"{PHOTO}{'A' * 201}", "A" * 200),
    f"{PHOTO}{'A' * 7}": (f"{PHOTO}{'A' * 7}", None),
    f"{PHOTO}AAAAAAAA\n": (f"{PHOTO}AAAAAAAA", "AAAAAAAA"),
    f" {PHOTO}AAAA\0AAAA": (f"{PHOTO}AAAAAAAA", "AAAAAAAA"),
    f"{PHOTO}AAAAAAAA?pli=1": (f"{PHOTO}AAAAAAAA?pli=1", "AAAAAAAA"),
    "https://photos.google.com/u/1/album/x/photo/BBBBBBBB": ("https://photos.google.com/u/1/album/x/photo/BBBBBBBB", "BBBBBBBB"),
    "https://photos.google.com.evil.example/photo/BBBBBBBB": (None, "BBBBBBBB"),
    "http://photos.google.com/photo/BBBBBBBB": (None, "BBBBBBBB"),
    "https://photos.google.com:444/photo/BBBBBBBB": (None, "BBBBBBBB"),
    "https://photosXgoogle.com/photo/BBBBBBBB": (None, "BBBBBBBB"),
    "": (None, None),
}


@pytest.mark.parametrize("url", LINKS)
def test_an_address_is_one_to_send_a_person_to_or_holds_only_a_key(url):
    found = parse_json_file(with_values(url=url))
    assert (found.product_url, found.media_key) == LINKS[url]


def test_half_a_surrogate_in_a_sidecar_becomes_the_replacement_character(library, tmp_path):
    data = sidecar("a.jpg", 1, description="x").replace(b'"description": "x"', b'"description": "hill \\ud83c and \\u0000 end"')
    library.takeout(part(tmp_path, 1, {f"{Y}/a.jpg": picture(1), f"{Y}/a.jpg{NEW}": data}))
    assert library.one("SELECT description FROM photos") == "hill \ufffd and  end"


# -- pictures every library has a few of ----------------------------------------------------------------------------------


def test_a_text_called_jpg_a_picture_of_one_pixel_and_one_of_900_megapixels(library, tmp_path):
    dot = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(dot, "PNG")
    huge = png(30_000, 30_000, 8, 2, packed_zeros(1000))
    members = {**year("text.jpg", b"Dear diary", 1), **year("dot.png", dot.getvalue(), 2), **year("huge.png", huge, 3)}
    library.takeout(part(tmp_path, 1, members))
    assert library.rows("SELECT filename, width, no_pixels FROM photos ORDER BY 1") == [
        ("dot.png", 1, None),
        ("huge.png", None, "it claims 30000 x 30000 pixels, more than can be read safely"),
        ("text.jpg", None, "its content is neither a picture nor a video in a format that is known"),
    ]


def test_a_folder_without_pictures_says_what_its_files_are(library, tmp_path):
    folder = write_folder(tmp_path / "notes", {"a.txt": b"x", "b.odt": b"y"}, root="")
    library.folder(folder)
    assert library.rows("SELECT member, code, reason FROM skipped ORDER BY member") == [
        ("a.txt", "side_file", "files that end in .txt are not pictures"),
        ("b.odt", "not_a_picture", "its content is neither a picture nor a video in a format that is known"),
    ]


# -- any bytes at all -----------------------------------------------------------------------------------------------------

QUICK = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    *("title", "description", "photoTakenTime", "creationTime", "geoData", "geoDataExif", "people", "favorited", "archived"),
    *("trashed", "url", "googlePhotosOrigin", "access", "albumData"),
]


@QUICK
@given(st.dictionaries(st.sampled_from(KEYS), VALUES | st.fixed_dictionaries({"timestamp": VALUES, "latitude": VALUES})))
def test_any_json_is_a_sidecar_an_album_or_nothing(value):
    found = parse_json_file(json.dumps(value).encode())
    assert isinstance(found, (Sidecar, AlbumMeta, type(None)))
    for text in found or ():
        str(text).encode()  # what goes into the database is whole text


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_are_json_or_said_to_be_none(data):
    try:
        parse_json_file(data)
    except SidecarError as error:
        assert str(error).startswith(("it is not JSON: ", "it is nested"))


@st.composite
def mutations(draw, size: int):
    """Places and new bytes: mostly single ones, as damage is."""
    return draw(st.lists(st.tuples(st.integers(0, size - 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))


def mutated(data: bytes, changes) -> bytes:
    made = bytearray(data)
    for at, piece in changes:
        made[at : at + len(piece)] = piece
    return bytes(made)


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archives")
    members = {**year("a.jpg", picture(1), 1), **year("b.jpg", picture(2), 2)}
    return write_zip(folder / "a.zip", members).read_bytes(), write_tgz(folder / "a.tgz", members).read_bytes()


@QUICK
@given(st.data())
def test_any_damage_to_a_zip_is_said_in_words(archives, tmp_path, data):
    path = tmp_path / "damaged.zip"
    path.write_bytes(mutated(archives[0], data.draw(mutations(len(archives[0])))))
    try:
        entries = read_zip_index(path, 0)
    except SourceError as error:
        assert str(error).startswith("damaged.zip ")
        return
    for entry in entries:
        if not entry.trouble:
            address = Address(str(path), entry.path, entry.bytes, entry.offset, entry.packed_bytes, entry.method, entry.crc32)
            read_or_refuse(address)


def read_or_refuse(address: Address) -> None:
    try:
        with open_address(address) as stream:
            assert len(stream.read(1 << 20)) <= 1 << 20
    except PictureError as error:
        assert error.code in ("damaged", "wrong_crc")


@QUICK
@given(st.data())
def test_any_damage_to_a_tgz_is_said_in_words(archives, tmp_path, data):
    path = tmp_path / "damaged.tgz"
    path.write_bytes(mutated(archives[1], data.draw(mutations(len(archives[1])))))
    try:
        for _, stream, _ in read_tgz(path, 0):
            if stream is not None:
                stream.read(1 << 20)
    except SourceError as error:
        assert str(error).startswith("damaged.tgz ")
