"""What a file holds beside the still that is seen first: in real files of each format, and only where it really is there."""

from __future__ import annotations

import io
import struct

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from datasette_gphotos_dedupe.core.pictures.decode import decode_picture
from datasette_gphotos_dedupe.core.pictures.embedded_extras import WORDS, list_extras
from datasette_gphotos_dedupe.pipeline.reading import read_media
from datasette_gphotos_dedupe.sources.archives.members import Address
from tests.broken_pictures import film
from tests.pictures import jpeg, picture

pillow_heif.register_heif_opener()

BARE_FILM = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + b"\0\0\x04\0mdat" + bytes(1016)
HDRGM = b"<rdf:Description xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/' hdrgm:Version='1.0'/>"


def extras(content: bytes) -> tuple[str, ...]:
    decoded = decode_picture(content)
    return list_extras(content, decoded.format, decoded.moves, decoded.transparent)


def saved(image: Image.Image, format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def with_segment(content: bytes, body: bytes, marker: int = 0xE1) -> bytes:
    """A JPEG with one more segment right behind its start, as cameras write it."""
    return content[:2] + bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body + content[2:]


def with_xmp(content: bytes, xmp: bytes) -> bytes:
    return with_segment(content, b"http://ns.adobe.com/xap/1.0/\0" + xmp)


def frames(format: str, count: int) -> bytes:
    first, *rest = (picture(seed, (64, 48)) for seed in range(count))
    return saved(first, format, **({"save_all": True, "append_images": rest} if rest else {}))


def multi_picture(kind: int, second: bytes) -> bytes:
    """A JPEG with an index of two pictures (CIPA DC-007), the second of this type."""
    first = jpeg(picture(1))
    entries = struct.pack(">IIIHH", 0x030000, len(first), 0, 0, 0) + struct.pack(">IIIHH", kind, len(second), len(first), 0, 0)
    tags = struct.pack(">HHII", 0xB001, 4, 1, 2) + struct.pack(">HHII", 0xB002, 7, len(entries), 38)
    index = b"MPF\0MM\0*" + struct.pack(">IH", 8, 2) + tags + bytes(4) + entries
    return with_segment(first, index, 0xE2) + second


def heic(image: Image.Image | None = None, **more) -> bytes:
    made = pillow_heif.from_pillow(image or picture(1, (160, 120)))
    made.info.update(more)
    buffer = io.BytesIO()
    made.save(buffer, quality=80)
    return buffer.getvalue()


# -- films -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [b"", b'<x GCamera:MotionPhoto="1"/>', b"<x><GCamera:MicroVideo>1</GCamera:MicroVideo></x>"])
def test_a_film_behind_a_jpeg_is_found_whatever_its_metadata_say(mark):
    still = jpeg(picture(1))
    assert extras((with_xmp(still, mark) if mark else still) + BARE_FILM) == ("film",)


def test_a_film_that_samsung_hangs_on_is_found():
    assert extras(jpeg(picture(1)) + b"\0\0\x30\x0aMotionPhoto_Data" + BARE_FILM) == ("film",)


def test_a_copy_that_lost_the_film_and_kept_the_mark_holds_none():
    assert extras(with_xmp(jpeg(picture(1)), b'<x GCamera:MotionPhoto="1"/>')) == ()


def test_the_word_for_a_film_within_the_metadata_is_no_film():
    assert extras(with_segment(jpeg(picture(1)), b"\0\0\0\x18ftypmp42" + bytes(16), 0xFE)) == ()


@pytest.mark.parametrize("around", [lambda data: data, lambda data: struct.pack(">I", len(data) + 8) + b"mpvd" + data])
@pytest.mark.parametrize("late_xmp", [False, True])
@pytest.mark.parametrize("made", [lambda: BARE_FILM, film], ids=["bare", "real"])
def test_a_heic_with_a_film_is_seen_and_its_film_found(around, late_xmp, made):
    """With a real film behind it, the decoder takes the whole for a sequence and reads nothing."""
    more = {"xmp": b'<x GCamera:MotionPhoto="1"/>'} if late_xmp else {}
    content = heic(**more) + around(made())
    assert extras(content) == ("film",)
    reading = read_media(Address("", "a.heic", len(content), data=content))
    assert (reading.moves, reading.extras, reading.width) == (True, ("film",), 160)


def test_a_film_behind_a_png_is_found():
    assert extras(saved(picture(1), "PNG") + BARE_FILM) == ("film",)


# -- maps and views --------------------------------------------------------------------------------------------------


def test_an_ultra_hdr_picture_holds_a_gain_map():
    assert extras(with_xmp(jpeg(picture(1)), HDRGM) + jpeg(picture(1, (64, 48)).convert("L"))) == ("gain_map",)


def test_a_gain_map_that_only_tells_of_itself_is_found():
    """Apple and ISO 21496-1 mark the map and not the picture."""
    small = with_segment(jpeg(picture(1, (64, 48)).convert("L")), b"urn:iso:std:iso:ts:21496:-1\0" + bytes(20), 0xE2)
    assert extras(jpeg(picture(1)) + small) == ("gain_map",)


def test_a_copy_that_lost_its_gain_map_and_kept_the_mark_holds_none():
    assert extras(with_xmp(jpeg(picture(1)), HDRGM)) == ()


def test_a_depth_map_in_the_metadata_or_behind_the_picture_is_found():
    inline = with_xmp(jpeg(picture(1)), b'<x GDepth:Mime="image/png" GDepth:Data="AAAA"/>')
    behind = with_xmp(jpeg(picture(1)), b'<x Item:Semantic="Depth"/>') + jpeg(picture(1, (64, 48)))
    assert (extras(inline), extras(behind), extras(inline.replace(b"GDepth:Data", b"GDepth:Near"))) == (
        ("depth_map",),
        ("depth_map",),
        (),
    )


@pytest.mark.parametrize("kind", [0x020001, 0x020002, 0x020003])
def test_the_second_view_of_a_multi_picture_file_is_found(kind):
    content = multi_picture(kind, jpeg(picture(2)))
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.n_frames) == ("MPO", 2)
    assert extras(content) == ("second_view",)


