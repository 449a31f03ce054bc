"""The groups of a photo's columns: every column is in one, and nobody else lists them."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import fields

import pytest

from datasette_gphotos_dedupe import photo_columns
from datasette_gphotos_dedupe.descriptions_library import PHOTOS
from datasette_gphotos_dedupe.model import Photo, Reading
from datasette_gphotos_dedupe.photo_columns import BY_ORIGIN, KEPT_BY_OTHERS, LOOKED_AT, OF_READING, SAVED
from datasette_gphotos_dedupe.store.database import open_database

GROUPS = {name: group for name, group in vars(photo_columns).items() if name.isupper() and name != "BY_ORIGIN"}


@pytest.fixture(scope="module")
def columns(tmp_path_factory) -> list[str]:
    with closing(open_database(tmp_path_factory.mktemp("columns") / "photos.db").conn) as conn:
        return [row[1] for row in conn.execute("PRAGMA table_info(photos)")]


def test_every_column_is_in_exactly_one_group_by_its_origin(columns):
    assert Counter(column for group in BY_ORIGIN for column in group) == Counter(columns)


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_names_columns_that_exist_each_once(columns, name):
    assert Counter(GROUPS[name]) <= Counter(columns)


def test_every_column_is_described(columns):
    assert sorted(PHOTOS) == sorted(columns)


def test_what_is_saved_of_a_photo_is_what_its_shape_carries():
    carried = {field.name for field in fields(Photo)} - {"files", "albums", "people"}
    assert set(SAVED) == carried - set(KEPT_BY_OTHERS)


def test_what_looking_again_tells_is_what_a_reading_carries():
    assert {*LOOKED_AT, *OF_READING} <= {field.name for field in fields(Reading)}
