from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3

import pytest
from click.testing import CliRunner
from PIL import Image

from datasette_gphotos_dedupe.cli.command_line import cli, load_commands
from datasette_gphotos_dedupe.errors import DatabaseError, GphotosError
from datasette_gphotos_dedupe.export import ExportOptions, about, allowed_columns, export_database, file_suffix, short_names
from datasette_gphotos_dedupe.sql_functions import register
from datasette_gphotos_dedupe.store.matching.selected_groups import GroupSelection

from .made_library import build_library, photo_id
from .planted import indexed, plant

load_commands()


@pytest.fixture
def library(tmp_path):
    path = tmp_path / "photos.db"
    build_library(path, groups=16).close()
    return path


def export(source, **options):
    """The copy as (path, bytes, open connection)."""
    target = source.with_name("report.db")
    export_database(source, target, ExportOptions(**options), replace=True)
    return target, target.read_bytes()


def query(path, sql, *values):
    conn = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        return conn.execute(sql, values).fetchall()
    finally:
        conn.close()


def found_in(content: bytes, planted: dict[str, list[bytes]]) -> set[str]:
    return {column for column, betrays in planted.items() if any(marker in content for marker in betrays)}


ALL_OPTIONS = (
    *({}, {"with_location": True}, {"with_people": True}, {"with_descriptions": True}, {"all_photos": True}),
    *({"thumbnails": "small"}, {"thumbnails": "none"}, {"selection": GroupSelection(group_filter="size = 2")}),
    {"with_location": True, "with_people": True, "with_descriptions": True, "all_photos": True},
)


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=str)
def test_of_a_marker_in_every_column_only_those_on_the_list_come_out(tmp_path, options):
    planted = plant(tmp_path / "photos.db")
    _, content = export(tmp_path / "photos.db", **options)
    allowed = {f"{table}.{column}" for table, columns in allowed_columns(ExportOptions(**options)).items() for column in columns}
    assert found_in(content, planted) <= allowed - {"thumbnails.content"}


def test_the_markers_are_where_the_test_above_would_see_them(tmp_path):
    planted = plant(tmp_path / "photos.db")
    conn = sqlite3.connect(tmp_path / "photos.db")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    assert found_in((tmp_path / "photos.db").read_bytes(), planted) == set(planted)
    assert len(planted) > 140
    _, content = export(tmp_path / "photos.db", with_people=True)
    assert {"photos.filename", "people.name", "group_members.reason", "pairs.evidence"} <= found_in(content, planted)


def test_words_to_search_are_those_of_the_columns_that_go_out(tmp_path):
    plant(tmp_path / "photos.db")
    words = {column: indexed("photos", column) for column in ("filename", "description")} | {"people": indexed("people", "name")}

    def searchable(**options):
        _, content = export(tmp_path / "photos.db", **options)
        return {column for column, word in words.items() if word in content}

    assert searchable() == {"filename"}
    assert searchable(with_descriptions=True, with_people=True) == {"filename", "description", "people"}
    assert searchable(no_names=True, with_descriptions=True, with_people=True) == set()


def test_without_names_no_name_id_reason_or_evidence_comes_out(tmp_path):
    planted = plant(tmp_path / "photos.db")
    options = {"no_names": True, "with_people": True, "with_descriptions": True, "thumbnails": "small"}
    _, content = export(tmp_path / "photos.db", **options)
    named = ("photos.filename", "photos.description", "albums.title", "people.name", "group_members.reason", "pairs.evidence")
    assert not found_in(content, planted) & set(named)
    assert b"AF1Qip0" not in content
    assert b"album:Summer" not in content


def test_the_same_photo_gets_the_same_short_name_in_every_export(library):
    first = query(export(library, no_names=True)[0], "SELECT photo_id, filename FROM photos ORDER BY 1")
    only = GroupSelection(relations=("series",))
    second = query(export(library, no_names=True, selection=only)[0], "SELECT photo_id, filename FROM photos ORDER BY 1")
    assert len(second) == 4
    assert set(second) < set(first)
    assert first[0][1].endswith(".jpg")


