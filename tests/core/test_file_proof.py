"""Two files in, the proof out: what stands beside the pixels is compared or objects, and bad input costs its own pair."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from datasette_gphotos_dedupe.core.pictures import planes
from datasette_gphotos_dedupe.core.pictures.embedded_extras import WORDS
from datasette_gphotos_dedupe.core.pictures.fingerprint import make_thumbnail
from datasette_gphotos_dedupe.core.pictures.hash_variants import WHOLE
from datasette_gphotos_dedupe.core.verdict import file_proof as proving
from datasette_gphotos_dedupe.core.verdict.align import Overlay
from datasette_gphotos_dedupe.core.verdict.compared_photo import Subject
from datasette_gphotos_dedupe.core.verdict.file_proof import (
    COMPARED,
    EXTRA_WORDS,
    Original,
    Proof,
    beside_the_picture,
    boxes_of,
    prove,
    prove_on_previews,
)
from datasette_gphotos_dedupe.core.verdict.measures import SAME_LEFT, all_allow

from ..broken_pictures import broken_picture, png, saved, whole_pictures
from ..made_pictures import noisy, scene
from .test_planes import p3_profile

SIZE = (480, 360)
PICTURE = noisy(scene(11, SIZE), 4, 1)
ORIGINAL = saved(PICTURE, "JPEG", quality=94)
DECODED = Image.open(io.BytesIO(ORIGINAL)).convert("RGB")
PREVIEW = saved(DECODED.resize((240, 180), Image.Resampling.LANCZOS), "JPEG", quality=80)


def original(photo_id: str, data: bytes, **values) -> Original:
    return Original(Subject(photo_id, **{"filename": f"{photo_id}.jpg", **values}), data)


def proof_of(small: bytes, large: bytes, small_extras: tuple[str, ...] = (), large_extras: tuple[str, ...] = ()) -> Proof:
    return prove(original("small", small, extras=small_extras), original("large", large, extras=large_extras))


def proved(found: Proof) -> bool:
    return found.objection is None and found.remaking is not None and all_allow(SAME_LEFT, found.remaking)


# Which one holds the other.


def test_the_photo_with_more_pixels_holds_the_other_in_either_order():
    pair = original("small", PREVIEW), original("large", ORIGINAL)
    for found in (prove(*pair), prove(*pair[::-1])):
        assert proved(found) and found.holder == "large"


@pytest.mark.parametrize(
    "name, options", [("JPEG", {"quality": 60}), ("WEBP", {"quality": 60}), ("AVIF", {"quality": 60, "speed": 9})]
)
def test_of_equal_sizes_the_finer_file_holds_the_coarser(name, options):
    pair = original("coarse", saved(DECODED, name, **options)), original("fine", ORIGINAL)
    for found in (prove(*pair), prove(*pair[::-1])):
        assert proved(found) and found.holder == "fine"


@pytest.mark.parametrize(
    "made_of, name, options",
    [
        ("JPEG", "PNG", {}),
        ("JPEG", "JPEG", {"quality": 99}),
        ("JPEG", "HEIF", {"quality": 90}),
        ("PNG", "JPEG", {"quality": 94}),
        ("PNG", "JPEG", {"quality": 60}),
    ],
)
def test_of_two_that_can_be_made_of_each_other_the_source_holds_the_finer_copy(made_of, name, options):
    source = saved(PICTURE, made_of, **({"quality": 90} if made_of == "JPEG" else {}))
    copy = saved(Image.open(io.BytesIO(source)).convert("RGB"), name, **options)
    for found in (prove(original("a", source), original("b", copy)), prove(original("b", copy), original("a", source))):
        assert proved(found) and found.holder == "a"


def test_a_jpeg_is_never_said_to_be_the_source_of_the_heic_that_it_was_made_of():
    heic = saved(PICTURE, "HEIF", quality=60)
    exported = saved(Image.open(io.BytesIO(heic)).convert("RGB"), "JPEG", quality=95)
    found = prove(original("jpeg", exported), original("heic", heic))
    assert proved(found) and found.holder != "jpeg"


def test_two_that_differ_by_less_than_either_encoder_leaves_are_copies_of_each_other():
    again = saved(DECODED, "JPEG", quality=94)
    found = prove(original("a", ORIGINAL), original("b", again))
    assert proved(found) and found.holder is None


def test_a_proof_survives_being_stored():
    for found in (proof_of(PREVIEW, ORIGINAL), Proof(trouble="gone"), Proof(holder="x", objection="It holds sound.")):
        assert Proof.from_json(found.as_json()) == found


# Transparency.


def drawing(ink: int, ground: tuple[int, int, int, int] = (0, 0, 0, 0), shift: int = 0) -> bytes:
    """Lines on a transparent ground."""
    image = Image.new("RGBA", (200, 150), ground)
    draw = ImageDraw.Draw(image)
    for number in range(8):
        x = 10 + 22 * number + shift
        draw.line((x, 10, x + number * 2, 140), fill=(ink, ink, ink, 255), width=4)
    return saved(image, "PNG")


def test_white_drawings_on_a_transparent_ground_are_not_one_because_both_are_white_on_white():
    assert not proved(proof_of(drawing(255), drawing(255, shift=9)))


def test_two_pictures_that_are_equal_over_white_alone_are_not_equal():
    white = saved(Image.new("RGB", (200, 150), (255, 255, 255)), "PNG")
    assert proof_of(drawing(255), white).holder == "small"  # the drawing holds the blank sheet, not the other way round
    flattened = Image.new("RGBA", (200, 150), (255, 255, 255, 255))
    flattened.alpha_composite(Image.open(io.BytesIO(drawing(40))))
    flat = saved(flattened.convert("RGB"), "PNG")
    for pair in ((original("a", drawing(40)), original("b", flat)), (original("b", drawing(40)), original("a", flat))):
        found = prove(*pair)  # as many pixels and as exact: the one that shows what is behind it holds the other
        assert proved(found) and found.holder == pair[0].subject.photo_id
    small = saved(Image.open(io.BytesIO(drawing(40))).resize((150, 112)), "PNG")
    assert proof_of(small, flat).objection == "Something shows through small.jpg, and not through the other."


def test_a_flattened_copy_may_go_whatever_ground_it_was_laid_on():
    whole = PICTURE.convert("RGBA")
    whole.putalpha(Image.radial_gradient("L").resize(SIZE).point(lambda level: 255 - level // 2))
    for ground in ((255, 255, 255, 255), (0, 0, 0, 255)):
        flat = Image.new("RGBA", SIZE, ground)
        flat.alpha_composite(whole)
        found = proof_of(saved(flat.convert("RGB").resize((240, 180)), "JPEG", quality=85), saved(whole, "PNG"))
        assert proved(found) and found.holder == "large"


def test_a_smaller_copy_that_is_transparent_alike_is_proved_and_one_that_is_not_is_refused():
    whole = PICTURE.convert("RGBA")
    whole.putalpha(Image.linear_gradient("L").resize(SIZE))
    small = whole.resize((240, 180), Image.Resampling.BICUBIC)
    assert proof_of(saved(small, "PNG"), saved(whole, "PNG")).objection is None
    small.putalpha(small.getchannel("A").transpose(Image.Transpose.FLIP_TOP_BOTTOM))
    assert proof_of(saved(small, "PNG"), saved(whole, "PNG")).objection == "They are not equally transparent."


# Pages and frames.


def frames(count: int, last: int = 0, size: tuple[int, int] = SIZE, name: str = "TIFF") -> bytes:
    """Pages of one picture and scenes; `last` is the scene on the last one."""
    pages = [DECODED] + [scene(20 + number, SIZE) for number in range(1, count - 1)] + [scene(40 + last, SIZE)]
    first, *rest = (page.resize(size) if size != SIZE else page.copy() for page in pages)
    return saved(first, name, save_all=True, append_images=rest)


def test_files_of_pages_are_one_only_when_all_pages_are():
    assert proved(proof_of(frames(4), frames(4)))
    assert not proved(proof_of(frames(4, last=1), frames(4)))


@pytest.mark.parametrize("name", ["GIF", "WEBP"])
def test_two_animations_with_one_first_frame_are_two(name):
    assert not proved(proof_of(frames(3, last=1, name=name), frames(3, name=name)))


def test_another_number_of_frames_objects_and_a_still_of_an_animation_does_not():
    found = proof_of(frames(3, size=(240, 180)), frames(5))
    assert found.objection == "One has 3 frames or pages, the other 5."
    assert proved(proof_of(PREVIEW, frames(5)))


# What is beside the picture.


@pytest.mark.parametrize("word", WORDS)
def test_what_a_copy_holds_beside_its_picture_objects_and_what_the_keeper_holds_does_not(word):
    small, large = Subject("s", filename="IMG_1.jpg", extras=(word,)), Subject("l", filename="IMG_2.jpg")
    assert beside_the_picture(small, large) == f"IMG_1.jpg holds {EXTRA_WORDS[word]} beside the picture."
    assert beside_the_picture(large, small) is None
    # both have one: what can be compared is; of a film or a map nothing says that it is the same one
    both = beside_the_picture(small, replace(large, extras=(word,)))
    assert (both is None) == (word in COMPARED)


def test_an_objection_is_said_without_opening_a_pixel_and_names_the_holder():
    found = proof_of(PREVIEW, ORIGINAL, small_extras=("gain_map", "sound"))
    assert found == Proof(holder="large", objection="small.jpg holds a gain map for bright screens and sound beside the picture.")


# Colours through their profiles.


def test_a_display_p3_original_and_its_srgb_preview_are_one_picture():
    to_p3 = ImageCms.profileToProfile(PICTURE, ImageCms.createProfile("sRGB"), io.BytesIO(p3_profile()))
    wide = saved(to_p3, "JPEG", quality=95, subsampling=0, icc_profile=p3_profile())
    assert proved(proof_of(PREVIEW, wide))
    tagged = saved(to_p3.resize((240, 180)), "JPEG", quality=85, icc_profile=p3_profile())
    assert proved(proof_of(tagged, wide))


def test_equal_numbers_under_two_profiles_are_two_pictures():
    found = proof_of(saved(DECODED.resize((240, 180)), "JPEG", quality=90, icc_profile=p3_profile()), ORIGINAL)
    assert not proved(found) or found.remaking.saturation > 1.08 or found.remaking.cast > 2


def test_an_odd_profile_changes_nothing():
    assert proved(proof_of(saved(DECODED.resize((240, 180)), "JPEG", icc_profile=b"no profile at all"), ORIGINAL))


# Deep and other pixels.


def test_16_bits_hold_their_8_bit_copy_and_are_not_held_by_it():
    deep = Image.fromarray(np.asarray(PICTURE.convert("L"), np.uint16) * 257)
    copy = saved(PICTURE.convert("L"), "JPEG", quality=88)
    found = proof_of(copy, saved(deep, "PNG"), large_extras=("deep",))
    assert proved(found) and found.holder == "large"
    assert beside_the_picture(Subject("d", extras=("deep",)), Subject("c")) is not None


def test_a_cmyk_picture_and_its_srgb_preview_can_be_compared():
    assert proof_of(PREVIEW, saved(DECODED.convert("CMYK"), "JPEG", quality=95)).remaking is not None


# What cannot be opened costs its own pair.


@pytest.mark.parametrize("name", ["plain.jpg", "plain.png", "lossy.webp", "plain.heic", "raw.tif"])
@pytest.mark.parametrize("share", [0.02, 0.6])
def test_a_truncated_picture_is_told_and_proves_nothing(name, share):
    data = whole_pictures()[name]
    found = proof_of(data[: int(len(data) * share)], ORIGINAL)
    assert found.remaking is None and found.holder is None
    assert found.trouble.startswith("one of them could not be opened: ")


def test_a_picture_that_is_too_large_is_told(monkeypatch):
    monkeypatch.setattr(planes, "MAX_PIXELS", SIZE[0] * SIZE[1] - 1)
    assert proof_of(PREVIEW, ORIGINAL).trouble == "one of them could not be opened: it claims 480 x 360 pixels"


def test_a_picture_that_claims_half_a_billion_pixels_is_refused_by_its_header():
    assert "30000 x 30000 pixels" in proof_of(png(30_000, 30_000, 8, 2, b""), ORIGINAL).trouble


@pytest.mark.parametrize("size", [(1, 1), (480, 1), (1, 360), (3, 2), (480, 12)])
def test_a_single_pixel_and_a_strip_prove_nothing(size):
    for pair in ((saved(Image.new("RGB", size), "PNG"), ORIGINAL), (saved(Image.new("RGB", size), "JPEG"),) * 2):
        found = proof_of(*pair)
        assert found.remaking is None and found.objection is None


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"no picture", bytes(5000)])
def test_what_is_no_picture_costs_its_pair_alone(data):
    assert proof_of(data, ORIGINAL).trouble.startswith("one of them could not be opened: ")


@pytest.mark.parametrize("number", range(0, 120, 3))
def test_no_broken_picture_ends_the_run(number):
    name, data = broken_picture(number)
    found = prove(original("broken", data, filename=name), original("whole", whole_pictures()[name.partition("-")[2]]))
    assert isinstance(found, Proof) and (found.trouble or found.objection or found.holder or found.remaking)


def test_too_little_memory_costs_its_pair_alone(monkeypatch):
    def exhaust(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr(proving, "read_outline", exhaust)
    assert proof_of(PREVIEW, ORIGINAL).trouble == "one of them is too large for the memory of this machine"


# On previews.


def thumbnail(data: bytes) -> bytes:
    return make_thumbnail(Image.open(io.BytesIO(data))).content


def test_what_is_measured_on_previews_says_so_and_why():
    a, b = Subject("a", thumbnail(PREVIEW), 240, 180), Subject("b", thumbnail(ORIGINAL), *SIZE)
    found = prove_on_previews(a, b, Overlay(WHOLE, WHOLE, 0.99), "the original is gone")
    assert (found.previews, found.trouble) == (True, "the original is gone") and found.remaking.px <= 320
    assert prove_on_previews(a, replace(b, thumbnail=None), Overlay(WHOLE, WHOLE, 0.99), "gone") == Proof(trouble="gone")


@pytest.mark.parametrize("rim, whole", [(0.99, True), (0.986, True), (0.97, False)])
def test_a_rim_that_previews_do_not_know_is_no_part_left_out(rim, whole):
    boxes = boxes_of(Overlay((0.0, 0.0, rim, 1.0), WHOLE, 0.99))
    assert boxes == ((WHOLE, WHOLE) if whole else ((0.0, 0.0, rim, 1.0), WHOLE))
