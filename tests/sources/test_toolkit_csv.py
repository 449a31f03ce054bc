"""The browser toolkit's metadata.csv, line by line: its forms, and every way in which it can be damaged."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.core.content_key import sha1_of
from datasette_gphotos_dedupe.errors import SourceError
from datasette_gphotos_dedupe.sources import toolkit_csv
from datasette_gphotos_dedupe.sources.toolkit_csv import read_listed

from ..exports import key
from ..toolkit import COLUMNS, album_item, content_key, item, trash_item, write_csv


def read(path):
    skipped = []
    items = list(read_listed(path, lambda line, trouble: skipped.append((line, trouble.code, trouble.reason))))
    return items, skipped


def read_noted(path):
    """The items, the lines skipped, and the fields left out."""
    skipped, noted = [], []
    items = list(read_listed(path, lambda *line: skipped.append(line), lambda *field: noted.append(field)))
    return items, skipped, noted


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metadata.csv"


def test_the_columns_are_those_of_the_toolkit():
    assert list(toolkit_csv.COLUMNS) == COLUMNS


def test_a_full_line_is_read_with_its_forms(path):
    full = item(
        1,
        'IMG "1".jpg',
        b"abc",
        description="two\r\nlines, and a comma",
        takenAt="2019-06-28T16:38:04.120Z",
        uploadedAt="2019-06-29T00:00:00.000Z",
        timezoneOffsetMs="7200000",
        width=4032,
        height=3024,
        durationMs=1500,
        takesUpSpace="true",
        spaceTakenBytes=3,
        isOriginalQuality="false",
        isArchived="true",
        isFavorite="false",
        latitude="482000000",
        longitude="-164000000",
        thumbnailUrl="https://photos.example/x",
    )
    ((found,), skipped) = read(write_csv(path, full))
    assert skipped == []
    assert found._asdict() == {
        "line": 2,
        "item": key(1),
        "media_key": key(1),
        "dedup_key": content_key(b"abc"),
        "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
        "elsewhere": 0,
        "album_key": None,
        "album_title": None,
        "filename": 'IMG "1".jpg',
        "description": "two\r\nlines, and a comma",
        "taken_at": "2019-06-28T16:38:04.120Z",
        "uploaded_at": "2019-06-29T00:00:00Z",
        "width": 4032,
        "height": 3024,
        "duration_s": 1.5,
        "bytes": 3,
        "space_bytes": 3,
        "original_quality": 0,
        "archived": 1,
        "favorite": 0,
        "owned": 1,
        "latitude": 48.2,
        "longitude": -16.4,
    }


NEEDED = ("line", "item", "media_key", "elsewhere")


def test_what_is_unknown_is_none(path):
    ((found,), _) = read(write_csv(path, {"mediaKey": key(1)}))
    assert {value for name, value in found._asdict().items() if name not in NEEDED} == {None}


def test_an_item_that_takes_up_no_space_costs_nothing(path):
    ((found,), _) = read(write_csv(path, item(1, takesUpSpace="false", spaceTakenBytes=500)))
    assert found.space_bytes == 0


# Lines as the exporter of 3.2 and 3.3 wrote them from answers of Google's, with other keys and places.
WRITTEN = f"""{",".join(COLUMNS)}
{key(1)},451-4wv_Py0IOYRXkxbGI1ozjJS,,,a.jpg,"two
lines, ""quoted"" too",2025-10-27T11:50:30.104Z,2025-10-27T20:01:46.919Z,10800000,3000,4000,,,4571650,false,0,true,false,true,true,true,\
Somewhere,407127752,-740059728,https://photos.example/pw/x
{key(2)},TupptJA4wzqEh1o2vI_G4zyzMqI:194c7a2c658,,,b.jpg,,2024-09-30T13:08:30.888Z,2025-01-08T01:16:50.450Z,10800000,1080,2400,2084,,\
1234567,true,1234567,true,false,false,true,true,,,,https://photos.example/pw/x
{key(803)},u8lw6HEvjd6UoUeC_fzgEORQu-E,{key(50)},Holiday,c.jpg,,2019-12-13T01:47:22.128Z,2026-01-30T12:58:58.628Z,-18000000,4032,3024,,,\
1234567,true,1234567,true,,,,false,,,,https://photos.example/pw/x
{key(4)},eaZEXF_OxPKIZSsau4kIDmU8Ts_,,,d.jpg,,2025-10-27T11:50:30.104Z,2026-01-30T12:58:58.628Z,10800000,3000,4000,,,1234567,true,1234567,true,\
,,,false,,,,https://photos.example/pw/x
"""


def test_lines_of_the_real_exporter_are_read(path):
    path.write_text(WRITTEN, newline="")
    items, skipped, noted = read_noted(path)
    assert (skipped, noted) == ([], [])
    facts = [(one.media_key, one.album_key, one.elsewhere, one.owned, one.favorite, one.space_bytes) for one in items]
    assert facts == [
        (key(1), None, 0, 1, 1, 0),
        (key(2), None, 0, 1, 0, 1_234_567),
        (None, key(50), 0, None, None, 1_234_567),
        (key(4), None, 1, None, None, 1_234_567),
    ]
    assert (items[0].latitude, items[0].longitude, items[0].description) == (40.7127752, -74.0059728, 'two\nlines, "quoted" too')
    assert [one.sha1 is not None for one in items] == [True] * 4
    assert (items[1].dedup_key, items[1].duration_s) == ("TupptJA4wzqEh1o2vI_G4zyzMqI:194c7a2c658", 2.084)


@pytest.mark.parametrize(
    "written, place",
    [
        (("407127752", "-740059728"), (40.7127752, -74.0059728)),
        (("12", "-75"), (0.0000012, -0.0000075)),  # on the equator, not in Colombia
        (("-900000000", "1800000000"), (-90, 180)),
        (("48.2", "16"), (48.2, 16)),  # a toolkit that would write degrees
        (("0", "0"), (None, None)),
        (("407127752", ""), (None, None)),
    ],
)
@pytest.mark.parametrize("has_location", ["true", "false"])
def test_a_place_is_in_ten_millionths_of_a_degree_whatever_has_location_says(path, written, place, has_location):
    line = item(1, latitude=written[0], longitude=written[1], hasLocation=has_location)
    ((found,), skipped) = read(write_csv(path, line))
    assert (found.latitude, found.longitude) == (pytest.approx(place) if place[0] else place)
    assert skipped == []


def test_a_content_key_with_a_mark_is_read_whole_and_holds_the_checksum_before_it(path):
    marked = f"{content_key(b'abc')}:1971ddc90ed"
    ((found,), skipped) = read(write_csv(path, item(1, dedupKey=marked)))
    assert (found.dedup_key, found.sha1, skipped) == (marked, sha1_of(content_key(b"abc")), [])


def test_the_media_key_of_an_item_in_an_album_counts_for_nothing(path):
    items, _ = read(write_csv(path, album_item(1, "a.jpg", b"abc"), album_item(2, "a.jpg", b"abc", sourceAlbumMediaKey=key(51))))
    assert [(found.media_key, found.dedup_key, found.album_key) for found in items] == [
        (None, content_key(b"abc"), key(50)),
        (None, content_key(b"abc"), key(51)),
    ]
    assert len({found.item for found in items}) == 1


def test_what_comes_out_of_no_list_of_the_library_is_told_by_what_the_toolkit_does_not_know(path):
    lines = (item(1), album_item(2, data=b"abc"), trash_item(3), item(4, isArchived="", isFavorite="", isOwned=""))
    assert [found.elsewhere for found in read(write_csv(path, *lines))[0]] == [0, 0, 1, 0]


def test_a_byte_order_mark_line_feeds_and_further_columns_are_let_through(path):
    header = ",".join([*COLUMNS, "somethingNew"])
    path.write_text(f"{header}\n{key(1)}{',' * len(COLUMNS)}new\n", encoding="utf-8-sig")
    assert [found.media_key for found in read(path)[0]] == [key(1)]


@pytest.mark.parametrize(
    "line, reason",
    [
        (item(2, mediaKey=""), "it has no media key"),
        (item(2, mediaKey="not a key"), "'not a key' is not a media key"),
        (item(2, fileName="a\0b"), "it holds NUL characters, so the file is damaged here"),
        (
            album_item(2, dedupKey=""),
            "it is in an album, where its media key is the album's own, and it has no dedupKey that tells which photo it is",
        ),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_rest_is_read(path, line, reason):
    write_csv(path, item(1), line, item(3))
    items, skipped = read(path)
    assert ([found.media_key for found in items], skipped) == ([key(1), key(3)], [(3, "bad_row", reason)])


@pytest.mark.parametrize(
    "change, text",
    [
        ({"dedupKey": "x!"}, "its dedupKey is 'x!', not a key"),
        ({"dedupKey": "abcdefgh:xyz"}, "its dedupKey is 'abcdefgh:xyz', not a key"),
        ({"width": "wide"}, "its width is 'wide', not a number"),
        ({"sizeBytes": "NaN"}, "its sizeBytes is 'NaN', not a number"),
        ({"sizeBytes": "-5"}, "its sizeBytes is '-5', which cannot be"),
        ({"isOwned": "yes"}, "its isOwned is 'yes', neither true nor false"),
        ({"takenAt": "yesterday"}, "its takenAt is 'yesterday', not a time"),
        ({"latitude": "north", "longitude": "1"}, "its latitude is 'north', not a number"),
        ({"latitude": "950000000", "longitude": "1"}, "its place is '950000000', '1', which is nowhere on Earth"),
    ],
)
def test_a_field_that_cannot_be_read_costs_nothing_but_itself(path, change, text):
    whole = item(2, "b.jpg", b"abc", width=40, height=30, latitude="10", longitude="10")
    write_csv(path, whole | change)
    ((found,), skipped, noted) = read_noted(path)
    write_csv(path, whole)
    ((other,), _, _) = read_noted(path)
    assert (skipped, noted) == ([], [(2, text)])
    lost = {name for name, value in found._asdict().items() if value != getattr(other, name)}
    assert all(getattr(found, name) is None for name in lost) and 1 <= len(lost) <= 2
    assert (found.media_key, found.filename) == (key(2), "b.jpg")


def test_a_name_that_is_not_utf8_costs_the_name_alone(path):
    write_csv(path, item(1, "ok.jpg"), item(2, "AE.jpg"))
    path.write_bytes(path.read_bytes().replace(b"AE.jpg", b"\xc4.jpg"))
    items, skipped, noted = read_noted(path)
    assert [(found.media_key, found.filename) for found in items] == [(key(1), "ok.jpg"), (key(2), None)]
    assert (skipped, noted) == ([], [(3, "its fileName is not in UTF-8, so another program has changed the file")])


def test_a_file_cut_short_says_so_and_gives_what_is_whole(path):
    write_csv(path, item(1, "a.jpg"), item(2, "b.jpg", description="a long text"))
    path.write_bytes(path.read_bytes()[:-60])
    items, skipped = read(path)
    assert [found.media_key for found in items] == [key(1)]
    assert skipped == [(3, "cut_short", "the file ends in the middle of this line; download it again")]


def test_a_quote_that_is_never_closed_costs_one_line(path):
    write_csv(path, item(1), item(2, "QUOTE.jpg"), item(3), item(4))
    path.write_bytes(path.read_bytes().replace(b"QUOTE.jpg", b'"QUOTE.jpg'))
    items, skipped = read(path)
    assert [found.media_key for found in items] == [key(1), key(3), key(4)]
    assert [(line, code) for line, code, _ in skipped] == [(3, "bad_row")]


def test_a_line_longer_than_any_is_left_out(path, monkeypatch):
    monkeypatch.setattr(toolkit_csv, "MAX_LINE_CHARACTERS", 5_000)
    write_csv(path, item(1), item(2, "x" * 100_000), item(3))
    items, skipped = read(path)
    assert [found.media_key for found in items] == [key(1), key(3)]
    assert skipped == [(3, "bad_row", "it is longer than 5,000 characters")]


def test_a_file_in_utf16_is_refused_with_the_way_out(path):
    path.write_text(write_csv(path, item(1)).read_text(), encoding="utf-16")
    with pytest.raises(SourceError) as caught:
        read(path)
    assert str(caught.value) == (
        "metadata.csv is in UTF-16, so another program has saved it since it was downloaded. Give the file as the toolkit wrote "
        "it (Export metadata), or save it as CSV in UTF-8."
    )


def test_a_file_saved_by_a_spreadsheet_with_semicolons_is_refused(path):
    path.write_text(write_csv(path, item(1)).read_text().replace(",", ";"))
    with pytest.raises(SourceError, match="a spreadsheet program has saved it"):
        read(path)


@pytest.mark.parametrize("content", ["", "a,b,c\n1,2,3\n", "\0\0\0", "PK\x03\x04"])
def test_any_other_file_is_refused_with_the_columns_it_lacks(path, content):
    path.write_text(content)
    with pytest.raises(SourceError) as caught:
        read(path)
    assert str(caught.value) == (
        "metadata.csv is not the metadata.csv of the Google Photos Toolkit: its first line lacks the columns mediaKey, dedupKey, "
        "sourceAlbumMediaKey, sourceAlbumTitle, fileName and more. In the toolkit, choose Export metadata."
    )


def test_a_missing_file_is_refused(path):
    with pytest.raises(SourceError, match="metadata.csv cannot be read: No such file or directory."):
        read(path)
