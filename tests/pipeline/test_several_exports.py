"""Exports of different dates in one database: newest metadata wins, nothing doubles, nothing gone counts, decisions stay."""

from __future__ import annotations

import os

from datasette_gphotos_dedupe.store.review.decisions import Choice, read_group_states, save_choices

from ..exports import key, part, picture, sidecar, write_folder, write_tgz, year

OLD, NEW = "20240101T000000Z", "20250601T000000Z"
Y = "Photos from 2019"


def old(folder, members, number=1):
    return part(folder, number, members, OLD)


def new(folder, members, number=1):
    return part(folder, number, members, NEW)


def test_the_newer_metadata_wins_in_either_order(library, tmp_path):
    before = old(tmp_path, year("a.jpg", picture(1), 1, description="then", favorited=True))
    after = new(tmp_path, year("a.jpg", picture(1), 1, description="now"))
    found = []
    for order in ((before, after), (after, before)):
        for archive in order:
            library.takeout(archive)
        found.append(library.rows("SELECT photo_id, description, favorite, substr(exported_at, 1, 4) FROM photos"))
        with library.db.conn:
            library.db.execute("DELETE FROM photos")
    assert found == [[(key(1), "now", 0, "2025")]] * 2


def test_both_exports_at_once_double_nothing(library, tmp_path):
    members = {**year("a.jpg", picture(1), 1), **year("b.jpg", picture(2))}
    report = library.takeout(old(tmp_path, members), new(tmp_path, members))
    assert library.one("SELECT count(*) FROM photos") == 2
    assert library.one("SELECT count(*) FROM files") == 4
    assert [p.seen == p.used + p.sidecars + p.skipped.total() for p in report.parts] == [True, True]


def test_a_photo_without_a_url_gets_its_key_from_the_newer_export_even_with_a_corrected_date(library, tmp_path):
    library.takeout(old(tmp_path, year("a.jpg", picture(1), taken=1_000_000_000)))
    library.takeout(new(tmp_path, year("a.jpg", picture(1), 1)))
    assert library.rows("SELECT photo_id, taken_at FROM photos") == [(key(1), "2019-06-28T16:38:04Z")]


def test_a_trashed_photo_is_trashed_and_one_taken_out_of_the_bin_is_not(library, tmp_path):
    library.takeout(old(tmp_path, {**year("a.jpg", picture(1), 1), **year("b.jpg", picture(2), 2, trashed=True)}))
    library.takeout(new(tmp_path, {**year("a.jpg", picture(1), 1, trashed=True), **year("b.jpg", picture(2), 2)}))
    assert library.rows("SELECT photo_id, trashed FROM photos ORDER BY 1") == [(key(1), 1), (key(2), 0)]


def test_a_newer_unpacked_export_wins_over_an_older_archive(library, tmp_path):
    library.takeout(old(tmp_path, year("a.jpg", picture(1), 1, description="then")))
    library.takeout(write_folder(tmp_path / "unpacked", year("a.jpg", picture(1), 1, description="now")))
    assert library.rows("SELECT description FROM photos") == [("now",)]


