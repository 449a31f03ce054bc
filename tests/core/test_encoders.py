"""A file says enough of its encoder to send other pixels through it: what comes back is what that encoder would have left."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from datasette_gphotos_dedupe.core.pictures.encoders import EXACT, Encoder, Planes, encoder_of
from datasette_gphotos_dedupe.core.pictures.planes import read_outline, read_still

from ..broken_pictures import saved
from ..made_pictures import noisy, scene

PICTURE = noisy(scene(7, (320, 240)), 3, 1)
OTHER = noisy(scene(8, (320, 240)), 3, 1)


def encoder(data: bytes) -> Encoder:
    with Image.open(io.BytesIO(data)) as image:
        return encoder_of(image, len(data))


def planes_of(image: Image.Image) -> Planes:
    return Planes.of_rgb(np.asarray(image.convert("RGB")))


def apart(a: Planes, b: Planes) -> float:
    """Grey levels between two luma planes, root of the mean square."""
    return float(np.sqrt(np.mean((a.luma.astype(float) - b.luma) ** 2)))


def agree(again: Planes, file: Planes, before: Planes) -> bool:
    """Whether what comes back is the file, but for the rounding of colours, which tips a coefficient here and there."""
    return apart(again, file) < 0.25 * apart(file, before)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [30, 75, 92])
def test_a_jpegs_own_tables_and_subsampling_give_the_same_pixels_to_the_letter(quality, subsampling):
    data = saved(PICTURE, "JPEG", quality=quality, subsampling=subsampling)
    found = encoder(data)
    assert (found.format, found.subsampling, found.exact) == ("JPEG", subsampling, False)
    again = io.BytesIO()
    PICTURE.save(again, "JPEG", qtables=found.tables, subsampling=found.subsampling)
    assert np.array_equal(np.asarray(Image.open(again)), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("quality", [30, 75, 92])
def test_the_same_picture_through_a_jpegs_encoder_is_that_jpeg(quality):
    still = read_still(saved(PICTURE, "JPEG", quality=quality))
    assert agree(still.encoder.encode_again(planes_of(PICTURE)), still.planes, planes_of(PICTURE))


@pytest.mark.parametrize("options", [{"progressive": True}, {"optimize": True}, {"restart_marker_rows": 1}])
def test_how_a_jpeg_is_packed_changes_nothing(options):
    plain, packed = (saved(PICTURE, "JPEG", quality=60, **more) for more in ({}, options))
    assert encoder(plain).tables == encoder(packed).tables
    assert apart(read_still(plain).planes, read_still(packed).planes) == 0


def test_a_grey_jpeg_stays_grey():
    still = read_still(saved(PICTURE.convert("L"), "JPEG", quality=40))
    back = still.encoder.encode_again(planes_of(PICTURE.convert("L")))
    assert agree(back, still.planes, planes_of(PICTURE.convert("L"))) and (back.blue == 128).all() and (back.red == 128).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_are_encoded_as_they_lie_in_the_file(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(PICTURE, "JPEG", quality=35, exif=exif)
    still = read_still(data)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert still.size == upright.size == read_outline(data).shape
    assert still.encoder.turn == orientation
    before = planes_of(ImageOps.exif_transpose(_with_orientation(PICTURE, orientation)))
    assert agree(still.encoder.encode_again(before), still.planes, before)


def _with_orientation(image: Image.Image, orientation: int) -> Image.Image:
    tagged = image.copy()
    tagged.getexif()[0x0112] = orientation
    return tagged


@pytest.mark.parametrize("name", ["WEBP", "HEIF", "AVIF"])
@pytest.mark.parametrize("quality", [25, 70])
def test_other_codecs_are_run_at_the_quality_that_takes_as_many_bytes(name, quality):
    data = saved(PICTURE, name, quality=quality)
    found = encoder(data)
    assert not found.exact and found.bytes_per_pixel == pytest.approx(len(data) / (320 * 240))
    true_loss = apart(planes_of(Image.open(io.BytesIO(data))), planes_of(PICTURE))
    lost = apart(found.encode_again(planes_of(PICTURE)), planes_of(PICTURE))
    assert 0.6 * true_loss < lost < 1.7 * true_loss


@pytest.mark.parametrize("name", ["WEBP", "HEIF", "AVIF"])
def test_fewer_bytes_of_another_codec_leave_less(name):
    few, many = (encoder(saved(PICTURE, name, quality=quality)) for quality in (15, 85))
    assert apart(few.encode_again(planes_of(OTHER)), planes_of(OTHER)) > apart(
        many.encode_again(planes_of(OTHER)), planes_of(OTHER)
    )
    assert few.coarseness > many.coarseness


@pytest.mark.parametrize("colours", [8, 64])
def test_a_picture_of_few_colours_is_reduced_to_its_own(colours):
    few = PICTURE.quantize(palette=PICTURE.quantize(colours), dither=Image.Dither.FLOYDSTEINBERG)
    for data in (saved(few, "GIF"), saved(few, "PNG")):
        found = encoder(data)
        assert found.palette is not None and not found.exact
        back = found.encode_again(planes_of(PICTURE))
        assert set(np.unique(back.luma)) <= {*np.unique(planes_of(few).luma)}
        lost, true_loss = apart(back, planes_of(PICTURE)), apart(planes_of(few), planes_of(PICTURE))
        assert lost == pytest.approx(true_loss, rel=0.1)  # scattered, so no dot lies where it lay


@pytest.mark.parametrize(
    ("name", "options"),
    [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {"lossless": True})],
)
def test_what_keeps_every_pixel_leaves_nothing(name, options):
    found = encoder(saved(PICTURE, name, **options))
    planes = planes_of(PICTURE)
    assert found.exact and found.encode_again(planes) is planes and found.coarseness == 0


def test_the_coarser_of_two_files_of_one_size_is_the_copy():
    order = [encoder(saved(PICTURE, "JPEG", quality=quality)).coarseness for quality in (95, 80, 50, 20)]
    assert order == sorted(order) and EXACT.coarseness < order[0]


def test_planes_of_odd_sides_keep_their_edges():
    odd = planes_of(PICTURE.crop((0, 0, 101, 67)))
    assert (odd.luma.shape, odd.blue.shape) == ((67, 101), (34, 51))
    for data in (
        saved(PICTURE.crop((0, 0, 101, 67)), "JPEG", quality=50),
        saved(PICTURE.crop((0, 0, 101, 67)), "WEBP", quality=50),
    ):
        back = encoder(data).encode_again(odd)
        assert (back.luma.shape, back.blue.shape) == (odd.luma.shape, odd.blue.shape)
