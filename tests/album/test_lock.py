"""One push at a time, whoever else uses the machine."""

from __future__ import annotations

import os

import pytest

from datasette_gphotos_dedupe.album.lock import one_push_at_a_time
from datasette_gphotos_dedupe.errors import GphotosError


@pytest.fixture
def database(tmp_path):
    return tmp_path / "photos.db"


def test_the_second_is_refused_while_the_first_runs(database):
    with one_push_at_a_time(database), pytest.raises(GphotosError) as error, one_push_at_a_time(database):
        pass
    assert str(error.value) == f"A push from {database} is running already. Wait until it ends, or stop it, and try again."


def test_nothing_is_left_behind(database, tmp_path):
    with one_push_at_a_time(database):
        pass
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_held_again_and_again(database):
    for _ in range(3):
        with one_push_at_a_time(database):
            pass


def test_another_name_of_the_same_database_is_the_same(database, tmp_path):
    database.touch()
    (tmp_path / "link.db").symlink_to(database)
    with one_push_at_a_time(database), pytest.raises(GphotosError), one_push_at_a_time(tmp_path / "link.db"):
        pass


def test_a_file_that_a_killed_push_of_another_user_left_is_no_obstacle(database, tmp_path, monkeypatch):
    left = tmp_path / "photos.db.push-lock"
    left.touch()
    refuse_writing(monkeypatch, left)
    with one_push_at_a_time(database):
        pass


def test_a_file_that_cannot_be_read_either_is_named(database, tmp_path, monkeypatch):
    left = tmp_path / "photos.db.push-lock"
    left.touch()
    refuse_writing(monkeypatch, left, reading=True)
    with pytest.raises(GphotosError) as error, one_push_at_a_time(database):
        pass
    assert str(error.value) == (
        f"{left} cannot be opened (Permission denied), so it is not certain that no other push is running. Nothing was sent. "
        "Check the permissions of the file and of its folder."
    )


def refuse_writing(monkeypatch, path, reading: bool = False) -> None:
    """The permissions of somebody else's file, also for a superuser."""
    real = os.open

    def opened(name, flags, *arguments, **options):
        if os.fspath(name) == os.fspath(path) and (reading or flags & os.O_RDWR):
            raise PermissionError(13, "Permission denied")
        return real(name, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", opened)
