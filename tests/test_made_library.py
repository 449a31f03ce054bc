from __future__ import annotations

from .made_library import build_library


def test_the_made_library_fits_the_schema(tmp_path):
    db = build_library(tmp_path / "photos.db", groups=9)
    assert db["photos"].count == 18
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert db.journal_mode == "wal"
    db.close()
