"""Archives that are damaged, made to harm, or odd: each file ends in a row that says what happened, each archive in a sentence."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import pytest

from datasette_gphotos_dedupe.errors import SourceError
from datasette_gphotos_dedupe.pipeline.import_report import broken_text, summary_lines
from datasette_gphotos_dedupe.sources.archives import tgz_stream, zip_index

from ..exports import ID, ROOT, Members, key, part, picture, sidecar, write_folder, write_tgz, write_zip, year

Y = "Photos from 2019"
NEW = ".supplemental-metadata.json"


def skipped(library) -> list[tuple[str, str, str]]:
    """(member below the product folder, code, reason) of everything left out."""
    rows = library.rows("SELECT member, code, reason FROM skipped ORDER BY member")
    return [(member.removeprefix(f"{ROOT}/"), code, reason) for member, code, reason in rows]


def names(library) -> list[str]:
    return [name for (name,) in library.rows("SELECT filename FROM photos ORDER BY filename")]


def adds_up(report) -> bool:
    return all(part.unread == 0 for part in report.parts if not part.broken)


def zip_of(path: Path, *members: tuple[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip whose members may have one name twice, and any name."""
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, packed)
    return path


def tgz_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for info, data in members:
            info.size = info.size or len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


# -- archives that cannot be read to their end ----------------------------------------------------------------------------


def test_a_zip_cut_short_is_named_and_the_other_parts_are_saved(library, tmp_path):
    good, cut = part(tmp_path, 1, year("a.jpg", picture(1), 1)), part(tmp_path, 2, year("b.jpg", picture(2), 2))
    os.truncate(cut, 900)
    report = library.takeout(good, cut)
    assert broken_text(report) == (
        "takeout-20240516T230250Z-002.zip is cut short or damaged: the archive's index is missing. 1 photo of this run is saved. "
        "Download takeout-20240516T230250Z-002.zip again and run the same command; saved photos are not read again."
    )
    assert (names(library), library.rows("SELECT state FROM parts ORDER BY container")) == (["a.jpg"], [("done",), ("broken",)])


def test_a_zip_that_is_a_web_page_is_named(library, tmp_path):
    path = tmp_path / f"takeout-{ID}-001.zip"
    path.write_bytes(b"<html>Sign in to continue</html>")
    assert broken_text(library.takeout(path)) == (
        "takeout-20240516T230250Z-001.zip is cut short or damaged: the archive's index is missing. 0 photos of this run are saved. "
        "Download takeout-20240516T230250Z-001.zip again and run the same command; saved photos are not read again."
    )


@pytest.fixture
def cut_tgz(tmp_path) -> tuple[Path, bytes]:
    """A tgz that ends in the middle of its last picture, and the whole of it."""
    path = write_tgz(tmp_path / f"takeout-{ID}-001.tgz", {**year("a.jpg", picture(1), 1), **year("b.jpg", os.urandom(9000), 2)})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path, whole


def test_a_tgz_cut_short_keeps_what_came_before(library, cut_tgz):
    report = library.takeout(cut_tgz[0])
    assert broken_text(report) == (
        "takeout-20240516T230250Z-001.tgz is cut short: it ends in the middle. 1 photo of this run is saved. "
        "Download takeout-20240516T230250Z-001.tgz again and run the same command; saved photos are not read again."
    )
    assert names(library) == ["a.jpg"]
    assert skipped(library) == [(f"{Y}/b.jpg", "damaged", "the archive ends in the middle of it; download the archive again")]


def test_a_tgz_damaged_inside_is_read_anew_when_it_was_downloaded_again(library, tmp_path):
    path = write_tgz(tmp_path / f"takeout-{ID}-001.tgz", year("a.jpg", picture(1, (900, 700)), 1))
    whole = path.read_bytes()
    with gzip.open(path, "rb") as stream:
        plain = bytearray(stream.read())
    plain[3000] ^= 0xFF  # the packed bytes and their length stay right; only the checksum at the end knows
    damaged = bytearray(gzip.compress(bytes(plain)))
    damaged[-8:-4] = whole[-8:-4]
    path.write_bytes(damaged)
    first = library.takeout(path)
    wrong = library.one("SELECT sha1 FROM photos")
    path.write_bytes(whole)
    second = library.takeout(path)
    assert ("CRC check failed" in first.broken[0], second.broken) == (True, [])
    assert library.one("SELECT sha1 FROM photos") != wrong
    assert library.one("SELECT count(*) FROM photos") == 1


