"""A database and the importers, with one worker process: two cores are shared with the tests' own work."""

from __future__ import annotations

import pytest

from datasette_gphotos_dedupe.pipeline.fingerprinting import fingerprint_library
from datasette_gphotos_dedupe.pipeline.importing import import_folder, import_takeout
from datasette_gphotos_dedupe.pipeline.matching import MatchOptions, match_library
from datasette_gphotos_dedupe.pipeline.progress import Progress
from datasette_gphotos_dedupe.pipeline.toolkit_import import import_toolkit_csv
from datasette_gphotos_dedupe.store.database import open_database
from tests.pictures import add_photos, photo_rows, picture

TABLES = (
    "photos",
    "files",
    "albums",
    "album_photos",
    "people",
    "photo_people",
    "fingerprints",
    "thumbnails",
    "skipped",
    "parts",
)


class Library:
    """A database under test."""

    def __init__(self, path):
        self.path = path
        self.db = open_database(path)

    def takeout(self, *paths, whole_library=None):
        return import_takeout(self.db, list(paths), Progress(silent=True), 1, whole_library)

    def folder(self, *paths):
        return import_folder(self.db, list(paths), Progress(silent=True), workers=1)

    def toolkit(self, path, trash=False):
        return import_toolkit_csv(self.db, path, Progress(silent=True), trash)

    def fingerprint(self):
        return fingerprint_library(self.db, Progress(silent=True), workers=1)

    def match(self):
        return match_library(self.db, Progress(silent=True), MatchOptions(workers=1))

    def rows(self, sql, *parameters):
        return [tuple(row) for row in self.db.execute(sql, parameters).fetchall()]

    def one(self, sql, *parameters):
        ((value,),) = self.rows(sql, *parameters)
        return value

    def tables(self) -> dict[str, list]:
        """Everything an import leaves, but for the numbers of its runs and of the rows of `files`: they tell the order of work."""
        return {table: self._content(table) for table in TABLES}

    def _content(self, table: str) -> list:
        names = [column.name for column in self.db[table].columns if column.name not in ("run_id", "file_id")]
        return sorted(self.rows(f"SELECT {', '.join(names)} FROM {table}"), key=repr)


@pytest.fixture
def library(tmp_path):
    made = Library(tmp_path / "photos.db")
    yield made
    made.db.close()


@pytest.fixture
def db(tmp_path):
    """Three photos and a smaller copy of each, matched."""
    database = open_database(tmp_path / "photos.db")
    rows = [photo_rows(f"p{seed}", picture(seed), 90, sha1=f"sha{seed}") for seed in range(3)]
    rows += [photo_rows(f"p{seed}-small", picture(seed).resize((320, 240)), 80, sha1=f"small{seed}") for seed in range(3)]
    add_photos(database, rows)
    match_library(database, options=MatchOptions(workers=1))
    yield database
    database.conn.close()
