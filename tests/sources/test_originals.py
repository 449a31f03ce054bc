"""Original bytes out of folders and archives, by the names that the tables hold."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import warnings
import zipfile

import pytest

from datasette_gphotos_dedupe.errors import SourceError
from datasette_gphotos_dedupe.sources.archives import originals
from datasette_gphotos_dedupe.sources.archives.originals import (
    find_addresses,
    find_original,
    open_original,
    read_original,
    read_sha1,
    visit_stream,
)
from datasette_gphotos_dedupe.sources.archives.tgz_stream import read_tgz


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "pictures"
    (made / "sub").mkdir(parents=True)
    (made / "sub" / "a.jpg").write_bytes(b"in a folder")
    (tmp_path / "secret.txt").write_bytes(b"outside")
    return made


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "takeout-001.zip"
    with zipfile.ZipFile(path, "w") as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name, as some exports have
        made.writestr("Takeout/a.jpg", b"stored")
        made.writestr("Takeout/b.jpg", b"deflated" * 100, zipfile.ZIP_DEFLATED)
        made.writestr("Takeout/a.jpg", b"the second of one name")
    return path


def read(container, member: str) -> bytes:
    with open_original(str(container), member) as file:
        return file.read()


def test_members_of_folders_and_archives_are_read(folder, archive):
    assert read(folder, "sub/a.jpg") == b"in a folder"
    assert read(archive, "Takeout/b.jpg") == b"deflated" * 100


def test_an_original_is_read_when_it_is_what_was_imported(folder):
    sha1 = hashlib.sha1(b"in a folder").hexdigest()
    assert read_original(str(folder), "sub/a.jpg", 100, sha1) == b"in a folder"
    for other in (None, "", "0" * 40):
        with pytest.raises(SourceError, match="sub/a.jpg in .* has changed since it was imported"):
            read_original(str(folder), "sub/a.jpg", 100, other)


def test_the_second_member_of_one_name_is_read_by_the_name_the_tables_give_it(archive):
    offset = zipfile.ZipFile(archive).infolist()[2].header_offset
    assert read(archive, f"Takeout/a.jpg (at byte {offset})") == b"the second of one name"


def test_a_member_of_a_tgz_is_read(tmp_path):
    path = tmp_path / "takeout-001.tgz"
    with tarfile.open(path, "w:gz") as made:
        info = tarfile.TarInfo("Takeout/a.jpg")
        info.size = 6
        made.addfile(info, io.BytesIO(b"in tgz"))
    assert read_original(str(path), "Takeout/a.jpg", 1000, hashlib.sha1(b"in tgz").hexdigest()) == b"in tgz"
    assert read_sha1(str(path), "Takeout/a.jpg")[1] == 6
    with pytest.raises(SourceError, match="can only be read from its start: that would take too long"):
        read_original(str(path), "Takeout/a.jpg", 10, None)


@pytest.mark.parametrize("member", ["../secret.txt", "sub/../../secret.txt", "/etc/hostname", "link.jpg", "sub", "\0"])
def test_nothing_outside_of_the_folder_is_read(folder, member):
    os.symlink(folder.parent / "secret.txt", folder / "link.jpg")
    with pytest.raises(SourceError), open_original(str(folder), member):
        pass


@pytest.mark.parametrize("member", ["../secret.txt", "Takeout/none.jpg"])
def test_what_an_archive_does_not_hold_is_named(archive, member):
    with pytest.raises(
        SourceError, match=f"{member} in .*takeout-001.zip cannot be read any more: the archive holds no such file"
    ):
        find_original(str(archive), member)


def test_an_archive_that_was_replaced_is_read_anew(archive):
    assert read(archive, "Takeout/a.jpg") == b"stored"
    archive.unlink()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("Takeout/a.jpg", b"another one")
    assert read(archive, "Takeout/a.jpg") == b"another one"
    archive.unlink()
    with pytest.raises(SourceError, match="No such file or directory"):
        find_original(str(archive), "Takeout/a.jpg")


def test_a_damaged_member_is_not_handed_out(archive):
    data = bytearray(archive.read_bytes())
    data[data.index(b"stored")] ^= 1
    archive.write_bytes(data)
    with pytest.raises(SourceError, match="its checksum does not match"):
        read_sha1(str(archive), "Takeout/a.jpg")


def test_a_file_that_is_too_large_is_refused(folder):
    with pytest.raises(SourceError, match="sub/a.jpg has more than 5 bytes, too many to be shown"):
        read_original(str(folder), "sub/a.jpg", 5, None)


def test_a_header_made_to_harm_is_refused_as_the_import_refuses_it(tmp_path):
    info = tarfile.TarInfo("a")
    info.type, info.size = tarfile.XHDTYPE, 50_000_000
    path = tmp_path / "takeout.tgz"
    with gzip.open(path, "wb") as stream:
        stream.write(info.tobuf(tarfile.USTAR_FORMAT) + bytes(1024))
    with pytest.raises(SourceError, match="takeout.tgz is damaged"), open_original(str(path), "a.jpg"):
        pass


def test_the_second_member_of_one_name_in_a_tgz_is_read_by_the_name_the_tables_give_it(tmp_path):
    path = tmp_path / "takeout.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for content in (b"one", b"two"):
            info = tarfile.TarInfo("a.jpg")
            info.size = 3
            archive.addfile(info, io.BytesIO(content))
    (first, second) = [entry.path for entry, _, _ in read_tgz(path, 0)]
    found = []
    for member in (second, first):
        with open_original(str(path), member) as file:
            found.append((file.read(), file.seek(0), file.read(1)))
    assert found == [(b"two", 0, b"t"), (b"one", 0, b"o")]


@pytest.fixture
def pipes(tmp_path):
    """Pipes that nobody ever writes to: opening one would wait for ever."""
    for name in ("pipe", "pipe.zip", "pipe.tgz"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "null.tgz").symlink_to("/dev/null")
    (tmp_path / "zero.tar.gz").symlink_to("/dev/zero")
    return tmp_path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", ["pipe", "pipe.zip", "pipe.tgz", "null.tgz", "zero.tar.gz", "/dev/zero", "/dev/null"])
def test_no_pipe_and_no_device_is_waited_for(pipes, name):
    for read_it in (
        lambda container: read_original(container, "a.jpg", 100, None),
        lambda container: read_sha1(container, "a.jpg"),
        lambda container: visit_stream(container, ["a.jpg"], print),
        lambda container: find_addresses(container, ["a.jpg"]),
    ):
        with pytest.raises(SourceError, match="it is a (named pipe|device) and no file"):
            read_it(str(pipes / name))
    for member in ("pipe", "zero.tar.gz"):
        with pytest.raises(SourceError):
            read_sha1(str(pipes), member)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no such files on this system")
def test_a_file_without_a_size_is_not_opened(tmp_path):
    """/proc/kmsg is an ordinary file of 0 bytes that is waited for without end."""
    with pytest.raises(SourceError, match="status in /proc/self cannot be read any more: it is empty"):
        read_sha1("/proc/self", "status")


def zeros(path, size: int) -> None:
    with tarfile.open(path, "w:gz", compresslevel=1) as made:
        for name in ("first.jpg", "a.jpg"):
            info = tarfile.TarInfo(name)
            info.size = size
            made.addfile(info, io.BytesIO(bytes(size)))


def test_an_archive_that_unpacks_without_end_is_left_at_a_bound(tmp_path):
    zeros(tmp_path / "bomb.tgz", 5_000_000)
    with pytest.raises(SourceError, match="it unpacks to more than 1,000,000 bytes"):
        read_original(str(tmp_path / "bomb.tgz"), "a.jpg", 100_000, None)


def test_no_file_is_unpacked_beyond_what_google_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(originals, "_MAX_BYTES", 3_000_000)
    zeros(tmp_path / "bomb.tgz", 5_000_000)
    for read_it in (read, read_sha1):
        with pytest.raises(SourceError, match="first.jpg in .*bomb.tgz has more than 3,000,000 bytes, more than Google takes"):
            read_it(str(tmp_path / "bomb.tgz"), "first.jpg")
