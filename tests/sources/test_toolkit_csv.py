"""The browser toolkit's metadata.csv, line by line: its forms, and every way in which it can be damaged."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.errors import SourceError
from datasette_gphotos_dedupe.sources import toolkit_csv
from datasette_gphotos_dedupe.sources.toolkit_csv import read_listed

from ..exports import key
from ..toolkit import COLUMNS, content_key, item, write_csv


def read(path):
    skipped = []
    items = list(read_listed(path, lambda line, trouble: skipped.append((line, trouble.code, trouble.reason))))
    return items, skipped


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
        sourceAlbumMediaKey=key(50),
        sourceAlbumTitle="Trip, 2019",
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
        hasLocation="true",
        latitude="48.2",
        longitude="-16.4",
        thumbnailUrl="https://photos.example/x",
    )
    ((found,), skipped) = read(write_csv(path, full))
    assert skipped == []
    assert found._asdict() == {
        "line": 2,
        "media_key": key(1),
        "dedup_key": content_key(b"abc"),
        "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
        "album_key": key(50),
        "album_title": "Trip, 2019",
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


def test_what_is_unknown_is_none(path):
    ((found,), _) = read(write_csv(path, {"mediaKey": key(1)}))
    assert {value for name, value in found._asdict().items() if name not in ("line", "media_key")} == {None}


def test_an_item_that_takes_up_no_space_costs_nothing(path):
    ((found,), _) = read(write_csv(path, item(1, takesUpSpace="false", spaceTakenBytes=500)))
    assert found.space_bytes == 0


def test_a_place_of_zero_or_without_location_is_unknown(path):
    items, _ = read(
        write_csv(
            path,
            item(1, hasLocation="true", latitude="0", longitude="0"),
            item(2, hasLocation="false", latitude="48", longitude="16"),
        )
    )
    assert [(found.latitude, found.longitude) for found in items] == [(None, None), (None, None)]


def test_a_byte_order_mark_line_feeds_and_further_columns_are_let_through(path):
    header = ",".join([*COLUMNS, "somethingNew"])
    path.write_text(f"{header}\n{key(1)}{',' * len(COLUMNS)}new\n", encoding="utf-8-sig")
    assert [found.media_key for found in read(path)[0]] == [key(1)]


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"mediaKey": ""}, "it has no media key"),
        ({"mediaKey": "not a key"}, "'not a key' is not a media key"),
        ({"dedupKey": "x!"}, "its dedupKey is 'x!', not a key"),
        ({"width": "wide"}, "its width is 'wide', not a number"),
        ({"sizeBytes": "NaN"}, "its sizeBytes is 'NaN', not a number"),
        ({"sizeBytes": "-5"}, "its sizeBytes is '-5', which cannot be"),
        ({"isOwned": "yes"}, "its isOwned is 'yes', neither true nor false"),
        ({"takenAt": "yesterday"}, "its takenAt is 'yesterday', not a time"),
        ({"fileName": "a\0b"}, "it holds NUL characters, so the file is damaged here"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_rest_is_read(path, change, reason):
    write_csv(path, item(1), item(2, **change), item(3))
    items, skipped = read(path)
    assert ([found.media_key for found in items], skipped) == ([key(1), key(3)], [(3, "bad_row", reason)])


def test_a_line_that_is_not_utf8_is_named(path):
    write_csv(path, item(1, "ok.jpg"), item(2, "AE.jpg"))
    path.write_bytes(path.read_bytes().replace(b"AE.jpg", b"\xc4.jpg"))
    assert read(path)[1] == [(3, "bad_row", "it is not in UTF-8, so another program has changed the file")]


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
