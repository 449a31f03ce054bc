"""The index of a zip and its small members, read in one piece, say what zipfile and the streams of members say."""

from __future__ import annotations

import random
import struct
import zipfile
from pathlib import Path

import pytest

from datasette_gphotos_dedupe.errors import PictureError, SourceError
from datasette_gphotos_dedupe.input_file import open_input
from datasette_gphotos_dedupe.sources.archives import zip_index
from datasette_gphotos_dedupe.sources.archives.central_directory import read_plain_directory
from datasette_gphotos_dedupe.sources.archives.members import Address, address_in_zip, open_address, read_member
from datasette_gphotos_dedupe.sources.archives.zip_index import read_zip_index

NAMES = ("Takeout/a.jpg", "Takeout/Ähre 😀.jpg", "Takeout/b.jpg.json", "c.zip", "d\\e.jpg", "../f.jpg", "Takeout/dir/", "x" * 300)
WIDE = struct.pack("<HHQ", 1, 8, 77)
EXTRAS = (b"", struct.pack("<HHBI", 0x5455, 5, 1, 1_561_739_884), WIDE, struct.pack("<HH", 9, 60_000), b"\1\2\3")


def write(path: Path, draw: random.Random, wide: bool = False, comment: bytes = b"", extras: tuple[bytes, ...] = EXTRAS) -> Path:
    """A zip of a few members of every kind."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in draw.sample(NAMES, 6):
            info = zipfile.ZipInfo(name, (2019, 6, 28, 16, 38, 4))
            info.compress_type = draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
            info.external_attr = draw.choice((0, 0o100644 << 16, 0o120777 << 16))
            with archive.open(info, "w", force_zip64=wide) as member:
                member.write(draw.randbytes(draw.randint(0, 40)) * draw.randint(0, 30))
            info.extra += draw.choice(extras)  # in the index alone
        archive.comment = comment
    return path


def told(path: Path) -> object:
    """The entries, or the sentence of the error."""
    try:
        return read_zip_index(path, 3)
    except SourceError as error:
        return str(error)


def told_by_zipfile(path: Path, monkeypatch) -> object:
    with monkeypatch.context() as patch:
        patch.setattr(zip_index, "read_plain_directory", lambda stream: None)
        return told(path)


def is_plain(path: Path) -> bool:
    with open_input(path) as stream:
        return read_plain_directory(stream) is not None


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_an_index_reads_as_zipfile_reads_it(tmp_path, monkeypatch, seed, wide):
    path = write(tmp_path / "a.zip", random.Random(seed), wide)
    assert told(path) == told_by_zipfile(path, monkeypatch)


def test_what_is_usual_is_not_left_to_zipfile_and_what_is_not_is(tmp_path):
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as archive:
        archive.writestr("Takeout/a.jpg", b"x" * 99)
    assert is_plain(tmp_path / "plain.zip")
    content = (tmp_path / "plain.zip").read_bytes()
    (tmp_path / "behind.zip").write_bytes(b"a program that unpacks itself" + content)
    (tmp_path / "longer.zip").write_bytes(content + b"\0")
    assert not is_plain(tmp_path / "behind.zip") and not is_plain(tmp_path / "longer.zip")
    assert not is_plain(write(tmp_path / "said.zip", random.Random(1), comment=b"a comment"))


def at_four_gigabytes(path: Path) -> None:
    """Let the index say that the file lies behind 4 GB, in an extra field as Google's own archives have it."""
    content = bytearray(path.read_bytes())
    at = content.rfind(b"PK\x01\x02")
    name = struct.unpack_from("<H", content, at + 28)[0]
    extra = struct.pack("<HHQQQ", 1, 24, 5 << 30, 6 << 30, 7 << 30)
    content[at + 20 : at + 28] = b"\xff" * 8
    content[at + 30 : at + 32] = struct.pack("<H", len(extra))
    content[at + 42 : at + 46] = b"\xff" * 4
    content[at + 46 + name : at + 46 + name] = extra
    end = content.rfind(b"PK\x05\x06")
    content[end + 12 : end + 16] = struct.pack("<I", struct.unpack_from("<I", content, end + 12)[0] + len(extra))
    path.write_bytes(content)


def test_numbers_of_more_than_32_bits_are_found_in_the_extra_field(tmp_path, monkeypatch):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Takeout/a.jpg", b"x" * 99)
    at_four_gigabytes(path)
    assert is_plain(path)
    (entry,) = read_zip_index(path, 3)
    assert (entry.bytes, entry.packed_bytes, entry.offset) == (5 << 30, 6 << 30, 7 << 30)
    assert told(path) == told_by_zipfile(path, monkeypatch)


@pytest.mark.parametrize("seed", range(400))
def test_a_damaged_index_reads_as_zipfile_reads_it(tmp_path, monkeypatch, seed):
    draw = random.Random(seed)
    path = write(tmp_path / "a.zip", draw, wide=draw.random() < 0.3)
    content = bytearray(path.read_bytes())
    begin = content.find(b"PK\x01\x02")
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(begin, len(content))
        content[at] = draw.choice((0, 1, 0x50, 0x80, 0xFF, content[at] ^ 1 << draw.randrange(8)))
    path.write_bytes(content if draw.random() < 0.8 else content[: draw.randrange(begin, len(content))])
    assert told(path) == told_by_zipfile(path, monkeypatch)


def outcome(read) -> object:
    try:
        return read()
    except PictureError as error:
        return error.code, str(error)


@pytest.mark.parametrize("seed", range(150))
def test_a_small_member_reads_as_its_stream_does_whatever_is_damaged(tmp_path, seed):
    draw = random.Random(seed)
    path = write(tmp_path / "a.zip", draw, extras=(b"",))
    entries = read_zip_index(path, 0)
    content = bytearray(path.read_bytes())
    for _ in range(draw.randint(0, 4)):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content if draw.random() < 0.8 else content[: draw.randrange(len(content))])
    with open_input(path) as archive:
        for entry in entries:
            if entry.method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                address = address_in_zip(str(path), entry)
                assert outcome(lambda to=address: read_member(archive, to)) == outcome(lambda to=address: streamed(archive, to))


def streamed(archive, address: Address) -> bytes:
    with open_address(address, archive) as stream:
        return stream.read()
