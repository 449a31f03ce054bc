"""Small files that other processes look at: what is said of one is never said of another."""

from __future__ import annotations

import zipfile

import pytest

from datasette_gphotos_dedupe.sources.archives import small_members
from datasette_gphotos_dedupe.sources.archives.small_members import look_aside, said_of
from datasette_gphotos_dedupe.sources.archives.zip_index import read_zip_index


class Later:
    """What another process will have made, or made of it."""

    def __init__(self, make):
        self._make = make

    def result(self):
        return self._make()


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "part.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(7):
            made.writestr(f"{number}.json", f"{number}")
    return path, read_zip_index(path, 0)


def dies() -> list:
    raise OSError("gone")


@pytest.mark.parametrize("answer", [None, dies, lambda: "no list", lambda: [b"of others"] * 2, lambda: []])
def test_each_file_is_told_what_it_says_whatever_becomes_of_the_other_process(archive, monkeypatch, answer):
    path, entries = archive
    monkeypatch.setattr(small_members, "AT_ONCE", 3)
    begun = []

    def aside(function, *args):
        begun.append(args)
        return Later(answer or (lambda: function(*args)))

    said = look_aside(aside, str(path), entries, bytes.decode)
    assert len(begun) == 3, "the other processes begin at once"
    assert [said_of(said, entry) for entry in entries] == [entry.path[0] for entry in entries]


def test_a_file_whose_turn_it_is_not_is_told_nothing(archive):
    path, entries = archive
    said = look_aside(lambda function, *args: Later(lambda: function(*args)), str(path), entries, bytes.decode)
    with pytest.raises(RuntimeError, match="1.json was looked at out of turn: 0.json was next"):
        said_of(said, entries[1])
