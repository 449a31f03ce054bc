"""A match makes groups anew only when something they are made of has changed, and then as if all were made from scratch."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from datasette_gphotos_dedupe.core.groups.keeper import Policy
from datasette_gphotos_dedupe.pipeline.matching import match_library
from datasette_gphotos_dedupe.pipeline.progress import Progress

from .test_matching import ALONE

OTHER = "(SELECT photo_id FROM group_members WHERE role = 'copy' ORDER BY photo_id LIMIT 1)"
CHANGES = {
    "a favourite": f"UPDATE photos SET favorite = 1 WHERE photo_id = {OTHER}",
    "a photo less": f"DELETE FROM photos WHERE photo_id = {OTHER}",
    "a pair measured otherwise": "UPDATE pairs SET confidence = 0.9",
    "an album": "INSERT INTO albums (album_id, title) VALUES (7, 'Summer')",
    "a photo in an album": f"INSERT INTO album_photos (album_id, photo_id) SELECT album_id, {OTHER} FROM albums",
    "another title": "UPDATE albums SET title = 'Winter'",
    "out of an album": "DELETE FROM album_photos",
    "a moving half": f"INSERT INTO files (photo_id, container, member, role) VALUES ({OTHER}, 'c', 'm.mp4', 'live_video')",
    "another role": "UPDATE files SET role = 'edited' WHERE member = 'm.mp4'",
    "no moving half": "DELETE FROM files WHERE member = 'm.mp4'",
    "a person's word": f"""INSERT INTO decisions (subject, photo_id, decision, decided_at)
        VALUES ({OTHER}, {OTHER}, 'keep', '2024-01-01T00:00:00Z')""",
    "another word": "UPDATE decisions SET decision = 'remove'",
    "a word taken back": "DELETE FROM decisions",
    "a pair judged": """INSERT INTO judgements (photo_a, photo_b, same, relation, distance_bits, judged_at)
        SELECT photo_a, photo_b, 0, relation, distance_bits, '2024-01-01T00:00:00Z' FROM pairs""",
    "judged otherwise": "UPDATE judgements SET same = 1",
    "judged no more": "DELETE FROM judgements",
    "a border": "INSERT INTO match_state VALUES ('caution', '{\"min_confidence\": 1.0, \"max_bits\": 0}')",
    "another border": "UPDATE match_state SET value = '{\"min_confidence\": 0.5, \"max_bits\": 56}' WHERE name = 'caution'",
    "no border": "DELETE FROM match_state WHERE name = 'caution'",
    "an answer forgotten": "INSERT INTO different_pairs (photo_a, photo_b) VALUES ('p0', 'p1')",
    "a group less": "DELETE FROM groups WHERE keeper_id = 'p2'",
    "a group touched": "UPDATE groups SET suggested_count = 7",
    "a member less": "DELETE FROM group_members WHERE role = 'copy'",
    "a pair less": "DELETE FROM pairs WHERE photo_a = 'p1'",
    "a member touched": "UPDATE group_members SET suggested = NULL, reason = 'touched'",
}
TABLES = ("pairs", "different_pairs", "groups", "group_members", "group_counts", "group_text", "uploads", "upload_photos")


def rows_of(db) -> dict[str, list[tuple]]:
    return {table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in TABLES}


class Steps(Progress):
    """Notes which steps a match took."""

    def __init__(self) -> None:
        super().__init__(silent=True)
        self.taken: list[str] = []

    def start(self, label: str, total: int | None = None) -> None:
        super().start(label, total)
        self.taken.append(label)


def makes_groups(db, options=ALONE) -> bool:
    steps = Steps()
    match_library(db, steps, options)
    return "Making groups" in steps.taken


def test_a_match_with_nothing_new_makes_no_groups_and_leaves_each_table_as_it_is(db):
    before, writes = rows_of(db), db.conn.total_changes
    report = match_library(db, options=ALONE)
    assert (report.groups, report.groups_changed, db.conn.total_changes) == (3, 0, writes)
    assert not makes_groups(db)
    assert rows_of(db) == before


def test_whatever_groups_are_made_of_has_them_made_anew_as_from_scratch(db):
    for name, sql in CHANGES.items():
        with db.atomic():
            assert db.conn.execute(sql).rowcount > 0, name
        assert makes_groups(db), name
        assert not makes_groups(db), name
        found = rows_of(db)
        with db.atomic():
            db.execute("DELETE FROM last_grouping")
        assert makes_groups(db), name
        assert rows_of(db) == found, name


def test_other_keeper_rules_make_groups_anew(db):
    assert makes_groups(db, replace(ALONE, policy=Policy(rules=("earliest",))))
    assert not makes_groups(db, replace(ALONE, policy=Policy(rules=("earliest",))))
    assert not makes_groups(db), "the rules used last stay"
    assert makes_groups(db, replace(ALONE, policy=Policy()))


def test_what_is_killed_before_its_groups_are_saved_makes_them_the_next_time(db):
    class Killed(Progress):
        def start(self, label: str, total: int | None = None) -> None:
            if label == "Making groups":
                raise KeyboardInterrupt

    expected = rows_of(db)
    with db.atomic():
        db.execute("DELETE FROM groups")
    with pytest.raises(KeyboardInterrupt):
        match_library(db, Killed(silent=True), ALONE)
    assert makes_groups(db)
    assert rows_of(db) == expected


def test_what_another_program_says_while_groups_are_made_is_heard_by_the_next_match(db, tmp_path, monkeypatch):
    from datasette_gphotos_dedupe.pipeline import matching

    made = matching.make_groups

    def meddle(*given, **named):
        groups = made(*given, **named)
        with closing(sqlite3.connect(tmp_path / "photos.db")) as other:
            other.execute(CHANGES["a person's word"])
            other.commit()
        return groups

    with db.atomic():
        db.execute(CHANGES["a favourite"])
    with monkeypatch.context() as meddled:
        meddled.setattr(matching, "make_groups", meddle)
        assert makes_groups(db)
    assert makes_groups(db)
    assert not makes_groups(db)