@pytest.mark.parametrize("kind", [0x010001, 0x010002, 0])
def test_a_preview_that_a_camera_writes_behind_the_picture_is_nothing_more(kind):
    assert extras(multi_picture(kind, jpeg(picture(1, (64, 48))))) == ()


def test_another_picture_as_large_as_the_first_is_a_second_view():
    assert extras(frames("MPO", 2)) == ("second_view",)


def test_a_gain_map_in_a_multi_picture_file_is_no_second_view():
    assert extras(with_xmp(multi_picture(0, jpeg(picture(1))), HDRGM)) == ("gain_map",)


# -- frames, pages, depth of colour, transparency --------------------------------------------------------------------


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_has_frames(format):
    assert extras(frames(format, 3)) == ("frames",)


@pytest.mark.parametrize("format", ["TIFF", "HEIF"])
def test_a_file_of_several_pictures_has_pages(format):
    assert extras(frames(format, 3)) == ("pages",)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF", "AVIF", "JPEG", "HEIF", "BMP"])
def test_a_file_of_one_frame_holds_nothing_more(format):
    assert extras(frames(format, 1)) == ()


def test_a_smaller_version_within_a_tiff_is_no_page():
    image, small = picture(1, (64, 48)), picture(1, (16, 12))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    assert extras(saved(image, "TIFF", save_all=True, append_images=[small])) == ()


def test_sound_is_found():
    assert extras(with_xmp(jpeg(picture(1)), b'<x GAudio:Data="AAAA"/>')) == ("sound",)
    assert extras(jpeg(picture(1)) + b"\0\0\x00\x01SoundShot_Meta_Info" + bytes(40)) == ("sound",)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_transparency_counts_where_it_is_used(format):
    solid = picture(1, (64, 48)).convert("RGBA")
    holed = solid.copy()
    holed.paste((0, 0, 0, 0), (0, 0, 32, 24))
    lossless = {"lossless": True} if format == "WEBP" else {}
    assert (extras(saved(solid, format, **lossless)), extras(saved(holed, format, **lossless))) == ((), ("alpha",))


def test_more_than_eight_bits_a_channel_are_deep():
    values = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    grey = Image.fromarray(values)
    ten = pillow_heif.from_bytes(mode="RGB;16", size=(64, 48), data=np.dstack([values] * 3).tobytes())
    buffer = io.BytesIO()
    ten.save(buffer, quality=80)
    assert [extras(each) for each in (saved(grey, "PNG"), saved(grey, "TIFF"), buffer.getvalue())] == [("deep",)] * 3


def test_what_the_film_of_a_transparent_picture_adds_is_told_in_one_order():
    image = picture(1, (64, 48)).convert("RGBA")
    image.putalpha(100)
    assert extras(saved(image, "PNG") + BARE_FILM) == ("film", "alpha")
    assert list(WORDS).index("film") < list(WORDS).index("alpha")


# -- damaged and hostile ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["JPEG", "MPO", "HEIF", "AVIF", "PNG", "TIFF", "GIF", "WEBP", "none"])
def test_any_bytes_at_all_are_looked_at_without_an_error(format):
    rng = np.random.default_rng(3)
    whole = [
        heic(),
        saved(picture(1), "TIFF"),
        multi_picture(0, jpeg(picture(2))),
        saved(picture(1), "PNG"),
        b"",
        b"\xff\xd8\xff",
    ]
    for content in whole:
        for cut in range(0, len(content), max(1, len(content) // 60)):
            damaged = bytearray(content[: cut + 1])
            for at in rng.integers(0, len(damaged), 8):
                damaged[at] = rng.integers(0, 256)
            assert set(list_extras(bytes(damaged), format)) <= set(WORDS)


HOSTILE = {
    "boxes that begin a film": (b"\0\0\0\x18ftypheic" + bytes(12)) + b"ftyp" * 4_000_000,
    "starts of a JPEG": jpeg(picture(1)) + b"\xff\xd8\xff\xe0" * 4_000_000,
    "empty boxes": (b"\0\0\0\x18ftypheic" + bytes(12)) + b"\0\0\0\x08free" * 2_000_000,
    "segments": b"\xff\xd8" + b"\xff\xe1\0\x02" * 4_000_000,
    "a directory that leads in a circle": b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 254, 4, 1, 0, 8) + bytes(16_000_000),
    "chunks": b"\x89PNG\r\n\x1a\n" + (b"\0\0\0\0tEXt" + bytes(4)) * 1_300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(10)
def test_sixteen_hostile_megabytes_take_no_longer_than_any_others(name):
    for format in ("JPEG", "HEIF", "PNG", "TIFF"):
        list_extras(HOSTILE[name], format)