def test_an_older_unpacked_export_keeps_its_date_and_loses(library, tmp_path):
    library.takeout(new(tmp_path, year("a.jpg", picture(1), 1, description="now")))
    folder = write_folder(tmp_path / "unpacked", year("a.jpg", picture(1), 1, description="then"))
    for path in folder.rglob("*.json"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    library.takeout(folder)
    assert library.rows("SELECT description FROM photos") == [("now",)]


def test_a_folder_with_the_name_of_its_archive_is_of_that_export(library, tmp_path):
    library.takeout(new(tmp_path, year("a.jpg", picture(1), 1, description="now")))
    library.takeout(write_folder(tmp_path / f"takeout-{OLD}-001", year("a.jpg", picture(1), 1, description="then")))
    assert library.rows("SELECT description FROM photos") == [("now",)]


def test_two_exports_unpacked_over_each_other_give_each_item_once(library, tmp_path):
    folder = tmp_path / "unpacked"
    write_folder(folder, {f"{Y}/a.jpg": picture(1), f"{Y}/a.jpg.json": sidecar("a.jpg", 1, taken=1_000_000_000)})
    write_folder(folder, {**year("a.jpg", picture(1), 1), **year("b.jpg", picture(2), 2)})
    report = library.takeout(folder)
    assert library.rows("SELECT photo_id, taken_at, sidecar_rule FROM photos ORDER BY 1") == [
        (key(1), "2019-06-28T16:38:04Z", "exact"),
        (key(2), "2019-06-28T16:38:04Z", "exact"),
    ]
    assert report.parts[0].skipped.total() == 0


def test_a_file_replaced_by_another_of_the_same_name_and_time_is_read_anew(library, tmp_path):
    """Google's archives and some programs that unpack them give all files one time."""
    folder = tmp_path / "unpacked"
    for number in (1, 2):
        write_folder(folder, year("a.jpg", picture(number), number))
        for path in folder.rglob("*.*"):
            os.utime(path, (1_600_000_000, 1_600_000_000))
        library.takeout(folder)
    assert library.rows("SELECT photo_id, bytes FROM photos JOIN files USING (photo_id, sha1, bytes)") == [
        (key(2), len(picture(2)))
    ]


def test_a_name_that_means_another_item_in_the_newer_export_does_not_hand_its_decision_over(library, tmp_path):
    """When a.jpg is deleted, what was a(1).jpg is exported as a.jpg."""
    folder = tmp_path / "unpacked"
    second = {f"{Y}/a(1).jpg": picture(2), f"{Y}/a.jpg.supplemental-metadata(1).json": sidecar("a.jpg", 2)}
    library.takeout(write_folder(folder, {**year("a.jpg", picture(1), 1), **second}))
    library.db["decisions"].insert(
        {"subject": key(1), "photo_id": key(1), "decision": "remove", "decided_at": "2025-01-01T00:00:00Z"}
    )
    for path in list(folder.rglob("*.*")):
        path.unlink()
    library.takeout(write_folder(folder, year("a.jpg", picture(2), 2)))
    assert library.rows("SELECT subject, decision FROM decisions") == [(key(1), "remove")]
    assert library.rows("SELECT photo_id, member FROM files") == [(key(2), f"Takeout/Google Photos/{Y}/a.jpg")]


def test_a_file_that_looked_edited_until_its_sidecar_came_becomes_a_photo_and_takes_nothing_along(library, tmp_path):
    stem = "x" * 47
    title = f"{stem}yyy.jpg"
    first = old(
        tmp_path, {f"{Y}/{stem}.jpg": picture(1), f"{Y}/{stem[:46]}.json": sidecar(title), f"{Y}/{stem}(1).jpg": picture(2)}
    )
    library.takeout(first)
    before = library.rows("SELECT role, count(*) FROM files GROUP BY 1 ORDER BY 1")
    library.takeout(first, old(tmp_path, {f"{Y}/{stem[:46]}(1).json": sidecar(title, 2)}, number=2))
    assert before == [("edited", 1), ("original", 1)]
    assert library.rows("SELECT substr(photo_id, 1, 6), role FROM files JOIN photos USING (photo_id) ORDER BY 1") == [
        ("AF1Qip", "original"),
        ("sha1:" + library.one("SELECT sha1 FROM photos WHERE photo_id LIKE 'sha1:%'")[0], "original"),
    ]


def test_decisions_stay_with_their_photos_over_a_newer_export(library, tmp_path):
    large, small = picture(1, (960, 640)), picture(1, (960, 640), quality=60)
    members = {**year("a.jpg", large, taken=1), **year("b.jpg", small, taken=1)}
    library.takeout(old(tmp_path, members))
    library.match()
    ((group_id,),) = library.rows("SELECT group_id FROM groups")
    (group,) = read_group_states(library.db.conn, [group_id])
    (copy,) = (member for member in group.members if member["photo_id"] != group.keeper_id)
    with library.db.conn:
        save_choices(library.db.conn, group_id, [Choice(copy["photo_id"], "not_duplicate")], "ada", group.seen)
    keyed = {**year("a.jpg", large, 1, taken=1), **year("b.jpg", small, 2, taken=1)}
    library.takeout(write_tgz(tmp_path / f"takeout-{NEW}-001.tgz", keyed))
    library.match()
    assert library.rows("SELECT photo_id FROM photos ORDER BY 1") == [(key(1),), (key(2),)]
    assert library.one("SELECT decision FROM decisions") == "not_duplicate"
    assert {row[0] for row in library.rows("SELECT photo_id FROM decisions UNION SELECT photo_b FROM decisions")} == {
        key(1),
        key(2),
    }
    assert library.one("SELECT count(*) FROM groups") == 0  # what she said still holds