def test_short_names_of_two_libraries_differ():
    assert short_names("a")("photo", "IMG_0001") != short_names("b")("photo", "IMG_0001")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("IMG.JPG", ".jpg"), ("a.b.heic", ".heic"), ("secret.My diary", ""), (".hidden", ""), (None, ""), ("x.mother", "")],
)
def test_of_a_file_name_only_a_plain_suffix_is_kept(name, suffix):
    assert file_suffix(name) == suffix


def test_the_copy_is_one_file_with_a_rollback_journal_and_nothing_freed(library):
    target, content = export(library)
    assert content[18:20] == b"\x01\x01"  # SQLite's file format: 1 means rollback journal, 2 means WAL
    assert query(target, "PRAGMA freelist_count") == [(0,)]
    assert query(target, "PRAGMA integrity_check") == [("ok",)]
    assert query(target, "PRAGMA foreign_key_check") == []
    assert sorted(path.name for path in library.parent.glob("report.db*")) == ["report.db"]


def test_the_copy_holds_groups_members_pairs_previews_and_words_to_search(library):
    target, _ = export(library)
    counts = [
        query(target, f"SELECT count(*) FROM {table}")[0][0] for table in ("groups", "group_members", "pairs", "thumbnails")
    ]
    assert counts == [16, 32, 16, 32]
    match = "SELECT count(*) FROM photos_fts WHERE photos_fts MATCH ?"
    assert query(target, match, "thumb") == [(16,)]
    assert query(target, match, "Summer") == [(16,)]
    assert query(target, "SELECT count(*) FROM duplicates") == [(32,)]