def test_a_tgz_whose_list_breaks_off_is_not_taken_for_complete(library, tmp_path):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, data in year("a.jpg", picture(1), 1).items():
            info = tarfile.TarInfo(f"{ROOT}/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    content = bytearray(plain.getvalue())
    second = content.index(b"Takeout", 512)
    content[second : second + 100] = b"\x07" * 100  # a header that is none; tarfile ends here and says nothing
    path = tmp_path / f"takeout-{ID}-001.tgz"
    path.write_bytes(gzip.compress(bytes(content)))
    assert library.takeout(path).broken == [
        "takeout-20240516T230250Z-001.tgz is damaged: it cannot be read to its end (its list of files breaks off)."
    ]


def header_bomb(size: int, kind: bytes) -> bytes:
    """A tar whose first header announces `size` bytes of extended header."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "size, kind, why",
    [
        (30_000_000_000, tarfile.XHDTYPE, "one of its headers has 30,000,000,000 bytes"),
        (2_000_000_000, tarfile.GNUTYPE_LONGNAME, "one of its headers has 2,000,000,000 bytes"),
        (-1024, tarfile.REGTYPE, "its list of files leads backwards"),
    ],
)
def test_a_tar_header_made_to_harm_is_refused(library, tmp_path, size, kind, why):
    path = tmp_path / f"takeout-{ID}-001.tgz"
    path.write_bytes(gzip.compress(header_bomb(size, kind) + bytes(4096)))
    assert library.takeout(path).broken == [f"takeout-20240516T230250Z-001.tgz is damaged: it cannot be read to its end ({why})."]


def test_a_zip_that_announces_too_many_files_is_not_read(library, tmp_path, monkeypatch):
    monkeypatch.setattr(zip_index, "MAX_ENTRIES", 3)
    path = part(tmp_path, 1, {**year("a.jpg", picture(1), 1), **year("b.jpg", picture(2), 2)})
    assert library.takeout(path).broken == [
        "takeout-20240516T230250Z-001.zip says that it holds 4 files, more than any export. Nothing was read from it. "
        "Download it again, or unpack it and give the folder to the command."
    ]


def test_a_tgz_with_too_many_files_is_read_that_far(library, tmp_path, monkeypatch):
    monkeypatch.setattr(tgz_stream, "MAX_ENTRIES", 3)
    path = write_tgz(tmp_path / "a.tgz", {f"{Y}/{number}.jpg": picture(number) for number in range(6)})
    report = library.takeout(path)
    assert report.broken == ["a.tgz is damaged: it cannot be read to its end (it holds more than 3 files, more than any export)."]
    assert len(names(library)) == 4


def test_a_path_that_does_not_exist_is_said_in_one_sentence(library, tmp_path):
    with pytest.raises(SourceError) as raised:
        library.takeout(tmp_path / "takeout-001.zip")
    assert (
        str(raised.value)
        == f"{tmp_path}/takeout-001.zip does not exist. Check the name, and put it in quotes if it holds blanks."
    )


def test_something_that_is_no_archive_is_refused_and_never_waited_for(library, tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    with pytest.raises(SourceError) as raised:
        library.takeout(tmp_path / "pipe.zip")
    assert str(raised.value) == (
        f"{tmp_path}/pipe.zip cannot be read: it is a named pipe and no file. Give the takeout-*.zip files that Google made, or the "
        "folder they were unpacked to."
    )


def test_a_folder_without_any_file_is_said_in_one_sentence(library, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError) as raised:
        library.folder(tmp_path / "empty")
    assert str(raised.value) == f"{tmp_path}/empty holds no files. Give the takeout-*.zip files, or the folder with the pictures."


# -- members --------------------------------------------------------------------------------------------------------------


def damage(path: Path, data: bytes) -> bytes:
    """Flip a byte of a stored member; returns the archive as it was."""
    whole = path.read_bytes()
    at = whole.index(data) + len(data) // 2
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
    return whole


def test_a_wrong_checksum_is_told_and_tried_again_after_a_new_download(library, tmp_path):
    data = picture(1, (300, 200))
    path = zip_of(tmp_path / "a.zip", (f"{ROOT}/{Y}/a.jpg", data), packed=zipfile.ZIP_STORED)
    whole = damage(path, data)
    library.takeout(path)
    told = skipped(library)
    path.write_bytes(whole)
    library.takeout(path)
    assert told == [(f"{Y}/a.jpg", "wrong_crc", "its checksum does not match; the archive is damaged here, so download it again")]
    assert (names(library), skipped(library)) == (["a.jpg"], [])


def test_a_damaged_beginning_is_not_mistaken_for_another_kind_of_file(library, tmp_path):
    data = picture(1)
    path = zip_of(tmp_path / "a.zip", (f"{ROOT}/{Y}/a.jpg", data), packed=zipfile.ZIP_STORED)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(data[:3], b"\0\0\0", 1))
    library.takeout(path)
    assert [code for _, code, _ in skipped(library)] == ["wrong_crc"]


def test_damaged_packed_bytes_are_told(library, tmp_path):
    path = zip_of(tmp_path / "a.zip", (f"{ROOT}/{Y}/a.jpg", picture(1, (300, 200))))
    whole = bytearray(path.read_bytes())
    begin = whole.index(b"a.jpg") + 5
    whole[begin : begin + 40] = b"\xff" * 40
    path.write_bytes(whole)
    library.takeout(path)
    assert skipped(library) == [(f"{Y}/a.jpg", "damaged", "its compressed bytes are damaged; download the archive again")]


def test_an_index_that_promises_more_bytes_than_there_are_ends(library, tmp_path):
    path = zip_of(tmp_path / "a.zip", (f"{ROOT}/{Y}/a.jpg.json", sidecar("a.jpg", 1)))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 20 : at + 28] = struct.pack("<II", 1 << 30, 1 << 20)  # packed and unpacked size
    path.write_bytes(data)
    library.takeout(path)
    assert [code for _, code, _ in skipped(library)] == ["damaged"]


def test_an_encrypted_member_says_what_to_do(library, tmp_path):
    path = zip_of(tmp_path / "a.zip", (f"{ROOT}/{Y}/a.jpg", picture(1)))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    library.takeout(path)
    assert skipped(library) == [
        (
            f"{Y}/a.jpg",
            "encrypted",
            "it is encrypted; Google never encrypts its archives, so unpack it yourself and give the folder to the command",
        )
    ]


@pytest.mark.parametrize("packed", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_google_does_not_use_says_what_to_do(library, tmp_path, packed):
    library.takeout(zip_of(tmp_path / "a.zip", (f"{ROOT}/{Y}/a.jpg", picture(1)), packed=packed))
    assert skipped(library) == [
        (
            f"{Y}/a.jpg",
            "unknown_compression",
            "it is compressed in a way that cannot be read; unpack it and give the folder to the command",
        )
    ]


OUTSIDE = ["../../evil.jpg", "/etc/evil.jpg", "Takeout/../../evil.jpg", "C:/evil.jpg", "..\\evil.jpg"]


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_a_name_that_points_outside_is_never_followed(library, tmp_path, name, kind):
    if kind == "zip":
        path = zip_of(tmp_path / "a.zip", (name, picture(1)))
    else:
        path = tgz_of(tmp_path / "a.tgz", (tarfile.TarInfo(name), picture(1)))
    before = sorted(tmp_path.rglob("*"))
    library.takeout(path)
    assert skipped(library) == [(name, "unsafe_name", "its name points outside the archive, which no export of Google's does")]
    assert [each for each in sorted(tmp_path.rglob("*")) if each not in before and "photos.db" not in each.name] == []


def test_an_archive_inside_an_archive_says_what_to_do(library, tmp_path):
    library.takeout(part(tmp_path, 1, {f"{Y}/inner.zip": b"PK\x03\x04", **year("a.jpg", picture(1), 1)}))
    assert skipped(library) == [
        (
            f"{Y}/inner.zip",
            "nested_archive",
            "it is an archive inside an archive; unpack it and give it to the command on its own",
        )
    ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_both_kept_when_they_differ(library, tmp_path):
    name = f"{ROOT}/{Y}/a.jpg"
    library.takeout(zip_of(tmp_path / "a.zip", (name, picture(1)), (name, picture(2)), (name, picture(1))))
    assert len(names(library)) == 2
    assert [(code, reason) for _, code, reason in skipped(library)] == [
        ("duplicate_member", "the archive holds another file of the same name, which was used")
    ]


def test_members_that_overlap_are_left_out(library, tmp_path):
    """How 40 MB become petabytes: every entry of the index leads into the one before."""
    path = zip_of(tmp_path / "a.zip", *[(f"{ROOT}/{Y}/{number}.jpg", picture(1)) for number in range(3)])
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    for number in range(3):
        data[at + 42 : at + 46] = struct.pack("<I", number)
        at = data.find(b"PK\x01\x02", at + 4)
    path.write_bytes(data)
    report = library.takeout(path)
    reason = "the archive says that it lies where another file does; download the archive again"
    assert skipped(library) == [(f"{Y}/1.jpg", "overlapping", reason), (f"{Y}/2.jpg", "overlapping", reason)]
    assert (len(names(library)), adds_up(report)) == (1, True)


def test_links_and_devices_are_named_and_never_followed(library, tmp_path):
    link, device = tarfile.TarInfo(f"{ROOT}/{Y}/link.jpg"), tarfile.TarInfo(f"{ROOT}/{Y}/zero.jpg")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    device.type = tarfile.CHRTYPE
    library.takeout(tgz_of(tmp_path / "a.tgz", (link, b""), (device, b"")))
    reason = "it is a link or a device, not a file"
    assert skipped(library) == [(f"{Y}/link.jpg", "not_a_file", reason), (f"{Y}/zero.jpg", "not_a_file", reason)]


def test_links_and_pipes_in_a_folder_are_named_and_never_followed(library, tmp_path):
    folder = write_folder(tmp_path / "unpacked", year("a.jpg", picture(1), 1)) / ROOT / Y
    (folder / "link.jpg").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.jpg")
    library.takeout(tmp_path / "unpacked")
    assert [(member.rpartition("/")[2], code) for member, code, _ in skipped(library)] == [
        ("link.jpg", "not_a_file"),
        ("loop", "not_a_file"),
        ("pipe.jpg", "not_a_file"),
    ]


def test_a_symbolic_link_in_a_zip_is_not_taken_for_a_picture(library, tmp_path):
    info = zipfile.ZipInfo(f"{ROOT}/{Y}/link.jpg")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    library.takeout(tmp_path / "a.zip")
    assert [code for _, code, _ in skipped(library)] == ["not_a_file"]


def test_a_file_that_is_mostly_holes_is_not_unrolled(library, tmp_path):
    """A sparse member may claim eight million terabytes."""
    info = tarfile.TarInfo(f"{ROOT}/{Y}/film.mp4")
    info.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 62)}
    with tarfile.open(tmp_path / "a.tgz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO())
    library.takeout(tmp_path / "a.tgz")
    assert [code for _, code, _ in skipped(library)] == ["unknown_compression"]


def test_a_member_packed_a_thousand_to_one_is_judged_by_its_beginning(library, tmp_path):
    zeros = bytes(100_000_000)
    path = zip_of(
        tmp_path / "a.zip",
        (f"{ROOT}/{Y}/zeros.jpg", zeros),
        (f"{ROOT}/{Y}/{'x' * 9}.json", zeros),
        (f"{ROOT}/{Y}/a.jpg", picture(1)),
    )
    assert path.stat().st_size < 1_000_000
    library.takeout(path)
    assert skipped(library) == [
        (f"{Y}/{'x' * 9}.json", "bad_sidecar", "it has 100,000,000 bytes, far more than any sidecar"),
        (f"{Y}/zeros.jpg", "not_a_picture", "its content is neither a picture nor a video in a format that is known"),
    ]


# -- names ----------------------------------------------------------------------------------------------------------------

ODD_NAMES = {
    "a line feed": "one\ntwo.jpg",
    "a mark that turns the text around": "\u202egpj.exe\u202c.jpg",
    "255 bytes": "ä" * 125 + "x.jpg",
    "decomposed letters": unicodedata.normalize("NFD", "Ähre Ñandú.jpg"),
    "a quote, a percent sign and markup": "'; DROP TABLE photos; -- %41 <script>.jpg",
    "emoji": "🏔️👨‍👩‍👧.jpg",
    "control characters": "\x1b[31mred\x07.jpg",
}


@pytest.mark.parametrize("odd", ODD_NAMES)
@pytest.mark.parametrize("write", [write_zip, write_tgz, write_folder])
def test_a_file_of_any_name_is_found_again_with_its_sidecar(library, tmp_path, odd, write):
    name = ODD_NAMES[odd]
    members = {f"{Y}/{name}": picture(1)}
    if odd != "255 bytes":  # no file system has room for a sidecar's name behind it
        members[f"{Y}/{name}{NEW}"] = sidecar(name, 1)
    path = write(tmp_path / {write_zip: "a.zip", write_tgz: "a.tgz", write_folder: "a"}[write], members)
    first, again = library.takeout(path), library.takeout(path)
    assert (library.one("SELECT photo_id FROM photos") == key(1)) == (odd != "255 bytes")
    assert library.rows("SELECT member FROM files") == [(f"{ROOT}/{Y}/{name}",)]
    assert (adds_up(first), again.files_read) == (True, 0)


def test_a_name_in_no_encoding_is_written_down_byte_by_byte(library, tmp_path):
    folder = write_folder(tmp_path / "unpacked", {f"{Y}/a.jpg": picture(1)}) / ROOT / Y
    os.rename(folder / "a.jpg", os.fsencode(folder) + b"/\xff\xfe.jpg")
    library.takeout(tmp_path / "unpacked")
    assert library.rows("SELECT member FROM files") == [(f"{ROOT}/{Y}/\\xff\\xfe.jpg",)]


def test_a_file_that_goes_away_from_a_folder_is_left_out_and_read_when_it_is_back(library, tmp_path, monkeypatch):
    from datasette_gphotos_dedupe.pipeline import importing
    from datasette_gphotos_dedupe.pipeline.progress import Progress

    folder = write_folder(tmp_path / "unpacked", {**year("a.jpg", picture(1), 1), **year("b.jpg", picture(2), 2)})
    victim = folder / ROOT / Y / "b.jpg"

    class Removing(Progress):
        def start(self, label, total=None):
            if label == "Reading pictures":
                os.rename(victim, f"{victim}.away")
            super().start(label, total)

    report = importing.import_takeout(library.db, [folder], Removing(silent=True), workers=1)
    assert skipped(library) == [(f"{Y}/b.jpg", "unreadable", "it can no longer be read: No such file or directory")]
    assert (names(library), report.broken, adds_up(report)) == (["a.jpg"], [], True)
    os.rename(f"{victim}.away", victim)
    library.takeout(folder)
    assert (names(library), skipped(library)) == (["a.jpg", "b.jpg"], [])


def test_thousands_of_tiny_files_are_counted_one_by_one(library, tmp_path):
    path = zip_of(tmp_path / "a.zip", *[(f"{number}.txt", b"x") for number in range(3_000)], packed=zipfile.ZIP_STORED)
    lines = summary_lines(library.takeout(path), "my photos.db")
    assert lines == [
        "a.zip: 3,000 files = 0 used + 0 sidecars + 3,000 not_a_picture",
        "0 photos: 0 new, 0 with news.",
        "What was left out, and why: gphotos-to-sqlite status 'my photos.db'",
    ]


def test_the_summary_does_not_point_to_reasons_where_nothing_was_left_out(library, tmp_path):
    lines = summary_lines(library.takeout(zip_of(tmp_path / "a.zip", *members_of(1).items())), "photos.db")
    assert lines[:2] == ["a.zip: 1 file = 1 used + 0 sidecars", "1 photo: 1 new, 0 with news."]
    assert not [line for line in lines if "left out" in line]


def members_of(count: int) -> Members:
    return {f"{Y}/{number}.jpg": picture(number) for number in range(count)}


def test_a_zip64_archive_is_read(library, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members_of(2).items():
            with archive.open(f"{ROOT}/{name}", "w", force_zip64=True) as stream:
                stream.write(data)
    library.takeout(path)
    assert len(names(library)) == 2