def test_nothing_in_the_schema_needs_a_newer_sqlite_than_3_34(library):
    target, _ = export(library)
    statements = " ".join(row[0] for row in query(target, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    assert "STRICT" not in statements.upper()
    assert "->" not in statements
    assert "RETURNING" not in statements.upper()
    assert "hamming" not in statements


def test_small_thumbnails_are_at_most_120_pixels_and_their_size_is_right(library):
    target, _ = export(library, thumbnails="small")
    for content, width, height in query(target, "SELECT content, width, height FROM thumbnails"):
        with Image.open(io.BytesIO(content)) as image:
            assert image.size == (width, height) == (120, 90)


def test_thumbnails_none_leaves_the_table_empty(library):
    assert query(export(library, thumbnails="none")[0], "SELECT count(*) FROM thumbnails") == [(0,)]


def test_a_group_filter_chooses_groups_and_their_photos(library):
    target, _ = export(library, selection=GroupSelection(group_filter="taken_year = 2019 -- only these"))
    assert query(target, "SELECT count(*) FROM groups") == [(2,)]
    assert query(target, "SELECT count(*) FROM photos") == [(4,)]


def test_since_chooses_groups_with_a_newer_import_or_decision(library):
    conn = sqlite3.connect(library)
    conn.execute("INSERT INTO runs (run_id, command, started_at, state) VALUES (2, 'takeout', '2026-06-01T00:00:00Z', 'done')")
    conn.execute("UPDATE photos SET run_id = 2 WHERE photo_id = ?", [photo_id(3)])
    conn.execute(
        "INSERT INTO decisions (subject, decision, photo_id, decided_at) VALUES (?, 'keep', ?, '2026-07-01T00:00:00Z')",
        [photo_id(8), photo_id(8)],
    )
    conn.commit()
    conn.close()
    target, _ = export(library, selection=GroupSelection(since="2026-05-01"))
    names = "SELECT filename FROM photos JOIN groups ON photo_id = keeper_id"
    assert sorted(query(target, names)) == sorted(query(library, f"{names} WHERE group_id IN (?, ?)", photo_id(2), photo_id(8)))


def test_a_group_filter_that_is_not_sql_gets_a_sentence_with_the_columns(library):
    with pytest.raises(GphotosError) as caught:
        export(library, selection=GroupSelection(group_filter="year = 2019"))
    assert str(caught.value) == (
        "The group filter 'year = 2019' is not a condition that SQLite understands: no such column: year. It can use the columns "
        "group_id, keeper_id, relation, size, suggested_count, reclaimable_bytes, taken_year, camera, origin, decided, "
        "waiting_count, waiting_bytes, origins, for example: \"relation = 'smaller_copy' and taken_year = 2019\"."
    )
    assert not library.with_name("report.db.part").exists()


def test_a_group_filter_cannot_write(library):
    with pytest.raises(GphotosError):
        export(library, selection=GroupSelection(group_filter="1); DELETE FROM groups; --"))
    assert query(library, "SELECT count(*) FROM groups") == [(16,)]


def test_an_existing_file_is_not_overwritten_without_being_told_to(library):
    target, before = export(library)
    with pytest.raises(GphotosError) as caught:
        export_database(library, target)
    assert str(caught.value) == f"{target} exists already. Choose another name, or add --replace to write it anew."
    assert target.read_bytes() == before


def test_the_library_itself_is_never_the_target(library):
    with pytest.raises(GphotosError) as caught:
        export_database(library, library, replace=True)
    assert str(caught.value) == f"{library} is the library itself. Choose another name for the copy."


def test_a_folder_that_does_not_exist_gets_a_sentence(library, tmp_path):
    with pytest.raises(GphotosError) as caught:
        export_database(library, tmp_path / "nowhere" / "report.db")
    expected = f"{tmp_path / 'nowhere' / 'report.db'} cannot be written: the folder {tmp_path / 'nowhere'} does not exist."
    assert str(caught.value) == expected


def test_a_database_of_another_program_gets_a_sentence(tmp_path):
    conn = sqlite3.connect(tmp_path / "other.db")
    conn.execute("CREATE TABLE photos (name TEXT)")
    conn.commit()
    conn.close()
    with pytest.raises(DatabaseError) as caught:
        export_database(tmp_path / "other.db", tmp_path / "report.db")
    expected = f"{tmp_path / 'other.db'} is not a library made by gphotos-to-sqlite: it has no table group_members, groups."
    assert str(caught.value) == expected


def test_a_file_that_is_not_sqlite_gets_a_sentence(tmp_path):
    (tmp_path / "text.db").write_text("this is not a database, only a text of some length\n" * 20)
    with pytest.raises(DatabaseError) as caught:
        export_database(tmp_path / "text.db", tmp_path / "report.db")
    assert str(caught.value) == f"{tmp_path / 'text.db'} is not a SQLite database."


def test_the_command_says_what_it_wrote_and_what_to_do_next(library):
    target = library.with_name("report.db")
    result = CliRunner().invoke(cli, ["export", str(library), str(target)])
    assert result.exit_code == 0, result.output
    size = target.stat().st_size / 1e6
    assert result.output == (
        f"{target}: 16 groups, 32 photos, 32 previews, {size:,.1f} MB. Look at it before you publish it: datasette -i {target}\n"
    )


def test_any_queue_comes_out_as_csv_and_as_json(library):
    for suffix in (".csv", ".json"):
        out = library.with_name(f"queue{suffix}")
        result = CliRunner().invoke(cli, ["export", str(library), str(out), "--relation", "raw_and_jpeg"])
        assert result.output == f"4 rows written to {out}.\n"
        with out.open(newline="") as stream:
            rows = list(csv.DictReader(stream)) if suffix == ".csv" else json.load(stream)
        assert {row["relation"] for row in rows} == {"raw_and_jpeg"}
        assert [row["role"] for row in rows] == ["keeper", "copy", "keeper", "copy"]


@pytest.mark.parametrize("options", [*ALL_OPTIONS, {"no_names": True}], ids=str)
def test_no_id_of_the_library_is_in_any_copy(library, options):
    """Of a media key a link can be made, and a checksum tells whoever holds the file that it is in the library."""
    sha1 = hashlib.sha1(b"somebody's file").hexdigest()
    conn = sqlite3.connect(library)
    register(conn)
    conn.execute("PRAGMA foreign_keys = OFF")
    old, new = photo_id(1), f"sha1:{sha1}"
    for table in ("photos", "thumbnails", "fingerprints", "group_members", "files", "album_photos", "photo_people"):
        conn.execute(f"UPDATE {table} SET photo_id = ? WHERE photo_id = ?", [new, old])
    for column in ("photo_a", "photo_b"):
        conn.execute(f"UPDATE pairs SET {column} = ? WHERE {column} = ?", [new, old])
    conn.execute("UPDATE photos SET filename = NULL, sha1 = ? WHERE photo_id = ?", [sha1, new])
    conn.execute("UPDATE group_members SET reason = 'like ' || photo_id || ', smaller' WHERE role != 'keeper'")
    conn.execute("UPDATE pairs SET evidence = photo_a || '/' || photo_b")
    conn.commit()
    ids = {row[0] for sql in IDS for row in conn.execute(sql) if row[0]}
    conn.close()
    assert len(ids) > 30 and new in ids
    _, content = export(library, **options)
    assert [one for one in ids if one.encode() in content] == []
    assert sha1.encode() not in content and bytes.fromhex(sha1) not in content


IDS = (
    *(
        "SELECT photo_id FROM photos",
        "SELECT group_id FROM groups",
        "SELECT album_id FROM albums",
        "SELECT media_key FROM photos",
    ),
    *(
        "SELECT dedup_key FROM photos",
        "SELECT library_id FROM photos",
        "SELECT sha1 FROM files",
        "SELECT product_url FROM photos",
    ),
)


def test_the_key_of_the_short_names_is_random_and_stays_in_the_library(library):
    _, content = export(library)
    salt = query(library, "SELECT value FROM match_state WHERE name = 'export_salt'")[0][0]
    assert len(salt) == 64
    assert salt.encode() not in content
    first = query(library.with_name("report.db"), "SELECT photo_id FROM photos ORDER BY 1")
    assert query(export(library)[0], "SELECT photo_id FROM photos ORDER BY 1") == first
    ids = [row[0] for row in query(library, "SELECT photo_id FROM photos")]
    guessed = {short_names(key)("photo", one) for key in ids for one in ids}  # a key that somebody could know
    assert not guessed & {row[0] for row in first}
    conn = sqlite3.connect(library)
    with conn:
        conn.execute("DELETE FROM match_state WHERE name = 'export_salt'")
    conn.close()
    assert not set(query(export(library)[0], "SELECT photo_id FROM photos")) & set(first)


def test_without_names_no_exact_size_time_or_hash_comes_out(library):
    conn = sqlite3.connect(library)
    conn.execute("UPDATE photos SET bytes = 3482113 + rowid, space_bytes = 1234567, taken_at = '2019-06-28T18:38:04Z'")
    conn.execute("UPDATE groups SET reclaimable_bytes = 7654321")
    hashes = [row[0] for row in conn.execute("SELECT phash FROM fingerprints")]
    conn.commit()
    conn.close()
    target, content = export(library, no_names=True)
    rows = query(target, "SELECT DISTINCT bytes, space_bytes, taken_at FROM photos")
    assert rows == [(3500000, 1200000, "2019-06-01T00:00:00Z")]
    assert query(target, "SELECT DISTINCT reclaimable_bytes FROM groups") == [(7700000,)]
    assert query(target, "SELECT count(*) FROM fingerprints") == [(0,)]
    assert hashes and not [one for one in hashes if one.encode() in content]


@pytest.mark.parametrize(
    "number, told", [(0, 0), (None, None), (7, 7), (99, 99), (104, 100), (3482113, 3500000), (0.01234, 0.012)]
)
def test_a_number_is_told_by_its_first_two_digits(number, told):
    assert about(number) == told
